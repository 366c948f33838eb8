"""One fit as a column of the table of models: its numbers, each under its name in words."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from bayeshlm.checks.loo import Loo, Unit
from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
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
    n_groupings : int
    """

    name: str
    estimator: str
    outcome: str
    entries: Mapping[RowKey, Entry] = field(repr=False)
    warnings: tuple[str, ...] = ()
    n_groupings: int = 1


def fixed_entries(design: Design, table: pd.DataFrame) -> Iterator[tuple[RowKey, Entry]]:
    """Entries of the fixed effects, from the table of a fit; of ratios the median, which exp() does not move."""
    labels = ColumnLabels.of(design)
    if "median" in table:
        table = table.assign(mean=table["median"])
    for column in design.fixed:
        key = RowKey(FIXED, _raised(labels.coefficients[column.coefficient]), labels.term(column.label))
        yield key, entry(table, column.label, column.label)


def variance_entries(
    design: Design, table: pd.DataFrame, components: str, named: bool = False
) -> Iterator[tuple[RowKey, Entry]]:
    """Entries of the variance components: SDs and correlations, or variances and covariances.

    Parameters
    ----------
    design : Design
    table : pandas.DataFrame
        Of the variance components.
    components : {"sd", "variance"}
    named : bool
        Whether rows say between whose groups: beside models of several groupings.
    """
    names = {column.label: _named(column) for column in design.random}
    between = _between(design, named)
    square, joint = ("2", "cov") if components == "variance" else ("", "corr")
    word, pair = ("Variance", "Covariance") if components == "variance" else ("SD", "Correlation")
    section = "Variance components"
    for label, name in names.items():
        key = RowKey(VARIANCE, section, f"{word}, {name}{between.get(label, '')}")
        yield key, entry(table, (f"tau{square}", label), label)
    for component, effects in table.index:
        if component == joint:
            two = _pair(effects, list(names))
            both = ", ".join(names[label].removeprefix("slope of ") for label in two) + between.get(two[0], "")
            yield RowKey(VARIANCE, section, f"{pair}, {both}", rank=1), entry(table, (component, effects), effects)
    for component, effect in design.outcome.auxiliary_effects:
        if component == "sigma" and design.spec.residual:
            residual = RowKey(VARIANCE, section, f"{word}, residual", rank=2)
            yield residual, entry(table, (f"sigma{square}", ""), design.spec.residual)
        else:
            label = parameter_label(component, effect)
            yield RowKey(VARIANCE, section, label, rank=2), entry(table, (component, effect), label)


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


def icc_label(grouping: str, named: bool = False) -> str:
    """Name the row of an intraclass correlation, by whose groups two rows share where models have several groupings."""
    return f"ICC ({grouping})" if named else "ICC"


def loo_label(unit: Unit) -> str:
    """Name the row of the elpd by what is predicted."""
    return f"LOO elpd, new {unit}"


def loo_entry(loo: Loo) -> Entry:
    """The elpd, with its standard error over units."""
    return Entry(loo.elpd, loo.se, mcse=loo.mcse)


def reduction_label(design: Design, component: str, named: bool = False) -> str:
    """Name the reduction of a variance by what varies: ``sigma2``, or the ``tau2[u1]`` of a random effect."""
    between = _between(design, named)
    for column in design.random:
        if component == f"tau2[{column.label}]":
            return f"reduced tau2, {_named(column)}{between.get(column.label, '')}"
    return f"reduced {component}"


def _between(design: Design, named: bool) -> dict[str, str]:
    """Between whose groups each random effect varies, where that is to be said."""
    return {c.label: f" ({term.grouping})" for term in design.predictor.random for c in term.columns if named}


def _named(column: RandomColumn) -> str:
    """Name a random effect by what it multiplies: ``intercept``, ``slope of ses``."""
    return slope_of(column.name).removeprefix("the ")


def _raised(words: str) -> str:
    heading = words.removeprefix("the ")
    return heading[0].upper() + heading[1:]


def _pair(effects: str, labels: list[str]) -> tuple[str, str]:
    """Split ``"u0,u1"`` where the labels themselves may hold commas."""
    return next((first, second) for first in labels for second in labels if f"{first},{second}" == effects)
