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
from bayeshlm.likelihood.likelihood import DENSITIES, Unit
from bayeshlm.parameters.draws import Draws

DOING: dict[Unit, str] = {"row": "Leaving rows out", "group": "Leaving groups out"}


def units_left_out(posterior: Draws, unit: Unit) -> Pointwise:
    """Leave each unit out in turn.

    Parameters
    ----------
    posterior : Draws
    unit : {"row", "group"}

    Returns
    -------
    Pointwise
        In the order of the rows, or of the groups.

    Raises
    ------
    OptionError
        The likelihood has no such densities.
    """
    design, likelihood = posterior.design, likelihood_of(posterior.design)
    likelihood.require(DENSITIES[unit])
    efficiency = relative_efficiency(posterior)
    found = Pointwise.empty(design.n_obs if unit == "row" else design.n_groups, posterior.n_draws)

    def leave(units: IntArray, densities: FloatArray) -> FloatArray:
        part = leave_out(densities, efficiency)
        found.put(units, part)
        return part.moved

    found.moved[:] = sum(likelihood.reduced_pointwise(posterior, unit, leave, DOING[unit]))
    return found
