"""`model.plot`: the figures of a model's data, before anything is sampled."""

from __future__ import annotations

from matplotlib.axes import Axes

from bayeshlm.design.design import Design
from bayeshlm.display.plots.axes import ManyAxes
from bayeshlm.display.plots.data import Order, data_figure


class ModelPlots:
    """Figures of the data of a model; each draws on the Axes given as `ax`, or on new ones, and returns them.

    Parameters
    ----------
    design : Design
    """

    def __init__(self, design: Design) -> None:
        self._design = design

    def data(
        self,
        x: str | None = None,
        by: str | None = None,
        groups: int = 30,
        order: Order = "size",
        ax: ManyAxes | Axes | None = None,
    ) -> list[Axes]:
        """Draw the data by group: a trellis of the outcome against a level-1 variable with own least-squares lines.

        Without a level-1 variable the rows of all groups stand side by side, ordered by the groups' means.

        Parameters
        ----------
        x : str, optional
            A level-1 variable, by column, expression or coefficient; may be left out when there is one only. It is
            drawn as the data have it, whatever its centering.
        by : str, optional
            Level-2 variable with categories, a color each; by default the first one with two.
        groups : int
            At most so many panels; of more groups so many are drawn, evenly chosen.
        order : {"size", "label"}
            What the panels are ordered, and chosen, by.
        ax : sequence of Axes, optional
            One a panel.

        Returns
        -------
        list of Axes

        Raises
        ------
        OptionError
            The model has no such variable, or several and none is named.
        """
        return data_figure(self._design, x, by, groups, order, ax)
