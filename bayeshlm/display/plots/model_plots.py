"""`model.plot`: the figures of a model's data, before anything is sampled."""

from __future__ import annotations

from bayeshlm.design.design import Design
from bayeshlm.display.plots.data import data_figure
from bayeshlm.display.plots.figure_methods import Figures, figure_method


class ModelPlots(Figures[Design]):
    """Figures of the data of a model; each draws on the Axes given as `ax`, or on new ones, and returns them.

    Parameters
    ----------
    design : Design
    """

    data = figure_method(data_figure)
