"""Sections of the report on the model: equations, data by level, priors."""

from __future__ import annotations

from bayeshlm.design.descriptives import LevelDescriptives, describe_levels
from bayeshlm.display.blocks import Grid
from bayeshlm.display.column_labels import slope_of
from bayeshlm.display.digits import count, number
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.display.model_view import equations_block, priors_grid
from bayeshlm.display.report.elements import paragraph, scrolled, shown
from bayeshlm.display.report.figures import figures
from bayeshlm.display.report.subject import Subject
from bayeshlm.display.shown_descriptives import descriptives_grids


def model_section(subject: Subject) -> str:
    """The equations, and what varies."""
    design = subject.design
    equations = equations_block(design)
    names = ", ".join(f"{c.coefficient} ({slope_of(c.name)})" for c in design.random)
    together = any(len(block) > 1 for block in design.blocks)
    return scrolled(equations.mathml, "Equations") + paragraph(
        f"Rows i are nested in groups j ({design.group}).",
        f"Varying between groups beyond what the equations explain: {names}.",
        "G is the covariance matrix of the random effects." if together else "",
        "The random effects of different blocks are independent." if together and len(design.blocks) > 1 else "",
    )


def data_section(subject: Subject) -> str:
    """Rows, groups, missing values, and the columns at the level where they vary."""
    design = subject.design
    found = describe_levels(design)
    parts = [paragraph(*_counts(subject, found)), *map(shown, descriptives_grids(found))]
    return "".join(parts) + figures(subject, "data")


def priors_section(subject: Subject) -> str:
    """The priors, and where the defaults come from."""
    priors = subject.fitted.priors
    grid = priors_grid(priors)
    defaults = len(priors.typed) < len(priors.by_key())
    text = paragraph(
        "tau are the SDs of the random effects, corr their correlation matrix, sigma the SD of the level-1 residual.",
        "The defaults are weakly informative and follow the scales of the data: the SD of the outcome and the SDs of"
        " the predictors, as in rstanarm and brms."
        if defaults
        else "",
        "The prior of an intercept holds at the means of the predictors." if _at_means(grid) else "",
    )
    return text + shown(grid)


def _counts(subject: Subject, found: LevelDescriptives) -> list[str]:
    design, sizes = subject.design, found.group_sizes
    sentences = [f"{count(design.n_obs)} rows (level 1) in {count(design.n_groups)} groups ({design.group}, level 2)."]
    if design.rows_dropped:
        total = design.n_obs + design.rows_dropped
        sentences.append(
            f"{count(design.rows_dropped)} of {count(total)} rows were left out because a column of the model misses a"
            f" value (complete cases): {', '.join(f'{name} in {count(n)}' for name, n in design.left_out.columns)}."
        )
    else:
        sentences.append("No row of the data was left out.")
    if sizes["min"] == sizes["max"]:
        sentences.append(f"Every group has {count(sizes['min'])} rows.")
    else:
        sentences.append(
            f"Groups have {count(sizes['min'])} to {count(sizes['max'])} rows, half of them {_round(sizes['q1'])} to"
            f" {_round(sizes['q3'])}; the mean is {number(sizes['mean'], 1)}, the median {_round(sizes['median'])}."
        )
    if sizes["single"]:
        have = "has" if sizes["single"] == 1 else "have"
        sentences.append(f"{count(sizes['single'])} of the groups {have} a single row.")
    return [*sentences, *data_notes(design)]


def _at_means(grid: Grid) -> bool:
    return any("means" in row[2] for section in grid.sections for row in section.rows)


def _round(value: float) -> str:
    return number(float(value), 0 if float(value).is_integer() else 1)
