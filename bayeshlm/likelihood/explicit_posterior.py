"""The log density of a posterior over unconstrained values, the random effects among them.

The values are the fixed effects in the coordinates of their priors, log tau, the log odds of the partial correlations,
the auxiliary parameters on their unconstrained scale, and the standard normal z with ``u = L z``, grouping after
grouping and in it unit after unit.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.likelihood.compiled_rows import compiled_row, compiled_slope
from bayeshlm.likelihood.disk_cache import cached
from bayeshlm.likelihood.explicit_kernel import Places, explicit_density
from bayeshlm.likelihood.family_rows import FamilyRows
from bayeshlm.likelihood.prior_data import PriorData, prior_data
from bayeshlm.likelihood.quadrature_posterior import family_draws, n_parameters
from bayeshlm.likelihood.quadrature_room import Rows
from bayeshlm.likelihood.unconstrained_density import constrained, covariance_factor, with_priors
from bayeshlm.parameters.draws import SAMPLE
from bayeshlm.parameters.layout_of_groupings import layout_of_groupings
from bayeshlm.parameters.partial_correlations import partial_correlations
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]


class ExplicitData(NamedTuple):
    """All that the density depends on, in the order of the arguments of `explicit_posterior`.

    Attributes
    ----------
    priors : PriorData
        With the constants of tau that has one sign, and of z.
    rows : Rows
        With X in the coordinates of the priors of the fixed effects.
    places : Places
    """

    priors: PriorData
    rows: Rows
    places: Places


def explicit_data(design: Design, priors: Priors) -> ExplicitData:
    """Collect what the density of a model depends on."""
    found, effects, start = FamilyRows.of(design, priors.basis), [], 0
    for k, term in enumerate(design.predictor.random):
        q, units = len(term.columns), len(term.labels)
        effects += [(k, start + r, q, units) for r in range(q)]
        start += q * units
    made = prior_data(design, priors)
    constant = made.constant + len(effects) * np.log(2) - 0.5 * start * np.log(2 * np.pi)
    places = np.array(effects, dtype=np.int64).T.copy()
    return ExplicitData(made._replace(constant=constant), found.rows, Places(found.codes, *places))


@cache
def explicit_posterior(family: str, link: str, increasing: bool) -> Any:
    """The density of a family's posterior with its random effects, as a numba function that is kept on the disk.

    Returns
    -------
    numba function
        Of ``(x, gradient, priors, rows, places)``: the log density at ``x (p + q + m + a + n_z,)``, the transforms'
        Jacobian included; `gradient` is filled. The other arguments are those of `ExplicitData`.
    """
    density = explicit_density(compiled_row(family, link), compiled_slope(family, link))

    @numba.njit(error_model="numpy", nogil=True, forceinline=True)
    def posterior(x, gradient, priors, rows, places):  # type: ignore[no-untyped-def]
        p, q, m = priors.gamma_prior.shape[1], priors.tau_prior.shape[1], priors.corr_prior.shape[1]
        start, n_parameters = p + q + m, p + q + m + priors.auxiliary_prior.shape[1]
        parameters = x[:n_parameters].copy()
        for r in range(p, p + q):
            parameters[r] = np.exp(x[r])
        factor = covariance_factor(parameters[p : p + q], x[p + q : start], priors.corr_prior)
        auxiliary, z, d_z = constrained(x[start:n_parameters], increasing), x[n_parameters:], gradient[n_parameters:]
        likelihood = density(x[:p], factor[0], auxiliary, z, rows, places, d_z)
        value = with_priors(parameters, gradient, likelihood, factor, priors, increasing)
        for r in range(p, p + q):
            value += x[r]
            gradient[r] = gradient[r] * parameters[r] + 1.0
        for k in range(len(z)):
            value -= 0.5 * z[k] * z[k]
            d_z[k] -= z[k]
        return value

    return cached(posterior)


def explicit_draws(values: Array, design: Design, priors: Priors) -> xr.Dataset:
    """Draws of the parameters and of u of every grouping from the density's values (chain, draw, D)."""
    p, q = len(design.fixed), len(design.random)
    parameters, z = np.split(values, [n_parameters(design, priors)], axis=-1)
    parameters = parameters.copy()
    parameters[..., p : p + q] = np.exp(parameters[..., p : p + q])
    draws = family_draws(parameters, design, priors)
    partials, tau = partial_correlations(design, priors), parameters[..., p : p + q]
    chol = tau[..., None] * partials.factors(np.tanh(parameters[..., p + q : p + q + len(partials.rows)] / 2))
    start, place = 0, 0
    for layout, term in zip(layout_of_groupings(design.groupings), design.predictor.random, strict=True):
        own, units = slice(start, start + len(term.columns)), len(term.labels)
        size = units * len(term.columns)
        of_units = z[..., place : place + size].reshape(*z.shape[:-1], units, len(term.columns))
        u = np.einsum("cdjs,cdrs->cdjr", of_units, chol[..., own, own])
        draws[layout.u] = ((*SAMPLE, *layout.dims[layout.u]), u)
        start, place = own.stop, place + size
    return draws
