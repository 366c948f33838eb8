"""What machine code is made of, for kernels that run as plain Python: bits of doubles, and routines of LAPACK."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba.core.types
import numba.extending

BITS = 64


class Word(int):
    """A whole number of 64 bits without a sign, whose sums begin anew where they are too large."""

    def __add__(self, other: Any) -> Word:
        return _word(int(self) + int(other))

    def __sub__(self, other: Any) -> Word:
        return _word(int(self) - int(other))

    def __or__(self, other: Any) -> Word:
        return _word(int(self) | int(other))

    def __lshift__(self, other: Any) -> Word:
        return _word(int(self) << int(other))

    def __rshift__(self, other: Any) -> Word:
        return _word(int(self) >> int(other))


def _word(value: int) -> Word:
    return Word(value % 2**BITS)


def bits_of(value: float) -> Word:
    """The bits of a double."""
    return Word(struct.unpack("<Q", struct.pack("<d", value))[0])


def double_of(bits: int) -> float:
    """The double of some bits."""
    return float(struct.unpack("<d", struct.pack("<Q", int(bits)))[0])


INTRINSICS: dict[str, Callable[..., Any]] = {"_bits": bits_of, "_double": double_of}


def run_as_python() -> None:
    """Put these in the place of numba's own, for modules that are imported afterwards."""
    intrinsic, external = numba.extending.intrinsic, numba.core.types.ExternalFunction

    def replaced(*function: Any, **options: Any) -> Any:
        known = INTRINSICS.get(function[0].__name__) if function else None
        return known or intrinsic(*function, **options)

    def routine(symbol: str, signature: Any) -> Any:
        address = llvmlite.binding.address_of_symbol(symbol)  # of those that are known by now
        if address is None:
            return external(symbol, signature)
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(signature.args))(address)

    numba.extending.intrinsic = replaced
    numba.core.types.ExternalFunction = routine
