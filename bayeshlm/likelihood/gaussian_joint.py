"""Normal outcomes with several groupings: ``y ~ N(X gamma, sum_k Z_k G_k Z_k' + sigma^2 I)``, all u integrated out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from bayeshlm.design.joint_products import JointProducts
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.group_effects import Conditionals, covariance_factors
from bayeshlm.likelihood.likelihood import Capability, Likelihood, LogDensity, Unit, grouping_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors

if TYPE_CHECKING:
    from bayeshlm.likelihood.elimination import Elimination


class GaussianJoint(Likelihood):
    """Rows in units of several groupings, nested or crossed, level-1 errors normal with one variance.

    Log density and random effects come from cross-products; the densities of rows and of units read the rows.
    """

    def why_not(self, what: Capability) -> str:
        """Units depend on each other."""
        if what != "independent groups":
            return ""
        groupings = " and ".join(map(repr, self.design.groupings))
        return f"this takes groups that are independent of each other, but those of {groupings} are not"

    @cached_property
    def elimination(self) -> Elimination:
        """The cross-products in the order in which the random effects are eliminated."""
        from bayeshlm.likelihood.elimination import Elimination

        products = self.design.products
        assert isinstance(products, JointProducts)
        return Elimination.of(products)

    def log_density(self, priors: Priors) -> LogDensity:
        """As machine code over the cross-products, see `bayeshlm.likelihood.joint_posterior`."""
        from bayeshlm.likelihood.joint_posterior import joint_data, joint_posterior
        from bayeshlm.likelihood.unconstrained_density import marginal_draws

        data = joint_data(self.design, priors, self.elimination)
        function = joint_posterior(self.elimination.n_effects)
        return LogDensity(
            function,
            data,
            lambda values: marginal_draws(values, self.design, priors),
            lambda: (function, joint_data(self.design, priors, self.elimination, with_gradient=False)),
        )

    def totals(self, draws: Draws) -> FloatArray:
        """From the factor of each draw, see `bayeshlm.likelihood.joint_totals`."""
        from bayeshlm.likelihood.joint_totals import joint_log_densities

        gamma, sigma = draws.flat(draws.gamma), draws.flat(draws.scaled_sigma)
        found = joint_log_densities(self.elimination, gamma, covariance_factors(draws), sigma)
        return found - self.design.sum_of_log_sd

    def drawn_effects(self, draws: Draws, seed: int) -> list[FloatArray]:
        """One u of every unit from the joint normal distribution of all, exact at each draw."""
        from bayeshlm.likelihood.joint_effects import JointEffects

        chols = covariance_factors(draws)
        effects = JointEffects(self.elimination, draws.flat(draws.gamma), chols, draws.flat(draws.scaled_sigma))
        return [u[:, 0] for u in effects.draw(seed)]

    def group_effects(self, draws: Draws) -> Conditionals:
        """There are none of single units."""
        raise OptionError(self.why_not("independent groups"))

    def pointwise(self, draws: Draws, unit: Unit, units: IntArray) -> FloatArray:
        """Log densities of some units, all at a draw from one factor."""
        from bayeshlm.likelihood.left_out_densities import LeftOutDensities

        return LeftOutDensities.of(draws, grouping_of(self.design, unit)).densities(units)

    def reduced_pointwise[Result](
        self, draws: Draws, unit: Unit, reduce: Callable[[IntArray, FloatArray], Result], doing: str | None = None
    ) -> list[Result]:
        """As many units at a time as the memory budget has room for the densities of, reduced in threads."""
        from bayeshlm.likelihood.left_out_densities import LeftOutDensities

        return LeftOutDensities.of(draws, grouping_of(self.design, unit)).reduced(reduce, doing)
