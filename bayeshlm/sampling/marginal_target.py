"""The marginal density in nutpie's form: no compiler to wait for but once, and PyMC need not be imported."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.priors import Priors
from bayeshlm.sampling.density_callback import density_callback
from bayeshlm.sampling.layout import Layout
from bayeshlm.sampling.reflections import Reflections
from bayeshlm.sampling.target import Target, compiled_model

type Array = NDArray[np.float64]


def marginal_target(design: Design, priors: Priors, layout: Layout) -> Target:
    """The density of a model's marginal graph, over the layout's points.

    Raises
    ------
    CannotCompile
        If nutpie is not of the form that this route knows.
    """
    density = likelihood_of(design).log_density(priors)
    callback, buffer = density_callback(density.function, density.data, layout)
    compiled = compiled_model(callback, buffer, layout.starting_point, layout.size)

    def values() -> tuple[Any, Array]:
        """Callback and buffer for values alone."""
        assert density.values is not None
        return density_callback(*density.values(), layout)

    return Target(
        compiled,
        lambda points: density.parameters(layout.values(points)),
        Reflections.of(design, priors, layout),
        values if density.values is not None else None,
        is_marginal=True,
        work=_work(design),
    )


def _work(design: Design) -> int:
    """Units, ten times those whose matrices have to be factored: of several groupings, or with effects past two."""
    units = sum(len(term.labels) for term in design.predictor.random)
    return 10 * units if len(design.groupings) > 1 or len(design.random) > 2 else units
