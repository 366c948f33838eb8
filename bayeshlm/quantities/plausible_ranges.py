"""How far a coefficient ranges between groups: textbook range and predictive range of a new group."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr, ndtri

from bayeshlm.arguments import check_interval
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.level2_values import level2_values
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import summarize, with_interval

_BISECTIONS = 60


def plausible_ranges(
    posterior: Draws,
    prob: float = 0.95,
    at: Mapping[str, float] | None = None,
    z: float | None = None,
    kind: str = "eti",
    grouping: str | None = None,
) -> Quantity:
    """Range that covers a share `prob` of the groups, for each coefficient with a random effect.

    Parameters
    ----------
    posterior : Draws
    prob : float
        Share of groups covered; the posterior intervals of the range's ends use it too.
    at : mapping of str to float, optional
        Values of level-2 terms (``{"sector": 1}``); what is not named is at its mean over groups.
    z : float, optional
        Half width of the range in SDs; the normal quantile by default (1.959964 for .95, where many texts
        write 1.96).
    kind : {"eti", "hdi"}
        The posterior intervals of the ends.
    grouping : str, optional
        Whose groups, where there are several groupings; effects of the others are 0.

    Returns
    -------
    Quantity
        Draws ``lower`` and ``upper`` (chain, draw, coefficient). The table is indexed by (``coefficient``, ``end``):
        ``plug_in`` (at posterior means), ``predictive`` (of a new group, which includes the uncertainty of gamma and
        tau) and the columns of `summarize` for the textbook range as a posterior.

    Raises
    ------
    OptionError
        `prob` or `z` is out of range, or `at` names no level-2 term.

    Notes
    -----
    Textbook range: ``W gamma -+ z tau`` (Raudenbush & Bryk 2002, chapter 4). Predictive range: the quantiles of the
    mixture over draws of ``N(W gamma, tau^2)``, found by bisection.
    """
    design = posterior.design
    check_interval(prob, kind)
    if z is None:
        z = float(ndtri(0.5 + prob / 2))
    elif not 0.0 < z < np.inf:
        raise OptionError(f"z={z!r} must be a positive number, such as z=1.96")
    design.position_of(grouping)
    labels = [column.coefficient for column in design.random]
    tau = posterior.tau
    center = posterior.gamma @ level2_values(design, at).T

    both = np.stack([center - z * tau, center + z * tau], axis=-1)
    ends = posterior.labelled(both, ("coefficient", "end"), {"coefficient": labels, "end": ["lower", "upper"]})
    draws = ends.to_dataset("end")
    table = summarize(ends, prob, kind)
    plug_in = center.mean(axis=(0, 1))[:, None] + z * tau.mean(axis=(0, 1))[:, None] * np.array([-1.0, 1.0])
    table.insert(0, "plug_in", plug_in.ravel())
    table.insert(1, "predictive", predictive_range(center, tau, prob).ravel())
    where = ", ".join(f"{name} = {value}" for name, value in (at or {}).items())
    others = "level-2 terms at their means over groups"
    note = f"at {where}, other {others}" if at else others
    has_level2 = any(column.term != "1" for column in design.fixed if column.coefficient in labels)
    return Quantity("plausible_ranges", draws, with_interval(table, prob, kind), (note,) if has_level2 else ())


def predictive_range(center: FloatArray, tau: FloatArray, prob: float) -> FloatArray:
    """Equal-tailed quantiles of the normal mixture over draws ``N(center_s, tau_s^2)``.

    Parameters
    ----------
    center, tau : arrays (chains, draws, q)
        Means and SDs of the components.
    prob : float
        Probability of the range.

    Returns
    -------
    array (q, 2)
        Lower and upper quantile, to the last digits of a double.

    Examples
    --------
    >>> import numpy as np
    >>> from bayeshlm.quantities.plausible_ranges import predictive_range
    >>> one = np.ones((1, 1, 1))
    >>> predictive_range(57.6742 * one, 10.64**0.5 * one, 0.95).round(3)
    array([[51.281, 64.067]])
    """
    tails = np.array([0.5 - prob / 2, 0.5 + prob / 2])
    means = center.reshape(-1, 1, center.shape[-1])
    sds = np.maximum(tau.reshape(means.shape), np.finfo(float).tiny)
    components = means + sds * ndtri(tails)[:, None]
    low, high = components.min(axis=0), components.max(axis=0)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        with np.errstate(over="ignore"):
            below = ndtr((middle - means) / sds).mean(axis=0) < tails[:, None]
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(((low + high) / 2).T)
