"""How far a coefficient ranges between groups: textbook range and predictive range of a new group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from bayeshlm.arguments import check_interval
from bayeshlm.design.design import Design
from bayeshlm.design.outcome import Outcome
from bayeshlm.design.predictor import RandomColumn
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.families.links import LINKS
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.level2_values import level2_values, random_coefficients, varying_terms
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import summarize, with_interval

_BISECTIONS = 60

RESPONSE = "where every level-1 predictor is 0"
"""What ranges of the expected outcome hold for."""


def plausible_ranges(
    posterior: Draws,
    prob: float = 0.95,
    at: Mapping[str, float] | None = None,
    z: float | None = None,
    kind: str = "eti",
    grouping: str | None = None,
    *,
    response: bool = False,
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
    response : bool
        Of what is expected of the outcome where every level-1 predictor is 0, the intercept through the inverse link:
        probabilities, mean counts. Other coefficients have none.

    Returns
    -------
    Quantity
        Draws ``lower`` and ``upper`` (chain, draw, coefficient). The table is indexed by (``coefficient``, ``end``):
        ``plug_in`` (at posterior means), ``predictive`` (of a new group, which includes the uncertainty of gamma and
        tau) and the columns of `summarize` for the textbook range as a posterior.

    Raises
    ------
    OptionError
        `prob` or `z` is out of range, or `at` names no level-2 term; `response` is asked for where no intercept is
        random, or of ordered categories.

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
    position = design.position_of(grouping)
    start, columns = design.predictor.effects_of(position).start, design.predictor.random[position].deviations
    own = slice(start, start + len(columns))
    labels = [column.coefficient for column in columns]
    tau, values = posterior.tau[..., own], level2_values(design, at, grouping=position)
    center = posterior.gamma @ values.T

    both = np.stack([center - z * tau, center + z * tau], axis=-1)
    plug_in = center.mean(axis=(0, 1))[:, None] + z * tau.mean(axis=(0, 1))[:, None] * np.array([-1.0, 1.0])
    predictive = predictive_range(center, tau, prob)
    notes = _notes(design, position, at, values)
    if response:
        k, inverse = _response(design.outcome, columns)
        both, plug_in, predictive = (inverse(one[..., k : k + 1, :]) for one in (both, plug_in, predictive))
        labels, notes = labels[k : k + 1], (*notes, RESPONSE)
    ends = posterior.labelled(both, ("coefficient", "end"), {"coefficient": labels, "end": ["lower", "upper"]})
    draws = ends.to_dataset("end")
    table = summarize(ends, prob, kind)
    table.insert(0, "plug_in", plug_in.ravel())
    table.insert(1, "predictive", predictive.ravel())
    if response:
        table.attrs["response"] = design.outcome.family.location
    return Quantity("plausible_ranges", draws, with_interval(table, prob, kind), notes)


def has_response(outcome: Outcome, columns: Sequence[RandomColumn]) -> bool:
    """Whether ranges of what is expected of the outcome are another thing, and are there."""
    intercept = any(column.is_intercept for column in columns)
    return outcome.link != "identity" and outcome.family.mean is not None and intercept


def _response(outcome: Outcome, columns: Sequence[RandomColumn]) -> tuple[int, Callable[[FloatArray], FloatArray]]:
    """Position of the random intercept, and the inverse link."""
    found = [k for k, column in enumerate(columns) if column.is_intercept]
    if not found or outcome.family.mean is None:
        why = "ordered categories have no mean" if found else "no intercept is random"
        raise OptionError(f"response=True gives ranges of what is expected of the outcome, and {why}: leave it out")
    return found[0], LINKS[outcome.link].inverse


def _notes(design: Design, grouping: int, at: Mapping[str, float] | None, values: FloatArray) -> tuple[str, ...]:
    where = ", ".join(f"{name} = {value}" for name, value in (at or {}).items())
    if len(design.groupings) == 1:
        labels = [column.coefficient for column in design.random]
        others = "level-2 terms at their means over groups"
        has_terms = any(column.term != "1" for column in design.fixed if column.coefficient in labels)
        return ((f"at {where}, other {others}" if at else others),) if has_terms else ()
    name = design.groupings[grouping]
    notes = [f"of the coefficients of {name}, the effects of other groupings being 0"]
    others = f"terms above {name} at their means over its units"
    if (values[:, [k for k, column in enumerate(design.fixed) if column.term != "1"]] != 0).any():
        notes.append(f"at {where}, other {others}" if at else others)
    zero = [k for k in varying_terms(design, grouping, random_coefficients(design, grouping)) if not values[:, k].any()]
    if zero:
        labels = [f"{design.fixed[k].label} ({design.fixed[k].name})" for k in zero]
        notes.append(f"at 0, because they vary within units of {name}: {', '.join(labels)}; at= gives them values")
    return tuple(notes)


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
