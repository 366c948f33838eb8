"""Random effects of groups given outcomes that are not normal, at the estimates by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.compiled_rows import compiled_row
from bayeshlm.likelihood.group_effects import Conditionals
from bayeshlm.likelihood.quadrature_effects import group_moments
from bayeshlm.likelihood.quadrature_rule import hermite_rule
from bayeshlm.reml.family_estimate import FamilyEstimate
from bayeshlm.reml.level1_problem import Level1Problem
from bayeshlm.reml.scale_problem import ScaleProblem

STEP = 1e-4
"""Of the differences of a row's slope in its predictor."""


@dataclass(frozen=True, eq=False, slots=True)
class EffectsOfGroups:
    """Random effects given the outcomes, the estimated parameters taken as known; all arrays are (J, q).

    Attributes
    ----------
    mode : ndarray
        Where their density is largest: lme4's ``ranef``.
    curvature_sd : ndarray
        SDs of the normal distribution with the same curvature there: lme4's ``condVar``.
    mean, sd : ndarray
        Their means and SDs, by the nodes of the likelihood.
    """

    mode: FloatArray
    curvature_sd: FloatArray
    mean: FloatArray
    sd: FloatArray


def effects_of_groups(estimate: FamilyEstimate) -> EffectsOfGroups:
    """Modes, means and SDs of u of every group."""
    if estimate.problem.design.outcome.is_normal:
        return _normal_effects(estimate)
    mode, _ = _moments(estimate, 1)  # with one node the mean is the mode
    mean, root = _moments(estimate, estimate.nodes.n_nodes)
    return EffectsOfGroups(mode, _curvature_sd(estimate, mode), mean, np.sqrt((root**2).sum(axis=2)))


def _normal_effects(estimate: FamilyEstimate) -> EffectsOfGroups:
    """Of normal outcomes mode and mean are one; where the level-1 SD varies between groups the mean stands for both."""
    design, problem = estimate.problem.design, estimate.problem
    if isinstance(problem, Level1Problem):
        mean, sd = problem.effects(estimate.maximum.x)
        return EffectsOfGroups(mean, sd, mean, sd)
    if isinstance(problem, ScaleProblem):
        mean, sd = problem.effects(estimate.maximum.x, estimate.nodes.n_nodes)
        return EffectsOfGroups(mean, sd, mean, sd)
    values, vectors = np.linalg.eigh(estimate.G)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    given = Conditionals(design.cross_products, estimate.gamma[None], root[None], estimate.auxiliary)
    blocks = given.each_block(lambda block: (block.mean[0].T, np.sqrt((block.root[0] ** 2).sum(axis=1)).T))
    mean, sd = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return EffectsOfGroups(mean, sd, mean, sd)


def _moments(estimate: FamilyEstimate, n_nodes: int) -> tuple[FloatArray, FloatArray]:
    """Means of u (J, q) with a number of nodes, and roots of their covariance matrices (J, q, q)."""
    problem, x = estimate.problem, estimate.maximum.x
    outcome, q, n_groups = problem.design.outcome, len(problem.origin), len(problem.first) - 1
    mean, root = np.empty((1, q, n_groups)), np.empty((1, q, q, n_groups))
    gamma, _, _ = problem.split(x)
    group_moments(compiled_row(outcome.family_name, outcome.link))(
        np.ascontiguousarray(gamma)[None],
        problem.factor(x)[None],
        problem.auxiliary_values(x)[None],
        problem.rows,
        problem.first,
        *hermite_rule(n_nodes, q),
        np.empty((1, n_groups)),
        mean,
        root,
    )
    S = problem.effect_map
    found, roots = (S @ mean[0]).T, S @ np.moveaxis(root[0], -1, 0)
    zero = estimate.tau == 0
    found[:, zero], roots[:, zero] = 0.0, 0.0
    return found, roots


def _curvature_sd(estimate: FamilyEstimate, mode: FloatArray) -> FloatArray:
    """SDs of ``L (I + L' sum_i c_i z_i z_i' L)^-1 L'``, c_i minus the second derivative of a row's log density."""
    problem, x = estimate.problem, estimate.maximum.x
    outcome, rows = problem.design.outcome, problem.rows
    codes = np.repeat(np.arange(len(problem.first) - 1), np.diff(problem.first))
    Z = np.linalg.solve(problem.effect_map.T, rows.Z)
    eta = rows.offset + problem.split(x)[0] @ rows.X + np.einsum("qi,iq->i", Z, mode[codes])
    row, auxiliary = outcome.family.rows[outcome.link], problem.auxiliary_values(x)

    def slope(at: FloatArray) -> FloatArray:
        return np.array([row(y, n, value, auxiliary)[1] for y, n, value in zip(rows.y, rows.size, at, strict=True)])

    size = STEP * (np.ptp(rows.y) if outcome.link == "identity" else 1.0)
    curvature = rows.weight * (slope(eta - size) - slope(eta + size)) / (2 * size)
    L = problem.effect_map @ problem.factor(x)
    own = L.T @ Z  # (q, N)
    products = (curvature * own)[:, None] * own
    H = np.eye(len(L)) + np.add.reduceat(products, problem.first[:-1], axis=2).transpose(2, 0, 1)
    spread = np.einsum("aq,jqr,ar->ja", L, np.linalg.inv(H), L)
    sd = np.sqrt(np.maximum(spread, 0.0))
    sd[:, estimate.tau == 0] = 0.0
    return np.asarray(sd)
