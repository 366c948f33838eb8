"""Every coefficient of a design, of all levels, with what it is multiplied with."""

from __future__ import annotations

from bayeshlm.design.design import Design
from bayeshlm.design.naming import expression_text
from bayeshlm.design.predictor import CoefficientColumn


def coefficient_columns(design: Design) -> dict[str, CoefficientColumn]:
    """The coefficients that have a line of their own by label, those of level 1 first.

    A coefficient of a higher level is multiplied with the product of the expressions below it: in
    ``p1 = b10 + b11*female; b11 = g110 + u11`` the coefficient b11 of the slope of time with ``time*female``.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> found = coefficient_columns(hlm.open_model("hsb-slopes-as-outcomes-full").design)
    >>> {label: column.expression for label, column in found.items()}
    {'b0': '1', 'b1': 'cwc(ses)'}
    """
    found = {column.label: column for column in design.coefficients}
    of_level1, paths = dict(found), design.spec.paths
    of_fixed = [(column.path, column.symbol, of_level1[column.path[0]].parts + column.parts) for column in design.fixed]
    of_random = [(column.path, column.symbol, column.parts) for column in design.predictor.deviations]
    for labels, symbol, parts in of_fixed + of_random:
        symbols, expressions = paths[symbol].symbols, paths[symbol].expressions
        for place in range(1, len(symbols) - 1):
            below = expressions[: place + 1]
            text = "*".join(expression_text(one) for one in below if not one.is_constant) or "1"
            own = parts[: sum(len(one.factors) for one in below)]
            found.setdefault(labels[place], CoefficientColumn(labels[place], symbols[place], text, own))
    return found
