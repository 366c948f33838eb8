"""The links: what the predictor is of the mean or the probability of an outcome.

NumPy and SciPy are imported where a function needs them, since the equations ask for names and scales only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayeshlm.families.family import Array


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """One link.

    Attributes
    ----------
    name : str
        As equations write it: ``"logit"``.
    link : function of an array
        From the mean to the predictor eta; infinite at the ends of the mean's range.
    inverse : function of an array
        From eta to the mean, at any finite eta without a warning.
    scale : float or None
        Of the predictor, which default priors are multiples of: the standard deviation of the distribution of which
        the inverse is the distribution function, 1 of the log, and None of the identity, whose scale is the outcome's.
    """

    name: str
    link: Callable[[Array], Array]
    inverse: Callable[[Array], Array]
    scale: float | None


def _identity(values: Array) -> Array:
    return values


def _log(mean: Array) -> Array:
    import numpy as np

    with np.errstate(divide="ignore"):
        return np.asarray(np.log(mean))


def _exp(eta: Array) -> Array:
    import numpy as np

    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.exp(eta))


def _logit(p: Array) -> Array:
    import numpy as np
    from scipy.special import logit

    return np.asarray(logit(p))


def _expit(eta: Array) -> Array:
    import numpy as np
    from scipy.special import expit

    return np.asarray(expit(eta))


def _probit(p: Array) -> Array:
    import numpy as np
    from scipy.special import ndtri

    return np.asarray(ndtri(p))


def _normal(eta: Array) -> Array:
    import numpy as np
    from scipy.special import ndtr

    return np.asarray(ndtr(eta))


def _cloglog(p: Array) -> Array:
    import numpy as np

    with np.errstate(divide="ignore"):
        return np.asarray(np.log(-np.log1p(-np.asarray(p))))


def _gumbel(eta: Array) -> Array:
    import numpy as np

    return np.asarray(-np.expm1(-_exp(eta)))


LINKS: Mapping[str, Link] = {
    link.name: link
    for link in (
        Link("identity", _identity, _identity, None),
        Link("log", _log, _exp, 1.0),
        Link("logit", _logit, _expit, math.pi / math.sqrt(3.0)),
        Link("probit", _probit, _normal, 1.0),
        Link("cloglog", _cloglog, _gumbel, math.pi / math.sqrt(6.0)),
    )
}
