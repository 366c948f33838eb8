"""The PyMC model of a design, in one of its parameterizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.design import Design
from bayeshlm.graph.parameterization import Parameterization, check_parameterization
from bayeshlm.parameters.priors import Priors

if TYPE_CHECKING:
    import pymc as pm


def build_graph(design: Design, priors: Priors, parameterization: Parameterization) -> pm.Model:
    """Build the graph; PyMC is imported here.

    Raises
    ------
    OptionError
        If the parameterization is none that there is.
    """
    check_parameterization(parameterization)
    if parameterization == "marginal":
        from bayeshlm.graph.marginal import marginal_graph

        return marginal_graph(design, priors)
    from bayeshlm.graph.hierarchical import hierarchical_graph

    return hierarchical_graph(design, priors, parameterization)
