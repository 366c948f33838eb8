"""Sections of the report on results: convergence, effects, variances, groups, the cross-check."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayeshlm.display.blocks import Grid, Section
from bayeshlm.display.digits import count, decimals, number, percent
from bayeshlm.display.fit_tables import fixed_grid, quantity_grid, variance_grid
from bayeshlm.display.frame_tables import shown_ends
from bayeshlm.display.model_size import size_of_model
from bayeshlm.display.report.conclusions import cross_check_conclusion
from bayeshlm.display.report.elements import asked, bullets, conclusion, paragraph, shown, subheading
from bayeshlm.display.report.figures import figures
from bayeshlm.display.report.subject import Subject
from bayeshlm.display.sampler_text import criteria
from bayeshlm.display.shown_cross_check import cross_check_blocks
from bayeshlm.equations.render import spread_lines
from bayeshlm.errors import DataError, OptionError
from bayeshlm.quantities.group_level1_sds import group_level1_sds
from bayeshlm.quantities.level1_variance import has_level1_variance
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.reml.classical import classical_method

MOST_IN_WORDS = 8
"""At most so many fixed effects are said in sentences."""

EXTREMES = 3
"""Groups shown at either end."""


def convergence_section(subject: Subject) -> str:
    """The verdict, what it was judged by, and how the sampler ran."""
    lines = bullets((*subject.overview.verdict, f"{subject.overview.sampling}."))
    return lines + paragraph(criteria(subject.convergence)) + figures(subject, "convergence")


def effects_section(subject: Subject) -> str:
    """Fixed effects."""
    overview = subject.overview
    grids = shown(fixed_grid(overview.fixed, overview.labels))
    if overview.ratios is not None:
        grids += shown(fixed_grid(overview.ratios, overview.labels, diagnostics=False))
    text = paragraph(
        "Posterior mean, posterior SD and interval of each effect;",
        "the digits shown are those that the Monte Carlo error of the mean supports.",
    )
    return text + grids + figures(subject, "effects")


def variance_section(subject: Subject) -> str:
    """Variance components, ICC and variance explained, or I^2 where the level-1 SDs are known."""
    parts = [shown(variance_grid(subject.overview.variance))]
    if subject.design.outcome.residuals.spread:
        return "".join(parts) + _no_share(subject) + figures(subject, "variance")
    if subject.design.outcome.residuals.known:
        parts.append(_shown(subject.heterogeneity))
    else:
        parts += [asked(lambda: _shown(subject.icc)), asked(lambda: _shown(subject.r2))]
    return "".join(parts) + figures(subject, "variance")


def _no_share(subject: Subject) -> str:
    return paragraph(
        "There is no intraclass correlation: the level-1 variance differs from row to row by its equation,",
        f"{spread_lines(subject.design.spec)[0]}. SD is that of a row with these values; a ratio of SDs is the factor"
        " by which it changes with one unit more.",
    )


def groups_section(subject: Subject) -> str:
    """How far groups differ, how well they are known, and which stand at the ends."""
    text = paragraph(
        "A plausible range is the spread of a coefficient between groups: the plug-in range takes the posterior means"
        " as known, the range of a new group includes their uncertainty."
    )
    return text + "".join(map(_of_groups, subject.of_groupings)) + figures(subject, "groups")


def _of_groups(of: Subject) -> str:
    """The groups of one grouping."""
    parts = [subheading(of.groups_heading)] if of.grouping else []
    parts += [asked(lambda: _shown(of.plausible_ranges))]
    parts += [_shown(of.response_ranges)] if of.response_ranges is not None else []
    parts += [asked(lambda: _shown(of.reliability))]
    if of.design.outcome.residuals.spread_effect:
        sds = group_level1_sds(of.fitted.draws)
        parts += [shown(shown_ends(sds, f"Level-1 SDs of the groups ({of.design.group})"))]
    return "".join(parts) + _extremes(of)


def _shown(quantity: Quantity) -> str:
    return shown(quantity_grid(quantity, diagnostics=False))


_METHODS = {"REML": "Restricted maximum likelihood", "ML": "Maximum likelihood"}


def cross_check_section(subject: Subject) -> str:
    """Posterior beside REML or ML, or why there is no estimate."""
    try:
        check = subject.cross_check
    except OptionError as error:
        return paragraph(f"{error}.")
    except DataError as error:
        by = _METHODS[classical_method(subject.design)]
        return paragraph(f"{by}, the classical estimate, does not exist for these data: {error}")
    text = paragraph(
        f"{_METHODS[check.method]} estimates the same model without priors and without sampling. Where both agree,"
        " the result rests neither on the prior nor on the sampler."
    )
    said = conclusion(cross_check_conclusion(check))
    return text + shown(*cross_check_blocks(check)) + said + figures(subject, "cross-check")


def in_short(subject: Subject) -> tuple[str, bool]:
    """The verdict on the sampler, the size of the data and the ICC in sentences; whether the sampler converged."""
    design, verdict = subject.design, subject.convergence
    prob = percent(subject.overview.fixed.attrs["ci_prob"])
    given = "" if all(column.is_intercept for column in design.fixed) else " given the predictors"
    correlations = []
    for of in subject.of_groupings if has_level1_variance(design.outcome) else ():
        row = subject.icc.table.T[f"icc[{of.grouping}]" if of.grouping else "icc"]
        places = decimals(float(row["sd"]), float(row["mcse_mean"]))
        mean, lower, upper = (number(float(row[name]), places) for name in ("mean", "lower", "upper"))
        which = f" of {of.grouping}" if of.grouping else ""
        correlations.append(f"Intraclass correlation{which}{given} {mean} ({prob} interval {lower} to {upper}).")
    sentences = [
        f"{size_of_model(design)}.",
        *correlations,
        _heterogeneity(subject),
        _singular(subject),
        subject.overview.verdict[0] if subject.overview.verdict else "",
    ]
    if not verdict.converged:
        sentences.append("Do not interpret these results before the sampler converges.")
    return " ".join(sentences), verdict.converged


def _heterogeneity(subject: Subject) -> str:
    """Where the level-1 SDs are known, how much of the spread of the outcomes is of the groups."""
    if not subject.design.outcome.residuals.known:
        return ""
    row = subject.heterogeneity.table.T["i2"]
    places = decimals(float(row["sd"]), float(row["mcse_mean"]))
    mean, lower, upper = (number(float(row[name]), places) for name in ("mean", "lower", "upper"))
    prob = percent(subject.heterogeneity.table.attrs["ci_prob"])
    return f"I2, the share of the variance that lies between groups, {mean} ({prob} interval {lower} to {upper})."


def _singular(subject: Subject) -> str:
    """That the classical estimate lies on the boundary, and how the posterior is to be read then."""
    try:
        estimate = subject.estimate
    except (DataError, OptionError):
        return ""
    if not estimate.singular:
        return ""
    return (
        f"{estimate.method}'s estimate is singular ({estimate.reason}): of SDs and correlations read the intervals, not"
        " the means."
    )


def in_words(subject: Subject) -> list[str]:
    """The first fixed effects, a sentence each."""
    overview, design = subject.overview, subject.design
    prob, link = percent(overview.fixed.attrs["ci_prob"]), design.outcome.link
    on = "" if link == "identity" else f" on the scale of the {link}"
    found = []
    for column in design.fixed[:MOST_IN_WORDS]:
        row = overview.fixed.T[column.label]
        places = decimals(float(row["sd"]), float(row["mcse_mean"]))
        mean, lower, upper = (number(float(row[name]), places) for name in ("mean", "lower", "upper"))
        of, values = overview.labels.coefficients[column.coefficient], f"{mean} ({prob} interval {lower} to {upper})"
        if column.term == "1":
            others = any(one.coefficient == column.coefficient and one.term != "1" for one in design.fixed)
            where = " where the predictors of its line are 0" if others else ""
            found.append(f"{of[0].upper()}{of[1:]} is {values}{on}{where}.")
        else:
            a_unit = "" if any(part.coding for part in column.parts) else " for a unit more"
            found.append(f"{overview.labels.term(column.label)}: {of} differs by {values}{on}{a_unit}.")
    return found


def _extremes(subject: Subject) -> str:
    """The groups with the lowest and the highest posterior mean of each varying coefficient."""
    table, groups = subject.group_coefficients, subject.groups
    has_ols = "ols" in table
    parts = []
    for column in groups.deviations:
        own = table[table.index.get_level_values("coefficient") == column.coefficient]
        own = own.droplevel("coefficient").sort_values("mean", kind="stable")
        chosen = [("lowest", own.iloc[:EXTREMES]), ("highest", own.iloc[-EXTREMES:])]
        if len(own) <= 2 * EXTREMES:
            chosen = [("", own)]
        places = min(_places(row) for _, part in chosen for _, row in part.iterrows())
        sections = tuple(
            Section(name, tuple(_group_cells(label, row, places, has_ols) for label, row in part.iterrows()))
            for name, part in chosen
        )
        title = f"Groups ({groups.grouping}) at either end of {column.coefficient}"
        header = ("", "rows", "mean", "sd", "lower", "upper", *(["own estimate"] if has_ols else []))
        notes = _NOTES[0 if has_ols else 1 :] if column is groups.deviations[-1] else ()
        parts.append(shown(Grid(title, header, sections, notes=notes)))
    return ("" if subject.grouping else subheading("Groups at the ends")) + "".join(parts)


_NOTES = (
    "own estimate: least squares within the group alone, '-' where its rows do not determine it; the posterior pulls"
    " small groups towards what the equations predict for them",
    "ranks of groups whose intervals overlap are not to be taken literally",
)


def _places(row: pd.Series) -> int:
    return decimals(float(row["sd"]), float(row["mcse_mean"]) if "mcse_mean" in row else np.nan)


def _group_cells(label: object, row: pd.Series, places: int, has_ols: bool) -> tuple[str, ...]:
    names = ("mean", "sd", "lower", "upper", *(["ols"] if has_ols else []))
    values = (number(float(row[name]), places) for name in names)
    return (str(label), count(row["n"]), *values)
