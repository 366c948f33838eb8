"""Wald intervals: Student's t for fixed effects, on unbounded scales for SDs and correlations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

from bayeshlm.arguments import check_prob
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.hlm_statistics import robust_vcov
from bayeshlm.reml.satterthwaite import satterthwaite
from bayeshlm.reml.tests_of_effects import DfMethod, TTests, t_tests

type IntervalDf = DfMethod | Literal["normal"]
type ParameterKey = tuple[str, str]

NORMAL = 1e15
"""Degrees of freedom from which on Student's t counts as the normal distribution."""


@dataclass(frozen=True, eq=False, slots=True)
class Intervals:
    """Interval estimates of several parameters; arrays are (m,).

    Attributes
    ----------
    keys : tuple of (component, effect)
        ``("gamma", "g00")``, ``("tau", "u0")``, ``("corr", "u0,u1")``, ``("sigma", "")``.
    estimate, lower, upper : ndarray
        NaN where there is none.
    prob : float
        Confidence.
    notes : tuple of str
        What must be said about them.
    """

    keys: tuple[ParameterKey, ...]
    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray
    prob: float
    notes: tuple[str, ...] = ()


def fixed_tests(estimate: RemlEstimate, df: IntervalDf = "satterthwaite", robust: Design | None = None) -> TTests:
    """Test every fixed effect, with normal tests and cluster-robust standard errors among the choices.

    Parameters
    ----------
    estimate : RemlEstimate
        A fit.
    df : "satterthwaite", "kenward-roger" or "normal"
        Degrees of freedom; "normal" takes them as infinite.
    robust : Design, optional
        Use the cluster-robust standard errors of `robust_vcov` of this design, with the same degrees of freedom.

    Raises
    ------
    OptionError
        For other degrees of freedom, or robust standard errors with Kenward and Roger's, which belong to theirs.
    """
    if df not in ("satterthwaite", "kenward-roger", "normal"):
        raise OptionError(f'df is "satterthwaite", "kenward-roger" or "normal", not {df!r}.')
    if robust is not None and df == "kenward-roger":
        raise OptionError('Kenward-Roger adjusts its own standard errors: take df="satterthwaite" or "normal".')
    if df != "normal":
        tests = t_tests(estimate, df)
        if robust is None:
            return tests
        degrees = tests.df
    else:
        degrees = np.full(len(estimate.gamma), np.inf)
    se = estimate.se if robust is None else np.sqrt(np.diag(robust_vcov(robust, estimate)))
    t = estimate.gamma / se
    p = np.asarray(2 * stdtr(np.minimum(degrees, NORMAL), -np.abs(t)))
    return TTests(estimate.fixed_labels, estimate.gamma, se, degrees, t, p, df)


def t_bounds(tests: TTests, prob: float) -> tuple[FloatArray, FloatArray]:
    """Bounds ``estimate -+ t se`` of Student's t with each row's degrees of freedom, two (m,) arrays."""
    half = np.asarray(stdtrit(np.minimum(tests.df, NORMAL), 0.5 + prob / 2)) * tests.se
    return tests.estimate - half, tests.estimate + half


def parameter_keys(estimate: RemlEstimate) -> tuple[ParameterKey, ...]:
    """Names of gamma, tau, the correlations within blocks, and sigma, in this order."""
    return (*(("gamma", label) for label in estimate.fixed_labels), *component_keys(estimate))


def component_keys(estimate: RemlEstimate) -> tuple[ParameterKey, ...]:
    """Names of tau, the correlations within blocks, and sigma unless it is known, in this order."""
    labels = estimate.random_labels
    pairs = [("corr", f"{labels[a]},{labels[b]}") for a, b in correlated_pairs(estimate)]
    sigma: tuple[ParameterKey, ...] = () if estimate.sigma_known else (("sigma", ""),)
    return (*(("tau", label) for label in labels), *pairs, *sigma)


def correlated_pairs(estimate: RemlEstimate) -> list[tuple[int, int]]:
    """Positions a < b of random effects in one block."""
    together = estimate.deviance_function.pattern.mask()
    return [(a, b) for a, b in combinations(range(len(together)), 2) if together[a, b]]


def component_estimates(estimate: RemlEstimate) -> FloatArray:
    """Tau, correlations and sigma in the order of `component_keys`."""
    corr = [estimate.corr[pair] for pair in correlated_pairs(estimate)]
    return np.array([*estimate.tau, *corr, *([] if estimate.sigma_known else [estimate.sigma])])


