"""The simple regression of the outcome on one variable in each group by itself, as drawn through its data."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.centering import GroupMeans
from bayeshlm.design.scaling import FloatArray, IntArray


def own_lines(x: FloatArray, y: FloatArray, group_codes: IntArray, n_groups: int) -> FloatArray:
    """Least-squares line of every group, with no other variable.

    Parameters
    ----------
    x, y : (N,) arrays
    group_codes : (N,) array of int
    n_groups : int

    Returns
    -------
    (J, 2) array
        Intercept and slope; NaN in groups in which x does not vary.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.array([0, 0, 0, 1])
    >>> own_lines(np.array([0.0, 1.0, 2.0, 5.0]), np.array([1.0, 3.0, 5.0, 9.0]), codes, 2)
    array([[ 1.,  2.],
           [nan, nan]])
    """
    both = np.column_stack([x, y])
    learned = GroupMeans.learn(both, group_codes, n_groups)
    centered = learned.deviations(both, group_codes)
    sxx = np.bincount(group_codes, weights=centered[:, 0] ** 2, minlength=n_groups)
    sxy = np.bincount(group_codes, weights=centered[:, 0] * centered[:, 1], minlength=n_groups)
    size = np.bincount(group_codes, weights=x * x, minlength=n_groups)
    varies = sxx > 1e-20 * size
    slope = np.divide(sxy, sxx, out=np.full(n_groups, np.nan), where=varies)
    return np.column_stack([learned.means[:, 1] - slope * learned.means[:, 0], slope])
