"""What each group of one of several groupings does to the REML estimates: estimates without it, and leverage.

The measures made of them are those of `bayeshlm.reml.reml_influence`. The rows of a group are correlated with others:
what they add to the information is that of their distribution given all other rows.
"""

from __future__ import annotations

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.subset import without_rows
from bayeshlm.errors import DataError
from bayeshlm.reml.estimate import RemlEstimate, fit_reml
from bayeshlm.reml.grouping_deviance import GroupingSolution
from bayeshlm.reml.reml_influence import NOT_IDENTIFIED, Deleted, Leverage


def one_step(design: Design, estimate: RemlEstimate, grouping: int) -> Deleted:
    """Fixed effects without each group, the variance components kept: one step of generalized least squares, exact.

    ``gamma_(j) = gamma - (A - A_j)^-1 s_j`` with ``A = X'V^-1 X``, s_j the gradient of ``log p(y_j | y_-j)`` at gamma
    and -A_j its second derivative. That is a square function of gamma: differences of its values at standard errors
    around gamma are its derivatives. tau and sigma are those of all groups.
    """
    p = len(estimate.gamma)
    root = np.linalg.cholesky(estimate.vcov)
    steps = np.eye(p)
    first, second = np.triu_indices(p, 1)
    places = np.concatenate([np.zeros((1, p)), steps, -steps, steps[first] + steps[second]])
    values = _densities(design, estimate, grouping, estimate.gamma + places @ root.T)
    center, up, down, both = values[:, :1], values[:, 1 : p + 1], values[:, p + 1 : 2 * p + 1], values[:, 2 * p + 1 :]
    kept = np.zeros((len(values), p, p))  # A - A_j between roots of A^-1: what is left of the information, 0 to 1
    kept[:, first, second] = both - up[:, first] - up[:, second] + center
    kept += kept.transpose(0, 2, 1)
    kept[:, range(p), range(p)] = 1 + up - 2 * center + down
    found = Deleted.unknown(len(values), p, len(estimate.tau))
    identified = np.linalg.eigvalsh(kept)[:, 0] > NOT_IDENTIFIED
    inverse = np.linalg.inv(kept[identified])
    found.gamma[identified] = estimate.gamma - np.einsum("jab,jb->ja", inverse, (up - down)[identified] / 2) @ root.T
    found.vcov[identified] = root @ inverse @ root.T
    found.tau[identified], found.sigma[identified] = estimate.tau, estimate.sigma
    return found


def exact(design: Design, estimate: RemlEstimate, grouping: int) -> Deleted:
    """Estimates without each group, the variance components estimated anew: a fit a group.

    A group without which the data determine no estimate stays unknown.
    """
    codes, n_groups = design.cells.codes[grouping], len(design.predictor.random[grouping].labels)
    found = Deleted.unknown(n_groups, len(estimate.gamma), len(estimate.tau))
    for group in range(n_groups):
        try:
            rest = fit_reml(without_rows(design, codes == group), estimate.method)
        except DataError:
            continue
        found.gamma[group], found.vcov[group] = rest.gamma, rest.vcov
        found.tau[group], found.sigma[group] = rest.tau, rest.sigma
    return found


def leverage(design: Design, estimate: RemlEstimate, grouping: int) -> Leverage:
    """Leverage of each group: the sums over its rows of the diagonals of the hat matrices.

    With ``P = V^-1`` relative to sigma those are ``H_f = X (X'PX)^-1 X'P`` and ``(I - P)(I - H_f)``.
    """
    solution = estimate.optimum.solution
    assert isinstance(solution, GroupingSolution)
    rows, c = design.kept_rows, solution.products
    X = rows.standardized(rows.X) @ c.x_transform
    PX = X.copy()
    predicted = c.by_group(c.times(solution.Lambda @ solution.Lambda.T, solution.ZVX))
    for Z, codes, S, b in zip(rows.Z, rows.codes, c.joint.z_transforms, predicted, strict=True):
        PX -= np.einsum("iq,iqp->ip", rows.standardized(Z) @ S, b[codes])
    fixed = np.einsum("ia,ab,ib->i", X, solution.XVX_inv, PX)
    kept = _shares_kept(design, estimate)
    random = 1 - kept - fixed + np.einsum("ia,ab,ib->i", PX, solution.XVX_inv, PX)
    codes, n_groups = rows.codes[grouping], len(design.predictor.random[grouping].labels)
    return Leverage(np.bincount(codes, fixed, n_groups), np.bincount(codes, random, n_groups))


def _densities(design: Design, estimate: RemlEstimate, grouping: int, gamma: FloatArray) -> FloatArray:
    """``log p(y_j | y_-j)`` of every group at fixed effects (S, p) and the other estimates, (J, S)."""
    from bayeshlm.likelihood.left_out_densities import LeftOutDensities  # numba, which two-level models do without

    left_out = LeftOutDensities.at(design, grouping, gamma, *_components(estimate, len(gamma)))
    groups: IntArray = np.arange(left_out.n_units)
    return left_out.densities(groups)


def _shares_kept(design: Design, estimate: RemlEstimate) -> FloatArray:
    """Diagonal of P, (N,)."""
    from bayeshlm.likelihood.left_out_densities import LeftOutDensities

    left_out = LeftOutDensities.at(design, None, estimate.gamma[None], *_components(estimate, 1))
    return left_out.shares_kept(np.arange(design.n_obs))[:, 0]


def _components(estimate: RemlEstimate, n: int) -> tuple[list[FloatArray], FloatArray]:
    """Roots of G of each grouping, (n, q_k, q_k), and sigma, (n,), each n times."""
    solution = estimate.optimum.solution
    assert isinstance(solution, GroupingSolution)
    root = estimate.sigma * solution.products.z_transform @ solution.Lambda
    roots = [np.repeat(root[None, e, e], n, axis=0) for e in solution.products.effects]
    return roots, np.full(n, estimate.sigma)
