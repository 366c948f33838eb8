"""Tables of a REML or ML fit: its summary, Wald tests, likelihood-ratio tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.display.blocks import Block, Equations, Grid, Lines, Section, Title
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.digits import count, decimals, number, p_value, percent
from bayeshlm.display.fit_tables import QUANTITY_LABELS, SQUARES, coefficient_sections, components_title
from bayeshlm.display.html import to_html
from bayeshlm.display.left_out_notes import data_notes, dropped_rows, notes_block
from bayeshlm.display.model_size import kind_of_model, size_of_model
from bayeshlm.display.shown_result import ShownResult
from bayeshlm.display.text import to_text
from bayeshlm.equations import render
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.intervals import t_bounds
from bayeshlm.reml.likelihood_ratio import LikelihoodComparison
from bayeshlm.reml.tests_of_effects import WaldTest

DF = {"satterthwaite": "Satterthwaite df", "kenward-roger": "Kenward-Roger df", "normal": "normal tests"}
"""Degrees of freedom in words."""

INTERVALS = {"wald": "Wald", "profile": "profile-likelihood"}
"""Kinds of interval in words."""


@dataclass(frozen=True, eq=False)
class RemlReport:
    """All that the summary of a fit shows.

    Attributes
    ----------
    design : Design
    estimate : RemlEstimate
    fixed, variance : pandas.DataFrame
        As the methods of `RemlFit` return them.
    residuals : pandas.Series or None
        Likewise; None where the rows are not at hand.
    shares : pandas.Series
        Likewise, of `icc` or, where the level-1 SDs are known, `heterogeneity`.
    tests : pandas.DataFrame or None
        Likewise, chi-square tests of a model with one grouping.
    reliability : mapping of str to DataFrame
        Likewise, of each grouping for which it is defined.
    """

    design: Design
    estimate: RemlEstimate
    fixed: pd.DataFrame
    variance: pd.DataFrame
    residuals: pd.Series | None
    shares: pd.Series
    tests: pd.DataFrame | None
    reliability: Mapping[str, pd.DataFrame]


def reml_text(report: RemlReport) -> str:
    """Write the summary of a fit as plain text."""
    return to_text(_summary(report))


def reml_html(report: RemlReport) -> str:
    """Write the summary of a fit as HTML."""
    return to_html(_summary(report))


@dataclass(frozen=True, eq=False, repr=False)
class ShownTest(ShownResult, WaldTest):
    """A `WaldTest` whose printed form is its table.

    Attributes
    ----------
    prob : float
        Confidence of the rows' intervals.
    """

    prob: float = 0.95

    @property
    def table(self) -> pd.DataFrame:
        """Each row by itself: estimate, se, df, t, p and bounds, indexed by what it tests."""
        r = self.rows
        lower, upper = t_bounds(r, self.prob)
        columns = {"estimate": r.estimate, "se": r.se, "df": r.df, "t": r.t, "p": r.p, "lower": lower, "upper": upper}
        return pd.DataFrame(columns, index=pd.Index(r.labels, name="hypothesis"))

    def _blocks(self) -> Iterable[Block]:
        return _wald_blocks(self)


class ShownLikelihoodRatio(ShownResult, LikelihoodComparison):
    """A `LikelihoodComparison` whose printed form is its table."""

    def _blocks(self) -> Iterable[Block]:
        return [_ratio_grid(self)]


def likelihood_line(e: Estimate) -> str:
    """The criterion by the name that its method gives it, what follows from it, and the number of parameters."""
    criterion = "REML criterion" if e.method == "REML" else "deviance"
    return (
        f"{criterion} {number(e.criterion, 2)}; log-likelihood {number(e.log_likelihood, 2)};"
        f" AIC {number(e.aic, 2)}; BIC {number(e.bic, 2)}; {e.n_parameters} parameters"
    )


def _summary(report: RemlReport) -> list[Block]:
    design, e = report.design, report.estimate
    counts = size_of_model(design)
    if design.rows_dropped:
        counts += f", {dropped_rows(design.rows_dropped, design.left_out)}"
    verdict = "Converged." if e.converged else "NOT CONVERGED: the search did not end at a minimum."
    boundary = (f"SINGULAR: {e.reason}.",) if e.singular else ()
    reliability: list[Block] = [_reliability_grid(report.reliability)] if report.reliability else []
    if report.tests is not None:
        reliability = [_component_grid(report.tests, *report.reliability.values())]
    return [
        Title(f"{kind_of_model(design)} of {design.spec.outcome.name}, fitted by {e.method}"),
        Equations(render(design.spec, "levels", design.groupings)),
        Lines((counts, likelihood_line(e))),
        *notes_block(data_notes(design)),
        *([] if report.residuals is None else [_residual_grid(report.residuals)]),
        reml_fixed_grid(report.fixed, ColumnLabels.of(design)),
        reml_variance_grid(report.variance),
        *reliability,
        heterogeneity_grid(report.shares) if design.outcome.residuals.known else icc_grid(report.shares),
        Lines((verdict, *boundary)),
    ]


def _residual_grid(residuals: pd.Series) -> Grid:
    cells = tuple(number(float(value), 4) for value in residuals)
    return Grid("Scaled residuals", tuple(map(str, residuals.index)), (Section("", (cells,)),), n_labels=0)


def reml_fixed_grid(table: pd.DataFrame, labels: ColumnLabels) -> Grid:
    """Lay out fixed effects with their tests, a section a level-1 coefficient."""
    attrs = table.attrs
    robust = ", cluster-robust standard errors" if attrs["robust"] else ""
    title = f"Fixed effects ({percent(attrs['ci_prob'])} intervals, {DF[attrs['df']]}{robust})"
    header = ("", "", "estimate", "se", "df", "t", "p", "lower", "upper")
    return Grid(title, header, coefficient_sections(table, labels, tested), notes=attrs["notes"], n_labels=2)


def tested(row: pd.Series) -> tuple[str, ...]:
    """Cells of an estimate with its test by Student's t, or by the normal distribution."""
    places = places_of(float(row["se"]))
    estimate, se, lower, upper = (number(float(row[name]), places) for name in ("estimate", "se", "lower", "upper"))
    if "z" in row:
        test = [number(float(row["z"]), 2)]
    else:
        test = ["inf" if np.isinf(row["df"]) else number(float(row["df"]), 1), number(float(row["t"]), 2)]
    return (estimate, se, *test, p_value(float(row["p"])), lower, upper)


