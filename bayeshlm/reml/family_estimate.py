"""Estimates by the likelihood of rows, in the user's columns: not normal, weighted, or with a level-1 model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.family_quadrature import MOST_EFFECTS
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.family_maximum import Maximum, newton_step
from bayeshlm.reml.family_problem import FamilyProblem
from bayeshlm.reml.family_search import search
from bayeshlm.reml.level1_problem import level1_problem
from bayeshlm.reml.relative_factor import factor_pattern, lower_factor
from bayeshlm.reml.scale_problem import scale_problem
from bayeshlm.reml.user_columns import correlations, why_singular
from bayeshlm.reml.weighted_problem import problem_scores, weighted_problem

NODES = {1: (12, 24, 48, 96), 2: (8, 16, 32, 64)}
"""Nodes of each effect that are tried in turn, of one and of two random effects."""

CLOSED = (1,)
"""Of normal outcomes, whose integrals are closed."""

MAX_CHANGE, MAX_MOVE = 1e-5, 1e-4
"""What twice as many nodes may change: the log-likelihood, and an estimate in standard errors. Less than is printed."""

ZERO = 1e-6
"""SD on the scale of the predictor, of the effect's column at its root mean square, that counts as 0."""


@dataclass(frozen=True, slots=True)
class NodesOfEstimate:
    """What twice as many nodes of quadrature make of an estimate.

    Attributes
    ----------
    n_nodes : int
        Nodes in the dimension of each random effect.
    change : float
        Of the log-likelihood at the estimate.
    move : float
        Of the estimates together, in standard errors.
    """

    n_nodes: int
    change: float
    move: float

    @property
    def holds(self) -> bool:
        """Whether both are less than is printed."""
        return abs(self.change) < MAX_CHANGE and self.move < MAX_MOVE


@dataclass(frozen=True, eq=False)
class FamilyEstimate(Estimate):
    """The maximum of a likelihood of rows; the numbers are in the units of the user's columns.

    Of `Estimate`, ``vcov`` is the part of gamma of the inverse of the observed information about all parameters, on a
    boundary about those inside of it; with sampling weights, of any outcome, of the sandwich.

    Attributes
    ----------
    auxiliary : ndarray, (a,)
        Parameters of the outcome's distribution beside the predictor, in the order of ``outcome.auxiliary_effects``.
    problem : FamilyProblem
        The likelihood, without what is 0 on the boundary.
    maximum : Maximum
        Where it is largest.
    nodes : NodesOfEstimate
        The certificate of the quadrature.
    """

    auxiliary: FloatArray
    problem: FamilyProblem
    maximum: Maximum
    nodes: NodesOfEstimate

    @property
    def converged(self) -> bool:
        """Whether the search ended at a maximum and the nodes were enough."""
        return self.maximum.converged and self.nodes.holds


def fit_family(design: Design, method: Method = "ML") -> FamilyEstimate:
    """Estimate the model of a design by maximum likelihood, the random effects integrated out by adaptive quadrature.

    Parameters
    ----------
    design : Design
        With one grouping and one or two random effects; the outcome may have any distribution. A normal outcome is
        that of a design with sampling weights or a level-1 model, and may have any number of effects.
    method : "ML" or "REML"
        REML is that of a level-1 model, whose standard errors are as lme4 and nlme have them by either method: those of
        gamma take the variances as known.

    Raises
    ------
    OptionError
        Several groupings or more effects.
    DataError
        The likelihood has no maximum; or there are fewer sampling units than parameters.

    Notes
    -----
    As lme4's ``glmer`` with ``nAGQ``, but for the number of nodes, which is doubled until twice as many change less
    than is printed, and the standard errors, which are those of the information about all parameters; ``glmer``'s take
    the variances as known (Pinheiro & Bates 1995, J. Computational and Graphical Statistics 4, 12-35). With sampling
    weights it is maximum pseudo-likelihood, and standard errors are those of the sandwich (Rabe-Hesketh & Skrondal
    2006, J. Royal Statistical Society A 169, 805-827).
    """
    if len(design.groupings) > 1 or (len(design.random) > MOST_EFFECTS and not design.outcome.is_normal):
        has = f"{len(design.groupings)} groupings" if len(design.groupings) > 1 else f"{len(design.random)} of them"
        raise OptionError(
            f"Maximum likelihood of a {design.outcome.family_name} outcome takes one grouping with one or two random"
            f" effects, and this model has {has}: sample it with model.fit()."
        )
    problem = problem_of(design, method)
    found = None
    n_integrals = 1 if design.outcome.residuals.spread_effect else len(design.random)
    for n_nodes in CLOSED if design.outcome.is_jointly_normal else NODES[n_integrals]:
        found = search(problem, n_nodes, found)
        nodes = _certified(found.problem, found.maximum, n_nodes)
        if nodes.holds:
            break
    assert found is not None
    maximum, weights = found.maximum, design.weights
    if weights is not None:
        weights.require_units(sum(found.problem.sizes))
        scores = problem_scores(found.problem, maximum.x, nodes.n_nodes)
        maximum = replace(maximum, score_covariance=weights.score_covariance(*scores))
    return estimate_at(found.problem, maximum, nodes)


def problem_of(design: Design, method: Method = "ML") -> FamilyProblem:
    """What is maximized of a design with one grouping, all parameters free."""
    if design.outcome.residuals.spread_effect:
        return scale_problem(design)
    if design.rows is not None and design.rows.level1 is not None:
        return level1_problem(design, method)
    return weighted_problem(design)


def _certified(problem: FamilyProblem, maximum: Maximum, n_nodes: int) -> NodesOfEstimate:
    value, gradient = problem.evaluate(maximum.x, 2 * n_nodes)
    return NodesOfEstimate(n_nodes, value - maximum.value, newton_step(gradient, maximum.information)[1])


def estimate_at(problem: FamilyProblem, maximum: Maximum, nodes: NodesOfEstimate) -> FamilyEstimate:
    """Say in the user's columns what a maximum is."""
    design, x = problem.design, maximum.x
    pattern = factor_pattern(design.blocks)
    L = lower_factor(problem.effect_map @ problem.factor(x), tolerance=1e-10)
    L[np.linalg.norm(L, axis=1) < ZERO * np.linalg.norm(problem.effect_map, axis=1)] = 0.0
    tau, corr = np.linalg.norm(L, axis=1), correlations(L)
    auxiliary = problem.auxiliary_values(x)
    labels = tuple(design.random_labels)
    singular = bool(np.any(np.diag(L) == 0))
    return FamilyEstimate(
        method=problem.method,
        fixed_labels=tuple(design.fixed_labels),
        random_labels=labels,
        gamma=problem.gamma(x),
        vcov=problem.gamma_vcov(x, maximum.vcov),
        G=L @ L.T,
        tau=tau,
        corr=corr,
        criterion=-2 * maximum.value,
        n_obs=design.n_obs,
        n_groups=(design.n_groups,),
        n_parameters=len(design.fixed) + pattern.n_free + len(auxiliary),
        singular=singular,
        reason=why_singular(tau, corr, L, pattern, labels) if singular else "",
        auxiliary=auxiliary,
        problem=problem,
        maximum=maximum,
        nodes=nodes,
    )
