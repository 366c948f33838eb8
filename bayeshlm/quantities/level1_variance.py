"""The variance of level 1 on the scale of the predictor, which variances between groups are set against."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.outcome import Outcome
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.families.links import LINKS
from bayeshlm.parameters.draws import Draws

LATENT = ("Bernoulli", "Binomial", "Ordinal")
"""Families whose outcome says where a latent variable lies, of the distribution whose function the link inverts."""


def has_level1_variance(outcome: Outcome) -> bool:
    """Whether `level1_variance` is defined."""
    return outcome.is_normal or outcome.family_name in LATENT


def level1_variance(posterior: Draws) -> FloatArray:
    """``sigma^2`` of each draw, (chain, draw); of binary outcomes and ratings the variance of their latent variable.

    That is the variance of the distribution whose function the link inverts: ``pi^2/3`` for the logit, 1 for the
    probit, ``pi^2/6`` for the cloglog (Snijders & Bosker 2012, Multilevel Analysis, section 17.3.2).

    Raises
    ------
    OptionError
        Other distributions have no such variance: theirs depends on the mean.
    """
    outcome = posterior.design.outcome
    if outcome.is_normal:
        return posterior.sigma2
    if outcome.family_name not in LATENT:
        raise OptionError(
            f"this sets variances against that of level 1, and {outcome.family_name} outcomes have none on the scale of"
            " the predictor: theirs depends on the mean"
        )
    scale = LINKS[outcome.link].scale
    assert scale is not None
    return np.full(posterior.shape, scale**2)
