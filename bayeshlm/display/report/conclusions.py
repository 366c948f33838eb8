"""Sentences of the report that say what follows from a check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayeshlm.checks.cross_check import CrossCheck
from bayeshlm.checks.influence import Influence
from bayeshlm.checks.level1_residuals import LevelOneResiduals
from bayeshlm.checks.level2_residuals import LevelTwoResiduals
from bayeshlm.checks.loo import Loo
from bayeshlm.checks.power_scaling import PriorSensitivity
from bayeshlm.checks.quantile_residuals import QuantileResiduals
from bayeshlm.checks.verdicts import DIFFERS
from bayeshlm.design.naming import prior_label
from bayeshlm.display.column_labels import group_name
from bayeshlm.display.digits import number
from bayeshlm.display.shown_predictive_check import NOTABLE

ALPHA = 0.05
"""A test below it is followed up."""

SMALL_SKEWNESS, SMALL_KURTOSIS = 0.5, 1.0
"""Departures from normal errors that intervals of effects bear, in absolute value; of skewness and excess kurtosis."""

LARGE_CHANGE = 1.0
"""A group that moves a parameter by so many posterior SDs is reported with and without it."""

MOST_NAMED = 10

_CONTEXT, _BETWEEN = "mean_correlation[", "between_variance["
_OF_GROUPS = ("between_variance", "lowest_mean", "highest_mean", "size_correlation", "slope_sd")


def predictive_conclusion(table: pd.DataFrame) -> str:
    """Judge predictive checks by what they are about: how groups differ, or how rows are distributed.

    Parameters
    ----------
    table : pandas.DataFrame
        Of a `PredictiveCheck`.
    """
    off = table.index[table["p_two_sided"] < NOTABLE].get_level_values("statistic").unique()
    contextual = [name.removeprefix(_CONTEXT)[:-1] for name in map(str, off) if name.startswith(_CONTEXT)]
    groups = [name for name in off if str(name).partition("[")[0] in _OF_GROUPS]
    if contextual:
        pairs = [_of_grouping(name, table) for name in contextual]
        of = ", ".join(f"{name} in {grouping}" if grouping else name for grouping, name in pairs)
        means = ", ".join(dict.fromkeys(f"mean({name})" for _, name in pairs))
        predictor = "a predictor above level 1" if any(grouping for grouping, _ in pairs) else "a level-2 predictor"
        return (
            f"The groups' means are related to their means of {of} in another way than the model says: consider"
            f" {means} as {predictor} before interpreting tau, the ICC and plausible ranges."
        )
    if groups and _more_alike(table):
        return (
            "The groups are more alike than groups of the model can be: look for an outcome that was centered or"
            " adjusted by group, or for rows that share a fixed total. No random effect describes that, and the level-1"
            " variance takes it up."
        )
    if groups:
        return (
            "The model does not reproduce how groups differ: look for a level-2 predictor or a random slope that is"
            " missing before interpreting tau, the ICC and plausible ranges."
        )
    if len(off):
        return (
            "The model reproduces how groups differ, but not the shape of the outcome within them: rely on it for"
            " effects and for groups, not for the extremes or the share of single rows beyond a cutoff."
        )
    return "In what was looked at the model makes data like these: nothing here speaks against interpreting it."


def _of_grouping(name: str, table: pd.DataFrame) -> tuple[str, str]:
    """The grouping, where there are several, and the variable whose group means a statistic is about."""
    statistics = table.index.get_level_values("statistic").astype(str)
    for grouping in (one.removeprefix(_BETWEEN)[:-1] for one in statistics if one.startswith(_BETWEEN)):
        if name.startswith(f"{grouping}, "):
            return grouping, name.removeprefix(f"{grouping}, ")
    return "", name


def _more_alike(table: pd.DataFrame) -> bool:
    """Whether the group means differ less than those of the replicates, in every kind of these."""
    own = table[table.index.get_level_values("statistic").astype(str).str.startswith("between_variance")]
    return bool(len(own) and ((own["p_two_sided"] < NOTABLE) & (own["observed"] < own["mean"])).all())


def loo_conclusion(found: Sequence[Loo]) -> str:
    """Say whether leave-one-out estimates can be used, and for what.

    Parameters
    ----------
    found : sequence of Loo
        At least one.
    """
    bad = [loo for loo in found if len(loo.bad)]
    if bad:
        calls = " and ".join(f'fit.loo("{loo.unit}", exact=True)' for loo in bad)
        return f"Do not use the numbers marked not trustworthy before {calls} has fitted the model without those units."
    return (
        "An elpd is neither good nor bad by itself: use it to compare this model with others of the same rows, by"
        " hlm.compare(), which judges differences against their standard errors."
    )


def quantile_conclusion(residuals: QuantileResiduals) -> str:
    """Judge the randomized quantile residuals: how much outcomes vary, and their shape."""
    shape, square = residuals.normality, number(residuals.mean_square, 2)
    said = f"mean square {square}, of which the model expects 1"
    if residuals.p_mean_square >= ALPHA:
        sentences = [f"Outcomes vary as much as their distribution says ({said})."]
    elif residuals.mean_square > 1:
        sentences = [f"Outcomes vary more than their distribution says ({said}): look for one with a dispersion."]
    else:
        sentences = [f"Outcomes vary less than their distribution says ({said})."]
    if min(shape.p_skewness, shape.p_kurtosis) < ALPHA:
        sentences.append("The shape of their distribution is another one, too.")
    return " ".join(sentences)


def level1_conclusion(residuals: LevelOneResiduals) -> str:
    """Judge the level-1 errors: shape, by size as well as by test, and variance."""
    shape, variance = residuals.normality, residuals.variance
    p_shape, p_variance = np.array([shape.p_skewness, shape.p_kurtosis]), variance.p_exact
    excess = shape.kurtosis - 3
    said = f"skewness {number(shape.skewness, 2)}, excess kurtosis {number(excess, 2)}; of normal errors both are 0"
    if np.isnan(p_shape).all():
        sentences = ["There are too few rows to judge the shape of the level-1 errors."]
    elif not (p_shape < ALPHA).any():
        sentences = [f"Nothing speaks against normal level-1 errors ({said})."]
    elif abs(shape.skewness) < SMALL_SKEWNESS and abs(excess) < SMALL_KURTOSIS:
        sentences = [
            f"The level-1 errors are not quite normal ({said}): that matters for single rows, little for effects."
        ]
    else:
        sentences = [
            f"The level-1 errors are clearly not normal ({said}): look for outlying rows, a floor or a ceiling of the"
            " scale, or transform the outcome."
        ]
    if p_variance < ALPHA:
        sentences.append(
            "The level-1 variance differs between groups: look for a level-1 predictor or a random slope that is"
            " missing."
        )
    elif p_variance >= ALPHA:
        sentences.append("Nothing speaks against one level-1 variance in all groups.")
    return " ".join(sentences)


def level2_conclusion(residuals: LevelTwoResiduals) -> str:
    """Name the groups that lie out of what the model expects."""
    found = residuals.distances
    out = found.index[found["p_holm"] < ALPHA]
    if len(out):
        return f"Look at {_named(residuals.group, out)} before generalizing: outlying (Holm's p below .05)."
    return "No group is outlying among the groups (no p below .05 after Holm's adjustment for their number)."


def influence_conclusion(influence: Influence) -> str:
    """Say whether a result hangs on one group."""
    table, group = influence.table, influence.group
    large = table[table["change"].abs() >= LARGE_CHANGE]
    label, row = table.index[0], table.iloc[0]
    moved = f"{group_name(group, label)}: {row['parameter']}, by {number(abs(float(row['change'])), 2)}"
    if len(large):
        sentence = (
            f"Report the results with and without {_named(group, large.index)}: a parameter moves by a posterior SD or"
            f" more without it (the most, {moved})."
        )
    else:
        sentence = (
            f"No result hangs on a single {group}: none moves a parameter by a posterior SD or more (the most,"
            f" {moved})."
        )
    if len(influence.bad):
        sentence += f" Of {_named(group, influence.bad.index)} this is not known before influence(exact=True)."
    return sentence


def prior_conclusion(sensitivity: PriorSensitivity) -> str:
    """Say which priors have to be justified."""
    table = sensitivity.table
    flagged = sensitivity.flagged
    if not flagged:
        return "The priors can stay as they are: no result hangs on them."
    keys = [prior_label(key) for key in dict.fromkeys(table.loc[flagged, "strongest"]) if key]
    priors = f"the prior of {', '.join(keys)}" if keys else "the priors"
    return (
        f"The priors matter for {', '.join(flagged)}: justify {priors}, or report those results under other priors"
        " too, by fit.prior_sensitivity(refit=True)."
    )


def cross_check_conclusion(check: CrossCheck) -> str:
    """Say what the comparison with REML or ML means for a paper."""
    by = check.method
    if check.agrees:
        return "The classical analysis would lead to the same conclusions."
    table = check.table
    differing = table.index[table["verdict"] == DIFFERS].get_level_values("component").unique()
    if "gamma" in differing:
        return f"Fixed effects differ from {by}'s: settle the reasons named above before reporting either."
    if len(differing):
        return (
            f"The fixed effects agree with {by}'s. Report what differs with its interval, which says how little the"
            " data tell of it, and with the reason named above."
        )
    return f"Take more draws before calling posterior and {by} the same."


def _named(group: str, labels: Sequence[object] | pd.Index) -> str:
    """Groups by name, at most so many."""
    names = ", ".join((group_name(group, labels[0]), *map(str, labels[1:MOST_NAMED])))
    more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
    return f"{names}{more}"
