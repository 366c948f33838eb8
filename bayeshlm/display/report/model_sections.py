"""Sections of the report on the model: equations, data by level, priors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from bayeshlm.design.descriptives import LevelDescriptives, describe_levels
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import containing
from bayeshlm.design.outcome import Outcome
from bayeshlm.display.blocks import Grid
from bayeshlm.display.column_labels import slope_of
from bayeshlm.display.digits import count, number
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.display.model_view import equations_block, priors_grid
from bayeshlm.display.report.elements import paragraph, scrolled, shown, subheading
from bayeshlm.display.report.figures import figures
from bayeshlm.display.report.subject import Subject
from bayeshlm.display.shown_descriptives import descriptives_grids
from bayeshlm.parameters.predictor_scale import predictor_scale


def model_section(subject: Subject) -> str:
    """The equations, and what varies."""
    design = subject.design
    equations = equations_block(design)
    together = design.predictor.has_correlations
    nested = [f"Rows i are nested in groups j ({design.group})."] if len(design.groupings) == 1 else nesting(design)
    return scrolled(equations.mathml, "Equations") + paragraph(
        *nested,
        *map(_varying, subject.of_groupings),
        _covariances(design.blocks) if together else "",
        "The random effects of different blocks are independent." if together and len(design.blocks) > 1 else "",
    )


def nesting(design: Design) -> list[str]:
    """Which groupings lie in which, and which cross, in sentences.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> nesting(hlm.open_model("hsb-one-way-anova").design)
    []
    """
    names = design.groupings
    outer = [containing(design, k) for k in range(len(names))]
    said = []
    for k, name in enumerate(names):
        nearest = [m for m in outer[k] if not any(m in outer[other] for other in outer[k])]
        said += [f"Every group of {name} lies in one group of {names[m]}." for m in nearest]
    pairs = combinations(range(len(names)), 2)
    crossed = [(names[k], names[m]) for k, m in pairs if k not in outer[m] and m not in outer[k]]
    return said + [f"Groups of {one} and of {other} cross." for one, other in crossed]


def _varying(of: Subject) -> str:
    """What varies between the groups of a grouping."""
    names = ", ".join(f"{c.coefficient} ({slope_of(c.name)})" for c in of.groups.deviations)
    groups = "groups" if of.grouping is None else f"groups of {of.grouping}"
    return f"Varying between {groups} beyond what the equations explain: {names}."


def _covariances(blocks: Sequence[Sequence[object]]) -> str:
    """What the matrices of the equations are."""
    if len(blocks) == 1:
        return "G is the covariance matrix of the random effects."
    return "Each G is the covariance matrix of random effects that are correlated."


def data_section(subject: Subject) -> str:
    """Rows, groups, missing values, and the columns at the level where they vary."""
    design = subject.design
    found = [describe_levels(design, k) for k in range(len(design.groupings))]
    parts = [paragraph(*_counts(subject, found))]
    for of, own in zip(subject.of_groupings, found, strict=True):
        parts += [subheading(of.groups_heading) if of.grouping else "", *map(shown, descriptives_grids(own))]
    return "".join(parts) + figures(subject, "data")


def priors_section(subject: Subject) -> str:
    """The priors, and where the defaults come from."""
    priors = subject.fitted.priors
    grid = priors_grid(priors)
    defaults = len(priors.typed) < len(priors.by_key())
    level1 = _of_level1(subject.design.outcome)
    correlated = ", corr their correlation matrix" if any("corr" in key for key in priors.by_key()) else ""
    text = paragraph(
        f"tau are the SDs of the random effects{correlated}{level1}.",
        f"The defaults are weakly informative and follow the scales of the data: {_scale(subject.design)}"
        " and the SDs of the predictors, as in rstanarm and brms."
        if defaults
        else "",
        "The prior of an intercept holds at the means of the predictors." if _at_means(grid) else "",
    )
    return text + shown(grid)


def _scale(design: Design) -> str:
    """What default priors are multiples of."""
    link = design.outcome.link
    return "the SD of the outcome" if link == "identity" else f"that of the {link} ({predictor_scale(design):.3g})"


def _of_level1(outcome: Outcome) -> str:
    """What the parameters of level 1 are."""
    if not outcome.is_normal:
        return ", sigma the scale of the level-1 residual" if ("sigma", "") in outcome.auxiliary_effects else ""
    if outcome.residuals.known == "cov":
        return "; the covariances of the level-1 residuals are known"
    if outcome.residuals.known:
        return "; the SDs of the level-1 residuals are known"
    said = ", sigma the SD of the level-1 residual"
    if outcome.residuals.spread:
        said = f", {', '.join(outcome.residuals.spread)} the coefficients of the logarithm of the level-1 SD"
    return f"{said}, rho the correlation of the level-1 residuals" if outcome.residuals.correlation else said


def _counts(subject: Subject, found: list[LevelDescriptives]) -> list[str]:
    design = subject.design
    if len(found) == 1:
        groups = f"{count(design.n_groups)} groups ({design.group}, level 2)"
    else:
        groups = " and ".join(f"{count(own.n_groups)} groups ({own.grouping})" for own in found)
    sentences = [f"{count(design.n_obs)} rows (level 1) in {groups}."]
    if design.rows_dropped:
        total = design.n_obs + design.rows_dropped
        sentences.append(
            f"{count(design.rows_dropped)} of {count(total)} rows were left out because a column of the model misses a"
            f" value (complete cases): {', '.join(f'{name} in {count(n)}' for name, n in design.left_out.columns)}."
        )
    else:
        sentences.append("No row of the data was left out.")
    for own in found:
        sentences += _sizes(own.group_sizes, "" if len(found) == 1 else f" of {own.grouping}")
    return [*sentences, *data_notes(design)]


def _sizes(sizes: pd.Series, of: str) -> list[str]:
    """How many rows the groups of a grouping have."""
    if sizes["min"] == sizes["max"]:
        n = count(sizes["min"])
        return [f"Every group{of} has {n} row{'' if n == '1' else 's'}."]
    sentences = [
        f"Groups{of} have {count(sizes['min'])} to {count(sizes['max'])} rows, half of them {_round(sizes['q1'])}"
        f" to {_round(sizes['q3'])}; the mean is {number(sizes['mean'], 1)}, the median {_round(sizes['median'])}."
    ]
    if sizes["single"]:
        have = "has" if sizes["single"] == 1 else "have"
        sentences.append(f"{count(sizes['single'])} of the groups{of} {have} a single row.")
    return sentences


def _at_means(grid: Grid) -> bool:
    return any("means" in row[2] for section in grid.sections for row in section.rows)


def _round(value: float) -> str:
    return number(float(value), 0 if float(value).is_integer() else 1)
