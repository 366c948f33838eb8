"""The density where the level-1 SD varies between groups, in nutpie's form."""

from __future__ import annotations

from bayeshlm.design import Design
from bayeshlm.likelihood.location_scale import LocationScale
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.density_callback import density_callback
from bayeshlm.sampling.layout import mode_layout
from bayeshlm.sampling.reflections import Reflections
from bayeshlm.sampling.target import Target, compiled_model


def scale_target(design: Design, priors: Priors) -> Target:
    """The density of a model whose level-1 SD varies between groups, over points around its mode.

    Raises
    ------
    CannotCompile
        If nutpie is not of the form that this route knows.
    SamplingError
        If no number of nodes is enough.
    """
    likelihood = LocationScale(design)
    density = likelihood.log_density(priors)
    layout = mode_layout(density, likelihood.start(priors))
    callback, buffer = density_callback(density.function, density.data, layout)
    return Target(
        compiled_model(callback, buffer, layout.starting_point, layout.size),
        lambda points: density.parameters(layout.values(points)),
        Reflections.of(design, priors, layout),
        is_marginal=True,
        n_nodes=density.n_nodes,
        work=design.n_obs + 3 * design.n_groups * density.n_nodes,
    )
