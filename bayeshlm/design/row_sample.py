"""A random sample of rows that stay in a database: the same rows each time, for every model of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.cell_products import DesignColumns
from bayeshlm.design.cell_sums import CellColumns, CellSums
from bayeshlm.design.design_rows import DesignRows
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import CHANGED, ask

BUCKETS = 1 << 20
"""Parts that a hash divides the rows into, so that few rows have to be sorted."""


@dataclass(frozen=True, eq=False)
class RowSample:
    """n of N rows, drawn at random without replacement.

    Attributes
    ----------
    rows : DesignRows
        Of the n rows.
    cells : (n,) array of int
        Cell of each.
    columns : (n, B) array
        Level-1 columns as the database computes them, ones for the constant.
    n_rows : int
        N, the complete rows of the table.
    """

    rows: DesignRows
    cells: IntArray
    columns: FloatArray
    n_rows: int

    @property
    def y(self) -> FloatArray:
        """Outcomes, (n,)."""
        return self.rows.y

    @property
    def is_part(self) -> bool:
        """Whether there are rows that are not in the sample."""
        return len(self.y) < self.n_rows

    @property
    def said(self) -> str:
        """What the sample is, in words."""
        n, N = len(self.y), self.n_rows
        return f"a random sample of {n:,} rows of {N:,}" if n < N else f"all {N:,} rows"


@dataclass(frozen=True, eq=False)
class RowsThere:
    """The complete rows of a table of a database, with the columns that a design needs.

    Attributes
    ----------
    table : ibis.Table
    ids : DataFrame of M rows
        Ids of the cells by their names in `table`.
    names : tuple of str
        Names there of the level-1 columns, empty for the constant.
    net, y : str
        Names there of the outcome less its offset, and of the outcome.
    identity : tuple of str
        Names there of all columns of the user's table.
    frame : DataFrame of M rows
        The used columns; those that vary within cells, which `varying` names in `table`, are placeholders.
    varying : mapping of str to str
    sd : str, (M,) array or None
        Known level-1 SDs: the name there of their column, or those of the rows of each cell.
    """

    table: Any
    ids: pd.DataFrame
    names: tuple[str, ...]
    net: str
    y: str
    identity: tuple[str, ...]
    frame: pd.DataFrame
    varying: dict[str, str]
    sd: str | FloatArray | None = None

    def sample(self, sums: CellSums, columns: DesignColumns, n: int, seed: int) -> RowSample:
        """Ask for n rows drawn without replacement, or for all where there are fewer.

        Parameters
        ----------
        sums : CellSums
        columns : DesignColumns
        n, seed : int

        Notes
        -----
        A hash of all columns puts each row into one of `BUCKETS`, and a query counts the rows of each. Places of the N
        rows are drawn here; a second query fetches those, sorting no bucket but theirs. Rows with one hash are equal in
        all columns, so that it does not matter which comes first.

        Raises
        ------
        DataError
            A query fails, or the table changed since its sums were taken.
        """
        N = sums.n_obs
        table = self.table.mutate(**_hashes(self.table, self.identity))
        table = table.mutate(bucket=(table["hash"] % BUCKETS).abs())
        counted = ask(table.group_by("bucket").aggregate(n=table.count())).sort_values("bucket")
        ends = np.cumsum(counted["n"].to_numpy(dtype=np.int64))
        if ends[-1] != N:
            raise DataError(CHANGED.format(f"there were {N:,} complete rows, now there are {ends[-1]:,}"))
        rng = np.random.default_rng(seed)
        places = np.sort(rng.choice(N, n, replace=False, shuffle=False)) if n < N else np.arange(N)
        at = np.searchsorted(ends, places, side="right")
        buckets = counted["bucket"].to_numpy(dtype=np.int64)[at]
        wanted = pd.DataFrame({"bucket": buckets, "place": places - np.concatenate([[0], ends])[at]})
        fetched = self._fetched(table, wanted).sort_values(["bucket", "place"], ignore_index=True)
        return self._read(fetched, sums, columns)

    def _fetched(self, table: Any, wanted: pd.DataFrame) -> pd.DataFrame:
        """The rows at places of buckets."""
        import ibis
        import pyarrow as pa

        inside = table.filter(table["bucket"].isin(wanted["bucket"].unique().tolist()))
        inside = inside.mutate(
            place=ibis.row_number().over(ibis.window(group_by="bucket", order_by=["hash", "again"])).cast("int64")
        )
        of_rows = [*filter(None, self.names), self.net, self.y, *self.varying.values()]
        own = dict.fromkeys([*self.ids.columns, *of_rows, *([self.sd] if isinstance(self.sd, str) else [])])
        chosen = inside.semi_join(ibis.memtable(pa.Table.from_pandas(wanted)), ["bucket", "place"])
        return ask(chosen.select(*own, "bucket", "place"), exact=list(self.ids.columns))

    def _read(self, fetched: pd.DataFrame, sums: CellSums, columns: DesignColumns) -> RowSample:
        """The rows in the columns of the design."""
        keys, n = list(self.ids.columns), len(fetched)
        cells = self.ids.assign(cell=np.arange(len(self.ids)))
        cell = fetched[keys].merge(cells, on=keys, how="left", validate="many_to_one")["cell"].to_numpy()
        if np.isnan(cell.astype(float)).any():
            raise DataError(CHANGED.format("some groups are new"))
        cell = cell.astype(np.int64)
        values = np.ones((n, len(self.names)))
        for b, name in enumerate(self.names):
            if name:
                values[:, b] = fetched[name].to_numpy(dtype=np.float64)
        y = fetched[self.y].to_numpy(dtype=np.float64)
        frame = self.frame.iloc[cell].reset_index(drop=True)
        for name, there in self.varying.items():
            frame[name] = fetched[there]
        rows = DesignRows(
            y=y,
            size=np.ones(n),
            offset=y - fetched[self.net].to_numpy(dtype=np.float64),
            X=_at_rows(columns.X, sums, values, cell),
            Z=tuple(_at_rows(own, sums, values, cell) for own in columns.Z),
            codes=tuple(codes[cell] for codes in sums.codes),
            frame=frame,
            sd=self.sd[cell] if isinstance(self.sd, np.ndarray) else _column(fetched, self.sd),
        )
        return RowSample(rows, cell, values, sums.n_obs)


def _column(fetched: pd.DataFrame, name: str | None) -> FloatArray | None:
    return None if name is None else fetched[name].to_numpy(dtype=np.float64)


def _at_rows(columns: CellColumns, sums: CellSums, values: FloatArray, cell: IntArray) -> FloatArray:
    """Columns at rows of cells, (n, k), of the level-1 columns (n, B) there."""
    center = sums.center[columns.base]
    rest = columns.shift - columns.factor * center  # nothing, of columns that are a level-1 column times a number
    return np.ascontiguousarray(columns.factor[cell] * values[:, columns.base] + rest[cell])


def _hashes(table: Any, identity: tuple[str, ...]) -> dict[str, Any]:
    """Two hashes of all columns: the second tells rows apart that the first does not, where it has few digits."""
    import ibis

    columns = {name: table[name] for name in identity}
    return {
        "hash": ibis.struct(columns).hash(),
        "again": ibis.struct({"salt": ibis.literal("another"), **columns}).hash(),
    }
