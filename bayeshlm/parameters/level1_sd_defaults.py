"""Default priors of the coefficients (alpha) of ``log(sigma) = a0 + a1*x``, from the data's scales."""

from __future__ import annotations

import numpy as np

from bayeshlm.design import Design
from bayeshlm.parameters.prior_families import HalfStudentT, Normal, Prior

AT_MEANS = 1.5
"""SD of the prior of the logarithm of the level-1 SD at the means of its predictors: a factor of 20 either way."""

PER_SD = 0.5
"""SD of the prior of a slope, per SD of its predictor: one SD more changes the level-1 SD by a factor of up to e."""


def level1_sd_deviation(design: Design) -> Prior:
    """The default prior of tau of the deviation of the level-1 SD between groups, ``HalfStudentT(3, 0.5)``.

    As a slope's per SD of its predictor: the SD of a group one tau from the middle is larger by a factor of up to e.
    The deviation of the logarithm of the variance is twice as large, as is its prior.
    """
    level1 = design.kept_rows.modeled
    return HalfStudentT(3, PER_SD / level1.effect)


def level1_sd_defaults(design: Design) -> dict[str, Prior]:
    """The default prior of each alpha by its label.

    With A the columns of the logarithm of the SD (`Level1Model.A`), each slope is ``Normal(0, 0.5/sd(A_k))``, and the
    intercept is centered at the logarithm of sd(y). The intercept's SD is 1.5, and more where predictors lie far from
    zero, ``sqrt(1.5^2 + sum_k (0.5 mean(A_k)/sd(A_k))^2)``, so that the SD at their means is left as open. Without an
    intercept, as of one coefficient a category, the coefficients that make up a constant are centered at its share.
    The coefficients of ``log(sigma2)`` are twice as large, as are their priors.

    Examples
    --------
    >>> import pandas as pd
    >>> from bayeshlm.design import build_design
    >>> from bayeshlm.equations import parse
    >>> data = pd.DataFrame({"g": [1, 1, 2, 2, 3, 3], "x": [0, 1, 0, 1, 0, 1], "y": [1.0, 3.0, 2.0, 7.0, 4.0, 4.0]})
    >>> design = build_design(parse("y = b0 + r; b0 = g00 + u0; log(sigma) = a0 + a1*x"), data, group="g")
    >>> {label: prior.short() for label, prior in level1_sd_defaults(design).items()}
    {'a0': 'Normal(0.7293, 1.581)', 'a1': 'Normal(0, 1)'}
    """
    level1 = design.kept_rows.modeled
    A, level = level1.A, float(np.log(design.moments.y_sd))
    mean, sd = A.mean(axis=0), A.std(axis=0)
    constant = sd <= 1e-12 * np.abs(mean)
    slopes = PER_SD / np.where(constant, 1.0, sd)
    centers = np.linalg.lstsq(A / np.where(constant, mean, sd), np.full(len(A), level), rcond=None)[0]
    centers = centers / np.where(constant, mean, sd)
    found: dict[str, Prior] = {}
    for k, label in enumerate(level1.labels):
        if constant[k]:
            far = (mean[~constant] * slopes[~constant]) ** 2
            found[label] = Normal(level / mean[k], float(np.sqrt(AT_MEANS**2 + far.sum()) / abs(mean[k])))
        else:
            found[label] = Normal(0.0 if constant.any() else float(centers[k]), float(slopes[k]))
    return found
