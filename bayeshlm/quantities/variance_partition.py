"""Shares of the variance of several groupings, and correlations of rows that have a unit in common, draw by draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import containing
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.level1_variance import level1_variance
from bayeshlm.quantities.predictor_variance import random_variances
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import with_interval, with_median


def variance_partition(
    posterior: Draws, at: Mapping[str, float] | None = None, prob: float = 0.95, kind: str = "eti"
) -> Quantity:
    """Split the variance that the predictors leave by groupings.

    Parameters
    ----------
    posterior : Draws
        Of a model with any number of groupings.
    at : mapping of str to float, optional
        Values of the columns with a random slope at which the variances are taken, as in `values_of_slopes`.
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.

    Returns
    -------
    Quantity
        Draws ``share[<grouping>]`` and ``icc[<grouping>]`` (chain, draw) of every grouping, and ``icc[<a>,<b>]`` of
        every two that cross; the table has a row for each, and the ``median`` beside the mean.

    Raises
    ------
    OptionError
        `at` names something that has no random slope.

    Notes
    -----
    ``v_k = trace(G_k Z_k'Z_k / N)`` is the variance of the random part of grouping k, averaged over rows (Johnson 2014,
    Methods in Ecology and Evolution 5(9)), the square of tau where only the intercept is random, or ``z'G_k z`` given
    `at`; ``share_k = v_k / (sum v + sigma2)``. ``icc_k`` is the correlation of two rows of one unit of k: the sum of
    the shares of k and of the groupings that k is nested in, for two rows of a child are rows of its school, too
    (Goldstein 2011, Multilevel Statistical Models, section 2.3). For crossed groupings it is that of two rows that have
    this unit alone in common, and ``icc[a,b]`` that of two rows that have units of both: with an effect of the cell
    it is the ICC of the cell, and is not there.
    """
    design = posterior.design
    parts = random_variances(posterior, at)
    shares = np.stack(parts) / (np.sum(parts, axis=0) + level1_variance(posterior))
    values = {f"share[{name}]": shares[k] for k, name in enumerate(design.groupings)}
    values |= {f"icc[{name}]": shares[list(together)].sum(axis=0) for name, together in rows_in_common(design)}
    draws = xr.Dataset({name: posterior.labelled(drawn) for name, drawn in values.items()})
    table = pd.concat([with_median(draws[name], prob, kind) for name in draws])
    table.index = pd.Index([str(name) for name in draws], name="quantity")
    notes = ["share: of the variance that the predictors leave; icc: correlation of two rows of one unit"]
    if at is not None:
        notes.append("variance of random slopes at the given values, other columns at their means")
    elif any(column.is_slope for column in design.random):
        notes.append("variance of random slopes averaged over rows (Johnson 2014)")
    return Quantity("icc", draws, with_interval(table, prob, kind), tuple(notes))


def rows_in_common(design: Design) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What two rows may have in common: its name, and the groupings of which they then share the unit."""
    outer = [containing(design, k) for k in range(len(design.groupings))]
    for k, name in enumerate(design.groupings):
        yield name, (k, *outer[k])
    for k, m in combinations(range(len(outer)), 2):
        cell = {f"{design.groupings[a]}:{design.groupings[b]}" for a, b in ((k, m), (m, k))}
        if m not in outer[k] and k not in outer[m] and not cell & set(design.groupings):
            yield f"{design.groupings[k]},{design.groupings[m]}", tuple(sorted({k, m, *outer[k], *outer[m]}))
