"""`fit.plot`: the figures of a fit."""

from __future__ import annotations

import xarray as xr

from bayeshlm.display.plots.arviz_figures import forest_figure, pair_figure, rank_figure, trace_figure
from bayeshlm.display.plots.beta_space_figure import beta_space_figure
from bayeshlm.display.plots.calibration_figure import calibration_figure
from bayeshlm.display.plots.caterpillar import caterpillar_figure
from bayeshlm.display.plots.comparisons_figure import comparisons_figure
from bayeshlm.display.plots.cross_check_figure import cross_check_figure
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_methods import Figures, figure_method
from bayeshlm.display.plots.group_lines_figure import group_lines_figure
from bayeshlm.display.plots.icc_figure import icc_figure
from bayeshlm.display.plots.influence_figure import influence_figure
from bayeshlm.display.plots.interaction import interaction_figure
from bayeshlm.display.plots.loo_figure import loo_figure
from bayeshlm.display.plots.meta_forest_figure import meta_forest_figure
from bayeshlm.display.plots.plausible_ranges_figure import plausible_ranges_figure
from bayeshlm.display.plots.predictions_figure import predictions_figure
from bayeshlm.display.plots.predictive_check_figure import predictive_check_figure
from bayeshlm.display.plots.prior_sensitivity_figure import prior_sensitivity_figure
from bayeshlm.display.plots.ranks_figure import ranks_figure
from bayeshlm.display.plots.residuals_figure import residuals_figure
from bayeshlm.display.plots.shrinkage import shrinkage_figure
from bayeshlm.display.plots.slopes_figure import slopes_figure
from bayeshlm.display.plots.variance_components_figure import variance_components_figure
from bayeshlm.display.plots.variance_function_figure import variance_function_figure
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors


class FitPlots(Figures[DrawnFit]):
    """Figures of a fit; each draws on the Axes given as `ax`, or on those of a new figure, and returns them.

    A coefficient is named by its symbol (``"b1"``), expression (``"cwc(ses)"``) or column (``"ses"``); where there is
    one only it may be left out, and an OptionError lists the choices where there are several. Intervals have
    probability `prob` and are equal-tailed (``kind="eti"``) or of highest density (``"hdi"``). Figures of a check take
    the check that was made already, or make it without refits.

    Parameters
    ----------
    draws : Draws
    priors : Priors
    idata : xarray.DataTree
    """

    def __init__(self, draws: Draws, priors: Priors, idata: xr.DataTree) -> None:
        super().__init__(DrawnFit(draws, priors, idata))

    group_lines = figure_method(group_lines_figure)
    caterpillar = figure_method(caterpillar_figure)
    meta_forest = figure_method(meta_forest_figure)
    ranks = figure_method(ranks_figure)
    shrinkage = figure_method(shrinkage_figure)
    beta_space = figure_method(beta_space_figure)
    icc = figure_method(icc_figure)
    variance_components = figure_method(variance_components_figure)
    plausible_ranges = figure_method(plausible_ranges_figure)
    interaction = figure_method(interaction_figure)
    variance_function = figure_method(variance_function_figure)
    predictions = figure_method(predictions_figure)
    comparisons = figure_method(comparisons_figure)
    slopes = figure_method(slopes_figure)
    cross_check = figure_method(cross_check_figure)
    trace = figure_method(trace_figure)
    rank = figure_method(rank_figure)
    forest = figure_method(forest_figure)
    pair = figure_method(pair_figure)
    predictive_check = figure_method(predictive_check_figure)
    calibration = figure_method(calibration_figure)
    residuals = figure_method(residuals_figure)
    loo = figure_method(loo_figure)
    influence = figure_method(influence_figure)
    prior_sensitivity = figure_method(prior_sensitivity_figure)
