"""Slopes within and between groups and the contextual effect, draw by draw."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayeshlm.design.within_between import KINDS, WithinBetween
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import summarize


def contextual_effects(posterior: Draws, found: WithinBetween, prob: float = 0.95, kind: str = "eti") -> Quantity:
    """Draws of the three slopes.

    Parameters
    ----------
    posterior : Draws
    found : WithinBetween
    prob, kind : float, {"eti", "hdi"}
        The interval.

    Returns
    -------
    Quantity
        ``draws["slope"]`` (chain, draw, kind) and a row of the table each of ``within``, ``between``, ``contextual``.
    """
    values = np.asarray(posterior.gamma @ found.L.T)
    slope = posterior.labelled(values, ("kind",), {"kind": list(KINDS)}, "slope")
    return Quantity(f"contextual {found.name}", xr.Dataset({"slope": slope}), summarize(slope, prob, kind), found.notes)
