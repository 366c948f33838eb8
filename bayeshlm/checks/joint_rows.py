"""Residuals of the rows of a model with several groupings: their moments exact, their intervals from draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.joint_products import PairProducts
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.blocks import in_threads
from bayeshlm.likelihood.joint_moments import MeanCovariances, joint_effects, mean_covariances
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.summary import interval

PIECE = 2_000_000
"""Rows times draws worked on at a time."""


def joint_moments_of_rows(posterior: Draws) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Posterior means of ``X gamma + Z u``, posterior variances of it, and means of ``Var[Z u | y, theta]``; (N,) each.

    The variance is that of the conditional mean over the draws of theta, and the mean conditional variance, in which
    the units of all groupings that a row belongs to have their covariances.

    Parameters
    ----------
    posterior : Draws
    """
    design, effects = posterior.design, joint_effects(posterior)
    inside = _conditional_variances(design, effects.elimination.products.pairs, mean_covariances(effects))
    means, gamma = _contiguous(effects.means()), posterior.flat(posterior.gamma)
    fitted, spread = np.empty((2, design.kept_rows.n_rows))

    def fill(rows: slice) -> None:
        mu = _predictor(design, rows, gamma, means)
        fitted[rows] = mu.mean(axis=0)
        spread[rows] = mu.var(axis=0, ddof=1) if len(mu) > 1 else 0.0

    _over_rows(fill, design, len(gamma))
    return fitted, spread + inside, inside


def joint_draws_of_rows(posterior: Draws, draws: IntArray, prob: float, kind: str) -> tuple[FloatArray, FloatArray]:
    """Bounds (N, 2) of the residuals' intervals, and sums of the powers 1 to 4 of the errors at each draw, (4, S)."""
    design, gamma = posterior.design, posterior.flat(posterior.gamma)[draws]
    u = _contiguous([posterior.flat(posterior.u_of(k))[draws] for k in range(len(design.groupings))])
    bounds, outcome = np.empty((design.kept_rows.n_rows, 2)), design.y - design.offset

    def of_rows(rows: slice) -> FloatArray:
        r = np.ascontiguousarray((outcome[rows] - _predictor(design, rows, gamma, u)).T)
        bounds[rows] = interval(r[:, None], prob, kind)
        r /= design.kept_rows.unit_of(rows)[:, None]
        sums, power = np.empty((4, len(draws))), np.ones_like(r)
        for k in range(4):
            power *= r
            sums[k] = power.sum(axis=0)
        return sums

    return bounds, np.sum(_over_rows(of_rows, design, len(draws), "Residuals of rows"), axis=0)


def _over_rows[Result](
    function: Callable[[slice], Result], design: Design, n_draws: int, doing: str | None = None
) -> list[Result]:
    step, n_rows = max(PIECE // n_draws, 1), design.kept_rows.n_rows
    pieces = [slice(first, min(first + step, n_rows)) for first in range(0, n_rows, step)]
    return in_threads(function, pieces, doing)


def _contiguous(effects: Sequence[FloatArray]) -> list[FloatArray]:
    """Draws (S, J, q) as (q, S, J), as they are walked through."""
    return [np.ascontiguousarray(np.moveaxis(u, 2, 0)) for u in effects]


def _predictor(design: Design, rows: slice, gamma: FloatArray, effects: Sequence[FloatArray]) -> FloatArray:
    """``X gamma + Z u`` of some rows at each draw, (S, B)."""
    kept = design.kept_rows
    mu = gamma @ kept.X[rows].T
    for Z, codes, u in zip(kept.Z, kept.codes, effects, strict=True):
        for column, effect in zip(Z[rows].T, u, strict=True):
            mu += effect[:, codes[rows]] * column
    return np.asarray(mu)


def _conditional_variances(design: Design, pairs: Sequence[PairProducts], covariances: MeanCovariances) -> FloatArray:
    """``z_i' E[Cov(u | y, theta)] z_i`` of each row, (N,)."""
    kept, terms = design.kept_rows, design.predictor.random
    found = np.zeros(kept.n_rows)
    for Z, codes, own in zip(kept.Z, kept.codes, covariances.own, strict=True):
        found += np.einsum("ia,iab,ib->i", Z, own[codes], Z)
    for pair, values in zip(pairs, covariances.pairs, strict=True):
        n = len(terms[pair.second].labels)
        cells = np.searchsorted(pair.units @ [n, 1], kept.codes[pair.first] * n + kept.codes[pair.second])
        found += 2 * np.einsum("ia,iab,ib->i", kept.Z[pair.first], values[cells], kept.Z[pair.second])
    return found
