"""The statistics that predictive checks compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from bayeshlm.checks.replicates import Projection, Replicates, SortedRows
from bayeshlm.design.columns import NumericColumn, read_column
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import finest_units
from bayeshlm.design.rows import walk_columns
from bayeshlm.design.scaling import FloatArray

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
        Its values (B,) of B replicates.
    sorting : int
        Which of `sortings` the replicates are sorted by.
    """

    name: str
    meaning: str
    compute: Callable[[Replicates], FloatArray]
    sorting: int = 0


def sortings(design: Design, projection: Projection) -> list[SortedRows]:
    """The rows sorted by the groups of each grouping, and by the finest units, where these are cells of groupings."""
    finest = finest_units(design).grouping
    found = [projection.rows if k == finest else SortedRows.of(codes) for k, codes in enumerate(design.kept_rows.codes)]
    return found if finest is not None else [*found, projection.rows]


def predictive_statistics(design: Design, projection: Projection) -> list[Statistic]:
    """The statistics that a design has.

    Between groups: variance, minimum and maximum of the group means; their correlation with the group sizes, and
    with the group means of each level-1 variable (an omitted contextual effect); the spread of the groups' own
    slopes. Within groups: the spread of log residual variances (HLM's test of equal level-1 variances looks at it:
    Raudenbush & Bryk 2002, p. 264), skewness and kurtosis of the residuals. And the distribution of the outcome.

    Of an outcome that is not normal: those of the group means, the share of zeros of counts and their variance over
    their mean, and the share of each ordered category.

    With several groupings there are those between the groups of each, as in ``between_variance[school]`` and
    ``slope_sd[school, b1]``; those within are within the finest units (`finest_units`).

    Parameters
    ----------
    design : Design
    projection
        Of the design.

    Returns
    -------
    list of Statistic
        Without those that are not defined: no correlation with sizes that are all equal, no slope of a variable
        that does not vary within groups.
    """
    if not design.outcome.is_normal:
        return [*_between_means(design, projection), *_of_distribution(design), *_of_outcome()]
    several, sorted_rows = len(design.groupings) > 1, sortings(design, projection)
    found = []
    for k, (grouping, rows) in enumerate(zip(design.groupings, sorted_rows, strict=False)):
        found += [replace(one, sorting=k) for one in _between(design, rows, grouping if several else None)]
    finest = next(k for k, rows in enumerate(sorted_rows) if rows is projection.rows)
    return [*found, *(replace(one, sorting=finest) for one in _within(projection)), *_of_outcome()]


def _between(design: Design, rows: SortedRows, grouping: str | None) -> list[Statistic]:
    """Those between the groups of a grouping, which is named where there are several."""
    group = "group" if grouping is None else grouping
    of, inside = ("", "") if grouping is None else (f"[{grouping}]", f"{grouping}, ")
    found = [
        Statistic(f"between_variance{of}", f"variance of the {group} means", lambda y: y.means.var(axis=1, ddof=1)),
        Statistic(f"lowest_mean{of}", f"lowest {group} mean", lambda y: y.means.min(axis=1)),
        Statistic(f"highest_mean{of}", f"highest {group} mean", lambda y: y.means.max(axis=1)),
    ]
    if np.ptp(rows.n) > 0:
        found.append(_correlation(f"size_correlation{of}", group, f"{group} sizes", rows.n.astype(float)))
    for name, column in _contextual_columns(design).items():
        means = rows.means(column[rows.order])
        if np.ptp(means) > 1e-10 * np.abs(column).max():
            found.append(_correlation(f"mean_correlation[{inside}{name}]", group, f"{group} means of {name}", means))
    for label, expression, column in level1_columns(design):
        deviations = rows.deviations(column[rows.order])
        squares = rows.sums(deviations**2)
        if (squares > 0).sum() > 1:
            whose = f"slopes of {expression}" if grouping is None else f"slopes of {expression} within {grouping}"
            meaning = f"spread (SD) of the groups' {whose}, weighted by their precision"
            found.append(Statistic(f"slope_sd[{inside}{label}]", meaning, _slope_spread(deviations, squares)))
    return found


def _between_means(design: Design, projection: Projection) -> list[Statistic]:
    """Of the group means of each grouping."""
    several, found = len(design.groupings) > 1, []
    for k, (grouping, rows) in enumerate(zip(design.groupings, sortings(design, projection), strict=False)):
        of_means = _between(design, rows, grouping if several else None)
        found += [replace(one, sorting=k) for one in of_means if not one.name.startswith("slope_sd")]
    return found


def _of_distribution(design: Design) -> list[Statistic]:
    """What tells distributions apart: zeros, dispersion, shares of categories."""
    outcome = design.outcome
    if outcome.categories:
        return [
            Statistic(f"share[{label}]", f"share of {label}", partial(_share_of, value=float(k)))
            for k, label in enumerate(outcome.categories)
        ]
    if outcome.family.discrete and design.moments.y_range[1] > 1:
        return [
            Statistic("zeros", "share of zeros", partial(_share_of, value=0.0)),
            Statistic("dispersion", "variance of the outcome over its mean", _dispersion),
        ]
    return []


