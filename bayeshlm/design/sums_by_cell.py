"""Sums over the rows of cells by the names of their columns, and those of columns less their means in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.cell_moments import OutcomeMoments
from bayeshlm.design.cell_sums import CellSums, by_unit
from bayeshlm.design.scaling import FloatArray, IntArray

FARTHEST = 1e4
"""Square of a group's mean over the variance within groups beyond which sums about the group's mean lose digits."""
LEAST = 1e-12
"""Share of a group's sum of squares that must be within it, or nothing of it is: of less no digits are left."""


@dataclass(frozen=True, slots=True, eq=False)
class Centered:
    """A column less its means in the units of a grouping, made of sums of the column itself.

    Attributes
    ----------
    base : str
        The column.
    mean : (M,) array
        Its mean, less its center, in the unit of each cell.
    nothing : (M,) array of bool
        Whether it is constant there.
    """

    base: str
    mean: FloatArray
    nothing: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class AskedSums:
    """What the second query gave, in the order of the cells, or one that weights the rows.

    Attributes
    ----------
    frame : DataFrame of M rows
    n : (M,) array of int
        Rows of each cell.
    place : mapping of str to int
        Where the sums of a column stand.
    center : mapping of str to float
    ends : (float, float)
        Of the outcome.
    centered : mapping of str to Centered
        Columns whose sums were made of those of others.
    weight : (M,) array or None
        Sums of the weights of rows that do not all count the same.
    """

    frame: pd.DataFrame
    n: IntArray
    place: Mapping[str, int]
    center: Mapping[str, float]
    ends: tuple[float, float]
    centered: Mapping[str, Centered] = field(default_factory=dict)
    weight: FloatArray | None = None

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
        return CellSums(codes, self.n, center, sums, products, low, high, self.weight)

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


def centered_sums(
    found: AskedSums, centered: Mapping[str, tuple[str, int]], names: Sequence[str], codes: tuple[IntArray, ...]
) -> AskedSums | None:
    """The sums of columns less their means in the units of a grouping, from the sums of the columns.

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
    made: dict[str, Centered] = {}
    for name, (base, grouping) in centered.items():
        of, n_units = codes[grouping], int(codes[grouping].max()) + 1
        mean = by_unit(found.sum(base), of, n_units) / by_unit(found.n.astype(np.float64), of, n_units)
        low, high = np.full(n_units, np.inf), np.full(n_units, -np.inf)
        np.minimum.at(low, of, found.end("low", base))
        np.maximum.at(high, of, found.end("high", base))
        made[name] = Centered(base, mean[of], (low >= high)[of])
    less = less_means(found, made, names, {name: codes[grouping] for name, (_, grouping) in centered.items()})
    if less is None:
        return None
    frame = dict[str, Any]()
    for name, one in made.items():
        for end in ("low", "high"):
            away = found.end(end, one.base) - found.center[one.base] - one.mean
            frame[f"{end}{less.place[name]}"] = np.where(one.nothing, 0.0, away)
    return replace(less, frame=less.frame.assign(**frame))


def less_means(
    found: AskedSums, centered: Mapping[str, Centered], names: Sequence[str], codes: Mapping[str, IntArray]
) -> AskedSums | None:
    """The sums of columns less means of theirs in units, from the sums of the columns.

    With ``d`` the column less its center and ``m_j`` its mean in the unit, ``sum (d - m_j) e = sum d e - m_j sum e``.

    Parameters
    ----------
    found : AskedSums
        Of rows that all count the same or are weighted; the means are those of all rows, each once.
    centered : mapping of str to Centered
    names : sequence of str
        Of all columns whose products are needed.
    codes : mapping of str to (M,) array of int
        Unit of each cell, of the grouping of each of `centered`.

    Returns
    -------
    AskedSums or None
        As `centered_sums`.
    """
    n, frame = found.n.astype(np.float64) if found.weight is None else found.weight, dict[str, Any]()
    place, center = dict(found.place), dict(found.center)
    for name, one in centered.items():
        squares = found.sum(one.base, one.base)
        within = squares - 2 * one.mean * found.sum(one.base) + n * one.mean**2
        of, varies = codes[name], ~one.nothing
        n_units = int(of.max()) + 1
        inside, whole = (by_unit(np.where(varies, values, 0.0), of, n_units) for values in (within, squares))
        pooled = within[varies].sum() / n[varies].sum() if varies.any() else 0.0
        if not (one.mean**2 <= FARTHEST * pooled).all() or (inside < LEAST * whole).any():
            return None
        place[name], center[name] = len(place), 0.0
        frame[f"s{place[name]}"] = np.where(one.nothing, 0.0, found.sum(one.base) - n * one.mean)
    zeros, never = np.zeros(len(n)), np.zeros(len(n), dtype=bool)
    for k, name in enumerate(names):
        for other in names[: k + 1]:
            if name not in centered and other not in centered:
                continue
            a, b = (centered[one].base if one in centered else one for one in (name, other))
            (m, gone), (w, too) = (
                (centered[one].mean, centered[one].nothing) if one in centered else (zeros, never)
                for one in (name, other)
            )
            products = found.sum(a, b) - m * found.sum(b) - w * found.sum(a) + n * m * w
            first, second = sorted((place[name], place[other]))
            frame[f"s{first}_{second}"] = np.where(gone | too, 0.0, products)
    return replace(found, frame=found.frame.assign(**frame), place=place, center=center, centered=centered)
