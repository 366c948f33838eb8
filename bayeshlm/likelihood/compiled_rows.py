"""The functions of a family's rows as machine code, to be inlined into the kernels."""

from __future__ import annotations

from functools import cache
from typing import Any

import numba

from bayeshlm.families import FAMILIES
from bayeshlm.likelihood.gaussian_pieces import INLINED
from bayeshlm.likelihood.vector_math import with_vector_math


@cache
def compiled_row(family: str, link: str) -> Any:
    """The `Row` of a family under a link, compiled."""
    return numba.njit(**INLINED)(with_vector_math(FAMILIES[family].rows[link]))


@cache
def compiled_slope(family: str, link: str) -> Any:
    """The `RowSlope` of a family under a link, compiled; without auxiliary parameters one that adds nothing."""
    return numba.njit(**INLINED)(with_vector_math(FAMILIES[family].row_slope.get(link, _no_slope)))


def _no_slope(y: float, size: float, eta: float, auxiliary: Any, weight: float, slope: Any) -> None:
    """Nothing to add to."""
