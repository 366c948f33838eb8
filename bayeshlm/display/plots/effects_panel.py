"""The panel of average predictions, comparisons and slopes: a line along a number, or a point a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayeshlm.checks.average_effects import AverageEffects, Effects, average_effects
from bayeshlm.design.asked_values import Values, value_texts
from bayeshlm.design.counterfactual import Operation, ask
from bayeshlm.display.plots.axes import interval_name, legend_above, one_axes
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import (
    BLACK,
    GREEN,
    POSTERIOR,
    category_color,
    category_line,
    distinct,
    short,
    wrapped,
)
from bayeshlm.quantities.population_moments import row_shares

FEWEST = 4
"""So many values of a number make a line."""
LONGEST = 24
MOST_LINES = 6
_OVER: Mapping[Effects, str] = {"population": "over rows and all groups", "same": "over rows, their own groups"}


def found_effects(
    fit: DrawnFit,
    name: str | None,
    operation: Operation,
    by: str | None,
    at: Mapping[str, Values] | Literal["mean"] | None,
    change: float | Literal["sd"] | tuple[float, float] | None,
    groups: Effects,
    prob: float,
    kind: str,
) -> AverageEffects:
    """What is drawn."""
    design = fit.design
    shares = None if design.weights is None else row_shares(design)
    question = ask(design, shares, name, operation, by, at, change)
    return average_effects(fit.draws, question, groups, prob, kind)


def effects_axes(
    found: AverageEffects, groups: Effects, prob: float, label: str, ax: Axes | None, zero: float | None
) -> Axes:
    """Draw averages, with a line at `zero`, if any."""
    table = found.table
    along = _along(table)
    if along is None:
        return _rows(found, groups, prob, label, ax, zero)
    ax = one_axes(ax, height=2.8)
    sets = _sets(table, along)
    shown = _in_lines([name for name, _ in sets])
    if zero is not None:
        ax.axhline(zero, color=BLACK, lw=0.6, ls=":", gid="zero")
    handles = []
    for k, (name, part) in enumerate(sets):
        x = part.index.get_level_values(along).to_numpy(float)
        color, line = (POSTERIOR, "-") if len(sets) == 1 else (category_color(k), category_line(k))
        ax.fill_between(x, part["lower"], part["upper"], color=color, alpha=0.25, lw=0, gid="band")
        ax.plot(x, part["mean"], color=color, ls=line, gid="mean")
        if name:
            handles.append(Line2D([], [], color=color, ls=line, label=shown[k]))
    for region in found.regions:
        ax.axvspan(*region, ymax=0.04, color=GREEN, lw=0, gid="region")
    title = f"{_OVER[groups]}, {interval_name(prob)}"
    others = [name for k, name in enumerate(table.index.names) if k != along and len(table.index.unique(k)) > 1]
    if len(others) == 1:
        title += f"\n{wrapped(others[0])}"
    if found.regions:
        handles.append(Line2D([], [], color=GREEN, lw=4, label=f"{interval_name(prob)} excludes 0"))
    legend_above(ax, handles, title)
    ax.margins(x=0)
    ax.set(xlabel=wrapped(table.index.names[along] or ""), ylabel=label)
    return ax


def _rows(found: AverageEffects, groups: Effects, prob: float, label: str, ax: Axes | None, zero: float | None) -> Axes:
    table = found.table
    names, axis = _row_names(table)
    lines = 1 + max(name.count("\n") for name in names)
    below = 0.13 * label.count("\n")
    ax = one_axes(ax, height=1.1 + below + 0.17 * max(lines * len(table), 3))
    if zero is not None:
        ax.axvline(zero, color=BLACK, lw=0.6, ls=":", gid="zero")
    places = list(range(len(table)))[::-1]
    ax.hlines(places, table["lower"], table["upper"], color=POSTERIOR, lw=1.2, gid="interval")
    ax.plot(table["mean"], places, "o", color=POSTERIOR, ms=4, gid="mean")
    ax.set_yticks(places, names)
    ax.set_ylim(-0.6, len(table) - 0.4)
    title = f"{_OVER[groups]}\n{interval_name(prob)}"
    legend_above(ax, [], title)
    if found.question.names:
        ax.set(xlabel=label, ylabel=wrapped(axis, 6 * len(table) + 2))
    else:
        ax.set_yticks([])
        ax.set_xlabel(label)
    return ax


def _row_names(table: pd.DataFrame) -> tuple[list[str], str]:
    """Names of the rows by what varies among them, and the column that it is where it is one."""
    varying = [level for level in range(table.index.nlevels) if len(table.index.unique(level)) > 1] or [0]
    values = [value_texts(list(table.index.get_level_values(level))) for level in varying]
    if len(varying) == 1:
        name = str(table.index.names[varying[0]] or "")
        return (_contrasts if name == "contrast" else _in_lines)(values[0]), name
    parts = [
        [
            one if table.index.names[level] in ("contrast", "category") else f"{table.index.names[level]} = {one}"
            for one in own
        ]
        for level, own in zip(varying, values, strict=True)
    ]
    of = [table.index.names[level] for level in varying]
    lines = [(_contrasts if name == "contrast" else _in_lines)(own) for name, own in zip(of, parts, strict=True)]
    return ["\n".join(row) for row in zip(*lines, strict=True)], "values"


def _in_lines(names: Sequence[str]) -> list[str]:
    """Names of rows, the long ones in two lines."""
    return [wrapped(name.replace("\\$", "$"), LONGEST) for name in distinct(names, 2 * LONGEST - 8)]


def _contrasts(names: Sequence[str]) -> list[str]:
    """Contrasts of two categories, the long ones in a line each."""
    made = list(names)
    pairs = {k: two for k, name in enumerate(names) if len(two := name.split(" - ")) == 2 and len(name) > LONGEST}
    shown = iter(distinct([one for two in pairs.values() for one in two], LONGEST - 2))
    for k in pairs:
        made[k] = f"{next(shown)} -\n{next(shown)}"
    return [name if k in pairs else short(name, LONGEST) for k, name in enumerate(made)]


def _along(table: pd.DataFrame) -> int | None:
    """Level of the index with the most values of a number, where there are enough for a line."""
    counts = {}
    for level in range(table.index.nlevels):
        values = table.index.get_level_values(level)
        numeric = all(isinstance(one, float) for one in values)
        if numeric and values.nunique() >= FEWEST:
            counts[level] = values.nunique()
    if not counts:
        return None
    level = max(counts, key=lambda one: counts[one])
    return level if len(table) / counts[level] <= MOST_LINES else None


def _sets(table: pd.DataFrame, along: int) -> list[tuple[str, pd.DataFrame]]:
    others = [level for level in range(table.index.nlevels) if level != along]
    others = [level for level in others if len(table.index.unique(level)) > 1]
    if not others:
        return [("", table)]
    keys = list(zip(*(table.index.get_level_values(level) for level in others), strict=True))
    sets = list(dict.fromkeys(keys))
    texts = [value_texts(values) for values in zip(*sets, strict=True)]
    if len(others) > 1:
        texts = [[f"{table.index.names[one]} = {text}" for text in own] for one, own in zip(others, texts, strict=True)]
    found = []
    for key, names in zip(sets, zip(*texts, strict=True), strict=True):
        part = table[[one == key for one in keys]]
        found.append((", ".join(names), part))
    return found


def outcome_label(fit: DrawnFit, before: str = "") -> str:
    """What is averaged: the outcome expected, or the probability of it."""
    outcome = fit.design.outcome
    kind = {"Bernoulli": "probability of ", "Binomial": "probability of ", "Ordinal": "probability of "}
    return wrapped(f"{before}{kind.get(outcome.family_name, '')}{outcome.name}", 30)
