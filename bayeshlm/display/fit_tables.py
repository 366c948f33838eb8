"""Tables of the overview of a fit, and of a quantity."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pandas as pd

from bayeshlm.design.left_out import NOTHING, LeftOut
from bayeshlm.design.naming import parameter_label
from bayeshlm.display.blocks import Block, Equations, Grid, Lines, Section, Title
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.digits import count, decimals, number, percent
from bayeshlm.display.html import to_html
from bayeshlm.display.left_out_notes import dropped_rows, notes_block
from bayeshlm.display.shown_result import ShownResult
from bayeshlm.display.text import to_text
from bayeshlm.families.family import ALPHA, RHO
from bayeshlm.parameters.schema import AUXILIARY
from bayeshlm.quantities.quantity import Quantity

INTERVALS = {"eti": "equal-tailed", "hdi": "highest-density"}
"""Kinds of interval in words."""

_QUANTITIES = {
    "icc": "Intraclass correlation",
    "heterogeneity": "Heterogeneity",
    "plausible_ranges": "Plausible ranges",
    "reliability": "Reliability",
    "r2": "Variance explained (R2)",
    "standardized": "Standardized fixed effects",
    "group_sd": "SD between groups along",
    "contextual": "Slopes within and between groups of",
}
QUANTITY_LABELS = {
    "icc": "ICC",
    "icc_unadjusted": "ICC, unadjusted",
    "icc_observed": "ICC, observed",
    "design_effect": "design effect",
    "i2": "I2",
    "h2": "H2",
    "marginal": "marginal: fixed effects",
    "fv": "f + v: fixed effects, random slopes",
    "conditional": "conditional: fixed and random",
    "f1": "f1, fixed effects within groups",
    "f2": "f2, fixed effects between groups",
    "v": "v, random effects within groups",
    "m": "m, random effects between groups",
    "residual": "residual, level 1",
    "within_f1": "of the variance within: f1",
    "within_v": "of the variance within: v",
    "within_f1v": "of the variance within: f1 + v",
    "within_residual": "of the variance within: residual",
    "between_f2": "of the variance between: f2",
    "between_m": "of the variance between: m",
}
"""How the rows of a quantity are called."""
SQUARES = ("tau2", "cov", "sigma2", "level1_sd2")
"""Components that stand beside others, not in rows of their own."""

_ESTIMATES = ("mean", "sd", "lower", "upper")
_DIAGNOSTICS = ("ess_bulk", "ess_tail", "r_hat")


@dataclass(frozen=True, eq=False)
class FitReport:
    """All that the overview of a fit shows.

    Attributes
    ----------
    title : str
        Heading, such as ``"Two-level model of mathach"``.
    equations : str
        The level equations.
    size : str
        Rows and groups.
    rows_dropped : int
        Rows left out because a value was missing.
    left_out : LeftOut
        Columns that miss values.
    notes : tuple of str
        What `data_notes` says of the data.
    fixed, variance : pandas.DataFrame
        As `fixed_effects` and `variance_components` return them.
    ratios : pandas.DataFrame or None
        ``exp`` of the effects but the intercept, where that has a meaning.
    shares : Quantity or None
        Left out where None.
    plausible_ranges : tuple of Quantity
        Of each grouping.
    verdict : tuple of str
        The verdict on convergence, a line each.
    sampling : str
        Sampler, chains, draws and time; left out when empty.
    labels : ColumnLabels
        Headings and names of the fixed effects.
    """

    title: str
    equations: str
    size: str
    rows_dropped: int
    fixed: pd.DataFrame
    variance: pd.DataFrame
    ratios: pd.DataFrame | None = None
    shares: Quantity | None = None
    plausible_ranges: tuple[Quantity, ...] = ()
    verdict: tuple[str, ...] = ()
    sampling: str = ""
    labels: ColumnLabels = field(default_factory=ColumnLabels)
    left_out: LeftOut = NOTHING
    notes: tuple[str, ...] = ()


def fit_text(report: FitReport) -> str:
    """Write the overview of a fit as plain text, at most about 100 columns wide."""
    return to_text(_overview(report))


def fit_html(report: FitReport) -> str:
    """Write the overview of a fit as HTML."""
    return to_html(_overview(report))


class Shown(ShownResult, Quantity):
    """A `Quantity` whose printed form is its table."""

    def _blocks(self) -> Iterable[Block]:
        return [quantity_grid(self)]


def quantity_grid(quantity: Quantity, diagnostics: bool = True) -> Grid:
    """Lay out the table of a quantity, the ends of plausible ranges side by side.

    Parameters
    ----------
    quantity : Quantity
        Of any kind; its notes stand below the table.
    diagnostics : bool
        Show ESS and R-hat.
    """
    table = quantity.table
    name, _, of = quantity.name.partition(" ")
    title = f"{_QUANTITIES.get(name, name)} {of}".strip()
    if quantity.name == "plausible_ranges":
        return _ranges_grid(quantity, title)
    columns = (*_estimates(table), *(_DIAGNOSTICS if diagnostics else ()))
    rows = tuple(
        (QUANTITY_LABELS.get(str(label), str(label)), *_statistics(row, columns))
        for label, (_, row) in zip(table.index, table.iterrows(), strict=True)
        if label != "icc_unadjusted" or row["mean"] != table.loc["icc", "mean"]
    )
    return Grid(_titled(title, table), ("", *columns), (Section("", rows),), notes=quantity.notes)


def _overview(report: FitReport) -> list[Block]:
    counts = [report.size]
    if report.rows_dropped:
        counts.append(dropped_rows(report.rows_dropped, report.left_out))
    if report.sampling:
        counts.append(report.sampling)
    blocks: list[Block] = [Title(report.title), Equations(report.equations), Lines(tuple(counts))]
    blocks += notes_block(report.notes)
    blocks += [fixed_grid(report.fixed, report.labels)]
    if report.ratios is not None:
        blocks.append(fixed_grid(report.ratios, report.labels, diagnostics=False))
    blocks.append(variance_grid(report.variance))
    blocks += [
        quantity_grid(quantity, diagnostics=False)
        for quantity in (report.shares, *report.plausible_ranges)
        if quantity is not None
    ]
    if report.verdict:
        blocks.append(Lines(report.verdict))
    return blocks


def fixed_grid(table: pd.DataFrame, labels: ColumnLabels, diagnostics: bool = True) -> Grid:
    """Lay out the fixed effects or their ratios, a section a level-1 coefficient."""
    columns = (*_estimates(table), *(_DIAGNOSTICS if diagnostics else ()))
    sections = coefficient_sections(table, labels, lambda row: _statistics(row, columns))
    ratios = table.attrs.get("ratio", "").replace("ratio", "ratios").capitalize()
    return Grid(_titled(ratios or "Fixed effects", table), ("", "", *columns), sections, n_labels=2)


def coefficient_sections(
    table: pd.DataFrame, labels: ColumnLabels, cells: Callable[[pd.Series], tuple[str, ...]]
) -> tuple[Section, ...]:
    """A section a level-1 coefficient of a table of fixed effects; `cells` writes a row behind its labels."""
    return tuple(
        Section(
            labels.heading(str(coefficient)),
            tuple(
                (str(symbol), labels.term(str(symbol), str(row["term"])), *cells(row))
                for symbol, (_, row) in zip(part.index, part.iterrows(), strict=True)
            ),
        )
        for coefficient, part in table.groupby("coefficient", sort=False)
    )


def variance_grid(table: pd.DataFrame) -> Grid:
    """Lay out SDs and correlations, the means of the variances beside the SDs."""
    estimates = _estimates(table)
    rows = []
    for component, effect in table.index:
        if component in SQUARES:
            continue
        row = table.loc[(component, effect)]
        squared = f"{component}2"
        variance = ""
        if (squared, effect) in table.index:
            second = table.loc[(squared, effect)]
            variance = number(second["mean"], decimals(second["sd"], second["mcse_mean"]))
        label = parameter_label(component, effect)
        cells = _statistics(row, (*estimates, *_DIAGNOSTICS))
        rows.append((label, *cells[: len(estimates)], variance, *cells[len(estimates) :]))
    header = ("", *estimates, "variance", *_DIAGNOSTICS)
    return Grid(_titled(components_title(table), table), header, (Section("", tuple(rows)),))


def components_title(table: pd.DataFrame) -> str:
    """Say what variance components there are."""
    others = set(table.index.get_level_values("component")) & set(AUXILIARY) - {"sigma"}
    what = "SDs, correlations, the distribution" if others else "standard deviations and correlations"
    return f"Variance components: {'SDs, correlations, level 1' if others & {ALPHA.name, RHO.name} else what}"


def _ranges_grid(quantity: Quantity, title: str) -> Grid:
    table = quantity.table
    rows = []
    for coefficient in dict.fromkeys(table.index.get_level_values("coefficient")):
        ends = table.loc[coefficient]
        places = min(map(decimals, ends["sd"], ends["mcse_mean"]))
        values = [ends.loc[end, kind] for kind in ("plug_in", "predictive") for end in ("lower", "upper")]
        rows.append((str(coefficient), *(number(float(value), places) for value in values)))
    header = ("", "plug-in from", "to", "new group from", "to")
    title += f" of {table.attrs['response']}" if "response" in table.attrs else ""
    title = f"{title} that cover {percent(table.attrs['ci_prob'])} of the groups"
    return Grid(title, header, (Section("", tuple(rows)),), notes=quantity.notes)


def _statistics(row: pd.Series, columns: Iterable[str]) -> tuple[str, ...]:
    """Write the columns of one row of a summary; a quantity that the model does not have is zero in every draw."""
    if row["mean"] == 0 == row["sd"]:
        return ("0", *("" for _ in list(columns)[1:]))
    places = decimals(row["sd"], row["mcse_mean"])
    cells = []
    for name in columns:
        if name.startswith("ess"):
            cells.append(count(row[name]))
        else:
            cells.append(number(row[name], {"r_hat": 3, "deft": 2}.get(name, places)))
    return tuple(cells)


def _estimates(table: pd.DataFrame) -> tuple[str, ...]:
    """The columns of a summary that are shown before its diagnostics."""
    return tuple(name for name in ("mean", "median", *_ESTIMATES[1:], "deft") if name in table)


def _titled(title: str, table: pd.DataFrame) -> str:
    kind = INTERVALS[table.attrs["ci_kind"]]
    return f"{title} ({percent(table.attrs['ci_prob'])} {kind} intervals)"
