"""Weighted maximum likelihood against R's pseudo-maximum likelihood: estimates, sandwich, pseudo-likelihood."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from weighted_cases import COLUMNS, cases, fixed, survey, survey_design

from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.family_estimate import fit_family
from bayeshlm.reml.family_maximum import maximize
from bayeshlm.reml.family_scalars import covariance_derivatives
from bayeshlm.reml.weighted_problem import problem_scores, weighted_problem

CASES = [name for name in cases() if not name.endswith("unweighted")]


@pytest.mark.parametrize("name", CASES)
def test_estimates_and_sandwich_are_those_of_R(name):
    case = cases()[name]
    model, _, scaling = name.rpartition("-")
    exact = model.startswith("gaussian")
    estimate = fit_family(survey_design(model, scaling))
    assert estimate.converged
    assert estimate.log_likelihood == pytest.approx(case["log_likelihood"], abs=1e-7)
    np.testing.assert_allclose(estimate.gamma, fixed(case, "estimate"), rtol=1e-8 if exact else 1e-6)
    np.testing.assert_allclose(estimate.se, fixed(case, "se_robust_JJ1"), rtol=1e-6)
    found = dict(zip(("tau00", "tau10", "tau11"), estimate.G[np.tril_indices(len(estimate.G))], strict=False))
    if exact:
        found["sigma2"] = estimate.auxiliary[0] ** 2
    for key, value in case["variance"].items():
        assert found[key] == pytest.approx(value, rel=1e-7 if exact else 2e-6)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("gaussian")])
def test_sandwich_of_variances_is_that_of_R(name):
    case = cases()[name]
    model, _, scaling = name.rpartition("-")
    estimate = fit_family(survey_design(model, scaling))
    dG, J = covariance_derivatives(estimate), estimate.n_groups[0]
    for key, (r, s) in {"tau00": (0, 0), "tau10": (1, 0), "tau11": (1, 1)}.items():
        if key in case["variance"]:
            se = np.sqrt(dG[:, r, s] @ estimate.maximum.vcov @ dG[:, r, s])
            assert se == pytest.approx(case["variance_se_robust"][key] * np.sqrt(J / (J - 1)), rel=1e-5)


@pytest.mark.parametrize("name", ["gaussian-ri", "gaussian-rs", "bernoulli-ri"])
def test_weights_of_1_with_sampling_units_give_the_unweighted_estimate_and_its_sandwich(name):
    case = cases()[f"{name}-unweighted"]
    data = survey().assign(w1=3.0, w2=0.5)
    weighted = fit_family(survey_design(name, SurveyWeights(COLUMNS, psu="cluster"), data))
    np.testing.assert_allclose(weighted.gamma, fixed(case, "estimate"), rtol=1e-6)
    np.testing.assert_allclose(weighted.se, fixed(case, "se_robust_JJ1"), rtol=1e-5)
    assert weighted.log_likelihood == pytest.approx(case["log_likelihood"], abs=1e-6)
    if name.startswith("gaussian"):
        ml = fit_reml(survey_design(name, None), "ML")
        np.testing.assert_allclose(weighted.gamma, ml.gamma, rtol=1e-7)
        np.testing.assert_allclose(weighted.tau, ml.tau, rtol=1e-5)


def test_groups_twice_are_weights_of_2():
    """One half of the clusters counts twice, by a weight or by a copy."""
    data = survey()
    double = data["cluster"] < "c200"
    copy = data[double].assign(cluster="copy of " + data.loc[double, "cluster"])
    by_weight = data.assign(w2=np.where(double, 2.0, 1.0))
    by_rows = pd.concat([data, copy], ignore_index=True).assign(w2=1.0)
    one = fit_family(survey_design("gaussian-ri", data=by_weight))
    other = fit_family(survey_design("gaussian-ri", data=by_rows))
    np.testing.assert_allclose(one.gamma, other.gamma, rtol=1e-7)
    np.testing.assert_allclose([*one.tau, *one.auxiliary], [*other.tau, *other.auxiliary], rtol=1e-7)


def test_scores_sum_to_the_gradient_and_are_differences_of_the_terms():
    for name in ("gaussian-rs", "bernoulli-ri"):
        problem = weighted_problem(survey_design(name))
        x = np.full(sum(problem.sizes), 0.3)
        groups, replicates = problem_scores(problem, x, 12)
        np.testing.assert_allclose(groups.sum(axis=0), problem.evaluate(x, 12)[1], rtol=1e-8, atol=1e-8)
        assert replicates.shape == (0, len(x))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gaussian-ri", "bernoulli-ri"])
def test_replicates_give_the_spread_of_estimates_made_anew(name):
    """Of many random halves the sum of squares of the score and of the estimates made anew agree."""
    rng, data = np.random.default_rng(5), survey().copy()
    clusters, codes = np.unique(data["cluster"], return_inverse=True)
    columns = [f"r{k}" for k in range(40)]
    for column in columns:
        data[column] = (data["w1"] * data["w2"]) * np.where(rng.random(len(clusters)) < 0.5, 0.5, 1.5)[codes]
    design = survey_design(name, SurveyWeights(COLUMNS, replicates=columns, fay=0.5), data)
    estimate = fit_family(design)
    anew = []
    for group in design.weights.replicate_group:
        weights = dataclasses.replace(design.weights, group=group, replicate_group=np.empty((0, len(group))))
        problem = weighted_problem(design.changed(weights=weights))
        found = maximize(lambda x, problem=problem: problem.evaluate(x, 12), estimate.maximum.x)
        anew.append(problem.gamma(found.x))
    away = np.array(anew) - estimate.gamma
    spread = np.sqrt((design.weights.factors[:, None] * away**2).sum(axis=0))
    # One step of Newton's method differs in second order: the halves move estimates by .5 of their standard errors.
    np.testing.assert_allclose(estimate.se, spread, rtol=0.1)
