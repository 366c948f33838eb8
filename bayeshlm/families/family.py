"""`Family`: the distribution of an outcome given its predictor, as one record of functions.

The functions of a row are plain Python over `math`, which numba compiles where they are used: a family is one file, and
the kernels, which are the same for all, know none of them by name.

A row may call plain functions by name, those of `bayeshlm.families.special` above all. numba calls compiled functions
only, and nothing here may import it: `bayeshlm.likelihood.compiled_rows` compiles a row together with the functions
that it finds in the row's module under the names in its code, and with theirs in turn. So a row calls nothing but
functions of `math` (as ``math.exp``) and functions that its module defines or imports by name, and these under that
name, not as an element of a tuple or a default argument. ``math`` raises where numba gives infinity, as at
``exp(1000)`` and ``log(0)``: a row asks for neither at any finite eta.

A compiler works rows out for several numbers at a time, and several times as fast, where a row chooses between numbers
(``a if x > 0.0 else b``, with both worked out before) and does not branch or loop.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bayeshlm.families.links import LINKS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

type Row = Callable[[float, float, float, "Array"], tuple[float, float, float]]
"""
Of the outcome y of a row, its size (the number of trials; 1 elsewhere), its linear predictor eta and the auxiliary
parameters, (a,): the log probability or density, normalized; its derivative in eta; and the information about eta,
never below zero: the expected one or, better where the two are far apart, minus the second derivative, as Newton's
method finds the mode by it and quadrature places its nodes. Right at any finite eta: nothing else is clipped.
"""

type RowSlope = Callable[[float, float, float, "Array", float, "Array"], None]
"""
Of y, size, eta, the auxiliary parameters (a,), a weight and an array (a,): adds to the array the weight times the
derivatives of the log probability in the auxiliary parameters.
"""


def mu_itself(mu: Array, size: Array, auxiliary: Array) -> Array:
    """The mean of a distribution whose mean is mu."""
    return mu


def finite_refusal(y: float, size: float) -> str:
    """Why an outcome is no number that a distribution over the whole line could have."""
    return "" if math.isfinite(y) else "is no finite number"


type Support = Literal["positive", "increasing", "real", "correlation"]


@dataclass(frozen=True, slots=True)
class Auxiliary:
    """A parameter beside those of the predictor.

    Attributes
    ----------
    name : str
        As equations, priors, the posterior and tables call it: ``"sigma"``, ``"phi"``, ``"shape"``, ``"nu"``,
        ``"cutpoint"``.
    support : {"positive", "increasing", "real", "correlation"}
        ``"increasing"``: not one number but the K - 1 cutpoints of K categories, each above the one before; ``"real"``:
        several coefficients.
    """

    name: str
    support: Support


ALPHA = Auxiliary("alpha", "real")
"""Coefficients of the logarithm of a normal outcome's level-1 SD, in place of sigma."""

RHO = Auxiliary("rho", "correlation")
"""Correlation of the level-1 residuals of a normal outcome."""


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The distribution of an outcome given its linear predictor eta.

    Attributes
    ----------
    name : str
        As equations write it: ``"Bernoulli"``.
    location : str
        What the predictor gives through the link, as the books call it: ``"p"``, ``"mu"``, ``"eta"``.
    auxiliary : tuple of Auxiliary
        In the order in which equations name them behind the location.
    rows : mapping of str to Row
        The row's function under each link; the first is the default.
    row_slope : mapping of str to RowSlope
        The same of the auxiliary parameters; empty where there are none.
    has_size : bool
        The distribution has a number of trials, which equations name before the location.
    discrete : bool
        The outcome is a whole number or a category.
    refusal : function
        Of an outcome and its size: why the distribution cannot have it, such as ``"is no count"``; empty where it can.
    mean, variance : function of arrays mu, size and auxiliary
        Of the outcome, where mu is what `mu` gives; shapes broadcast, the auxiliary parameters stand along the last
        axis of their array. None for ordered categories, which have probabilities instead.
    cumulative : function of arrays y, mu, size and auxiliary
        ``P(Y <= y)``.
    random : function of rng and of arrays mu, size and auxiliary
        An outcome of each element of mu; size and auxiliary parameters broadcast to it.
    probabilities : function of arrays eta and auxiliary and of a link, optional
        Those of ordered categories, (..., K).
    any_number : bool
        The outcome may be any finite number, and `refusal` refuses no other.
    """

    name: str
    location: str
    auxiliary: tuple[Auxiliary, ...]
    rows: Mapping[str, Row]
    row_slope: Mapping[str, RowSlope]
    has_size: bool
    discrete: bool
    refusal: Callable[[float, float], str]
    mean: Callable[[Array, Array, Array], Array] | None
    variance: Callable[[Array, Array, Array], Array] | None
    cumulative: Callable[[Array, Array, Array, Array], Array]
    random: Callable[[np.random.Generator, Array, Array, Array], Array]
    probabilities: Callable[[Array, Array, str], Array] | None = None
    any_number: bool = False

    def mu(self, eta: Array, auxiliary: Array, link: str) -> Array:
        """What the other functions take of a predictor eta (...): the predictor through the inverse link, (...).

        Of ordered categories it is their probabilities, (..., K).
        """
        if self.probabilities is not None:
            return self.probabilities(eta, auxiliary, link)
        return LINKS[link].inverse(eta)

    @property
    def bare_link(self) -> str:
        """The link where equations write the symbol alone on the left side of level 1; empty where they may not."""
        default = self.links[0]
        return default if default == "identity" or self.probabilities is not None else ""

    @property
    def links(self) -> tuple[str, ...]:
        """Names of the links, the default first."""
        return tuple(self.rows)
