"""Posterior draws -> a table of mean, sd, interval and diagnostics."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import SAMPLE
from bayeshlm.quantities.diagnostics import diagnose

COLUMNS = ("mean", "sd", "lower", "upper", "ess_bulk", "ess_tail", "r_hat", "mcse_mean")
"""Columns of a summary, in order."""


def summarize(draws: xr.DataArray, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
    """Summarize the draws of one quantity.

    Parameters
    ----------
    draws : xarray.DataArray
        Dims chain and draw, in any place, and any others.
    prob : float
        Probability of the interval.
    kind : {"eti", "hdi"}
        Equal-tailed interval, or the shortest one (highest density).

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`, one row an entry of the remaining dims, which are the index; ``attrs`` hold
        ``ci_kind`` and ``ci_prob``. Entries with a draw that is not finite are NaN throughout. A constant
        entry has sd 0 and NaN diagnostics; with one chain R-hat is NaN.

    Raises
    ------
    OptionError
        `prob` is not inside (0, 1) or `kind` is unknown.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayeshlm.quantities.summary import summarize
    >>> draws = xr.DataArray(np.arange(101.0)[None], dims=("chain", "draw"), name="x")
    >>> summarize(draws, prob=0.9)[["mean", "lower", "upper"]].round(6).to_numpy().tolist()
    [[50.0, 5.0, 95.0]]
    """
    check_interval(prob, kind)
    others = [dim for dim in draws.dims if dim not in SAMPLE]
    ordered = draws.transpose(*others, *SAMPLE)
    values = np.asarray(ordered.values, dtype=float)
    flat = values.reshape(-1, *values.shape[-2:])
    table = pd.DataFrame(_rows(flat, prob, kind), columns=list(COLUMNS), index=_index(ordered, others))
    return with_interval(table, prob, kind)


def with_median(draws: xr.DataArray, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
    """As `summarize`, with the column ``median`` behind the mean: for what is skewed, such as an SD of few groups.

    Parameters
    ----------
    draws, prob, kind
        As in `summarize`.
    """
    table = summarize(draws, prob, kind)
    median = draws.median(SAMPLE, skipna=False).to_numpy().ravel()
    table.insert(1, "median", np.where(table["mean"].notna(), median, np.nan))
    return table


def with_interval(table: pd.DataFrame, prob: float, kind: str) -> pd.DataFrame:
    """Attach to a table what its columns lower and upper are."""
    table.attrs.update(ci_kind=kind, ci_prob=prob)
    return table


def _index(draws: xr.DataArray, dims: Sequence[Hashable]) -> pd.Index:
    if not dims:
        names = [str(draws.name or "")]
        return pd.Index(names)
    indexes = [draws.get_index(dim).rename(str(dim)) for dim in dims]
    return indexes[0] if len(indexes) == 1 else pd.MultiIndex.from_product(indexes)


def _rows(draws: FloatArray, prob: float, kind: str) -> FloatArray:
    """Summarize (E, chain, draw): array (E, 8)."""
    rows = np.full((len(draws), len(COLUMNS)), np.nan)
    finite = np.isfinite(draws).all(axis=(1, 2))
    constant = finite & (draws.min(axis=(1, 2)) == draws.max(axis=(1, 2)))
    rows[constant, 0] = rows[constant, 2] = rows[constant, 3] = draws[constant, 0, 0]
    rows[constant, 1] = 0.0 if draws.shape[1] * draws.shape[2] > 1 else np.nan
    varying = finite & ~constant
    if varying.any():
        some = draws[varying]
        rows[varying, 0] = some.mean(axis=(1, 2))
        rows[varying, 1] = some.std(axis=(1, 2), ddof=1)
        rows[varying, 2:4] = interval(some, prob, kind)
        rows[varying, 4:] = np.stack(diagnose(some), axis=1)
    return rows


def interval(draws: FloatArray, prob: float, kind: str) -> FloatArray:
    """Bounds (E, 2) of the interval of finite draws (E, chain, draw); of equally short ones the lowest."""
    flat = draws.reshape(len(draws), -1)
    if kind == "eti":
        edge = (1 - prob) / 2
        bounds: FloatArray = np.quantile(flat, [edge, 1 - edge], axis=1).T
        return bounds
    n, ordered = flat.shape[1], np.sort(flat, axis=1)
    inside = min(int(prob * n), n - 1)
    lowest = (ordered[:, inside:] - ordered[:, : n - inside]).argmin(axis=1)[:, None]
    return np.take_along_axis(ordered, np.concatenate([lowest, lowest + inside], axis=1), axis=1)
