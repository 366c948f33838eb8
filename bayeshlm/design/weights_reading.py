"""Sampling weights from the data: read, checked and scaled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.centering import first_rows
from bayeshlm.design.columns import NumericColumn, read_column, shown
from bayeshlm.design.design_weights import DesignWeights
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.survey_weights import ROW, Scaling, SurveyWeights
from bayeshlm.design.units import Grouping
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError, OptionError
from bayeshlm.source.labels import factorize

FAR_FROM_ONE = 1.5
"""Mean over replicates of replicate by whole weight, of all rows, that balanced replicates never have."""


def read_weights(survey: SurveyWeights, rows: Rows) -> DesignWeights | None:
    """Read, check and scale the weights of the rows that a model uses.

    Parameters
    ----------
    survey : SurveyWeights
    rows : Rows
        Whose frame has the columns that `survey` names.

    Returns
    -------
    DesignWeights or None
        None where all weights are the same and nothing else is said of the design: the likelihood is the unweighted
        one.

    Raises
    ------
    OptionError
        A level is none of the model's; the model has several groupings.
    DataError
        A weight is missing, not positive, no number, or not constant in its group; a stratum has one unit.
    """
    columns = {name: rows.frame[name] for name in survey.named}
    grouping = weighted_grouping(survey, rows.groupings)
    codes, n_groups = grouping.codes, len(grouping.labels)
    raw = _positive(columns[survey.columns[ROW]]) if ROW in survey.columns else np.ones(len(codes))
    level2 = survey.columns.get(grouping.name)
    of_group = np.ones(n_groups) if level2 is None else _of_groups(_positive(columns[level2]), level2, grouping)
    row, group = scaled_rows(raw, codes, n_groups, survey.scaling), scaled_groups(of_group)
    if not (survey.psu or survey.strata or survey.replicates) and (row == 1).all() and (group == 1).all():
        return None
    psu, stratum = sampling_units(survey, lambda name: _codes_of_groups(columns[name], grouping), n_groups)
    replicate_row, replicate_group = np.empty((0, len(codes))), np.empty((0, n_groups))
    if survey.replicates:
        replicate_row, replicate_group = _replicates(survey, columns, raw * of_group[codes], row, group, grouping)
    return DesignWeights(survey, row, group, psu, stratum, replicate_row, replicate_group)


def refuse_beside_spread(spec: ModelSpec) -> None:
    """Refuse weights of a model that says something of its level-1 residuals.

    Raises
    ------
    OptionError
    """
    if spec.residual_spread is not None:
        raise OptionError(
            "sampling weights are not taken beside known level-1 SDs, by which rows count already: leave weights="
            " or the line of the SDs out."
        )
    if spec.has_level1_model:
        raise OptionError(
            "sampling weights are not taken beside an equation of the level-1 SD or correlated residuals: leave"
            " weights= or that line out."
        )


def weighted_grouping(survey: SurveyWeights, groupings: Sequence[Grouping]) -> Grouping:
    """The grouping of a model that can have weights.

    Raises
    ------
    OptionError
        A level of the weights is none of the model's; the model has several groupings, or one called "row".
    """
    names = [grouping.name for grouping in groupings]
    for level in survey.columns:
        if level not in (ROW, *names):
            raise OptionError(
                f'weights are given for {level!r}, which is no level of the model: these are "row" and '
                f"{' and '.join(map(repr, names))}."
            )
    if len(names) > 1:
        raise OptionError(
            f"sampling weights are for models with one grouping, and this one has {len(names)} ({', '.join(names)}):"
            " of several no pseudo-likelihood in closed form is at hand."
        )
    (grouping,) = groupings
    if grouping.name == ROW:
        raise OptionError('the grouping column is called "row", which names level 1 among weights: rename it.')
    return grouping


def scaled_rows(weights: FloatArray, codes: IntArray, n_groups: int, scaling: Scaling) -> FloatArray:
    """Weights of rows, (N,), scaled within groups; equal ones are 1 exactly, and in a group of zeros all stay 0.

    Examples
    --------
    >>> scaled_rows(np.array([1.0, 3.0, 5.0, 5.0]), np.array([0, 0, 1, 1]), 2, "size").tolist()
    [0.5, 1.5, 1.0, 1.0]
    >>> scaled_rows(np.array([1.0, 3.0]), np.array([0, 0]), 1, "effective").round(9).tolist()
    [0.4, 1.2]
    """
    n, total = np.bincount(codes[weights > 0], minlength=n_groups), np.bincount(codes, weights, n_groups)
    factor = scale_of_groups(n, total, np.bincount(codes, weights**2, n_groups), scaling)
    low, high = np.full(n_groups, np.inf), np.zeros(n_groups)
    np.minimum.at(low, codes, weights)
    np.maximum.at(high, codes, weights)
    equal = (low == high) & (low > 0)
    return np.asarray(np.where(equal[codes], 1.0, weights * factor[codes]))


def scale_of_groups(n: FloatArray | IntArray, total: FloatArray, squares: FloatArray, scaling: Scaling) -> FloatArray:
    """What the weights of each group are multiplied by, (J,): of n positive ones, their sum and sum of squares."""
    top = n if scaling == "size" else total**2 / np.maximum(squares, 1e-300)
    return np.asarray(top / np.where(total > 0, total, 1.0))


def scaled_groups(weights: FloatArray) -> FloatArray:
    """Weights of groups, (J,), scaled to sum to J; equal ones are 1 exactly."""
    if (weights == weights[0]).all():
        return np.ones(len(weights))
    return np.asarray(weights * (len(weights) / weights.sum()))


def _numbers(series: pd.Series) -> FloatArray:
    """A column of weights as numbers."""
    missing = series.isna().to_numpy(dtype=bool)
    if missing.any():
        raise missing_weight(series.name, _row(series, missing))
    read = read_column(series)
    if not isinstance(read, NumericColumn):
        raise text_for_weights(series.name)
    return read.numbers


def missing_weight(name: object, row: str) -> DataError:
    """The error for a row without a weight."""
    return DataError(f"column {name!r} misses the weight of {row}: fill it in, or leave the row out of the data")


def text_for_weights(name: object) -> DataError:
    """The error for a column of text."""
    return DataError(f"column {name!r} holds text: weights are numbers")


def no_weight(name: object, value: float, row: str, least: str = "positive") -> DataError:
    """The error for a number that is no weight."""
    do = "leave the row out of the data" if value == 0 else "correct it"
    return DataError(f"column {name!r} is {value:g} in {row}: weights are {least} numbers; {do}")


def varying_weight(name: object, grouping: Grouping, group: int, one: float, other: float) -> DataError:
    """The error for a weight of groups that is not the same in all rows of one."""
    return DataError(
        f"column {name!r}, the weight of {grouping.name!r}, varies within groups ({grouping.name} "
        f"{shown(grouping.labels[group])} has {one:g} and {other:g}): it must be the same in all rows of a"
        ' group; weights that vary are those of the "row" level'
    )


def no_unit(name: object, row: str) -> DataError:
    """The error for a row of which a column does not tell the sampling unit or the stratum."""
    return DataError(f"column {name!r} has no value in {row}")


def varying_unit(name: object, grouping: Grouping, group: int) -> DataError:
    """The error for a group in two sampling units or strata."""
    return DataError(
        f"column {name!r} varies within groups ({grouping.name} {shown(grouping.labels[group])}): a group lies"
        " in one sampling unit and one stratum"
    )


def _row(series: pd.Series, bad: NDArray[np.bool_]) -> str:
    """The first of the rows that are bad, in words."""
    return f"row {shown(series.index[int(bad.argmax())])}"


def _positive(series: pd.Series, least: str = "positive") -> FloatArray:
    """Weights that count: finite, and positive or, of replicates, not negative."""
    values = _numbers(series)
    bad = ~np.isfinite(values) | (values < 0) | ((values == 0) & (least == "positive"))
    if bad.any():
        raise no_weight(series.name, float(values[int(bad.argmax())]), _row(series, bad), least)
    return values


def _of_groups(values: FloatArray, name: str, grouping: Grouping) -> FloatArray:
    """Values of the groups, (J,), of a column that may not vary within them."""
    found = values[first_rows(grouping.codes, len(grouping.labels))]
    differ = values != found[grouping.codes]
    if differ.any():
        row = int(differ.argmax())
        j = int(grouping.codes[row])
        raise varying_weight(name, grouping, j, found[j], values[row])
    return np.asarray(found)


def _codes_of_groups(series: pd.Series, grouping: Grouping) -> tuple[IntArray, pd.Index]:
    """Position of the value of each group in a column that names what the groups lie in, and the values."""
    codes, labels = factorize(series)
    if (codes < 0).any():
        raise no_unit(series.name, _row(series, codes < 0))
    found = codes[first_rows(grouping.codes, len(grouping.labels))]
    differ = codes != found[grouping.codes]
    if differ.any():
        raise varying_unit(series.name, grouping, int(grouping.codes[int(differ.argmax())]))
    return found.astype(np.int64), labels


def sampling_units(
    survey: SurveyWeights, codes_of: Callable[[str], tuple[IntArray, pd.Index]], n_groups: int
) -> tuple[IntArray, IntArray]:
    """Sampling unit and stratum of each group, (J,); the same unit in two strata is two.

    Parameters
    ----------
    survey : SurveyWeights
    codes_of : function
        Of a column the position of the value of each group, and the values.
    n_groups : int
    """
    psu, stratum, names = np.arange(n_groups, dtype=np.int64), np.zeros(n_groups, dtype=np.int64), None
    if survey.psu is not None:
        psu, _ = codes_of(survey.psu)
    if survey.strata is not None:
        stratum, names = codes_of(survey.strata)
    pairs, psu = np.unique(np.column_stack([stratum, psu]), axis=0, return_inverse=True)
    count = np.bincount(pairs[:, 0])
    if not survey.replicates and (count == 1).any():
        alone = int((count == 1).argmax())
        which = "the data have" if names is None else f"stratum {shown(names[alone])} of {survey.strata!r} has"
        raise DataError(
            f"{which} one sampling unit, whose spread cannot be estimated: join it with another stratum in the data"
        )
    return psu.astype(np.int64).ravel(), stratum


def _replicates(
    survey: SurveyWeights,
    columns: Mapping[str, pd.Series],
    whole: FloatArray,
    row: FloatArray,
    group: FloatArray,
    grouping: Grouping,
) -> tuple[FloatArray, FloatArray]:
    """Scaled weights of rows (R, N) and of groups (R, J) under each replicate; `whole`, (N,), are the sample's own."""
    codes, n_groups = grouping.codes, len(grouping.labels)
    given = np.array([_positive(columns[name], "not negative") for name in survey.replicates])
    check_replicates(float(given.mean(axis=0).sum() / whole.sum()))
    total = np.bincount(codes, whole, n_groups)
    totals = np.array([np.bincount(codes, one, n_groups) for one in given])
    rows = np.array([scaled_rows(one, codes, n_groups, survey.scaling) for one in given])
    return np.where((totals > 0)[:, codes], rows, row), group * totals / total


def check_replicates(ratio: float) -> None:
    """Refuse replicate weights that are on average `ratio` times the whole weights of the sample.

    Raises
    ------
    DataError
    """
    if not 1 / FAR_FROM_ONE < ratio < FAR_FROM_ONE:
        raise DataError(
            f"the replicate weights are on average {ratio:.3g} times the weights of the sample: they are whole weights,"
            " so that those of the rows times those of the groups must be the whole weights of the sample"
        )
