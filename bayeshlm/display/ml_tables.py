"""Tables of a fit by the likelihood of rows (`MlFit`): its summary and its fixed effects."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bayeshlm.design.design import Design
from bayeshlm.display.blocks import Block, Equations, Grid, Lines, Title
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.digits import number, percent
from bayeshlm.display.fit_tables import coefficient_sections
from bayeshlm.display.html import to_html
from bayeshlm.display.left_out_notes import data_notes, dropped_rows, notes_block
from bayeshlm.display.model_size import kind_of_model, size_of_model
from bayeshlm.display.reml_tables import icc_grid, likelihood_line, reml_variance_grid, tested
from bayeshlm.display.text import to_text
from bayeshlm.equations import render
from bayeshlm.reml.family_estimate import FamilyEstimate


@dataclass(frozen=True, eq=False)
class MlReport:
    """All that the summary of a fit shows.

    Attributes
    ----------
    design : Design
    estimate : FamilyEstimate
    fixed, variance : pandas.DataFrame
        As the methods of `MlFit` return them.
    icc : pandas.Series
        Likewise; None where the level-1 SD has an equation.
    """

    design: Design
    estimate: FamilyEstimate
    fixed: pd.DataFrame
    variance: pd.DataFrame
    icc: pd.Series | None


def ml_text(report: MlReport) -> str:
    """Write the summary of a fit as plain text."""
    return to_text(_summary(report))


def ml_html(report: MlReport) -> str:
    """Write the summary of a fit as HTML."""
    return to_html(_summary(report))


def _summary(report: MlReport) -> list[Block]:
    design, e = report.design, report.estimate
    counts = size_of_model(design)
    if design.rows_dropped:
        counts += f", {dropped_rows(design.rows_dropped, design.left_out)}"
    likelihood, by = likelihood_line(e), "REML" if e.method == "REML" else "maximum likelihood"
    if design.weights is not None:
        likelihood = f"log pseudo-likelihood {number(e.log_likelihood, 2)}; {e.n_parameters} parameters"
        by = "maximum pseudo-likelihood"
    boundary = (f"SINGULAR: {e.reason}.",) if e.singular else ()
    return [
        Title(f"{kind_of_model(design)} of {design.spec.outcome.name}, fitted by {by}"),
        Equations(render(design.spec, "levels", design.groupings)),
        Lines((counts, likelihood)),
        *notes_block(data_notes(design)),
        ml_fixed_grid(report.fixed, ColumnLabels.of(design)),
        reml_variance_grid(report.variance),
        *([] if report.icc is None else [icc_grid(report.icc)]),
        Lines((*_verdict(e), *boundary)),
    ]


def _verdict(estimate: FamilyEstimate) -> tuple[str, ...]:
    """Whether the search and the quadrature hold."""
    nodes = estimate.nodes
    search = "Converged." if estimate.maximum.converged else "NOT CONVERGED: the search did not end at a maximum."
    if estimate.problem.design.outcome.is_jointly_normal:  # no integral is left to nodes
        return (search,)
    moved = (
        f"twice as many change the log-likelihood by {abs(nodes.change):.0e} and the estimates by {nodes.move:.0e}"
        " standard errors."
    )
    enough = "" if nodes.holds else "NOT ENOUGH NODES: sample the model with model.fit(). "
    return (search, f"{enough}Random effects are integrated out by quadrature with {nodes.n_nodes} nodes each: {moved}")


def ml_fixed_grid(table: pd.DataFrame, labels: ColumnLabels) -> Grid:
    """Lay out fixed effects with their Wald tests, a section a level-1 coefficient."""
    title = f"Fixed effects ({percent(table.attrs['ci_prob'])} intervals, normal tests)"
    header = ("", "", "estimate", "se", "z", "p", "lower", "upper")
    return Grid(title, header, coefficient_sections(table, labels, tested), n_labels=2)
