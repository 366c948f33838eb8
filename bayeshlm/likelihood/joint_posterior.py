"""The log density of the posterior of a model with several groupings over its unconstrained values.

As `bayeshlm.likelihood.unconstrained_density` has it for one grouping, the same values in the same order: tau and the
partial correlations of all groupings stand in one row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.likelihood.elimination import Elimination
from bayeshlm.likelihood.gaussian_pieces import PIECE, kernel_of_effects
from bayeshlm.likelihood.joint_kernel import JointSums, joint_log_density
from bayeshlm.likelihood.kernel_products import ColumnScaling
from bayeshlm.likelihood.prior_data import PriorData, prior_data
from bayeshlm.likelihood.unconstrained_density import posterior_of
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]


class PlacedSums(NamedTuple):
    """`JointSums`, and where their chols are in one factor of the effects of all groupings.

    Attributes
    ----------
    place : (2, q) array of int
        Grouping of each random effect, and its place among the effects of the grouping.
    sums : JointSums
    """

    place: IntArray
    sums: JointSums


class JointData(NamedTuple):
    """All that the density depends on, in the order of the arguments of what `joint_posterior` makes.

    Attributes
    ----------
    priors, scaling, products : PriorData, ColumnScaling, PlacedSums
    """

    priors: PriorData
    scaling: ColumnScaling
    products: PlacedSums


def joint_data(design: Design, priors: Priors, elimination: Elimination, with_gradient: bool = True) -> JointData:
    """Collect what the density of a model depends on; without a gradient it has that of the priors alone."""
    products = elimination.products
    place = [(k, r) for k, term in enumerate(design.predictor.random) for r in range(len(term.columns))]
    scaling = ColumnScaling(
        gamma_origin=priors.at_means(products.ols),
        gamma_to_scaled=np.linalg.inv(priors.basis @ products.x_transform),
        u_to_scaled=elimination.u_to_scaled,
    )
    sums = PlacedSums(np.array(place, dtype=np.int64).T.copy(), JointSums.of(elimination, with_gradient))
    return JointData(prior_data(design, priors), scaling, sums)


@kernel_of_effects
def joint_posterior(n_effects: int) -> Any:
    """`posterior_of` models with several groupings and up to so many random effects in one, of `PlacedSums`."""
    log_density_of_data = joint_log_density(n_effects)

    @numba.njit(**PIECE)
    def log_density(gamma: Array, chol: Array, sigma: float, scaling: ColumnScaling, products: PlacedSums) -> Any:
        place, q = products.place, len(chol)
        chols, d_chol = np.zeros(scaling.u_to_scaled.shape), np.zeros((q, q))
        for r in range(q):
            for s in range(r + 1):
                if place[0, r] == place[0, s]:
                    chols[place[0, r], place[1, r], place[1, s]] = chol[r, s]
        value, d_gamma, d_chols, d_sigma = log_density_of_data(gamma, chols, sigma, scaling, products.sums)
        for r in range(q):
            for s in range(r + 1):
                if place[0, r] == place[0, s]:
                    d_chol[r, s] = d_chols[place[0, r], place[1, r], place[1, s]]
        return value, d_gamma, d_chol, d_sigma

    return posterior_of(log_density)
