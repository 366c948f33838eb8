"""Two coefficients of every group against each other: what is drawn in beta space, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtri

from bayeshlm.design.centering import GroupMeans
from bayeshlm.design.coefficient_columns import coefficient_columns
from bayeshlm.design.design import Design
from bayeshlm.design.gram import inverse_within
from bayeshlm.design.level1 import level1_column, raw_values
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.unit_equations import ELSEWHERE
from bayeshlm.errors import OptionError
from bayeshlm.methods.compare_methods import compare_methods
from bayeshlm.methods.slope import find_slope
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.group_ols import group_ols
from bayeshlm.quantities.level2_variables import Level2Variable, level2_rows
from bayeshlm.quantities.regression_lines import posterior_means
from bayeshlm.quantities.unit_ols import design_of_units


@dataclass(frozen=True, eq=False, slots=True)
class Ellipse:
    """Points at one Mahalanobis distance from a center.

    Attributes
    ----------
    center : (2,) array
    cov : (2, 2) array
        Covariance matrix.
    radius : float
        The distance: at 1 the shadows on the axes are one SD to each side.
    """

    center: FloatArray
    cov: FloatArray
    radius: float

    def points(self, n: int = 100) -> FloatArray:
        """Closed outline, an (n, 2) array."""
        angle = np.linspace(0, 2 * np.pi, n)
        values, vectors = np.linalg.eigh(self.cov)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(self.center + self.radius * np.column_stack([np.cos(angle), np.sin(angle)]) @ root.T)


@dataclass(frozen=True, eq=False)
class BetaSpace:
    """What there is to draw; V is the number of categories, 1 without a level-2 variable.

    Attributes
    ----------
    coefficients : (str, str)
        Labels of the coefficients on the axes.
    ols : (J, 2) array
        Each group's own least squares; NaN where it does not exist, as of groups within which others differ.
    ols_cov : (J, 2, 2) array
        Their sampling covariance ``sigma2 (Z_j'Z_j)^-1`` at the posterior mean of sigma2.
    eb : (J, 2) array
        Posterior means.
    G : tuple of Ellipse, V
        Covariance of the groups about each mean, its posterior mean; the ellipse holds `prob` of the groups. Of groups
        that lie in others it is that of both together.
    means : tuple of Ellipse, V
        Posterior of the mean of each category; the ellipse holds `prob` of a normal posterior.
    levels : tuple of str, V
        Categories.
    codes : (J,) array of int
        Category of each group.
    methods : pandas.DataFrame
        Indexed by (``method``, ``level``), the two coefficients by other methods: pooled, within groups (the average
        of their own lines) and between groups. Empty where a method's line is not one of this space.
    prob : float
    """

    coefficients: tuple[str, str]
    ols: FloatArray
    ols_cov: FloatArray
    eb: FloatArray
    G: tuple[Ellipse, ...]
    means: tuple[Ellipse, ...]
    levels: tuple[str, ...]
    codes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    methods: pd.DataFrame
    prob: float


def beta_space(
    posterior: Draws,
    coefficients: tuple[str, str],
    by: Level2Variable | None = None,
    prob: float = 0.95,
    grouping: int = 0,
) -> BetaSpace:
    """Gather the estimates, their ellipses and the means of two random coefficients.

    Parameters
    ----------
    posterior : Draws
    coefficients : (str, str)
        Labels of two coefficients with a random effect, the horizontal one first.
    by : Level2Variable, optional
        With categories, in the groups of the grouping: a mean each.
    prob : float
        Of the ellipses of G and of the means.
    grouping : int
        Position of the grouping.

    Notes
    -----
    An ellipse at radius ``sqrt(chi2_2(prob))`` holds `prob` of a bivariate normal distribution (Monette, Mixed Models
    with R: beta space).
    """
    design = posterior.design
    several = len(design.groupings) > 1
    labels = [column.coefficient for column in design.predictor.random[grouping].columns]
    pair = [labels.index(label) for label in coefficients]
    positions = [design.equations[grouping].coefficients.index(label) for label in coefficients]
    gamma = posterior.gamma
    sigma2 = float(posterior.scaled_sigma2.mean())
    radius = float(np.sqrt(chdtri(2, 1 - prob)))
    G = _spread(posterior, grouping, positions)
    level1 = None if several else level2_rows(design, by)
    rows = (_rows_of_units(design, by, grouping) if level1 is None else level1)[:, positions]
    draws = np.einsum("sdp,vcp->vsdc", gamma, rows).reshape(len(rows), -1, 2)
    centers = draws.mean(axis=1)
    means = tuple(
        Ellipse(center, np.cov(values.T) if len(values) > 1 else np.zeros((2, 2)), radius)
        for center, values in zip(centers, draws, strict=True)
    )
    levels = by.levels if by is not None else ("",)
    eb = posterior.beta_of(grouping).mean(axis=(0, 1)) if several else posterior_means(posterior)
    ols, ols_cov = _own_estimates(posterior, grouping, pair)
    return BetaSpace(
        coefficients=coefficients,
        ols=ols,
        ols_cov=sigma2 * ols_cov,
        eb=eb[:, positions],
        G=tuple(Ellipse(center, G, radius) for center in centers),
        means=means,
        levels=levels,
        codes=by.codes if by is not None else np.zeros(len(eb), dtype=np.int64),
        methods=method_points(design, coefficients, rows if level1 is None else level1, levels),
        prob=prob,
    )


def _own_estimates(posterior: Draws, grouping: int, pair: list[int]) -> tuple[FloatArray, FloatArray]:
    """Each group's own least squares and their unscaled covariance; NaN where the groups have none."""
    try:
        alone = design_of_units(posterior, grouping)
    except OptionError:
        n = len(posterior.design.predictor.random[grouping].labels)
        return np.full((n, 2), np.nan), np.full((n, 2, 2), np.nan)
    ols = group_ols(alone, posterior.gamma.mean(axis=(0, 1)))
    return ols[:, pair], inverse_within(alone.cross_products)[:, pair][:, :, pair]


def _spread(posterior: Draws, grouping: int, positions: list[int]) -> FloatArray:
    """Covariance of two coefficients between the groups of a grouping, (2, 2): of all effects that they hold."""
    units, G = posterior.design.equations[grouping], posterior.G.mean(axis=(0, 1))
    effects = [np.flatnonzero(units.random_coefficient == position) for position in positions]
    moments = units.V.T @ units.V / len(units.V)
    parts = [[(G * moments)[np.ix_(a, b)].sum() for b in effects] for a in effects]
    return np.array(parts)


def _rows_of_units(design: Design, by: Level2Variable | None, grouping: int) -> FloatArray:
    """Rows of W of an average unit of one of several groupings, or of that of each category, (V, C, p)."""
    units = design.equations[grouping]
    there = np.flatnonzero(units.coefficient_of != ELSEWHERE)
    groups = [np.ones(len(units.W), dtype=bool)] if by is None else [by.codes == k for k in range(len(by.levels))]
    touched = [] if by is None else list(by.positions)
    rows = np.zeros((len(groups), len(units.coefficients), len(design.fixed)))
    for row, group in zip(rows, groups, strict=True):
        values = units.W.mean(axis=0)
        values[touched] = units.W[group][:, touched].mean(axis=0)
        row[units.coefficient_of[there], there] = values[there]
    return rows


def method_points(
    design: Design, coefficients: tuple[str, str], rows: FloatArray, levels: Sequence[str]
) -> pd.DataFrame:
    """Intercept and slope by the textbook's other methods, in each category.

    Parameters
    ----------
    design : Design
    coefficients : (str, str)
        The intercept and a slope; of other pairs, with several groupings and without rows there are no points.
    rows : (V, C, p) array
        Rows of W of the categories.
    levels : sequence of V str

    Returns
    -------
    pandas.DataFrame
        Indexed by (``method``, ``level``). The line between groups is taken at the x at which the expression of an
        average group is zero, which makes its intercept one of the model's.
    """
    intercept, slope_label = coefficients
    expressions = {label: column.expression for label, column in coefficient_columns(design).items()}
    index = pd.MultiIndex.from_tuples([], names=["method", "level"])
    nothing = pd.DataFrame({intercept: [], slope_label: []}, index)
    if expressions[intercept] != "1" or len(design.groupings) > 1 or design.rows is None:
        return nothing
    try:
        slope = find_slope(design, slope_label)
        found = compare_methods(design, slope_label)
    except OptionError:
        return nothing
    at = [design.coefficient_labels.index(label) for label in coefficients]
    points: dict[tuple[str, str], FloatArray] = {}
    fits = {"pooled": found.pooled, "within": found.separate_lines}
    for name, fit in fits.items():
        if fit is None:
            continue
        coef = np.array([fit.coef[fit.labels.index(s)] if s in fit.labels else np.nan for s in design.fixed_labels])
        used = rows[:, at] != 0
        values = np.where(used, rows[:, at] * coef, 0.0).sum(axis=-1)
        points |= {(name, level): value for level, value in zip(levels, values, strict=True)}
    if found.between is not None and set(slope.symbols) <= set(found.between.labels):
        of = dict(zip(found.between.labels, found.between.coef, strict=True))
        x0 = _zero(design, slope_label)
        for level, row in zip(levels, rows[:, at], strict=True):
            steep = sum(row[1, k] * of[s] for k, s in zip(slope.positions, slope.symbols, strict=True))
            height = of["(Intercept)"] + x0 * steep
            for k, column in enumerate(design.fixed):
                if column.coefficient == intercept and column.label in of and not column.is_intercept:
                    height += row[0, k] * of[column.label]
            points["between", level] = np.array([height, steep])
    if not points:
        return nothing
    index = pd.MultiIndex.from_tuples(list(points), names=["method", "level"])
    return pd.DataFrame(np.array(list(points.values())), index, columns=[intercept, slope_label])


def _zero(design: Design, coefficient: str) -> float:
    """The x of the data at which the expression of an average group is zero: 0 for ``x``, its mean for ``cgm(x)``."""
    column = level1_column(design, coefficient)
    assert column is not None
    both = np.column_stack([raw_values(design, coefficient)[1], column])
    raw, expression = GroupMeans.learn(both, design.group_codes, design.n_groups).means.T
    return float((raw - expression).mean())
