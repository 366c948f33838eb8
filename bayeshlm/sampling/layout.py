"""The coordinates that NUTS works in: the model's unconstrained values, shifted, scaled and whitened.

An affine map leaves the posterior as it is; it only spares the sampler from finding place, scales and
correlations by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
from numpy.typing import NDArray

from bayeshlm.crosscheck.reml import RemlEstimate, fit_reml
from bayeshlm.design import Design
from bayeshlm.errors import HLMError
from bayeshlm.graph.priors import Priors

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layout:
    """The map ``value = center + scale x``, and ``center + factor x`` for the block of the fixed effects.

    Attributes
    ----------
    initial_point : dict of str to array
        Values of the model's value variables at ``x = 0``, in the order in which they are raveled.
    center, scale : array, shape (D,)
    first : int
        Position of the first fixed effect among the D values.
    factor : array, shape (b, b)
        Factor of the covariance of the fixed effects; 0 x 0 when they are not whitened.
    spread : array, shape (D,)
        Standard deviations, in x, of the starting points.
    """

    initial_point: dict[str, NDArray[np.float64]]
    center: Array
    scale: Array
    first: int
    factor: Array
    spread: Array

    @property
    def size(self) -> int:
        """Number of unconstrained values D."""
        return len(self.center)

    def starting_point(self, seed: int) -> Array:
        """A random place to start a chain, dispersed as far as the posterior roughly is."""
        return np.random.default_rng(seed).normal(size=self.size) * self.spread

    def values(self, x: Array) -> Array:
        """The model's unconstrained values of points ``x (..., D)``."""
        values = self.center + self.scale * x
        block = slice(self.first, self.first + len(self.factor))
        values[..., block] = self.center[block] + x[..., block] @ self.factor.T
        return values


def plain_layout(model: pm.Model) -> Layout:
    """The model's own unconstrained values, starting within one unit of its initial point."""
    initial = model.initial_point()
    center = np.concatenate([np.ravel(value) for value in initial.values()]).astype(float)
    ones = np.ones(len(center))
    return Layout(initial, center, ones, 0, np.empty((0, 0)), 0.5 * ones)


def reml_layout(model: pm.Model, design: Design, priors: Priors) -> Layout:
    """Coordinates of the marginal graph around the REML estimate: gamma whitened, the rest to their scales.

    Where REML has no answer the plain layout serves.
    """
    layout = plain_layout(model)
    try:
        estimate = fit_reml(design)
    except HLMError:
        return layout
    names = list(layout.initial_point)
    gamma_name = next((name for name in names if name in ("gamma", "gamma_at_means")), None)
    places = _places(layout)
    center, scale, spread = layout.center.copy(), layout.scale.copy(), layout.spread.copy()
    first, factor = 0, np.empty((0, 0))
    if gamma_name is not None:
        block = places[gamma_name]
        first, factor = block.start, np.linalg.cholesky(priors.basis @ estimate.vcov @ priors.basis.T)
        center[block], scale[block], spread[block] = priors.at_means(estimate.gamma), 1.0, 1.0
    if "tau_signed" in places:
        center[places["tau_signed"]], scale[places["tau_signed"]] = _tau_center_and_scale(estimate, layout, places)
    sigma = places["sigma_log__"]
    center[sigma], scale[sigma], spread[sigma] = np.log(estimate.sigma), 1 / np.sqrt(2 * design.n_obs), 1.0
    return Layout(layout.initial_point, center, scale, first, factor, spread)


def _places(layout: Layout) -> dict[str, slice]:
    """Where each value variable stands among the D values."""
    places, start = {}, 0
    for name, value in layout.initial_point.items():
        size = int(np.size(value))
        places[name] = slice(start, start + size)
        start += size
    return places


def _tau_center_and_scale(estimate: RemlEstimate, layout: Layout, places: dict[str, slice]) -> tuple[Array, Array]:
    """Start tau at its estimate, or at a tenth of its usual start where that is zero, with a relative scale."""
    usual = np.abs(layout.center[places["tau_signed"]])
    center = np.maximum(estimate.tau, 0.1 * usual)
    return center, 0.3 * center
