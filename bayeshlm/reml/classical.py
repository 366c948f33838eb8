"""The classical estimate of a model, by whichever likelihood its outcome has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.design.design import Design
from bayeshlm.reml.estimate import RemlEstimate, fit_reml

if TYPE_CHECKING:
    from bayeshlm.reml.family_estimate import FamilyEstimate


def classical_estimate(design: Design) -> RemlEstimate | FamilyEstimate:
    """REML of a normal outcome, maximum likelihood of any other, and of any outcome with sampling weights.

    Where the level-1 SD has an equation, or residuals are correlated, REML too, as `FamilyEstimate`; where that SD
    varies between groups maximum likelihood.

    Raises
    ------
    DataError, OptionError
        As `bayeshlm.reml.estimate.fit_reml` and `bayeshlm.reml.family_estimate.fit_family`.
    """
    if design.outcome.has_closed_forms and design.weights is None:
        return fit_reml(design)
    from bayeshlm.reml.family_estimate import fit_family  # imports numba

    by_reml = design.outcome.has_level1_model and design.outcome.has_reml
    return fit_family(design, "REML" if by_reml else "ML")