def covariance_gradient(estimate: RemlEstimate) -> FloatArray:
    """Derivatives of G in (theta, sigma) of the scaled columns, (k + 1, q, q): ``G = sigma^2 S Lambda Lambda' S'``.

    Where sigma is known they are those in theta, (k, q, q).
    """
    deviance, Lambda = estimate.deviance_function, estimate.optimum.solution.Lambda
    pattern, S = deviance.pattern, deviance.scaled.z_transform
    single = np.zeros((pattern.n_free, pattern.size, pattern.size))
    single[np.arange(pattern.n_free), pattern.rows, pattern.columns] = 1.0
    half = estimate.sigma**2 * S @ single @ Lambda.T @ S.T
    by_theta = half + half.transpose(0, 2, 1)
    if estimate.sigma_known:
        return np.asarray(by_theta)
    return np.concatenate([by_theta, 2 * estimate.G[None] / estimate.sigma])


def component_derivatives(estimate: RemlEstimate) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Derivatives of tau, correlations and sigma in (theta, sigma) of the scaled columns, (k + 1, m).

    Returns
    -------
    ndarray, (k + 1, m)
        In the order of `component_keys`; 0 on the boundary.
    ndarray of bool, (m,)
        Which of them are inside of their bounds.
    """
    tau, corr = estimate.tau, estimate.corr
    dG = covariance_gradient(estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        dlog = np.einsum("kaa->ka", dG) / (2 * tau**2)
        every = dG / np.outer(tau, tau) - corr * (dlog[:, :, None] + dlog[:, None, :])
        dtau = dlog * tau
    pairs = correlated_pairs(estimate)
    dcorr = [every[:, a, b] for a, b in pairs]
    dsigma = [] if estimate.sigma_known else [np.eye(len(dG))[-1]]
    edge = [abs(corr[pair]) < 1 - 1e-9 for pair in pairs]
    inside = np.array([*(tau > 0), *edge, *(True for _ in dsigma)])
    return np.where(inside, np.column_stack([dtau, *dcorr, *dsigma]), 0.0), inside


def wald_components(estimate: RemlEstimate, prob: float = 0.95) -> Intervals:
    """Wald intervals of the SDs and correlations, on the scales where they are unbounded.

    Normal on ``log tau``, ``atanh corr`` and ``log sigma``, with the exact Hessian of the deviance, as nlme's
    ``intervals`` with a Hessian by finite differences (Pinheiro & Bates 2000, section 2.4.3). On the boundary there
    is no such interval, and the others take the boundary as known.

    Parameters
    ----------
    estimate : RemlEstimate
        A fit.
    prob : float
        Confidence.

    Raises
    ------
    OptionError
        When `prob` is outside of (0, 1).
    """
    check_prob(prob)
    values = component_estimates(estimate)
    q, last = len(estimate.tau), len(estimate.tau) + len(correlated_pairs(estimate))
    is_corr = np.zeros(len(values), bool)
    is_corr[q:last] = True
    by_value, inside = component_derivatives(estimate)
    D = by_value / np.where(inside, np.where(is_corr, 1 - values**2, values), 1.0)  # on the scales of log and atanh
    se = np.sqrt(np.maximum(np.einsum("ki,kl,li->i", D, satterthwaite(estimate).parameter_vcov, D), 0.0))
    half = np.where(inside, float(ndtri(0.5 + prob / 2)) * se, np.nan)
    bounds = []
    for sign in (-1, 1):
        with np.errstate(over="ignore"):
            scaled = values * np.exp(sign * half)
        center = np.arctanh(np.where(is_corr & inside, values, 0.0))
        bounds.append(np.where(is_corr, np.tanh(center + sign * half), scaled))
    notes: tuple[str, ...] = ()
    if estimate.singular:
        notes = (f"On the boundary ({estimate.reason}): no Wald interval there, and the others take it as known.",)
    return Intervals(component_keys(estimate), values, bounds[0], bounds[1], prob, notes)


def wald_intervals(estimate: RemlEstimate, prob: float = 0.95, df: IntervalDf = "satterthwaite") -> Intervals:
    """Wald intervals of gamma, tau, corr and sigma.

    Parameters
    ----------
    estimate : RemlEstimate
        A fit.
    prob : float
        Confidence.
    df : "satterthwaite", "kenward-roger" or "normal"
        Degrees of freedom of the fixed effects' t.

    See Also
    --------
    wald_components : how those of SDs and correlations are made.
    """
    components = wald_components(estimate, prob)
    tests = fixed_tests(estimate, df)
    lower, upper = t_bounds(tests, prob)
    return Intervals(
        keys=parameter_keys(estimate),
        estimate=np.concatenate([tests.estimate, components.estimate]),
        lower=np.concatenate([lower, components.lower]),
        upper=np.concatenate([upper, components.upper]),
        prob=prob,
        notes=components.notes,
    )
