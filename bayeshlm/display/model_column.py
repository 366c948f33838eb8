"""One fit as a column of the table of models: its numbers, each under its name in words."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from bayeshlm.checks.loo import Loo, Unit
from bayeshlm.design.design import Design
from bayeshlm.design.predictor import RandomColumn
from bayeshlm.display.column_labels import ColumnLabels, slope_of

FIXED, VARIANCE, MODEL = "fixed", "variance", "model"
"""Parts of a table of models."""

_NAN = math.nan


@dataclass(frozen=True, slots=True)
class RowKey:
    """What a row of the table is about; models agree on a row when they agree on this.

    Attributes
    ----------
    part : str
        `FIXED`, `VARIANCE` or `MODEL`.
    section : str
        Heading, such as ``"Slope of cwc(ses)"``.
    label : str
        Such as ``"sector"``.
    rank : int
        Rows of lower rank stand above the others of their section.
    """

    part: str
    section: str
    label: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A number of a model.

    Attributes
    ----------
    estimate, error, lower, upper : float
        Posterior mean, SD and bounds, or estimate, standard error and confidence bounds; NaN where there is none.
    mcse : float
        Monte Carlo error of the estimate; NaN without sampling.
    is_count : bool
        Written as an integer.
    symbol : str
        What the model's equations call it.
    """

    estimate: float
    error: float = _NAN
    lower: float = _NAN
    upper: float = _NAN
    mcse: float = _NAN
    is_count: bool = False
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """A column: one fit.

    Attributes
    ----------
    name : str
        Heading.
    estimator : str
        ``"posterior"``, ``"REML"`` or ``"ML"``.
    outcome : str
        The outcome's column.
    entries : mapping of RowKey to Entry
        In the order of the model's equations.
    warnings : tuple of str
        What a reader has to be told of this fit.
    """

    name: str
    estimator: str
    outcome: str
    entries: Mapping[RowKey, Entry] = field(repr=False)
    warnings: tuple[str, ...] = ()


def fixed_entries(design: Design, table: pd.DataFrame) -> Iterator[tuple[RowKey, Entry]]:
    """Entries of the fixed effects, from the table of a fit."""
    labels = ColumnLabels.of(design)
    for column in design.fixed:
        key = RowKey(FIXED, _raised(labels.coefficients[column.coefficient]), labels.term(column.label))
        yield key, entry(table, column.label, column.label)


def variance_entries(design: Design, table: pd.DataFrame, components: str) -> Iterator[tuple[RowKey, Entry]]:
    """Entries of the variance components: SDs and correlations, or variances and covariances."""
    names = {column.label: _named(column) for column in design.random}
    square, joint = ("2", "cov") if components == "variance" else ("", "corr")
    word, pair = ("Variance", "Covariance") if components == "variance" else ("SD", "Correlation")
    section = "Variance components"
    for label, name in names.items():
        key = RowKey(VARIANCE, section, f"{word}, {name}")
        yield key, entry(table, (f"tau{square}", label), label)
    for component, effects in table.index:
        if component == joint:
            both = ", ".join(names[label].removeprefix("slope of ") for label in _pair(effects, list(names)))
            yield RowKey(VARIANCE, section, f"{pair}, {both}", rank=1), entry(table, (component, effects), effects)
    residual = RowKey(VARIANCE, section, f"{word}, residual", rank=2)
    yield residual, entry(table, (f"sigma{square}", ""), design.spec.residual)


def model_entries(design: Design, quantities: Mapping[str, Entry]) -> Iterator[tuple[RowKey, Entry]]:
    """Entries of the model as a whole, and its numbers of rows and groups."""
    for label, value in quantities.items():
        yield RowKey(MODEL, "Model", label), value
    yield RowKey(MODEL, "Model", "rows"), Entry(design.n_obs, is_count=True)
    for term in design.predictor.random:
        yield RowKey(MODEL, "Model", f"groups ({term.grouping})"), Entry(len(term.labels), is_count=True)


def entry(table: pd.DataFrame, key: Hashable, symbol: str = "") -> Entry:
    """An entry from a row of a table of a `Fit` (mean, sd) or of a `RemlFit` (estimate, se)."""
    found = table.loc[[key]].iloc[0].to_dict()
    return Entry(
        estimate=float(found["mean"] if "mean" in found else found["estimate"]),
        error=float(found.get("sd", found.get("se", _NAN))),
        lower=float(found.get("lower", _NAN)),
        upper=float(found.get("upper", _NAN)),
        mcse=float(found.get("mcse_mean", _NAN)),
        symbol=symbol,
    )


def loo_label(unit: Unit) -> str:
    """Name the row of the elpd by what is predicted."""
    return f"LOO elpd, new {unit}"


def loo_entry(loo: Loo) -> Entry:
    """The elpd, with its standard error over units."""
    return Entry(loo.elpd, loo.se, mcse=loo.mcse)


def reduction_label(design: Design, component: str) -> str:
    """Name the reduction of a variance by what varies: ``sigma2``, or the ``tau2[u1]`` of a random effect."""
    for column in design.random:
        if component == f"tau2[{column.label}]":
            return f"reduced tau2, {_named(column)}"
    return f"reduced {component}"


def _named(column: RandomColumn) -> str:
    """Name a random effect by what it multiplies: ``intercept``, ``slope of ses``."""
    return slope_of(column.name).removeprefix("the ")


def _raised(words: str) -> str:
    heading = words.removeprefix("the ")
    return heading[0].upper() + heading[1:]


def _pair(effects: str, labels: list[str]) -> tuple[str, str]:
    """Split ``"u0,u1"`` where the labels themselves may hold commas."""
    return next((first, second) for first in labels for second in labels if f"{first},{second}" == effects)
