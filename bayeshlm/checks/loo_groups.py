"""Leave a whole group out: the marginal likelihood of each group, and importance weights over groups.

``p(y_j | theta) = N(X_j gamma, Z_j G Z_j' + sigma^2 I)`` does not contain u_j, which a group that is left out would not
have told. The conditional likelihood, given u_j, answers no question about a new group, and its importance weights
break down (Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84, 802-829).
"""

from __future__ import annotations

import numpy as np

from bayeshlm.checks.psis import Pointwise, leave_out, relative_efficiency
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.group_effects import BLOCK, Conditionals, in_threads
from bayeshlm.parameters.draws import Draws


def groups_left_out(posterior: Draws) -> Pointwise:
    """Leave each group out in turn.

    Parameters
    ----------
    posterior : Draws

    Returns
    -------
    Pointwise
        In the order of the groups.
    """
    design = posterior.design
    given, efficiency = Conditionals.of(posterior), relative_efficiency(posterior)
    found = Pointwise.empty(design.n_groups, len(given.sigma))

    def fill(start: int) -> FloatArray:
        block = given.block(start)
        part = leave_out(np.ascontiguousarray(block.log_likelihood.T), efficiency)
        found.put(block.groups, part)
        return part.moved

    found.moved[:] = sum(in_threads(fill, given.starts, "Leaving groups out"))
    return found


def densities_of_group(given: Conditionals, group: int) -> FloatArray:
    """``log p(y_j | theta)`` of the group at a position at each draw, (S,)."""
    start = group // BLOCK * BLOCK
    return np.asarray(given.block(start).log_likelihood[:, group - start])
