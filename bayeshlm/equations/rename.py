"""A specification with other column names: the names that the data have for those that the text uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bayeshlm.equations.distribution import Total
from bayeshlm.equations.product import Call, Column, Factor, Product
from bayeshlm.equations.spec import ModelSpec


def rename_columns(spec: ModelSpec, names: Mapping[str, str]) -> ModelSpec:
    """Replace column names; the text and the places in it stay.

    Examples
    --------
    >>> from bayeshlm.equations import parse, render
    >>> spec = parse("math_ij = b0 + b1*cwc(ses_ij) + r; b0 = g00 + u0; b1 = g10")
    >>> print(render(rename_columns(spec, {"math_ij": "math", "ses_ij": "ses"}), "lme4", group="school"))
    math ~ I(ses - ave(ses, school)) + (1 | school)
    """

    def product(expression: Product) -> Product:
        return Product(tuple(map(factor, expression.factors)))

    def factor(part: Factor) -> Factor:
        if isinstance(part, Call):
            return replace(part, argument=product(part.argument))
        return column(part)

    def column(part: Column) -> Column:
        return replace(part, name=names.get(part.name, part.name))

    found = spec.distribution
    size = column(found.size) if isinstance(found.size, Column) else found.size
    size = Total(tuple(map(column, size.columns))) if isinstance(size, Total) else size
    spread = None if spec.residual_spread is None else spec.residual_spread.mapped(column)
    correlation = spec.correlation
    if correlation is not None and correlation.time is not None:
        correlation = replace(correlation, time=column(correlation.time))
    return replace(
        spec.map_expressions(product),
        outcome=column(spec.outcome),
        offsets=tuple(map(product, spec.offsets)),
        distribution=replace(found, size=size),
        residual_spread=spread,
        correlation=correlation,
    )
