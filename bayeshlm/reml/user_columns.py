"""The relative factor of G in the user's columns, and what it says of the correlations."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.optimize import AnyCriterion
from bayeshlm.reml.relative_factor import FactorPattern, lower_factor


def user_factor(deviance: AnyCriterion, Lambda: FloatArray) -> FloatArray:
    """Relative factor of G in the user's columns, (q, q), of one in the columns of the cross-products.

    A row that is zero within the accuracy of the search is zero.
    """
    S = deviance.scaled.z_transform
    lower = lower_factor(S @ Lambda, tolerance=1e-13)
    smallest = 1e-6 * np.abs(np.diag(S)) * deviance.effect_scale
    return np.where(np.linalg.norm(lower, axis=1, keepdims=True) < smallest[:, None], 0.0, lower)


def correlations(Lambda: FloatArray) -> FloatArray:
    """Correlations of effects with the factor Lambda, (q, q); NaN where an SD is zero.

    Examples
    --------
    >>> correlations(np.array([[2.0, 0.0], [3.0, 4.0]]))
    array([[1. , 0.6],
           [0.6, 1. ]])
    """
    length = np.linalg.norm(Lambda, axis=1)
    unit = np.divide(Lambda, length[:, None], out=np.full_like(Lambda, np.nan), where=length[:, None] > 0)
    corr: FloatArray = np.clip(unit @ unit.T, -1, 1)
    np.fill_diagonal(corr, 1.0)
    return corr


def why_singular(
    tau: FloatArray, corr: FloatArray, Lambda: FloatArray, pattern: FactorPattern, labels: tuple[str, ...]
) -> str:
    """Say which tau is 0 or which correlation is 1 or -1."""
    found = [f"the variance of {label} is 0" for label, sd in zip(labels, tau, strict=True) if sd == 0]
    found += [
        f"the correlation of {labels[b]} and {labels[a]} is {'1' if corr[a, b] > 0 else '-1'}"
        for a, b in zip(pattern.rows, pattern.columns, strict=True)
        if a != b and abs(corr[a, b]) > 1 - 1e-9
    ]
    if found:
        return "; ".join(found)
    rank = int(np.count_nonzero(np.diag(Lambda)))
    return f"the covariance matrix of {', '.join(labels)} has rank {rank}: a combination of them does not vary"
