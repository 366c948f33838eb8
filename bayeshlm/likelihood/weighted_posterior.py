"""The log density of a pseudo-posterior of weighted normal outcomes over its unconstrained values.

They are those of `bayeshlm.likelihood.unconstrained_density`: fixed effects in the coordinates of their priors, signed
tau, log odds of the partial correlations, log sigma.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.likelihood.group_effects import groups_last
from bayeshlm.likelihood.kernel_products import ColumnScaling, WeightedProducts, scaling_of
from bayeshlm.likelihood.prior_data import PriorData, prior_data
from bayeshlm.likelihood.unconstrained_density import posterior_of
from bayeshlm.likelihood.weighted_kernel import weighted_log_density
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]


class WeightedData(NamedTuple):
    """All that the density depends on, in the order of the arguments of `weighted_posterior`.

    Attributes
    ----------
    priors, scaling, products : PriorData, ColumnScaling, WeightedProducts
    """

    priors: PriorData
    scaling: ColumnScaling
    products: WeightedProducts


def weighted_data(design: Design, priors: Priors) -> WeightedData:
    """Collect what the density of a weighted design depends on."""
    products, weights = design.cross_products, design.weights
    assert weights is not None  # else the density is that of `unconstrained_density`
    weighted = weighted_products(products, weights.group)
    return WeightedData(prior_data(design, priors), scaling_of(products, priors), weighted)


def weighted_products(products: CrossProducts, group_weights: Array, groups: slice = slice(None)) -> WeightedProducts:
    """Those of some groups."""
    w = group_weights[groups]
    totals = [w @ products.yty[groups], w @ products.counts[groups]]
    ZtZ, ZtX, Zty = groups_last(groups, products.ZtZ, products.ZtX, products.Zty)
    return WeightedProducts(
        ZtZ,
        ZtX,
        Zty,
        np.einsum("j,jab->ab", w, products.XtX[groups]),
        w @ products.Xty[groups],
        np.array(totals),
        np.ascontiguousarray(w),
    )


weighted_posterior = posterior_of(weighted_log_density)
"""The log density, a numba function of the unconstrained values, an array for the gradient, and `WeightedData`."""
