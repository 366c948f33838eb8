"""Leave each row or each group out in turn: importance weights from its density with the random effects integrated out.

Of a group, ``p(y_j | theta)`` does not contain u_j, which a group that is left out would not have told; of a row, the
density given the other rows of its group asks for a new row of a known group. The conditional likelihoods, given u_j,
answer no question about a new group, follow a small group's rows too closely, and their importance weights break down
(Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84, 802-829).
"""

from __future__ import annotations

from bayeshlm.checks.psis import Pointwise, leave_out, relative_efficiency
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.likelihood import Unit, grouping_of, needed
from bayeshlm.parameters.draws import Draws


def units_left_out(posterior: Draws, unit: Unit) -> Pointwise:
    """Leave each unit out in turn.

    Parameters
    ----------
    posterior : Draws
    unit : {"row", "group"} or str
        The name of a grouping where there are several.

    Returns
    -------
    Pointwise
        In the order of the rows, or of the groups.

    Raises
    ------
    OptionError
        The likelihood has no such densities.
    DataError
        The rows are not at hand.
    """
    design, likelihood = posterior.design, likelihood_of(posterior.design)
    grouping = grouping_of(design, unit)
    likelihood.require(needed(unit))
    efficiency = relative_efficiency(posterior)
    n_units = design.kept_rows.n_rows if grouping is None else len(design.predictor.random[grouping].labels)
    found = Pointwise.empty(n_units, posterior.n_draws)

    def leave(units: IntArray, densities: FloatArray) -> FloatArray:
        part = leave_out(densities, efficiency)
        found.put(units, part)
        return part.moved

    found.moved[:] = sum(
        likelihood.reduced_pointwise(posterior, unit, leave, f"Leaving {'rows' if grouping is None else 'groups'} out")
    )
    return found
