"""The bounds of a profile: where the root of the rise of the smallest deviance reaches a cutoff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bayeshlm.design.scaling import FloatArray

WIDEST = 25
"""How often a bound is sought farther out before it counts as infinite."""


@dataclass(frozen=True, eq=False)
class Rise:
    """How far the root of the rise of a profile is above the cutoff; nearly linear in the distance from the center."""

    smallest: Callable[[float], float]
    minimum: float
    center: float
    cutoff: float
    known: dict[float, float] = field(default_factory=dict)

    def __call__(self, value: float) -> float:
        """At a value of the parameter."""
        if value == self.center:
            return -self.cutoff
        if value not in self.known:
            self.known[value] = float(np.sqrt(max(self.smallest(value) - self.minimum, 0.0))) - self.cutoff
        return self.known[value]

    def root(self, near: float, far: float) -> float:
        """Where it is zero between two values with different signs."""
        from scipy.optimize import brentq

        width = abs(far - near)
        return float(brentq(self, near, far, xtol=1e-7 * width, rtol=1e-12))


def scale_bounds(rise: Rise, kind: str, step: float) -> tuple[tuple[float, float], str]:
    """Bounds of an SD, and what is to be said of them; a sigma is not 0."""
    value, upper = rise.center, outward(rise, step, np.inf)
    if kind == "sigma":
        return (outward(rise, -min(step, 0.5 * value), 0.0), upper), ""
    if value == 0 or rise(0.0) <= 0:
        return (0.0, upper), "the profile does not reach the cutoff before 0"
    return (rise.root(value, 0.0), upper), ""


def correlation_bounds(rise: Rise, tau: FloatArray) -> tuple[tuple[float, float], str]:
    """Bounds of the correlation of effects with SDs tau, and what is to be said of them."""
    if np.any(tau == 0) or not np.isfinite(rise.center):
        return (np.nan, np.nan), "not defined where an effect does not vary"
    found, open_ends = [], []
    for end in (-1.0, 1.0):
        if abs(rise.center - end) < 1e-9 or rise(end) <= 0:
            found.append(end)
            open_ends.append(f"{end:.0f}")
        else:
            found.append(rise.root(rise.center, end))
    note = f"the profile does not reach the cutoff before {' and '.join(open_ends)}" if open_ends else ""
    return (found[0], found[1]), note


def outward(rise: Rise, step: float, limit: float) -> float:
    """The root on one side of the center, or the limit when it is never reached."""
    near, far = rise.center, rise.center + step
    for _ in range(WIDEST):
        if np.isfinite(limit) and (far - limit) * np.sign(step) >= 0:
            far = (near + limit) / 2
        if rise(far) > 0:
            return rise.root(near, far)
        near, far = far, far + 2 * (far - near)
    return limit
