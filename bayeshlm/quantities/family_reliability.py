"""Reliability of groups' random effects given outcomes that are not normal, or have a level-1 model.

Groups have no least squares of their own there, of whose error variance the reliability of normal outcomes is made.
What remains is the share of an effect's variance that the outcomes of its group tell::

    lambda_qj = 1 - Var(u_qj | y_j, theta) / tau_q^2

averaged over groups the proportional reduction in mean squared error by which item response theory measures the
reliability of posterior means (Haberman & Sinharay 2010, Psychometrika 75, 209-227). Of normal outcomes with a random
intercept alone it is ``tau^2 / (tau^2 + sigma^2 / n_j)``, as Raudenbush & Bryk (2002, chapter 3) have it.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayeshlm.design.predictor import RandomTerm
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.blocks import BLOCK, in_threads
from bayeshlm.likelihood.group_effects import GroupBlock
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.averaged_reliability import averaged_reliability
from bayeshlm.quantities.group_draws import check_budget
from bayeshlm.quantities.quantity import Quantity


def share_told(variance: FloatArray, tau: FloatArray) -> FloatArray:
    """``1 - variance / tau^2``; 0 where tau is 0, to which it falls with tau.

    Examples
    --------
    >>> share_told(np.array([0.1, 0.0]), np.array([1.0, 0.0])).tolist()
    [0.9, 0.0]
    """
    tau2 = np.broadcast_to(tau**2, variance.shape)
    return np.asarray(1 - np.divide(variance, tau2, out=np.ones_like(variance), where=tau2 > 0))


def family_reliability(posterior: Draws, prob: float, kind: str) -> Quantity:
    """As `bayeshlm.quantities.reliability.reliability`, over all groups.

    Raises
    ------
    OptionError
        The random effects cannot be integrated out.
    """
    likelihood, term = likelihood_of(posterior.design), _only_term(posterior)
    tau = posterior.flat(posterior.tau)[..., None]
    by_group = np.empty((len(term.labels), len(term.columns)))

    def total(block: GroupBlock) -> FloatArray:
        values = share_told((block.root**2).sum(axis=2), tau)
        by_group[block.groups] = values.mean(axis=0).T
        return np.asarray(values.sum(axis=-1))

    parts = likelihood.group_effects(posterior).each_block(total, "Reliabilities")
    note = f"of the posterior means of u, averaged over {len(term.labels)} groups: 1 - Var(u | y, parameters) / tau^2"
    average = np.sum(parts, axis=0) / len(term.labels)
    return averaged_reliability(posterior, term, average, by_group, prob, kind, note)


def family_group_reliability(posterior: Draws, positions: IntArray) -> xr.DataArray:
    """As `bayeshlm.quantities.reliability.group_reliability`, of groups by their positions."""
    likelihood, term = likelihood_of(posterior.design), _only_term(posterior)
    check_budget(posterior.n_draws * len(positions) * len(term.columns))
    given, tau = likelihood.group_effects(posterior), posterior.flat(posterior.tau)[..., None]
    found = np.empty((posterior.n_draws, len(positions), len(term.columns)))

    def fill(start: int) -> None:
        here = np.flatnonzero(positions // BLOCK * BLOCK == start)
        variance = (given.block(start, likelihood=False).root ** 2).sum(axis=2)[..., positions[here] - start]
        found[:, here] = np.moveaxis(share_told(variance, tau), 2, 1)

    in_threads(fill, np.unique(positions // BLOCK * BLOCK).tolist())
    coords = {
        term.grouping: term.labels[positions].to_numpy(),
        "coefficient": [column.coefficient for column in term.columns],
    }
    return posterior.labelled(found, (term.grouping, "coefficient"), coords, "reliability")


def _only_term(posterior: Draws) -> RandomTerm:
    likelihood_of(posterior.design).require("independent groups")
    (term,) = posterior.design.predictor.random
    return term
