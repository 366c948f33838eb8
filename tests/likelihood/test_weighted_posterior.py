"""The density of a pseudo-posterior against its graph and R's pseudo-likelihoods; scores and effects by brute force."""

import numpy as np
import pytest
from weighted_cases import COLUMNS, cases, fixed, survey, survey_design

import bayeshlm as hlm
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.likelihood.pseudo_scores import density_of_priors, scores_at
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.quantities.one_draw import one_draw

NAMES = ["gaussian-ri", "gaussian-rs", "bernoulli-ri"]


def at_reference(name, scaling):
    """The design, and R's estimates as a posterior of one draw."""
    design, case = survey_design(name, scaling), cases()[f"{name}-{scaling}"]
    variance = case["variance"]
    tau = np.sqrt([variance["tau00"], *([variance["tau11"]] if "tau11" in variance else [])])
    corr = np.eye(len(tau))
    if len(tau) == 2:
        corr[0, 1] = corr[1, 0] = variance["tau10"] / np.prod(tau)
    auxiliary = np.sqrt([variance["sigma2"]]) if "sigma2" in variance else np.empty(0)
    draw = one_draw(design, fixed(case, "estimate"), tau, corr, auxiliary, [np.zeros((design.n_groups, len(tau)))])
    return design, Draws(draw, design), case


def density_of(design, priors):
    likelihood = likelihood_of(design)
    return (
        likelihood.density_with(priors, 40)
        if isinstance(likelihood, FamilyQuadrature)
        else likelihood.log_density(priors)
    )


def values_of(design, rng):
    """Unconstrained values somewhere near an estimate, a tau with a minus."""
    q, m, a = len(design.random), len(design.random) - 1, len(design.outcome.auxiliary)
    tau = rng.uniform(0.5, 1.5, q) * np.array([-1.0, 1.0])[:q]
    return np.concatenate([rng.normal(size=3), tau, rng.normal(size=m), rng.uniform(0, 1, a)])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gaussian-ri", "gaussian-rs"])
def test_density_is_that_of_the_graph(name):
    design = survey_design(name)
    model = hlm.Model.from_design(design)
    density, log_density = (
        density_of(design, model.priors),
        model.graph().compile_logp(jacobian=False, mode="FAST_COMPILE"),
    )
    gradient = model.graph().compile_dlogp(jacobian=True, mode="FAST_COMPILE")
    variable = "gamma" if (model.priors.basis == np.eye(3)).all() else "gamma_at_means"
    q = len(design.random)
    for seed in range(3):
        x = values_of(design, np.random.default_rng(seed))
        point = {variable: x[:3], "tau_signed": x[3 : 3 + q], "sigma_log__": np.array(x[-1])}
        jacobian = x[-1]
        if q == 2:
            point["corr_beta_logodds__"] = x[5:6]
            unit = 1 / (1 + np.exp(-x[5]))
            jacobian += np.log(unit * (1 - unit))
        value, slope = density(x)
        assert value == pytest.approx(float(log_density(point)) + jacobian, rel=1e-11)
        np.testing.assert_allclose(np.sort(slope), np.sort(gradient(point)), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("scaling", ["size", "effective"])
@pytest.mark.parametrize("name", NAMES)
def test_totals_at_the_estimates_are_the_pseudo_likelihood_of_R(name, scaling):
    design, draws, case = at_reference(name, scaling)
    likelihood = likelihood_of(design)
    if isinstance(likelihood, FamilyQuadrature):
        assert likelihood.totals_with(draws, 48).item() == pytest.approx(case["log_likelihood"], abs=1e-7)
    else:
        assert likelihood.totals(draws).item() == pytest.approx(case["log_likelihood"], abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_the_slopes_of_the_groups_terms(name):
    columns = ["r1", "r2"]
    data = survey().assign(**{column: survey()["w1"] * survey()["w2"] for column in columns})
    data.loc[data["cluster"] < "c100", "r1"] *= 1.5
    data.loc[data["cluster"] >= "c100", "r2"] *= 0.5
    design = survey_design(name, SurveyWeights(COLUMNS, replicates=columns, fay=0.5), data)
    priors = make_priors(design)
    density = density_of(design, priors)
    x, h = np.abs(values_of(design, np.random.default_rng(4))), 1e-4
    groups, replicates = scores_at(design, priors, density, x)
    likelihood = likelihood_of(design)

    def terms(values):
        draws = Draws(density.parameters(values[None, None]), design)
        given = (
            likelihood.given(draws, 40) if isinstance(likelihood, FamilyQuadrature) else likelihood.group_effects(draws)
        )
        parts = given.each_block(lambda block: block.log_likelihood[0], likelihood=True)
        return np.concatenate(parts)

    slopes = np.array([(terms(x + e) - terms(x - e)) / (2 * h) for e in h * np.eye(len(x))]).T
    np.testing.assert_allclose(groups, design.weights.group[:, None] * slopes, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(replicates[0], design.weights.replicate_group[0] @ slopes, rtol=1e-5, atol=1e-4)
    whole = density(x)[1] - density_of_priors(design, density)(x)[1]
    np.testing.assert_allclose(groups.sum(axis=0), whole, rtol=1e-9, atol=1e-9)


def test_effects_given_the_outcomes_are_those_of_the_weighted_rows():
    design, draws, _ = at_reference("gaussian-rs", "size")
    block = likelihood_of(design).group_effects(draws).block(0)
    G, gamma, sigma = draws.G[0, 0], draws.gamma[0, 0], draws.sigma.item()
    for j in (0, 7, 40):
        own = design.group_codes == j
        Z, e, w = design.Z[own], design.y[own] - design.X[own] @ gamma, design.weights.row[own]
        V = np.linalg.inv(np.linalg.inv(G) + Z.T @ (w[:, None] * Z) / sigma**2)
        np.testing.assert_allclose(block.mean[0, :, j], V @ Z.T @ (w * e) / sigma**2, rtol=1e-9)
        root = block.root[0, :, :, j]
        np.testing.assert_allclose(root @ root.T, V, rtol=1e-9)


def test_densities_of_rows_and_groups_are_refused():
    for name in ("gaussian-ri", "bernoulli-ri"):
        likelihood = likelihood_of(survey_design(name))
        for what in ("row densities", "group densities"):
            assert "only the weighted sum over the sample" in likelihood.why_not(what)
        assert likelihood.can("marginal")
