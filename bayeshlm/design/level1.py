"""The level-1 expressions as columns of rows, and the columns of the data that they stand for."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.coefficient_columns import coefficient_columns
from bayeshlm.design.columns import NumericColumn, read_column
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.product import Call, Column
from bayeshlm.errors import OptionError


def level1_column(design: Design, coefficient: str) -> FloatArray | None:
    """Values of the expression that a level-1 coefficient multiplies.

    Parameters
    ----------
    design : Design
        Has them as a column of X, if the coefficient has an intercept in its level-2 line, or of Z.
    coefficient : str
        Its label, such as ``"b1"`` or ``"b1[Black]"``.

    Returns
    -------
    (N,) array or None
        None when the coefficient has neither an intercept nor a random effect.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> design = hlm.open_model("hsb-slopes-as-outcomes-full").design
    >>> level1_column(design, "b1")[:2].round(3)
    array([-1.094, -0.154])
    """
    for k, fixed in enumerate(design.fixed):
        if fixed.coefficient == coefficient and fixed.term == "1":
            return design.X[:, k]
    for r, random in enumerate(design.random):
        if random.coefficient == coefficient:
            return design.Z[:, r]
    return None


def source_column(design: Design, coefficient: str) -> str | None:
    """Column of the data that is all that an expression is made of: ``ses`` of ``cwc(ses)`` or ``log(ses)``.

    Parameters
    ----------
    design : Design
    coefficient : str
        Label of a coefficient of any level.

    Returns
    -------
    str or None
        Name in the data; None for the constant and for a product.
    """
    product = design.spec.paths[coefficient_columns(design)[coefficient].symbol].product
    if len(product.factors) == 1:
        factor: object = product.factors[0]
        while isinstance(factor, Call) and len(factor.argument.factors) == 1:
            factor = factor.argument.factors[0]
        if isinstance(factor, Column):
            return factor.name
    return None


def raw_values(design: Design, coefficient: str) -> tuple[str, FloatArray]:
    """What to draw data of a coefficient against: its column of numbers in the data, else its expression.

    Returns
    -------
    name : str
        Of the axis.
    values : (N,) array

    Raises
    ------
    OptionError
        The expression is no single column of numbers, and stands in the model only times level-2 terms.
    """
    name = source_column(design, coefficient)
    if name is not None and name in design.frame:
        column = read_column(design.frame[name])
        if isinstance(column, NumericColumn):
            return name, column.numbers
    values = level1_column(design, coefficient)
    if values is None:
        raise OptionError(
            f"{coefficient} has neither an intercept nor a random effect in its level-2 line: there are no values of"
            " its expression to draw"
        )
    expression = next(column.expression for column in design.coefficients if column.label == coefficient)
    label = coefficient.partition("[")[2].rstrip("]")
    return f"{expression}[{label}]" if label else expression, np.asarray(values)
