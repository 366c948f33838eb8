"""How far groups lie apart along a random slope: the SD of their lines at values of it, and where that is smallest."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import summarize, with_interval

PLACES = 5
"""Values from the smallest to the largest in the data where none are given."""


def group_sd(
    posterior: Draws,
    coefficient: str,
    at: FloatArray | None = None,
    prob: float = 0.95,
    kind: str = "eti",
    grouping: int = 0,
) -> Quantity:
    """SD between groups of the expected outcome along the expression of a random slope, ``sqrt(z'Gz)``.

    Parameters
    ----------
    posterior : Draws
    coefficient : str
        Label of a slope with a random effect in the grouping.
    at : (n,) array, optional
        Values of its expression; by default 5 from the smallest to the largest in the data.
    prob, kind : float, {"eti", "hdi"}
        The interval.
    grouping : int
        Position of the grouping.

    Returns
    -------
    Quantity
        Draws ``sd (chain, draw, x)``, ``icc (chain, draw, x)`` where level 1 has one variance, ``smallest`` and
        ``where`` (chain, draw); a row of the table for each.

    Notes
    -----
    With z = (1, x) the variance ``tau0^2 + 2 x cov(u0, u1) + x^2 tau1^2`` is a parabola whose minimum lies at
    ``x = -cov(u0, u1)/tau1^2`` (Snijders & Bosker 2012, section 5.1.1); where that is outside of the data the smallest
    SD in the data is at their end. Columns of other random slopes are at their means over rows.
    """
    design = posterior.design
    own = design.predictor.effects_of(grouping)
    columns = design.random[own]
    k = [column.coefficient for column in columns].index(coefficient)
    low, high = (float(ends[own][k]) for ends in (design.moments.z_min, design.moments.z_max))
    x = np.linspace(low, high, PLACES) if at is None else np.asarray(at, dtype=np.float64)
    z, G = design.moments.z_mean[own].copy(), posterior.G[..., own, own]
    z[k] = 0.0
    square, cross = G[..., k, k], G[..., k, :] @ z
    level = np.einsum("q,sdqr,r->sd", z, G, z)

    def variance(place: FloatArray) -> FloatArray:
        return np.asarray(np.maximum(level + 2 * place * cross + place**2 * square, 0.0))

    between = np.stack([variance(value) for value in x], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        lowest = np.where(square > 0, -cross / square, np.where(cross > 0, -np.inf, np.inf))
    where = np.clip(lowest, low, high)
    values = {"sd": np.sqrt(between)}
    if design.outcome.has_sigma:
        values["icc"] = between / (between + posterior.sigma2[..., None])
    draws = xr.Dataset({name: posterior.labelled(drawn, ("x",), {"x": x}) for name, drawn in values.items()})
    draws["smallest"], draws["where"] = posterior.labelled(np.sqrt(variance(where))), posterior.labelled(where)
    name = columns[k].name
    rows = {f"{what} at {value:.4g}": drawn[..., i] for what, drawn in values.items() for i, value in enumerate(x)}
    rows |= {"smallest SD in the data": draws["smallest"].to_numpy(), f"{name} where it is smallest": where}
    labels = [row.replace("sd at", "SD at").replace("icc at", "ICC at") for row in rows]
    table = summarize(posterior.labelled(np.stack(list(rows.values()), axis=-1), ("row",), {"row": labels}), prob, kind)
    others = sum(column.is_slope for column in columns) - 1
    notes = [f"the SD between groups of what is expected at values of {name}, draw by draw"]
    notes += ["other random slopes' columns at their means"] if others else []
    return Quantity(f"group_sd {name}", draws, with_interval(table, prob, kind), tuple(notes))
