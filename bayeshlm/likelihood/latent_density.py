"""`LatentDensity`: likelihood or posterior density of the model with latent means over unconstrained coordinates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.latent_means import LatentMeans, LatentPoints
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.parameters.log_prior import log_prior
from bayeshlm.parameters.partial_correlations import PartialCorrelations, partial_correlations
from bayeshlm.parameters.prior_families import HalfStudentT
from bayeshlm.parameters.priors import Priors, make_priors

STEP = 1e-4
"""Of the differences that gradients are, in coordinates of about unit size."""

RELATIVE = 0.2
"""Size of a coordinate of an SD, relative to it, and of a correlation's."""


@dataclass(frozen=True, eq=False)
class LatentDensity:
    """Log density of coordinates ``x = center + scale t``: gamma, tau, correlations, sigma, delta, tau_x, sigma_x.

    SDs are by their logarithms and partial correlations by their inverse hyperbolic tangents. Without a prior the
    entries of the Cholesky factor of G are in the places of tau and of these, so that G may be singular.

    Attributes
    ----------
    design : Design
    means : LatentMeans
    priors : Priors or None
        Of gamma, tau, the correlations and sigma, as they are in the model with observed means; delta and the slopes of
        x in other predictors have flat priors, tau_x and sigma_x ``HalfStudentT(3, sd(x))``. None: the likelihood.
    pairs : PartialCorrelations
    center, scale : (D,) arrays
    spread : float
        SD of x.
    """

    design: Design
    means: LatentMeans
    priors: Priors | None
    pairs: PartialCorrelations
    center: FloatArray
    scale: FloatArray
    spread: float

    @classmethod
    def of(
        cls,
        design: Design,
        means: LatentMeans,
        priors: Priors | None,
        gamma: FloatArray,
        se: FloatArray,
        tau: FloatArray,
        corr: FloatArray,
        sigma: float,
    ) -> LatentDensity:
        """Coordinates around estimates of the model with observed means, `se` the errors of gamma."""
        pairs = partial_correlations(design, make_priors(design) if priors is None else priors)
        delta = np.linalg.lstsq(means.A, means.means)[0]
        sigma_x = float(np.sqrt(means.within_ss / means.within_df))
        left = means.means - means.A @ delta
        errors = np.sqrt(np.diag(np.linalg.inv(means.A.T @ means.A))) * left.std()
        tau_x = float(np.sqrt(max(left.var() - np.mean(sigma_x**2 / means.n), 0.05 * left.var())))
        tau = np.maximum(
            tau, 0.05 * sigma / np.sqrt(np.maximum(design.moments.z_sd**2 + design.moments.z_mean**2, 1e-12))
        )
        partial = np.clip(pairs.of(np.nan_to_num(corr)), -0.9, 0.9)
        logs = np.log([sigma, tau_x, sigma_x])
        if priors is not None:
            of_G = [np.log(tau), np.arctanh(partial)]
            scale = [se, np.full(len(tau) + len(partial), RELATIVE)]
        else:
            root = tau[:, None] * pairs.factors(partial)
            of_G = [np.diag(root), root[pairs.rows, pairs.columns]]
            scale = [se, RELATIVE * tau, RELATIVE * tau[list(pairs.rows)]]
        center = [gamma, *of_G, logs[:1], delta, logs[1:]]
        scale += [np.full(1, RELATIVE / 4), errors, np.array([RELATIVE, RELATIVE / 4])]
        spread = float(np.hypot(tau_x, sigma_x))
        return cls(design, means, priors, pairs, np.concatenate(center), np.concatenate(scale), spread)

    @property
    def size(self) -> int:
        """Number of coordinates D."""
        return len(self.center)

    def points(self, t: FloatArray) -> LatentPoints:
        """Parameters at coordinates (n, D)."""
        return self._parameters(t)[0]

    def log_densities(self, t: FloatArray) -> FloatArray:
        """Log densities (n,) at coordinates (n, D); ``-inf`` where not finite."""
        with np.errstate(all="ignore"):
            at, tau, partial = self._parameters(t)
            found = self.means.log_densities(at, flat=self.priors is not None)
            if self.priors is not None:
                found = found + self._log_prior(at, tau, partial)
        return np.where(np.isfinite(found), found, -np.inf)

    def with_gradients(self, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Log densities (n,) and their gradients (n, D), by central differences; ``-inf`` and 0 where not finite."""
        steps = STEP * np.concatenate([np.zeros((1, self.size)), np.eye(self.size), -np.eye(self.size)])
        values = self.log_densities((t[:, None] + steps).reshape(-1, self.size)).reshape(len(t), -1)
        with np.errstate(invalid="ignore"):
            gradients = (values[:, 1 : self.size + 1] - values[:, self.size + 1 :]) / (2 * STEP)
        bad = ~np.isfinite(values).all(axis=1)
        found, gradients = values[:, 0].copy(), gradients.copy()
        found[bad], gradients[bad] = -np.inf, 0.0
        return found, gradients

    def folded(self, t: FloatArray) -> FloatArray:
        """Each point is one model."""
        return t

    def images(self, t: FloatArray) -> Iterable[FloatArray]:
        """No other points are the same models."""
        return (t,)

    def _parameters(self, t: FloatArray) -> tuple[LatentPoints, FloatArray, FloatArray]:
        x = self.center + self.scale * t
        p, q, m = len(self.design.fixed), len(self.design.random), len(self.pairs.rows)
        gamma, tau, partial, sigma, delta, tau_x, sigma_x = np.split(
            x, np.cumsum([p, q, m, 1, self.means.A.shape[1], 1]), axis=1
        )
        if self.priors is not None:
            tau, partial = np.exp(tau), np.tanh(partial)
            root = tau[:, :, None] * self.pairs.factors(partial)
        else:
            root = tau[:, :, None] * np.eye(q)
            root[:, self.pairs.rows, self.pairs.columns] = partial
        sds = (np.exp(one[:, 0]) for one in (sigma, tau_x, sigma_x))
        sigma, tau_x, sigma_x = sds
        return LatentPoints(gamma, root, sigma, delta, tau_x, sigma_x), tau, partial

    def _log_prior(self, at: LatentPoints, tau: FloatArray, partial: FloatArray) -> FloatArray:
        """Up to a constant, with the logarithms' derivatives; a partial correlation is ``2 Beta(a, a) - 1``."""
        assert self.priors is not None
        q = len(self.design.random)
        corr = np.broadcast_to(np.eye(q), (1, len(tau), q, q)) if q > 1 else None
        dataset = labelled_posterior(self.design, at.gamma[None], tau[None], at.sigma[None], corr)
        parts = log_prior(Draws(dataset, self.design), self.priors)
        found = sum(parts[name].to_numpy().reshape(len(tau), -1).sum(axis=1) for name in ("gamma", "tau", "sigma"))
        found = found + np.log(tau).sum(axis=1) + np.log(at.sigma)
        found = found + np.log1p(-(partial**2)) @ self.pairs.shapes
        prior = HalfStudentT(3, self.spread)
        for sd in (at.tau_x, at.sigma_x):
            found = found + prior.log_density(sd) + np.log(sd)
        return np.asarray(found)
