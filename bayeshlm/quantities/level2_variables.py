"""The level-2 variables of a model, group by group, and the rows of W at values of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.centering import first_rows
from bayeshlm.design.coefficient_means import rows_of_coefficients
from bayeshlm.design.columns import CategoricalColumn, level_label, read_categories, read_column
from bayeshlm.design.design import Design
from bayeshlm.design.naming import expression_text
from bayeshlm.design.rows import walk_columns
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.spec import Column, Factor, Product
from bayeshlm.errors import OptionError
from bayeshlm.quantities.level2_values import finite_number, level2_values


@dataclass(frozen=True, eq=False, slots=True)
class Level2Variable:
    """A variable of the level-2 lines.

    Attributes
    ----------
    name : str
        Its column (``"sector"``), or the call that it stands in (``"cgm(size)"``).
    numbers : (J,) array
        Its number in each group; of categories their codes.
    levels : tuple of str
        Its categories, in the order of their codes: of text, of ``C()``, and of numbers that take two values. Empty
        for other numbers.
    codes : (J,) array of int
        Category of each group; all zero without categories.
    positions : tuple of int
        Columns of X and W whose level-2 term it stands in.
    numeric : bool
        Whether `numbers` are numbers of the data.
    """

    name: str
    numbers: FloatArray
    levels: tuple[str, ...]
    codes: IntArray
    positions: tuple[int, ...]
    numeric: bool


def level2_variables(design: Design) -> dict[str, Level2Variable]:
    """The variables of the level-2 lines by name, in the order of the equations.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> design = hlm.open_model("hsb-slopes-as-outcomes-full").design
    >>> [(v.name, v.levels, v.positions) for v in level2_variables(design).values()]
    [('sector', ('0', '1'), (1, 4)), ('meanses', (), (2, 5))]
    """
    expressions = {fixed.symbol: fixed.expression for equation in design.spec.level2 for fixed in equation.fixed}
    found: dict[str, list[int]] = {}
    kinds: dict[str, Factor] = {}
    for k, column in enumerate(design.fixed):
        for factor in expressions[column.symbol].factors:
            name = _name(factor)
            kinds.setdefault(name, factor)
            found.setdefault(name, []).append(k)
    made = (_variable(name, kinds[name], tuple(positions), expressions, design) for name, positions in found.items())
    return {variable.name: variable for variable in made if variable is not None}


def find_level2_variable(
    design: Design, name: str | None, variables: Sequence[Level2Variable], argument: str = "by"
) -> Level2Variable:
    """The variable that a user names; None stands for the only one.

    Raises
    ------
    OptionError
        There is no such variable, or several and none is named; the message lists the choices.
    """
    choices = ", ".join(variable.name for variable in variables)
    if name is None and len(variables) == 1:
        return variables[0]
    for variable in variables:
        if variable.name == name:
            return variable
    if not variables:
        raise OptionError(f"{argument}={name!r}: there is no level-2 variable to choose from")
    if name is None:
        raise OptionError(f'there are several level-2 variables: pass {argument}="...", one of {choices}')
    raise OptionError(f"{argument}={name!r} is no level-2 variable in question; there are: {choices}")


def level2_rows(design: Design, variable: Level2Variable | None, values: Sequence[float] | None = None) -> FloatArray:
    """Rows of W, for every coefficient, at values or at each category of a level-2 variable.

    Parameters
    ----------
    design : Design
    variable : Level2Variable or None
        None: one row, all terms at their means over groups.
    values : sequence of float, optional
        Of a variable of numbers; may be left out when it has categories.

    Returns
    -------
    (V, C, p) array
        Times gamma: the coefficients of the average group with that value. Other level-2 terms are at their means
        over groups. The terms of a variable of text, and those of one whose products cannot be worked out, are at
        their means in the category.

    Raises
    ------
    OptionError
        Values are needed, or a term cannot be worked out from those given.
    """
    everything = range(len(design.coefficients))
    if variable is None:
        return level2_values(design, None, everything)[None]
    if values is None:
        if not variable.levels:
            raise OptionError(f"{variable.name} has no categories: give values of it")
        try:
            if variable.numeric:
                return level2_rows(design, variable, np.unique(variable.numbers).tolist())
        except OptionError:
            pass
        return np.stack([_category_row(design, variable, code) for code in range(len(variable.levels))])
    numbers = [finite_number(variable.name, value) for value in values]
    return np.stack([level2_values(design, {variable.name: number}, everything) for number in numbers])


def _category_row(design: Design, variable: Level2Variable, code: int) -> FloatArray:
    values = design.W.mean(axis=0)
    touched = list(variable.positions)
    values[touched] = design.W[variable.codes == code][:, touched].mean(axis=0)
    return rows_of_coefficients(design, values)


def _name(factor: Factor) -> str:
    if isinstance(factor, Column):
        return factor.name
    if factor.function == "C":
        (column,) = (column for column, _ in walk_columns(factor.argument))
        return column.name
    return expression_text(Product((factor,)))


def _variable(
    name: str, factor: Factor, positions: tuple[int, ...], expressions: dict[str, Product], design: Design
) -> Level2Variable | None:
    """Values of a factor in every group; None for a call that stands in products only."""
    first = first_rows(design.group_codes, design.n_groups)
    none = np.zeros(design.n_groups, dtype=np.int64)
    if isinstance(factor, Column) or factor.function == "C":
        series = design.frame[name].iloc[first]
        column = read_column(series) if isinstance(factor, Column) else read_categories(series)
        if isinstance(column, CategoricalColumn):
            return Level2Variable(name, column.codes.astype(float), column.levels, column.codes, positions, False)
        values = column.numbers
    else:
        alone = [k for k in positions if len(expressions[design.fixed[k].symbol].factors) == 1]
        if not alone or any("[" in design.fixed[k].label.removeprefix(design.fixed[k].symbol) for k in alone[:1]):
            return None
        k = alone[0]
        values = design.W[:, k]
    different, codes = np.unique(values, return_inverse=True)
    if len(different) == 2:
        levels = tuple(level_label(float(value)) for value in different)
        return Level2Variable(name, values, levels, codes.astype(np.int64), positions, True)
    return Level2Variable(name, values, (), none, positions, True)
