"""The equations with a term for every column of the design, as LaTeX and MathML print them."""

from __future__ import annotations

import dataclasses
from itertools import islice

from bayeshlm.design.design import Design
from bayeshlm.design.naming import Part
from bayeshlm.design.predictor import FixedColumn, RandomColumn
from bayeshlm.equations.product import LEVEL, PART, Call, Factor, Product
from bayeshlm.equations.spec import FixedTerm, Level1Term, LevelEquation, ModelSpec, RandomEffect


def expanded_spec(design: Design) -> ModelSpec:
    """Write the equations out: a category with three levels is two terms, each with its own coefficients and effects.

    Parameters
    ----------
    design : Design

    Returns
    -------
    ModelSpec
        Symbols are the labels of the design, such as ``g02[usual]``; the columns that a term stands for are calls of
        `LEVEL` and `PART`. To be printed, not to be read: no text says it.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> design = hlm.open_model("hsb-slopes-as-outcomes-full").design
    >>> expanded_spec(design) == design.spec  # nothing to write out
    True
    """
    spec, found = design.spec, _terms(design)
    level1 = tuple(
        Level1Term(column.label, _written_out(term.expression, column.parts))
        for term in spec.level1
        for column in design.coefficients
        if column.symbol == term.coefficient
    )
    labels: dict[str, list[str]] = {}
    for column in design.coefficients:
        labels.setdefault(column.symbol, []).append(column.label)
    higher = []
    for level in spec.levels[1:]:
        lines = []
        for line in level:
            for coefficient in labels.get(line.coefficient, []):
                fixed = []
                for given in line.fixed:
                    for label, parts in found.get((coefficient, given.symbol), {}).items():
                        fixed.append(FixedTerm(label, _written_out(given.expression, parts)))
                        labels.setdefault(given.symbol, []).append(label)
                random = tuple(
                    RandomEffect(effect.label, given.grouping)
                    for given in line.random_effects
                    for effect in design.random
                    if (effect.symbol, effect.coefficient) == (given.symbol, coefficient)
                )
                lines.append(LevelEquation(coefficient, tuple(fixed), random))
        higher.append(tuple(lines))
    blocks = tuple(
        tuple(tuple(term.columns[k].label for k in block) for block in term.blocks) for term in design.predictor.random
    )
    return dataclasses.replace(spec, levels=(level1, *higher), blocks_by_grouping=blocks)


def _terms(design: Design) -> dict[tuple[str, str], dict[str, tuple[Part, ...]]]:
    """Columns of each term of a line by their labels: by the label of the line's coefficient and the term's symbol."""
    found: dict[tuple[str, str], dict[str, tuple[Part, ...]]] = {}
    paths = design.spec.paths
    columns: list[FixedColumn | RandomColumn] = [*design.fixed, *design.predictor.deviations]
    for column in columns:
        path = paths[column.symbol]
        parts = iter(column.parts)
        if isinstance(column, RandomColumn):  # its parts begin at level 1
            tuple(islice(parts, len(path.expressions[0].factors)))
        for place in range(1, len(column.path)):
            own = tuple(islice(parts, len(path.expressions[place].factors)))
            found.setdefault((column.path[place - 1], path.symbols[place]), {})[column.path[place]] = own
    return found


def _written_out(expression: Product, parts: tuple[Part, ...]) -> Product:
    return Product(tuple(_factor(factor, part) for factor, part in zip(expression.factors, parts, strict=True)))


def _factor(factor: Factor, part: Part) -> Factor:
    if part.coding == "":
        return factor
    if part.coding == "basis":
        return Call(PART, Product((factor,)), (("column", part.label),))
    argument = factor.argument if isinstance(factor, Call) else Product((factor,))
    return Call(LEVEL, argument, (("level", part.label), ("coding", part.coding), ("reference", part.reference)))
