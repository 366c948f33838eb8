"""The variance of level 1 on the scale of the predictor, which variances between groups are set against."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.outcome import Outcome
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.families.links import LINKS
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.predictor_variance import fixed_variance, mean_predictor, random_variances

LATENT = ("Bernoulli", "Binomial", "Ordinal")
"""Families whose outcome says where a latent variable lies, of the distribution whose function the link inverts."""

INSTEAD_OF_SHARES = "heterogeneity() sets the variance between groups against a typical one, I^2"
"""What there is for rows of known variances."""

COUNTS = ("Poisson", "NegativeBinomial")


def has_level1_variance(outcome: Outcome) -> bool:
    """Whether `level1_variance` is defined."""
    return outcome.family_name != "Beta" and outcome.residuals.one_sd


def level1_variance(posterior: Draws) -> FloatArray:
    """Variance of level 1 on the scale of the predictor, in each draw, (chain, draw).

    Of normal outcomes ``sigma^2``; of StudentT ``sigma^2 nu/(nu - 2)``, infinite where nu <= 2. Of binary outcomes and
    ratings that of their latent variable, of the distribution whose function the link inverts: ``pi^2/3`` for the
    logit, 1 for the probit, ``pi^2/6`` for the cloglog (Snijders & Bosker 2012, Multilevel Analysis, section 17.3.2).
    Under the log link that of the logarithm of the outcome: of Gamma ``trigamma(shape)``; of counts the lognormal
    approximation ``log(1 + 1/m + 1/phi)``, where m is the mean count, ``log m`` the mean predictor and half its
    variance over rows and groups, and 1/phi is 0 for Poisson (Nakagawa, Johnson & Schielzeth 2017, J. Royal Society
    Interface 14(134), table 1).

    Raises
    ------
    OptionError
        Beta outcomes have none: their variance depends on the mean. Nor have rows whose known variances differ.
    """
    outcome = posterior.design.outcome
    outcome.require_one_sd("A share of the variance", INSTEAD_OF_SHARES)
    match outcome.family_name:
        case "Normal":
            return posterior.sigma2
        case "StudentT":
            with np.errstate(divide="ignore"):
                sigma, nu = np.moveaxis(posterior.auxiliary, -1, 0)
                return np.asarray(sigma**2 * np.where(nu > 2, 1.0 + 2.0 / np.maximum(nu - 2.0, 0.0), np.inf))
        case "Gamma":
            from scipy.special import polygamma

            return np.asarray(polygamma(1, posterior.auxiliary[..., 0]))
        case name if name in LATENT:
            scale = LINKS[outcome.link].scale
            assert scale is not None
            return np.full(posterior.shape, scale**2)
        case name if name in COUNTS:
            spread = fixed_variance(posterior.gamma, posterior.design) + sum(random_variances(posterior))
            over = 1.0 / posterior.auxiliary[..., 0] if outcome.family.auxiliary else 0.0
            return np.asarray(np.log1p(np.exp(-mean_predictor(posterior) - spread / 2) + over))
    raise OptionError(
        f"this sets variances against that of level 1, and {outcome.family_name} outcomes have none on the scale of the"
        " predictor: theirs depends on the mean"
    )
