"""A derived quantity: its draws, its table and what must be said about it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import xarray as xr


@dataclass(frozen=True, eq=False)
class Quantity:
    """A quantity computed for each posterior draw, with its summary.

    Attributes
    ----------
    name : str
        What it is, such as ``"icc"``.
    draws : xarray.Dataset
        The quantity with dims (chain, draw, ...).
    table : pandas.DataFrame
        Its summary; ``attrs`` hold ``ci_kind`` and ``ci_prob``.
    notes : tuple of str
        Definitions and conditions that belong beside the numbers.
    """

    name: str
    draws: xr.Dataset
    table: pd.DataFrame
    notes: tuple[str, ...] = ()
