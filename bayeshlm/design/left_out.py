"""What a model does not see: the missing values that cost rows, and the groups that lost all of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.scaling import IntArray


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Missing values of the used columns, and what they cost.

    Attributes
    ----------
    columns : tuple of (str, int)
        Columns that miss values, and in how many rows; a row that misses several is counted in each.
    groups : tuple of str
        Groups of which no row is complete; with several groupings each behind its grouping's name.
    """

    columns: tuple[tuple[str, int], ...] = ()
    groups: tuple[str, ...] = ()


NOTHING = LeftOut()


def left_out(
    missing: Mapping[str, int],
    groupings: Mapping[str, tuple[IntArray, pd.Index]],
    keep: NDArray[np.bool_],
) -> LeftOut:
    """Keep the columns that miss values, and find the groups without a row that is kept.

    Parameters
    ----------
    missing : mapping of str to int
        Number of rows that miss a value, by column.
    groupings : mapping of str to codes and labels
        Of each grouping the position of each row's group in its labels, (N,), -1 for none.
    keep : (N,) array of bool
        Of rows, or of cells of which each lies in one group of every grouping.

    Examples
    --------
    >>> keep = np.array([True, False, False])
    >>> left_out({"dose": 2, "sex": 0}, {"ward": (np.array([0, 0, 1]), pd.Index(["a", "b"]))}, keep)
    LeftOut(columns=(('dose', 2),), groups=('b',))
    """
    lost: list[str] = []
    for grouping, (codes, labels) in groupings.items():
        prefix = f"{grouping} " if len(groupings) > 1 else ""
        gone = labels[np.bincount(codes[keep], minlength=len(labels)) == 0]
        lost += [f"{prefix}{label}" for label in gone]
    return LeftOut(tuple((name, n) for name, n in missing.items() if n), tuple(lost))
