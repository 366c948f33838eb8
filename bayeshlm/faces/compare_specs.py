"""`compare_specs`: what two models say differently."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bayeshlm.design import Design
from bayeshlm.display.shown_spec_difference import ShownSpecDifference
from bayeshlm.equations import ModelSpec
from bayeshlm.equations.spec_difference import spec_difference
from bayeshlm.errors import OptionError


def compare_specs(first: Any, second: Any) -> ShownSpecDifference:
    """Say in words and equations how two models differ; symbols and the order of lines do not count.

    Parameters
    ----------
    first, second : ModelSpec, Model, Fit, RemlFit or MlFit

    Returns
    -------
    SpecDifference
        Prints as a sentence and tables; ``changes``, ``lines``, ``same`` and ``nested`` are what they say. Nothing is
        said of the data: `RemlFit.compare` checks on the rows whether one model is nested in the other.

    Raises
    ------
    OptionError
        If it is given anything else.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> model = hlm.open_model("hsb-random-coefficients")
    >>> compare_specs(model, model.without("u1")).summary.split(". ")[0]
    'The second model lacks the random effect u1*ses and the covariance u0, u1'
    """
    return ShownSpecDifference.of(spec_difference(_spec_of(first), _spec_of(second)))


def _spec_of(model: Any) -> ModelSpec:
    """The specification, with the grouping columns that the model was given."""
    if isinstance(model, ModelSpec):
        return model
    design = getattr(getattr(model, "model", model), "design", None)
    if not isinstance(design, Design):
        raise OptionError(
            f"compare_specs takes models, fits, or specifications, not a {type(model).__name__}: read a text by"
            ' hlm.parse("...").'
        )
    return replace(design.spec, groupings=design.groupings)
