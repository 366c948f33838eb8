"""Posterior moments of the random effects, averaged over draws of the parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.coefficient_draws import regenerated
from bayeshlm.likelihood.group_effects import GroupBlock
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.one_draw import one_draw

MOST_NUMBERS = 30_000_000
"""Rows or effects times draws that intervals are taken from; beyond, the draws are thinned."""


@dataclass(frozen=True, eq=False, slots=True)
class EffectMoments:
    """Posterior moments of gamma and of u of J groups, in the user's columns.

    Attributes
    ----------
    gamma : ndarray, (p,)
        Posterior mean of the fixed effects.
    gamma_cov : ndarray, (p, p)
    mean : ndarray, (J, q)
        Posterior mean of u: the empirical Bayes residual, averaged over the parameters' posterior.
    cov : ndarray, (J, q, q)
        Posterior covariance of u, ``E[Var(u | theta)] + Var(E[u | theta])``.
    within : ndarray, (J, q, q)
        Its first part, ``E[V_j]``.
    cross : ndarray, (J, p, q)
        Posterior covariance of gamma with u.
    standardized : ndarray, (J, q)
        At the posterior means of gamma, G and sigma^2: the conditional mean of u over the SD that it has over data
        sets; NaN where the group's rows say nothing of an effect.
    """

    gamma: FloatArray
    gamma_cov: FloatArray
    mean: FloatArray
    cov: FloatArray
    within: FloatArray
    cross: FloatArray
    standardized: FloatArray


def mean_effects(posterior: Draws) -> tuple[FloatArray, list[FloatArray]]:
    """Posterior means of gamma, (p,), and of u of the units of each grouping, (J, q).

    Raises
    ------
    OptionError
        Of several groupings no draws of u were kept.
    """
    if len(posterior.design.groupings) == 1:
        moments = effect_moments(posterior)
        return moments.gamma, [moments.mean]
    if not posterior.has_groups:
        raise OptionError(
            "the draws of the effects of several groupings were too many to keep: fit with fewer draws, draws=500"
        )
    gamma = posterior.flat(posterior.gamma).mean(axis=0)
    return gamma, [posterior.u_of(k).mean(axis=(0, 1)) for k in range(len(posterior.design.groupings))]


def effect_moments(posterior: Draws) -> EffectMoments:
    """Moments over the draws of the parameters, from the groups' conditional normals (Laird & Ware 1982).

    Parameters
    ----------
    posterior : Draws

    Notes
    -----
    By the law of total variance, the parameters given, ``G = Var(E[u | y]) + Var(u | y)``: over data sets the
    conditional mean m_j has covariance ``G - V_j``, whose roots are the diagnostic standard errors of Goldstein (2011,
    Multilevel Statistical Models, 4th ed., section 2.9). The ratio is taken at point estimates, as Mahalanobis
    distances are: where tau or a correlation is uncertain the draws' ratios differ in sign or size, and their mean, as
    well as that of m_j, is closer to zero than any of them.
    """
    design = posterior.design
    n_draws, n_groups, q = posterior.n_draws, design.n_groups, len(design.random)
    divisor = max(n_draws - 1, 1)
    draws = posterior.flat(posterior.gamma)
    gamma = draws.mean(axis=0)
    spread = draws - gamma
    mean = np.empty((n_groups, q))
    cov, within = np.empty((n_groups, q, q)), np.empty((n_groups, q, q))
    cross = np.empty((n_groups, len(gamma), q))

    def fill(block: GroupBlock) -> None:
        center = block.mean.mean(axis=0)
        off = block.mean - center
        mean[block.groups] = center.T
        within[block.groups] = np.einsum("sakb,sckb->bac", block.root, block.root, optimize=False) / n_draws
        cov[block.groups] = np.einsum("sab,scb->bac", off, off) / divisor
        cross[block.groups] = np.moveaxis(np.tensordot(spread, off, axes=(0, 0)), -1, 0) / divisor

    likelihood_of(design).group_effects(posterior).each_block(fill, "Effects of groups")
    G = posterior.G.reshape(-1, q, q).mean(axis=0)
    standardized = _standardized(design, gamma, G, _point(posterior))
    return EffectMoments(gamma, spread.T @ spread / divisor, mean, cov + within, within, cross, standardized)


def _point(posterior: Draws) -> FloatArray | float:
    """Auxiliary parameters at which u is standardized: sigma as the root of its mean square, others at their means."""
    if posterior.design.outcome.residuals.modeled:
        return np.asarray(posterior.flat(posterior.auxiliary).mean(axis=0), dtype=np.float64)
    return float(np.sqrt(np.mean(posterior.scaled_sigma2)))


def _standardized(design: Design, gamma: FloatArray, G: FloatArray, auxiliary: FloatArray | float) -> FloatArray:
    """``m_j / sqrt(diag(G - V_j))`` of every group at one value of the parameters, (J, q)."""
    tau = np.sqrt(np.diag(G))
    with np.errstate(invalid="ignore"):
        corr = G / np.outer(tau, tau)
    point = one_draw(design, gamma, tau, corr, auxiliary, [np.zeros((design.n_groups, len(G)))])
    found = np.full((design.n_groups, len(G)), np.nan)

    def fill(block: GroupBlock) -> None:
        left = np.diag(G)[:, None] - np.sum(block.root[0] ** 2, axis=1)
        known = left > 1e-10 * np.diag(G)[:, None]
        found[block.groups] = np.where(known, block.mean[0] / np.sqrt(np.where(known, left, 1.0)), np.nan).T

    likelihood_of(design).group_effects(Draws(point, design)).each_block(fill)
    return found


def thinned(n_draws: int, n_numbers: int, most: int, least: int = 200) -> IntArray:
    """Evenly spaced draws, so that draws times `n_numbers` stay below `most`, but at least `least` draws.

    Examples
    --------
    >>> thinned(10, 100, 500, least=2).tolist()
    [0, 2, 4, 7, 9]
    """
    kept = min(n_draws, max(most // max(n_numbers, 1), least))
    return np.asarray(np.linspace(0, n_draws - 1, kept).round().astype(np.int64))


def interval_draws(n_draws: int, n_numbers: int) -> IntArray:
    """The draws that intervals of so many numbers are taken from."""
    return thinned(n_draws, n_numbers, MOST_NUMBERS)


def block_effects(posterior: Draws, groups: slice, grouping: int = 0) -> FloatArray:
    """Draws of u of neighboring groups, (S, q, B): kept ones, or the same made again from the seed."""
    positions = np.arange(groups.start, groups.stop)
    if posterior.has_groups:
        u = posterior.u_of(grouping)[:, :, positions]
    else:
        u = replace(posterior, dataset=regenerated(posterior, positions)).u
    return np.ascontiguousarray(posterior.flat(np.moveaxis(u, 2, 3)))
