"""Sections of the report on checks: prediction, leaving out, residuals, influence, priors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from bayeshlm.checks.quantile_residuals import QuantileResiduals
from bayeshlm.display.blocks import Block, Grid, Section
from bayeshlm.display.digits import count, decimals, number, share
from bayeshlm.display.report.conclusions import (
    influence_conclusion,
    level1_conclusion,
    level2_conclusion,
    loo_conclusion,
    predictive_conclusion,
    prior_conclusion,
    quantile_conclusion,
)
from bayeshlm.display.report.elements import asked, bullets, conclusion, paragraph, shown, subheading
from bayeshlm.display.report.figures import figures
from bayeshlm.display.report.subject import Subject
from bayeshlm.display.residuals import level1_blocks, level2_blocks, quantile_blocks
from bayeshlm.display.shown_influence import influence_blocks
from bayeshlm.display.shown_loo import loo_blocks
from bayeshlm.display.shown_predictive_check import NOTABLE, heading
from bayeshlm.display.shown_prior_sensitivity import sensitivity_blocks

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
    for of in subject.of_groupings:
        unit = of.grouping or "group"
        parts.append(_made(of, lambda s: shown(*loo_blocks(s.loo_groups)), f"fit.loo({unit!r})", rows=False))
    parts.append(_made(subject, lambda s: shown(*loo_blocks(s.loo_rows)), 'fit.loo("row")'))
    found = [of.loo_groups for of in subject.with_result("loo_groups")]  # neither left out nor refused
    if found:
        found += [subject.loo_rows] if "loo_rows" in vars(subject) else []
        parts.append(conclusion(loo_conclusion(found)))
    return "".join(parts) + figures(subject, "left-out")


def residuals_section(subject: Subject) -> str:
    """Residuals of the rows and of the groups."""

    def rows(subject: Subject) -> str:
        found = subject.level1_residuals
        if isinstance(found, QuantileResiduals):
            return shown(*quantile_blocks(found)) + conclusion(quantile_conclusion(found))
        return shown(*level1_blocks(found)) + conclusion(level1_conclusion(found))

    def groups(subject: Subject) -> str:
        found = subject.level2_residuals
        return shown(*_grids(level2_blocks(found))) + conclusion(level2_conclusion(found))

    parts = [subheading("Rows"), _made(subject, rows, "fit.residuals(level=1)")]
    for of in subject.of_groupings:
        call = f"fit.residuals(grouping={of.grouping!r})" if of.grouping else "fit.residuals(level=2)"
        parts += [subheading(of.groups_heading), _made(of, groups, call, rows=False)]
    return "".join(parts) + figures(subject, "residuals")


def influence_section(subject: Subject) -> str:
    """What the results would be without each group."""

    def body(subject: Subject) -> str:
        found = subject.influence
        unusual = ", and how unusual the group is" if found.has_conflict else ""
        text = paragraph(f"How far each parameter moves when a group is left out{unusual}.")
        return text + shown(*influence_blocks(found)) + conclusion(influence_conclusion(found))

    parts = []
    for of in subject.of_groupings:
        call = f"fit.influence(grouping={of.grouping!r})" if of.grouping else "fit.influence()"
        parts += [subheading(of.groups_heading) if of.grouping else "", _made(of, body, call, rows=False)]
    return "".join(parts) + figures(subject, "influence")


def prior_sensitivity_section(subject: Subject) -> str:
    """What the posterior owes to the priors."""

    def body(subject: Subject) -> str:
        found = subject.prior_sensitivity
        text = paragraph(
            "How far the posterior of a parameter moves when all priors, or the likelihood, are made a little stronger"
            " or weaker (power scaling). Where both move it the data are weak, or disagree with the prior; where the"
            " prior alone does the data say little; where neither does the posterior is about the prior."
        )
        return text + shown(*_grids(sensitivity_blocks(found))) + conclusion(prior_conclusion(found))

    return _made(subject, body, "fit.prior_sensitivity()", rows=False) + figures(subject, "prior-sensitivity")


def _made(subject: Subject, body: Callable[[Subject], str], call: str, rows: bool = True) -> str:
    """The body of a check; where it would take too long, or cannot be computed, a sentence that says so."""
    design = subject.design
    terms = (subject.groups,) if subject.grouping else design.predictor.random
    n_groups = max(len(term.labels) for term in terms)
    n, most, what = (design.n_obs, MOST_ROWS, "rows") if rows else (n_groups, MOST_GROUPS, "groups")
    if n > most:
        return paragraph(f"A report of more than {count(most)} {what} leaves this out; {call} computes it.")
    return asked(partial(body, subject))


def _grids(blocks: list[Block]) -> list[Grid]:
    """The tables alone, where the conclusion says what stands beside them."""
    return [block for block in blocks if isinstance(block, Grid)]


def _predictive(subject: Subject) -> str:
    table = subject.predictive_check.table
    modes = list(dict.fromkeys(map(str, table.index.get_level_values("mode"))))
    parts = [table.loc[mode] for mode in modes]
    text = paragraph(
        f"Does the model make data like these? {count(table.attrs['n_draws'])} data sets were drawn from the posterior"
        " predictive distribution, with new rows in the same groups and with new groups of the same sizes and"
        " predictors, and described by the statistics below."
    )
    rows = tuple(
        (
            str(part["meaning"]),
            _written(part, "observed"),
            *(cell for of_mode in parts for cell in _replicated(of_mode.iloc[k])),
        )
        for k, (_, part) in enumerate(parts[0].iterrows())
    )
    header = ("", "observed", *(name for mode in modes for name in (f"{mode} from", "to", "p")))
    notes = (
        "same, new: new rows in the same groups, and new groups"
        + (", of the grouping that is named or of all" if len(modes) > 2 else ""),
        "from, to: 95% of the replicates; p: two-sided, twice the share of replicates beyond the observed value",
        f"of {len(table)} comparisons some fall below {NOTABLE:g} by chance",
    )
    grid = Grid("Posterior predictive checks", header, (Section("", rows),), notes=notes)
    return text + _off(table) + shown(grid) + conclusion(predictive_conclusion(table))


def _replicated(row: pd.Series) -> tuple[str, str, str]:
    return _written(row, "lower"), _written(row, "upper"), share(float(row["p_two_sided"]))


def _written(row: pd.Series, column: str) -> str:
    return number(float(row[column]), decimals(float(row["sd"]), _NAN))


def _off(table: pd.DataFrame) -> str:
    """The statistics that the replicates rarely reach, in words."""
    found: dict[str, list[str]] = {}
    modes = dict.fromkeys(map(str, table.index.get_level_values("mode")))
    for name in table.loc["same"].index:
        rows = {mode: table.loc[(mode, name)] for mode in modes}
        off = [mode for mode, row in rows.items() if row["p_two_sided"] < NOTABLE]
        if off:
            row = rows[off[0]]
            side = "above" if row["observed"] > row["mean"] else "below"
            found.setdefault(" and in ".join(heading(mode) for mode in off), []).append(f"{row['meaning']} ({side})")
    if not found:
        return paragraph(f"No statistic has a two-sided p below {NOTABLE:g}.")
    text = f"These statistics of the data are unusual among their replicates (two-sided p below {NOTABLE:g}):"
    return paragraph(text) + bullets(f"in {where}: {'; '.join(named)}." for where, named in found.items())
