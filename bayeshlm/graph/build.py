"""The PyMC model of a design, in one of its parameterizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.design import Design
from bayeshlm.errors import OptionError
from bayeshlm.graph.parameterization import Parameterization, check_marginal, check_parameterization
from bayeshlm.parameters.priors import Priors

if TYPE_CHECKING:
    import pymc as pm


def build_graph(design: Design, priors: Priors, parameterization: Parameterization) -> pm.Model:
    """Build the graph; PyMC is imported here.

    Raises
    ------
    OptionError
        If the parameterization is none that there is, or marginal with several groupings, an outcome that is not
        normal or a level-1 SD that varies between groups, or another one with sampling weights.
    """
    check_parameterization(parameterization)
    if design.weights is not None:
        check_marginal(parameterization)
    if parameterization == "marginal" and not design.outcome.is_normal:
        raise OptionError(
            f"the outcome {design.outcome.name!r} is {design.outcome.family_name} with link {design.outcome.link}, and"
            ' only of a normal outcome can the group effects be integrated out in a formula: graph("noncentered") is'
            " the model with explicit random effects"
        )
    if parameterization == "marginal" and design.outcome.residuals.spread_effect:
        raise OptionError(
            f"the level-1 SD of {design.outcome.name!r} varies between groups, and its deviation cannot be integrated"
            ' out in a formula: graph("noncentered") is the model with explicit random effects'
        )
    if parameterization == "marginal" and len(design.groupings) > 1:
        raise OptionError(
            'with several groupings the marginal density is no PyMC graph: graph("noncentered") is the same model with'
            " explicit random effects, and fit() samples the marginal density by nutpie or by importance sampling"
        )
    if parameterization == "marginal":
        from bayeshlm.graph.marginal import marginal_graph

        return marginal_graph(design, priors)
    from bayeshlm.graph.hierarchical import hierarchical_graph

    return hierarchical_graph(design, priors, parameterization)
