"""Outcomes of given predictors, drawn from a model whose parameters are stated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.checks.prediction import predict
from bayeshlm.design.build import build_design
from bayeshlm.design.design import Design
from bayeshlm.design.grouping import Groups
from bayeshlm.design.joined_tables import GroupTables
from bayeshlm.design.new_rows import fitted_rows
from bayeshlm.design.outcome_values import check_size, nothing_to_explain
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.stated_values import StatedValues

_PLACEHOLDERS: dict[str, tuple[float, float]] = {"Gamma": (1.0, 2.0), "Beta": (0.4, 0.6)}
"""Two values that an outcome can have, where 0 and 1 are none."""


def design_without_outcome(
    spec: ModelSpec, data: pd.DataFrame, group: Groups = None, group_data: GroupTables = None, levels: int = 2
) -> Design:
    """The design of rows whose outcome is still to be drawn; what stands in its column is not looked at.

    Parameters
    ----------
    spec : ModelSpec
    data, group, group_data
        As in `bayeshlm.design.build_design`.
    levels : int
        Categories of an ordered outcome, which are then 1, 2, ...

    Raises
    ------
    DataError
        As `bayeshlm.design.build_design`; or a predictor misses values.
    """
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"data must be a pandas DataFrame of the predictors, not a {type(data).__name__}.")
    number, family = np.arange(len(data)), spec.distribution.family
    if spec.distribution.has_cutpoints:
        values: Any = number % levels + 1
    else:
        values = np.array(_PLACEHOLDERS.get(family, (0.0, 1.0)))[number % 2]
    design = build_design(spec, data.assign(**{spec.outcome.name: values}), group, group_data)
    if design.rows_dropped:
        missing = ", ".join(f"{name!r} ({n})" for name, n in design.left_out.columns)
        raise DataError(f"an outcome is drawn for every row, and predictors miss values: {missing}; complete them")
    return design


def drawn_outcomes(design: Design, values: StatedValues, rng: np.random.Generator) -> tuple[FloatArray, Draws]:
    """Outcomes of the rows, (N,), of new groups, and the parameters that they were drawn from.

    Ordered categories are their positions; `as_data` names them.

    Raises
    ------
    OptionError
        The values are not those of the design's parameters.
    """
    draws = values.draw(design, rng)
    found = predict(draws, fitted_rows(design), "new", seed=int(rng.integers(2**32 - 1)))
    return found["y"].to_numpy()[0, 0], draws


def as_data(design: Design, y: FloatArray) -> FloatArray | pd.Categorical:
    """Drawn outcomes as a column of data: numbers, or an ordered categorical."""
    categories = list(design.outcome.categories)
    return pd.Categorical(np.array(categories)[y.astype(int)], categories, ordered=True) if categories else y


def with_outcome(design: Design, y: FloatArray) -> Design:
    """The design with drawn outcomes, what needs none of them being kept.

    Raises
    ------
    DataError
        The outcomes are all the same, nobody has one of the categories, or float64 does not hold them.
    """
    name, categories = design.outcome.name, design.outcome.categories
    missing = np.setdiff1d(np.arange(len(categories)), y)
    if len(missing):
        raise DataError(f"no row has the category {categories[missing[0]]!r} of {name!r}: more rows would have it")
    if design.outcome.family.any_number:
        check_size(design.spec, float(y.mean()), float(y.std()), bool(np.ptp(y) > 0))
    if np.ptp(y) == 0:
        raise nothing_to_explain(design.spec, f"{y[0]:g}")
    rows = design.kept_rows
    return design.changed(rows=replace(rows, y=y, frame=rows.frame.assign(**{name: as_data(design, y)})))
