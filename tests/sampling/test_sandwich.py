"""The spread that draws of a pseudo-posterior are given: the map, its coordinates, and when nothing moves."""

import numpy as np
import pandas as pd
import pytest
from weighted_cases import COLUMNS, survey, survey_design

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.equations import parse
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.pseudo_scores import scores_at
from bayeshlm.likelihood.quadrature_posterior import family_draws
from bayeshlm.likelihood.unconstrained_density import marginal_draws
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.sampling.sandwich import Scales, sandwich_map, unconstrained_values

RATINGS = "rating ~ Ordinal(eta); eta = b0 + b1*x; b0 = u0; b1 = g10 + u1"
COUNTS = "count ~ NegativeBinomial(mu, phi); log(mu) = b0 + b1*x; b0 = g00 + u0; b1 = g10"


def ratings():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"school": np.repeat(np.arange(12), 10), "x": rng.normal(size=120)})
    return frame.assign(rating=rng.integers(1, 5, 120), count=rng.poisson(2, 120), y=rng.normal(size=120))


@pytest.mark.parametrize("equations", [RATINGS, COUNTS, "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1"])
def test_values_of_draws_are_those_that_they_were_made_of(equations):
    design = build_design(parse(equations), ratings(), "school")
    priors = make_priors(design)
    n = len(design.fixed) + len(design.random) * (len(design.random) + 1) // 2
    n += sum(count for _, count in design.outcome.auxiliary)
    x = np.random.default_rng(1).normal(size=(2, 5, n))
    p, q = len(design.fixed), len(design.random)
    x[..., p : p + q] = np.abs(x[..., p : p + q])
    made = (marginal_draws if design.outcome.is_normal else family_draws)(x, design, priors)
    np.testing.assert_allclose(unconstrained_values(Draws(made, design), priors), x, rtol=1e-8, atol=1e-9)


def test_coordinates_and_values_are_inverse():
    x = np.abs(np.random.default_rng(1).normal(size=(50, 5)))
    scales = Scales.of(x, slice(2, 4))
    t = scales.coordinates(x)
    np.testing.assert_allclose(t.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(t.std(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(scales.values(t), x, rtol=1e-12)
    h = 1e-6
    slope = (scales.values(t[:1] + h) - scales.values(t[:1] - h)) / (2 * h)
    np.testing.assert_allclose(scales.slopes(x[0]), slope[0], rtol=1e-7)


@pytest.mark.slow
def test_map_takes_the_inverse_information_to_the_sandwich():
    """``M H^-1 M' = H^-1 (J + P) H^-1``, all by differences of the log density in the coordinates of the draws."""
    design = survey_design("gaussian-rs", SurveyWeights(COLUMNS, psu="cluster"))
    priors = make_priors(design)
    density = likelihood_of(design).log_density(priors)
    center = np.concatenate([priors.at_means(np.array([1.0, 1.0, 0.5])), np.log([1.1, 1.05]), [-0.2, 0.6]])
    scales = Scales(slice(3, 5), center, np.array([0.15, 0.16, 0.14, 0.11, 0.11, 0.3, 0.02]))
    M = sandwich_map(design, priors, density, scales, np.zeros(7, dtype=bool))
    assert np.allclose(M, np.tril(M))
    objective = scales.objective(density)
    t = np.zeros(7)
    for _ in range(30):  # Newton's method with differences
        gradient = objective(t)[1]
        H = -np.array([(objective(t + e)[1] - objective(t - e)[1]) / 2e-4 for e in 1e-4 * np.eye(7)])
        t = t + np.linalg.solve((H + H.T) / 2, gradient)
    bread = np.linalg.inv((H + H.T) / 2)
    x = scales.values(t[None])[0]
    slopes = scales.slopes(x)
    scores = scores_at(design, priors, density, x)[0] * slopes
    away = scores - scores.mean(axis=0)
    J = 112 / 111 * away.T @ away

    def likelihood_gradient(t):
        x = scales.values(t[None])[0]
        return scores_at(design, priors, density, x)[0].sum(axis=0) * scales.slopes(x)

    H_likelihood = -np.array(
        [(likelihood_gradient(t + e) - likelihood_gradient(t - e)) / 2e-4 for e in 1e-4 * np.eye(7)]
    )
    P = (H + H.T) / 2 - (H_likelihood + H_likelihood.T) / 2
    np.testing.assert_allclose(M @ bread @ M.T, bread @ (J + P) @ bread, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_nothing_moves_under_simple_random_sampling_of_groups():
    """Where the model is right and weights are 1 the sandwich differs from the information by its own error."""
    rng, J = np.random.default_rng(8), 2000
    school = np.repeat(np.arange(J), 8)
    x, u = rng.normal(size=len(school)), rng.normal(size=J)
    y = 1 + 0.5 * x + u[school] + 2 * rng.normal(size=len(school))
    data = pd.DataFrame({"school": school, "x": x, "y": y, "w": 1.0})
    weights = hlm.SurveyWeights({"school": "w"}, psu="school")
    model = hlm.Model("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", data, "school", weights=weights)
    fit = model.fit(seed=1, draws=250, sampler="importance", progress=False)
    moved = np.concatenate([fit.fixed_effects()["deft"], fit.variance_components().loc["tau", "deft"]])
    # A variance of J terms, of kurtosis up to 6, has the relative error sqrt(5 / J), its root half of that.
    np.testing.assert_allclose(moved, 1, atol=4 * 0.5 * np.sqrt(5 / J))


@pytest.mark.slow
def test_a_tau_near_zero_is_left_as_it_is():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 10)
    data = pd.DataFrame({"group": group, "x": rng.normal(size=400), "y": rng.normal(size=400)})
    data = data.assign(w=rng.uniform(0.5, 2, 400), v=rng.uniform(0.5, 3, 40)[group])
    model = hlm.Model("y ~ x + (1 + x | group)", data, weights={"row": "w", "group": "v"})
    with pytest.warns(hlm.ModelWarning, match="tau of u0 and u1 lies near zero"):
        fit = model.fit(seed=1, draws=500, sampler="importance", progress=False)
    found = fit.variance_components()["deft"]
    np.testing.assert_allclose(found.loc["tau"], 1, atol=0.05)
    assert found.loc["corr"].item() == pytest.approx(1, abs=0.05)
    assert found.loc[("sigma", "")] > 1.2


def test_too_few_units_are_an_error():
    data = survey().assign(area=survey()["cluster"].str[1:2])
    model = hlm.Model("y ~ x + z + (1 | cluster)", data, weights=hlm.SurveyWeights(COLUMNS, psu="area"))
    for made in (model.ml, model.fit):
        with pytest.raises(hlm.DataError, match="5 parameters over samples cannot be estimated from 4 sampling units"):
            made()
