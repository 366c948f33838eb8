"""Tests of fixed effects: t tests, type III F tests, general linear hypotheses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc, fdtrc, stdtr

from bayeshlm.design.predictor import FixedColumn
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.hypotheses import Hypothesis, hypothesis_from_matrix
from bayeshlm.reml.kenward_roger import KenwardRoger, kenward_roger
from bayeshlm.reml.relative_factor import lower_factor
from bayeshlm.reml.satterthwaite import Satterthwaite, satterthwaite

type DfMethod = Literal["satterthwaite", "kenward-roger"]


@dataclass(frozen=True, eq=False, slots=True)
class TTests:
    """Student's t for linear combinations of the fixed effects; every array is (m,).

    Attributes
    ----------
    labels : tuple of str
        Names of the combinations.
    estimate, se, df, t, p : ndarray
        Estimate of ``l'gamma - c``'s left side, standard error, degrees of freedom, statistic, two-sided p.
    df_method : "satterthwaite", "kenward-roger" or "normal"
        Kenward-Roger's standard errors are the adjusted ones; normal tests have infinite df.
    """

    labels: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    df: FloatArray
    t: FloatArray
    p: FloatArray
    df_method: DfMethod | Literal["normal"]


@dataclass(frozen=True, eq=False, slots=True)
class WaldTest:
    """Joint test of the rows of a hypothesis.

    Attributes
    ----------
    label : str
        What is tested.
    numerator_df : int
        Rank m of the rows.
    denominator_df, F, p : float
        F test; Kenward-Roger's F is the scaled one.
    chi2, chi2_p : float
        Wald's statistic with the unadjusted covariance matrix, on m degrees of freedom.
    rows : TTests
        Each row by itself.
    """

    label: str
    numerator_df: int
    denominator_df: float
    F: float
    p: float
    chi2: float
    chi2_p: float
    rows: TTests


def t_tests(estimate: RemlEstimate, df: DfMethod = "satterthwaite") -> TTests:
    """Test every fixed effect by its t.

    Parameters
    ----------
    estimate : RemlEstimate
        A fit.
    df : "satterthwaite" or "kenward-roger"
        Degrees of freedom.
    """
    p = len(estimate.gamma)
    return _rows(estimate, basis_of(estimate, df), estimate.fixed_labels, np.eye(p), np.zeros(p), df)


def linear_hypothesis(estimate: RemlEstimate, hypothesis: Hypothesis, df: DfMethod = "satterthwaite") -> WaldTest:
    """Test ``L gamma = c``.

    Notes
    -----
    ``F = (L gamma - c)' (L V L')^-1 (L gamma - c) / m``. Rows that follow from the others are left out of m.

    Raises
    ------
    OptionError
        When rows contradict each other.
    """
    return _wald(estimate, basis_of(estimate, df), "; ".join(hypothesis.labels), hypothesis, df)


def normal_hypothesis(estimate: Estimate, hypothesis: Hypothesis) -> WaldTest:
    """Test ``L gamma = c`` by the normal distribution and chi-square, as for outcomes that are not normal.

    Raises
    ------
    OptionError
        When rows contradict each other.
    """
    L, value = _independent(hypothesis, estimate.se)
    difference = L @ estimate.gamma - value
    chi2 = float(difference @ np.linalg.solve(L @ estimate.vcov @ L.T, difference))
    p, m = float(chdtrc(len(L), chi2)), len(L)
    label = "; ".join(hypothesis.labels)
    combination = hypothesis.L @ estimate.gamma
    se = np.sqrt(np.diag(hypothesis.L @ estimate.vcov @ hypothesis.L.T))
    z, df = (combination - hypothesis.value) / se, np.full(len(se), np.inf)
    rows = TTests(hypothesis.labels, combination, se, df, z, _two_sided(z, df), "normal")
    return WaldTest(label, m, np.inf, chi2 / m, p, chi2, p, rows)


def type_three(
    estimate: RemlEstimate,
    fixed: Sequence[FixedColumn],
    effects: FloatArray,
    df: DfMethod = "satterthwaite",
) -> tuple[WaldTest, ...]:
    """F test of every term, given all others: all effects of one symbol are zero. Intercepts are left out.

    Parameters
    ----------
    estimate : RemlEstimate
        A fit.
    fixed : sequence of FixedColumn, (p,)
        The design's columns of fixed effects.
    effects : ndarray, (p, p)
        Row k holds the weights of an effect of the symbol of column k: with `sum_coded_effects` these are type III
        tests, with the identity they are tests of the columns as they are coded.
    df : "satterthwaite" or "kenward-roger"
        Denominator degrees of freedom.
    """
    basis = basis_of(estimate, df)
    symbols = list(dict.fromkeys(column.symbol for column in fixed if not column.is_intercept))
    tests = []
    for symbol in symbols:
        index = [k for k, column in enumerate(fixed) if column.symbol == symbol]
        tests.append(_wald(estimate, basis, symbol, hypothesis_from_matrix(effects[index], estimate.fixed_labels), df))
    return tuple(tests)


def basis_of(estimate: RemlEstimate, df: DfMethod) -> Satterthwaite | KenwardRoger:
    """What gives covariance matrices and degrees of freedom of linear combinations of the fixed effects.

    Raises
    ------
    OptionError
        For other degrees of freedom.
    """
    if df == "satterthwaite":
        return satterthwaite(estimate)
    if df == "kenward-roger":
        return kenward_roger(estimate)
    raise OptionError(f'df is "satterthwaite" or "kenward-roger", not {df!r}.')


def _rows(
    estimate: RemlEstimate,
    basis: Satterthwaite | KenwardRoger,
    labels: tuple[str, ...],
    L: FloatArray,
    value: FloatArray,
    df: DfMethod,
) -> TTests:
    combination = L @ estimate.gamma
    se = np.sqrt(np.diag(basis.covariance(L)))
    t = (combination - value) / se
    degrees = basis.df(L)
    return TTests(labels, combination, se, degrees, t, _two_sided(t, degrees), df)


def _two_sided(t: FloatArray, df: FloatArray) -> FloatArray:
    # stdtr takes a very large df for the normal distribution
    return np.asarray(2 * stdtr(np.minimum(df, 1e15), -np.abs(t)))


def _wald(
    estimate: RemlEstimate,
    basis: Satterthwaite | KenwardRoger,
    label: str,
    hypothesis: Hypothesis,
    df: DfMethod,
) -> WaldTest:
    L, value = _independent(hypothesis, estimate.se)
    m = len(L)
    difference = L @ estimate.gamma - value
    scaled = L @ estimate.deviance_function.scaled.x_transform
    vcov = estimate.sigma**2 * scaled @ estimate.optimum.solution.XVX_inv @ scaled.T
    chi2 = float(difference @ np.linalg.solve(vcov, difference))
    if isinstance(basis, KenwardRoger):
        denominator, scale = basis.test(L)
        F = scale * float(difference @ np.linalg.solve(basis.covariance(L), difference)) / m
    else:
        denominator, F = basis.denominator_df(L), chi2 / m
    return WaldTest(
        label=label,
        numerator_df=m,
        denominator_df=denominator,
        F=F,
        p=float(fdtrc(m, min(denominator, 1e15), F)),
        chi2=chi2,
        chi2_p=float(chdtrc(m, chi2)),
        rows=_rows(estimate, basis, hypothesis.labels, hypothesis.L, hypothesis.value, df),
    )


def _independent(hypothesis: Hypothesis, se: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The rows that do not follow from rows before them: L (r, p), value (r,)."""
    scaled = hypothesis.L * se
    length = np.linalg.norm(scaled, axis=1)
    scaled, value = scaled / length[:, None], hypothesis.value / length
    keep = np.diag(lower_factor(scaled)) > 0
    weights = np.linalg.lstsq(scaled[keep].T, scaled[~keep].T, rcond=None)[0]
    gap = np.abs(value[~keep] - weights.T @ value[keep])
    if np.any(gap > 1e-9 * max(1.0, float(np.abs(value).max()))):
        raise OptionError(f"The statements contradict each other: {'; '.join(hypothesis.labels)}.")
    return hypothesis.L[keep], hypothesis.value[keep]
