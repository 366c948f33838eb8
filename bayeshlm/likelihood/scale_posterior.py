"""The log density of the posterior where the level-1 SD varies between groups, over its unconstrained values.

They are those of `bayeshlm.likelihood.level1_posterior`: fixed effects, signed tau, log odds of partial correlations,
and alpha as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.gaussian_pieces import INLINED
from bayeshlm.likelihood.prior_data import Level1Priors, PriorData, level1_priors, prior_data
from bayeshlm.likelihood.quadrature_rule import hermite_rule
from bayeshlm.likelihood.scale_kernel import scale_density
from bayeshlm.likelihood.scale_mode import Rule
from bayeshlm.likelihood.scale_room import ScaleRows
from bayeshlm.likelihood.unconstrained_density import covariance_factor, log_prior, with_priors
from bayeshlm.parameters.partial_correlations import partial_correlations
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.start import residual_sd_start, tau_start

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SortedRows:
    """The rows of a design as the kernel takes them, sorted by group.

    Attributes
    ----------
    rows : ScaleRows
    ends : (J + 1,) array of int
        Where the rows of each group begin, and where the last one's end.
    place : (N,) array of int
        Where each row of the design is.
    """

    rows: ScaleRows
    ends: IntArray
    place: IntArray

    @classmethod
    def of(cls, design: Design, basis: FloatArray | None = None) -> SortedRows:
        """From a design, with X in the coordinates ``C gamma`` of `basis`, or in the user's."""
        kept = design.kept_rows
        level1 = kept.level1
        assert level1 is not None
        codes = design.group_codes
        order, place = np.argsort(codes, kind="stable"), np.empty(len(codes), dtype=np.int64)
        place[order] = np.arange(len(order))
        X = kept.X[order].T if basis is None else np.linalg.solve(basis.T, kept.X[order].T)
        n_effects = len(design.term.deviations)
        rows = ScaleRows(
            y=(kept.y - kept.offset)[order],
            X=np.ascontiguousarray(X),
            Z=np.ascontiguousarray(design.Z[order, :n_effects].T),
            A=np.ascontiguousarray(level1.A[order].T),
            effect=np.array([level1.effect]),
        )
        ends = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=design.n_groups))])
        return cls(rows, ends.astype(np.int64), place)

    def first(self, n_groups: int) -> IntArray:
        """Where the rows of each of the J groups begin, and where the last one's end."""
        return self.ends


class ScaleData(NamedTuple):
    """All that the density depends on, in the order of the arguments of `scale_posterior`.

    Attributes
    ----------
    priors, level1 : PriorData, Level1Priors
    rows, first, rule, origin
        As `bayeshlm.likelihood.scale_kernel.scale_density` takes them.
    """

    priors: PriorData
    level1: Level1Priors
    rows: ScaleRows
    first: IntArray
    rule: Rule
    origin: Array


def scale_data(design: Design, priors: Priors, n_nodes: int, origin: Array | None = None) -> ScaleData:
    """Collect what the density of a model depends on; modes are looked for from zero by default."""
    found = SortedRows.of(design, priors.basis)
    origin = np.zeros((design.n_groups, 1)) if origin is None else origin
    parts = prior_data(design, priors), level1_priors(design, priors)
    return ScaleData(*parts, found.rows, found.ends, hermite_rule(n_nodes, 1), origin)


def scale_start(design: Design, priors: Priors) -> Array:
    """Unconstrained values from which a mode can be found: least squares, one SD."""
    level1 = design.kept_rows.level1
    assert level1 is not None
    log_sd = np.full(len(level1.A), np.log(residual_sd_start(design)))
    alpha = np.linalg.lstsq(level1.A, log_sd, rcond=None)[0]
    log_odds = np.zeros(len(partial_correlations(design, priors).rows))
    return np.concatenate([priors.at_means(design.products.ols), tau_start(design), log_odds, alpha])


@cached
@numba.njit(**INLINED)
def scale_posterior(
    x: Array,
    gradient: Array,
    priors: PriorData,
    level1: Level1Priors,
    rows: ScaleRows,
    first: IntArray,
    rule: Rule,
    origin: Array,
) -> float:
    """Log density at ``x (p + q + m + k,)``, the transforms' Jacobian included; `gradient` is filled.

    The other arguments are those of `ScaleData`.
    """
    p, q, m = priors.gamma_prior.shape[1], priors.tau_prior.shape[1], priors.corr_prior.shape[1]
    start = p + q + m
    factor = covariance_factor(x[p : p + q], x[p + q : start], priors.corr_prior)
    parameters = (x[:p].copy(), factor[0], x[start:].copy())
    log_density, d_gamma, d_chol, d_alpha = scale_density(parameters, rows, first, rule, origin)
    density: float = with_priors(x, gradient, (log_density, d_gamma, d_chol, np.empty(0)), factor, priors, False)
    density += level1.constant[0]
    for k in range(len(d_alpha)):
        value, slope = log_prior(x[start + k], level1.sd_prior[:, k])
        density += value
        gradient[start + k] = d_alpha[k] + slope
    return density