def reml_variance_grid(table: pd.DataFrame) -> Grid:
    """Lay out SDs and correlations, the variances beside the SDs."""
    bounds = [name for name in ("lower", "upper") if name in table]
    grouped = ["grouping"] if "grouping" in table else []
    rows = []
    for component, effect in table.index:
        if component in SQUARES:
            continue
        row = table.loc[(component, effect)]
        places = 3 if component in ("corr", "cutpoint", "alpha", "rho") else places_of(0.1 * float(row["estimate"]))
        variance = ""
        if component in ("tau", "sigma", "level1_sd"):
            squared = float(row["estimate"]) ** 2
            variance = number(squared, places_of(0.1 * squared))
        label = parameter_label(component, effect)
        cells = [number(float(row[name]), places) for name in ("estimate", *bounds)]
        rows.append((label, *(str(row[name]) for name in grouped), *cells, variance))
    title = components_title(table)
    if bounds:
        title += f" ({percent(table.attrs['ci_prob'])} {INTERVALS[table.attrs['intervals']]} intervals)"
    header = ("", *grouped, "estimate", *bounds, "variance")
    return Grid(title, header, (Section("", tuple(rows)),), notes=table.attrs["notes"], n_labels=1 + len(grouped))


def _component_grid(tests: pd.DataFrame, reliability: pd.DataFrame) -> Grid:
    """Lay out HLM's tests of the variance components beside the reliabilities."""
    rows = tuple(
        (
            str(effect),
            number(float(value), 3),
            number(float(row["chi2"]), 2),
            number(float(row["df"]), 0),
            p_value(float(row["p"])),
        )
        for (effect, row), value in zip(tests.iterrows(), reliability["estimate"], strict=True)
    )
    used, n_groups = tests.attrs["n_groups_used"], tests.attrs["n_groups"]
    note = f"from the {count(used)} of {count(n_groups)} groups whose own rows determine their coefficients"
    header = ("", "reliability", "chi-square", "df", "p")
    return Grid("Does it vary between groups?", header, (Section("", rows),), notes=(note,))


