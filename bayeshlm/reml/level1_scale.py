"""Parameters of level-1 SDs and correlations as numbers without bounds, as `AuxiliaryScale` has those of families."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.family_problem import AuxiliaryScale, Scale

SMALLEST = 1e-250
"""Distance of rho from its lower bound, whose powers are numbers still: ``rho ** (d - 1)`` of 0 and d < 1 is none."""


@dataclass(frozen=True, eq=False, slots=True)
class Level1Scale(AuxiliaryScale):
    """Alpha by combinations of its columns that are orthonormal over the rows, or log sigma; log odds of rho.

    Attributes
    ----------
    count : int
        Number of the parameters, alpha or sigma, and rho.
    increasing : bool
        False.
    held : int or None
        Position of one that is held at `value`.
    roots : (k, k) array
        R with ``A'A / N = R'R``; k = 0 with one sigma.
    correlated : bool
        Whether rho is a parameter.
    lowest : float
        Its lower bound; the upper one is 1.
    """

    roots: FloatArray = None  # type: ignore[assignment]
    correlated: bool = False
    lowest: float = -1.0

    @classmethod
    def of(cls, level1: Level1Model) -> Level1Scale:
        """All parameters free."""
        k = level1.A.shape[1]
        roots = np.linalg.qr(level1.A / np.sqrt(len(level1.A)), mode="r") if k else np.empty((0, 0))
        correlated = level1.correlation != ""
        return cls(max(k, 1) + correlated, False, roots=roots, correlated=correlated, lowest=level1.lowest)

    @property
    def scales(self) -> tuple[Scale, ...]:
        """On which each parameter has no bounds, (count,)."""
        sd: Scale = "identity" if len(self.roots) else "log"
        rho: tuple[Scale, ...] = ("atanh",) if self.correlated else ()
        return (*[sd] * self._n_sd, *rho)

    @property
    def _n_sd(self) -> int:
        return self.count - self.correlated

    def _alpha_map(self) -> tuple[FloatArray, FloatArray]:
        """``alpha = origin + map z``; of one sigma that of its logarithm."""
        n = self._n_sd
        R = self.roots if len(self.roots) else np.eye(1)
        if self.held is None or self.held >= n:
            return np.zeros(n), np.linalg.inv(R)
        kept = np.delete(np.arange(n), self.held)
        origin, to_alpha = np.zeros(n), np.zeros((n, n - 1))
        origin[self.held] = self.value if len(self.roots) else np.log(self.value)
        if n > 1:
            to_alpha[kept] = np.linalg.inv(np.linalg.qr(R[:, kept], mode="r"))
        return origin, to_alpha

    def values(self, z: FloatArray) -> FloatArray:
        """Alpha or sigma, and rho, (count,), of such numbers."""
        origin, to_alpha = self._alpha_map()
        n = to_alpha.shape[1]
        alpha = origin + to_alpha @ z[:n]
        found = alpha if len(self.roots) else np.exp(alpha)
        if not self.correlated:
            return np.asarray(found)
        if self.held == self._n_sd:
            return np.append(found, self.value)
        return np.append(found, self.lowest + (1 - self.lowest) * max(float(expit(z[n])), SMALLEST))

    def numbers(self, values: FloatArray) -> FloatArray:
        """The numbers of such parameters."""
        _, to_alpha = self._alpha_map()
        alpha = values[: self._n_sd] if len(self.roots) else np.log(values[: self._n_sd])
        free = np.arange(self._n_sd) != self.held
        z = np.linalg.solve(to_alpha[free], alpha[free])
        if not self.correlated or self.held == self._n_sd:
            return np.asarray(z)
        return np.append(z, logit((values[-1] - self.lowest) / (1 - self.lowest)))

    def jacobian(self, z: FloatArray) -> FloatArray:
        """Derivatives of the parameters in the numbers, (count, size)."""
        _, to_alpha = self._alpha_map()
        n, J = to_alpha.shape[1], np.zeros((self.count, self.size))
        J[: self._n_sd, :n] = to_alpha if len(self.roots) else to_alpha * self.values(z)[0]
        if self.correlated and self.held != self._n_sd:
            share = expit(z[n])
            J[-1, n] = (1 - self.lowest) * share * (1 - share)
        return J
