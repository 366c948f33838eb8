"""The column of a fit in a table of several: its estimates and quantities as entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a table asks of all its models.

    Attributes
    ----------
    null : Fit, RemlFit, MlFit or None
        The model whose variances are reduced.
    components : {"sd", "variance"}
    loo : {"row", "group"}, str or None
        Units that posteriors leave out.
    prob, kind : float, {"eti", "hdi"}
        The intervals.
    exponentiate : bool
        Ratios in place of fixed effects.
    several : bool
        Some model has several groupings: rows say whose groups they are about.
    """

    null: AnyFit | None
    components: str
    loo: Unit | None
    prob: float
    kind: str
    exponentiate: bool
    several: bool


def fit_column(name: str, fit: AnyFit, asked: Asked) -> ModelColumn:
    """The column of a fit."""
    asked = replace(asked, null=None) if fit is asked.null else asked
    return _posterior_column(name, fit, asked) if isinstance(fit, Fit) else _estimate_column(name, fit, asked)


def _posterior_column(name: str, fit: Fit, asked: Asked) -> ModelColumn:
    design, prob, kind = fit.model.design, asked.prob, asked.kind
    shares = _shares(
        design,
        asked,
        lambda: _rows(fit.heterogeneity(prob, kind).table),
        lambda: _rows(fit.icc(prob=prob, kind=kind).table),
        lambda: _rows(fit.r2(asked.null, prob, kind).table),
    )
    verdict = fit.convergence
    warnings = [] if verdict.converged else [" ".join(("NOT CONVERGED.", *verdict.reasons))]
    if asked.loo is not None:
        left_out = fit.loo(asked.loo)
        shares[loo_label(asked.loo)] = loo_entry(left_out)
        if len(left_out.bad):
            warnings.append(
                f"elpd NOT TRUSTWORTHY, Pareto k of {len(left_out.bad)} of {left_out.n_units} units above"
                f" {left_out.threshold:.2f}; see loo({asked.loo!r})"
            )
    fixed = fit.fixed_effects(prob, kind, exponentiate=asked.exponentiate)
    return _column(name, "posterior", design, asked, fixed, fit.variance_components(prob, kind), shares, warnings)


def _estimate_column(name: str, fit: RemlFit | MlFit, asked: Asked) -> ModelColumn:
    shares = _shares(
        fit.design,
        asked,
        lambda: _numbers(fit.heterogeneity()),
        lambda: _numbers(fit.icc()),
        lambda: _numbers(fit.r2(_estimated(asked.null))),
    )
    warnings = [f"SINGULAR, {fit.reason}"] if fit.singular else []
    if not fit.converged:
        warnings.append("NOT CONVERGED, the search did not end where it should")
    if isinstance(fit, RemlFit):  # whose effects are no ratios
        fixed = fit.fixed_effects(asked.prob)
    else:
        fixed = fit.fixed_effects(asked.prob, exponentiate=asked.exponentiate)
    variance = fit.variance_components(asked.prob)
    return _column(name, fit.method, fit.design, asked, fixed, variance, shares, warnings)


def _column(
    name: str,
    estimator: str,
    design: Design,
    asked: Asked,
    fixed: pd.DataFrame,
    variance: pd.DataFrame,
    shares: Mapping[str, Entry],
    warnings: list[str],
) -> ModelColumn:
    entries = {
        **dict(fixed_entries(design, fixed)),
        **dict(variance_entries(design, variance, asked.components, asked.several)),
        **dict(model_entries(design, shares)),
    }
    outcome, n_groupings = design.spec.outcome.name, len(design.groupings)
    return ModelColumn(name, estimator, outcome, entries, tuple(warnings), n_groupings)


type _Rows = Mapping[str, Entry]


def _rows(table: pd.DataFrame) -> _Rows:
    return {str(key): entry(table, key) for key in table.index}


def _numbers(series: pd.Series) -> _Rows:
    return {str(key): Entry(float(value)) for key, value in series.items()}


def _shares(
    design: Design,
    asked: Asked,
    heterogeneity: Callable[[], _Rows],
    icc: Callable[[], _Rows],
    r2: Callable[[], _Rows],
) -> dict[str, Entry]:
    """The ICC and R2, or I2 where the level-1 SDs are known, and reductions from the null model."""
    if design.outcome.residuals.known:
        found = {"I2": heterogeneity()["i2"]}
        reduced = r2() if asked.null is not None else {}
        return found | {label: reduced[key] for label, key in _reductions(design, reduced, asked.several)}
    if not has_level1_variance(design.outcome):
        return {}
    of_groups = icc()
    found = {label: of_groups[key] for label, key in _icc_rows(design, asked.several)}
    if design.weights is None or asked.null is not None:
        explained = r2()
        found |= {label: explained[key] for label, key in _r2_rows(design, explained, asked.several)}
    return found


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
