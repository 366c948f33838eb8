"""The query for sums of products of columns by cell, and what it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.cell_moments import OutcomeMoments
from bayeshlm.design.cell_sums import CellSums, by_unit
from bayeshlm.design.database_cells import DatabaseCells
from bayeshlm.design.database_columns import RowsInDatabase
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import CHANGED, ask

ROUNDING = 1e-6
"""Of the SD: how far the mean of a column may lie from where it was in the query before."""
FARTHEST = 1e4
"""Square of a group's mean over the variance within groups beyond which sums about the group's mean lose digits."""
LEAST = 1e-12
"""Share of a group's sum of squares that must be within it, or nothing of it is: of less no digits are left."""


@dataclass(frozen=True, slots=True, eq=False)
class AskedSums:
    """What the second query gave, in the order of the cells; `place` says where the sums of a column stand."""

    frame: pd.DataFrame
    n: IntArray
    place: Mapping[str, int]
    center: Mapping[str, float]
    ends: tuple[float, float]

    def sum(self, *names: str) -> FloatArray:
        """Sum over the rows of each cell of a column about its center, or of the product of two, (M,)."""
        places = sorted(self.place[name] for name in names)
        key = "s" + "_".join(map(str, places))
        return self.frame[key].to_numpy(dtype=np.float64)

    def end(self, which: str, name: str) -> FloatArray:
        """Smallest (``"low"``) or largest (``"high"``) value of a column in each cell, (M,)."""
        return self.frame[f"{which}{self.place[name]}"].to_numpy(dtype=np.float64)

    def mean_of_units(self, name: str, codes: IntArray) -> FloatArray:
        """Means of a column in the units of a grouping, (J,)."""
        n_units = int(codes.max()) + 1
        n = np.bincount(codes, weights=self.n, minlength=n_units)
        return self.center[name] + by_unit(self.sum(name), codes, n_units) / n

    def cell_sums(self, names: Sequence[str], codes: tuple[IntArray, ...]) -> CellSums:
        """The sums of columns; the empty name is the constant one, whose sums about 1 are zero."""
        n_cells, B = len(self.n), len(names)
        sums, products = np.zeros((n_cells, B)), np.zeros((n_cells, B, B))
        low, high = np.full((n_cells, B), np.nan), np.full((n_cells, B), np.nan)
        for b, name in enumerate(names):
            if not name:
                low[:, b] = high[:, b] = 1.0
                continue
            sums[:, b] = self.sum(name)
            for own, end in ((low, "low"), (high, "high")):
                key = f"{end}{self.place[name]}"
                own[:, b] = self.frame[key].to_numpy(dtype=np.float64) if key in self.frame else np.nan
            for c, other in enumerate(names[: b + 1]):
                if other:
                    products[:, b, c] = products[:, c, b] = self.sum(name, other)
        center = np.array([self.center[name] if name else 1.0 for name in names])
        return CellSums(codes, self.n, center, sums, products, low, high)

    def outcome(self, net: str, y: str) -> OutcomeMoments:
        """Moments of the outcome over all rows, and of its offset."""
        N = int(self.n.sum())
        rest = self.sum(y).sum() / N
        squares = max(float(self.sum(y, y).sum()) - N * rest**2, 0.0)
        mean, zeros, skewness = self.center[y] + rest, 0.0, 0.0
        if "cubes" in self.frame and squares:
            cubes = float(self.frame["cubes"].sum()) - 3 * rest * (squares + N * rest**2) + 2 * N * rest**3
            skewness = cubes / N / (squares / N) ** 1.5
            zeros = 0.0 if self.frame["broken"].sum() else float(self.frame["zeros"].sum()) / N
        return OutcomeMoments(
            mean=float(mean),
            sd=float(np.sqrt(squares / (N - 1))) if N > 1 else 0.0,
            range=self.ends,
            two_values=float(self.frame["between"].sum()) == 0,
            zeros=zeros,
            skewness=skewness,
            offset_mean=0.0 if net == y else float(mean - self.center[net] - self.sum(net).sum() / N),
        )


