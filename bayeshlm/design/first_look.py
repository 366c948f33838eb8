"""What the first query of a table of a database gives, one row a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.database_columns import Location
from bayeshlm.design.scaling import IntArray
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import Kind, ask

PLACEHOLDERS: dict[Kind, Any] = {"number": np.nan, "logical": False, "text": ""}
"""Of a column that varies within cells, in place of its values, which stay in the database."""


@dataclass(frozen=True, slots=True, eq=False)
class FirstLook:
    """What the first query gave, one row a cell, those without an id or a complete row included."""

    frame: pd.DataFrame
    total: IntArray
    kept: IntArray
    missing: Mapping[str, IntArray]

    @classmethod
    def of(
        cls,
        table: Any,
        keys: Sequence[str],
        missing: Mapping[str, Any],
        complete: Any,
        stands_for: Mapping[str, str],
        kinds: Mapping[str, Kind],
    ) -> FirstLook:
        """Ask for the cells of a table; `complete` says of each row whether it misses nothing."""
        wanted = {"total": table.count(), "kept": complete.sum()}
        for name, new in stands_for.items():
            column = table[new]
            if kinds[name] == "number":
                wanted[f"sum_{new}"] = column.cast("float64").sum(where=complete)
            elif kinds[name] == "logical":
                column = column.ifelse(1, 0)
                wanted[f"sum_{new}"] = column.cast("float64").sum(where=complete)
            wanted[f"missing_{new}"] = missing[name].sum()
            wanted |= {f"low_{new}": column.min(where=complete), f"high_{new}": column.max(where=complete)}
        frame = ask(table.group_by(list(keys)).aggregate(**wanted), exact=keys)
        if frame.empty:
            raise DataError("data has no rows")
        counts = {name: frame[f"missing_{new}"].to_numpy(dtype=np.int64) for name, new in stands_for.items()}
        kept = frame["kept"].fillna(0).to_numpy(dtype=np.int64)
        return cls(frame, frame["total"].to_numpy(dtype=np.int64), kept, counts)

    def values(self, stands_for: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, pd.Series]:
        """Value of each cell of columns that vary in none; placeholders of others."""
        found: dict[str, pd.Series] = {}
        for name, new in stands_for.items():
            low, high, there = self.frame[f"low_{new}"], self.frame[f"high_{new}"], self.kept > 0
            if (low[there] != high[there]).any():
                found[name] = pd.Series([PLACEHOLDERS.get(kinds[name], "")] * len(low), name=name)
            elif kinds[name] == "logical":
                found[name] = low.fillna(0).astype(bool).rename(name)
            else:
                found[name] = low.rename(name)
        return found

    def differing(self, stands_for: Mapping[str, str], keep: NDArray[np.bool_]) -> dict[str, tuple[int, Any, Any]]:
        """The first cell among those kept within which a column varies, with its smallest and largest value."""
        found: dict[str, tuple[int, Any, Any]] = {}
        for name, new in stands_for.items():
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
        found = {}
        for name, new in stands_for.items():
            if kinds[name] not in ("number", "logical"):
                continue
            part, n = self.frame.loc[keep], int(self.kept[keep].sum())
            low, high = float(part[f"low_{new}"].min()), float(part[f"high_{new}"].max())
            if not (np.isfinite(low) and np.isfinite(high)):
                raise DataError(
                    f"column {name!r} is {high if np.isfinite(low) else low} in some row: correct it, or make it "
                    "missing (NULL) to have the row dropped"
                )
            found[name] = Location(float(part[f"sum_{new}"].astype(float).sum()) / n, low, high)
        return found


def misses(column: Any) -> Any:
    """Whether a value is missing: null, or no number."""
    null = column.isnull()  # noqa: PD003  (of Ibis, which has no isna)
    return null | column.isnan() if column.type().is_floating() else null
