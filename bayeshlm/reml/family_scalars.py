"""Single numbers of an estimate by maximum likelihood, their derivatives and their Wald intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from bayeshlm.arguments import check_prob
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.schema import covarying
from bayeshlm.reml.delta_method import ParameterCovariance
from bayeshlm.reml.family_estimate import FamilyEstimate
from bayeshlm.reml.family_problem import Scale
from bayeshlm.reml.intervals import Intervals, ParameterKey

EDGE = 1e-9
"""Distance of a correlation from 1 or -1 that is rounding."""


@dataclass(frozen=True, eq=False, slots=True)
class Scalar:
    """One number.

    Attributes
    ----------
    key : (component, effect)
    value : float
        NaN for a correlation beside a tau of 0.
    gradient : ndarray, (D,)
        Its derivatives in the numbers of the problem.
    scale : {"identity", "log", "atanh"}
        On which it has no bounds.
    inside : bool
        Whether it is inside of its bounds.
    """

    key: ParameterKey
    value: float
    gradient: FloatArray
    scale: Scale
    inside: bool = True


def component_scalars(estimate: FamilyEstimate) -> list[Scalar]:
    """Tau, the correlations within blocks and the auxiliary parameters, in this order."""
    return [*_effect_scalars(estimate), *_auxiliary_scalars(estimate)]


def scalar_keys(estimate: FamilyEstimate) -> list[ParameterKey]:
    """Names of gamma and of `component_scalars`, in this order."""
    gamma: list[ParameterKey] = [("gamma", label) for label in estimate.fixed_labels]
    return [*gamma, *(one.key for one in component_scalars(estimate))]


def covariance_derivatives(estimate: FamilyEstimate) -> FloatArray:
    """Derivatives of G, in the user's columns, in the numbers of the problem, (D, q, q)."""
    problem, (p, k, _) = estimate.problem, estimate.problem.sizes
    S, L = problem.effect_map, problem.factor(estimate.maximum.x)
    half = S @ problem.elements @ L.T @ S.T
    dG = np.zeros((len(estimate.maximum.x), len(S), len(S)))
    dG[p : p + k] = half + half.transpose(0, 2, 1)
    return dG


def standard_error(estimate: FamilyEstimate, gradient: FloatArray) -> float:
    """Of a function of the parameters, by the delta method."""
    return float(np.sqrt(max(float(gradient @ estimate.maximum.vcov @ gradient), 0.0)))


def family_covariance(estimate: FamilyEstimate) -> ParameterCovariance:
    """Covariance matrix of all parameters, from the information or, with sampling weights, the sandwich."""
    scalars, maximum, p = component_scalars(estimate), estimate.maximum, len(estimate.gamma)
    D = np.zeros((p + len(scalars), len(maximum.x)))
    D[:p, : estimate.problem.sizes[0]] = estimate.problem.gamma_map
    for k, one in enumerate(scalars):
        D[p + k] = np.where(one.inside, one.gradient, 0.0)
    covariance = D @ maximum.vcov @ D.T
    edge = p + np.flatnonzero([not one.inside for one in scalars])
    covariance[edge] = covariance[:, edge] = np.nan
    values = np.array([*estimate.gamma, *(one.value for one in scalars)])
    labels = (*estimate.fixed_labels, *(parameter_label(*one.key) for one in scalars))
    return ParameterCovariance(labels, values, covariance)


def _effect_scalars(estimate: FamilyEstimate) -> Iterator[Scalar]:
    tau, labels = estimate.tau, estimate.random_labels
    dG = covariance_derivatives(estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        dtau = np.einsum("kii->ki", dG) / (2 * tau)
        relative = dtau / tau
    for a, label in enumerate(labels):
        yield Scalar(("tau", label), float(tau[a]), dtau[:, a], "log", bool(tau[a] > 0))
    for a, b in covarying(estimate.problem.design):
        corr = float(estimate.corr[a, b])
        with np.errstate(divide="ignore", invalid="ignore"):
            gradient = dG[:, a, b] / (tau[a] * tau[b]) - corr * (relative[:, a] + relative[:, b])
        yield Scalar(("corr", f"{labels[a]},{labels[b]}"), corr, gradient, "atanh", abs(corr) < 1 - EDGE)


def _auxiliary_scalars(estimate: FamilyEstimate) -> Iterator[Scalar]:
    problem = estimate.problem
    p, k, _ = problem.sizes
    jacobian = problem.auxiliary.jacobian(problem.split(estimate.maximum.x)[2])
    effects, scales = problem.design.outcome.auxiliary_effects, problem.auxiliary.scales
    for key, value, own, scale in zip(effects, estimate.auxiliary, jacobian, scales, strict=True):
        yield Scalar(key, float(value), np.concatenate([np.zeros(p + k), own]), scale)


def wald_family(estimate: FamilyEstimate, prob: float = 0.95, *, fixed: bool = True) -> Intervals:
    """Wald intervals of gamma, tau, corr and the auxiliary parameters, on the scales where they have no bounds.

    Parameters
    ----------
    estimate : FamilyEstimate
    prob : float
        Confidence.
    fixed : bool
        Whether to include gamma.

    Raises
    ------
    OptionError
        When `prob` is outside of (0, 1).
    """
    check_prob(prob)
    z, found = float(ndtri(0.5 + prob / 2)), component_scalars(estimate)
    bounds = np.array([_bounds(one, z * standard_error(estimate, one.gradient)) for one in found]).reshape(-1, 2)
    values, keys = np.array([one.value for one in found]), [one.key for one in found]
    if fixed:
        half = z * estimate.se
        bounds = np.concatenate([np.column_stack([estimate.gamma - half, estimate.gamma + half]), bounds])
        values, keys = np.concatenate([estimate.gamma, values]), scalar_keys(estimate)
    notes: tuple[str, ...] = ()
    if estimate.singular:
        notes = (f"On the boundary ({estimate.reason}): no Wald interval there, and the others take it as known.",)
    return Intervals(tuple(keys), values, bounds[:, 0], bounds[:, 1], prob, notes)


def _bounds(one: Scalar, half: float) -> tuple[float, float]:
    if not one.inside:
        return np.nan, np.nan
    if one.scale == "identity":
        return one.value - half, one.value + half
    if one.scale == "log":
        factor = np.exp(half / one.value)
        return one.value / factor, one.value * factor
    center, half = np.arctanh(one.value), half / (1 - one.value**2)
    return float(np.tanh(center - half)), float(np.tanh(center + half))
