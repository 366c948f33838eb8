"""Test that the level-1 variance is the same in all groups: HLM's, and its exact distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design import Design
from bayeshlm.design.gram import x_and_z_roots
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.unit_products import UnitProducts
from bayeshlm.errors import OptionError

REPLICATES = 10_000
"""Samples of the exact reference distribution: the Monte Carlo error of a p of .05 is .002."""

_CHUNK = 2_000_000


@dataclass(frozen=True, eq=False)
class LevelOneVariance:
    """HLM's test of homogeneity of level-1 variance.

    Attributes
    ----------
    chi2 : float
        ``H = sum_j d_j^2``; NaN when fewer than two groups enter.
    df : int
        Groups that enter less one.
    p : float
        From the chi-square distribution, as HLM prints it.
    p_exact : float
        From H's own distribution under equal variances, simulated: right for small groups too.
    min_df : int
        Degrees of freedom that a group needs to enter.
    groups : pandas.DataFrame
        Indexed by group, with several groupings by the finest units: ``n`` rows, ``df`` of its own regression, ``sd``
        (its residual SD), ``d`` (NaN where the group does not enter), ``used``.
    """

    chi2: float
    df: int
    p: float
    p_exact: float
    min_df: int
    groups: pd.DataFrame


def level1_variance(design: Design, min_df: int = 10, seed: int = 0) -> LevelOneVariance:
    """Test that the level-1 variance is one.

    With ``s_j^2`` the residual variance of group j's own least-squares regression on all level-1 variables and f_j its
    degrees of freedom::

        d_j = (ln s_j^2 - sum_k f_k ln s_k^2 / sum_k f_k) / sqrt(2 / f_j)        H = sum_j d_j^2

    H is compared with chi-square on one df less than there are groups (Bartlett & Kendall 1946; Raudenbush & Bryk 2002,
    Hierarchical Linear Models, 2nd ed., p. 264), which asks for groups that are not small: the variance of
    ``ln s_j^2`` exceeds ``2 / f_j``. Under the model ``s_j^2 / sigma^2`` is chi-square over f_j whatever the
    parameters, so that H has one distribution, the posterior predictive one too; `p_exact` is taken from it. With
    several groupings the groups are the finest units (`bayeshlm.design.nested_groupings.finest_units`): those of the
    grouping that is nested in all others, or the cells of crossed ones; within them every random effect is constant.

    Parameters
    ----------
    design : Design
        Cross-products are used.
    min_df : int
        Groups with fewer degrees of freedom do not enter; 1 takes all that have a residual variance.
    seed : int
        Seed of the simulated reference distribution.

    Raises
    ------
    OptionError
        `min_df` is not a whole number of at least 1.
    """
    if isinstance(min_df, bool) or not isinstance(min_df, int | np.integer) or min_df < 1:
        raise OptionError(f"min_df must be a whole number of at least 1, not {min_df!r}.")
    made = UnitProducts.of(design)
    rss, df = own_residuals(made.products)
    variance = np.divide(rss, df, out=np.full(len(df), np.nan), where=df > 0)
    used = (df >= min_df) & (rss > 0)
    d = np.full(len(df), np.nan)
    chi2 = p = p_exact = np.nan
    if used.sum() > 1:
        d[used] = standardized_logs(np.log(variance[used]), df[used])
        chi2 = float(np.sum(d[used] ** 2))
        p = float(chdtrc(used.sum() - 1, chi2))
        reference = reference_distribution(df[used], np.random.default_rng(seed))
        p_exact = float((1 + np.sum(reference >= chi2)) / (1 + len(reference)))
    columns = {"n": made.products.n, "df": df, "sd": np.sqrt(variance), "d": d, "used": used}
    groups = pd.DataFrame(columns, made.units.labels)
    return LevelOneVariance(chi2, max(int(used.sum()) - 1, 0), p, p_exact, int(min_df), groups)


def standardized_logs(logs: FloatArray, df: IntArray) -> FloatArray:
    """``d_j`` of log variances, (J,).

    Examples
    --------
    >>> standardized_logs(np.array([0.0, 1.0]), np.array([8, 8])).tolist()
    [-1.0, 1.0]
    """
    return np.asarray((logs - df @ logs / df.sum()) / np.sqrt(2 / df))


def reference_distribution(df: IntArray, rng: np.random.Generator, size: int = REPLICATES) -> FloatArray:
    """Draws of H when all variances are equal, (size,), a part of the groups at a time."""
    step = max(_CHUNK // size, 1)
    total, squares = np.zeros(size), np.zeros(size)
    for start in range(0, len(df), step):
        f = df[start : start + step].astype(float)
        logs = np.log(rng.chisquare(f, (size, len(f))) / f)
        total += logs @ f
        squares += logs**2 @ f
    return np.asarray((squares - total**2 / df.sum()) / 2)


def own_residuals(products: CrossProducts) -> tuple[FloatArray, IntArray]:
    """Residual sum of squares and degrees of freedom of each group's own regression, from the cross-products.

    Within a group the columns of X and Z span its level-1 variables. Columns that its rows do not tell apart (level-2
    variables, a variable that is constant in the group) count once; a residual that is nothing but rounding is zero.

    Returns
    -------
    rss, df : arrays (J,)
    """
    roots = x_and_z_roots(products)
    right = np.concatenate([products.Zty, products.Xty], axis=1)
    fitted = np.sum(np.einsum("jka,ja->jk", roots.whiten, right) ** 2, axis=1)
    df = products.n - roots.rank
    rss = np.where(df > 0, products.yty - fitted, 0.0)
    rounding = 1e-10 * (products.yty + products.yty.mean())
    return np.where(rss > rounding, rss, 0.0), df
