"""Reliabilities averaged over the groups of a grouping, as a `Quantity`: one layout, whatever the outcome."""

from __future__ import annotations

import xarray as xr

from bayeshlm.design.predictor import RandomTerm
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import summarize, with_interval


def averaged_reliability(
    posterior: Draws, term: RandomTerm, average: FloatArray, by_group: FloatArray, prob: float, kind: str, note: str
) -> Quantity:
    """Label draws of a mean over groups, (chain, draw, q) or (S, q), and each group's posterior mean, (J, q)."""
    labels = [column.coefficient for column in term.columns]
    draws = xr.Dataset(
        {
            "reliability": posterior.labelled(average, ("coefficient",), {"coefficient": labels}),
            "by_group": ((term.grouping, "coefficient"), by_group),
        },
        coords={term.grouping: term.labels.to_numpy()},
    )
    table = with_interval(summarize(draws["reliability"], prob, kind), prob, kind)
    return Quantity("reliability", draws, table, (note,))