def ask_for_sums(
    asked: RowsInDatabase,
    cells: DatabaseCells,
    columns: Sequence[str],
    y: str,
    averaged: Sequence[str],
    ranged: Sequence[str],
    codes: tuple[IntArray, ...],
) -> AskedSums:
    """One query: counts, sums, products and extremes of columns by cell, about their means over all rows.

    Columns less their means in groups are not asked for where the sums of the columns themselves tell theirs: the means
    would take another pass over the rows, and a join.

    Parameters
    ----------
    asked : RowsInDatabase
    cells : DatabaseCells
    columns : sequence of str
        Whose products are needed; the empty name is the constant.
    y : str
        The outcome.
    averaged, ranged : sequences of str
        Of which sums are needed, and extremes.
    codes : tuple of (M,) arrays of int
        Unit of each cell, of each grouping.
    """
    plain = asked.without_means([name for name in (*columns, y, *averaged) if name])
    if plain is not None:
        table, centered = plain

        def base(names: Sequence[str]) -> list[str]:
            return list(dict.fromkeys(centered[name][0] if name in centered else name for name in names))

        bases = [name for name, _ in centered.values()]
        found = _asked(asked, table, cells, base(columns), y, base(averaged), [*base(ranged), *bases])
        less_means = centered_sums(found, centered, [name for name in (*columns, y) if name], codes)
        if less_means is not None:
            return less_means
    return _asked(asked, asked.table, cells, columns, y, averaged, ranged)


def _asked(
    asked: RowsInDatabase,
    table: Any,
    cells: DatabaseCells,
    columns: Sequence[str],
    y: str,
    averaged: Sequence[str],
    ranged: Sequence[str],
) -> AskedSums:
    of_products = list(dict.fromkeys(name for name in (*columns, y) if name))
    everything = list(dict.fromkeys((*of_products, *averaged)))
    center = dict(zip(everything, asked.centers(everything), strict=True))
    place = {name: k for k, name in enumerate(everything)}
    told = {str(asked.number_of(name)): ends for name, ends in cells.ends.items()}
    table = table.mutate(**{f"d{place[name]}": table[name] - center[name] for name in everything})
    wanted = {"n": table.count()} | {f"s{k}": table[f"d{k}"].sum() for k in place.values()}
    for name in of_products:
        k = place[name]
        if name in ranged and name not in told:
            wanted |= {f"low{k}": table[name].min(), f"high{k}": table[name].max()}
        for other in of_products[: of_products.index(name) + 1]:
            m = place[other]
            wanted[f"s{m}_{k}"] = (table[f"d{m}"] * table[f"d{k}"]).sum()
    (outcome,) = asked.locations([y], ends=True)
    assert outcome.ends is not None
    own, deviation, (low, high) = table[y], table[f"d{place[y]}"], outcome.ends
    two_values = all(np.isin(ends, outcome.ends).all() for ends in told.get(y, ()))
    if two_values:  # or one of these lies between the ends
        wanted["between"] = ((own != low) & (own != high)).sum()
    if low == 0:  # it may be a count
        wanted |= {"broken": (own != own.round()).sum(), "zeros": (own == 0).sum()}
        wanted["cubes"] = (deviation * deviation * deviation).sum()
    keys = list(cells.ids.columns)
    frame = ask(table.group_by(keys).aggregate(**wanted), exact=keys)
    before = cells.ids.assign(before=cells.n)
    merged = before.merge(frame, on=keys, how="outer", indicator=True, validate="one_to_one")
    if not (merged["_merge"] == "both").all() or len(merged) != len(before):
        raise DataError(CHANGED.format("some groups are new or gone"))
    merged = before.merge(frame, on=keys, how="left", validate="one_to_one")
    n = merged["n"].to_numpy(dtype=np.int64)
    if not np.array_equal(n, cells.n):
        raise DataError(CHANGED.format(f"there were {cells.n.sum():,} complete rows, now there are {n.sum():,}"))
    merged = merged.assign(**{} if two_values else {"between": 1}, **_ends(told, place))
    found = AskedSums(merged, n, place, center, outcome.ends)
    for name, known in cells.known.items():
        column = asked.number_of(name)
        if column in place and column in of_products:
            away = abs(found.sum(column).sum() / n.sum())
            spread = np.sqrt(found.sum(column, column).sum() / n.sum())
            if not away <= ROUNDING * spread + 1e-9 * abs(known.mean):  # it may be no number
                raise DataError(CHANGED.format(f"the mean of column {name!r} is another"))
    return found


