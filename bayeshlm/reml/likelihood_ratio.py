"""Likelihood-ratio comparison of two nested models, right at the boundary of a variance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import chdtrc

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.reml.bootstrap import bootstrap_statistics
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.nesting import nesting

DRAWS = 500
"""Bootstrap draws where the chi-square distributions do not hold."""

ROUNDING = 1e-12
"""Share of the deviance that a difference must exceed to be one."""

ROUNDING_OF_QUADRATURE = 1e-5
"""Difference of deviances that quadrature leaves undecided."""


@dataclass(frozen=True, eq=False, slots=True)
class LikelihoodComparison:
    """A likelihood-ratio test.

    Attributes
    ----------
    statistic : float
        Deviance of the smaller model minus that of the larger one.
    df : int
        Parameters that the larger model has more.
    p : float
        Probability of so large a statistic under the smaller model.
    method : str
        Criterion and reference distribution, in words.
    criterion : "REML" or "ML"
        What both models were fitted by.
    smaller, larger : Estimate
        The fits.
    bootstrap : ndarray, (n_boot,)
        Statistics under the smaller model; empty where chi-square distributions are used.
    """

    statistic: float
    df: int
    p: float
    method: str
    criterion: Method
    smaller: Estimate = field(repr=False)
    larger: Estimate = field(repr=False)
    bootstrap: FloatArray = field(repr=False)


def compare_likelihood(
    smaller: Design,
    larger: Design,
    method: Method = "REML",
    n_boot: int | None = None,
    seed: int | None = None,
) -> LikelihoodComparison:
    """Test a model against a larger one that contains it.

    Parameters
    ----------
    smaller, larger : Design
        The models, on the same rows.
    method : "REML" or "ML"
        Criterion, where the fixed parts are the same; where they differ it is ML, as REML criteria do not compare.
    n_boot : int, optional
        Draws of a parametric bootstrap in place of chi-square distributions. Where those do not hold, with two or more
        added random effects, 500 are drawn by default.
    seed : int, optional
        Seed of the bootstrap.

    Returns
    -------
    LikelihoodComparison

    Raises
    ------
    OptionError
        When the models are not nested or `n_boot` is no positive integer.

    Notes
    -----
    With one added random effect and its m covariances the statistic is an even mixture of chi-squares on m and m + 1
    degrees of freedom, since a variance cannot be negative (Stram & Lee 1994, Biometrics 50, 1171-1177, case 3; Self &
    Liang 1987); added fixed effects and covariances of other effects count in both. With none it is chi-square. The
    bootstrap's p is ``(1 + number of draws at least as large) / (1 + n_boot)``.
    """
    if n_boot is not None and (isinstance(n_boot, bool) or not isinstance(n_boot, int) or n_boot < 1):
        raise OptionError(f"n_boot={n_boot!r} must be a positive integer, such as n_boot=1000.")
    nested = nesting(smaller, larger)
    criterion: Method = method if nested.same_fixed else "ML"
    fits = fit_reml(smaller, criterion), fit_reml(larger, criterion)
    shift = nested.reml_shift if criterion == "REML" else 0.0
    statistic = fits[0].criterion - shift - fits[1].criterion
    if statistic < ROUNDING * (1 + abs(fits[1].criterion)):
        statistic = 0.0
    df = nested.added_fixed + nested.added_components
    draws = np.empty(0)
    if n_boot is None and nested.added_effects > 1:
        n_boot = DRAWS
    if n_boot is not None:
        draws = bootstrap_statistics(fits[0], fits[1], nested, n_boot, seed)
        at_least = int(np.count_nonzero(draws >= statistic - 1e-8))
        p = (1 + at_least) / (1 + n_boot)
        reference = f"parametric bootstrap, {n_boot} draws"
    else:
        p, reference = _tail(statistic, df, nested.added_effects)
    note = ""
    if fits[0].singular and nested.added_components and n_boot is None:
        note = f"; the smaller model is singular ({fits[0].reason}), so that the p is rough: give n_boot="
    return LikelihoodComparison(
        statistic=statistic,
        df=df,
        p=p,
        method=f"likelihood ratio by {criterion}; {reference}{note}",
        criterion=criterion,
        smaller=fits[0],
        larger=fits[1],
        bootstrap=draws,
    )


def compare_estimates(smaller: Estimate, larger: Estimate, designs: tuple[Design, Design]) -> LikelihoodComparison:
    """Test a model against a larger one that contains it, both estimated by the same method.

    Parameters
    ----------
    smaller, larger : Estimate
    designs : (Design, Design)
        Theirs; of outcomes that are not normal, with up to two random effects, or with a level-1 model.

    Raises
    ------
    OptionError
        When the models are not nested, or estimated by different methods, or by REML with different fixed parts.

    Notes
    -----
    A correlation of level-1 residuals that cannot be negative is on its bound under a model without it, as a variance
    is (Self & Liang 1987).
    """
    nested = nesting(*designs)
    if smaller.method != larger.method:
        raise OptionError("One model is estimated by REML and the other by ML: estimate both by one of them.")
    if smaller.method == "REML" and not nested.same_fixed:
        raise OptionError("REML criteria of models with different fixed parts do not compare: take ml() of both.")
    outcomes = [(one.family_name, one.link, one.categories) for one in (design.outcome for design in designs)]
    if outcomes[0] != outcomes[1] or not np.array_equal(designs[0].size, designs[1].size):
        raise OptionError("The models do not have the same distribution and link of the outcome: they are not nested.")
    statistic = smaller.criterion - nested.reml_shift * (smaller.method == "REML") - larger.criterion
    if statistic < ROUNDING_OF_QUADRATURE:
        statistic = 0.0
    df = nested.added_fixed + nested.added_components + sum(nested.level1)
    p, reference = _tail(statistic, df, nested.added_effects + nested.level1.on_bound)
    note = ""
    if smaller.singular and nested.added_components:
        note = f"; the smaller model is singular ({smaller.reason}), so that the p is rough"
    method = f"likelihood ratio by {smaller.method}; {reference}{note}"
    return LikelihoodComparison(statistic, df, p, method, smaller.method, smaller, larger, np.empty(0))


def _tail(statistic: float, df: int, added_effects: int) -> tuple[float, str]:
    """The p-value by chi-square distributions, and which they are."""
    if added_effects == 1:
        reference = f"0.5 chi-square({df - 1}) + 0.5 chi-square({df}), one variance on its boundary (Stram & Lee 1994)"
        return 0.5 * _chi2_tail(df - 1, statistic) + 0.5 * _chi2_tail(df, statistic), reference
    return _chi2_tail(df, statistic), f"chi-square({df})"


def _chi2_tail(df: int, statistic: float) -> float:
    if df == 0:
        return float(statistic <= 0)
    return float(chdtrc(df, statistic))
