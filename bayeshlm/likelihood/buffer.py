"""Named tuples of arrays in one buffer of doubles, which a C callback gets by its address, and out of it again.

The first number is the buffer's length; then come five for each array, its offset and its shape (ones behind
the axes that it has); then the values. Whole numbers are kept as the bits of 64-bit ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.core import cgutils, types
from numba.core.types.containers import BaseTuple
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numpy.typing import NDArray

ENTRY = 5  # numbers that describe an array
NUMBER = 8  # bytes

type Form = tuple[Any, ...]  # a tuple's class (None for a plain one) and forms; an array's axes and type's character


def pack(data: tuple[Any, ...]) -> NDArray[np.float64]:
    """Lay the arrays of 1 to 4 axes in a tuple, and in its tuples, out in one buffer.

    Raises
    ------
    TypeError
        For an array of other dimensions, or neither of floats nor of whole numbers.
    """
    arrays = list(_arrays(data))
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


def form_of(data: Any) -> Form:
    """What `reader` has to know of data that were packed: all but the numbers, equal and of one pickle if they are."""
    if isinstance(data, tuple):
        return (type(data) if type(data) is not tuple else None, tuple(form_of(part) for part in data))
    return (data.ndim, data.dtype.kind)


@cache
def reader(form: Form) -> Any:
    """A numba function from the address of a buffer to the tuple in it: views, nothing is copied.

    The views are made in LLVM's terms, where numba would compile a function for each of the arrays.
    """

    @intrinsic
    def tuple_at(typing: Any, buffer_: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _value(context, builder, arguments[0], form, iter(range(1, 1 + ENTRY * _count(form), ENTRY)))

        return _type(form)(buffer_), generate

    @numba.njit(nogil=True, forceinline=True)
    def read(buffer_):  # type: ignore[no-untyped-def]
        return tuple_at(buffer_)

    return read


def _arrays(data: Any) -> Iterator[NDArray[Any]]:
    if isinstance(data, tuple):
        for part in data:
            yield from _arrays(part)
    else:
        yield data


def _is_array(form: Form) -> bool:
    return isinstance(form[0], int)


def _count(form: Form) -> int:
    return 1 if _is_array(form) else sum(_count(part) for part in form[1])


def _type(form: Form) -> Any:
    """Numba's type of what has this form."""
    if _is_array(form):
        axes, kind = form
        return types.Array(types.float64 if kind == "f" else types.int64, axes, "C")
    return BaseTuple.from_types([_type(part) for part in form[1]], pyclass=form[0])


def _value(context: Any, builder: Any, buffer: Any, form: Form, entries: Iterator[int]) -> Any:
    """The LLVM value of that type, of arrays that the next of the entries describe."""
    of_type = _type(form)
    if not _is_array(form):
        values = [_value(context, builder, buffer, part, entries) for part in form[1]]
        return context.make_tuple(builder, of_type, values)
    intp, entry, axes = context.get_value_type(types.intp), next(entries), form[0]

    def whole(k: int) -> Any:
        return builder.fptosi(builder.load(builder.gep(buffer, [intp(k)])), intp)

    offset, shape = whole(entry), [whole(entry + 1 + axis) for axis in range(axes)]
    strides = [intp(NUMBER)]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = make_array(of_type)(context, builder)
    populate_array(
        array,
        data=builder.bitcast(builder.gep(buffer, [offset]), array.data.type),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=intp(NUMBER),
        meminfo=None,
    )
    return array._getvalue()
