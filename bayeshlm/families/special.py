"""Special functions of rows that `math` lacks, or that are exact only where nothing cancels.

Plain functions of floats, as rows are (`bayeshlm.families.family`). The logarithm of the gamma function and its
derivatives are asymptotic series at eight and above (Abramowitz & Stegun 1964, 6.1.41, 6.3.18, 6.4.12), to which
smaller arguments are moved by the recurrence, without a loop: a compiler can move them out of the loop of a caller
over nodes of a quadrature, which it cannot do with ``math.lgamma``.
"""

from __future__ import annotations

import math

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
ROOT_HALF = math.sqrt(0.5)
ROOT_PI_INVERSE = 5.6418958354775628695e-1
SCALED_ERFC_FAR = 4.0 / ROOT_HALF
LARGEST_EXPONENT = math.log(1.7976931348623157e308)


def grown(x: float) -> float:
    """``exp(x)``, infinite where no double is as large."""
    return math.exp(x) if x < LARGEST_EXPONENT else math.inf


def log1p_of_share(t: float) -> float:
    """``log(1 + t)`` of ``0 <= t <= 1``, with one division where a compiled ``log1p`` has two and a dozen choices.

    ``2 atanh(s)`` of ``s = t/(2 + t)``, at most 1/3, by a polynomial in s^2 through Chebyshev's nodes: 5e-18 off.
    """
    s = t / (2.0 + t)
    w = s * s
    p = 8.08202280597176611e-02
    p = p * w + 4.40036924307233694e-02
    p = p * w + 6.00053640479535627e-02
    p = p * w + 6.65707210482746808e-02
    p = p * w + 7.69278503247931155e-02
    p = p * w + 9.09089471806642908e-02
    p = p * w + 1.11111113587139315e-01
    p = p * w + 1.42857142835543786e-01
    p = p * w + 2.00000000000072913e-01
    p = p * w + 3.33333333333333293e-01
    return 2.0 * (s + s * w * p)


def softplus(x: float) -> float:
    """``log(1 + exp(x))``."""
    return max(x, 0.0) + log1p_of_share(math.exp(-abs(x)))


def logistic(x: float) -> float:
    """``1/(1 + exp(-x))``, exact in both tails."""
    tail = math.exp(-abs(x))
    return (1.0 if x > 0.0 else tail) / (1.0 + tail)


def log_one_minus_exp(gap: float) -> float:
    """``log(1 - exp(-gap))`` of a gap of zero or more (Maechler 2012, Accurately computing log(1 - exp(-|a|)))."""
    if gap <= 0.0:
        return -math.inf
    return math.log(-math.expm1(-gap)) if gap < 0.7 else math.log1p(-math.exp(-gap))


def stirling(z: float) -> float:
    """``log Gamma(z) - (z - 1/2) log z + z - log(2 pi)/2`` for ``z >= 8``."""
    w = 1.0 / (z * z)
    tail = 1.0 / 1188.0 - w * (691.0 / 360360.0 - w * (1.0 / 156.0 - w * (3617.0 / 122400.0)))
    return (1.0 / 12.0 - w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w * tail)))) / z


def stirling_remainder(x: float, log_x: float) -> float:
    """`stirling` of any positive x, given with its logarithm, which counts where x itself is too small for a double."""
    if x >= 8.0:
        return stirling(x)
    z = x + 8.0
    product = (x + 1.0) * (x + 2.0) * (x + 3.0) * (x + 4.0) * (x + 5.0) * (x + 6.0) * (x + 7.0)
    return (z - 0.5) * math.log(z) - 8.0 + stirling(z) - math.log(product) - (x + 0.5) * log_x


def log_gamma(x: float) -> float:
    """``log Gamma(x)`` of a positive x."""
    small = x < 8.0
    z = x + 8.0 if small else x
    product = x * (x + 1.0) * (x + 2.0) * (x + 3.0) * (x + 4.0) * (x + 5.0) * (x + 6.0) * (x + 7.0)
    return (z - 0.5) * math.log(z) - z + HALF_LOG_2PI + stirling(z) - math.log(product if small else 1.0)


def log_factorial(count: float) -> float:
    """``log count!``, exactly 0 of 0 and 1."""
    return log_gamma(count + 1.0) if count > 1.0 else 0.0


def digamma_tail(z: float) -> float:
    """``digamma(z) - log z`` for ``z >= 8``."""
    w = 1.0 / (z * z)
    tail = 1.0 / 132.0 - w * (691.0 / 32760.0 - w * (1.0 / 12.0 - w * (3617.0 / 8160.0)))
    return -0.5 / z - w * (1.0 / 12.0 - w * (1.0 / 120.0 - w * (1.0 / 252.0 - w * (1.0 / 240.0 - w * tail))))


