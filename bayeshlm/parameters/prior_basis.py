"""Where the default priors of the fixed effects hold: at values that the data have, not at a far-away zero.

A coefficient's meaning depends on the zero of the variables that it interacts with. When a predictor lies far
from zero (a year, say), the effect of sector in the intercept's line is the effect in the year 0, and no prior
on the data's scale fits it. The default priors are therefore stated for centered variables where the variables
lie far from zero, and for the variables as they are elsewhere. The model stays the same: only the prior's
coordinates ``C gamma`` change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.predictor import intercept_position

type Array = NDArray[np.float64]


def prior_basis(design: Design) -> Array:
    """The matrix C of the coordinates ``C gamma`` in which the default priors are independent.

    A level-1 expression or a level-2 term lies far from zero when ``|mean| > 3 sd`` over rows. With a such a
    level-1 expression, ``(a - mean(a)) w`` takes the place of ``a w``: the coefficient of w in the intercept's
    line becomes ``g_0w + mean(a) g_aw``. With w such a level-2 term, the mean slope ``g_a1`` becomes
    ``g_a1 + mean(w) g_aw``. The intercept becomes ``g00 + sum_k g_k mean(x_k)``.

    Parameters
    ----------
    design : Design

    Returns
    -------
    array, shape (p, p)
        The identity where nothing lies far from zero, but for the intercept's row; without an intercept
        the identity.
    """
    intercept = intercept_position(design.fixed)
    basis = design.moments.at_means.copy()
    if intercept is not None:
        basis[intercept] = design.moments.x_mean
        basis[intercept, intercept] = 1.0
    return basis
