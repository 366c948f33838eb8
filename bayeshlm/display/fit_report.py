"""`fit_report`: gathers the tables that the overview of a fit shows, a `FitReport`."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.fit_tables import FitReport
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.display.model_size import kind_of_model, size_of_model
from bayeshlm.display.sampler_text import nodes_lines, sampling_line, verdict_lines
from bayeshlm.equations import render
from bayeshlm.fitted import FittedModel
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.quantities.fixed_effects import fixed_effects
from bayeshlm.quantities.heterogeneity import heterogeneity
from bayeshlm.quantities.icc import has_icc, icc
from bayeshlm.quantities.plausible_ranges import has_response, plausible_ranges
from bayeshlm.quantities.quantity import Quantity
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
        ratios=_ratios(fitted),
        shares=_shares(fitted),
        plausible_ranges=tuple(_ranges(fitted)),
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


def _shares(fitted: FittedModel) -> Quantity | None:
    """The ICC, or I^2 where the level-1 SDs are known; None where there is neither."""
    if fitted.design.outcome.residuals.known:
        return heterogeneity(fitted.draws)
    return icc(fitted.draws) if has_icc(fitted.design) else None


def _ratios(fitted: FittedModel) -> pd.DataFrame | None:
    """Ratios of the effects but the intercept, whose ``exp`` is none; None where there are no others."""
    own = [not column.is_intercept for column in fitted.design.fixed]
    if not (fitted.design.outcome.ratio and any(own)):
        return None
    return fixed_effects(fitted.draws, exponentiate=True)[own]


def _ranges(fitted: FittedModel) -> Iterator[Quantity]:
    """Ranges of the coefficients of each grouping and, where that is another thing, of what is expected."""
    for k, term in enumerate(fitted.design.predictor.random):
        yield plausible_ranges(fitted.draws, grouping=fitted.design.groupings[k])
        if has_response(fitted.design.outcome, term.columns):
            yield plausible_ranges(fitted.draws, grouping=fitted.design.groupings[k], response=True)
