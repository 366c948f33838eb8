"""The posterior without each group by smoothed importance weights: means, SDs, shifts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.checks.conflict import conflict_probabilities, weighted_tails
from bayeshlm.checks.loo_refits import Refit
from bayeshlm.checks.psis import relative_efficiency, smoothed_weights
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.lapack import one_blas_thread
from bayeshlm.likelihood.left_out_densities import LeftOutDensities
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.diagnostics import diagnose
from bayeshlm.reml.rotation import rotate


@dataclass(frozen=True, eq=False, slots=True)
class Shifts:
    """How far the posterior of K parameters moves when each of J groups is left out.

    Attributes
    ----------
    mean, sd : arrays, shape (J, K)
        Posterior means and SDs without the group.
    change : array, shape (J, K)
        Mean without the group less mean with it, in SDs of the posterior with it.
    mcse : array, shape (J, K)
        Monte Carlo error of `change`.
    distance : array, shape (J,)
        ``d'Var(gamma)^-1 d / p`` of the change d of the means of gamma: Cook's distance of the posterior. NaN where
        there is no gamma.
    pareto_k, conflict_p : arrays, shape (J,)
        Shape of the tail of the weights; see `bayeshlm.checks.conflict`, NaN where outcomes are not normal.
    """

    mean: FloatArray
    sd: FloatArray
    change: FloatArray
    mcse: FloatArray
    distance: FloatArray
    pareto_k: FloatArray
    conflict_p: FloatArray


def parameter_draws(posterior: Draws) -> tuple[list[str], FloatArray]:
    """Names and draws (K, chain, draw) of gamma, tau and sigma, or what else the outcome's distribution has."""
    kept = [k for k, one in enumerate(posterior.schema.parameters) if one.component != "corr"]
    return [posterior.schema.labels[k] for k in kept], posterior.scalars()[kept]


def shifts_without_groups(posterior: Draws, grouping: int = 0) -> Shifts:
    """Leave each group of a grouping out of the posterior in turn.

    Parameters
    ----------
    posterior : Draws
    grouping : int
        Position.

    Raises
    ------
    OptionError
        Groupings that cross too much for it; see `bayeshlm.checks.loo.leave_one_out` of outcomes that are not normal.

    Notes
    -----
    With weights w of sum 1 and c a parameter's draws, centered and scaled to variance 1, the change is ``m = sum_s w_s
    c_s``; its variance is ``sum_s (w_s (c_s - m) - c_s / S)^2`` over the draws' efficiency.
    """
    design = posterior.design
    efficiency = relative_efficiency(posterior)
    _, draws = parameter_draws(posterior)
    flat = draws.reshape(len(draws), -1).T
    center, scale = flat.mean(axis=0), flat.std(axis=0)
    c = (flat - center) / scale
    c_squared = c**2
    n_draws, n_parameters = c.shape
    J = len(design.predictor.random[grouping].labels)
    found = Shifts(*(np.empty((J, n_parameters)) for _ in range(4)), *(np.empty(J) for _ in range(3)))

    def fill(groups: IntArray, densities: FloatArray) -> FloatArray:
        w, found.pareto_k[groups] = smoothed_weights(densities, efficiency)
        m, second = w @ c, w @ c_squared
        squares = w**2
        error = squares @ c_squared - 2 * m * (squares @ c) + m**2 * squares.sum(axis=1, keepdims=True)
        error += 1 / n_draws - 2 / n_draws * (second - m**2)
        found.change[groups] = m
        found.mean[groups] = center + scale * m
        found.sd[groups] = scale * np.sqrt(np.maximum(second - m**2, 0.0))
        found.mcse[groups] = np.sqrt(np.maximum(error, 0.0) / efficiency)
        return w

    doing = "Influence of groups"
    if not design.outcome.has_closed_forms:
        found.conflict_p[:] = np.nan

        def without_conflict(groups: IntArray, densities: FloatArray) -> None:
            fill(groups, densities)

        unit = design.predictor.random[grouping].grouping
        likelihood_of(design).reduced_pointwise(posterior, unit, without_conflict, doing)
    elif len(design.groupings) == 1:
        rotated = rotate(design.cross_products)

        def alone(groups: IntArray, densities: FloatArray) -> None:
            w = fill(groups, densities)
            found.conflict_p[groups] = conflict_probabilities(posterior, rotated, groups, w)

        with one_blas_thread():
            likelihood_of(design).reduced_pointwise(posterior, "group", alone, doing)
    else:
        left_out = LeftOutDensities.of(posterior, grouping)
        ranks = left_out.ranks(np.arange(J))

        def among_others(groups: IntArray, densities: FloatArray, lengths: FloatArray) -> None:
            found.conflict_p[groups] = weighted_tails(lengths, ranks[groups], fill(groups, densities))

        left_out.reduced(among_others, doing, lengths=True)
    found.distance[:] = _distances(posterior, found.mean)
    return found


def put_refit(found: Shifts, posterior: Draws, group: int, refit: Refit, grouping: int = 0) -> None:
    """Put what a fit without the group at a position says in the place of what the weights say."""
    rest = Draws(refit.posterior, posterior.design)
    (_, with_it), (_, without) = parameter_draws(posterior), parameter_draws(rest)
    scale = with_it.std(axis=(1, 2))
    found.mean[group], found.sd[group] = without.mean(axis=(1, 2)), without.std(axis=(1, 2))
    found.change[group] = (found.mean[group] - with_it.mean(axis=(1, 2))) / scale
    found.mcse[group] = np.hypot(diagnose(without)[3], diagnose(with_it)[3]) / scale
    found.distance[group] = _distances(posterior, found.mean[group : group + 1])[0]
    if not posterior.design.outcome.has_closed_forms:
        return
    units, equal = np.array([group]), np.full((1, rest.n_draws), 1 / rest.n_draws)
    if len(posterior.design.groupings) == 1:
        rotated = rotate(posterior.design.cross_products)
        (found.conflict_p[group],) = conflict_probabilities(rest, rotated, units, equal)
    else:
        left_out = LeftOutDensities.of(rest, grouping)
        (found.conflict_p[group],) = weighted_tails(left_out.lengths(units), left_out.ranks(units), equal)


def _distances(posterior: Draws, mean: FloatArray) -> FloatArray:
    """Cook's distances of means (J, K), of which gamma's come first."""
    flat = posterior.flat(posterior.gamma)
    p = flat.shape[1]
    if p == 0:
        return np.full(len(mean), np.nan)
    scale = flat.std(axis=0)
    standard = (flat - flat.mean(axis=0)) / scale
    change = (mean[:, :p] - flat.mean(axis=0)) / scale
    moved = np.linalg.solve(standard.T @ standard / len(flat), change.T)
    return np.asarray(np.einsum("ja,aj->j", change, moved) / p)
