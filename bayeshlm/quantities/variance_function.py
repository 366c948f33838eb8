"""The variance of the outcome that random slopes imply, as a function of their variable."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import interval, with_interval

_GRID = 101


def variance_function(
    posterior: Draws,
    coefficient: str,
    x: FloatArray | None = None,
    prob: float = 0.95,
    kind: str = "eti",
) -> Quantity:
    """Variance of the outcome given the predictors, ``z'Gz + sigma2``, along the expression of a random slope.

    Parameters
    ----------
    posterior : Draws
    coefficient : str
        Label of a coefficient with a random effect.
    x : (n,) array, optional
        Values of its expression; by default 101 from the smallest to the largest in the data.
    prob, kind : float, {"eti", "hdi"}
        The interval, pointwise.

    Returns
    -------
    Quantity
        Draws ``between`` (``z'Gz``) and ``total`` (chain, draw, x), with several groupings also ``between[<grouping>]``
        of each; the table, indexed by (``part``, ``x``), has mean, lower and upper.

    Notes
    -----
    Random slopes along the same expression run along together, those of other groupings too; the columns of all others
    are at their means over rows. The between-group variance is a parabola with its minimum at
    ``-cov(u0, u1)/tau1^2`` (Snijders & Bosker 2012, section 5.1.1).
    """
    design = posterior.design
    check_interval(prob, kind)
    design.outcome.require_normal("The variance along a slope")
    design.outcome.require_one_sd("The variance along a slope")
    position = [column.coefficient for column in design.random].index(coefficient)
    along = [r for r, column in enumerate(design.random) if column.name == design.random[position].name]
    moments = design.moments
    ends = moments.z_min[position], moments.z_max[position]
    grid = np.linspace(*ends, _GRID) if x is None else np.asarray(x, dtype=float)
    z = np.repeat(moments.z_mean[None], len(grid), axis=0)
    z[:, along] = grid[:, None]
    G = posterior.G
    between = np.einsum("nq,sdqr,nr->sdn", z, G, z, optimize=True)
    values = {"between": between, "total": between + posterior.sigma2[..., None]}
    if len(design.groupings) > 1:
        for k, name in enumerate(design.groupings):
            own = design.predictor.effects_of(k)
            values[f"between[{name}]"] = np.einsum("nq,sdqr,nr->sdn", z[:, own], G[..., own, own], z[:, own])
    draws = xr.Dataset({part: posterior.labelled(drawn, ("x",), {"x": grid}) for part, drawn in values.items()})
    parts = {}
    for part, drawn in values.items():
        at_x = np.moveaxis(drawn, -1, 0)
        bounds = interval(at_x, prob, kind)
        parts[part] = pd.DataFrame(
            {"mean": at_x.mean(axis=(1, 2)), "lower": bounds[:, 0], "upper": bounds[:, 1]}, pd.Index(grid, name="x")
        )
    table = pd.concat(parts, names=["part"])
    others = sum(effect.is_slope for effect in design.random) - len(along)
    notes = ("other random slopes' columns at their means",) if others > 0 else ()
    return Quantity("variance_function", draws, with_interval(table, prob, kind), notes)
