"""The likelihood of outcomes that are not normal as a function of numbers without bounds, and its gradient.

The numbers x are the fixed effects in columns that are orthonormal over the rows, free entries theta of a lower
triangular factor L of the random effects' covariance matrix, and the auxiliary parameters on scales without bounds.
Theta may have any sign: the likelihood is even in every column of L, so that a variance of 0 is an ordinary point. A
problem with a parameter held at a value is one of the same kind in fewer numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.design_weights import weights_of_groups
from bayeshlm.design.predictor import intercept_position
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.likelihood.compiled_rows import compiled_row, compiled_slope
from bayeshlm.likelihood.family_rows import FamilyRows
from bayeshlm.likelihood.quadrature_kernel import quadrature_density
from bayeshlm.likelihood.quadrature_posterior import is_increasing
from bayeshlm.likelihood.quadrature_room import Rows
from bayeshlm.likelihood.quadrature_rule import hermite_rule
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.relative_factor import factor_pattern
from bayeshlm.reml.rows_of_sums import rows_of_sums

type Scale = Literal["identity", "log", "atanh"]


@dataclass(frozen=True, eq=False, slots=True)
class AuxiliaryScale:
    """Auxiliary parameters without bounds: logarithms, of cutpoints one of them and the logarithms of the gaps.

    Attributes
    ----------
    count : int
        Number of the parameters.
    increasing : bool
        They are cutpoints.
    held : int or None
        Position of one that is held at `value`.
    """

    count: int
    increasing: bool
    held: int | None = None
    value: float = np.nan

    @property
    def lowest(self) -> float:
        """Lower bound of a correlation among them; of others there is none."""
        return -1.0

    @property
    def scales(self) -> tuple[Scale, ...]:
        """On which each parameter has no bounds, (count,)."""
        return ("identity" if self.increasing else "log",) * self.count

    @property
    def size(self) -> int:
        """How many numbers stand for them."""
        return self.count - (self.held is not None)

    def values(self, z: FloatArray) -> FloatArray:
        """The parameters, (count,), of such numbers."""
        if not self.increasing:
            free = np.exp(z)
            return free if self.held is None else np.insert(free, self.held, self.value)
        center, gaps = (z[0], z[1:]) if self.held is None else (self.value, z)
        along = np.concatenate([[0.0], np.cumsum(np.exp(gaps))])
        return np.asarray(center + along - along[self.held or 0])

    def numbers(self, values: FloatArray) -> FloatArray:
        """The numbers of such parameters."""
        if not self.increasing:
            return np.log(values if self.held is None else np.delete(values, self.held))
        gaps = np.log(np.diff(values))
        return gaps if self.held is not None else np.concatenate([values[:1], gaps])

    def jacobian(self, z: FloatArray) -> FloatArray:
        """Derivatives of the parameters in the numbers, (count, size)."""
        if not self.increasing:
            J = np.diag(np.exp(z))
            return J if self.held is None else np.insert(J, self.held, 0.0, axis=0)
        gaps = np.exp(z if self.held is not None else z[1:])
        above = np.tri(self.count, self.count - 1, -1)  # gap g lies below cutpoint i
        J = (above - above[self.held or 0]) * gaps
        return J if self.held is not None else np.hstack([np.ones((self.count, 1)), J])


@dataclass(frozen=True, eq=False)
class FamilyProblem:
    """What is maximized.

    Attributes
    ----------
    design : Design
    rows, first : Rows, (J + 1,) array
        X and Z in the columns of the numbers, `gamma_map` and `effect_map` applied; y without `gamma_origin`.
    gamma_origin, gamma_map : (p,), (p, p') arrays
        ``gamma = origin + map x``, in the user's columns.
    effect_map : (q, q) array
        S of ``u = S L b``; of an effect of the level-1 SD its row is that of the identity.
    origin, elements : (q, q), (k, q, q) arrays
        ``L = origin + sum_k theta_k elements_k``, lower triangular.
    auxiliary : AuxiliaryScale
    group_weights : (J,) array
        What the log-likelihood of each group is multiplied by.
    """

    design: Design
    rows: Rows
    first: IntArray
    gamma_origin: FloatArray
    gamma_map: FloatArray
    effect_map: FloatArray
    origin: FloatArray
    elements: FloatArray
    auxiliary: AuxiliaryScale
    group_weights: FloatArray

    @property
    def sizes(self) -> tuple[int, int, int]:
        """How many numbers are of gamma, of theta and of the auxiliary parameters."""
        return self.gamma_map.shape[1], len(self.elements), self.auxiliary.size

    def split(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The numbers of gamma, of theta and of the auxiliary parameters."""
        p, k, _ = self.sizes
        return x[:p], x[p : p + k], x[p + k :]

    def gamma(self, x: FloatArray) -> FloatArray:
        """Fixed effects in the user's columns, (p,)."""
        return np.asarray(self.gamma_origin + self.gamma_map @ self.split(x)[0])

    def factor(self, x: FloatArray) -> FloatArray:
        """L, (q, q)."""
        return np.asarray(self.origin + np.tensordot(self.split(x)[1], self.elements, 1))

    def auxiliary_values(self, x: FloatArray) -> FloatArray:
        """Auxiliary parameters, (a,)."""
        return self.auxiliary.values(self.split(x)[2])

    def evaluate(self, x: FloatArray, n_nodes: int) -> tuple[float, FloatArray]:
        """Log-likelihood and its gradient, (D,); ``-inf`` where the quadrature finds no place for its nodes."""
        outcome, (gamma, _, z) = self.design.outcome, self.split(x)
        density: Any = quadrature_density(
            compiled_row(outcome.family_name, outcome.link), compiled_slope(outcome.family_name, outcome.link)
        )
        with np.errstate(over="ignore"):
            auxiliary = self.auxiliary.values(z)
        nodes, zero = hermite_rule(n_nodes, len(self.origin)), np.zeros((len(self.first) - 1, len(self.origin)))
        value, d_gamma, d_chol, d_auxiliary = density(
            np.ascontiguousarray(gamma),
            self.factor(x),
            auxiliary,
            self.rows,
            self.first,
            *nodes,
            zero,
            self.group_weights,
        )
        if not np.isfinite(value):
            return -np.inf, np.zeros(len(x))
        d_theta = np.tensordot(self.elements, d_chol, 2)
        return float(value), np.concatenate([d_gamma, d_theta, d_auxiliary @ self.auxiliary.jacobian(z)])

    @property
    def method(self) -> Method:
        """What is maximized: the likelihood, or that of normal outcomes integrated over gamma."""
        return "ML"

    def free(self) -> FamilyProblem:
        """That of the design, all parameters free."""
        return family_problem(self.design)

    def gamma_vcov(self, x: FloatArray, vcov: FloatArray) -> FloatArray:
        """Covariance matrix of gamma in the user's columns, from that of the numbers x, (D, D)."""
        p = self.sizes[0]
        return np.asarray(self.gamma_map @ vcov[:p, :p] @ self.gamma_map.T)

    def without(self, entries: list[int]) -> FamilyProblem:
        """The same with some entries of theta at 0."""
        return replace(self, elements=np.delete(self.elements, entries, axis=0))


def family_problem(design: Design) -> FamilyProblem:
    """The likelihood of a design with one grouping, all parameters free."""
    found = FamilyRows.of(design) if design.rows is not None else rows_of_sums(design)
    X, Z = found.rows.X, found.rows.Z
    size = np.sqrt(found.rows.weight / found.rows.weight.sum())
    gamma_map = orthonormal(X * size)
    unit, deviates = outcome_unit(design), np.array([column.is_deviation for column in design.random])
    effect_map = np.diag(np.where(deviates, 0.0, 1 / unit))
    for block in design.blocks:
        own = [k for k in sorted(block) if deviates[k]]
        effect_map[np.ix_(own, own)] = orthonormal(Z[own] * size)
    pattern = factor_pattern(design.blocks)
    elements = np.zeros((pattern.n_free, len(Z), len(Z)))
    elements[np.arange(pattern.n_free), pattern.rows, pattern.columns] = 1.0
    origin = _level(design, found.rows)
    rows = found.rows._replace(
        y=found.rows.y - origin @ X,
        X=np.ascontiguousarray(unit * gamma_map.T @ X),
        Z=np.ascontiguousarray(unit * effect_map.T @ Z),
    )
    return FamilyProblem(
        design=design,
        rows=rows,
        first=found.first(design.n_groups),
        gamma_origin=origin,
        gamma_map=unit * gamma_map,
        effect_map=unit * effect_map,
        origin=np.zeros((len(Z), len(Z))),
        elements=elements,
        auxiliary=AuxiliaryScale(sum(count for _, count in design.outcome.auxiliary), is_increasing(design)),
        group_weights=weights_of_groups(design.weights, design.n_groups),
    )


def _level(design: Design, rows: Rows) -> FloatArray:
    """The outcomes' mean in the place of the intercept, (p,), which is taken out of outcomes under the identity.

    Steps of the search would be lost in the rounding of a mean far from zero. Nothing is taken out without intercept.
    """
    origin = np.zeros(len(design.fixed))
    intercept = intercept_position(design.fixed)
    if design.outcome.link == "identity" and intercept is not None:
        origin[intercept] = design.moments.y_mean - float(np.mean(rows.offset))
    return origin


def orthonormal(columns: FloatArray) -> FloatArray:
    """T, upper triangular, with which the combinations ``T' columns`` of columns (k, N) are orthonormal, (k, k)."""
    if not len(columns):
        return np.empty((0, 0))
    R = np.linalg.qr(columns.T, mode="r")
    return np.asarray(np.linalg.inv(R * np.where(np.diag(R) < 0, -1.0, 1.0)[:, None]))


def outcome_unit(design: Design) -> float:
    """What counts as 1 on the scale of the predictor: the outcome's SD under the identity, else 1."""
    if design.rows is None:
        return design.moments.y_sd * float(np.sqrt(1 - 1 / design.n_obs))
    return float(np.std(design.y)) if design.outcome.link == "identity" else 1.0
