"""Whether two designs are of the same rows, as far as sums over rows tell."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import rows_of_units

SAME = 1e-10
"""Relative difference of sums of the same numbers, added up in another order."""


def difference_of_sums(first: Design, second: Design, groupings: list[tuple[int, int]]) -> str:
    """What tells that two designs are not of the same rows and outcome: a name, or nothing.

    Parameters
    ----------
    first, second : Design
    groupings : list of (int, int)
        Positions of the groupings whose units have to be the same.

    Returns
    -------
    str
        ``"groups"``, ``"outcome"``, ``"offset"``, or empty.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> one, other = (hlm.open_model(name).design for name in ("hsb-one-way-anova", "hsb-random-coefficients"))
    >>> difference_of_sums(one, other, [(0, 0)])
    ''
    """
    for k, m in groupings:
        labels = first.predictor.random[k].labels, second.predictor.random[m].labels
        if not labels[0].equals(labels[1]) or not np.array_equal(rows_of_units(first, k), rows_of_units(second, m)):
            return "groups"
    one, other = first.moments, second.moments
    if first.outcome.name != second.outcome.name or one.y_range != other.y_range:
        return "outcome"
    if not np.allclose((one.y_mean, one.y_sd), (other.y_mean, other.y_sd), rtol=SAME, atol=SAME * one.y_sd):
        return "outcome"
    return "" if abs(one.offset_mean - other.offset_mean) <= SAME * one.y_sd else "offset"
