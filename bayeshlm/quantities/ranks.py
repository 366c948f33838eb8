"""Ranks of the groups: draw by draw, so that what is not known of them stays visible."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import SAMPLE, Draws
from bayeshlm.quantities.coefficient_names import find_level1_slope, find_random_coefficient
from bayeshlm.quantities.group_draws import check_budget, group_draws
from bayeshlm.quantities.level2_values import finite_number
from bayeshlm.quantities.regression_lines import expression_means
from bayeshlm.quantities.summary import interval, summarize

AT_A_TIME = 1 << 22
"""Numbers of one pass."""


@dataclass(frozen=True, eq=False)
class Ranks:
    """Ranks of the groups in every draw, 1 being the highest (or the lowest) of them.

    Attributes
    ----------
    what : str
        What is ranked, such as ``"b0"``.
    grouping : str
    values : xarray.DataArray
        What is ranked, (chain, draw, <group>).
    draws : xarray.DataArray
        Ranks, (chain, draw, <group>).
    table : pandas.DataFrame
        Indexed by group in the order of the expected rank: ``mean`` and ``sd`` of the value, ``rank`` (expected, 1 +
        the sum over the other groups of the probability that they come before it), ``lower`` and ``upper`` of the rank,
        ``p_first`` and ``p_last``, ``ess_bulk`` and ``r_hat`` of the value.
    highest_first : bool
    notes : tuple of str
    """

    what: str
    grouping: str
    values: xr.DataArray
    draws: xr.DataArray
    table: pd.DataFrame
    highest_first: bool
    notes: tuple[str, ...] = ()

    def probabilities(self) -> pd.DataFrame:
        """Probability of every rank of every group, (J, J): groups as in the data, each row and column of sum 1."""
        ranks = self._flat(self.draws).astype(np.int64)
        n = ranks.shape[1]
        found = np.stack([np.bincount(column - 1, minlength=n) for column in ranks.T]) / len(ranks)
        labels = self.draws.get_index(self.grouping).rename(self.grouping)
        return pd.DataFrame(found, labels, pd.RangeIndex(1, n + 1, name="rank"))

    def pairwise(self) -> pd.DataFrame:
        """Probability that the group of the row is greater than that of the column, (J, J); NaN on the diagonal."""
        values = self._flat(self.values)
        n = values.shape[1]
        counts, step = np.zeros((n, n)), max(1, AT_A_TIME // n**2)
        for start in range(0, len(values), step):
            part = values[start : start + step]
            counts += (part[:, :, None] > part[:, None, :]).sum(axis=0)
        found = counts / len(values)
        np.fill_diagonal(found, np.nan)
        labels = self.values.get_index(self.grouping)
        return pd.DataFrame(found, labels.rename(self.grouping), labels.rename("greater than"))

    def greater(self, group: Hashable, other: Hashable) -> float:
        """Probability that one group is greater than another.

        Raises
        ------
        OptionError
            A group is unknown.
        """
        labels = self.values.get_index(self.grouping)
        for one in (group, other):
            if one not in labels:
                raise OptionError(f"{one!r} is no {self.grouping} of the data")
        first, second = (self.values.isel({self.grouping: labels.get_loc(one)}) for one in (group, other))
        return float((first > second).mean())

    def _flat(self, values: xr.DataArray) -> FloatArray:
        """Draws (chain, draw, J) as (S, J)."""
        ordered = values.transpose(*SAMPLE, self.grouping).to_numpy()
        return np.asarray(ordered.reshape(-1, ordered.shape[-1]))


def ranks(
    posterior: Draws,
    coefficient: str | None = None,
    at: Mapping[str, float] | None = None,
    prob: float = 0.95,
    kind: str = "eti",
    grouping: str | None = None,
    *,
    deviations: bool = False,
    highest_first: bool = True,
) -> Ranks:
    """Rank the groups in every draw.

    Parameters
    ----------
    posterior : Draws
        With draws of the groups, or what makes them again.
    coefficient : str, optional
        Level-1 coefficient with a random effect; may be left out where there is one.
    at : mapping of str to float, optional
        In place of a coefficient: the expected outcome, or predictor, of the groups at these values of level-1
        expressions, the others at their means over rows.
    prob, kind : float, {"eti", "hdi"}
        Interval of the rank.
    grouping : str, optional
        Whose groups, where there are several groupings.
    deviations : bool
        Rank u, what is left of a coefficient given the predictors of its line, in place of the coefficient.
    highest_first : bool
        Rank 1 is the highest value; else the lowest.

    Raises
    ------
    OptionError
        There is no such coefficient; or the draws would be beyond the memory budget.

    Notes
    -----
    Goldstein & Spiegelhalter (1996), J. Royal Statistical Society A 159, 385-443: intervals of ranks are wide where
    those of the groups overlap, and only a few groups can be told apart.
    """
    check_interval(prob, kind)
    design, k = posterior.design, posterior.design.position_of(grouping)
    check_budget(2 * posterior.n_draws * len(design.predictor.random[k].labels), "rank fewer groups, or fewer draws")
    found, layout = group_draws(posterior, None, grouping), posterior.layouts[k]
    if at is not None:
        if coefficient is not None or deviations:
            raise OptionError("at= ranks the groups at values of predictors: leave coefficient and deviations out")
        what, values = _at(design, found[layout.beta], layout.coefficient, at)
    else:
        what = find_random_coefficient(design, coefficient, grouping=k)
        if deviations:
            effect = next(one.label for one in design.predictor.random[k].columns if one.coefficient == what)
            what, values = effect, found[layout.u].sel({layout.random: effect}, drop=True)
        else:
            values = found[layout.beta].sel({layout.coefficient: what}, drop=True)
    values = values.transpose(*SAMPLE, layout.grouping)
    drawn = values.copy(data=ranks_of(values.to_numpy(), highest_first=highest_first)).rename("rank")
    table = _table(values, drawn, prob, kind)
    width = float((table["upper"] - table["lower"]).mean())
    apart = _told_apart(drawn.sel({layout.grouping: table.index.to_numpy()}).to_numpy(), prob)
    notes = (
        f"rank 1 is the {'highest' if highest_first else 'lowest'} of {len(table)}; the interval of a rank spans "
        f"{width:.3g} ranks on average",
        f"of the {len(table) - 1} pairs of neighbors in this order {apart or 'none'} can be told apart, their order "
        f"having a probability above {prob:g}",
    )
    return Ranks(what, layout.grouping, values, drawn, table, highest_first, notes)


def ranks_of(values: FloatArray, *, highest_first: bool = True) -> IntArray:
    """Ranks along the last dim, from 1; equal values in the order in which they stand.

    Examples
    --------
    >>> ranks_of(np.array([[0.5, 2.0, 1.0]])), ranks_of(np.array([0.5, 2.0, 1.0]), highest_first=False)
    (array([[3, 1, 2]]), array([1, 3, 2]))
    """
    order = np.argsort(-values if highest_first else values, axis=-1, kind="stable")
    found = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(found, order, np.broadcast_to(np.arange(1, values.shape[-1] + 1), values.shape), axis=-1)
    return found


def _told_apart(ordered: IntArray, prob: float) -> int:
    """Number of neighbors along the last dim whose ranks increase with more than this probability."""
    return int(((ordered[..., 1:] > ordered[..., :-1]).mean(axis=(0, 1)) > prob).sum())


def _at(design: Design, beta: xr.DataArray, dim: str, at: Mapping[str, float]) -> tuple[str, xr.DataArray]:
    if len(design.groupings) > 1:
        raise OptionError("at= is defined for models with one grouping: name a coefficient")
    if not isinstance(at, Mapping):
        raise OptionError(f'at={at!r}: write at={{"ses": 1}}, or name a coefficient')
    if not at:
        raise OptionError('at={} names no predictor: write at={"ses": 1}, or name a coefficient')
    labels = {key: find_level1_slope(design, key, "at") for key in at}
    a = expression_means(design, next(iter(labels.values())))
    for key, label in labels.items():
        a[design.coefficient_labels.index(label)] = finite_number(key, at[key])
    weights = xr.DataArray(a, dims=(dim,), coords={dim: design.coefficient_labels})
    said = ", ".join(f"{key} = {value:g}" for key, value in at.items())
    return f"{design.outcome.name} at {said}", beta.dot(weights, dim=dim)


def _table(values: xr.DataArray, drawn: xr.DataArray, prob: float, kind: str) -> pd.DataFrame:
    summary, n = summarize(values, prob, kind), drawn.sizes[drawn.dims[-1]]
    by_group = np.moveaxis(drawn.to_numpy(), -1, 0).astype(float)
    bounds = interval(by_group, prob, kind)
    table = summary[["mean", "sd"]].copy()
    table["rank"] = by_group.mean(axis=(1, 2))
    table["lower"], table["upper"] = bounds[:, 0], bounds[:, 1]
    table["p_first"] = (by_group == 1).mean(axis=(1, 2))
    table["p_last"] = (by_group == n).mean(axis=(1, 2))
    for name in ("ess_bulk", "r_hat"):
        table[name] = summary[name]
    table.attrs = dict(summary.attrs)
    return table.sort_values("rank", kind="stable")
