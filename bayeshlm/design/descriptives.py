"""The data of a model in numbers, by level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.centering import GroupMeans, first_rows, varying_rows
from bayeshlm.design.columns import CategoricalColumn, DataColumn, read_categories, read_column
from bayeshlm.design.database_descriptives import of_cells, summary, varying_columns
from bayeshlm.design.design import Design
from bayeshlm.design.grouping import CELL
from bayeshlm.design.nested_groupings import rows_of_units
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError


@dataclass(frozen=True, eq=False)
class LevelDescriptives:
    """The columns that a model uses, summarized at the level where they vary.

    Attributes
    ----------
    grouping : str
        Whose units are the groups.
    n_rows, n_groups : int
    levels : tuple of str
        What the two levels are called: "level 1" and "level 2", of several groupings "within school" and "of school".
    level1 : pandas.DataFrame
        Columns of numbers that vary within groups, over rows: ``mean``, ``sd``, ``sd_within`` (of deviations from the
        group means, divisor N - J), ``min``, ``max``; indexed by column, the outcome first.
    level2 : pandas.DataFrame
        Columns of numbers that are constant within groups, over groups: ``mean``, ``sd``, ``min``, ``max``.
    categories : pandas.DataFrame
        Indexed by (column, category): ``level`` (1 or 2), ``n`` and ``share`` of the rows or groups.
    group_sizes : pandas.Series
        ``min``, ``q1``, ``median``, ``q3``, ``max`` and ``mean`` of the rows of a group, and ``single``, the number of
        groups of one row.
    """

    grouping: str
    n_rows: int
    n_groups: int
    levels: tuple[str, str]
    level1: pd.DataFrame
    level2: pd.DataFrame
    categories: pd.DataFrame
    group_sizes: pd.Series


def describe_levels(design: Design, position: int = 0) -> LevelDescriptives:
    """Summarize the rows that a model uses.

    Parameters
    ----------
    design : Design
        Its rows, or the database where they are, hold the columns.
    position : int
        Of the grouping whose units are the groups.

    Examples
    --------
    >>> from bayeshlm.design import build_design
    >>> from bayeshlm.equations import parse
    >>> data = pd.DataFrame({"g": [1, 1, 2, 2], "x": [0.0, 2.0, 1.0, 4.0], "y": [1.0, 2.0, 4.0, 3.0]})
    >>> found = describe_levels(build_design(parse("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10"), data, "g"))
    >>> found.level1.round(2).loc["y"].to_dict()
    {'mean': 2.5, 'sd': 1.29, 'sd_within': 0.71, 'min': 1.0, 'max': 4.0}
    """
    grouping, codes = design.groupings[position], design.cells.codes[position]
    n_groups = len(design.predictor.random[position].labels)
    first = first_rows(codes, n_groups)
    level1: dict[str, dict[str, float]] = {}
    level2: dict[str, dict[str, float]] = {}
    categories: dict[tuple[str, str], dict[str, float]] = {}
    there = None if design.summed is None else varying_columns(design.summed)
    for name, column in _columns(design):
        if column is None:
            assert there is not None
            if name in there.counts:
                for label, count in there.counts[name].items():
                    categories[(name, label)] = {"level": 1, "n": count, "share": count / design.n_obs}
            else:
                assert design.cells.n is not None
                constant = there.moments[name].in_units(codes, n_groups)
                if constant is None:
                    level1[name] = summary(there.moments[name], design.cells.n, codes, n_groups)
                else:
                    level2[name] = _moments(constant)
        elif isinstance(column, CategoricalColumn):
            varies = bool(varying_rows(column.codes, codes, first).any())
            weights = design.cells.n if varies else None
            found = np.bincount(column.codes if varies else column.codes[first], weights, len(column.levels))
            counts = found.astype(np.int64)
            for label, n in zip(column.levels, counts, strict=True):
                categories[(name, label)] = {"level": 1 if varies else 2, "n": int(n), "share": n / counts.sum()}
        elif not varying_rows(column.numbers, codes, first).any():
            level2[name] = _moments(column.numbers[first])
        elif design.cells.n is not None:
            level1[name] = summary(of_cells(column.numbers, design.cells.n), design.cells.n, codes, n_groups)
        else:
            means = GroupMeans.learn(column.numbers[:, None], codes, n_groups)
            inside = means.deviations(column.numbers[:, None], codes)
            freedom = design.n_obs - n_groups
            within = float(np.sqrt((inside**2).sum() / freedom)) if freedom else np.nan
            level1[name] = _moments(column.numbers) | {"sd_within": within}
    sizes = rows_of_units(design, position)
    quartiles = dict(
        zip(("min", "q1", "median", "q3", "max"), np.quantile(sizes, [0, 0.25, 0.5, 0.75, 1]), strict=True)
    )
    return LevelDescriptives(
        grouping=grouping,
        n_rows=design.n_obs,
        n_groups=n_groups,
        levels=("level 1", "level 2") if len(design.groupings) == 1 else (f"within {grouping}", f"of {grouping}"),
        level1=_table(level1, ["mean", "sd", "sd_within", "min", "max"]),
        level2=_table(level2, ["mean", "sd", "min", "max"]),
        categories=_table(categories, ["level", "n", "share"], ("column", "category")),
        group_sizes=pd.Series({**quartiles, "mean": sizes.mean(), "single": int((sizes == 1).sum())}, name="rows"),
    )


def _columns(design: Design) -> Iterator[tuple[str, DataColumn | None]]:
    """The outcome, then the other columns but those of ids, as numbers or categories; None of what is not at hand."""
    ids = {part for grouping in design.groupings for part in (grouping, *grouping.split(CELL))}
    frame = design.cells.frame
    order = list(map(str, frame.columns if design.summed is None else design.summed.rows.frame.columns))
    names = [name for name in order if name not in ids]
    outcome = design.spec.outcome.name
    for name in [outcome, *(name for name in names if name != outcome)]:
        if name in design.cells.varying:
            yield name, None
            continue
        series = frame[name]
        try:
            yield name, read_column(series)
        except DataError:  # numbers and text together, which C() takes
            yield name, read_categories(series)


def _moments(numbers: FloatArray) -> dict[str, float]:
    sd = float(numbers.std(ddof=1)) if len(numbers) > 1 else np.nan
    return {"mean": float(numbers.mean()), "sd": sd, "min": float(numbers.min()), "max": float(numbers.max())}


def _table(
    rows: Mapping[Any, Mapping[str, Any]], columns: list[str], names: tuple[str, ...] = ("column",)
) -> pd.DataFrame:
    keys = list(rows)
    if len(names) == 1:
        labels = pd.Index(keys, name=names[0])
    else:
        labels = pd.MultiIndex.from_arrays([[key[k] for key in keys] for k in range(len(names))], names=list(names))
    return pd.DataFrame([[rows[key][name] for name in columns] for key in keys], index=labels, columns=columns)
