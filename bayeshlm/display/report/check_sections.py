"""Sections on what speaks for and against the model: replicates, data left out, residuals, single groups, priors."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from bayeshlm.display.blocks import Grid, Section
from bayeshlm.display.digits import count, decimals, number, share
from bayeshlm.display.influence import influence_blocks
from bayeshlm.display.loo import loo_blocks
from bayeshlm.display.predictive_check import HEADINGS, NOTABLE
from bayeshlm.display.prior_sensitivity import sensitivity_blocks
from bayeshlm.display.report.conclusions import (
    influence_conclusion,
    level1_conclusion,
    level2_conclusion,
    loo_conclusion,
    predictive_conclusion,
    prior_conclusion,
)
from bayeshlm.display.report.elements import bullets, conclusion, paragraph, shown, subheading
from bayeshlm.display.report.figures import figures
from bayeshlm.display.report.subject import Subject
from bayeshlm.display.residuals import level1_blocks, level2_blocks
from bayeshlm.errors import HLMError

MOST_ROWS, MOST_GROUPS = 20_000, 5_000
"""Of more rows or groups the checks of each would take minutes; a report leaves them out and says so."""

_NAN = float("nan")


def predictive_section(subject: Subject) -> str:
    """Statistics of replicated data beside those observed: what is off in words, and all of them in a table."""
    return _made(subject, _predictive, "fit.predictive_check()") + figures(subject, "predictive")


def left_out_section(subject: Subject) -> str:
    """Leave-one-out cross-validation over groups and over rows."""
    parts = [
        paragraph(
            "Leave-one-out cross-validation asks how well the model predicts data that it has not seen. elpd is the log"
            " density of the data left out, summed; p_loo counts the parameters that the data had to tell; looic is -2"
            " elpd."
        )
    ]
    parts.append(_made(subject, lambda s: shown(*loo_blocks(s.loo_groups)), 'fit.loo("group")', rows=False))
    parts.append(_made(subject, lambda s: shown(*loo_blocks(s.loo_rows)), 'fit.loo("row")'))
    if "loo_groups" in vars(subject):  # computed, as neither left out nor refused
        found = [subject.loo_groups, *([subject.loo_rows] if "loo_rows" in vars(subject) else [])]
        parts.append(conclusion(loo_conclusion(found)))
    return "".join(parts) + figures(subject, "left-out")


def residuals_section(subject: Subject) -> str:
    """Residuals of the rows and of the groups."""
    parts = [
        subheading("Rows"),
        _made(
            subject,
            lambda s: shown(*level1_blocks(s.level1_residuals)) + conclusion(level1_conclusion(s.level1_residuals)),
            "fit.residuals(level=1)",
        ),
        subheading("Groups"),
        _made(
            subject,
            lambda s: shown(*level2_blocks(s.level2_residuals)) + conclusion(level2_conclusion(s.level2_residuals)),
            "fit.residuals(level=2)",
            rows=False,
        ),
    ]
    return "".join(parts) + figures(subject, "residuals")


def influence_section(subject: Subject) -> str:
    """What the results would be without each group."""

    def body(subject: Subject) -> str:
        found = subject.influence
        text = paragraph("How far each parameter moves when a group is left out, and how unusual the group is.")
        return text + shown(*influence_blocks(found)) + conclusion(influence_conclusion(found))

    return _made(subject, body, "fit.influence()", rows=False) + figures(subject, "influence")


def prior_sensitivity_section(subject: Subject) -> str:
    """What the posterior owes to the priors."""

    def body(subject: Subject) -> str:
        found = subject.prior_sensitivity
        text = paragraph(
            "How far the posterior of a parameter moves when all priors, or the likelihood, are made a little stronger"
            " or weaker (power scaling). Where both move it prior and data disagree; where the prior alone does the"
            " data say little."
        )
        return text + shown(*sensitivity_blocks(found)) + conclusion(prior_conclusion(found))

    return _made(subject, body, "fit.prior_sensitivity()", rows=False) + figures(subject, "prior-sensitivity")


def _made(subject: Subject, body: Callable[[Subject], str], call: str, rows: bool = True) -> str:
    """The body of a check; where it would take too long, or cannot be computed, a sentence that says so."""
    design = subject.design
    n, most, what = (design.n_obs, MOST_ROWS, "rows") if rows else (design.n_groups, MOST_GROUPS, "groups")
    if n > most:
        return paragraph(f"A report of more than {count(most)} {what} leaves this out; {call} computes it.")
    try:
        return body(subject)
    except HLMError as error:
        return paragraph(f"Not computed: {error}")


def _predictive(subject: Subject) -> str:
    table = subject.predictive_check.table
    same, new = (table.loc[mode] for mode in HEADINGS)
    text = paragraph(
        f"Does the model make data like these? {count(table.attrs['n_draws'])} data sets were drawn from the posterior"
        " predictive distribution, with new rows in the same groups and with new groups of the same sizes and"
        " predictors, and described by the statistics below."
    )
    off = [
        f"{row['meaning']}: observed {_written(row, 'observed')}, {heading} {_written(row, 'lower')} to"
        f" {_written(row, 'upper')}"
        for mode, heading in HEADINGS.items()
        for _, row in table.loc[mode].iterrows()
        if row["p_two_sided"] < NOTABLE
    ]
    words = (
        paragraph(f"Off (two-sided p below {NOTABLE:g}):") + bullets(off)
        if off
        else paragraph(f"No statistic has a two-sided p below {NOTABLE:g}.")
    )
    rows = tuple(
        (str(row["meaning"]), _written(row, "observed"), *_replicated(row), *_replicated(other))
        for (_, row), (_, other) in zip(same.iterrows(), new.iterrows(), strict=True)
    )
    header = ("", "observed", "same groups: from", "to", "p", "new groups: from", "to", "p")
    notes = (
        "from, to: 95% of the replicates; p: two-sided, twice the share of replicates beyond the observed value",
        f"of {len(table)} comparisons some fall below {NOTABLE:g} by chance",
    )
    grid = Grid("Posterior predictive checks", header, (Section("", rows),), notes=notes)
    return text + words + shown(grid) + conclusion(predictive_conclusion(table))


def _replicated(row: pd.Series) -> tuple[str, str, str]:
    return _written(row, "lower"), _written(row, "upper"), share(float(row["p_two_sided"]))


def _written(row: pd.Series, column: str) -> str:
    return number(float(row[column]), decimals(float(row["sd"]), _NAN))
