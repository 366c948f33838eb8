"""The table of models side by side, as journals print it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from bayeshlm.display.blocks import Grid, Section
from bayeshlm.display.digits import count, decimals, number, percent
from bayeshlm.display.fit_tables import INTERVALS
from bayeshlm.display.html import to_html
from bayeshlm.display.markdown import to_markdown
from bayeshlm.display.model_column import MODEL, Entry, ModelColumn, RowKey
from bayeshlm.display.rows_of_models import names_of_rows, row_keys, symbols_of_row
from bayeshlm.display.table_latex import to_latex
from bayeshlm.display.table_parts import in_parts
from bayeshlm.display.text import parts_of, to_text

SHARE_PLACES = 3
"""Decimal places of a share, such as an ICC, that comes without error."""

_STATISTICS = ("estimate", "error", "lower", "upper")


@dataclass(frozen=True, eq=False, repr=False)
class ModelTable:
    """Models side by side; prints as a table, and writes itself for a paper.

    Attributes
    ----------
    frame : pandas.DataFrame
        The numbers, not rounded: indexed by (part, section, row); columns (model, statistic) with statistics
        ``estimate`` (posterior mean, or REML's estimate), ``error`` (posterior SD, or standard error), ``lower`` and
        ``upper``. ``attrs`` hold ``ci_kind``, ``ci_prob`` and ``estimators`` by model.
    grid : Grid
        The cells as they are printed.
    shown : tuple of str
        What each row of `frame` is called in print.
    columns_per_page : int or None
        At most so many models stand beside each other; None: as many as a page holds.
    """

    frame: pd.DataFrame
    grid: Grid = field(repr=False)
    shown: tuple[str, ...] = field(repr=False, default=())
    columns_per_page: int | None = field(repr=False, default=None)

    def to_text(self) -> str:
        """Write it as plain text."""
        return to_text(parts_of(self.grid, self.columns_per_page))

    def to_markdown(self) -> str:
        """Write it as a Markdown pipe table."""
        return to_markdown(self._parts())

    def to_html(self) -> str:
        """Write it as an HTML element."""
        return to_html(self._parts())

    def to_latex(self, label: str | None = None) -> str:
        r"""Write it as a LaTeX table for ``\usepackage{booktabs}``, in parts where it is wider than a page.

        Parameters
        ----------
        label : str, optional
            For ``\ref``.
        """
        return to_latex(self.grid, label, self.columns_per_page)

    def to_docx(self, path: str | os.PathLike[str]) -> None:
        """Write it as a Word document: a table with three rules, sideways or in parts where it is wider than a page.

        Parameters
        ----------
        path : str or path
            ``"table1.docx"``; a file of this name is replaced.

        Raises
        ------
        OptionError
            The package python-docx is not installed: ``pip install "bayeshlm[docx]"``.
        FileError
            The file cannot be written.
        """
        from bayeshlm.display.table_docx import write_docx

        write_docx(self.grid, path, self.columns_per_page)

    def plot(self, part: str = "fixed", intercept: bool = False, ax: Any = None) -> Any:
        """Draw the estimates of all models with their intervals, row by row.

        Parameters
        ----------
        part : {"fixed", "variance"}
            Fixed effects, or variance components.
        intercept : bool
            Whether the intercept, whose scale is another, is among the fixed effects.
        ax : matplotlib Axes, optional

        Raises
        ------
        OptionError
            There is no such part, or no row of it has an interval.
        """
        from bayeshlm.display.plots.coefficients_figure import coefficients_figure

        return coefficients_figure(self, part, intercept, ax)

    def _parts(self) -> list[Grid]:
        """Parts for pages that scroll."""
        return in_parts(self.grid, self.columns_per_page, math.inf, 0)

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.to_html()


def model_table(
    columns: Sequence[ModelColumn],
    cells: str = "sd",
    prob: float = 0.95,
    kind: str = "eti",
    notes: Sequence[str] = (),
    *,
    title: str = "",
    labels: Mapping[str, str] = MappingProxyType({}),
    digits: int | None = None,
) -> ModelTable:
    """Lay columns side by side.

    Parameters
    ----------
    columns : sequence of ModelColumn
    cells : {"sd", "interval", "stacked"}
        What stands beside an estimate, or the interval in a row below it.
    prob, kind : float, {"eti", "hdi"}
        Which interval the entries hold.
    notes : sequence of str
        Lines below the table, after those that explain the cells.
    title : str
        In place of one that is made.
    labels : mapping of str to str
        What rows are called, by the symbol of a model or by the name that they would have.
    digits : int, optional
        Decimal places of all numbers, in place of as many as the errors allow.

    Raises
    ------
    OptionError
        `labels` name no row.
    """
    keys = row_keys(columns)
    symbols = {key: symbols_of_row(key, columns) for key in keys}
    shown = names_of_rows(keys, columns, labels)
    sections = []
    for name in dict.fromkeys((key.part, key.section) for key in keys):
        own = [key for key in keys if (key.part, key.section) == name]
        rows: list[tuple[str, ...]] = []
        for key in own:
            written = _cells(key, [column.entries.get(key) for column in columns], cells, digits)
            rows.append((shown[key], symbols[key], *(first for first, _ in written)))
            if any(below for _, below in written):
                rows.append(("", "", *(below for _, below in written)))
        sections.append(Section(name[1], tuple(rows)))
    outcomes = list(dict.fromkeys(column.outcome for column in columns))
    header_rows = [("estimator", "", *(column.estimator for column in columns))]
    if len(outcomes) > 1:
        header_rows.insert(0, ("outcome", "", *(column.outcome for column in columns)))
    models = "Two-level models" if all(column.n_groupings == 1 for column in columns) else "Models"
    grid = Grid(
        title or f"{models} of {', '.join(outcomes)}",
        ("", "", *(column.name for column in columns)),
        (Section("", tuple(header_rows)), *sections),
        n_labels=2,
        notes=(*_legend(columns, cells, prob, kind), *notes, *_warnings(columns)),
    )
    return ModelTable(_frame(columns, keys, prob, kind), grid, tuple(shown.values()))


def _cells(key: RowKey, entries: Sequence[Entry | None], cells: str, digits: int | None) -> list[tuple[str, str]]:
    """Write a row, and what stands below it; what describes whole models has as many places in all of them."""
    found = [decimals(e.error, e.mcse) for e in entries if e is not None and math.isfinite(e.error) and e.error > 0]
    places = min(found) if found and key.part == MODEL else None
    return [_cell(key, entry, cells, places if digits is None else digits) for entry in entries]


def _cell(key: RowKey, entry: Entry | None, cells: str, most: int | None) -> tuple[str, str]:
    if entry is None:
        return "", ""
    if entry.is_count:
        return count(entry.estimate), ""
    if entry.error == 0 == entry.estimate:
        return "0", ""
    if most is not None:
        places = most
    elif math.isfinite(entry.error):
        places = decimals(entry.error, entry.mcse)
    else:  # three digits of an estimate, three places of a share
        places = SHARE_PLACES if key.part == MODEL else decimals(0.1 * abs(entry.estimate), math.nan)
    text = number(entry.estimate, places)
    if cells != "sd" and math.isfinite(entry.lower) and math.isfinite(entry.upper):
        interval = f"[{number(entry.lower, places)}, {number(entry.upper, places)}]"
        return (text, interval) if cells == "stacked" else (f"{text} {interval}", "")
    only_error = key.part == MODEL and not math.isfinite(entry.lower)  # the elpd has no interval
    if (cells == "sd" or only_error) and math.isfinite(entry.error):
        return f"{text} ({number(entry.error, places)})", ""
    return text, ""


def _legend(columns: Sequence[ModelColumn], cells: str, prob: float, kind: str) -> list[str]:
    """Say what the cells are."""
    bayesian = any(column.estimator == "posterior" for column in columns)
    classical = list(dict.fromkeys(c.estimator for c in columns if c.estimator != "posterior"))
    lines = []
    if bayesian:
        beside = "(posterior SD)" if cells == "sd" else f"[{percent(prob)} {INTERVALS[kind]} interval]"
        lines.append(f"posterior: mean {beside}")
    if classical:
        beside = "(standard error)" if cells == "sd" else f"[{percent(prob)} confidence interval]"
        lines.append(f"{', '.join(classical)}: estimate {beside}, where there is one")
    return lines


def _warnings(columns: Sequence[ModelColumn]) -> list[str]:
    counts = {entry.estimate for c in columns for key, entry in c.entries.items() if key.label == "rows"}
    lines = [f"{column.name}: {warning}" for column in columns for warning in column.warnings]
    if len(counts) > 1:
        lines.append("the models are fitted to different numbers of rows: their estimates are not of the same data")
    return lines


def _frame(columns: Sequence[ModelColumn], keys: Sequence[RowKey], prob: float, kind: str) -> pd.DataFrame:
    values: Mapping[tuple[str, str], list[float]] = {
        (column.name, statistic): [
            getattr(column.entries[key], statistic) if key in column.entries else math.nan for key in keys
        ]
        for column in columns
        for statistic in _STATISTICS
    }
    index = pd.MultiIndex.from_tuples(
        [(key.part, key.section, key.label) for key in keys], names=["part", "section", "row"]
    )
    frame = pd.DataFrame(values, index=index)
    frame.columns = frame.columns.set_names(["model", "statistic"])
    frame.attrs = {"ci_kind": kind, "ci_prob": prob, "estimators": {c.name: c.estimator for c in columns}}
    return frame
