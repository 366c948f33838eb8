"""Tests of normality of residuals by skewness and kurtosis, from sums of powers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from bayeshlm.design.scaling import FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Normality:
    """Shape of the level-1 errors r at posterior draws, and what normal errors would give.

    Attributes
    ----------
    skewness, kurtosis : float
        Posterior means of the two; 0 and 3 for normal errors.
    p_skewness, p_kurtosis : float
        Posterior predictive p-values, two-sided: the tests' p averaged over the draws; NaN below 20 rows.
    n_draws : int
        Draws used.
    """

    skewness: float
    kurtosis: float
    p_skewness: float
    p_kurtosis: float
    n_draws: int


def normality(sums: FloatArray, n_obs: int) -> Normality:
    """Judge the errors from their sums of powers.

    The errors of a draw are ``r = y - X gamma - Z u`` with u drawn too, which are independent normals under the model:
    a realized discrepancy whose reference distribution is the same for every draw (Gelman, Meng & Stern 1996,
    Statistica Sinica 6, 733-807), that of a normal sample's skewness (D'Agostino 1970, Biometrika 57, 679-681) and
    kurtosis (Anscombe & Glynn 1983, Biometrika 70, 227-234). Draws of u are normal themselves, which hides faults in
    groups of one or two rows.

    Parameters
    ----------
    sums : array (4, S)
        Sums over rows of r, r^2, r^3 and r^4 at each draw.
    n_obs : int
        Rows.
    """
    m1, m2, m3, m4 = sums / n_obs
    variance = m2 - m1**2
    skewness = (m3 - 3 * m1 * m2 + 2 * m1**3) / variance**1.5
    kurtosis = (m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) / variance**2
    p = [np.nan, np.nan]
    if n_obs >= 20:
        scores = (skewness_score(skewness, n_obs), kurtosis_score(kurtosis, n_obs))
        p = [float(np.mean(2 * ndtr(-np.abs(z)))) for z in scores]
    return Normality(float(skewness.mean()), float(kurtosis.mean()), p[0], p[1], sums.shape[1])


def skewness_score(skewness: FloatArray, n: int) -> FloatArray:
    """Skewness of a sample of n normals as a standard normal score (D'Agostino 1970)."""
    y = skewness * np.sqrt((n + 1) * (n + 3) / (6.0 * (n - 2)))
    beta = 3.0 * (n**2 + 27 * n - 70) * (n + 1) * (n + 3) / ((n - 2.0) * (n + 5) * (n + 7) * (n + 9))
    w2 = -1 + np.sqrt(2 * (beta - 1))
    return np.asarray(np.arcsinh(y / np.sqrt(2 / (w2 - 1))) / np.sqrt(0.5 * np.log(w2)))


def kurtosis_score(kurtosis: FloatArray, n: int) -> FloatArray:
    """Kurtosis of a sample of n normals as a standard normal score (Anscombe & Glynn 1983)."""
    mean = 3.0 * (n - 1) / (n + 1)
    variance = 24.0 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3.0) * (n + 5))
    x = (kurtosis - mean) / np.sqrt(variance)
    root = 6.0 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9)) * np.sqrt(6.0 * (n + 3) * (n + 5) / (n * (n - 2) * (n - 3)))
    A = 6.0 + 8.0 / root * (2.0 / root + np.sqrt(1 + 4.0 / root**2))
    denominator = 1 + x * np.sqrt(2 / (A - 4.0))
    cube = np.sign(denominator) * ((1 - 2.0 / A) / np.abs(denominator)) ** (1 / 3.0)
    return np.asarray((1 - 2 / (9.0 * A) - cube) / np.sqrt(2 / (9.0 * A)))
