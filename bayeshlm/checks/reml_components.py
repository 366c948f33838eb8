"""REML's variance components and ICC with standard errors, in the form in which a posterior is compared with them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.intervals import covariance_gradient
from bayeshlm.reml.satterthwaite import satterthwaite

NEAR = 2.0
"""An estimate nearer to its boundary than so many standard errors is near it: at two, cutting a normal likelihood
off at the boundary moves its mean by 0.055 standard errors, and nearer by more. The likelihood of a tau is even in
tau and so about normal in tau squared, whose standard error is ``2 tau se``: tau itself must be four away."""


@dataclass(frozen=True, eq=False, slots=True)
class Component:
    """REML's estimate of one quantity.

    Attributes
    ----------
    component, effect : str
        ``("gamma", "g00")``, ``("tau", "u0")``, ``("corr", "u0,u1")``, ``("sigma", "")``, ``("icc", "")``.
    estimate, se : float
        The estimate, NaN where REML has none (a correlation with an effect that does not vary); its standard error,
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


def components(estimate: RemlEstimate, design: Design) -> tuple[Component, ...]:
    """REML's gamma, tau, corr, sigma and ICC, in this order.

    Parameters
    ----------
    estimate : RemlEstimate
        Fit of the design.
    design : Design
        Names the effects and the independent blocks.

    Notes
    -----
    The standard errors of tau, corr, sigma and the ICC are those of the delta method: twice the inverse Hessian of
    the REML criterion in (theta, sigma), which Satterthwaite's degrees of freedom rest on too, mapped through
    ``G = sigma^2 Lambda Lambda'``. The ICC is ``v / (v + sigma^2)`` with ``v = trace(G Z'Z / N)`` (Johnson 2014),
    that of `bayeshlm.quantities.icc.icc` without `at`.
    """
    e, labels = estimate, design.random_labels
    dG = covariance_gradient(e)
    dsigma = np.eye(len(dG))[-1]
    vcov = satterthwaite(e).parameter_vcov

    def se(gradient: FloatArray) -> float:
        variance = float(gradient @ vcov @ gradient)
        return float(np.sqrt(max(variance, 0.0)))

    found = [
        Component("gamma", label, float(value), float(error))
        for label, value, error in zip(design.fixed_labels, e.gamma, e.se, strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        dtau = np.einsum("kii->ki", dG) / (2 * e.tau)
        relative = dtau / e.tau
        dcorr = dG / np.outer(e.tau, e.tau) - e.corr * (relative[:, :, None] + relative[:, None, :])
    for i, label in enumerate(labels):
        error = se(dtau[:, i]) if e.tau[i] > 0 else np.nan
        found.append(Component("tau", label, float(e.tau[i]), error, lowest=0.0))
    varies = [row.regular for row in found[len(e.gamma) :]]
    pairs = [pair for block in design.blocks for pair in combinations(sorted(block), 2)]
    for i, j in pairs:
        inside = abs(e.corr[i, j]) < 1 - 1e-9
        error = se(dcorr[:, i, j]) if inside else np.nan
        found.append(
            Component(
                "corr", f"{labels[i]},{labels[j]}", float(e.corr[i, j]), error, -1.0, 1.0, varies[i] and varies[j]
            )
        )
    found.append(Component("sigma", "", e.sigma, se(dsigma), lowest=0.0))
    products = e.deviance_function.products
    inverse = np.linalg.inv(products.z_transform)
    mean_square = inverse.T @ products.ZtZ.sum(axis=0) @ inverse / e.n_obs
    v, sigma2 = float(np.sum(e.G * mean_square)), e.sigma**2
    gradient = (np.sum(dG * mean_square, axis=(1, 2)) * sigma2 - v * 2 * e.sigma * dsigma) / (v + sigma2) ** 2
    found.append(Component("icc", "", v / (v + sigma2), se(gradient) if v > 0 else np.nan, 0.0, 1.0))
    return tuple(found)
