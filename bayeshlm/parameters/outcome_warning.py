"""A normal model of zeros and ones, or of counts: said once, with the line to write instead."""

from __future__ import annotations

import warnings

from bayeshlm.design import Design
from bayeshlm.errors import ModelWarning

SHARE_OF_ZEROS = 0.05
SKEWED = 0.5
"""Whole numbers from 0 on of which so many are 0, and whose skewness is that, are taken for counts, not for scores."""


def warn_not_normal(design: Design) -> None:
    """Warn where the outcome of a normal model is 0 or 1, or a count."""
    if not design.outcome.is_normal:
        return
    moments, name = design.moments, design.outcome.name
    if moments.y_range[0] != 0 or not moments.y_zeros:
        return
    if moments.y_two_values and moments.y_range[1] == 1:
        what, lines = "0 or 1", f"`{name} ~ Bernoulli(p)` and `logit(p) = b0 + ...`"
    elif moments.y_zeros >= SHARE_OF_ZEROS and moments.y_skewness > SKEWED:
        what, lines = "a count", f"`{name} ~ Poisson(mu)` (or NegativeBinomial) and `log(mu) = b0 + ...`"
    else:
        return
    warnings.warn(
        f"The outcome {name!r} is {what}, and this is a normal model of it, whose predictions are any number: write "
        f"{lines}, without a residual, for a model of what it can be.",
        ModelWarning,
        stacklevel=3,
    )
