"""Weighted normal outcomes in groups of one grouping: the pseudo-likelihood, its random effects integrated out."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.design_weights import weights_of_groups
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.gaussian_nested import GaussianNested
from bayeshlm.likelihood.likelihood import Capability, LogDensity
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors

NO_DENSITIES = (
    "with sampling weights there is no density of a single row or group, only the weighted sum over the sample: fit the"
    " model without weights for what predicts the sample's own rows"
)


class WeightedGaussian(GaussianNested):
    """Rows nested in groups, one grouping, level-1 errors normal with one variance, rows and groups weighted.

    See `bayeshlm.likelihood.weighted_kernel`. Given the parameters u_j has the distribution of the weighted rows of its
    group, whose cross-products the design has; the group's weight has no part in it.
    """

    def why_not(self, what: Capability) -> str:
        """Densities of units are those of no distribution."""
        return NO_DENSITIES if what in ("group densities", "row densities") else ""

    def log_density(self, priors: Priors) -> LogDensity:
        """As machine code over the weighted cross-products."""
        from bayeshlm.likelihood.unconstrained_density import marginal_draws
        from bayeshlm.likelihood.weighted_posterior import weighted_data, weighted_posterior

        data = weighted_data(self.design, priors)
        return LogDensity(weighted_posterior, data, lambda values: marginal_draws(values, self.design, priors))

    def totals(self, draws: Draws) -> FloatArray:
        """Log pseudo-likelihood at each draw, a block of groups at a time."""
        weights = weights_of_groups(self.design.weights, self.design.n_groups)
        parts = self.group_effects(draws).each_block(
            lambda block: (block.log_likelihood * weights[block.groups]).sum(axis=1),
            "Likelihoods",
            likelihood=True,
        )
        return np.asarray(np.sum(parts, axis=0))
