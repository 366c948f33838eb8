"""The observed variable ``y`` of a graph: the distribution of the outcome given its linear predictor.

Probabilities are handed to PyMC as logarithms or log odds: ``1 - p`` of a rounded p has no digits where p is near 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayeshlm.design import Design
from bayeshlm.design.known_covariance import KnownCovariance
from bayeshlm.design.outcome import Outcome
from bayeshlm.graph.level1 import level1_sd, residual_density
from bayeshlm.graph.variables import scalar_variable, vector_variable
from bayeshlm.parameters.free_variables import distribution, parameter_arrays, parts
from bayeshlm.parameters.prior_families import Prior
from bayeshlm.parameters.priors import Priors

type Tensor = pt.TensorVariable

ROOT_HALF = np.sqrt(0.5)


def auxiliary_variables(outcome: Outcome, priors: Priors) -> dict[str, Tensor]:
    """Register the auxiliary parameters of an outcome's distribution: scalars, and ``cutpoint (threshold)``.

    Cutpoints have the density of their priors where they increase; they are sampled as the first, and the logarithms
    of the distances.
    """
    variables = {}
    for one, _ in outcome.auxiliary:
        own = priors.auxiliary_by_name[one.name]
        if one.support == "real":
            variables[one.name] = vector_variable(one.name, [distribution(prior) for prior in own], "spread")
        elif one.support == "increasing":
            variables[one.name] = _increasing(one.name, own)
        else:
            variables[one.name] = scalar_variable(one.name, *own)
    return variables


def _increasing(name: str, priors: Sequence[Prior]) -> Tensor:
    distributions = [distribution(prior) for prior in priors]
    centers = np.array([parameters["mu"] for _, parameters in distributions])
    if not (np.diff(centers) > 0).all():
        centers = centers.mean() + np.linspace(-1.0, 1.0, len(centers))
    shared = {"dims": "threshold", "transform": pm.distributions.transforms.ordered, "initval": centers}
    if len(parts(name, distributions)) == 1:
        data = {key: pm.Data(f"{name}_{key}", values) for key, values in parameter_arrays(distributions).items()}
        return getattr(pm, distributions[0][0])(name, **data, **shared)
    # Of priors of several families no PyMC distribution is the vector's, whose elements one transform keeps in order.
    variable = pm.Flat(name, **shared)
    for k, (kind, parameters) in enumerate(distributions):
        doubles = {key: np.array(value) for key, value in parameters.items()}
        pm.Potential(f"{name}_prior_{k}", pm.logp(getattr(pm, kind).dist(**doubles), variable[k]))
    return variable


def observed_variable(
    design: Design, eta: Tensor, auxiliary: Mapping[str, Tensor], deviation: Tensor | None = None
) -> Tensor:
    """Register ``y (obs_id)``, observed, and its data ``y_observed``, of trials ``size``, and known SDs, ``sd``.

    Where residuals are correlated it is a potential.

    Parameters
    ----------
    design : Design
    eta : tensor, shape (N,)
        The linear predictor.
    auxiliary : mapping of str to tensor
        As `auxiliary_variables` gives them.
    deviation : tensor, shape (N,), optional
        Of the level-1 SD of each row's group.
    """
    if design.outcome.residuals.modeled:
        return _normal_of_level1(design, eta, auxiliary, deviation)
    family = design.outcome.family
    arguments = dict(auxiliary)
    # Counts go in as doubles: pm.Data makes 32 bits of integers, and a count of three billion negative.
    if family.has_size:
        arguments["size"] = pt.cast(pm.Data("size", design.size, dims="obs_id"), "int64")
    if design.kept_rows.covariance is not None:
        y = pm.Data("y_observed", design.y, dims="obs_id")
        return pm.Potential("y", known_density(design.kept_rows.covariance, y - eta))
    if design.outcome.residuals.known:
        arguments["sigma"] = pm.Data("sd", design.kept_rows.unit, dims="obs_id")
    observed = pm.Data("y_observed", design.y, dims="obs_id")
    kind, parameters = _DISTRIBUTIONS[family.name](design.outcome.link, eta, arguments)
    return getattr(pm, kind)("y", **parameters, observed=observed, dims="obs_id")


def known_density(covariance: KnownCovariance, residual: Tensor) -> Tensor:
    """Log density of the level-1 residuals of all rows, ``r_j ~ N(0, V_j)`` in every group, V_j known."""
    total = -0.5 * covariance.n_rows * np.log(2 * np.pi) - covariance.log_scale.sum()
    for block in covariance.blocks:
        n = block.rows.shape[1]
        whiten = pm.Data(f"whiten_{n}", block.whiten)
        white = (whiten * residual[block.rows][:, None, :]).sum(axis=2)
        total = total - 0.5 * (white**2).sum()
    return total


def _normal_of_level1(design: Design, eta: Tensor, auxiliary: Mapping[str, Tensor], deviation: Tensor | None) -> Tensor:
    """Normal outcomes with SDs of an equation; where they are correlated, a potential, as a graph has no such y."""
    level1 = design.kept_rows.modeled
    observed = pm.Data("y_observed", design.y, dims="obs_id")
    if level1.correlation:
        return pm.Potential("y", residual_density(design, observed - eta, auxiliary))
    sd = level1_sd(level1, auxiliary)
    if deviation is not None:
        sd = sd * pt.exp(level1.effect * deviation)
    return pm.Normal("y", mu=eta, sigma=sd, observed=observed, dims="obs_id")


type Made = tuple[str, dict[str, Tensor]]
"""Name of a PyMC distribution and its parameters."""


def _normal(link: str, eta: Tensor, auxiliary: Mapping[str, Tensor]) -> Made:
    return "Normal", {"mu": eta, "sigma": auxiliary["sigma"]}


def _student_t(link: str, eta: Tensor, auxiliary: Mapping[str, Tensor]) -> Made:
    return "StudentT", {"nu": auxiliary["nu"], "mu": eta, "sigma": auxiliary["sigma"]}


def _bernoulli(link: str, eta: Tensor, auxiliary: Mapping[str, Tensor]) -> Made:
    return "Bernoulli", {"logit_p": _log_odds(link, eta)}


def _binomial(link: str, eta: Tensor, auxiliary: Mapping[str, Tensor]) -> Made:
    return "Binomial", {"n": auxiliary["size"], "logit_p": _log_odds(link, eta)}


def _poisson(link: str, eta: Tensor, auxiliary: Mapping[str, Tensor]) -> Made:
    return "Poisson", {"mu": pt.exp(eta)}


def _negative_binomial(link: str, eta: Tensor, auxiliary: Mapping[str, Tensor]) -> Made:
    return "NegativeBinomial", {"mu": pt.exp(eta), "alpha": auxiliary["phi"]}


def _gamma(link: str, eta: Tensor, auxiliary: Mapping[str, Tensor]) -> Made:
    return "Gamma", {"alpha": auxiliary["shape"], "beta": auxiliary["shape"] * pt.exp(-eta)}


def _beta(link: str, eta: Tensor, auxiliary: Mapping[str, Tensor]) -> Made:
    log_mu, log_rest = _log_probabilities(link, eta)
    return "Beta", {"alpha": auxiliary["phi"] * pt.exp(log_mu), "beta": auxiliary["phi"] * pt.exp(log_rest)}


def _ordinal(link: str, eta: Tensor, auxiliary: Mapping[str, Tensor]) -> Made:
    """Categories by the logarithms of their probabilities, which are differences of F on the side where F is small."""
    cutpoint = auxiliary["cutpoint"]
    ends = cutpoint - eta[:, None]
    log_below, log_above = _log_probabilities(link, ends)
    left = ends[:, :-1] + ends[:, 1:] < 0
    larger = pt.where(left, log_below[:, 1:], log_above[:, :-1])
    smaller = pt.where(left, log_below[:, :-1], log_above[:, 1:])
    between = larger + pt.log1mexp(smaller - larger)
    return "Categorical", {"logit_p": pt.concatenate([log_below[:, :1], between, log_above[:, -1:]], axis=1)}


_DISTRIBUTIONS: dict[str, Callable[[str, Tensor, Mapping[str, Tensor]], Made]] = {
    "Normal": _normal,
    "StudentT": _student_t,
    "Bernoulli": _bernoulli,
    "Binomial": _binomial,
    "Poisson": _poisson,
    "NegativeBinomial": _negative_binomial,
    "Gamma": _gamma,
    "Beta": _beta,
    "Ordinal": _ordinal,
}


def _log_probabilities(link: str, eta: Tensor) -> tuple[Tensor, Tensor]:
    """``log p`` and ``log(1 - p)`` of a link."""
    if link == "logit":
        return -pt.softplus(-eta), -pt.softplus(eta)
    if link == "probit":
        return _log_normal_cdf(eta), _log_normal_cdf(-eta)
    return pt.log1mexp(-pt.exp(eta)), -pt.exp(eta)


def _log_odds(link: str, eta: Tensor) -> Tensor:
    if link == "logit":
        return eta
    log_p, log_rest = _log_probabilities(link, eta)
    return log_p - log_rest


def _log_normal_cdf(x: Tensor) -> Tensor:
    """``log Phi(x)``; each branch sees only arguments that it is finite at, for its gradient is taken at all."""
    tail, body = pt.minimum(x, -1.0), pt.maximum(x, -1.0)
    in_tail = pt.log(0.5 * pt.erfcx(-tail * ROOT_HALF)) - 0.5 * tail**2
    return pt.where(x < -1.0, in_tail, pt.log1p(-0.5 * pt.erfc(body * ROOT_HALF)))