def _reliability_grid(reliability: Mapping[str, pd.DataFrame]) -> Grid:
    """Lay out the reliabilities of several groupings."""
    rows = tuple(
        (str(coefficient), grouping, number(float(value), 3))
        for grouping, table in reliability.items()
        for coefficient, value in table["estimate"].items()
    )
    notes = tuple(note for table in reliability.values() for note in table.attrs["notes"])
    return Grid("Reliability", ("", "grouping", "estimate"), (Section("", rows),), notes=notes, n_labels=2)


def icc_grid(icc: pd.Series) -> Grid:
    """Lay out the ICC at the estimates."""
    shown = [name for name in icc.index if name != "icc_unadjusted" or icc[name] != icc["icc"]]
    rows = tuple((QUANTITY_LABELS.get(str(name), str(name)), number(float(icc[name]), 4)) for name in shown)
    return Grid("Intraclass correlation", ("", "estimate"), (Section("", rows),), notes=icc.attrs["notes"])


def heterogeneity_grid(shares: pd.Series) -> Grid:
    """Lay out I^2, H^2 and Cochran's Q at the estimates."""
    names = [name for name in shares.index if name not in ("q", "q_df", "q_p")]
    rows = tuple((QUANTITY_LABELS.get(str(name), str(name)), number(float(shares[name]), 4)) for name in names)
    test = f"Q({shares['q_df']:.0f}) = {number(float(shares['q']), 2)}, p {_relation(float(shares['q_p']))}"
    notes = (*shares.attrs["notes"], f"{test}: nothing but the known errors (Cochran 1954)")
    return Grid("Heterogeneity", ("", "estimate"), (Section("", rows),), notes=notes)


def _wald_blocks(test: ShownTest) -> Iterable[Block]:
    rows = tuple((str(label), *tested(row)) for label, row in test.table.iterrows())
    header = ("", "estimate", "se", "df", "t", "p", "lower", "upper")
    yield Grid(
        f"Linear hypotheses ({percent(test.prob)} intervals, {DF[test.rows.df_method]})",
        header,
        (Section("", rows),),
        notes=("t and p: the estimate against what the hypothesis states",),
    )
    by_f = f"F({test.numerator_df}, {number(test.denominator_df, 1)}) = {number(test.F, 3)}, p {_relation(test.p)}; "
    if np.isinf(test.denominator_df):
        by_f = ""
    yield Lines(
        (f"Jointly: {by_f}chi-square({test.numerator_df}) = {number(test.chi2, 3)}, p {_relation(test.chi2_p)}.",)
    )


def _ratio_grid(comparison: LikelihoodComparison) -> Grid:
    rows = tuple(
        (name, str(fit.n_parameters), number(fit.criterion, 3), number(fit.aic, 2), number(fit.bic, 2))
        for name, fit in (("smaller", comparison.smaller), ("larger", comparison.larger))
    )
    draws, p = comparison.bootstrap, f"p {_relation(comparison.p)}"
    if len(draws) and not np.any(draws >= comparison.statistic):
        p = f"p < {number(comparison.p, 4)}, no draw as large"
    note = f"Statistic {number(comparison.statistic, 4)} on {comparison.df} df, {p} ({comparison.method})."
    header = ("model", "parameters", "deviance", "AIC", "BIC")
    return Grid(f"Likelihood-ratio test ({comparison.criterion})", header, (Section("", rows),), notes=(note,))


def _relation(p: float) -> str:
    text = p_value(p)
    return text if text[0] in "<>" else f"= {text}"


def places_of(sd: float) -> int:
    """Decimal places that show four digits of a standard error."""
    return decimals(sd, 1e-9 * sd)
