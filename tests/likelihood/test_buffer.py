"""Data in a buffer: what goes in as named tuples of arrays comes out of its address, and of no other form's reader."""

from typing import NamedTuple

import numba
import numpy as np
import pytest

from bayeshlm.likelihood.buffer import form_of, pack, reader
from bayeshlm.likelihood.disk_cache import _closed_over

POINTER = numba.types.CPointer(numba.types.double)


class Inner(NamedTuple):
    one: np.ndarray
    places: np.ndarray


class Outer(NamedTuple):
    inner: Inner
    matrix: np.ndarray
    cube: np.ndarray


def made(seed=0):
    rng = np.random.default_rng(seed)
    inner = Inner(rng.normal(size=3), np.array([[-(2**60), 7], [0, 2**62]]))
    cube = rng.normal(size=(4, 3, 2)).transpose(2, 0, 1)  # not contiguous
    return Outer(inner, rng.normal(size=(2, 3)), cube), rng.normal(size=(2, 1, 3, 2)), np.empty((0, 5))


def test_every_array_comes_back_with_its_shape_type_and_names():
    data = made()
    read = reader(form_of(data))

    @numba.cfunc(numba.types.int64(POINTER, POINTER))
    def out_again(buffer_, out_):
        outer, four, empty = read(buffer_)
        out = numba.carray(out_, 100)
        at = 0
        for value in outer.inner.one:
            out[at] = value
            at += 1
        for place in outer.inner.places.ravel():
            out[at] = 1.0 if place in (-(2**60), 7, 0, 2**62) else 0.0
            at += 1
        for r in range(outer.matrix.shape[0]):
            for value in outer.matrix[r]:
                out[at] = value
                at += 1
        for value in outer.cube.ravel():
            out[at] = value
            at += 1
        for value in four.ravel():
            out[at] = value
            at += 1
        return at + 1000 * empty.shape[1]

    buffer, out = pack(data), np.zeros(100)
    count = out_again.ctypes(
        buffer.ctypes.data_as(out_again.ctypes.argtypes[0]), out.ctypes.data_as(out_again.ctypes.argtypes[1])
    )
    outer, four, _ = data
    expected = [outer.inner.one, np.ones(4), outer.matrix.ravel(), outer.cube.ravel(), four.ravel()]
    np.testing.assert_array_equal(out[: count - 5000], np.concatenate(expected))


@pytest.mark.parametrize("array", [np.array(1.0), np.zeros((1,) * 5), np.array(["a"]), np.array([True])])
def test_what_has_no_place_is_refused(array):
    with pytest.raises(TypeError, match="dimensions and type"):
        pack((np.zeros(2), (array,)))


def test_readers_of_one_form_are_one_and_of_others_have_other_keys():
    first, again = form_of(made(0)), form_of(made(1))
    assert reader(first) is reader(again)
    outer, four, empty = made()
    other = form_of((outer, four, empty.astype(int)))
    keys = {_key(form) for form in (first, again, other)}
    assert len(keys) == 2


def _key(form):
    """What a callback that closes over the form's reader is known by on the disk."""
    read = reader(form).py_func
    return read.__qualname__, str(_closed_over(read))
