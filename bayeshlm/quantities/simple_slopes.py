"""Cross-level interaction: the slope of a level-1 variable at values of a level-2 variable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.level2_variables import Level2Variable, find_level2_variable, level2_rows, level2_variables
from bayeshlm.quantities.summary import interval, with_interval

_GRID = 101


@dataclass(frozen=True, eq=False)
class SimpleSlopes:
    """Slope of a level-1 expression in the average group, by a level-2 variable.

    Attributes
    ----------
    coefficient : str
        Label of the slope.
    by : Level2Variable
    values : (V,) array
        Values of the level-2 variable; of categories their positions.
    draws : xarray.DataArray
        (chain, draw, value).
    table : pandas.DataFrame
        Indexed by value or category: mean, lower, upper, excludes_zero; ``attrs`` hold ``ci_kind`` and ``ci_prob``.
    regions : tuple of (float, float)
        Where the interval excludes zero, from the smallest to the largest value in the data; empty for categories.
    """

    coefficient: str
    by: Level2Variable
    values: FloatArray
    draws: xr.DataArray
    table: pd.DataFrame
    regions: tuple[tuple[float, float], ...]


def interacting(design: Design, coefficient: str) -> list[Level2Variable]:
    """Level-2 variables in the line of a coefficient."""
    own = {k for k, column in enumerate(design.fixed) if column.coefficient == coefficient}
    return [variable for variable in level2_variables(design).values() if own & set(variable.positions)]


def find_moderator(design: Design, coefficient: str, by: str | None) -> Level2Variable:
    """The level-2 variable in the line of a slope that a user names.

    Raises
    ------
    OptionError
        The line has none, not this one, or several and none is named.
    """
    choices = interacting(design, coefficient)
    if not choices:
        raise OptionError(
            f"{coefficient} has no level-2 variable in its line: its slope is the same everywhere, and there is no"
            " cross-level interaction to draw"
        )
    return find_level2_variable(design, by, choices)


def simple_slopes(
    posterior: Draws,
    coefficient: str,
    by: Level2Variable,
    values: Sequence[float] | None = None,
    prob: float = 0.95,
    kind: str = "eti",
) -> SimpleSlopes:
    """Slope ``W_c gamma`` of a coefficient c at values of a level-2 variable, draw by draw.

    Parameters
    ----------
    posterior : Draws
    coefficient : str
        Label of the slope.
    by : Level2Variable
        In its level-2 line.
    values : sequence of float, optional
        By default its categories, else 101 values from its smallest to its largest.
    prob, kind : float, {"eti", "hdi"}
        The interval, pointwise.

    Notes
    -----
    The region is that of Johnson and Neyman (1936), read off the posterior: where the interval of the slope leaves
    zero out (Bauer & Curran 2005, Multivariate Behavioral Research 40, 373-400, for the frequentist one). Its ends
    are interpolated between values.
    """
    design = posterior.design
    check_interval(prob, kind)
    categories = values is None and bool(by.levels)
    if values is None and not categories:
        values = np.linspace(by.numbers.min(), by.numbers.max(), _GRID).tolist()
    rows = level2_rows(design, by, values)[:, design.coefficient_labels.index(coefficient)]
    slope = posterior.gamma @ rows.T
    bounds = interval(np.moveaxis(slope, -1, 0), prob, kind)
    numbers = np.arange(len(rows), dtype=float) if values is None else np.asarray(values, dtype=float)
    index = pd.Index(np.array(by.levels) if categories else numbers, name=by.name)
    table = pd.DataFrame({"mean": slope.mean(axis=(0, 1)), "lower": bounds[:, 0], "upper": bounds[:, 1]}, index)
    table["excludes_zero"] = (table["lower"] > 0) | (table["upper"] < 0)
    draws = posterior.labelled(slope, ("value",), {"value": index.to_numpy()}, "slope")
    regions = () if categories else regions_without_zero(numbers, bounds[:, 0], bounds[:, 1])
    return SimpleSlopes(coefficient, by, numbers, draws, with_interval(table, prob, kind), regions)


def regions_without_zero(x: FloatArray, lower: FloatArray, upper: FloatArray) -> tuple[tuple[float, float], ...]:
    """Stretches of increasing x in which an interval leaves zero out.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(4.0)
    >>> regions_without_zero(x, x - 1.5, x + 10)
    ((1.5, 3.0),)
    """
    outside = (lower > 0) | (upper < 0)
    edges = [float(x[0])] if outside[0] else []
    for k in np.flatnonzero(outside[1:] != outside[:-1]):
        out = k if outside[k] else k + 1
        bound = lower if lower[out] > 0 else upper
        share = bound[k] / (bound[k] - bound[k + 1])
        edges.append(float(x[k] + share * (x[k + 1] - x[k])))
    if outside[-1]:
        edges.append(float(x[-1]))
    return tuple(zip(edges[::2], edges[1::2], strict=True))
