"""Hypotheses about parameters: their posterior probabilities, draw by draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.expressions import symbols, value_of
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.statements import Statement
from bayeshlm.quantities.density_ratio import density_ratio
from bayeshlm.quantities.diagnostics import diagnose
from bayeshlm.quantities.summary import summarize, with_interval

AS_ONE = "the intervals hold at once with this probability: mean -+ c sd, c that quantile of the largest |z|"


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """What the posterior says of statements about parameters.

    Attributes
    ----------
    statements : tuple of Statement
    draws : xarray.DataArray
        The expression of each, (chain, draw, hypothesis).
    table : pandas.DataFrame
        Indexed by hypothesis: ``mean``, ``sd``, ``lower`` and ``upper`` of the expression, the ``value`` that it is
        compared with; ``probability`` of an inequality and ``mcse_probability``, its Monte Carlo error; ``in_rope``,
        the share of draws in the region of practical equivalence, if there is one; ``density_ratio`` of an equality,
        posterior over prior density at the value, and ``mcse_ratio``; then ``ess_bulk``, ``r_hat`` and ``mcse_mean`` of
        the expression.
    notes : tuple of str
    """

    statements: tuple[Statement, ...]
    draws: xr.DataArray
    table: pd.DataFrame
    notes: tuple[str, ...] = ()


def hypotheses(
    posterior: Draws,
    priors: Priors,
    statements: Sequence[Statement],
    prob: float = 0.95,
    kind: str = "eti",
    rope: float | tuple[float, float] | None = None,
    *,
    simultaneous: bool = False,
) -> Hypotheses:
    """Ask the posterior about statements.

    Parameters
    ----------
    posterior : Draws
    priors : Priors
        Of the model, for the ratio of densities.
    statements : sequence of Statement
    prob, kind : float, {"eti", "hdi"}
        The interval.
    rope : float or (float, float), optional
        Region of practical equivalence: half its width, or its ends, around the value of each statement.
    simultaneous : bool
        Intervals that hold at once, ``mean -+ c sd`` with c the `prob` quantile of ``max_h |x_h - mean_h| / sd_h`` over
        draws (Ruppert, Wand & Carroll 2003, Semiparametric Regression, section 6.5).

    Raises
    ------
    OptionError
        An expression has no finite value in some draws, such as the log of a negative number.
    """
    check_interval(prob, kind)
    arrays = dict(zip(posterior.schema.labels, posterior.scalars(), strict=True))
    drawn = np.stack([_values(one, arrays) for one in statements], axis=-1)
    names = pd.Index([one.text for one in statements], name="hypothesis")
    draws = posterior.labelled(drawn, ("hypothesis",), {"hypothesis": names.to_numpy()}, "expression")
    summary, value = summarize(draws, prob, kind), np.array([one.value for one in statements])
    table = pd.DataFrame({name: summary[name].to_numpy() for name in ("mean", "sd", "lower", "upper")}, names)
    if simultaneous:
        table["lower"], table["upper"] = together(drawn, prob)
    table["value"] = value
    unequal = np.array([one.relation != "=" for one in statements])
    sign = np.array([-1.0 if one.relation == "<" else 1.0 for one in statements])
    holds = np.moveaxis((drawn - value) * sign > 0, -1, 0).astype(float)
    if unequal.any():
        table["probability"] = np.where(unequal, holds.mean(axis=(1, 2)), np.nan)
        table["mcse_probability"] = np.where(unequal, diagnose(holds)[3], np.nan)
    if rope is not None:
        low, high = region(rope)
        table["in_rope"] = ((drawn >= value + low) & (drawn <= value + high)).mean(axis=(0, 1))
    notes = [AS_ONE] if simultaneous else []
    if not unequal.all():
        found = [density_ratio(posterior, priors, one, drawn[..., h]) for h, one in enumerate(statements)]
        table["density_ratio"] = [one.ratio for one in found]
        table["mcse_ratio"] = [one.mcse for one in found]
        notes += dict.fromkeys(one.note for one in found if one.note)
    for name in ("ess_bulk", "r_hat", "mcse_mean"):
        table[name] = summary[name].to_numpy()
    with_interval(table, prob, kind).attrs |= {"rope": rope, "simultaneous": simultaneous}
    return Hypotheses(tuple(statements), draws, table, tuple(notes))


def together(drawn: FloatArray, prob: float) -> tuple[FloatArray, FloatArray]:
    """Bounds of intervals of draws (chain, draw, H) that all hold at once with this probability, two (H,) arrays.

    Examples
    --------
    >>> x = np.random.default_rng(1).standard_normal((4, 5000, 2))
    >>> lower, upper = together(x, 0.95)
    >>> bool(np.all(np.abs(upper - 2.2365) < 0.05))  # that of two independent normal numbers
    True
    """
    mean, sd = drawn.mean(axis=(0, 1)), drawn.std(axis=(0, 1), ddof=1)
    varies = sd > 0
    largest = np.abs((drawn - mean)[..., varies] / sd[varies]).max(axis=-1, initial=0.0)
    half = float(np.quantile(largest, prob)) * sd
    return mean - half, mean + half


def region(rope: float | tuple[float, float]) -> tuple[float, float]:
    """Ends of a region of practical equivalence, around 0.

    Raises
    ------
    OptionError
        It is no positive number, and no two that increase.
    """
    ends = (-rope, rope) if isinstance(rope, int | float) else rope
    if not (isinstance(ends, tuple | list) and len(ends) == 2 and np.all(np.isfinite(ends)) and ends[0] < ends[1]):
        raise OptionError(f"rope={rope!r}: write half its width, rope=0.1, or its ends around the value, (-0.1, 0.2).")
    return float(ends[0]), float(ends[1])


def _values(statement: Statement, arrays: dict[str, FloatArray]) -> FloatArray:
    used = symbols(statement.expression)
    found = np.broadcast_to(value_of(statement.expression, arrays), arrays[used[0]].shape)
    bad = int((~np.isfinite(found)).sum())
    if bad:
        raise OptionError(
            f"{statement.text!r} has no finite value in {bad} of {found.size} draws: a logarithm or root of a negative"
            " number, or a division by nearly 0"
        )
    if np.ptp(found) == 0:
        raise OptionError(f"{statement.text!r} is the same whatever the parameters are: there is nothing to ask.")
    return np.asarray(found)
