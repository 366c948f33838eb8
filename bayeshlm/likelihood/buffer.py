"""Arrays of any number and shape in one buffer of doubles, which a C callback gets by its address.

The first number is the buffer's length; then come five for each array, its offset and its shape (ones behind
the axes that it has); then the values. Whole numbers are kept as the bits of 64-bit ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENTRY = 5  # numbers that describe an array


def pack(arrays: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Lay arrays of 1 to 4 axes out in one buffer.

    Raises
    ------
    TypeError
        For an array of other dimensions, or neither of floats nor of whole numbers.
    """
    offset = 1 + ENTRY * len(arrays)
    buffer = np.zeros(offset + sum(array.size for array in arrays))
    buffer[0] = len(buffer)
    for k, array in enumerate(arrays):
        if not 1 <= array.ndim <= ENTRY - 1 or array.dtype.kind not in "fi":
            raise TypeError(f"data of {array.ndim} dimensions and type {array.dtype}")
        values = np.ascontiguousarray(array, dtype=np.float64 if array.dtype.kind == "f" else np.int64)
        entry = 1 + ENTRY * k
        buffer[entry : entry + ENTRY] = (offset, *array.shape, *[1] * (ENTRY - 1 - array.ndim))
        buffer[offset : offset + array.size] = values.ravel().view(np.float64)
        offset += array.size
    return buffer
