"""Exponentials and logarithms that the compiler can work out for several numbers at a time.

It calls those of the C library for one number after the other, and they are most of what a row costs. A row's function
is therefore compiled with this module in the place of `math`, whose other functions it has as they are. Errors are
those of a double's last digit or two; zero, infinities and nan are as in `math`, but where that raises they are what
the limit is.

The algorithms are those of FDLIBM (Sun Microsystems 1993) with the powers of two taken from the bits.
"""

from __future__ import annotations

from math import erf, erfc, fabs, inf, isfinite, lgamma, pi, sinh, sqrt
from typing import Any

import numba
import numpy as np
from numba.extending import intrinsic

__all__ = ["erf", "erfc", "exp", "expm1", "fabs", "inf", "isfinite", "lgamma", "log", "log1p", "pi", "sinh", "sqrt"]

EXACT: dict[str, Any] = {"error_model": "numpy", "nogil": True, "forceinline": True, "fastmath": {"contract"}}
"""Without the caller's leave to sum in any order, which would undo the rounding that these functions live on."""

INFINITE = inf
LOG2_HIGH, LOG2_LOW, LOG2_E = 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.4426950408889634
ROUNDING = 6755399441055744.0  # 1.5 * 2^52: numbers that are added to it are rounded to whole ones
ROUNDING_BITS, MANTISSA, BIAS = np.uint64(0x4338000000000000), np.uint64(52), np.uint64(1023)
ROOT_HALF, ONE, TWO_52 = np.uint64(0x3FE6A09E667F3BCD), np.uint64(0x3FF0000000000000), np.uint64(0x4330000000000000)


@intrinsic
def _bits(typing: Any, value: Any) -> Any:
    """The bits of a double as a whole number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(numba.types.uint64))

    return numba.types.uint64(numba.types.float64), generate


@intrinsic
def _double(typing: Any, bits: Any) -> Any:
    """The double of some bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(numba.types.float64))

    return numba.types.float64(numba.types.uint64), generate


@numba.njit(**EXACT)
def exp(x: float) -> float:
    """The exponential; zero where it is below the smallest normal number."""
    bounded = min(max(x, -708.0), 709.0)
    shifted = bounded * LOG2_E + ROUNDING
    n = shifted - ROUNDING
    r = (bounded - n * LOG2_HIGH) - n * LOG2_LOW
    p = 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 1.984126984126984e-04
    p = p * r + 1.388888888888889e-03
    p = p * r + 8.333333333333333e-03
    p = p * r + 4.1666666666666664e-02
    p = p * r + 1.6666666666666666e-01
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    value = p * _double((_bits(shifted) - ROUNDING_BITS + BIAS) << MANTISSA)
    value = 0.0 if x < -708.0 else value
    value = INFINITE if x > 709.0 else value
    return value if x == x else x


@numba.njit(**EXACT)
def log(x: float) -> float:
    """The natural logarithm; ``-inf`` of zero, nan of negative numbers."""
    tiny = x < 2.2250738585072014e-308
    bits = _bits(x * 18014398509481984.0 if tiny else x)
    exponent = (bits - ROOT_HALF + ONE) >> MANTISSA
    n = _double(exponent | TWO_52) - (4503599627370496.0 + 1023.0)
    f = _double(bits - ((exponent - BIAS) << MANTISSA)) - 1.0
    n = n - 54.0 if tiny else n
    s = f / (2.0 + f)
    z = s * s
    p = 1.479819860511658591e-01
    p = p * z + 1.531383769920937332e-01
    p = p * z + 1.818357216161805012e-01
    p = p * z + 2.222219843214978396e-01
    p = p * z + 2.857142874366239149e-01
    p = p * z + 3.999999999940941908e-01
    p = p * z + 6.666666666666735130e-01
    half = 0.5 * f * f
    value = n * LOG2_HIGH - ((half - (s * (half + p * z) + n * LOG2_LOW)) - f)
    value = -INFINITE if x == 0.0 else value
    value = INFINITE if x == INFINITE else value
    return value if x >= 0.0 else INFINITE - INFINITE


@numba.njit(**EXACT)
def log1p(x: float) -> float:
    """``log(1 + x)``, as exact for small x."""
    shifted = 1.0 + x
    value = log(shifted) + (x - (shifted - 1.0)) / shifted
    value = -INFINITE if x == -1.0 else value
    return INFINITE if x == INFINITE else value


@numba.njit(**EXACT)
def expm1(x: float) -> float:
    """``exp(x) - 1``, as exact for small x (Kahan's formula; Higham 2002, Accuracy and Stability, section 1.14.1)."""
    power = exp(x)
    less = power - 1.0
    value = less * (x / log(power))
    value = x if power == 1.0 else value
    return less if abs(x) > 40.0 else value
