"""What REML would estimate if its correlations on the boundary were where the posterior has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.checks.reml_components import Component
from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.fixed_value import held_component


@dataclass(frozen=True, slots=True)
class HeldCorrelation:
    """A tau of REML with a correlation held.

    Attributes
    ----------
    effects : str
        Of the correlation, such as ``"u0,u1"``.
    estimate, value : float
        REML's estimate of it, on the boundary, and the value at which it is held.
    tau : float
        What REML then estimates.
    """

    effects: str
    estimate: float
    value: float
    tau: float


def held_correlations(
    estimate: RemlEstimate, rows: Sequence[Component], means: FloatArray
) -> dict[str, tuple[HeldCorrelation, ...]]:
    """Every tau with each correlation on the boundary held at its posterior mean, by effect.

    Parameters
    ----------
    estimate : RemlEstimate
    rows : sequence of Component, length R
        As `bayeshlm.checks.reml_components.components` makes them.
    means : array (R,)
        Posterior means of the rows.

    Returns
    -------
    dict of str to tuple of HeldCorrelation
        Empty where no correlation is 1 or -1.

    Notes
    -----
    A tau and a correlation of 1 or -1 are estimated together: the deviance is smallest outside of what a correlation
    may be, and on the boundary a tau gives way to keep the covariance that the data ask for. The estimate of tau with
    the correlation held is the minimum of the same deviance over all other parameters.
    """
    labels = [row.effect for row in rows if row.component == "tau"]
    pairs = {f"{a},{b}": (i, j) for i, a in enumerate(labels) for j, b in enumerate(labels)}
    found: dict[str, tuple[HeldCorrelation, ...]] = {}
    for row, mean in zip(rows, means, strict=True):
        if row.component != "corr" or not row.on_boundary or np.isnan(row.estimate):
            continue
        taus = held_component(estimate, "corr", pairs[row.effect]).taus(float(mean))
        for label, tau in zip(labels, taus, strict=True):
            found[label] = (*found.get(label, ()), HeldCorrelation(row.effect, row.estimate, float(mean), float(tau)))
    return found
