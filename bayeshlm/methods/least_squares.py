"""Ordinary least squares, as far as the comparison of methods needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import fdtrc, stdtr

from bayeshlm.design.scaling import FloatArray, column_moments, scaling_matrix

COLLINEAR = 1e-9
"""Share of a column's variance below which what other columns leave of it counts as rounding."""


@dataclass(frozen=True, eq=False, slots=True)
class FTest:
    """An F statistic with its degrees of freedom and p."""

    F: float
    numerator_df: int
    denominator_df: float
    p: float

    @classmethod
    def of(cls, F: float, numerator_df: int, denominator_df: float) -> FTest:
        """Attach the upper tail probability."""
        return cls(F, numerator_df, denominator_df, float(fdtrc(numerator_df, denominator_df, F)))


@dataclass(frozen=True, eq=False)
class LinearEstimates:
    """Estimates that are linear in the outcome, with exact t tests under normality.

    Attributes
    ----------
    labels : tuple of str
        Names of the k estimates.
    coef : ndarray, (k,)
        Estimates.
    vcov : ndarray, (k, k)
        Their covariance matrix, as the method claims it.
    df : int
        Degrees of freedom of the variance in it.
    """

    labels: tuple[str, ...]
    coef: FloatArray
    vcov: FloatArray
    df: int

    @property
    def se(self) -> FloatArray:
        """Standard errors, (k,)."""
        return np.asarray(np.sqrt(np.diag(self.vcov)))

    @property
    def t(self) -> FloatArray:
        """Estimates over standard errors, (k,)."""
        return np.asarray(self.coef / self.se)

    @property
    def p(self) -> FloatArray:
        """Two-sided p of each t, (k,)."""
        return np.asarray(2 * stdtr(self.df, -np.abs(self.t)))

    def wald(self, L: npt.ArrayLike) -> FTest:
        """Test that the independent rows of ``L coef`` are all zero: ``(L b)'(L V L')^-1 (L b) / m``."""
        matrix = np.atleast_2d(np.asarray(L, dtype=np.float64))
        value = matrix @ self.coef
        F = float(value @ np.linalg.solve(matrix @ self.vcov @ matrix.T, value)) / len(matrix)
        return FTest.of(F, len(matrix), self.df)


@dataclass(frozen=True, eq=False)
class LeastSquares(LinearEstimates):
    """A least-squares regression.

    Attributes
    ----------
    residuals : ndarray, (n,)
        What the regression leaves of the outcome.
    rss, tss : float
        Sums of squares of the residuals, and of the outcome about its mean (NaN without an intercept); weighted if
        the regression is.
    unscaled : ndarray, (k, k)
        ``(X'X)^-1``.
    """

    residuals: FloatArray
    rss: float
    tss: float
    unscaled: FloatArray

    @property
    def sigma(self) -> float:
        """Residual standard error."""
        return float(np.sqrt(self.rss / self.df))

    @property
    def r_squared(self) -> float:
        """Share of the variance that is explained."""
        return 1 - self.rss / self.tss

    @property
    def adjusted_r_squared(self) -> float:
        """`r_squared`, corrected for the number of coefficients."""
        return 1 - (1 - self.r_squared) * (self.df + len(self.coef) - 1) / self.df

    @property
    def overall(self) -> FTest:
        """Test that every coefficient but the intercept is zero."""
        m = len(self.coef) - 1
        return FTest.of((self.tss - self.rss) / m / (self.rss / self.df), m, self.df)


def least_squares(
    X: FloatArray,
    y: FloatArray,
    labels: Sequence[str],
    *,
    intercept: int | None = None,
    absorbed: int = 0,
    weights: FloatArray | None = None,
) -> LeastSquares:
    """Regress y on the columns of X, which must be independent.

    Parameters
    ----------
    X : ndarray, (n, k)
        Columns; see `independent_columns`.
    y : ndarray, (n,)
        Outcome.
    labels : sequence of str, (k,)
        Names of the columns.
    intercept : int, optional
        Position of the column of ones.
    absorbed : int
        Parameters that were taken out of X and y before, such as group means.
    weights : ndarray, (n,), optional
        Case weights.

    Examples
    --------
    >>> x = np.array([0.0, 1.0, 2.0, 3.0])
    >>> fit = least_squares(np.column_stack([np.ones(4), x]), 1 + 2 * x, ["(Intercept)", "x"], intercept=0)
    >>> fit.coef.round(9), fit.df
    (array([1., 2.]), 2)
    """
    n, k = X.shape
    mean, sd = column_moments(X)
    transform = scaling_matrix(mean, sd, intercept, range(k))
    shift = np.zeros(k) if intercept is None else np.where(np.arange(k) == intercept, 0.0, mean)
    scaled = (X - shift) / (1 / np.diag(transform))
    root = np.ones(n) if weights is None else np.sqrt(weights)
    Q, R = np.linalg.qr(root[:, None] * scaled)
    solution = np.linalg.solve(R, Q.T @ (root * y))
    residuals = y - scaled @ solution
    rss = float(np.sum((root * residuals) ** 2))
    half = transform @ np.linalg.inv(R)
    unscaled = half @ half.T
    df = n - k - absorbed
    variance = rss / df if df > 0 else np.nan
    tss = float("nan") if intercept is None else float(np.sum((root * (y - np.average(y, weights=weights))) ** 2))
    return LeastSquares(
        tuple(labels), transform @ solution, variance * unscaled, df, residuals, rss, tss, np.asarray(unscaled)
    )


def independent_columns(
    columns: FloatArray,
    *,
    intercept: int | None = None,
    size: FloatArray | None = None,
    tolerance: float = COLLINEAR,
) -> list[int]:
    """Positions of the columns that are no linear combination of columns before them.

    Parameters
    ----------
    columns : ndarray, (n, k)
        Columns.
    intercept : int, optional
        Position of a column of ones, which counts as standing before all others.
    size : ndarray, (k,), optional
        What a column must be measured by to tell that it is zero; its own length by default.
    tolerance : float
        Share of a column's variance that the others must leave.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 4.0])
    >>> independent_columns(np.column_stack([np.ones(3), x, 3 - x, x**2]), intercept=0)
    [0, 1, 3]
    """
    k = columns.shape[1]
    mean, _ = column_moments(columns)
    centered = columns if intercept is None else columns - np.where(np.arange(k) == intercept, 0.0, mean)
    length = np.sqrt(np.einsum("ik,ik->k", centered, centered))
    reference = np.sqrt(np.einsum("ik,ik->k", columns, columns)) if size is None else size
    alive = length > 1e-11 * np.where(reference > 0, reference, np.inf)
    unit = centered / np.where(alive, length, 1.0)
    gram = unit.T @ unit
    kept: list[int] = []
    for column in sorted(range(k), key=lambda position: position != intercept):
        if not alive[column]:
            continue
        share = np.linalg.solve(gram[np.ix_(kept, kept)], gram[kept, column]) if kept else np.zeros(0)
        if gram[column, column] - gram[column, kept] @ share > tolerance:
            kept.append(column)
    return sorted(kept)
