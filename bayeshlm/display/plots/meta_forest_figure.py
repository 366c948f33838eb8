"""Figure of outcomes with known SDs beside what the model makes of them: the forest plot of a meta-analysis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from scipy.special import ndtri

from bayeshlm.arguments import check_interval
from bayeshlm.checks.prediction import predict
from bayeshlm.design.design import Design
from bayeshlm.design.new_rows import fitted_rows
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.display.digits import percent
from bayeshlm.display.plots.axes import legend_above, one_axes
from bayeshlm.display.plots.data import LABELED
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import BLACK, GRAY, GREEN, LIGHT, POSTERIOR, distinct, plain, styled
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.plausible_ranges import predictive_range
from bayeshlm.quantities.predictor_variance import mean_predictor, random_variances
from bayeshlm.quantities.summary import interval

LEAST, MOST = 1.5, 6.0
"""Sizes, in points, of the squares of the rows that weigh least and most."""

SUMMARY = ("mean", "new group")
"""Names of the two lines below those of the rows."""


@styled
def meta_forest_figure(fit: DrawnFit, prob: float = 0.95, kind: str = "eti", ax: Axes | None = None) -> Axes:
    """Draw every row's outcome with the interval that its known SD gives, and below it the posterior of its true value.

    The size of a square grows with the root of the row's weight, one over its variance. The diamond is the mean over
    the predictors at their means, and the line below it the prediction interval of the true value in a new group.

    Parameters
    ----------
    prob, kind, ax
        See `FitPlots`; the intervals of the outcomes are equal-tailed.

    Raises
    ------
    OptionError
        The level-1 SDs are estimated: there is no interval of an outcome then.
    DataError
        The rows stay in a database, and are too many to look at each.
    """
    design = fit.design
    check_interval(prob, kind)
    if not design.outcome.residuals.known:
        raise OptionError(
            "meta_forest() draws rows with known SDs, and those of this model are estimated: caterpillar()"
        )
    design = design.with_all_rows()
    posterior, order = replace(fit.draws, design=design), _order(design)
    y, sd = (design.y - design.offset)[order], design.kept_rows.unit[order]
    mu = predict(posterior, fitted_rows(design), "same", seed=0)["mu"].to_numpy()[..., order] - design.offset[order]
    bounds = interval(np.moveaxis(mu, 2, 0), prob, kind)
    n, half = len(y), float(ndtri(0.5 + prob / 2)) * sd
    place, thin = np.arange(n, 0, -1) + 1.0, n > LABELED
    ax = one_axes(ax, height=float(np.clip(0.21 * n + 1.3, 2.2, 7.5)), width=4.2)
    lift = 0.18  # of the outcomes above the line of their row
    ax.hlines(place + lift, y - half, y + half, color=GRAY, lw=0.5 if thin else 0.9, gid="outcome interval")
    weight = np.sqrt(sd.min() / sd)
    ax.scatter(
        y,
        place + lift,
        (LEAST + (MOST * (0.6 if thin else 1.0) - LEAST) * weight) ** 2,
        color=BLACK,
        marker="s",
        lw=0,
        gid="outcome",
    )
    ax.hlines(place - lift, *bounds.T, color=POSTERIOR, lw=0.7 if thin else 1.3, gid="interval")
    ax.plot(mu.mean(axis=(0, 1)), place - lift, "o", color=POSTERIOR, ms=1.5 if thin else 3.0, mew=0, gid="mean")
    center, middle, new = _summary(posterior, prob, kind)
    ax.add_patch(Polygon(_diamond(middle, center), closed=True, color=POSTERIOR, lw=0, gid="average"))
    ax.plot(new, [0, 0], color=GREEN, lw=1.5, marker="|", ms=6, gid="new group")
    ax.axvline(center, color=POSTERIOR, lw=0.6, ls=":")
    if ax.get_xlim()[0] < 0 < ax.get_xlim()[1]:
        ax.axvline(0, color=LIGHT, lw=0.8, zorder=0)
    names = [] if thin else distinct(_labels(design)[order], 26)
    ax.set_yticks([*([] if thin else place), 1, 0], [*names, *SUMMARY])
    ax.set_ylim(-0.7, n + 1.8)
    ax.set_xlabel(plain(design.outcome.name))
    handles = [
        Line2D([], [], color=GRAY, marker="s", mfc=BLACK, mew=0, lw=0.9, label="outcome and known SD"),
        Line2D([], [], color=POSTERIOR, marker="o", mew=0, label=f"true value, {percent(prob)} interval"),
    ]
    legend_above(ax, handles, columns=1 if max(map(len, names), default=0) > 10 else 2)
    return ax


def _order(design: Design) -> IntArray:
    """Rows in the order of the data, those of one group of an outer grouping together."""
    outer = design.kept_rows.codes[1:]
    return np.lexsort((np.arange(design.n_obs), *outer)) if outer else np.arange(design.n_obs)


def _labels(design: Design) -> FloatArray:
    """Names of the rows, (N,): those of their groups of the innermost grouping."""
    return np.asarray(design.predictor.random[0].labels)[design.kept_rows.codes[0]]


def _summary(posterior: Draws, prob: float, kind: str) -> tuple[float, FloatArray, FloatArray]:
    """Posterior mean and interval of the mean, predictors at theirs, and the interval of a new group, (2,) each."""
    center = mean_predictor(posterior) - posterior.design.moments.offset_mean
    sd = np.sqrt(np.sum(random_variances(posterior), axis=0))
    new = predictive_range(center[..., None], sd[..., None], prob)[0]
    return float(center.mean()), interval(center[None], prob, kind)[0], new


def _diamond(ends: FloatArray, center: float) -> FloatArray:
    """Corners of the diamond on the line of the mean."""
    return np.array([[ends[0], 1.0], [center, 1.32], [ends[1], 1.0], [center, 0.68]])
