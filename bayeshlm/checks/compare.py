"""Comparison of models by leave-one-out: paired differences of densities, and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from bayeshlm.checks.loo import Loo, Unit
from bayeshlm.checks.sampled_rows import check_one_sample
from bayeshlm.design.design import Design
from bayeshlm.design.same_sums import difference_of_sums
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.likelihood import grouping_of

FEW_UNITS = 100
"""Below so many units the standard error of a difference is too small (Sivula et al. 2025, arXiv 2008.10296)."""

CLOSE = 4.0
"""An elpd difference below this says little whatever its standard error (Sivula et al. 2025)."""


def compare_loo(models: Mapping[str, Loo]) -> pd.DataFrame:
    """Compare leave-one-out estimates of models of the same data.

    Parameters
    ----------
    models : mapping of str to Loo
        At least two, of the same units: see `check_same_data`.

    Returns
    -------
    pandas.DataFrame
        A row a model, the best first: ``elpd``, ``se``, ``elpd_diff`` (elpd less that of the best), ``dse`` (standard
        error of the paired difference), ``p_worse`` (normal probability that the model predicts worse than the best),
        ``p_loo``, ``max_pareto_k``, ``n_bad`` (units with a bad k that were not refitted) and ``weight`` (stacking).
        Where the rows are a random sample ``subsampling_se`` too, of the difference, and `p_worse` counts both errors.
        ``attrs``: ``unit``, ``n_units``, ``notes``.

    Raises
    ------
    OptionError
        There are fewer than two, or they left out different units.

    Notes
    -----
    The difference is taken unit by unit, so that what makes a unit hard for every model cancels: ``dse = sqrt(n
    Var(elpd_i of one - elpd_i of the other))`` (Vehtari, Gelman & Gabry 2017, Statistics and Computing 27, 1413-1432).
    The weights of stacking make the mixture of the models predict best (Yao, Vehtari, Simpson & Gelman 2018, Bayesian
    Analysis 13, 917-1003).
    """
    _check_count(len(models))
    if len({(loo.by_row, loo.n_units) for loo in models.values()}) > 1:
        left_out = {(loo.unit, loo.n_units) for loo in models.values()}
        said = " and ".join(f"{n_units} units ({unit})" for unit, n_units in sorted(left_out))
        raise OptionError(f"the models left out different units, {said}: compare one kind of unit on one data set.")
    samples = {name: loo.sample for name, loo in models.items()}
    check_one_sample(samples)
    order = sorted(models, key=lambda name: -models[name].elpd)
    loos = [models[name] for name in order]
    elpd = np.stack([loo.pointwise["elpd"].to_numpy() for loo in loos], axis=1)
    differences = (elpd - elpd[:, :1]).T
    table = pd.DataFrame(
        {
            "elpd": [loo.elpd for loo in loos],
            "se": [loo.se for loo in loos],
            "elpd_diff": [loo.elpd - loos[0].elpd for loo in loos],
            "dse": [loos[0].spread(difference) for difference in differences],
            "p_loo": [loo.p_loo for loo in loos],
            "max_pareto_k": [float(loo.pointwise["pareto_k"].max()) for loo in loos],
            "n_bad": [len(loo.bad) for loo in loos],
            "weight": stacking_weights(elpd),
        },
        index=pd.Index(order, name="model"),
    )
    error = table["dse"]
    table.insert(4, "p_worse", 0.0)
    if loos[0].sample is not None and loos[0].sample.is_part:
        table.insert(4, "subsampling_se", [_subsampling_se(loos[0], loo) for loo in loos])
        error = (error**2 + table["subsampling_se"] ** 2) ** 0.5
    table["p_worse"] = ndtr(-table["elpd_diff"] / error.where(error > 0))
    table.attrs |= {"unit": loos[0].unit, "n_units": loos[0].n_units, "notes": _notes(table, loos, len(elpd))}
    return table


def _subsampling_se(best: Loo, loo: Loo) -> float:
    """Standard error of the difference of two models that the choice of the rows makes."""
    first, other = best.sample, loo.sample
    assert first is not None
    assert other is not None
    away = [one.pointwise["elpd"].to_numpy() - of.close for one, of in ((best, first), (loo, other))]
    return first.error_of_sum(away[1] - away[0])


def stacking_weights(elpd: FloatArray) -> FloatArray:
    """Weights of the mixture of K models that predicts n left-out units best, by arviz-stats.

    Parameters
    ----------
    elpd : array, shape (n, K)
        Log densities of the units. What is common to the models of a unit does not count; it is taken off before
        densities are formed, which those of a whole group would underflow.

    Returns
    -------
    array, shape (K,)
        Nonnegative, of sum 1.

    Examples
    --------
    >>> better = np.array([[-1.0, -2.0]] * 5)
    >>> stacking_weights(better).round(6).tolist()
    [1.0, 0.0]
    """
    from arviz_stats import compare
    from arviz_stats.utils import ELPDData
    from xarray import DataArray

    relative = elpd - elpd.max(axis=1, keepdims=True)
    n_units = len(relative)
    given = {
        str(k): ELPDData(
            elpd=float(column.sum()),
            se=0.0,
            p=0.0,
            n_samples=1,
            n_data_points=n_units,
            scale="log",
            warning=False,
            good_k=0.7,
            elpd_i=DataArray(column),
        )
        for k, column in enumerate(relative.T)
    }
    weights = compare(given, method="stacking", round_to="none")["weight"]
    found = np.maximum(weights.loc[[str(k) for k in range(elpd.shape[1])]].to_numpy(dtype=np.float64), 0.0)
    return np.asarray(found / found.sum())


def check_same_data(designs: Mapping[str, Design], unit: Unit) -> None:
    """Refuse models whose units cannot be paired.

    Parameters
    ----------
    designs : mapping of str to Design
    unit : {"row", "group"} or str
        The order of the rows counts where rows are left out; models may then have groupings that others lack.

    Raises
    ------
    OptionError
        There are fewer than two, or rows, groups or outcome differ, or a model has no such grouping.
    """
    _check_count(len(designs))
    for name, design in designs.items():
        try:
            grouping_of(design, unit)
        except OptionError as error:
            raise OptionError(f"{name!r}: {error}") from None
    (first_name, first), *others = designs.items()
    for name, other in others:
        _check_pair(first_name, first, name, other, unit)


def _check_count(n_models: int) -> None:
    if n_models < 2:
        raise OptionError(f'compare needs at least two fits, such as {{"a": fit_a, "b": fit_b}}, not {n_models}.')


def _check_pair(a: str, first: Design, b: str, other: Design, unit: Unit) -> None:
    if first.n_obs != other.n_obs:
        raise OptionError(
            f"{a!r} has {first.n_obs} rows and {b!r} has {other.n_obs}: models are compared on the same rows. Where a"
            " column misses values, drop those rows before both fits."
        )
    paired = _paired(a, first, b, other, unit)
    if first.rows is None or other.rows is None:
        differs = difference_of_sums(first, other, list(zip(*paired, strict=True)))
        same_groups, same_outcome = differs != "groups", differs != "outcome"
    else:
        labels, y = zip(
            *(_sorted_data(design, own, unit) for design, own in zip((first, other), paired, strict=True)), strict=True
        )
        same_groups = all(map(np.array_equal, *labels))
        same_outcome = same_groups and np.allclose(y[0], y[1], rtol=1e-10, atol=0)
    if not same_groups:
        raise OptionError(f"{a!r} and {b!r} have not the same groups in the same rows: fit both on one table.")
    if not same_outcome:
        raise OptionError(
            f"{a!r} and {b!r} have not the same outcome in the same rows: densities of different outcomes, such as"
            " y and log(y), cannot be compared. Fit both on one table."
        )


def _paired(a: str, first: Design, b: str, other: Design, unit: Unit) -> tuple[list[int], list[int]]:
    """Positions, in either model, of the groupings whose groups must be the same."""
    if unit != "row" or len(first.groupings) == len(other.groupings) == 1:
        found = [grouping_of(design, unit) or 0 for design in (first, other)]
        return [found[0]], [found[1]]
    common = [name for name in first.groupings if name in other.groupings]
    if not common:
        raise OptionError(
            f"{a!r} has the groupings {', '.join(first.groupings)} and {b!r} has {', '.join(other.groupings)}: models "
            "are compared that have one in common, which tells that their rows are the same."
        )
    return [first.groupings.index(name) for name in common], [other.groupings.index(name) for name in common]


def _sorted_data(design: Design, positions: list[int], unit: Unit) -> tuple[list[NDArray[Any]], FloatArray]:
    """Group labels and outcome of every row; sorted by both where the order of rows does not matter."""
    codes = [design.kept_rows.codes[k] for k in positions]
    labels = [design.predictor.random[k].labels.to_numpy()[own] for k, own in zip(positions, codes, strict=True)]
    if unit == "row":
        return labels, design.y
    order = np.lexsort((design.y, codes[0]))
    return [own[order] for own in labels], design.y[order]


def _notes(table: pd.DataFrame, loos: list[Loo], n_units: int) -> tuple[str, ...]:
    notes = [f"{name}: {note}" for name, loo in zip(table.index, loos, strict=True) for note in loo.notes]
    if n_units < FEW_UNITS:
        notes.append(f"{n_units} units are few: dse is then too small and p_worse too sure")
    close = [str(name) for name, gap in table["elpd_diff"].items() if -CLOSE < gap < 0]
    if close:
        notes.append(f"{', '.join(close)}: within {CLOSE:g} of the best, the models predict alike")
    return tuple(notes)
