"""Binary outcomes and counts of two crossed groupings, and the exact posterior of a model of one of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from bayeshlm.likelihood.family_quadrature import FamilyQuadrature

OPTIONS = {"seed": 1, "draws": 1000, "progress": False}
ALONE = "y ~ Bernoulli(p); logit(p) = b0; b0 = g00 + u0"
CROSSED = "y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0[a] + v0[b]"


def frame_of(seed=8):
    """12 units of a times 10 of b, a binary outcome and a count."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": np.repeat(np.arange(12), 10), "b": np.tile(np.arange(10), 12)})
    eta = 0.8 * rng.normal(size=12)[frame["a"]] + 0.5 * rng.normal(size=10)[frame["b"]]
    return frame.assign(binary=(rng.random(120) < expit(eta)).astype(int), count=rng.poisson(np.exp(eta)))


@dataclass(frozen=True)
class GridPosterior:
    """Log evidence, up to a constant, and moments of (g00, tau)."""

    log_evidence: float
    mean: np.ndarray
    sd: np.ndarray


def grid_posterior(design, priors):
    """Integrals over g00 and tau by the trapezoidal rule."""
    density = FamilyQuadrature(design).density_with(priors, 16)
    gamma, tau = np.linspace(-4, 4, 81), np.linspace(0, 6, 121)
    values = np.array([[density(np.array([g, t]))[0] for t in tau] for g in gamma])
    values += np.log(np.where(np.isin(np.arange(len(tau)), (0, len(tau) - 1)), 0.5, 1.0))
    evidence = np.logaddexp.reduce(values.ravel())
    weights = np.exp(values - evidence)
    points = np.stack(np.meshgrid(gamma, tau, indexing="ij"), axis=-1)
    mean = np.einsum("gt,gtk->k", weights, points)
    return GridPosterior(evidence, mean, np.sqrt(np.einsum("gt,gtk->k", weights, (points - mean) ** 2)))
