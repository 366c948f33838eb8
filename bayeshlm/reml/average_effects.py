"""Average predictions, comparisons and slopes at estimates, with their standard errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from bayeshlm.arguments import check_prob
from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.intervals import NORMAL
from bayeshlm.reml.tests_of_effects import DfMethod, basis_of


def linear_effects(
    estimate: RemlEstimate,
    L: FloatArray,
    constant: FloatArray,
    index: pd.Index,
    prob: float = 0.95,
    df: DfMethod = "satterthwaite",
) -> pd.DataFrame:
    """``L gamma + constant`` with Student's t, as emmeans has it.

    Parameters
    ----------
    estimate : RemlEstimate
    L, constant : (m, p), (m,) arrays
    index : Index of m
    prob : float
        Confidence.
    df : {"satterthwaite", "kenward-roger"}
        Degrees of freedom; Kenward-Roger's standard errors are the adjusted ones.

    Returns
    -------
    pandas.DataFrame
        ``estimate``, ``se``, ``df``, ``t``, ``p``, ``lower``, ``upper``.
    """
    basis = basis_of(estimate, df)
    se, degrees = np.sqrt(np.maximum(np.diag(basis.covariance(L)), 0.0)), np.full(len(L), np.inf)
    varies = se > 0
    degrees[varies] = basis.df(L[varies])
    return effects_table(L @ estimate.gamma + constant, se, degrees, index, prob)


def effects_table(
    values: FloatArray, se: FloatArray, df: FloatArray, index: pd.Index, prob: float = 0.95, null: float = 0.0
) -> pd.DataFrame:
    """Table of estimates with the t of their difference from `null`, by degrees of freedom that may be infinite."""
    check_prob(prob)
    finite = np.minimum(df, NORMAL)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (values - null) / se
    half = stdtrit(finite, 0.5 + prob / 2) * se
    p = 2 * stdtr(finite, -np.abs(t))
    columns = {"estimate": values, "se": se, "df": df, "t": t, "p": p, "lower": values - half, "upper": values + half}
    table = pd.DataFrame(columns, index=index)
    table.attrs = {"ci_prob": prob}
    return table
