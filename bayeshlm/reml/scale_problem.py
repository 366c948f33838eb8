"""The likelihood where the level-1 SD varies between groups, as a function of numbers without bounds."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.likelihood.quadrature_rule import hermite_rule
from bayeshlm.likelihood.scale_effects import scale_moments
from bayeshlm.likelihood.scale_kernel import scale_density
from bayeshlm.likelihood.scale_posterior import SortedRows
from bayeshlm.reml.family_problem import FamilyProblem, family_problem
from bayeshlm.reml.level1_scale import Level1Scale


@dataclass(frozen=True, eq=False)
class ScaleProblem(FamilyProblem):
    """As `FamilyProblem`, by the kernel that is sampled, in the user's columns: one integral a group.

    Attributes
    ----------
    found : SortedRows
    """

    found: SortedRows

    def free(self) -> FamilyProblem:
        """That of the design, all parameters free."""
        return scale_problem(self.design)

    def _triangular(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Lower triangular L of ``G = L L'`` in the user's columns, and Q of ``S L(x) = L Q'``."""
        Q, R = np.linalg.qr((self.effect_map @ self.factor(x)).T)
        return np.ascontiguousarray(R.T), Q

    def evaluate(self, x: FloatArray, n_nodes: int) -> tuple[float, FloatArray]:
        """Log-likelihood and its gradient, (D,); ``-inf`` where the quadrature finds no place for its nodes."""
        z, (L, Q), zero = self.split(x)[2], self._triangular(x), np.zeros((self.design.n_groups, 1))
        with np.errstate(all="ignore"):
            parameters = self.gamma(x), L, self.auxiliary.values(z)
            value, d_gamma, d_chol, d_alpha = scale_density(
                parameters, self.found.rows, self.found.ends, hermite_rule(n_nodes, 1), zero
            )
        if not np.isfinite(value):
            return -np.inf, np.zeros(len(x))
        d_theta = np.tensordot(self.elements, self.effect_map.T @ d_chol @ Q.T, 2)
        d_numbers = d_alpha @ self.auxiliary.jacobian(z)
        return float(value), np.concatenate([self.gamma_map.T @ d_gamma, d_theta, d_numbers])

    def effects(self, x: FloatArray, n_nodes: int) -> tuple[FloatArray, FloatArray]:
        """Means and SDs of u and v given the outcomes and the parameters, (J, q) each."""
        q, J = len(self.origin), self.design.n_groups
        mean, root = np.empty((1, q, J)), np.empty((1, q, q, J))
        parameters = self.gamma(x)[None], self._triangular(x)[0][None], self.auxiliary_values(x)[None]
        log_likelihood, modes = np.empty((1, J)), np.empty((J, 1))
        rule = hermite_rule(n_nodes, 1)
        scale_moments(parameters, self.found.rows, self.found.ends, rule, log_likelihood, mean, root, modes)
        return mean[0].T, np.sqrt((root[0] ** 2).sum(axis=1)).T


def scale_problem(design: Design) -> ScaleProblem:
    """The likelihood of a design whose level-1 SD varies between groups, all parameters free."""
    problem, level1 = family_problem(design), design.kept_rows.modeled
    of_problem = {one.name: getattr(problem, one.name) for one in fields(problem)}
    of_problem["auxiliary"] = Level1Scale.of(level1)
    return ScaleProblem(**of_problem, found=SortedRows.of(design))
