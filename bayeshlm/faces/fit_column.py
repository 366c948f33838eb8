"""The column of a fit in a table of several: its estimates and quantities as entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from bayeshlm.design import Design
from bayeshlm.display.model_column import (
    Entry,
    ModelColumn,
    entry,
    fixed_entries,
    icc_label,
    loo_entry,
    loo_label,
    model_entries,
    reduction_label,
    variance_entries,
)
from bayeshlm.faces.fit import Fit
from bayeshlm.faces.model_estimates import classical_fit
from bayeshlm.faces.reml_fit import RemlFit
from bayeshlm.quantities.level1_variance import has_level1_variance

if TYPE_CHECKING:
    from bayeshlm.checks.loo import Unit
    from bayeshlm.faces.ml_fit import MlFit

type AnyFit = Fit | RemlFit | MlFit


def fit_column(
    name: str,
    fit: AnyFit,
    null: AnyFit | None,
    components: str,
    loo: Unit | None,
    prob: float,
    kind: str,
    several: bool,
    exponentiate: bool,
) -> ModelColumn:
    """The column of a fit; its rows say whose groups they are about where there are `several` groupings in a model."""
    null = None if fit is null else null
    if isinstance(fit, Fit):
        return _posterior_column(name, fit, null, components, loo, prob, kind, several, exponentiate)
    if isinstance(fit, RemlFit):  # whose effects are no ratios
        return _estimate_column(name, fit, fit.fixed_effects(prob), null, components, prob, several)
    fixed = fit.fixed_effects(prob, exponentiate=exponentiate)
    return _estimate_column(name, fit, fixed, null, components, prob, several)


def _posterior_column(
    name: str,
    fit: Fit,
    null: AnyFit | None,
    components: str,
    loo: Unit | None,
    prob: float,
    kind: str,
    several: bool,
    exponentiate: bool,
) -> ModelColumn:
    design = fit.model.design
    shares: dict[str, Entry] = {}
    if design.outcome.residuals.known:
        shares["I2"] = entry(fit.heterogeneity(prob, kind).table, "i2")
        r2 = fit.r2(null, prob, kind).table if null is not None else pd.DataFrame()
        shares |= {label: entry(r2, key) for label, key in _reductions(design, r2.index, several)}
    elif has_level1_variance(design.outcome):
        icc = fit.icc(prob=prob, kind=kind).table
        shares |= {label: entry(icc, key) for label, key in _icc_rows(design, several)}
        if design.weights is None or null is not None:
            r2 = fit.r2(null, prob, kind).table
            shares |= {label: entry(r2, key) for label, key in _r2_rows(design, r2.index, several)}
    verdict = fit.convergence
    warnings = [] if verdict.converged else [" ".join(("NOT CONVERGED.", *verdict.reasons))]
    if loo is not None:
        left_out = fit.loo(loo)
        shares[loo_label(loo)] = loo_entry(left_out)
        if len(left_out.bad):
            warnings.append(
                f"elpd NOT TRUSTWORTHY, Pareto k of {len(left_out.bad)} of {left_out.n_units} units above"
                f" {left_out.threshold:.2f}; see loo({loo!r})"
            )
    entries = {
        **dict(fixed_entries(design, fit.fixed_effects(prob, kind, exponentiate=exponentiate))),
        **dict(variance_entries(design, fit.variance_components(prob, kind), components, several)),
        **dict(model_entries(design, shares)),
    }
    outcome, n_groupings = design.spec.outcome.name, len(design.groupings)
    return ModelColumn(name, "posterior", outcome, entries, tuple(warnings), n_groupings)


def _estimate_column(
    name: str,
    fit: RemlFit | MlFit,
    fixed: pd.DataFrame,
    null: AnyFit | None,
    components: str,
    prob: float,
    several: bool,
) -> ModelColumn:
    design = fit.design
    shares: dict[str, Entry] = {}
    if design.outcome.residuals.known:
        shares["I2"] = Entry(float(fit.heterogeneity()["i2"]))
        r2 = fit.r2(_estimated(null)) if null is not None else pd.Series()
        shares |= {label: Entry(float(r2[key])) for label, key in _reductions(design, r2.index, several)}
    elif has_level1_variance(design.outcome):
        icc = fit.icc()
        shares |= {label: Entry(float(icc[key])) for label, key in _icc_rows(design, several)}
        if design.weights is None or null is not None:
            r2 = fit.r2(_estimated(null))
            shares |= {label: Entry(float(r2[key])) for label, key in _r2_rows(design, r2.index, several)}
    entries = {
        **dict(fixed_entries(design, fixed)),
        **dict(variance_entries(design, fit.variance_components(prob), components, several)),
        **dict(model_entries(design, shares)),
    }
    warnings = [f"SINGULAR, {fit.reason}"] if fit.singular else []
    if not fit.converged:
        warnings.append("NOT CONVERGED, the search did not end where it should")
    outcome, n_groupings = design.spec.outcome.name, len(design.groupings)
    return ModelColumn(name, fit.method, outcome, entries, tuple(warnings), n_groupings)


def _estimated(null: AnyFit | None) -> RemlFit | MlFit | None:
    """The null model's estimates, from whose variances those beside them are reduced."""
    return classical_fit(null.model) if isinstance(null, Fit) else null


def _icc_rows(design: Design, several: bool) -> Iterator[tuple[str, str]]:
    """Labels of the table's rows and the rows of `Fit.icc` that they show."""
    for name in design.groupings:
        yield icc_label(name, several), "icc" if len(design.groupings) == 1 else f"icc[{name}]"


def _r2_rows(design: Design, index: Iterable[str], several: bool) -> Iterator[tuple[str, str]]:
    """Labels of the table's rows and the rows of `Fit.r2` that they show."""
    yield from (("R2, marginal", "marginal"), ("R2, conditional", "conditional"))
    yield from _reductions(design, index, several)


def _reductions(design: Design, index: Iterable[str], several: bool) -> Iterator[tuple[str, str]]:
    """Those of them that are reductions."""
    for name in index:
        if name.startswith("reduction "):
            yield reduction_label(design, name.removeprefix("reduction "), several), name
