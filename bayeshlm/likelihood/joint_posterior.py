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
from bayeshlm.likelihood.elimination import Blocks, Elimination, Pattern
from bayeshlm.likelihood.gaussian_pieces import kernel_of_effects
from bayeshlm.likelihood.joint_kernel import joint_log_density
from bayeshlm.likelihood.prior_data import PriorData, prior_data
from bayeshlm.likelihood.unconstrained_density import covariance_factor, with_priors
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]
type IntArray = NDArray[np.int64]


class JointData(NamedTuple):
    """All that the density depends on, in the order of the arguments of what `joint_posterior` makes.

    Attributes
    ----------
    priors : PriorData
    gamma_origin, gamma_to_scaled, u_to_scaled, XtX, Xty, totals : arrays
        As `bayeshlm.likelihood.joint_kernel.joint_log_density` takes them.
    place : (2, q) array of int
        Grouping of each random effect, and its place among the effects of the grouping.
    pattern, blocks : Pattern, Blocks
    with_gradient : (1,) array
        0 leaves the gradient, which takes most of the time of crossed groupings, the priors' alone.
    """

    priors: PriorData
    gamma_origin: Array
    gamma_to_scaled: Array
    u_to_scaled: Array
    XtX: Array
    Xty: Array
    totals: Array
    place: IntArray
    pattern: Pattern
    blocks: Blocks
    with_gradient: Array


def joint_data(design: Design, priors: Priors, elimination: Elimination) -> JointData:
    """Collect what the density of a model depends on."""
    products = elimination.products
    place = [(k, r) for k, term in enumerate(design.predictor.random) for r in range(len(term.columns))]
    return JointData(
        priors=prior_data(design, priors),
        gamma_origin=priors.at_means(products.ols),
        gamma_to_scaled=np.linalg.inv(priors.basis @ products.x_transform),
        u_to_scaled=elimination.u_to_scaled,
        XtX=products.XtX,
        Xty=products.Xty,
        totals=np.array([products.yty, products.n_obs]),
        place=np.array(place, dtype=np.int64).T.copy(),
        pattern=elimination.pattern,
        blocks=elimination.blocks,
        with_gradient=np.ones(1),
    )


@kernel_of_effects
def joint_posterior(n_effects: int) -> Any:
    """A numba function of the posterior's log density, for models of so many random effects in a grouping.

    Returns
    -------
    numba function
        Of ``x (p + q + m + a,)``, an array for the gradient, which is filled, and what `JointData` has: the log
        density, the transforms' Jacobian included.
    """
    log_density_of_data = joint_log_density(n_effects)

    @numba.njit(error_model="numpy", nogil=True, forceinline=True)
    def posterior(
        x: Array,
        gradient: Array,
        priors: PriorData,
        gamma_origin: Array,
        gamma_to_scaled: Array,
        u_to_scaled: Array,
        XtX: Array,
        Xty: Array,
        totals: Array,
        place: IntArray,
        pattern: Pattern,
        blocks: Blocks,
        with_gradient: Array,
    ) -> float:
        p, q, m = priors.gamma_prior.shape[1], priors.tau_prior.shape[1], priors.corr_prior.shape[1]
        a = priors.auxiliary_prior.shape[1]
        factor = covariance_factor(x[p : p + q], x[p + q : p + q + m], priors.corr_prior)
        chol, chols = factor[0], np.zeros(u_to_scaled.shape)
        for r in range(q):
            for s in range(r + 1):
                if place[0, r] == place[0, s]:
                    chols[place[0, r], place[1, r], place[1, s]] = chol[r, s]
        log_density, d_gamma, d_chols, d_sigma = log_density_of_data(
            x[:p],
            chols,
            np.exp(x[p + q + m]) if a > 0 else 1.0,
            (gamma_origin, gamma_to_scaled, u_to_scaled),
            pattern,
            blocks,
            XtX,
            Xty,
            totals,
            with_gradient[0] == 1.0,
        )
        d_chol = np.zeros((q, q))
        for r in range(q):
            for s in range(r + 1):
                if place[0, r] == place[0, s]:
                    d_chol[r, s] = d_chols[place[0, r], place[1, r], place[1, s]]
        of_data = (log_density, d_gamma, d_chol, np.full(a, d_sigma))
        density: float = with_priors(x, gradient, of_data, factor, priors, False)
        return density

    return posterior
