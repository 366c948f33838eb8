"""What the densities over unconstrained values take of the priors: families and constants as numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from bayeshlm.design import Design
from bayeshlm.parameters.partial_correlations import PartialCorrelations, partial_correlations
from bayeshlm.parameters.prior_families import (
    Exponential,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    Prior,
    StudentT,
    Uniform,
)
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]

NORMAL, STUDENT_T, LAPLACE = 0.0, 1.0, 2.0


class PriorData(NamedTuple):
    """What the density takes of the priors.

    Attributes
    ----------
    gamma_prior, tau_prior, auxiliary_prior : arrays, shape (4, p), (4, q), (4, a)
        Kind, degrees of freedom, location and scale of the symmetric density of each parameter (of signed tau and of a
        positive auxiliary parameter such as sigma: the one whose absolute value has the prior).
    corr_prior : array, shape (3, m)
        Shape, row and column of each partial correlation.
    constant : array, shape (1,)
        The priors' normalizing constants, and what the known level-1 SDs add to the density.
    """

    gamma_prior: Array
    tau_prior: Array
    auxiliary_prior: Array
    corr_prior: Array
    constant: Array


def prior_data(design: Design, priors: Priors) -> PriorData:
    """Collect what the density takes of the priors."""
    partial = partial_correlations(design, priors)
    auxiliary = () if design.outcome.residuals.modeled else priors.auxiliary  # `level1_priors` has those
    return PriorData(
        gamma_prior=_symmetric_priors(priors.gamma),
        tau_prior=_symmetric_priors(priors.tau),
        auxiliary_prior=_symmetric_priors(auxiliary),
        corr_prior=np.array([partial.shapes, partial.rows, partial.columns], dtype=float),
        constant=np.array([_constant(priors, auxiliary, partial) - design.sum_of_log_sd]),
    )


class Level1Priors(NamedTuple):
    """What the density takes of the priors of level-1 SDs and correlations.

    Attributes
    ----------
    sd_prior : array, shape (4, k)
        Of each alpha, or of sigma, as in `PriorData`.
    bounds : array, shape (0,) or (2,)
        Between which the correlation is uniform, where there is one.
    one_sigma : array, shape (1,)
        1 where the SD is sigma, which is positive, 0 where it has an equation.
    constant : array, shape (1,)
        The priors' normalizing constants.
    """

    sd_prior: Array
    bounds: Array
    one_sigma: Array
    constant: Array


def level1_priors(design: Design, priors: Priors) -> Level1Priors:
    """Collect what the density takes of the priors of level-1 SDs and correlations."""
    of_sd = [prior for prior in priors.auxiliary if not isinstance(prior, Uniform)]
    bounds = [(prior.lower, prior.upper) for prior in priors.auxiliary if isinstance(prior, Uniform)]
    return Level1Priors(
        sd_prior=_symmetric_priors(of_sd),
        bounds=np.array(bounds).reshape(-1),
        one_sigma=np.array([0.0 if design.outcome.residuals.spread else 1.0]),
        constant=np.array([sum(_at_center(prior) for prior in of_sd)]),
    )


def starting_values(design: Design, priors: Priors) -> Array:
    """Unconstrained values near the middle of the priors, (D,): a place from which a mode can be found."""
    partial, auxiliary = partial_correlations(design, priors), priors.auxiliary
    at_center = [prior.parameters["mu"] for prior in priors.gamma]
    tau = 0.5 * _symmetric_priors(priors.tau)[3]
    centers = [prior.parameters["mu"] for prior in auxiliary if "mu" in prior.parameters]  # of cutpoints
    steps = np.log(np.maximum(np.diff(centers), 0.1))
    scales = np.log([_symmetric_prior(prior)[3] for prior in auxiliary if "mu" not in prior.parameters])
    return np.concatenate([at_center, tau, np.zeros(len(partial.rows)), centers[:1], steps, scales])


def _symmetric_priors(priors: Iterable[Prior]) -> Array:
    """Kind, degrees of freedom, location and scale of each prior, (4, number of priors)."""
    return np.array([_symmetric_prior(prior) for prior in priors]).reshape(-1, 4).T.copy()


def _symmetric_prior(prior: Prior) -> tuple[float, float, float, float]:
    match prior:
        case Normal(mu, sigma):
            return NORMAL, 0.0, mu, sigma
        case StudentT(nu, mu, sigma):
            return STUDENT_T, nu, mu, sigma
        case HalfNormal(sigma):
            return NORMAL, 0.0, 0.0, sigma
        case HalfStudentT(nu, sigma):
            return STUDENT_T, nu, 0.0, sigma
        case HalfCauchy(beta):
            return STUDENT_T, 1.0, 0.0, beta
        case Exponential(lam):
            return LAPLACE, 0.0, 0.0, 1 / lam
    raise TypeError(f"{prior} is no prior of an effect or of a standard deviation")


def _constant(priors: Priors, auxiliary: Iterable[Prior], partial: PartialCorrelations) -> float:
    """The log densities at their centers; half a half-family's for signed tau, which has two sides."""
    centered = sum(_at_center(prior) for prior in (*priors.gamma, *priors.tau, *auxiliary))
    return float(centered - len(priors.tau) * np.log(2) - betaln(partial.shapes, partial.shapes).sum())


def _at_center(prior: Prior) -> float:
    return float(prior.log_density(np.array(prior.parameters.get("mu", 0.0))))
