"""`fit_report`: gathers the tables that the overview of a fit shows, a `FitReport`."""

from __future__ import annotations

from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.fit_tables import FitReport
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.display.model_size import kind_of_model, size_of_model
from bayeshlm.display.sampler_text import nodes_lines, sampling_line, verdict_lines
from bayeshlm.equations import render
from bayeshlm.fitted import FittedModel
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.quantities.fixed_effects import fixed_effects
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.level1_variance import has_level1_variance
from bayeshlm.quantities.plausible_ranges import plausible_ranges
from bayeshlm.quantities.variance_components import variance_components
from bayeshlm.reml.enough_rows import undetermined_components


def fit_report(fitted: FittedModel, convergence: Convergence) -> FitReport:
    """Gather what the overview of a fit shows.

    Parameters
    ----------
    fitted : FittedModel
    convergence : Convergence
        The verdict on its sampler.
    """
    design, draws = fitted.design, fitted.draws
    return FitReport(
        title=f"{kind_of_model(design)} of {design.spec.outcome.name}",
        equations=render(design.spec, "levels", design.groupings),
        size=size_of_model(design),
        rows_dropped=design.rows_dropped,
        fixed=fixed_effects(draws),
        variance=variance_components(draws),
        icc=icc(draws) if has_level1_variance(design.outcome) else None,
        plausible_ranges=tuple(plausible_ranges(draws, grouping=name) for name in design.groupings),
        verdict=(
            *verdict_lines(convergence),
            *nodes_lines(fitted.nodes),
            *filter(None, [undetermined_components(design)]),
        ),
        sampling=sampling_line(fitted, convergence),
        left_out=design.left_out,
        notes=data_notes(design),
        labels=ColumnLabels.of(design),
    )
