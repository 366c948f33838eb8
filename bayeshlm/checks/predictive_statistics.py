"""The statistics that predictive checks look at in a design with rows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from bayeshlm.checks.replicates import Projection, Replicates, SortedRows
from bayeshlm.checks.statistics_of_replicates import Slope, Statistic, between_groups, of_outcome, within_groups
from bayeshlm.design.columns import NumericColumn, read_column
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import finest_units
from bayeshlm.design.rows import walk_columns
from bayeshlm.design.scaling import FloatArray


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
        return [*_between_means(design, projection), *_of_distribution(design), *of_outcome()]
    several, sorted_rows = len(design.groupings) > 1, sortings(design, projection)
    found = []
    for k, (grouping, rows) in enumerate(zip(design.groupings, sorted_rows, strict=False)):
        found += [replace(one, sorting=k) for one in _between(design, rows, grouping if several else None)]
    finest = next(k for k, rows in enumerate(sorted_rows) if rows is projection.rows)
    return [*found, *(replace(one, sorting=finest) for one in within_groups(projection.df)), *of_outcome()]


def _between(design: Design, rows: SortedRows, grouping: str | None) -> list[Statistic]:
    """Those between the groups of a grouping, which is named where there are several."""
    slopes = []
    for label, expression, column in level1_columns(design):
        deviations = rows.deviations(column[rows.order])
        slopes.append(Slope(label, expression, rows.sums(deviations**2), partial(_products, deviations)))
    contextual = {
        name: (rows.means(column[rows.order]), float(np.abs(column).max()))
        for name, column in _contextual_columns(design).items()
    }
    return between_groups(grouping, rows.n, contextual, slopes)


def _products(deviations: FloatArray, y: Replicates) -> FloatArray:
    return y.rows.sums(deviations * y.y)


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


def level1_columns(design: Design) -> list[tuple[str, str, FloatArray]]:
    """Label, expression and values (N,) of the level-1 expressions, as X or Z have them; see `level1_places`."""
    of = {"X": design.X, "Z": design.Z}
    return [(label, expression, of[where][:, k]) for label, expression, where, k in level1_places(design)]


def level1_places(design: Design) -> list[tuple[str, str, str, int]]:
    """Label, expression, matrix (X or Z) and column of the level-1 expressions.

    The constant is left out, and an expression without a column of its own: not random, no constant in its line.
    """
    own = {column.coefficient: ("Z", k) for k, column in enumerate(design.random)}
    own |= {column.coefficient: ("X", k) for k, column in enumerate(design.fixed) if column.term == "1"}
    return [
        (column.label, column.expression, *own[column.label])
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
