"""The statistics that predictive checks compare, of whatever replicates have their means, residuals and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayeshlm.design.scaling import FloatArray, IntArray

QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
LEAST_DF = 2
"""Residual degrees of freedom from which a group's residual variance is looked at."""


@dataclass(frozen=True, eq=False)
class Statistic:
    """A number that outcomes have.

    Attributes
    ----------
    name : str
        ``between_variance``, ``slope_sd[b1]``.
    meaning : str
        What it is, in words.
    compute : callable
        Its values (B,) of B replicates, `Replicates` or those of sums, `bayeshlm.checks.summed_replicates`.
    sorting : int
        Which grouping's groups it looks at: what the replicates are sorted by.
    of_rows : bool
        It looks at rows one by one: where these stay in a database, at a sample of them.
    """

    name: str
    meaning: str
    compute: Callable[[Any], FloatArray]
    sorting: int = 0
    of_rows: bool = False


@dataclass(frozen=True, eq=False)
class Slope:
    """A level-1 variable that groups have own slopes of.

    Attributes
    ----------
    label, expression : str
    squares : (J,) array
        Sums of squares of its deviations from the group means.
    products : callable
        Sums (B, J) of products of these deviations with B replicates.
    """

    label: str
    expression: str
    squares: FloatArray
    products: Callable[[Any], FloatArray]


def between_groups(
    grouping: str | None, n: IntArray, contextual: Mapping[str, tuple[FloatArray, float]], slopes: Sequence[Slope]
) -> list[Statistic]:
    """Statistics between the groups of a grouping.

    Parameters
    ----------
    grouping : str or None
        Named where there are several.
    n : (J,) array of int
        Rows of each group.
    contextual : mapping of str to ((J,) array, float)
        Group means of level-1 variables, with the size of their largest value.
    slopes : sequence of Slope
    """
    group = "group" if grouping is None else grouping
    of, inside = ("", "") if grouping is None else (f"[{grouping}]", f"{grouping}, ")
    found = [
        Statistic(f"between_variance{of}", f"variance of the {group} means", lambda y: y.means.var(axis=1, ddof=1)),
        Statistic(f"lowest_mean{of}", f"lowest {group} mean", lambda y: y.means.min(axis=1)),
        Statistic(f"highest_mean{of}", f"highest {group} mean", lambda y: y.means.max(axis=1)),
    ]
    if np.ptp(n) > 0:
        found.append(_correlation(f"size_correlation{of}", group, f"{group} sizes", n.astype(float)))
    for name, (means, size) in contextual.items():
        if np.ptp(means) > 1e-10 * size:
            found.append(_correlation(f"mean_correlation[{inside}{name}]", group, f"{group} means of {name}", means))
    for one in slopes:
        if (one.squares > 0).sum() > 1:
            whose = f"slopes of {one.expression}" + ("" if grouping is None else f" within {grouping}")
            meaning = f"spread (SD) of the groups' {whose}, weighted by their precision"
            found.append(Statistic(f"slope_sd[{inside}{one.label}]", meaning, _slope_spread(one)))
    return found


def within_groups(df: IntArray) -> list[Statistic]:
    """Statistics of the residuals of groups' own regressions, of so many degrees of freedom (J,)."""
    found = []
    if (df >= LEAST_DF).sum() > 2:
        meaning = "spread (SD) of the groups' log residual variances, weighted by their degrees of freedom"
        found.append(Statistic("residual_variance_spread", meaning, residual_variance_spread))
    if (df > 0).any():
        found += [
            Statistic(
                "residual_skewness",
                "skewness of the residuals within groups",
                lambda y: skewness(y.residuals),
                of_rows=True,
            ),
            Statistic(
                "residual_kurtosis", "excess kurtosis of the residuals", lambda y: kurtosis(y.residuals), of_rows=True
            ),
        ]
    return found


def of_outcome() -> list[Statistic]:
    """Statistics of all outcomes together."""
    whole = [
        Statistic("mean", "mean of the outcome", lambda y: y.mean),
        Statistic("sd", "SD of the outcome", lambda y: y.sd),
        Statistic("skewness", "skewness of the outcome", lambda y: skewness(y.y), of_rows=True),
        Statistic("kurtosis", "excess kurtosis of the outcome", lambda y: kurtosis(y.y), of_rows=True),
        Statistic("min", "lowest outcome", lambda y: y.y.min(axis=1), of_rows=True),
        Statistic("max", "highest outcome", lambda y: y.y.max(axis=1), of_rows=True),
    ]
    return whole + [_quantile(name, share) for name, share in QUANTILES.items()]


def _quantile(name: str, share: float) -> Statistic:
    what = "median" if share == 0.5 else f"{100 * share:g}% quantile"
    return Statistic(name, f"{what} of the outcome", lambda y: np.quantile(y.y, share, axis=1), of_rows=True)


def _correlation(name: str, group: str, meaning: str, values: FloatArray) -> Statistic:
    """Pearson correlation of the group means with values (J,); NaN where the group means are all equal."""
    unit = values - values.mean()
    unit /= np.linalg.norm(unit)

    def compute(y: Any) -> FloatArray:
        centered = y.means - y.means.mean(axis=1, keepdims=True)
        length = np.linalg.norm(centered, axis=1)
        return np.asarray(np.divide(centered @ unit, length, out=np.full(len(length), np.nan), where=length > 0))

    return Statistic(name, f"correlation of the {group} means with the {meaning}", compute)


def _slope_spread(slope: Slope) -> Callable[[Any], FloatArray]:
    """SD over groups of the slopes ``sum (x - mean_j) y / S_j``, weighted by ``S_j = sum (x - mean_j)^2``."""
    squares, has = slope.squares, slope.squares > 0

    def compute(y: Any) -> FloatArray:
        return weighted_sd(slope.products(y)[:, has] / squares[has], squares[has])

    return compute


def residual_variance_spread(y: Any) -> FloatArray:
    """SD over groups of ``log S_j^2``, weighted by the residual degrees of freedom, of groups with two or more."""
    enough = y.df >= LEAST_DF
    df = y.df[enough].astype(float)
    squares = y.residual_squares[:, enough]
    least = np.finfo(float).eps * squares.sum(axis=1, keepdims=True) / df.sum()
    return weighted_sd(np.log(np.maximum(squares / df, least)), df)


def weighted_sd(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted SD over the last axis: ``sqrt(sum w (v - mean)^2 / sum w)``.

    Examples
    --------
    >>> weighted_sd(np.array([1.0, 3.0, 3.0]), np.array([2.0, 1.0, 1.0]))
    np.float64(1.0)
    """
    share = weights / weights.sum()
    mean = (values * share).sum(axis=-1, keepdims=True)
    return np.sqrt(((values - mean) ** 2 * share).sum(axis=-1))


def skewness(values: FloatArray) -> FloatArray:
    """Moment skewness over the last axis, ``m3 / m2^1.5``."""
    centered = values - values.mean(axis=-1, keepdims=True)
    return np.asarray((centered**3).mean(axis=-1) / (centered**2).mean(axis=-1) ** 1.5)


def kurtosis(values: FloatArray) -> FloatArray:
    """Excess kurtosis over the last axis, ``m4 / m2^2 - 3``."""
    squares = (values - values.mean(axis=-1, keepdims=True)) ** 2
    return np.asarray((squares**2).mean(axis=-1) / squares.mean(axis=-1) ** 2 - 3)
