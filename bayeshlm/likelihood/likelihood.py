"""`Likelihood`: what every model of the outcomes can be asked for, whatever its family."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.group_effects import Conditionals
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors

type Capability = Literal["marginal", "sufficient statistics", "independent groups", "group densities", "row densities"]
"""
``marginal``
    A log density of the parameters alone, the random effects integrated out.
``sufficient statistics``
    That density without a pass over the rows.
``independent groups``
    `Likelihood.group_effects`: given the parameters each group is on its own.
``group densities``, ``row densities``
    `Likelihood.pointwise` with such units.
"""

type Unit = str
"""``"row"``, ``"group"`` (of the only grouping) or the name of a grouping."""


def grouping_of(design: Design, unit: Unit) -> int | None:
    """Position of the grouping whose units are meant; None: rows.

    Raises
    ------
    OptionError
        There are no such units.
    """
    if unit == "row":
        return None
    names = design.groupings
    if unit in names:
        return names.index(unit)
    if unit == "group" and len(names) == 1:
        return 0
    if len(names) == 1:
        raise OptionError(f'unit must be "row" (a new row of a known group) or "group" (a new group), not {unit!r}.')
    named = " or ".join(f'"{name}"' for name in names)
    raise OptionError(f'unit must be "row" (a new row of known groups) or {named} (a new one), not {unit!r}.')


def needed(unit: Unit) -> Capability:
    """What `Likelihood.pointwise` of a unit needs."""
    return "row densities" if unit == "row" else "group densities"


@dataclass(frozen=True, eq=False)
class LogDensity:
    """The log density of the posterior over unconstrained values x, up to the constant that the data give it.

    Attributes
    ----------
    function : numba function
        Of ``(x, gradient, *data)``: returns the log density and fills its gradient.
    data : tuple of arrays and of tuples of arrays
    parameters : function
        Draws of gamma, tau, corr and sigma from values (chain, draw, D) of x.
    values : function, optional
        Of nothing: function and data as above, which give the same log density in less time, and a gradient that is
        none.
    n_nodes : int
        Nodes of quadrature a random effect, by which they are integrated out; 0 where that is exact, or not done.
    """

    function: Callable[..., float]
    data: tuple[Any, ...]
    parameters: Callable[[FloatArray], Any]
    values: Callable[[], tuple[Callable[..., float], tuple[Any, ...]]] | None = None
    n_nodes: int = 0

    def __call__(self, x: FloatArray) -> tuple[float, FloatArray]:
        """Log density and its gradient at x, (D,)."""
        gradient = np.empty_like(x, dtype=np.float64)
        return float(self.function(np.asarray(x, dtype=np.float64), gradient, *self.data)), gradient


@dataclass(frozen=True, eq=False)
class Likelihood(ABC):
    """The distribution of the outcomes of a design given its parameters theta = (gamma, G, sigma).

    Attributes
    ----------
    design : Design
    """

    design: Design

    @abstractmethod
    def why_not(self, what: Capability) -> str:
        """Why something cannot be done; empty where it can."""

    def can(self, what: Capability) -> bool:
        """Whether something can be done."""
        return not self.why_not(what)

    def require(self, what: Capability) -> None:
        """Refuse where something cannot be done.

        Raises
        ------
        OptionError
            Says why.
        """
        if reason := self.why_not(what):
            raise OptionError(reason)

    @abstractmethod
    def log_density(self, priors: Priors) -> LogDensity:
        """The log density of the parameters' posterior, its gradient, and the parameters of its values."""

    @abstractmethod
    def totals(self, draws: Draws) -> FloatArray:
        """Log density of all outcomes at each draw, (S,), the random effects integrated out."""

    @abstractmethod
    def drawn_effects(self, draws: Draws, seed: int) -> list[FloatArray]:
        """Draws of u, (S, J, q), of every grouping given the outcomes, one at each draw of the parameters."""

    @abstractmethod
    def group_effects(self, draws: Draws) -> Conditionals:
        """The random effects of the groups given the outcomes and each draw of the parameters."""

    @abstractmethod
    def pointwise(self, draws: Draws, unit: Unit, units: IntArray) -> FloatArray:
        """Log densities of some units at each draw, (n, S), the random effects integrated out.

        Parameters
        ----------
        draws : Draws
            S draws of the parameters; of this or of another data set.
        unit : {"row", "group"} or str
            Of the rows A of each, ``log p(y_A | all other rows, theta)``. ``"row"``: one row of known groups.
            ``"group"``, or the name of a grouping: all rows of a group, as if it were new; where groups are
            independent that is ``log p(y_j | theta)``. Where the random effects of several groupings cannot be
            integrated out together, those of the others are among what is given, at their draws.
        units : array of int, (n,)
            Positions of rows or of groups.
        """

    @abstractmethod
    def reduced_pointwise[Result](
        self, draws: Draws, unit: Unit, reduce: Callable[[IntArray, FloatArray], Result], doing: str | None = None
    ) -> list[Result]:
        """Results of a function of positions and log densities of all units, some units at a time, in threads.

        Every unit is in one part. Memory is bounded, whatever the number of units.

        Parameters
        ----------
        draws, unit
            As in `pointwise`.
        reduce : function of arrays (n,) and (n, S)
        doing : str, optional
            Said beside a bar if it takes long.
        """