def _ends(told: Mapping[str, tuple[FloatArray, FloatArray]], place: Mapping[str, int]) -> dict[str, FloatArray]:
    """Extremes that the first look told, by their names in the second."""
    found: dict[str, FloatArray] = {}
    for name, (low, high) in told.items():
        if name in place:
            found |= {f"low{place[name]}": low, f"high{place[name]}": high}
    return found


def centered_sums(
    found: AskedSums, centered: Mapping[str, tuple[str, int]], names: Sequence[str], codes: tuple[IntArray, ...]
) -> AskedSums | None:
    """The sums of columns less their means in the units of a grouping, from the sums of the columns.

    With ``d`` the column less its center and ``m_j`` its mean in the unit, ``sum (d - m_j) e = sum d e - m_j sum e``.

    Parameters
    ----------
    found : AskedSums
        With products and extremes of the columns themselves.
    centered : mapping of str to (str, int)
        Name of the column, and position of the grouping, by the name of the one less its means.
    names : sequence of str
        Of all columns whose products are needed.
    codes : tuple of (M,) arrays of int

    Returns
    -------
    AskedSums or None
        None where the differences lose digits: groups lie far from each other, against what varies within them.
    """
    n, frame = found.n.astype(np.float64), dict[str, Any]()
    place, center = dict(found.place), dict(found.center)
    means: dict[str, FloatArray] = {}
    nothing: dict[str, NDArray[np.bool_]] = {}
    for name, (base, grouping) in centered.items():
        of, n_units = codes[grouping], int(codes[grouping].max()) + 1
        rows, squares = by_unit(n, of, n_units), by_unit(found.sum(base, base), of, n_units)
        mean = by_unit(found.sum(base), of, n_units) / rows
        within = squares - rows * mean**2
        low, high = np.full(n_units, np.inf), np.full(n_units, -np.inf)
        np.minimum.at(low, of, found.end("low", base))
        np.maximum.at(high, of, found.end("high", base))
        varies = low < high
        pooled = within[varies].sum() / rows[varies].sum() if varies.any() else 0.0
        if not (mean**2 <= FARTHEST * pooled).all() or (within[varies] <= LEAST * squares[varies]).any():
            return None
        place[name], center[name] = len(place), 0.0
        means[name], nothing[name] = mean[of], ~varies[of]
        frame[f"s{place[name]}"] = np.where(nothing[name], 0.0, found.sum(base) - n * mean[of])
        for end in ("low", "high"):
            less = found.end(end, base) - found.center[base] - mean[of]
            frame[f"{end}{place[name]}"] = np.where(nothing[name], 0.0, less)
    zeros = np.zeros(len(n))
    for k, one in enumerate(names):
        for other in names[: k + 1]:
            if one not in centered and other not in centered:
                continue
            a, b = (centered[name][0] if name in centered else name for name in (one, other))
            m, w = means.get(one, zeros), means.get(other, zeros)
            products = found.sum(a, b) - m * found.sum(b) - w * found.sum(a) + n * m * w
            gone = nothing.get(one, False) | nothing.get(other, np.zeros(len(n), dtype=bool))
            first, second = sorted((place[one], place[other]))
            frame[f"s{first}_{second}"] = np.where(gone, 0.0, products)
    return replace(found, frame=found.frame.assign(**frame), place=place, center=center)
