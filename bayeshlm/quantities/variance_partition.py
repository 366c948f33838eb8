"""Shares of the variance of several groupings, and correlations of rows that have a unit in common, draw by draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.units import parents
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import with_interval, with_median


def variance_partition(posterior: Draws, prob: float = 0.95, kind: str = "eti") -> Quantity:
    """Split the variance that the predictors leave by groupings.

    Parameters
    ----------
    posterior : Draws
        Of a model with any number of groupings.
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.

    Returns
    -------
    Quantity
        Draws ``share[<grouping>]`` and ``icc[<grouping>]`` (chain, draw) of every grouping; the table has a row for
        each, and the ``median`` beside the mean.

    Notes
    -----
    ``v_k = trace(G_k Z_k'Z_k / N)`` is the variance of the random part of grouping k, averaged over rows (Johnson 2014,
    Methods in Ecology and Evolution 5(9)), the square of tau where only the intercept is random;
    ``share_k = v_k / (sum v + sigma2)``. ``icc_k`` is the correlation of two rows of one unit of k: the sum of the
    shares of k and of the groupings that k is nested in, for two rows of a child are rows of its school, too
    (Goldstein 2011, Multilevel Statistical Models, section 2.3). For crossed groupings it is that of two rows that have
    this unit alone in common.
    """
    design, parts, start = posterior.design, [], 0
    for term in design.predictor.random:
        own = slice(start, start + len(term.columns))
        start = own.stop
        parts.append(np.einsum("...qr,qr->...", posterior.G[..., own, own], design.moments.ZtZ[own, own]))
    shares = np.stack(parts) / (np.sum(parts, axis=0) + posterior.sigma2)
    names = design.groupings
    values = {f"share[{name}]": shares[k] for k, name in enumerate(names)}
    values |= {f"icc[{name}]": shares[_containing(design, k)].sum(axis=0) for k, name in enumerate(names)}
    draws = xr.Dataset({name: posterior.labelled(drawn) for name, drawn in values.items()})
    table = pd.concat([with_median(draws[name], prob, kind) for name in draws])
    table.index = pd.Index([str(name) for name in draws], name="quantity")
    notes = ["share: of the variance that the predictors leave; icc: correlation of two rows of one unit"]
    if any(not column.is_intercept for column in design.random):
        notes.append("variance of random slopes averaged over rows (Johnson 2014)")
    return Quantity("icc", draws, with_interval(table, prob, kind), tuple(notes))


def _containing(design: Design, grouping: int) -> list[int]:
    """A grouping, and those that it is nested in."""
    codes, n_units = design.kept_rows.codes, len(design.predictor.random[grouping].labels)
    outer = (k for k in range(len(codes)) if k != grouping)
    return [grouping, *(k for k in outer if parents(codes[grouping], n_units, codes[k]) is not None)]
