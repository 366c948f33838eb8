"""The second look at a table of a database: sums of products of the columns of level 1, by cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from bayeshlm.design.asked import Asked
from bayeshlm.design.asked_sums import WeightedQueries, ask_for_sums
from bayeshlm.design.beneath import Expanded
from bayeshlm.design.by_levels import calls_of
from bayeshlm.design.cell_moments import OutcomeMoments
from bayeshlm.design.cell_sums import CellSums
from bayeshlm.design.centering import varying_rows
from bayeshlm.design.database_cells import DatabaseCells
from bayeshlm.design.database_columns import RowsInDatabase
from bayeshlm.design.database_expressions import LevelOneColumns
from bayeshlm.design.expression_columns import first_categorical
from bayeshlm.design.line_units import check_one_mean, groupings_of_level, groupings_of_line
from bayeshlm.design.rows import Rows
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.source.labels import factorize


@dataclass(frozen=True, slots=True, eq=False)
class SummedCells:
    """What the second query gave.

    Attributes
    ----------
    rows : Rows
        Which know the columns of the expressions of level 1 and the means of those above.
    sums : CellSums
        Of the columns of level 1 in the order of the equation, and after them the outcome; less its offset once more,
        at the end, where it has one.
    outcome : OutcomeMoments
    names : tuple of str
        Names there of the columns of level 1, empty for the constant.
    net, y : str
        Names there of the outcome less its offset, and of the outcome.
    weighted : WeightedQueries
        What asks for the same sums over rows that count for weights.
    """

    rows: Rows
    sums: CellSums
    outcome: OutcomeMoments
    names: tuple[str, ...]
    net: str
    y: str
    weighted: WeightedQueries

    @property
    def table(self) -> Any:
        """The complete rows with the columns of the expressions, and those that were added since."""
        return self.weighted.asked.table


def sums_of_cells(cells: DatabaseCells, rows: Rows, spec: ModelSpec) -> SummedCells:
    """Ask for the sums of the products of the level-1 columns and the outcome.

    Parameters
    ----------
    cells : DatabaseCells
    rows : Rows
        Its rows, their groupings in the order of the specification's.
    spec : ModelSpec
        With the columns named as `rows` has them.

    Raises
    ------
    DataError
        An expression cannot be computed in a database, a query fails, or the table changed since the first one.
    """
    keys = [cells.keys[grouping.name] for grouping in rows.groupings]
    found_rows = RowsInDatabase(
        rows.text,
        cells.complete,
        rows.names,
        cells.stands_for,
        cells.kinds,
        cells.known,
        keys,
        partial(_varies, rows),
    )
    asked = LevelOneColumns(found_rows)
    below = groupings_of_level(spec, 2)
    expressions = [term.expression for term in spec.level1]
    for one in expressions:
        check_one_mean(one, below, rows)
    every_level = None if spec.distribution.has_cutpoints else first_categorical(expressions, rows)
    asked.take_means([*expressions, *spec.offsets], below[0])
    of_rows = {
        one: asked.evaluate(one, below[0], every_level=place == every_level)
        for place, one in enumerate(expressions)
        if not one.is_constant
    }
    of_rows |= {one: asked.evaluate(one, below[0], inside="offset") for one in spec.offsets}
    net, y = asked.of_outcome(spec.outcome, spec.offsets, below[0])
    averaged = {
        (argument, grouping): asked.evaluate(argument, grouping, inside="mean")
        for argument, grouping in _means_above(spec, rows)
    }
    names = [name for one in expressions for name in (of_rows[one].names if one in of_rows else [""])]
    of_means = [name for one in averaged.values() for name in one.names]
    symbols = {path.symbols[0] for path in spec.random_paths}
    effects = [one for term, one in zip(spec.level1, expressions, strict=True) if term.coefficient in symbols]
    ranged = [name for one in effects if one in of_rows for name in of_rows[one].names]
    codes = tuple(grouping.codes for grouping in rows.groupings)
    found = ask_for_sums(found_rows, cells, [*names, net], y, of_means, ranged, codes)
    of_units = {
        key: Expanded(
            np.column_stack([found.mean_of_units(name, codes[key[1]]) for name in one.names]), one.labels, one.parts
        )
        for key, one in averaged.items()
    }
    assert rows.beneath is not None
    known = replace(rows, beneath=Asked(rows.beneath, of_rows, of_units, rows.n_obs, asked, cells.ids, cells.n, codes))
    summed = (*names, y) if net == y else (*names, y, net)
    queries = WeightedQueries(found_rows, cells, found, summed, codes)
    return SummedCells(known, found.cell_sums(summed, codes), found.outcome(net, y), tuple(names), net, y, queries)


def _varies(rows: Rows, name: str, grouping: int) -> bool:
    """Whether a column varies within units of a grouping."""
    if rows.beneath is not None and rows.beneath.differing(name):
        return True
    here = rows.of(grouping)
    return bool(varying_rows(factorize(rows.frame[name])[0], here.group_codes, here.first).any())


def _means_above(spec: ModelSpec, rows: Rows) -> dict[tuple[Product, int], None]:
    """Arguments of ``mean`` above level 1, each with the position of the grouping whose units have it."""
    found: dict[tuple[Product, int], None] = {}
    for level, lines in enumerate(spec.levels[1:], 2):
        for line in lines:
            for term in line.fixed:
                calls = [call for factor in term.expression.factors for call in calls_of(factor)]
                for grouping in groupings_of_line(spec, line, level):
                    found |= {(call.argument, grouping): None for call in calls if call.function == "mean"}
    return found
