"""What a database has said of the rows beneath its cells, and what it can still be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.beneath import Beneath, Expanded
from bayeshlm.design.cell_sums import by_unit
from bayeshlm.design.centering import Scale
from bayeshlm.design.columns import CategoricalColumn
from bayeshlm.design.database_expressions import DatabaseColumns, LevelOneColumns
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.product import Product
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import ask


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """As `Beneath`, once the expressions are known.

    Attributes
    ----------
    before : Beneath
    of_rows : mapping of Product to DatabaseColumns
    of_units : mapping of (Product, int) to Expanded
        Means in the units of a grouping.
    n_cells : int
        M.
    columns : LevelOneColumns
        Which evaluates further expressions.
    ids : DataFrame of M rows
        Ids of the cells, by their names in the query.
    n : (M,) array of int
        Rows of each cell.
    codes : tuple of (M,) arrays of int
        Unit of each, of each grouping.
    """

    before: Beneath
    of_rows: Mapping[Product, DatabaseColumns]
    of_units: Mapping[tuple[Product, int], Expanded]
    n_cells: int
    columns: LevelOneColumns
    ids: pd.DataFrame
    n: IntArray
    codes: tuple[IntArray, ...]
    _learned: dict[tuple[Product, int], tuple[FloatArray, Scale]] = field(default_factory=dict)

    @property
    def not_at_hand(self) -> frozenset[str]:
        """See `Beneath`."""
        return self.before.not_at_hand

    def differing(self, name: str) -> tuple[int, Any, Any] | None:
        """See `Beneath`."""
        return self.before.differing(name)

    def rows(self, expression: Product) -> Expanded:
        """See `Beneath`."""
        if expression.is_constant:
            return Expanded(np.ones((self.n_cells, 1)))
        found = self.of_rows[expression]
        return Expanded(np.full((self.n_cells, len(found.labels)), np.nan), found.labels, found.parts)

    def means(self, expression: Product, grouping: int) -> Expanded:
        """See `Beneath`."""
        return self.of_units[expression, grouping]

    def levels(self, name: str) -> tuple[str, ...]:
        """See `Beneath`."""
        return tuple(self.columns.levels(name).levels)

    def group_means(self, expression: Product, grouping: int) -> FloatArray:
        """See `Beneath`."""
        return self._ask(expression, grouping)[0]

    def scale(self, expression: Product, grouping: int) -> Scale:
        """See `Beneath`."""
        return self._ask(expression, grouping)[1]

    def _ask(self, expression: Product, grouping: int) -> tuple[FloatArray, Scale]:
        """Means of an expression in the units of a grouping, (J, k), and its mean and SD over all rows: one query."""
        if (expression, grouping) not in self._learned:
            names = self.columns.evaluate(expression, grouping, inside="mean").names
            wanted: dict[str, Any] = {}
            center = np.array(self.columns.centers(names))
            table, keys = self.columns.table, list(self.ids.columns)
            for k, name in enumerate(names):
                away = table[name] - float(center[k])
                wanted |= {f"s{k}": away.sum(), f"q{k}": (away * away).sum()}
            found = ask(table.group_by(keys).aggregate(n=table.count(), **wanted), exact=keys)
            found = self.ids.merge(found, on=keys, how="left", validate="one_to_one")
            if not np.array_equal(found["n"].to_numpy(dtype=float), self.n):
                raise DataError("the table has changed since the model was made of it: make the model again")
            sums, squares = (found[[f"{of}{k}" for k in range(len(names))]].to_numpy(dtype=float) for of in "sq")
            codes, N = self.codes[grouping], int(self.n.sum())
            n_units = int(codes.max()) + 1
            means = center + by_unit(sums, codes, n_units) / by_unit(self.n.astype(float), codes, n_units)[:, None]
            rest = sums.sum(axis=0) / N
            sd = np.sqrt(np.maximum(squares.sum(axis=0) - N * rest**2, 0.0) / max(N - 1, 1))
            self._learned[expression, grouping] = means, Scale(center + rest, sd)
        return self._learned[expression, grouping]


def learned_rows(rows: Rows) -> Rows:
    """Cells as the fitted rows that new ones are coded by: with the levels of categories that vary within cells."""
    assert isinstance(rows.beneath, Asked)
    hidden = {
        name: CategoricalColumn(name, column.codes, rows.beneath.levels(name))
        for name, column in rows.columns.items()
        if isinstance(column, CategoricalColumn) and name in rows.beneath.not_at_hand
    }
    return replace(rows, columns={**rows.columns, **hidden})
