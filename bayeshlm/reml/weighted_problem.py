"""The pseudo-likelihood of a weighted design as a function of numbers without bounds, and the scores of its groups."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.family_rows import FamilyRows
from bayeshlm.likelihood.kernel_products import ColumnScaling, WeightedProducts
from bayeshlm.likelihood.pseudo_scores import replicated
from bayeshlm.likelihood.quadrature_room import Rows
from bayeshlm.likelihood.weighted_kernel import weighted_log_density
from bayeshlm.likelihood.weighted_posterior import weighted_products
from bayeshlm.reml.family_problem import FamilyProblem, family_problem


@dataclass(frozen=True, eq=False)
class WeightedNormalProblem(FamilyProblem):
    """As `FamilyProblem`, of normal outcomes: in closed form from cross-products, whatever number of nodes is named.

    Attributes
    ----------
    scaling, products : ColumnScaling, WeightedProducts
        What `bayeshlm.likelihood.weighted_kernel.weighted_log_density` takes after the parameters.
    """

    scaling: ColumnScaling
    products: WeightedProducts

    def evaluate(self, x: FloatArray, n_nodes: int) -> tuple[float, FloatArray]:
        """Log pseudo-likelihood and its gradient, (D,)."""
        gamma, _, z = self.split(x)
        with np.errstate(over="ignore"):
            (sigma,) = self.auxiliary.values(z)
        value, d_gamma, d_chol, d_sigma = weighted_log_density(
            np.ascontiguousarray(gamma), self.factor(x), float(sigma), self.scaling, self.products
        )
        if not np.isfinite(value):
            return -np.inf, np.zeros(len(x))
        d_theta = np.tensordot(self.elements, d_chol, 2)
        return float(value), np.concatenate([d_gamma, d_theta, [d_sigma * sigma]])


def weighted_problem(design: Design) -> FamilyProblem:
    """The log pseudo-likelihood of a design with one grouping, all parameters free.

    Without weights, and of outcomes that are not normal, it is `family_problem`, whose density takes weights.
    """
    problem = family_problem(design)
    if design.weights is None or not design.outcome.is_normal:
        return problem
    products = design.cross_products
    scaling = ColumnScaling(
        np.linalg.solve(problem.gamma_map, products.ols - problem.gamma_origin),
        np.linalg.solve(products.x_transform, problem.gamma_map),
        np.linalg.solve(products.z_transform, problem.effect_map),
    )
    of_problem = {one.name: getattr(problem, one.name) for one in fields(problem)}
    weighted = weighted_products(products, problem.group_weights)
    return WeightedNormalProblem(**of_problem, scaling=scaling, products=weighted)


def problem_scores(problem: FamilyProblem, x: FloatArray, n_nodes: int) -> tuple[FloatArray, FloatArray]:
    """Gradients at x of the groups' terms, (J, D), and of the whole under each replicate, (R, D)."""
    groups = np.array([one.evaluate(x, n_nodes)[1] for one in _groups(problem)])
    whole = [_with_weights(problem, design).evaluate(x, n_nodes)[1] for design in replicated(problem.design)]
    return groups, np.array(whole).reshape(-1, len(x))


def _groups(problem: FamilyProblem) -> list[FamilyProblem]:
    """The terms of the groups, each by itself."""
    groups = [slice(j, j + 1) for j in range(problem.design.n_groups)]
    if isinstance(problem, WeightedNormalProblem):
        products, weights = problem.design.cross_products, problem.group_weights
        return [replace(problem, products=weighted_products(products, weights, own)) for own in groups]
    found: list[FamilyProblem] = []
    for own, (low, high) in zip(groups, pairwise(problem.first.tolist()), strict=True):
        rows = Rows(*(np.ascontiguousarray(values[..., low:high]) for values in problem.rows))
        first = np.array([0, high - low])
        found.append(replace(problem, rows=rows, first=first, group_weights=problem.group_weights[own].copy()))
    return found


def _with_weights(problem: FamilyProblem, design: Design) -> FamilyProblem:
    """The same numbers, the weights those of another design of the same rows."""
    assert design.weights is not None
    if isinstance(problem, WeightedNormalProblem):
        return replace(problem, products=weighted_products(design.cross_products, design.weights.group))
    rows = problem.rows._replace(weight=FamilyRows.of(design).rows.weight)
    return replace(problem, rows=rows, group_weights=design.weights.group)
