"""The density of the data given the parameters, and the group effects given both."""

from bayeshlm.design.design import Design
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.gaussian_joint import GaussianJoint
from bayeshlm.likelihood.gaussian_nested import GaussianNested
from bayeshlm.likelihood.likelihood import Likelihood

__all__ = ["Likelihood", "likelihood_of"]


def likelihood_of(design: Design) -> Likelihood:
    """The likelihood of a design: the one place that chooses a member of the family.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> likelihood_of(hlm.open_model("hsb-one-way-anova").design).can("group densities")
    True
    """
    one = len(design.groupings) == 1
    if design.weights is not None and design.outcome.is_normal:
        from bayeshlm.likelihood.weighted_gaussian import WeightedGaussian

        return WeightedGaussian(design)
    if design.outcome.is_normal and design.outcome.residuals.spread_effect:
        from bayeshlm.likelihood.location_scale import LocationScale

        return LocationScale(design)
    if design.outcome.is_normal and design.outcome.residuals.modeled:
        from bayeshlm.likelihood.level1_gaussian import Level1Gaussian

        return Level1Gaussian(design)
    if design.outcome.is_normal:
        return GaussianNested(design) if one else GaussianJoint(design)
    from bayeshlm.likelihood.family_explicit import FamilyExplicit
    from bayeshlm.likelihood.family_quadrature import MOST_EFFECTS, FamilyQuadrature  # imports numba

    if design.weights is not None and len(design.random) > MOST_EFFECTS:
        raise OptionError(
            f"sampling weights of a {design.outcome.family_name} outcome take up to {MOST_EFFECTS} random effects, that"
            f" quadrature integrates out, and this model has {len(design.random)}: leave some out, or the weights."
        )
    return FamilyQuadrature(design) if one and len(design.random) <= MOST_EFFECTS else FamilyExplicit(design)