def _share_of(y: Replicates, value: float) -> FloatArray:
    return np.asarray((y.y == value).mean(axis=1))


def _dispersion(y: Replicates) -> FloatArray:
    mean = y.y.mean(axis=1)
    return np.asarray(np.divide(y.y.var(axis=1, ddof=1), mean, out=np.full(len(mean), np.nan), where=mean > 0))


def _within(projection: Projection) -> list[Statistic]:
    found = []
    if (projection.df >= LEAST_DF).sum() > 2:
        meaning = "spread (SD) of the groups' log residual variances, weighted by their degrees of freedom"
        found.append(Statistic("residual_variance_spread", meaning, residual_variance_spread))
    if (projection.df > 0).any():
        found += [
            Statistic("residual_skewness", "skewness of the residuals within groups", lambda y: skewness(y.residuals)),
            Statistic("residual_kurtosis", "excess kurtosis of the residuals", lambda y: kurtosis(y.residuals)),
        ]
    return found


def _of_outcome() -> list[Statistic]:
    whole = [
        Statistic("mean", "mean of the outcome", lambda y: y.y.mean(axis=1)),
        Statistic("sd", "SD of the outcome", lambda y: y.y.std(axis=1, ddof=1)),
        Statistic("skewness", "skewness of the outcome", lambda y: skewness(y.y)),
        Statistic("kurtosis", "excess kurtosis of the outcome", lambda y: kurtosis(y.y)),
        Statistic("min", "lowest outcome", lambda y: y.y.min(axis=1)),
        Statistic("max", "highest outcome", lambda y: y.y.max(axis=1)),
    ]
    return whole + [_quantile(name, share) for name, share in QUANTILES.items()]


def _quantile(name: str, share: float) -> Statistic:
    what = "median" if share == 0.5 else f"{100 * share:g}% quantile"
    return Statistic(name, f"{what} of the outcome", lambda y: np.quantile(y.y, share, axis=1))


def _correlation(name: str, group: str, meaning: str, values: FloatArray) -> Statistic:
    """Pearson correlation of the group means with values (J,); NaN where the group means are all equal."""
    unit = values - values.mean()
    unit /= np.linalg.norm(unit)

    def compute(y: Replicates) -> FloatArray:
        centered = y.means - y.means.mean(axis=1, keepdims=True)
        length = np.linalg.norm(centered, axis=1)
        return np.asarray(np.divide(centered @ unit, length, out=np.full(len(length), np.nan), where=length > 0))

    return Statistic(name, f"correlation of the {group} means with the {meaning}", compute)


def _slope_spread(deviations: FloatArray, squares: FloatArray) -> Callable[[Replicates], FloatArray]:
    """SD over groups of the slopes ``sum (x - mean_j) y / S_j``, weighted by ``S_j = sum (x - mean_j)^2``."""
    has = squares > 0

    def compute(y: Replicates) -> FloatArray:
        slopes = y.rows.sums(deviations * y.y)[:, has] / squares[has]
        return weighted_sd(slopes, squares[has])

    return compute


def residual_variance_spread(y: Replicates) -> FloatArray:
    """SD over groups of ``log S_j^2``, weighted by the residual degrees of freedom, of groups with two or more."""
    enough = y.projection.df >= LEAST_DF
    df = y.projection.df[enough].astype(float)
    squares = y.rows.sums(y.residuals**2)[:, enough]
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


def level1_columns(design: Design) -> list[tuple[str, str, FloatArray]]:
    """Label, expression and values (N,) of the level-1 expressions, as X or Z have them.

    The constant is left out, and an expression without a column of its own: not random, no constant in its line.
    """
    own = {column.coefficient: design.Z[:, k] for k, column in enumerate(design.random)}
    own |= {column.coefficient: design.X[:, k] for k, column in enumerate(design.fixed) if column.term == "1"}
    return [
        (column.label, column.expression, own[column.label])
        for column in design.coefficients
        if column.label in own and column.expression != "1"
    ]


def _contextual_columns(design: Design) -> dict[str, FloatArray]:
    """Level-1 variables whose group means may matter: columns of numbers as the data have them, and indicators."""
    found: dict[str, FloatArray] = {}
    categorical: set[str] = set()
    for term in design.spec.level1:
        for column, in_c in walk_columns(term.expression):
            read = None if in_c else read_column(design.frame[column.name])
            if isinstance(read, NumericColumn):
                found[column.name] = read.numbers
            else:
                categorical.add(term.coefficient)
    symbols = {column.label: column.symbol for column in design.coefficients}
    indicators = {label: values for label, _, values in level1_columns(design) if symbols[label] in categorical}
    return found | indicators
