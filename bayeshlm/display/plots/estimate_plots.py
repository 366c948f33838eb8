"""`reml_fit.plot`: the figures of REML and ML fits."""

from __future__ import annotations

from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_methods import Figures, figure_method
from bayeshlm.display.plots.ranks_figure import ranks_figure


class EstimatePlots(Figures[DrawnFit]):
    """Figures of REML and ML fits; each draws on the Axes given as `ax`, or on new ones, and returns them.

    Parameters
    ----------
    drawn : DrawnFit
        Draws of the groups at the estimates.
    """

    ranks = figure_method(ranks_figure)
