"""Figure of the residuals of the groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayeshlm.checks.level2_residuals import LevelTwoResiduals, level2_residuals
from bayeshlm.checks.mahalanobis import at_full_rank
from bayeshlm.checks.order_statistics import binned_means, chi2_quantiles, normal_quantiles
from bayeshlm.design.centering import first_rows, varying_rows
from bayeshlm.design.columns import CategoricalColumn, read_column
from bayeshlm.design.design import Design
from bayeshlm.design.predictor import RandomTerm
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.plots.axes import ManyAxes, legend_above, many_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit, check_units
from bayeshlm.display.plots.figure_style import COLUMN, PAGE, distinct, plain, styled, wrapped
from bayeshlm.display.plots.group_sizes import side_by_side
from bayeshlm.display.plots.level1_residuals_figure import (
    LEAST_IN_BIN,
    against_values,
    bin_means,
    mean_handle,
    mean_line,
)
from bayeshlm.display.plots.named_points import farthest, name_points
from bayeshlm.display.plots.quantiles import quantile_handles, quantile_panel
from bayeshlm.errors import OptionError
from bayeshlm.quantities.level2_variables import find_level2_variable, level2_variables
from bayeshlm.source.labels import factorize

ADJUSTED_P = 0.05
"""Groups with a smaller p, adjusted for their number, are named."""


@styled
def level2_residuals_figure(
    fit: DrawnFit,
    residuals: LevelTwoResiduals | None = None,
    x: str | pd.Series | None = None,
    ax: ManyAxes | Axes | None = None,
    *,
    grouping: str | None = None,
) -> list[Axes]:
    """Draw the empirical Bayes residuals of each random effect, and without `x` the Mahalanobis distances too.

    Parameters
    ----------
    fit : DrawnFit
    residuals, x, ax, grouping
        As `residuals_figure` has them.
    """
    design = fit.design
    found = residuals or level2_residuals(fit.draws, grouping=grouping)
    k = design.position_of(grouping)
    check_units(design, found.distances.index, "residuals", grouping=k)
    term = design.predictor.random[k]
    effects = [column.label for column in term.columns]
    n = len(effects) + (x is None)
    columns = 2 if n in (2, 4) else 3
    axes = many_axes(ax, n, columns, (COLUMN if columns == 2 else PAGE / 3, 2.6))
    if x is not None:
        _against_variable(axes, found, design, term, x)
        return axes
    for panel, effect in zip(axes, effects, strict=False):
        z = found.data["standardized"].sel(random=effect).to_numpy()
        quantile_panel(panel, z, normal_quantiles(z))
        panel.set(xlabel="normal quantile", ylabel=f"standardized {plain(effect)}")
    _distance_panel(axes[-1], found, term)
    handles = quantile_handles(0.95)
    if ax is None:
        axes[0].figure.legend(handles=handles, loc="outside upper center", ncols=2)
    else:
        legend_above(axes[0], handles)
    return axes


def _distance_panel(ax: Axes, found: LevelTwoResiduals, term: RandomTerm) -> None:
    """Ordered distances against chi-square; the groups that are too far out are named."""
    table, q = found.distances, len(term.columns)
    plug_in, df, p_chi2 = (table[name].to_numpy() for name in ("plug_in", "df", "p_chi2"))
    distance = at_full_rank(plug_in, df, p_chi2, q)
    plot = chi2_quantiles(distance, q)
    quantile_panel(ax, distance, plot)
    ax.set(xlabel=f"chi-square quantile, {q} df", ylabel="Mahalanobis distance")
    out = (table["p_holm"] < ADJUSTED_P).to_numpy() & np.isfinite(distance)
    named, _ = farthest(out, distance)
    name_points(ax, plot.expected[named], distance[named], distinct(term.labels[named], 20))


def _against_variable(
    axes: list[Axes], found: LevelTwoResiduals, design: Design, term: RandomTerm, x: str | pd.Series
) -> None:
    name, values, levels = level2_values_of(design, x, term)
    for panel, effect in zip(axes, [column.label for column in term.columns], strict=True):
        u = found.data["mean"].sel(random=effect).to_numpy()
        if levels:
            codes = values.astype(np.int64)
            against_values(panel, side_by_side(codes, u), u)
            mean_line(panel, *binned_means(values, u, len(u)), line="")
            panel.set_xticks(np.arange(len(levels)), distinct(levels, 10))
        else:
            against_values(panel, values, u)
            bin_means(panel, values, u)
        panel.set(xlabel=wrapped(name, 26), ylabel=f"{plain(effect)}, posterior mean")
    if levels or len(term.labels) >= 2 * LEAST_IN_BIN:
        legend_above(axes[0], [mean_handle("" if levels else " in bins")])


def level2_values_of(design: Design, x: str | pd.Series, term: RandomTerm) -> tuple[str, FloatArray, tuple[str, ...]]:
    """Name, value in each group and categories of a level-2 variable of the model, or of one that a user has.

    Parameters
    ----------
    design : Design
    x : str or pandas.Series
        A variable of the level-2 lines, with several groupings any column of the model that is constant in the groups;
        or numbers, indexed by group.
    term : RandomTerm
        Of the groups.

    Raises
    ------
    OptionError
        The model has no such variable; the series has no number for a group.
    """
    if not isinstance(x, pd.Series) and len(design.groupings) > 1:
        return _column_of(design, x, term)
    if not isinstance(x, pd.Series):
        variable = find_level2_variable(design, x, list(level2_variables(design).values()), "x")
        return variable.name, variable.codes.astype(float) if variable.levels else variable.numbers, variable.levels
    name = "x" if x.name is None else str(x.name)
    if x.index.has_duplicates:
        raise OptionError(f"x ({name}): the index must hold every {term.grouping} once")
    try:
        values = x.reindex(pd.Index(term.labels)).to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise OptionError(f"x ({name}) must hold numbers, indexed by {term.grouping}") from error
    if not np.isfinite(values).all():
        missing = term.labels[np.flatnonzero(~np.isfinite(values))[0]]
        raise OptionError(f"x ({name}) has no number for {term.grouping} {missing}: index it by {term.grouping}")
    return name, values, ()


def _column_of(design: Design, name: str, term: RandomTerm) -> tuple[str, FloatArray, tuple[str, ...]]:
    """Name, value in each group and categories of a column that the model uses."""
    codes = design.kept_rows.codes[design.position_of(term.grouping)]
    first = first_rows(codes, len(term.labels))
    used = [column for column in design.frame if column not in design.groupings and column != design.spec.outcome.name]
    constant = {c: not varying_rows(factorize(design.frame[c])[0], codes, first).any() for c in used}
    if not constant.get(name, False):
        choices = ", ".join(str(column) for column, one in constant.items() if one) or "there is none"
        raise OptionError(f"x={name!r} is no column of the model that is constant in each {term.grouping}: {choices}")
    column = read_column(design.frame[name])
    if isinstance(column, CategoricalColumn):
        return name, column.codes[first].astype(float), column.levels
    return name, column.numbers[first], ()