def digamma_remainder(x: float) -> float:
    """``digamma(x) - log x`` of a positive x."""
    if x >= 8.0:
        return digamma_tail(x)
    z = x + 8.0
    first = 1.0 / x + 1.0 / (x + 1.0) + 1.0 / (x + 2.0) + 1.0 / (x + 3.0)
    last = 1.0 / (x + 4.0) + 1.0 / (x + 5.0) + 1.0 / (x + 6.0) + 1.0 / (x + 7.0)
    return math.log(z / x) + digamma_tail(z) - first - last


def digamma(x: float) -> float:
    """The derivative of `log_gamma`."""
    return math.log(x) + digamma_remainder(x)


def trigamma(x: float) -> float:
    """The derivative of `digamma`."""
    small = x < 8.0
    z = x + 8.0 if small else x
    w = 1.0 / (z * z)
    tail = 5.0 / 66.0 - w * (691.0 / 2730.0 - w * (7.0 / 6.0 - w * (3617.0 / 510.0)))
    series = 1.0 / 6.0 - w * (1.0 / 30.0 - w * (1.0 / 42.0 - w * (1.0 / 30.0 - w * tail)))
    moved = 0.0
    if small:
        a, b, c, d = 1.0 / x, 1.0 / (x + 1.0), 1.0 / (x + 2.0), 1.0 / (x + 3.0)
        e, f, g, h = 1.0 / (x + 4.0), 1.0 / (x + 5.0), 1.0 / (x + 6.0), 1.0 / (x + 7.0)
        moved = a * a + b * b + c * c + d * d + e * e + f * f + g * g + h * h
    return (1.0 + w * series) / z + 0.5 * w + moved


def log_rising(x: float, n: float) -> float:
    """``log Gamma(x + n) - log Gamma(x) - n log x``, which is small for a large x: no large numbers cancel."""
    if x < 8.0:
        return log_gamma(x + n) - log_gamma(x) - n * math.log(x)
    return (x + n - 0.5) * math.log1p(n / x) - n + stirling(x + n) - stirling(x)


def digamma_rise(x: float, n: float) -> float:
    """``digamma(x + n) - digamma(x)``."""
    if x < 8.0:
        return digamma(x + n) - digamma(x)
    return math.log1p(n / x) + digamma_tail(x + n) - digamma_tail(x)


def scaled_erfc(x: float) -> float:
    """``exp(x^2) erfc(x)`` for ``x >= 0``: Cody (1969), Mathematics of Computation 23, 631-637.

    All three of the approximations are worked out, each at an x that it is meant for, since a compiler takes several
    numbers at a time through a choice, but not through branches.
    """
    t = min(x, 0.46875)
    w = t * t
    above = ((1.85777706184603153e-1 * w + 3.16112374387056560) * w + 1.13864154151050156e2) * w + 3.77485237685302021e2
    below = ((w + 2.36012909523441209e1) * w + 2.44024637934444173e2) * w + 1.28261652607737228e3
    near = math.exp(w) * (1.0 - t * (above * w + 3.20937758913846947e3) / (below * w + 2.84423683343917062e3))
    t = min(x, 4.0)
    above = 2.15311535474403846e-8 * t + 5.64188496988670089e-1
    above = ((above * t + 8.88314979438837594) * t + 6.61191906371416295e1) * t + 2.98635138197400131e2
    above = ((above * t + 8.81952221241769090e2) * t + 1.71204761263407058e3) * t + 2.05107837782607147e3
    below = ((t + 1.57449261107098347e1) * t + 1.17693950891312499e2) * t + 5.37181101862009858e2
    below = ((below * t + 1.62138957456669019e3) * t + 3.29079923573345963e3) * t + 4.36261909014324716e3
    below = (below * t + 3.43936767414372164e3) * t + 1.23033935480374942e3
    middle = (above * t + 1.23033935479799725e3) / below
    t = max(x, 4.0)
    far = (ROOT_PI_INVERSE - _far_remainder(t) / t / t) / t
    return near if x < 0.46875 else middle if x <= 4.0 else far


def _far_remainder(t: float) -> float:
    """The r of ``exp(t^2) erfc(t) = (1/sqrt(pi) - r/t^2)/t`` for ``t >= 4``."""
    w = 1.0 / t / t
    above = (1.63153871373020978e-2 * w + 3.05326634961232344e-1) * w + 3.60344899949804439e-1
    above = ((above * w + 1.25781726111229246e-1) * w + 1.60837851487422766e-2) * w + 6.58749161529837803e-4
    below = ((w + 2.56852019228982242) * w + 1.87295284992346725) * w + 5.27905102951428412e-1
    below = (below * w + 6.05183413124413191e-2) * w + 2.33520497626869185e-3
    return above / below


def hazard_excess(x: float, hazard: float) -> float:
    """``h - x`` of the hazard ``h = phi(x)/Phi(-x)`` of a normal variable at ``x >= 0``, which is 1/x far out.

    With `scaled_erfc`'s r it is ``sqrt(pi) h r/t^2`` there, where h and x have all but their last digits in common.
    """
    t = max(x * ROOT_HALF, 4.0)
    far = hazard / t * (_far_remainder(t) / ROOT_PI_INVERSE) / t
    return far if x > SCALED_ERFC_FAR else hazard - x
