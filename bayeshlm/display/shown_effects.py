"""Tables of average predictions, comparisons and slopes."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from bayeshlm.checks.average_effects import AverageEffects
from bayeshlm.design.asked_values import value_texts
from bayeshlm.design.counterfactual import Question
from bayeshlm.display.blocks import Block, Grid, Section
from bayeshlm.display.digits import count, decimals, number, p_value, percent
from bayeshlm.display.fit_tables import INTERVALS
from bayeshlm.display.shown_frame import notes_of
from bayeshlm.display.shown_result import ShownResult

_TITLES = {
    "prediction": "Average predictions",
    "difference": "Average comparisons: differences by",
    "ratio": "Average comparisons: ratios by",
    "slope": "Average slopes of",
}


class ShownEffects(ShownResult, AverageEffects):
    """`AverageEffects` whose printed form is its table."""

    def _blocks(self) -> Iterable[Block]:
        attrs = self.table.attrs
        title = f"{title_of(self.question)} ({percent(attrs['ci_prob'])} {INTERVALS[attrs['ci_kind']]} intervals)"
        notes = [*self.notes, *notes_of(attrs)]
        if self.regions:
            where = ", ".join(f"{low:.4g} to {high:.4g}" for low, high in self.regions)
            notes.insert(0, f"the interval leaves 0 out from {where}")
        return [effects_grid(self.table, title, tuple(notes))]


def title_of(question: Question) -> str:
    """What a table is of."""
    return f"{_TITLES[question.operation]} {question.name}".strip()


def effects_grid(table: pd.DataFrame, title: str, notes: tuple[str, ...]) -> Grid:
    """Lay out a table whose index names values: a column each, then the numbers with the places that errors deserve."""
    columns = [name for name in table.columns if name != "mcse_mean"]
    keys = [key if isinstance(key, tuple) else (key,) for key in table.index]
    texts = zip(*(value_texts(values) for values in zip(*keys, strict=True)), strict=True)
    rows = []
    for names, (_, row) in zip(texts, table.iterrows(), strict=True):
        error = float(row["sd"] if "sd" in table else row["se"])
        places = decimals(error, float(row["mcse_mean"]) if "mcse_mean" in table else 1e-9 * error)
        rows.append((*names, *(_cell(name, float(row[name]), places) for name in columns)))
    labels = [str(name or "") for name in table.index.names]
    header = (*labels, *({"r_hat": "R-hat"}.get(name, name) for name in columns))
    return Grid(title, header, (Section("", tuple(rows)),), n_labels=len(labels), notes=notes)


def shown_effects(table: pd.DataFrame, title: str) -> Grid:
    """A table of estimates with what its attrs say."""
    return effects_grid(table, f"{title} ({percent(table.attrs['ci_prob'])})", notes_of(table.attrs))


def _cell(name: str, value: float, places: int) -> str:
    if name.startswith("ess"):
        return count(value)
    if name == "p":
        return p_value(value)
    if name == "df":
        return "inf" if value == float("inf") else number(value, 1)
    return number(value, {"r_hat": 3, "t": 2}.get(name, places))
