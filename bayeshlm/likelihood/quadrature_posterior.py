"""The log density of a posterior whose random effects are integrated out by quadrature, over unconstrained values.

As `bayeshlm.likelihood.unconstrained_density` has it for normal outcomes, the same values in the same order: the fixed
effects in the coordinates of their priors, signed tau, the log odds of the partial correlations, and the auxiliary
parameters of the outcome's distribution on their unconstrained scale.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.design_weights import weights_of_groups
from bayeshlm.likelihood.compiled_rows import compiled_row, compiled_slope
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.family_rows import FamilyRows
from bayeshlm.likelihood.prior_data import PriorData, prior_data
from bayeshlm.likelihood.quadrature_kernel import quadrature_density
from bayeshlm.likelihood.quadrature_room import Rows
from bayeshlm.likelihood.quadrature_rule import hermite_rule
from bayeshlm.likelihood.unconstrained_density import constrained, covariance_factor, with_priors
from bayeshlm.parameters.draws import SAMPLE
from bayeshlm.parameters.partial_correlations import partial_correlations
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]


class QuadratureData(NamedTuple):
    """All that the density depends on, in the order of the arguments of `quadrature_posterior`.

    Attributes
    ----------
    priors : PriorData
    rows : Rows
        With X in the coordinates of the priors of the fixed effects.
    first : (J + 1,) array of int
    nodes, log_weights : arrays
        From `bayeshlm.likelihood.quadrature_rule.hermite_rule`.
    origin : (J, q) array
        Standardized effects from which the modes are looked for.
    group_weights : (J,) array
        What the log density of each group is multiplied by; 1 without sampling weights.
    """

    priors: PriorData
    rows: Rows
    first: IntArray
    nodes: Array
    log_weights: Array
    origin: Array
    group_weights: Array


def quadrature_data(design: Design, priors: Priors, n_nodes: int, origin: Array | None = None) -> QuadratureData:
    """Collect what the density of a model depends on; modes are looked for from zero by default."""
    found = FamilyRows.of(design, priors.basis)
    nodes, log_weights = hermite_rule(n_nodes, len(design.random))
    origin = np.zeros((design.n_groups, len(design.random))) if origin is None else origin
    first = found.first(design.n_groups)
    weights = weights_of_groups(design.weights, design.n_groups)
    return QuadratureData(prior_data(design, priors), found.rows, first, nodes, log_weights, origin, weights)


def is_increasing(design: Design) -> bool:
    """Whether the auxiliary parameters are cutpoints."""
    return any(auxiliary.support == "increasing" for auxiliary, _ in design.outcome.auxiliary)


def n_parameters(design: Design, priors: Priors) -> int:
    """Number of unconstrained values of the parameters, ``p + q + m + a``."""
    n_auxiliary = sum(count for _, count in design.outcome.auxiliary)
    return len(design.fixed) + len(design.random) + len(partial_correlations(design, priors).rows) + n_auxiliary


@cache
def quadrature_posterior(family: str, link: str, increasing: bool) -> Any:
    """The density of a family's posterior, as a numba function that is kept on the disk.

    Returns
    -------
    numba function
        Of ``(x, gradient, priors, rows, first, nodes, log_weights, origin, group_weights)``: the log density at x,
        (p + q + m + a,), the transforms' Jacobian included; `gradient` is filled. The other arguments are those of
        `QuadratureData`.
    """
    density = quadrature_density(compiled_row(family, link), compiled_slope(family, link))

    @numba.njit(error_model="numpy", nogil=True, forceinline=True)
    def posterior(  # type: ignore[no-untyped-def]
        x, gradient, priors, rows, first, nodes, log_weights, origin, group_weights
    ):
        p, q, m = priors.gamma_prior.shape[1], priors.tau_prior.shape[1], priors.corr_prior.shape[1]
        factor = covariance_factor(x[p : p + q], x[p + q : p + q + m], priors.corr_prior)
        auxiliary = constrained(x[p + q + m :], increasing)
        likelihood = density(x[:p], factor[0], auxiliary, rows, first, nodes, log_weights, origin, group_weights)
        return with_priors(x, gradient, likelihood, factor, priors, increasing)

    return cached(posterior)


def family_draws(values: Array, design: Design, priors: Priors) -> xr.Dataset:
    """Draws of gamma, tau, corr and the auxiliary parameters from the density's values (chain, draw, D)."""
    p, q, m = len(design.fixed), len(design.random), len(partial_correlations(design, priors).rows)
    gamma, tau, log_odds, rest = np.split(values, [p, p + q, p + q + m], axis=-1)
    draws: dict[str, tuple[tuple[str, ...], Array]] = {
        "gamma": ((*SAMPLE, "fixed"), gamma @ np.linalg.inv(priors.basis).T),
        "tau": ((*SAMPLE, "random"), np.abs(tau)),
    }
    partials = partial_correlations(design, priors)
    if partials.rows:
        R = np.where(tau < 0, -1.0, 1.0)[..., None] * partials.factors(np.tanh(log_odds / 2))
        draws["corr"] = ((*SAMPLE, "random", "random_"), R @ R.swapaxes(-1, -2))
    for auxiliary, count in design.outcome.auxiliary:
        if auxiliary.support == "increasing":
            steps = np.concatenate([rest[..., :1], np.exp(rest[..., 1:count])], axis=-1)
            draws[auxiliary.name] = ((*SAMPLE, "threshold"), np.cumsum(steps, axis=-1))
        else:
            draws[auxiliary.name] = (SAMPLE, np.exp(rest[..., 0]))
        rest = rest[..., count:]
    return xr.Dataset(draws)
