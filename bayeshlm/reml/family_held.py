"""The largest likelihood with one parameter held at a value: problems of the same kind in fewer numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.family_estimate import FamilyEstimate
from bayeshlm.reml.family_maximum import climb
from bayeshlm.reml.family_problem import FamilyProblem, orthonormal, outcome_unit

AWAY = 0.05
"""Entries of a factor of G that searches start from at least, on the scale of the predictor."""


@dataclass(frozen=True, eq=False)
class Held:
    """A parameter that is held.

    Attributes
    ----------
    problem_at : function
        From a value to the problem in the other parameters.
    start : ndarray
        Its numbers at the estimate.
    n_nodes : int
    squared : bool
        The numbers stand for roots of theta, which then is never negative.
    """

    problem_at: Callable[[float], FamilyProblem]
    start: FloatArray
    n_nodes: int
    squared: bool = False
    known: dict[float, FloatArray] = field(default_factory=dict)

    def smallest(self, value: float) -> float:
        """The smallest deviance with the parameter at a value, searched from the nearest one that is known."""
        near = min(self.known, key=lambda other: abs(other - value), default=None)
        problem = self.problem_at(value)
        p, k, _ = problem.sizes

        def objective(x: FloatArray) -> tuple[float, FloatArray]:
            if not self.squared:
                return problem.evaluate(x, self.n_nodes)
            at, slope = x.copy(), np.ones(len(x))
            at[p : p + k], slope[p : p + k] = x[p : p + k] ** 2, 2 * x[p : p + k]
            found, gradient = problem.evaluate(at, self.n_nodes)
            return found, gradient * slope

        places = [self.start if near is None else self.known[near]]
        if self.squared or np.abs(places[0][p : p + k]).min(initial=1.0) < AWAY:
            places.append(self.start)  # an effect that does not vary may hide a maximum where it does
        if self.squared:
            places += [np.where(np.arange(len(self.start)) == p + entry, AWAY, self.start) for entry in range(k)]
        found = [climb(objective, _off_zero(place, p, k), precise=True) for place in places]
        values = [objective(x)[0] for x in found]
        best = int(np.argmax(values))
        self.known[value] = found[best]
        return -2 * values[best]


def _off_zero(x: FloatArray, p: int, k: int) -> FloatArray:
    """The numbers with none of theta at 0, where the gradient vanishes, maximum or not."""
    place = x.copy()
    theta = place[p : p + k]
    theta[np.abs(theta) < AWAY] = AWAY
    return place


def held_gamma(estimate: FamilyEstimate, k: int) -> Held:
    """Fixed effect k, held."""
    free = estimate.problem.free()
    X = np.linalg.solve(free.gamma_map.T, free.rows.X)  # in the user's columns
    others = np.delete(X, k, axis=0)
    size = np.sqrt(free.rows.weight / free.rows.weight.sum())
    own = outcome_unit(free.design) * orthonormal(others * size)
    gamma_map = np.insert(own, k, 0.0, axis=0)
    rows = free.rows._replace(X=np.ascontiguousarray(own.T @ others))

    def problem_at(value: float) -> FamilyProblem:
        origin = free.gamma_origin.copy()
        origin[k] = value
        shifted = rows._replace(offset=free.rows.offset + (value - free.gamma_origin[k]) * X[k])
        return replace(free, rows=shifted, gamma_origin=origin, gamma_map=gamma_map)

    gamma = np.linalg.solve(own, np.delete(estimate.gamma - free.gamma_origin, k))
    return Held(
        problem_at, np.concatenate([gamma, _theta(estimate, free), _numbers(estimate)]), profile_nodes(estimate)
    )


def held_auxiliary(estimate: FamilyEstimate, k: int) -> Held:
    """Auxiliary parameter k, held."""
    free = estimate.problem.free()

    def problem_at(value: float) -> FamilyProblem:
        return replace(free, auxiliary=replace(free.auxiliary, held=k, value=value))

    numbers = replace(free.auxiliary, held=k).numbers(estimate.auxiliary)
    return Held(
        problem_at, np.concatenate([_gamma(estimate), _theta(estimate, free), numbers]), profile_nodes(estimate)
    )


def held_tau(estimate: FamilyEstimate, k: int) -> Held:
    """SD k of the random effects, held."""
    free, q = estimate.problem.free(), len(estimate.tau)
    order = [k, *(a for a in range(q) if a != k)]
    problem, scale = _in_user_columns(free, order)
    correlated = len(free.elements) > q
    elements = np.zeros((q - 1 + correlated, q, q))
    start = np.empty(0)
    if q > 1:
        other, corr = order[1], float(np.nan_to_num(estimate.corr[0, 1]))
        entries = [(1, 0), (1, 1)] if correlated else [(1, 1)]
        for element, entry in zip(elements, entries, strict=True):
            element[entry] = scale[other]
        tau = max(float(estimate.tau[other]), 0.1 * scale[other]) / scale[other]
        start = tau * np.array([corr, np.sqrt(1 - corr**2)])[-len(entries) :]
        start[-1] = max(start[-1], AWAY)

    def problem_at(value: float) -> FamilyProblem:
        origin = np.zeros((q, q))
        origin[0, 0] = value
        return replace(problem, origin=origin, elements=elements)

    return Held(problem_at, np.concatenate([_gamma(estimate), start, _numbers(estimate)]), profile_nodes(estimate))


def held_corr(estimate: FamilyEstimate) -> Held:
    """The correlation of two random effects, held; neither SD may turn its sign."""
    free = estimate.problem.free()
    problem, scale = _in_user_columns(free, [0, 1])

    def problem_at(value: float) -> FamilyProblem:
        first = np.array([[scale[0], 0.0], [0.0, 0.0]])
        second = scale[1] * np.array([[0.0, 0.0], [value, np.sqrt(max(1 - value**2, 0.0))]])
        return replace(problem, elements=np.array([first, second]))

    start = np.concatenate([_gamma(estimate), np.sqrt(estimate.tau / scale), _numbers(estimate)])
    return Held(problem_at, start, profile_nodes(estimate), squared=True)


def _in_user_columns(free: FamilyProblem, order: list[int]) -> tuple[FamilyProblem, FloatArray]:
    """The problem with L of the effects' own columns, in another order, and the SDs that count as 1 there, (q,)."""
    Z = np.linalg.solve(free.effect_map.T, free.rows.Z)
    q = len(Z)
    problem = replace(
        free,
        rows=free.rows._replace(Z=np.ascontiguousarray(Z[order])),
        effect_map=np.eye(q)[:, order],
        origin=np.zeros((q, q)),
    )
    square = np.average(Z**2, axis=1, weights=free.rows.weight)
    deviates = np.array([column.is_deviation for column in free.design.random])
    return problem, np.where(deviates, outcome_unit(free.design) / np.sqrt(np.where(deviates, square, 1.0)), 1.0)


def _gamma(estimate: FamilyEstimate) -> FloatArray:
    return estimate.problem.split(estimate.maximum.x)[0]


def _numbers(estimate: FamilyEstimate) -> FloatArray:
    return estimate.problem.split(estimate.maximum.x)[2]


def _theta(estimate: FamilyEstimate, free: FamilyProblem) -> FloatArray:
    """Free entries of L at the estimate, moved off the boundary."""
    L = estimate.problem.factor(estimate.maximum.x)
    diagonal = np.diag_indices(len(L))
    L[diagonal] = np.where(L[diagonal] == 0, AWAY, L[diagonal])
    return np.asarray(np.einsum("kab,ab->k", free.elements, L))


def profile_nodes(estimate: FamilyEstimate) -> int:
    """Nodes of a profile: more for what is farther out than the estimate, and no more than a bound can be told by."""
    n_nodes, one = estimate.nodes.n_nodes, len(estimate.tau) == 1
    return min(2 * n_nodes, 48) if one else min(n_nodes, 16)
