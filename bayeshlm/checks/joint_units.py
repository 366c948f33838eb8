"""Residuals of the units of one of several groupings: posterior moments, own estimates, Mahalanobis distances."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import chdtrc

from bayeshlm.checks.effect_moments import EffectMoments, thinned
from bayeshlm.checks.mahalanobis import MOST_MATRICES, Distances
from bayeshlm.design.gram import gram_roots, mean_squares
from bayeshlm.design.nested_groupings import rows_of_units
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.group_effects import covariance_factors
from bayeshlm.likelihood.joint_effects import CHUNK_DRAWS, JointEffects
from bayeshlm.likelihood.joint_moments import joint_effects, mean_covariances
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.one_draw import one_draw
from bayeshlm.quantities.summary import interval


@dataclass(frozen=True, eq=False)
class JointUnits:
    """What the residuals of the units of all groupings are read off.

    Attributes
    ----------
    posterior : Draws
    effects, at_means : JointEffects
        At the draws of the parameters, and at the posterior means of gamma, G and sigma^2.
    """

    posterior: Draws
    effects: JointEffects
    at_means: JointEffects

    @classmethod
    def of(cls, posterior: Draws) -> JointUnits:
        """From draws of the parameters."""
        design, q = posterior.design, len(posterior.design.random)
        gamma, G = posterior.flat(posterior.gamma).mean(axis=0), posterior.G.reshape(-1, q, q).mean(axis=0)
        tau = np.sqrt(np.diag(G))
        with np.errstate(invalid="ignore"):
            corr = G / np.outer(tau, tau)
        zeros = [np.zeros((len(term.labels), len(term.columns))) for term in design.predictor.random]
        point = Draws(one_draw(design, gamma, tau, corr, float(np.mean(posterior.scaled_sigma2)) ** 0.5, zeros), design)
        effects = joint_effects(posterior)
        chols, sigma = covariance_factors(point), point.flat(point.scaled_sigma)
        return cls(posterior, effects, replace(effects, gamma=gamma[None], chols=chols, sigma=sigma))

    @cached_property
    def means(self) -> tuple[FloatArray, ...]:
        """Conditional means of u of each grouping at each draw, (S, J, q)."""
        return self.effects.means()

    def moments(self, grouping: int) -> EffectMoments:
        """Posterior moments of u of a grouping, as `bayeshlm.checks.effect_moments.effect_moments` has them."""
        gamma = self.effects.gamma
        m, divisor = self.means[grouping], max(len(gamma) - 1, 1)
        within = mean_covariances(self.effects).own[grouping]
        off, spread = m - m.mean(axis=0), gamma - gamma.mean(axis=0)
        mean, explained, G = self._at_means(grouping)
        left, known = np.einsum("jaa->ja", explained), self.rank(grouping)[:, None] > 0
        known = known & (left > 1e-10 * np.diag(G))
        return EffectMoments(
            gamma=gamma.mean(axis=0),
            gamma_cov=spread.T @ spread / divisor,
            mean=m.mean(axis=0),
            cov=np.einsum("sja,sjb->jab", off, off) / divisor + within,
            within=within,
            cross=np.einsum("sp,sja->jpa", spread, off) / divisor,
            standardized=np.where(known, mean / np.sqrt(np.where(known, left, 1.0)), np.nan),
        )

    def least_squares(self, grouping: int) -> FloatArray:
        """What the outcomes alone say of u of each unit, (J, q), at the posterior means; NaN where they do not.

        With m_j and V_j the conditional mean and covariance matrix, ``(V_j^-1 - G^-1)^-1 V_j^-1 m_j = G (G - V_j)^-1
        m_j``: the mode of the likelihood of u_j, all other random effects integrated out. With one grouping this is
        the least-squares deviation of the group's own regression.
        """
        mean, explained, G = self._at_means(grouping)
        found, full = np.full(mean.shape, np.nan), self.rank(grouping) == mean.shape[1]
        scale = np.sqrt(np.diag(G))
        inside = explained[full] / np.outer(scale, scale)
        found[full] = np.linalg.solve(inside, (mean[full] / scale)[..., None])[..., 0] @ (G / scale).T
        return found

    def rank(self, grouping: int) -> IntArray:
        """Random effects that the rows of each unit tell apart, (J,)."""
        ZtZ = self.effects.elimination.products.ZtZ[grouping]
        n = rows_of_units(self.posterior.design, grouping)
        return gram_roots(ZtZ, n, mean_squares(ZtZ, n)).rank

    def distances(self, grouping: int, prob: float = 0.95, kind: str = "eti") -> Distances:
        """Mahalanobis distances ``m_j' (G - V_j)^+ m_j`` of the units of a grouping.

        `bayeshlm.checks.mahalanobis.distances` says why they are chi-square with as many degrees of freedom as the rows
        of the unit tell effects apart, at every draw.
        """
        df = self.rank(grouping)
        draws = thinned(len(self.effects.sigma), len(df), MOST_MATRICES)
        d = np.concatenate(
            [
                _distances(_some(self.effects, draws[first : first + CHUNK_DRAWS]), grouping, df)
                for first in range(0, len(draws), CHUNK_DRAWS)
            ]
        ).T
        at_means = _distances(self.at_means, grouping, df)[0]
        p, p_chi2 = np.full((2, len(df)), np.nan)
        some = df > 0
        p[some] = chdtrc(df[some, None], d[some]).mean(axis=1)
        p_chi2[some] = chdtrc(df[some], at_means[some])
        lower, upper = interval(d[:, None], prob, kind).T
        return Distances(d.mean(axis=1), lower, upper, at_means, df, p, p_chi2, len(draws))

    def _at_means(self, grouping: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Conditional means (J, q), their covariance over data sets ``G - V_j``, and G, at the posterior means."""
        means, covariances = self.at_means.moments()
        (L,) = self.at_means.chols[grouping]
        return means[grouping][0], L @ L.T - covariances[grouping][0], L @ L.T


def _some(effects: JointEffects, draws: IntArray) -> JointEffects:
    chols = [chol[draws] for chol in effects.chols]
    return replace(effects, gamma=effects.gamma[draws], chols=chols, sigma=effects.sigma[draws])


def _distances(effects: JointEffects, grouping: int, df: IntArray) -> FloatArray:
    """Distances (S, J); those of units that say nothing are zero."""
    means, covariances = (parts[grouping] for parts in effects.moments())
    G = effects.chols[grouping] @ effects.chols[grouping].swapaxes(1, 2)
    scale = np.sqrt(np.einsum("saa->sa", G))[:, None]
    scale = np.where(scale > 0, scale, 1.0)
    explained = (G[:, None] - covariances) / (scale[..., :, None] * scale[..., None, :])
    values, vectors = np.linalg.eigh(explained)
    along = np.einsum("sjab,sja->sjb", vectors, means / scale)
    q = means.shape[2]
    counts = (np.arange(q) >= q - df[:, None]) & (values > 0)  # eigenvalues ascend
    return np.sum(np.divide(along**2, values, out=np.zeros_like(along), where=counts), axis=2)
