"""The variables above level 1 of a model, group by group, and the rows of W at values of one of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayeshlm.design.above_level1 import above_level1
from bayeshlm.design.centering import first_rows, varying_rows
from bayeshlm.design.coefficient_means import rows_of_coefficients
from bayeshlm.design.columns import CategoricalColumn, level_label, read_categories, read_column
from bayeshlm.design.design import Design
from bayeshlm.design.naming import expression_text
from bayeshlm.design.nested_groupings import containing
from bayeshlm.design.rows import walk_columns
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.product import Column, Factor, Product
from bayeshlm.errors import OptionError
from bayeshlm.quantities.level2_values import finite_number, level2_values
from bayeshlm.source.labels import factorize


@dataclass(frozen=True, eq=False, slots=True)
class Level2Variable:
    """A variable of the lines above level 1.

    Attributes
    ----------
    name : str
        Its column (``"sector"``), or the call that it stands in (``"cgm(size)"``).
    numbers : (J,) array
        Its number in each group of its grouping; of categories their codes.
    levels : tuple of str
        Its categories, in the order of their codes: of text, of ``C()``, and of numbers that take two values. Empty
        for other numbers.
    codes : (J,) array of int
        Category of each group; all zero without categories.
    positions : tuple of int
        Columns of X and W whose level-2 term it stands in.
    numeric : bool
        Whether `numbers` are numbers of the data.
    grouping : int
        Position of the outermost grouping within whose groups it is constant.
    """

    name: str
    numbers: FloatArray
    levels: tuple[str, ...]
    codes: IntArray
    positions: tuple[int, ...]
    numeric: bool
    grouping: int = 0

    def in_units(self, design: Design, grouping: int) -> Level2Variable | None:
        """The variable in the groups of another grouping; None where it varies within them."""
        if grouping == self.grouping:
            return self
        if self.grouping not in containing(design, grouping):
            return None
        codes = design.cells.codes
        where = codes[self.grouping][first_rows(codes[grouping], len(design.predictor.random[grouping].labels))]
        return replace(self, numbers=self.numbers[where], codes=self.codes[where], grouping=grouping)


def level2_variables(design: Design) -> dict[str, Level2Variable]:
    """The variables of the lines above level 1 by name, in the order of the equations.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> design = hlm.open_model("hsb-slopes-as-outcomes-full").design
    >>> [(v.name, v.levels, v.positions) for v in level2_variables(design).values()]
    [('sector', ('0', '1'), (1, 4)), ('meanses', (), (2, 5))]
    """
    found: dict[str, list[int]] = {}
    kinds: dict[str, Factor] = {}
    for k, factors in enumerate(factors_above(design)):
        for factor in factors:
            name = _name(factor)
            kinds.setdefault(name, factor)
            found.setdefault(name, []).append(k)
    made = (_variable(name, kinds[name], tuple(positions), design) for name, positions in found.items())
    return {variable.name: variable for variable in made if variable is not None}


def factors_above(design: Design) -> list[tuple[Factor, ...]]:
    """Factors that stand above level 1 in each column of X."""
    paths = design.spec.paths
    above = ([one.factors for one in paths[column.symbol].expressions[1:]] for column in design.fixed)
    return [tuple(factor for factors in expressions for factor in factors) for expressions in above]


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
    if values is None and variable is not None:
        if not variable.levels:
            raise OptionError(f"{variable.name} has no categories: give values of it")
        try:
            if variable.numeric:
                return level2_rows(design, variable, np.unique(variable.numbers).tolist())
        except OptionError:
            pass
        return np.stack([_category_row(design, variable, code) for code in range(len(variable.levels))])
    several = len(design.groupings) > 1
    if variable is None or values is None:
        if several:
            return _level1_rows(design, _means(design))[None]
        return level2_values(design, None, range(len(design.coefficients)))[None]
    numbers = [finite_number(variable.name, value) for value in values]
    if several:
        return np.stack([_level1_rows(design, _means_at(design, variable, number)) for number in numbers])
    everything = range(len(design.coefficients))
    return np.stack([level2_values(design, {variable.name: number}, everything) for number in numbers])


def _category_row(design: Design, variable: Level2Variable, code: int) -> FloatArray:
    touched = list(variable.positions)
    if len(design.groupings) == 1:
        values = design.W.mean(axis=0)
        values[touched] = design.W[variable.codes == code][:, touched].mean(axis=0)
        return rows_of_coefficients(design, values)
    values, factors = _means(design), above_level1(design)[0]
    for k in touched:
        there = variable.in_units(design, factors[k].home)
        assert there is not None  # the variable is a factor of what is constant in these units
        values[k] = factors[k].numbers[there.codes == code].mean()
    return _level1_rows(design, values)


def _level1_rows(design: Design, values: FloatArray) -> FloatArray:
    """Rows of the level-1 coefficients, (C, p), where what stands above level 1 has the values (p,)."""
    rows = np.zeros((len(design.coefficients), len(values)))
    rows[design.coefficient_of, np.arange(len(values))] = values
    return rows


def _means(design: Design) -> FloatArray:
    """Means of what stands above level 1 in the columns of X, each over the units that it is measured in, (p,)."""
    return np.array([factor.numbers.mean() for factor in above_level1(design)[0]])


def _means_at(design: Design, variable: Level2Variable, value: float) -> FloatArray:
    """As `_means`, at a value of a variable: products are worked out, each other factor at its own mean."""
    values, variables, every = _means(design), level2_variables(design), factors_above(design)
    for k, (column, factors) in enumerate(zip(design.fixed, every, strict=True)):
        names = [_name(factor) for factor in factors]
        inside = {one.name for factor in factors for one, _ in walk_columns(Product((factor,)))}
        if variable.name not in names:
            if variable.name in inside:
                raise OptionError(f"{column.name} cannot be worked out from {variable.name}: name it itself")
            continue
        others = [variables[name] for name in names if name != variable.name and name in variables]
        known = len(others) == sum(name != variable.name for name in names)
        if not known or not all(one.numeric for one in (variable, *others)):
            raise OptionError(f"{column.name} cannot be worked out from values of {variable.name} alone")
        means = (float(other.numbers.mean()) for other in others)
        values[k] = value ** names.count(variable.name) * math.prod(means)
    return values


def _name(factor: Factor) -> str:
    if isinstance(factor, Column):
        return factor.name
    if factor.function == "C":
        (column,) = (column for column, _ in walk_columns(factor.argument))
        return column.name
    return expression_text(Product((factor,)))


def _variable(name: str, factor: Factor, positions: tuple[int, ...], design: Design) -> Level2Variable | None:
    """Values of a factor in every group; None for a call that stands in products only."""
    if isinstance(factor, Column) or factor.function == "C":
        series = design.cells.frame[name]
        home = _home(design, series)
        labels = design.predictor.random[home].labels
        series = series.iloc[first_rows(design.cells.codes[home], len(labels))]
        column = read_column(series) if isinstance(factor, Column) else read_categories(series)
        if isinstance(column, CategoricalColumn):
            numbers = column.codes.astype(float)
            return Level2Variable(name, numbers, column.levels, column.codes, positions, False, home)
        values = column.numbers
    else:
        every = factors_above(design)
        alone = [k for k in positions if len(every[k]) == 1]
        if not alone or any("[" in design.fixed[k].label.removeprefix(design.fixed[k].symbol) for k in alone[:1]):
            return None
        above = above_level1(design)[0][alone[0]]
        values, home = above.numbers, above.home
    different, codes = np.unique(values, return_inverse=True)
    if len(different) == 2:
        levels = tuple(level_label(float(value)) for value in different)
        return Level2Variable(name, values, levels, codes.astype(np.int64), positions, True, home)
    return Level2Variable(name, values, (), np.zeros(len(values), dtype=np.int64), positions, True, home)


def _home(design: Design, series: pd.Series) -> int:
    """Position of the outermost grouping within whose groups a column is constant."""
    if len(design.groupings) == 1:
        return 0
    codes = factorize(series)[0]
    terms = list(zip(design.predictor.random, design.cells.codes, strict=True))
    return next(
        k
        for k, (term, groups) in reversed(list(enumerate(terms)))
        if not varying_rows(codes, groups, first_rows(groups, len(term.labels))).any()
    )
