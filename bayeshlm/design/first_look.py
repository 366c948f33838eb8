"""What the first query of a table of a database gives, one row a cell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.database_columns import NUMBERS, Location, as_number
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import CHANGED, Kind, ask

PLACEHOLDERS: dict[Kind, Any] = {"number": np.nan, "logical": False, "text": ""}
"""Of a column that varies within cells, in place of its values, which stay in the database."""

MOST_INCOMPLETE = 10_000
"""Groups whose rows a query leaves out one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class FirstLook:
    """What the first query gave, one row a cell, those without an id or a complete row included."""

    frame: pd.DataFrame
    total: IntArray
    kept: IntArray
    missing: Mapping[str, IntArray]
    compared: frozenset[str]

    @classmethod
    def of(
        cls,
        table: Any,
        keys: Sequence[str],
        stands_for: Mapping[str, str],
        kinds: Mapping[str, Kind],
        compared: Collection[str],
    ) -> FirstLook:
        """Ask for the cells of a table; the `compared` columns for their smallest and largest value in each, too.

        The complete rows are asked about, and how many rows there are; what others miss only where there are others.
        """
        keys, names = list(keys), list(stands_for.values())
        complete = table.filter(reduce(and_, [table[name].notnull() for name in (*keys, *names)]))  # noqa: PD004
        wanted = {"kept": complete.count()}
        for name, new in stands_for.items():
            column = complete[new]
            if kinds[name] in NUMBERS:
                wanted[f"sum_{new}"] = as_number(column, kinds[name]).sum()
            if name in compared:
                plain = column.cast("int32") if kinds[name] == "logical" else column
                wanted |= {f"low_{new}": plain.min(), f"high_{new}": plain.max()}
        frame = ask(complete.group_by(keys).aggregate(**wanted), exact=keys)
        n_rows = int(ask(table.aggregate(total=table.count()))["total"].iloc[0])
        if n_rows == 0:
            raise DataError("data has no rows")
        n_complete = int(frame["kept"].sum())
        if n_rows < n_complete:
            raise DataError(CHANGED.format(f"there were {n_complete:,} complete rows, now there are {n_rows:,}"))
        if n_rows == n_complete:
            kept = frame["kept"].to_numpy(dtype=np.int64)
            return cls(frame, kept, kept, {name: np.zeros_like(kept) for name in stands_for}, frozenset(compared))
        counts = {"total": table.count()} | {f"there_{new}": table[new].count() for new in names}
        frame = _beside(ask(table.group_by(keys).aggregate(**counts), exact=keys), frame, keys)
        total, kept = frame["total"].to_numpy(dtype=np.int64), frame["kept"].to_numpy(dtype=np.int64)
        missing = {name: total - frame[f"there_{new}"].to_numpy(dtype=np.int64) for name, new in stands_for.items()}
        return cls(frame, total, kept, missing, frozenset(compared))

    def values(self, stands_for: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, pd.Series]:
        """Value of each cell of columns that vary in none; placeholders of others."""
        found: dict[str, pd.Series] = {}
        for name, new in stands_for.items():
            if name in self.compared:
                low, high, there = self.frame[f"low_{new}"], self.frame[f"high_{new}"], self.kept > 0
            if name not in self.compared or (low[there] != high[there]).any():
                found[name] = pd.Series([PLACEHOLDERS.get(kinds[name], "")] * len(self.kept), name=name)
            elif kinds[name] == "logical":
                found[name] = low.fillna(0).astype(bool).rename(name)
            else:
                found[name] = low.rename(name)
        return found

    def differing(self, stands_for: Mapping[str, str], keep: NDArray[np.bool_]) -> dict[str, tuple[int, Any, Any]]:
        """The first cell among those kept within which a column varies, with its smallest and largest value."""
        found: dict[str, tuple[int, Any, Any]] = {}
        for name, new in stands_for.items():
            if name not in self.compared:
                continue
            low, high = (self.frame.loc[self.kept > 0, f"{end}_{new}"] for end in ("low", "high"))
            if (low != high).any():
                place = int((low != high).to_numpy().argmax())
                cell = int(np.flatnonzero(self.kept > 0)[place])
                found[name] = (int(keep[:cell].sum()), low.iloc[place], high.iloc[place])
        return found

    def locations(
        self, stands_for: Mapping[str, str], kinds: Mapping[str, Kind], keep: NDArray[np.bool_]
    ) -> dict[str, Location]:
        """Where the numbers of the cells kept lie."""
        found, part, n = {}, self.frame.loc[keep], int(self.kept[keep].sum())
        for name, new in stands_for.items():
            if kinds[name] not in NUMBERS:
                continue
            total = float(part[f"sum_{new}"].astype(float).sum())
            if not np.isfinite(total):
                raise DataError(
                    f"column {name!r} is {'-' if total < 0 else ''}inf in some row: correct it, or make it missing "
                    "(NULL) to have the row dropped"
                )
            ends = None
            if name in self.compared:
                ends = float(part[f"low_{new}"].min()), float(part[f"high_{new}"].max())
            found[name] = Location(total / n, ends)
        return found

    def sums(
        self, stands_for: Mapping[str, str], kinds: Mapping[str, Kind], keep: NDArray[np.bool_]
    ) -> dict[str, FloatArray]:
        """Sums of the numbers over the complete rows of the cells kept."""
        numbers = {name: new for name, new in stands_for.items() if kinds[name] in NUMBERS}
        return {name: self.frame.loc[keep, f"sum_{new}"].to_numpy(dtype=np.float64) for name, new in numbers.items()}

    def ends(
        self, stands_for: Mapping[str, str], kinds: Mapping[str, Kind], keep: NDArray[np.bool_]
    ) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Smallest and largest of the numbers of each cell kept, of the columns of which they were asked for."""
        names = [name for name in stands_for if name in self.compared and kinds[name] in NUMBERS]
        part = self.frame.loc[keep]
        return {
            name: (
                part[f"low_{stands_for[name]}"].to_numpy(dtype=np.float64),
                part[f"high_{stands_for[name]}"].to_numpy(dtype=np.float64),
            )
            for name in names
        }


def _beside(every: pd.DataFrame, complete: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """All cells with what was asked of their complete rows; those that have none of these miss it.

    Raises
    ------
    DataError
        The table changed between the queries.
    """
    found = every.merge(complete, on=keys, how="left", validate="one_to_one")
    found["kept"] = found["kept"].fillna(0)
    if found["kept"].sum() != complete["kept"].sum() or (found["kept"] > found["total"]).any():
        raise DataError(CHANGED.format("complete rows are new or gone"))
    return found


def without_nan(column: Any) -> Any:
    """A column with NULL in place of what is no number."""
    return column.isnan().ifelse(None, column) if column.type().is_floating() else column


def without_cells(table: Any, gone: pd.DataFrame) -> Any:
    """Rows of other cells than these: those of groups of which `group_data` misses a value are dropped."""
    if len(gone) > MOST_INCOMPLETE:
        raise DataError(
            f"group_data misses values of {len(gone)} groups: join it to the table in the database, "
            "data.left_join(...), where their rows are dropped and counted"
        )
    if len(gone.columns) == 1:
        (key,) = gone.columns
        return table.filter(table[key].notin(gone[key].tolist()))
    cells = [reduce(and_, [table[key] == value for key, value in one.items()]) for one in gone.to_dict("records")]
    return table.filter(~reduce(or_, cells))
