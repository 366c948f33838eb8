"""Slopes within and between groups and the contextual effect, draw by draw, of observed or of latent means."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayeshlm.design.within_between import KINDS, WithinBetween
from bayeshlm.parameters.draws import SAMPLE, Draws
from bayeshlm.parameters.priors import Priors
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import summarize

SAMPLE_OF_MANY = "for rows that are a sample of their group: where they are all of it, nothing of its mean is latent"


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


def latent_contextual_effects(
    posterior: Draws, priors: Priors, found: WithinBetween, prob: float = 0.95, kind: str = "eti"
) -> Quantity:
    """Draws of the three slopes where the group means of x are latent, see `bayeshlm.likelihood.latent_means`.

    Parameters
    ----------
    posterior : Draws
        Of the model with observed means.
    priors : Priors
        Its.
    found : WithinBetween
    prob, kind : float, {"eti", "hdi"}
        The interval.

    Returns
    -------
    Quantity
        As `contextual_effects`, one chain of independent draws; ``draws["reliability"]`` is that of the observed means,
        averaged over groups.
    """
    from bayeshlm.sampling.latent_means import draw_latent_means

    drawn = draw_latent_means(posterior, priors, found)
    values = (drawn.at.gamma @ found.L.T)[None]
    slope = xr.DataArray(values, dims=(*SAMPLE, "kind"), coords={"kind": list(KINDS)}, name="slope")
    reliability = xr.DataArray(drawn.reliability[None], dims=SAMPLE)
    draws = xr.Dataset({"slope": slope, "reliability": reliability})
    notes = latent_notes(found, float(drawn.reliability.mean()))
    return Quantity(f"contextual {found.name}", draws, summarize(slope, prob, kind), notes)


def latent_notes(found: WithinBetween, reliability: float) -> tuple[str, ...]:
    """What must be said beside slopes of latent means."""
    return (
        f"of latent group means of {found.name}: the observed ones have a reliability of {reliability:.2f} on average",
        SAMPLE_OF_MANY,
    )
