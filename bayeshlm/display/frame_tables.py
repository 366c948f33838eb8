"""Tables of results that are DataFrames: fixed effects, variance components, groups, any other."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Hashable

import pandas as pd

from bayeshlm.design.naming import parameter_label
from bayeshlm.display.blocks import Grid, Section
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.digits import count, decimals, number, p_value, percent, share
from bayeshlm.display.fit_tables import INTERVALS, fixed_grid, variance_grid
from bayeshlm.display.shown_frame import notes_of

ENDS = 6
"""So many groups are shown at the beginning and at the end."""

_NAN = math.nan
_COUNTS = ("n", "n_bad", "ess_bulk", "ess_tail")
_TESTS = ("t", "F", "chi2")
_HEADINGS = {
    "r_hat": "R-hat",
    "mcse_mean": "MC error",
    "u_mean": "u",
    "u_sd": "sd of u",
    "v_mean": "v",
    "v_sd": "sd of v",
    "p_worse": "p worse",
    "max_pareto_k": "largest k",
    "n_bad": "bad k",
    "elpd_diff": "difference",
    "numerator_df": "df",
    "denominator_df": "denominator df",
}


def shown_fixed(table: pd.DataFrame, labels: ColumnLabels) -> Grid:
    """Fixed effects as the overview of a fit has them, and what their attrs say."""
    return dataclasses.replace(fixed_grid(table, labels), notes=notes_of(table.attrs))


def shown_variance(table: pd.DataFrame) -> Grid:
    """Variance components as the overview of a fit has them, and what their attrs say."""
    grid = variance_grid(table)
    own = "variances (tau2, sigma2) and covariances (cov) with their intervals are rows of this DataFrame"
    return dataclasses.replace(grid, notes=(*grid.notes, own, *notes_of(table.attrs)))


def shown_groups(table: pd.DataFrame) -> Grid:
    """Coefficients of the groups, a section a coefficient; the middle of many groups is left out."""
    columns = [name for name in table.columns if name not in ("mcse_mean", "ess_bulk", "ess_tail", "r_hat")]
    sections = []
    for coefficient, part in table.groupby(level="coefficient", sort=False):
        own = part.droplevel("coefficient")
        sections.append(Section(str(coefficient), _ended(own, columns)))
    n = len(table.index.unique(level=0))
    own_ols = f"ols: least squares within the {table.index.names[0]} alone, '-' where its rows do not determine it"
    notes = [own_ols] if "ols" in table else []
    if n > 2 * ENDS:
        notes.append(f"the first and the last {ENDS} of {count(n)} groups; all of them are rows of this DataFrame")
    title = f"Coefficients of the groups ({table.index.names[0]}){_interval(table)}"
    return Grid(title, ("", *map(_heading, columns)), tuple(sections), notes=(*notes, *notes_of(table.attrs)))


def shown_ends(table: pd.DataFrame, title: str) -> Grid:
    """A row a group; the middle of many groups is left out, and so are diagnostics."""
    columns = [name for name in table.columns if name not in ("mcse_mean", "ess_bulk", "ess_tail", "r_hat")]
    n, notes = len(table), []
    if n > 2 * ENDS:
        notes.append(f"the first and the last {ENDS} of {count(n)} groups; all of them are rows of this DataFrame")
    sections = (Section("", _ended(table, columns)),)
    header = ("", *map(_heading, columns))
    return Grid(f"{title}{_interval(table)}", header, sections, notes=(*notes, *notes_of(table.attrs)))


def shown_plain(table: pd.DataFrame, title: str) -> Grid:
    """Any other result: its index, then its columns."""
    columns = list(table.columns)
    rows = tuple((_label(key), *_cells(row, columns)) for key, (_, row) in _rows(table))
    return Grid(
        f"{title}{_interval(table)}", ("", *map(_heading, columns)), (Section("", rows),), notes=notes_of(table.attrs)
    )


def _ended(table: pd.DataFrame, columns: list[str]) -> tuple[tuple[str, ...], ...]:
    many = len(table) > 2 * ENDS
    shown = pd.concat([table.iloc[:ENDS], table.iloc[-ENDS:]]) if many else table
    places = min(_places(row) for _, (_, row) in _rows(shown))
    cells = [(str(key), *_cells(row, columns, places)) for key, (_, row) in _rows(shown)]
    left_out = [("...", *("" for _ in columns))] if many else []
    return (*cells[:ENDS], *left_out, *cells[ENDS:])


def _rows(table: pd.DataFrame) -> zip[tuple[Hashable, tuple[Hashable, pd.Series]]]:
    return zip(table.index, table.astype(object).iterrows(), strict=True)


def _label(key: Hashable) -> str:
    """A row of parameters by what they are called, any other by its index."""
    if isinstance(key, tuple):
        component, effect = map(str, key)
        return parameter_label(component, effect)
    return str(key)


def _cells(row: pd.Series, columns: list[str], places: int | None = None) -> tuple[str, ...]:
    """Write a row: estimates with so many places, or with those that the error beside them deserves."""
    places = _places(row) if places is None else places
    return tuple(_cell(name, row[name], places) for name in columns)


def _places(row: pd.Series) -> int:
    error = next((float(row[name]) for name in ("sd", "se", "u_sd") if name in row), _NAN)
    mcse = float(row["mcse_mean"]) if "mcse_mean" in row else 1e-9 * error
    if not error > 0:
        found = [abs(float(row[name])) for name in ("estimate", "lower", "upper") if name in row]
        error = 0.1 * min((value for value in found if value > 0 and math.isfinite(value)), default=1.0)
        mcse = 1e-9 * error
    return decimals(error, mcse)


def _cell(name: str, value: object, places: int) -> str:
    if isinstance(value, str) or value is None:
        return str(value or "")
    found = float(value)  # type: ignore[arg-type]
    writers: dict[str, Callable[[float], str]] = {
        **dict.fromkeys(_COUNTS, count),
        **dict.fromkeys(_TESTS, lambda x: number(x, 2)),
        "p": p_value,
        "p_worse": share,
        "weight": lambda x: number(x, 2),
        "max_pareto_k": lambda x: number(x, 2),
        "p_loo": lambda x: number(x, 1),
        "r_hat": lambda x: number(x, 3),
    }
    if name == "df" or name.endswith("_df"):
        return "inf" if math.isinf(found) else number(found, 0 if found.is_integer() else 1)
    return writers[name](found) if name in writers else number(found, places)


def _heading(name: str) -> str:
    return _HEADINGS.get(name, name)


def _interval(table: pd.DataFrame) -> str:
    attrs = table.attrs
    if "ci_kind" in attrs:
        return f" ({percent(attrs['ci_prob'])} {INTERVALS[attrs['ci_kind']]} intervals)"
    return f" ({percent(attrs['ci_prob'])})" if "ci_prob" in attrs else ""
