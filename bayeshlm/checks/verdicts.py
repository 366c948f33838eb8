"""Thresholds and verdict of the cross-check: when a posterior mean agrees with REML's estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from bayeshlm.design.scaling import FloatArray

MAX_DIFFERENCE = 0.25
"""Largest difference, in standard errors, that counts as agreement: a 95 % interval shifted by a quarter of its
standard error still covers 94.3 %."""

MAX_ERROR = MAX_DIFFERENCE / 4
"""Largest Monte Carlo error, in standard errors, with which agreement may be stated: two of it are half of
`MAX_DIFFERENCE`. It takes about 256 effective draws."""

POSTERIOR_SD = "posterior sd"
"""Unit of a difference from an estimate that has no standard error that means anything."""

AGREES, DIFFERS, UNDECIDED, NO_ESTIMATE = "agrees", "differs", "undecided", "no estimate"


def verdict(difference: float, error: float, n_compared: int = 1) -> str:
    """Judge one difference of a posterior mean from REML's estimate.

    Parameters
    ----------
    difference, error : float
        The difference and its Monte Carlo error, in standard errors.
    n_compared : int
        Of so many differences this one is the largest.

    Returns
    -------
    str
        ``"differs"`` when it exceeds `MAX_DIFFERENCE` by more than chance allows (two Monte Carlo errors; more for
        the largest of many, after Bonferroni), ``"undecided"`` when chance may account for the excess or the error
        is larger than `MAX_ERROR`, else ``"agrees"``; ``"no estimate"`` when the difference is NaN.

    Examples
    --------
    >>> verdict(0.1, 0.02), verdict(-0.6, 0.05), verdict(0.3, 0.05), verdict(0.1, 0.2)
    ('agrees', 'differs', 'undecided', 'undecided')
    """
    if np.isnan(difference):
        return NO_ESTIMATE
    size = abs(difference)
    allowed = -ndtri(ndtr(-2.0) / n_compared) * error
    if size > MAX_DIFFERENCE + allowed:
        return DIFFERS
    return AGREES if size <= MAX_DIFFERENCE and error <= MAX_ERROR else UNDECIDED


def compared(
    summary: pd.DataFrame,
    estimate: FloatArray,
    se: FloatArray,
    regular: FloatArray,
    n_compared: int = 1,
    method: str = "REML",
) -> pd.DataFrame:
    """Set posterior summaries beside estimates.

    Parameters
    ----------
    summary : pandas.DataFrame
        Columns mean, sd and mcse_mean; R rows.
    estimate, se : arrays (R,)
        REML's or ML's.
    regular : array (R,) of bool
        Where `se` is the unit of the difference; elsewhere the posterior SD is.
    n_compared : int
        As in `verdict`, for every row.
    method : str
        Whose estimates they are.

    Returns
    -------
    pandas.DataFrame
        ``mean``, ``sd``, ``estimate``, ``se``, ``difference = (mean - estimate) / unit``, ``difference_mcse``,
        ``unit`` ("REML se", "ML se" or "posterior sd"), ``verdict``.
    """
    unit = np.where(regular, se, summary["sd"])
    unit = np.where(unit > 0, unit, np.nan)
    table = summary[["mean", "sd"]].copy()
    table["estimate"], table["se"] = estimate, se
    table["difference"] = (table["mean"] - estimate) / unit
    table["difference_mcse"] = summary["mcse_mean"] / unit
    table["unit"] = np.where(regular, f"{method} se", POSTERIOR_SD)
    pairs = zip(table["difference"], table["difference_mcse"], strict=True)
    table["verdict"] = [verdict(float(value), float(error), n_compared) for value, error in pairs]
    table.attrs.clear()
    return table
