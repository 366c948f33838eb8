"""`Component`: one quantity of the cross-check by REML or ML, and how far its estimate is from its bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.naming import parameter_label

NEAR = 2.0
"""An estimate nearer to its boundary than so many standard errors is near it: at two, cutting a normal likelihood
off at the boundary moves its mean by 0.055 standard errors, and nearer by more. The likelihood of a tau is even in
tau and so about normal in tau squared, whose standard error is ``2 tau se``: tau itself must be four away."""


@dataclass(frozen=True, eq=False, slots=True)
class Component:
    """REML's or ML's estimate of one quantity.

    Attributes
    ----------
    component, effect : str
        ``("gamma", "g00")``, ``("tau", "u0")``, ``("corr", "u0,u1")``, ``("sigma", "")``, ``("icc", "")``,
        and with several groupings ``("share", "school")``, ``("icc", "child")``.
    estimate, se : float
        The estimate, NaN where there is none (a correlation with an effect that does not vary); its standard error,
        NaN where it lies on a boundary.
    lowest, highest : float
        Bounds of the quantity.
    identified : bool
        False for a correlation of effects whose tau is on or near zero: the data say little about it.
    """

    component: str
    effect: str
    estimate: float
    se: float
    lowest: float = -np.inf
    highest: float = np.inf
    identified: bool = True

    @property
    def name(self) -> str:
        """What it is called, in sentences as in tables."""
        return parameter_label(*self.key)

    @property
    def key(self) -> tuple[str, str]:
        """Component and effect."""
        return self.component, self.effect

    @property
    def on_boundary(self) -> bool:
        """Whether the estimate is one of the bounds."""
        return not self.lowest + 1e-9 < self.estimate < self.highest - 1e-9

    @property
    def distance(self) -> tuple[float, float]:
        """How many standard errors the nearer bound is away, and that bound; of tau, those of its square."""
        below, above = self.estimate - self.lowest, self.highest - self.estimate
        se = 2 * self.se if self.component == "tau" else self.se
        return min((below / se, self.lowest), (above / se, self.highest))

    @property
    def regular(self) -> bool:
        """Whether the estimate has a standard error that means something: it is not near its bounds."""
        return bool(self.se > 0 and self.identified and self.distance[0] >= NEAR)
