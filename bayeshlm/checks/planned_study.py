"""What simulated studies say of one that is planned: how often an interval excludes a value, and how wide it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError, OptionError


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What one simulated study found of E effects; NaN where its model could not be estimated.

    Attributes
    ----------
    truth, estimate, lower, upper : (E,) arrays
    """

    truth: FloatArray
    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, eq=False)
class PlannedStudy:
    """Simulated studies of each size, summed up.

    Attributes
    ----------
    table : DataFrame
        Indexed by (``groups``, ``rows``, ``effect``): ``assurance``, the share of studies whose interval excludes the
        value, with the Monte Carlo error ``mcse``; mean and SD of the intervals' width; ``coverage`` of the truth;
        ``bias`` and ``rmse`` of the estimate; ``failed`` studies, whose model could not be estimated, which exclude
        nothing. ``rows`` is the number of rows a group, 0 where groups keep theirs.
    n : int
        Studies of each size.
    value, prob : float
    method : str
        How each was estimated.
    seed : int
    """

    table: pd.DataFrame
    n: int
    value: float
    prob: float
    method: str
    seed: int


def summed_up(studies: Sequence[Study], effects: Sequence[str], value: float) -> pd.DataFrame:
    """A row an effect: the columns of `PlannedStudy.table`.

    The Monte Carlo error is that of a share of n studies, ``sqrt(a (1 - a) / n)``, and where a is 0 or 1 that of
    one study more, ``(n a + 1)/(n + 2)``.
    """
    truth, estimate, lower, upper = (
        np.array([getattr(one, name) for one in studies]) for name in ("truth", "estimate", "lower", "upper")
    )
    there, n = np.isfinite(lower).all(axis=1), len(studies)
    share = ((lower > value) | (upper < value)).mean(axis=0)
    shrunk = np.where((share == 0) | (share == 1), (n * share + 1) / (n + 2), share)
    away = (estimate - truth)[there]
    width, covers = (upper - lower)[there], ((lower <= truth) & (truth <= upper))[there]
    nothing = np.full(len(effects), np.nan)
    columns = {
        "assurance": share,
        "mcse": np.sqrt(shrunk * (1 - shrunk) / n),
        "width": width.mean(axis=0) if there.any() else nothing,
        "width_sd": width.std(axis=0, ddof=1) if there.sum() > 1 else nothing,
        "coverage": covers.mean(axis=0) if there.any() else nothing,
        "bias": away.mean(axis=0) if there.any() else nothing,
        "rmse": np.sqrt((away**2).mean(axis=0)) if there.any() else nothing,
        "failed": np.full(len(effects), int((~there).sum())),
    }
    return pd.DataFrame(columns, index=pd.Index(effects, name="effect"))


def resampled(data: pd.DataFrame, group: str, n_groups: int, n_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Predictors of a new sample: groups of a pilot study drawn with replacement, and rows of each.

    Parameters
    ----------
    data : DataFrame
        The pilot study.
    group : str
        Its grouping column; in the result groups are numbered from 1.
    n_groups : int
    n_rows : int
        Rows of each group, drawn with replacement; 0: those that it has.
    rng : Generator

    Raises
    ------
    DataError
        There is no such column.
    """
    if group not in data.columns:
        raise DataError(f"data has no column {group!r}, which names the groups.")
    places = list(data.groupby(group, sort=False, observed=True).indices.values())
    chosen = rng.integers(len(places), size=n_groups)
    rows = [places[j] if n_rows == 0 else rng.choice(places[j], n_rows) for j in chosen]
    ids = np.repeat(np.arange(1, n_groups + 1), [len(one) for one in rows])
    return data.iloc[np.concatenate(rows)].reset_index(drop=True).assign(**{group: ids})


def sizes_of(groups: Sequence[int] | int | None, rows: Sequence[int] | int | None) -> list[tuple[int, int]]:
    """All pairs of a number of groups and one of rows; 0 where they are not given.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> sizes_of([20, 40], 10), sizes_of(None, None)
    ([(20, 10), (40, 10)], [(0, 0)])
    """
    found = []
    for name, given, least in (("groups", groups, 2), ("rows", rows, 1)):
        values = list(given) if isinstance(given, Iterable) else [given or 0]
        wrong = [one for one in values if given is not None and (not isinstance(one, int | np.integer) or one < least)]
        if wrong or not values or isinstance(given, bool):
            raise OptionError(f"{name} is a whole number of at least {least}, or a list of such, not {given!r}.")
        found.append([int(one) for one in values])
    if groups is None and rows is not None:
        raise OptionError("rows is the number of rows of each of so many groups: give groups, too.")
    return [(J, n) for J in found[0] for n in found[1]]
