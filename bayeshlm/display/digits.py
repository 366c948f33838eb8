"""Numbers as text: how many digits are shown."""

from __future__ import annotations

import math

MISSING = "-"
"""Stands where there is no number."""

_MOST_PLACES = 8
_LARGEST = 1e9


def decimals(sd: float, mcse: float) -> int:
    """Decimal places that a posterior mean, and the SD and bounds beside it, deserve.

    The last place shown is worth at least two Monte Carlo errors, within the bounds that two to four significant
    digits of the posterior SD set.

    Parameters
    ----------
    sd, mcse : float
        Posterior SD and Monte Carlo error of the mean; NaN or 0 where they are not known.

    Returns
    -------
    int
        At least 0.

    Examples
    --------
    >>> decimals(sd=0.2444, mcse=0.0039), decimals(sd=0.2444, mcse=0.0001), decimals(sd=120.0, mcse=3.0)
    (2, 3, 0)
    """
    if not (math.isfinite(sd) and sd > 0):
        return 3
    leading = -math.floor(math.log10(sd))
    fewest, most = leading + 1, leading + 3
    if not (math.isfinite(mcse) and mcse > 0):
        return max(fewest, 0)
    return max(min(max(math.floor(-math.log10(2 * mcse)), fewest), most), 0)


def number(value: float, places: int) -> str:
    """Write a number with so many decimal places, or in scientific notation where those would not do.

    Examples
    --------
    >>> number(12.0954, 3), number(-0.0001, 2), number(float("nan"), 2), number(3.2e-12, 13)
    ('12.095', '0.00', '-', '3.200e-12')
    """
    if not math.isfinite(value):
        return MISSING
    if places > _MOST_PLACES or abs(value) >= _LARGEST:
        return f"{value:.3e}"
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def p_value(p: float) -> str:
    """Write a p with four decimal places, the ends as bounds.

    Examples
    --------
    >>> p_value(0.04156), p_value(2e-7), p_value(1.0), p_value(float("nan"))
    ('0.0416', '<.0001', '>.9999', '-')
    """
    return "<.0001" if p < 0.0001 else ">.9999" if p >= 0.99995 else number(p, 4)


def share(p: float) -> str:
    """Write a p that is a share of some hundred replicates: two decimal places, the ends as bounds.

    Examples
    --------
    >>> share(0.3044), share(0.002), share(0.999), share(float("nan"))
    ('0.30', '<.01', '>.99', '-')
    """
    return "<.01" if p < 0.005 else ">.99" if p > 0.995 else number(p, 2)


def count(value: float) -> str:
    """Write a count or an effective sample size as an integer with thousands separated.

    Examples
    --------
    >>> count(7185), count(3981.6), count(float("nan"))
    ('7,185', '3,982', '-')
    """
    return f"{value:,.0f}" if math.isfinite(value) else MISSING


def percent(prob: float) -> str:
    """Write a probability in percent.

    Examples
    --------
    >>> percent(0.95), percent(0.999)
    ('95%', '99.9%')
    """
    return f"{100 * prob:.6g}%"
