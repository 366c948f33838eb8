"""Outcomes of any family in units of any groupings, the random effects among what is sampled."""

from __future__ import annotations

from collections.abc import Callable

from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.group_effects import Conditionals
from bayeshlm.likelihood.likelihood import Capability, Likelihood, LogDensity, Unit, grouping_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors


class FamilyExplicit(Likelihood):
    """Several groupings, nested or crossed, or more random effects than quadrature can take.

    The random effects are sampled with the parameters. Those of a single grouping are integrated out where units are
    left out.
    """

    def why_not(self, what: Capability) -> str:
        """Only of one grouping, the others' effects held, is the integral over the random effects in reach."""
        if what == "row densities":
            return ""
        if what == "group densities":
            from bayeshlm.likelihood.family_held import why_not_group

            reasons = [why_not_group(self.design, k) for k in range(len(self.design.groupings))]
            return "" if "" in reasons else reasons[0]
        family = self.design.outcome.family_name
        if len(self.design.groupings) > 1:
            reason = f"the random effects of {' and '.join(map(repr, self.design.groupings))} together"
        else:
            reason = f"{len(self.design.random)} random effects a group"
        return (
            f"this takes random effects to be integrated out, which for {family} outcomes cannot be done for {reason}"
        )

    def log_density(self, priors: Priors) -> LogDensity:
        """As machine code over the rows, of the parameters and all random effects."""
        from bayeshlm.likelihood.explicit_posterior import explicit_data, explicit_draws, explicit_posterior
        from bayeshlm.likelihood.quadrature_posterior import is_increasing

        outcome = self.design.outcome
        function = explicit_posterior(outcome.family_name, outcome.link, is_increasing(self.design))
        data = explicit_data(self.design, priors)
        return LogDensity(function, data, lambda values: explicit_draws(values, self.design, priors))

    def totals(self, draws: Draws) -> FloatArray:
        """There are none."""
        raise OptionError(self.why_not("marginal"))

    def drawn_effects(self, draws: Draws, seed: int) -> list[FloatArray]:
        """Those that were sampled.

        Raises
        ------
        OptionError
            The draws have none.
        """
        if not draws.has_groups:
            raise OptionError(f"the draws hold no random effects, and {self.why_not('marginal')}")
        return [draws.flat(draws.u_of(k)) for k in range(len(self.design.groupings))]

    def group_effects(self, draws: Draws) -> Conditionals:
        """There are none of single units."""
        raise OptionError(self.why_not("independent groups"))

    def pointwise(self, draws: Draws, unit: Unit, units: IntArray) -> FloatArray:
        """Log densities of some units given the other groupings' effects, too: see `held_effects`."""
        from bayeshlm.likelihood.family_held import held_effects

        return held_effects(draws, grouping_of(self.design, unit)).densities(unit == "row", units)

    def reduced_pointwise[Result](
        self, draws: Draws, unit: Unit, reduce: Callable[[IntArray, FloatArray], Result], doing: str | None = None
    ) -> list[Result]:
        """As many groups at a time as have some thousand rows, given the other groupings' effects, too."""
        from bayeshlm.likelihood.family_held import held_effects

        return held_effects(draws, grouping_of(self.design, unit)).reduced(unit == "row", reduce, doing)
