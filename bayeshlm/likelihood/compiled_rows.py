"""The rows of a family as machine code, for kernels to close over.

A row is plain Python that may call plain Python by name (`bayeshlm.families.family`). It is compiled with copies of
those functions in place of themselves, compiled likewise, so that the families need no numba.
"""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

import bayeshlm.likelihood.vector_math as vector_math
from bayeshlm.families import FAMILIES

type Array = NDArray[np.float64]

ROW: dict[str, Any] = {"error_model": "numpy", "nogil": True, "forceinline": True}


@cache
def compiled_row(family: str, link: str) -> Any:
    """The row of a family under a link, compiled; the same object every time.

    Parameters
    ----------
    family : str
        Name of one of `bayeshlm.families.FAMILIES`.
    link : str
        One of its links.

    Returns
    -------
    numba dispatcher
        A `bayeshlm.families.family.Row`, inlined where it is called.

    Examples
    --------
    >>> import numpy as np
    >>> row = compiled_row("Bernoulli", "logit")
    >>> row(1.0, 1.0, 0.0, np.empty(0))[1:]
    (0.5, 0.25)
    """
    return _compiled(FAMILIES[family].rows[link])


@cache
def compiled_slope(family: str, link: str) -> Any:
    """The slope in the auxiliary parameters, a `RowSlope`; it adds nothing where a family has none of them."""
    return _compiled(FAMILIES[family].row_slope.get(link, _no_slope))


def _no_slope(y: float, size: float, eta: float, auxiliary: Array, weight: float, slope: Array) -> None:
    pass


@cache
def _compiled(function: FunctionType) -> Any:
    """A function, and the functions of its module that its code names, compiled with a `math` for many numbers."""
    names = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    called = {name: _compiled(value) for name, value in names.items() if isinstance(value, FunctionType)}
    copy = FunctionType(function.__code__, function.__globals__ | called | {"math": vector_math}, function.__name__)
    # numba names machine code after the qualified name, and several families have a function of the same.
    copy.__module__ = function.__module__
    copy.__qualname__ = f"{function.__module__.rpartition('.')[2]}_{function.__qualname__}"
    return numba.njit(**ROW)(copy)
