"""The largest likelihood of outcomes that are not normal: from several starts, and honest at the boundary of G."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.predictor import FixedColumn
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.reml.family_maximum import Maximum, Objective, information_at, maximize
from bayeshlm.reml.family_problem import FamilyProblem
from bayeshlm.reml.family_start import starts
from bayeshlm.reml.separation import separating_direction

NEAR = 0.1
"""SD of a combination of the random effects, on the scale of the predictor, below which 0 is tried."""

FEW_GROUPS = 50

FAR = 12.0
"""Predictor beyond which separation is looked for."""

ENDLESS_SD = 25.0
"""SD of the random effects, on the scale of the predictor, that no data with an estimate have."""

ENDLESS_LOG, ENDLESS_SE = 8.0, 30.0
"""Logarithm of an auxiliary parameter, and its standard error, of which the data say no more than that it is large."""


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """The best maximum.

    Attributes
    ----------
    problem : FamilyProblem
        Without the entries of theta that are 0 because G is singular.
    maximum : Maximum
        Its maximum.
    """

    problem: FamilyProblem
    maximum: Maximum


def objective_of(problem: FamilyProblem, n_nodes: int) -> Objective:
    """The log-likelihood of a problem with a number of nodes."""
    return lambda x: problem.evaluate(x, n_nodes)


def search(problem: FamilyProblem, n_nodes: int, before: Found | None = None) -> Found:
    """The largest likelihood.

    Parameters
    ----------
    problem : FamilyProblem
        All parameters free.
    n_nodes : int
    before : Found, optional
        With fewer nodes; from a maximum inside the search goes on, from one on the boundary it begins anew.

    Raises
    ------
    DataError
        There is none: estimates run off to infinity.
    """
    objective = objective_of(problem, n_nodes)
    places = [before.maximum.x] if before is not None and before.problem is problem else starts(problem)
    inside = max((maximize(objective, place) for place in places), key=lambda one: (one.value, one.converged))
    _check_finite(problem, inside)
    found = Found(problem, inside)
    smallest = float(np.linalg.svd(problem.factor(inside.x), compute_uv=False)[-1])
    if smallest > NEAR and problem.design.n_groups >= FEW_GROUPS:
        return found
    for entries in _boundaries(problem):
        without = problem.without(entries)
        at = np.array(entries) + problem.sizes[0]
        edge = maximize(objective_of(without, n_nodes), np.delete(inside.x, at))
        x = np.insert(edge.x, at - np.arange(len(at)), 0.0)
        rounding = 1e-9 * (1 + abs(edge.value))
        if edge.value >= found.maximum.value - rounding and _is_maximum(objective, x, at):
            found = Found(without, edge)
    return found


def _is_maximum(objective: Objective, x: FloatArray, at: FloatArray) -> bool:
    """Whether the likelihood falls, or stays, when entries that are 0 move away from it."""
    information = information_at(objective, x)
    least = float(np.linalg.eigvalsh(information[np.ix_(at, at)])[0])
    return least > -1e-6 * float(np.abs(np.diag(information)).max())


def _boundaries(problem: FamilyProblem) -> Iterator[list[int]]:
    """Entries of theta that are 0 together where G is singular: whole columns of L, fewer before more."""
    columns = [int(np.flatnonzero(element)[0]) % len(element) for element in problem.elements]
    q = len(problem.origin)
    full = len(columns) > q
    for n in range(1, q + 1):
        for some in combinations(range(q), n):
            if full and some == (0,):  # the first column is not 0 alone: that is the second being 0, turned around
                continue
            yield [k for k, column in enumerate(columns) if column in some]


def _check_finite(problem: FamilyProblem, found: Maximum) -> None:
    """Refuse estimates that run off to infinity."""
    design, outcome = problem.design, problem.design.outcome
    gamma, _, _ = problem.split(found.x)
    if not found.converged or float(np.abs(gamma @ problem.rows.X).max(initial=0.0)) > FAR:
        direction = separating_direction(problem)
        if direction is not None:
            large = np.abs(direction) > 1e-3 * np.abs(direction).max()
            columns = [column for column, part in zip(design.fixed, large, strict=True) if part]
            labels = " and ".join(f"{column.label} ({_name(design, column)})" for column in columns)
            raise DataError(
                f"The likelihood has no maximum: the values of {outcome.name!r} are separated by"
                f" {labels or 'the cutpoints'}, so that these estimates run off to infinity. Leave out such a term, or"
                " sample the model with model.fit(), whose priors hold them."
            )
    if float(np.abs(problem.factor(found.x)).max()) > ENDLESS_SD:
        raise DataError(
            f"The likelihood has no maximum: the SD of {' or '.join(design.random_labels)} runs off to infinity,"
            f" because within groups of {design.group!r} the values of {outcome.name!r} hardly differ. Sample the model"
            " with model.fit(), whose priors hold it."
        )
    z = problem.split(found.x)[2]
    if not len(z) or problem.auxiliary.increasing:
        return
    se = np.sqrt(np.abs(np.diag(found.vcov)))[-len(z) :]
    for (name, effect), number, error in zip(outcome.auxiliary_effects, z, se, strict=True):
        if abs(number) > ENDLESS_LOG and not error < ENDLESS_SE:
            why = _not_told(problem, number) if name == "rho" else _simpler(problem, name)
            said = effect if name == "alpha" else name
            raise DataError(f"The likelihood has no maximum: {said} runs off to its bound, because {why}")


def _name(design: Design, column: FixedColumn) -> str:
    """What a fixed effect multiplies, in words."""
    of = {one.label: one.name for one in design.coefficients}[column.coefficient]
    return "*".join(name for name in (of, column.name) if name != "1") or "intercept"


def _not_told(problem: FamilyProblem, number: float) -> str:
    """Why a correlation of level-1 residuals has no estimate, by the number that stands for it."""
    outcome = problem.design.outcome.name
    if number > 0:
        return (
            f"the level-1 residuals of {outcome!r} in a group cannot be told from a deviation of the whole group: leave"
            " out the line with corr(r), or the random intercept."
        )
    return (
        f"the level-1 residuals of {outcome!r} in a group are no more alike the closer: leave out corr(r), or, where"
        " times are much less than 1 apart, write them in a smaller unit."
    )


def _simpler(problem: FamilyProblem, name: str) -> str:
    """What the data are where a parameter has no estimate, and what to write."""
    outcome = problem.design.outcome.name
    match problem.design.outcome.family_name, name:
        case "NegativeBinomial", "phi":
            return f"{outcome!r} varies no more than a Poisson count: write {outcome} ~ Poisson(mu)."
        case "StudentT", "nu":
            return f"the tails of {outcome!r} are no heavier than normal ones: leave out the line with ~, and add + r."
    if name == "alpha":
        return (
            f"where the SD is smallest nothing is left of {outcome!r} beside the predictors: leave out the line of"
            " log(sigma), or one of the predictors."
        )
    return f"nothing is left of {outcome!r} beside the predictors: leave out one of them."
