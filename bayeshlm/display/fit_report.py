"""`fit_report`: gathers the tables that the overview of a fit shows, a `FitReport`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from bayeshlm.design.design import Design
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.fit_tables import FitReport
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.reml.estimate import undetermined_components


def fit_report(
    design: Design,
    equations: str,
    attrs: Mapping[Hashable, Any],
    convergence: Convergence,
    tables: tuple[pd.DataFrame, pd.DataFrame],
    quantities: tuple[Quantity, Quantity],
) -> FitReport:
    """Gather what the overview of a fit shows.

    Parameters
    ----------
    design : Design
    equations : str
        The level equations.
    attrs : mapping
        Of the DataTree: sampler, chains, draws, tuning, seed and seconds.
    convergence : Convergence
        The verdict on the sampler.
    tables : tuple of DataFrame
        Fixed effects and variance components.
    quantities : tuple of Quantity
        ICC and plausible ranges.
    """
    (fixed, variance), (icc, plausible_ranges) = tables, quantities
    return FitReport(
        title=f"Two-level model of {design.spec.outcome.name}",
        equations=equations,
        n_obs=design.n_obs,
        rows_dropped=design.rows_dropped,
        n_groups=design.n_groups,
        group=design.group,
        fixed=fixed,
        variance=variance,
        icc=icc,
        plausible_ranges=plausible_ranges,
        verdict=(*_verdict(convergence), *filter(None, [undetermined_components(design)])),
        sampling=(
            f"NUTS ({attrs['sampler']}): {attrs['chains']} chains of {attrs['draws']} draws after {attrs['tune']} of"
            f" tuning, seed {attrs['seed']}; {attrs['compile_seconds']:.1f} s to compile,"
            f" {attrs['sample_seconds']:.1f} s to sample"
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
