"""How often values of a discrete outcome occur, observed and replicated, and what shows it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray

MOST_BARS = 40
"""Bars up to which there is one a value; of more values several share one."""


type Picture = Literal["densities", "bars", "rootogram"]


def picture_of(design: Design) -> Picture:
    """What shows the distribution of an outcome: of one that is not discrete its density, of a count a rootogram."""
    outcome = design.outcome
    if not outcome.family.discrete:
        return "densities"
    bounded = outcome.family.has_size or outcome.categories or outcome.family_name == "Bernoulli"
    return "bars" if bounded else "rootogram"


def frequencies(observed: FloatArray, replicated: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How often each whole number from the lowest to the highest observed or replicated value occurs.

    Of more than 40 values as many neighbors are counted together as it takes, and are named by their middle.

    Parameters
    ----------
    observed : (N,) array
    replicated : (S, N) array

    Returns
    -------
    values : (V,) array
    of_observed : (V,) array
    of_replicated : (S, V) array

    Examples
    --------
    >>> values, seen, made = frequencies(np.array([0.0, 2.0, 2.0]), np.array([[0.0, 1.0, 3.0]]))
    >>> values.tolist(), seen.tolist(), made.tolist()
    ([0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 2.0, 0.0], [[1.0, 1.0, 0.0, 1.0]])
    """
    low, high = min(observed.min(), replicated.min()), max(observed.max(), replicated.max())
    width = int((high - low) // MOST_BARS) + 1
    size = int((high - low) // width) + 1
    seen, *made = (np.bincount(((y - low) // width).astype(np.int64), minlength=size) for y in (observed, *replicated))
    return low + width * np.arange(size) + (width - 1) / 2, seen.astype(float), np.array(made, dtype=float)
