"""Likelihoods of a few rows where nothing is finite, and their sums over groups; rows that stand for others."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.equations import parse
from bayeshlm.reml import grouping_influence
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.family_estimate import NodesOfEstimate, estimate_at
from bayeshlm.reml.family_maximum import Maximum
from bayeshlm.reml.family_problem import family_problem
from bayeshlm.reml.family_scalars import wald_family
from bayeshlm.reml.family_search import _name
from bayeshlm.reml.level1_problem import level1_problem
from bayeshlm.reml.rows_of_sums import rows_of_sums
from bayeshlm.reml.weighted_problem import problem_scores, weighted_problem

RNG = np.random.default_rng(3)
DATA = pd.DataFrame(
    {
        "g": np.repeat(list("abc"), 4),
        "h": [*"pqrs"] * 3,
        "x": RNG.standard_normal(12).round(2),
        "n": [0, 2, 1, 1, 3, 0, 1, 2, 0, 0, 1, 4],
        "y": RNG.standard_normal(12).round(2) + np.repeat([-1.0, 0.0, 2.0], 4),
        "w": [1.0, 2.0, 1.5, 1.0] * 3,
    }
)
COUNTS = "n ~ Poisson(mu); log(mu) = b0 + b1*x; b0 = g00 + u0; b1 = g10"
SPREAD = "y = b0 + b1*x + r; log(sigma) = a0 + a1*x; b0 = g00 + u0; b1 = g10"


def design_of(text, group="g", **options):
    return build_design(parse(text), DATA, group=group, **options)


@pytest.mark.parametrize("criterion", ["REML", "ML"])
def test_what_is_not_finite_is_no_maximum(criterion):
    problem = level1_problem(design_of(SPREAD), criterion)
    x = np.zeros(sum(problem.sizes))
    assert np.isfinite(problem.evaluate(x, 5)[0])
    for place, far in ((0, 1e160), (-2, 400.0), (-1, -400.0), (-1, 400.0)):
        value, gradient = problem.evaluate(np.where(np.arange(len(x)) == place % len(x), far, x), 5)
        assert value == -np.inf
        assert not gradient.any()


def test_a_level1_sd_of_zero_is_no_restricted_maximum():
    problem = level1_problem(design_of(SPREAD), "REML")
    value, gradient = problem.evaluate(np.array([0.0, 0.0, 0.0, -400.0, 0.0]), 5)
    assert value == -np.inf
    assert not gradient.any()


def test_a_count_without_end_is_no_maximum():
    problem = family_problem(design_of(COUNTS))
    x = np.zeros(sum(problem.sizes))
    assert np.isfinite(problem.evaluate(x, 5)[0])
    x[0] = 1e6
    value, gradient = problem.evaluate(x, 5)
    assert value == -np.inf
    assert not gradient.any()


def test_the_scores_of_groups_add_up():
    problem = weighted_problem(design_of(COUNTS, weights=SurveyWeights({"row": "w"})))
    x = np.full(sum(problem.sizes), 0.3)
    groups, _ = problem_scores(problem, x, 5)
    assert groups.shape == (3, len(x))
    np.testing.assert_allclose(groups.sum(axis=0), problem.evaluate(x, 5)[1], rtol=1e-11)


def test_a_fixed_effect_is_named_by_what_it_multiplies():
    design = design_of("y = b0 + b1*x + r; b0 = g00 + g01*mean(x) + u0; b1 = g10 + g11*mean(x)")
    assert [_name(design, column) for column in design.fixed] == ["intercept", "mean(x)", "x", "x*mean(x)"]


def test_rows_that_stand_for_others_have_their_products():
    design = design_of("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1")
    found, kept = rows_of_sums(design).rows, design.kept_rows
    for own, all_rows in ((found.X, kept.X), (found.Z, kept.Z[0])):
        np.testing.assert_allclose(own @ own.T / own.shape[1], all_rows.T @ all_rows / len(all_rows), atol=1e-12)
    ols = np.linalg.lstsq(kept.X, kept.y, rcond=None)[0]
    np.testing.assert_allclose(found.y, ols @ found.X, atol=1e-12)


def test_estimates_without_a_group_are_generalized_least_squares_of_the_other_rows():
    design = design_of("y = b0 + b1*x + r; b0 = g00 + u0[g] + v0[h]; b1 = g10", None)
    estimate = fit_reml(design)
    rows = design.kept_rows
    V = estimate.sigma**2 * np.eye(12)
    for tau, codes in zip(estimate.tau, rows.codes, strict=True):
        V += tau**2 * (codes[:, None] == codes)
    for k, codes in enumerate(rows.codes):
        found = grouping_influence.one_step(design, estimate, k)
        for j in range(codes.max() + 1):
            left = codes != j
            X, inverse = rows.X[left], np.linalg.inv(V[np.ix_(left, left)])
            vcov = np.linalg.inv(X.T @ inverse @ X)
            np.testing.assert_allclose(found.vcov[j], vcov, rtol=1e-6)
            np.testing.assert_allclose(found.gamma[j], vcov @ X.T @ inverse @ rows.y[left], rtol=1e-6)


@pytest.mark.parametrize("root", [0.0, 0.5])
def test_a_correlation_of_one_has_no_interval(root):
    problem = family_problem(design_of(COUNTS.replace("b1 = g10", "b1 = g10 + u1")))
    p, k, _ = problem.sizes
    x = np.ones(sum(problem.sizes))
    x[p : p + k] = np.where(problem.elements[:, 1, 1] != 0, root, 1.0)
    maximum = Maximum(x, 0.0, np.eye(len(x)), 0.0, True)
    estimate = estimate_at(problem, maximum, NodesOfEstimate(8, 0.0, 0.0))
    assert (abs(estimate.corr[0, 1]) > 1 - 1e-12) == (root == 0)
    found = wald_family(estimate)
    bounds = dict(zip(found.keys, zip(found.lower, found.upper, strict=True), strict=True))
    assert np.isnan(bounds["corr", "u0,u1"]).all() == (root == 0)
    assert np.isfinite(bounds["tau", "u0"]).all()
    for label, value, se in zip(estimate.fixed_labels, estimate.gamma, estimate.se, strict=True):
        np.testing.assert_allclose(bounds["gamma", label], [value - 1.959964 * se, value + 1.959964 * se], rtol=1e-6)
