"""Cholesky factor and inverse of a dense matrix by SciPy's LAPACK, from machine code that can be kept on disk."""

from __future__ import annotations

from functools import cache
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from numba.extending import get_cython_function_address
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

type Array = NDArray[np.float64]


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def one_blas_thread() -> Any:
    """A context in which LAPACK runs in the thread that calls it, as chains that run side by side need it."""
    return _libraries().limit(limits=1, user_api="blas")


def _external(name: str) -> Any:
    """A routine ``(uplo, n, A, lda, info)`` by a name that cached code finds in every process."""
    symbol = f"bayeshlm_{name}"
    llvmlite.binding.add_symbol(symbol, get_cython_function_address("scipy.linalg.cython_lapack", name))
    types: Any = numba.core.types
    character, integer, number = (types.CPointer(kind) for kind in (types.uint8, types.int32, types.float64))
    return types.ExternalFunction(symbol, types.void(character, integer, number, integer, integer))


_potrf, _potri = _external("dpotrf"), _external("dpotri")


@numba.njit(error_model="numpy", nogil=True)
def dense_cholesky(matrix: Array) -> bool:
    """Replace ``matrix[c, r]``, c <= r, of a symmetric matrix by C[r, c] of ``C C'``; False if there is none."""
    lower, n, info = np.array([76], np.uint8), np.array([len(matrix)], np.int32), np.zeros(1, np.int32)
    _potrf(lower.ctypes, n.ctypes, matrix.ctypes, n.ctypes, info.ctypes)
    return bool(info[0] == 0)


@numba.njit(error_model="numpy", nogil=True)
def dense_inverse(factor: Array) -> None:
    """Replace what `dense_cholesky` has left by the inverse of the matrix, the same triangle of it."""
    lower, n, info = np.array([76], np.uint8), np.array([len(factor)], np.int32), np.zeros(1, np.int32)
    _potri(lower.ctypes, n.ctypes, factor.ctypes, n.ctypes, info.ctypes)
