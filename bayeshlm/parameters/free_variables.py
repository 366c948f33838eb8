"""The free variables of the graphs from draws of the parameters, which is what PyMC looks for in a posterior.

PyMC's functions, such as ``pm.sample_posterior_predictive``, match a posterior and a graph by the names of the free
variables, and draw from its prior every variable that they do not find. PyMC is not needed here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.parameters.draws import SAMPLE, Draws
from bayeshlm.parameters.partial_correlations import PartialCorrelations, partial_correlations
from bayeshlm.parameters.prior_families import Exponential, HalfCauchy, HalfNormal, HalfStudentT, Prior
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]

type Distribution = tuple[str, dict[str, float]]
"""Name of a PyMC distribution and its parameters."""


def distribution(prior: Prior) -> Distribution:
    """The PyMC distribution of the same name as a prior."""
    return type(prior).__name__, prior.parameters


def signed_distribution(prior: Prior) -> Distribution:
    """The distribution, symmetric about zero, of whose absolute value `prior` is the distribution."""
    match prior:
        case HalfStudentT(nu, sigma):
            return "StudentT", {"nu": nu, "mu": 0.0, "sigma": sigma}
        case HalfNormal(sigma):
            return "Normal", {"mu": 0.0, "sigma": sigma}
        case HalfCauchy(beta):
            return "Cauchy", {"alpha": 0.0, "beta": beta}
        case Exponential(lam):
            return "Laplace", {"mu": 0.0, "b": 1 / lam}
    raise TypeError(f"{prior} is no prior of a standard deviation")


def parts(name: str, distributions: Sequence[Distribution]) -> dict[str, list[int]]:
    """Names of the free variables that a vector is made of, with the positions of their elements.

    PyMC's variables have one family each: elements of several families are a variable a family.

    Examples
    --------
    >>> parts("gamma", [("Normal", {}), ("StudentT", {}), ("Normal", {})])
    {'gamma_Normal': [0, 2], 'gamma_StudentT': [1]}
    >>> parts("gamma", [("Normal", {}), ("Normal", {})])
    {'gamma': [0, 1]}
    """
    kinds = sorted({kind for kind, _ in distributions})
    if len(kinds) == 1:
        return {name: list(range(len(distributions)))}
    return {f"{name}_{kind}": [k for k, (other, _) in enumerate(distributions) if other == kind] for kind in kinds}


def gamma_name(priors: Priors) -> str:
    """The vector that the fixed effects' priors are of: gamma itself, or ``gamma_at_means``."""
    return "gamma" if (priors.basis == np.eye(len(priors.gamma))).all() else "gamma_at_means"


def free_variables(draws: Draws, priors: Priors, seed: int) -> xr.Dataset:
    """The free variables of every graph of a model that are not parameters themselves.

    Parameters
    ----------
    draws : Draws
    priors : Priors
    seed : int
        Of what u says nothing about in z, as where a tau is zero.

    Returns
    -------
    xarray.Dataset
        ``gamma_at_means``, the fixed effects in the coordinates of their priors, unless those are gamma's own;
        ``tau_signed``, which equals tau: of the points that are one to the marginal graph the one without a minus;
        ``corr_beta (corr_pair)``, halves of one plus the partial correlations; ``z`` of ``u = z L'`` with
        ``L = diag(tau) R``, if u was kept. A vector of several families is a variable a family (`parts`).
    """
    design, tau = draws.design, draws.tau
    values = {gamma_name(priors): priors.at_means(draws.gamma), "tau": tau, "tau_signed": tau}
    found: dict[str, tuple[tuple[str, ...], Array]] = {}
    for name, distributions in _vectors(priors).items():
        made = parts(name, distributions)
        for part, positions in made.items():
            dim = f"{part}_dim_0" if len(made) > 1 else "fixed" if name.startswith("gamma") else "random"
            found[part] = ((*SAMPLE, dim), values[name][..., positions])
    partials = partial_correlations(design, priors)
    R = np.ones((1, 1, 1, 1)) * np.eye(len(design.random))
    coords = {}
    if partials.rows:
        unit = (1 + partials.of(draws.corr)) / 2
        R = partials.factors(2 * unit - 1)
        found["corr_beta"] = ((*SAMPLE, "corr_pair"), unit)
        coords["corr_pair"] = pair_labels(partials, design)
    if draws.has_groups:
        start = 0
        for k, (layout, term) in enumerate(zip(draws.layouts, design.predictor.random, strict=True)):
            own = slice(start, start + len(term.columns))
            start = own.stop
            z = _standardized(draws.u_of(k), tau[..., own], R[..., own, own], partials.within(own), seed)
            found[layout.z] = ((*SAMPLE, *layout.dims[layout.u]), z)
    return xr.Dataset({name: values for name, values in found.items() if name not in draws.dataset}, coords)


def pair_labels(partials: PartialCorrelations, design: Design) -> list[str]:
    """Labels of the pairs of effects that covary, such as ``u0,u1``."""
    labels = design.random_labels
    return [f"{labels[column]},{labels[row]}" for row, column in zip(partials.rows, partials.columns, strict=True)]


def constant_data(design: Design, priors: Priors) -> xr.Dataset:
    """The parameters of the priors as they stand in the graphs, by which PyMC sees that they are still the same."""
    arrays = {"corr_shape": partial_correlations(design, priors).shapes} if priors.corr is not None else {}
    auxiliary = {name: list(map(distribution, own)) for name, own in priors.auxiliary_by_name.items()}
    for name, distributions in (_vectors(priors) | auxiliary).items():
        for part, positions in parts(name, distributions).items():
            given = parameter_arrays([distributions[k] for k in positions])
            arrays |= {f"{part}_{key}": values for key, values in given.items()}
    return xr.Dataset({name: (f"{name}_dim_0", values) for name, values in arrays.items()})


def parameter_arrays(distributions: Sequence[Distribution]) -> dict[str, Array]:
    """The parameters of several distributions of one family, by their names."""
    return {key: np.array([parameters[key] for _, parameters in distributions]) for key in distributions[0][1]}


def _vectors(priors: Priors) -> dict[str, list[Distribution]]:
    """The distributions of the elements of every vector that a graph samples."""
    return {
        gamma_name(priors): [distribution(prior) for prior in priors.gamma],
        "tau": [distribution(prior) for prior in priors.tau],
        "tau_signed": [signed_distribution(prior) for prior in priors.tau],
    }


def _standardized(u: Array, tau: Array, R: Array, partials: PartialCorrelations, seed: int) -> Array:
    """The z of ``u = diag(tau) R z``, (chain, draw, J, q), by forward substitution."""
    z = u / np.where(tau > 0, tau, 1.0)[..., None, :]
    for k, (row, column) in enumerate(zip(partials.rows, partials.columns, strict=True)):
        z[..., row] -= R[..., row, column, None] * z[..., column]
        if row not in partials.rows[k + 1 :]:
            z[..., row] /= R[..., row, row, None]
    rng = np.random.default_rng(seed)
    for chain, draw in np.argwhere((tau == 0).any(axis=-1)):
        # u says nothing of some directions of z, which therefore have their prior.
        known = tau[chain, draw] > 0
        A = np.broadcast_to(R, (*tau.shape, tau.shape[-1]))[chain, draw][known]
        prior = rng.standard_normal(z.shape[2:])
        missed = (u[chain, draw] / np.where(known, tau[chain, draw], 1.0))[:, known] - prior @ A.T
        z[chain, draw] = prior + missed @ np.linalg.pinv(A).T
    return z
