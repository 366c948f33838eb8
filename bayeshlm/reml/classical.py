"""The classical estimate of a model: by which criterion, and by whichever likelihood its outcome has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.design.design import Design
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimate import RemlEstimate, fit_reml

if TYPE_CHECKING:
    from bayeshlm.reml.family_estimate import FamilyEstimate


def classical_method(design: Design) -> Method:
    """REML of a normal outcome; ML of any other, where the level-1 SD varies between groups, and of weighted samples.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> [classical_method(hlm.open_model(name).design) for name in ("growth-autoregressive", "clinics-recovery")]
    ['REML', 'ML']
    """
    return "REML" if design.outcome.is_jointly_normal and design.weights is None else "ML"


def by_cross_products(design: Design) -> bool:
    """Whether the criterion is a function of the cross-products (`fit_reml`), else one of the rows (`fit_family`)."""
    return design.outcome.has_closed_forms and design.weights is None


def classical_estimate(design: Design) -> RemlEstimate | FamilyEstimate:
    """The estimate by `classical_method`.

    Raises
    ------
    DataError, OptionError
        As `bayeshlm.reml.estimate.fit_reml` and `bayeshlm.reml.family_estimate.fit_family`.
    """
    method = classical_method(design)
    if by_cross_products(design):
        return fit_reml(design, method)
    from bayeshlm.reml.family_estimate import fit_family  # imports numba

    return fit_family(design, method)
