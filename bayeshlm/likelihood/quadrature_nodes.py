"""How many nodes are enough, and whether they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import SamplingError
from bayeshlm.likelihood.pareto_smoothing import smoothed_log_weights

NODES = (6, 10, 16, 24, 32, 48)
"""Numbers of nodes in each dimension that are tried in turn."""

MAX_SD = 0.02
"""Standard deviation over parameters of what twice as many nodes change in the log density: constants do not matter."""

MAX_K, MAX_SHIFT = 0.5, 0.1


def enough_nodes(log_densities: Callable[[int], FloatArray]) -> int:
    """The smallest number of nodes that twice as many confirm.

    Parameters
    ----------
    log_densities : function
        Of a number of nodes: log densities at several parameters, (n,), the same ones each time.

    Raises
    ------
    SamplingError
        None is enough.

    Examples
    --------
    >>> enough_nodes(lambda n_nodes: 0.7**n_nodes * np.arange(20.0))
    16
    """
    known: dict[int, FloatArray] = {}
    for n_nodes in NODES:
        for number in (n_nodes, 2 * n_nodes):
            if number not in known:
                known[number] = log_densities(number)
        change = known[2 * n_nodes] - known[n_nodes]
        if np.std(change) < MAX_SD:  # nan is not
            return n_nodes
    raise SamplingError(
        f"{NODES[-1]} nodes of quadrature are not enough for the random effects of this model: sample them too, with"
        ' parameterization="noncentered".'
    )


@dataclass(frozen=True, slots=True)
class NodesCertificate:
    """Whether draws of the posterior with K nodes are draws of the posterior: what 2 K nodes make of them.

    Attributes
    ----------
    n_nodes : int
        K.
    sd : float
        Standard deviation over the draws of the change of the log density.
    pareto_k : float
        Shape of the tail of the weights that carry the draws to 2 K nodes; ``-inf`` where they are equal.
    ess_weights : float
        ``1/sum w^2`` of these weights, divided by the number of draws.
    shift : float
        Largest move of a parameter's mean by these weights, in posterior SDs.
    """

    n_nodes: int
    sd: float
    pareto_k: float
    ess_weights: float
    shift: float

    def to_attrs(self) -> dict[str, float]:
        """What is kept with the draws."""
        return {f"quadrature_{name}": float(value) for name, value in asdict(self).items()}

    @classmethod
    def from_attrs(cls, attrs: Mapping[Any, Any]) -> NodesCertificate | None:
        """Read what `to_attrs` gave; None where the draws never had one."""
        names = [one.name for one in fields(cls)]
        if not all(f"quadrature_{name}" in attrs for name in names):
            return None
        values = {name: float(attrs[f"quadrature_{name}"]) for name in names}
        return cls(int(values.pop("n_nodes")), **values)

    @property
    def holds(self) -> bool:
        """No mean moves by 0.1 SD, and the weights are next to equal or have a Pareto k < 0.5."""
        return (self.sd < MAX_SD or self.pareto_k < MAX_K) and self.shift < MAX_SHIFT


def nodes_certificate(n_nodes: int, fewer: FloatArray, more: FloatArray, parameters: FloatArray) -> NodesCertificate:
    """From the log densities of n draws with K and with 2 K nodes, (n,), and their parameters, (n, m).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> theta = rng.standard_normal((200, 1))
    >>> nodes_certificate(6, theta[:, 0], 1.5 * theta[:, 0], theta).holds
    False
    >>> nodes_certificate(6, theta[:, 0], 1.001 * theta[:, 0], theta).holds
    True
    """
    change = more - fewer
    if not np.isfinite(change).all():
        return NodesCertificate(n_nodes, np.inf, np.inf, 0.0, np.inf)
    weights = np.exp(change - change.max())
    weights /= weights.sum()
    pareto_k = -np.inf
    if np.ptp(change) > 1e-12 * (1 + np.abs(more).max()):
        pareto_k = float(smoothed_log_weights(change[None])[1][0])
    spread = parameters.std(axis=0)
    moves = np.abs(weights @ parameters - parameters.mean(axis=0))
    return NodesCertificate(
        n_nodes=n_nodes,
        sd=float(change.std()),
        pareto_k=pareto_k,
        ess_weights=float(1 / (weights**2).sum() / len(weights)),
        shift=float(np.max(moves[spread > 0] / spread[spread > 0], initial=0.0)),
    )
