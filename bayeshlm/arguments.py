"""Arguments that many functions take, checked in one place: counts, seeds, probabilities, kinds of interval."""

from __future__ import annotations

import numpy as np

from bayeshlm.errors import OptionError

KINDS = ("eti", "hdi")
"""Kinds of interval: equal-tailed and highest density."""


def checked_seed(seed: int | None) -> int:
    """The seed that was given, or one drawn from the system's randomness."""
    return int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else checked_count("seed", seed, 0)


def checked_count(name: str, value: int, least: int) -> int:
    """Read an option as a whole number of at least `least`.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> checked_count("draws", 500, 4)
    500
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise OptionError(f"{name} must be a whole number of at least {least}, not {value!r}.")
    if value > 2**32 - 1:
        raise OptionError(f"{name} must be less than 2**32, not {value!r}.")
    return int(value)


def check_prob(prob: float) -> None:
    """Refuse a probability outside of (0, 1).

    Raises
    ------
    OptionError
    """
    if not isinstance(prob, (int, float)) or not 0.0 < prob < 1.0:
        raise OptionError(f"prob={prob!r} must lie between 0 and 1, such as prob=0.95")


def check_interval(prob: float, kind: str) -> None:
    """Refuse a probability outside of (0, 1) or an unknown kind of interval.

    Raises
    ------
    OptionError
    """
    check_prob(prob)
    if kind not in KINDS:
        raise OptionError(f'kind={kind!r} is unknown: write "eti" (equal-tailed) or "hdi" (highest density)')
