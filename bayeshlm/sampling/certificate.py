"""`Certificate`: whether importance sampling may be the answer, and the numbers that say so."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_K = 0.5
MAX_SHIFT = 0.1

ROUNDS = ("pareto_k", "ess_weights", "shift")
KEPT = (*ROUNDS, "n_points", "density_ms")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the rounds of adaptive importance sampling found.

    Attributes
    ----------
    pareto_k : tuple of float
        Shape of the tail of each round's weights (Vehtari, Simpson, Gelman, Yao & Gabry 2024, J. Machine Learning
        Research 25(72)); below 0.5 their variance is finite.
    ess_weights : tuple of float
        Effective number of points of each round, ``1/sum w^2`` of the weights, which sum to 1.
    shift : tuple of float
        Largest move of a mean from one round to the next, in posterior SDs; of the first from a pilot round's.
    n_points : int
        Points of each round.
    density_ms : float
        Milliseconds that one evaluation of the density and its gradient took.
    """

    pareto_k: tuple[float, ...]
    ess_weights: tuple[float, ...]
    shift: tuple[float, ...]
    n_points: int
    density_ms: float

    @property
    def holds(self) -> bool:
        """Pareto k < 0.5 in the last two rounds, and their means within 0.1 SD of each other.

        Rounds of few points cannot tell 0.1 SD: there three Monte Carlo errors of the difference are the limit, and
        0.2 SD at most.
        """
        if len(self.pareto_k) < 2:
            return False
        noise = np.sqrt(sum(1 / ess for ess in self.ess_weights[-2:]))
        limit = np.clip(3 * noise, MAX_SHIFT, 2 * MAX_SHIFT)
        return max(self.pareto_k[-2:]) < MAX_K and bool(self.shift[-1] < limit)

    def to_attrs(self) -> dict[str, list[float] | float]:
        """What is kept with the draws.

        Examples
        --------
        >>> found = Certificate((0.6, 0.3, 0.2), (90.0, 2e3, 2e3), (1.0, 0.2, 0.01), 4000, 0.02)
        >>> found.holds, Certificate.from_attrs(found.to_attrs()) == found
        (True, True)
        """
        return {name: list(getattr(self, name)) for name in ROUNDS} | {
            "n_points": self.n_points,
            "density_ms": self.density_ms,
        }

    @classmethod
    def from_attrs(cls, attrs: Mapping[Hashable, Any]) -> Certificate | None:
        """Read what `to_attrs` gave, as it is or as a file has it; None where the draws never had one."""
        if not all(name in attrs for name in KEPT):
            return None
        k, ess, shift = (tuple(np.atleast_1d(attrs[name]).astype(float).tolist()) for name in ROUNDS)
        return cls(k, ess, shift, int(attrs["n_points"]), float(attrs["density_ms"]))
