"""`fit_report`: gathers the tables that the overview of a fit shows, a `FitReport`."""

from __future__ import annotations

from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.fit_tables import FitReport
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.equations import render
from bayeshlm.fitted import FittedModel
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.quantities.fixed_effects import fixed_effects
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.plausible_ranges import plausible_ranges
from bayeshlm.quantities.variance_components import variance_components
from bayeshlm.reml.estimate import undetermined_components


def fit_report(fitted: FittedModel, convergence: Convergence) -> FitReport:
    """Gather what the overview of a fit shows.

    Parameters
    ----------
    fitted : FittedModel
    convergence : Convergence
        The verdict on its sampler.
    """
    design, draws, options = fitted.design, fitted.draws, fitted.options
    return FitReport(
        title=f"Two-level model of {design.spec.outcome.name}",
        equations=render(design.spec, "levels", design.group),
        n_obs=design.n_obs,
        rows_dropped=design.rows_dropped,
        n_groups=design.n_groups,
        group=design.group,
        fixed=fixed_effects(draws),
        variance=variance_components(draws),
        icc=icc(draws),
        plausible_ranges=plausible_ranges(draws),
        verdict=(*_verdict(convergence), *filter(None, [undetermined_components(design)])),
        sampling=(
            f"NUTS ({options.sampler}): {options.chains} chains of {options.draws} draws after {options.tune} of"
            f" tuning, seed {options.seed}; {fitted.compile_seconds:.1f} s to compile,"
            f" {fitted.sample_seconds:.1f} s to sample"
        ),
        left_out=design.left_out,
        notes=data_notes(design),
        labels=ColumnLabels.of(design),
    )


def _verdict(convergence: Convergence) -> tuple[str, ...]:
    counts = (
        f"{convergence.divergences} of {convergence.n_draws} draws diverged; smallest bulk ESS"
        f" {convergence.min_ess_bulk:.0f}, tail {convergence.min_ess_tail:.0f}; largest R-hat"
        f" {convergence.max_r_hat:.3f}"
    )
    return (f"{'Converged' if convergence.converged else 'NOT CONVERGED'}: {counts}.", *convergence.reasons)
