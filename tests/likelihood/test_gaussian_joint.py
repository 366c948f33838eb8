"""Models of several groupings: the posterior's density, the explicit graph, and the draws of random effects."""

import numpy as np
import pytest
from groupings_data import crossed_model, growth_model
from scipy.stats import multivariate_normal

from bayeshlm.errors import OptionError
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.gaussian_joint import GaussianJoint
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.log_prior import log_prior
from bayeshlm.parameters.prior_draws import prior_draws

MODELS = {"growth": growth_model, "crossed": crossed_model}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param]()


def dense_covariance(design, G, sigma):
    V, start = sigma**2 * np.eye(design.n_obs), 0
    for Z, codes in zip(design.kept_rows.Z, design.kept_rows.codes, strict=True):
        own = slice(start, start + Z.shape[1])
        start = own.stop
        V += (Z @ G[own, own] @ Z.T) * (codes[:, None] == codes)
    return V


def test_the_density_is_the_dense_one_with_the_priors_and_jacobians(model):
    """Differences between points: the transforms' constants fall out, the rest is written here."""
    design, priors = model.design, model.priors
    density = likelihood_of(design).log_density(priors)
    rng = np.random.default_rng(1)
    p, q = len(design.fixed), len(design.random)
    m = sum(len(block) * (len(block) - 1) // 2 for block in design.blocks)
    center = np.concatenate([priors.at_means(design.products.ols), np.full(q, 0.7), np.zeros(m), [0.1]])
    found, expected = [], []
    for _ in range(4):
        x = center + 0.2 * rng.normal(size=len(center))
        found.append(density(x)[0])
        draws = Draws(density.parameters(x[None, None]), design)
        gamma, G, sigma = draws.gamma[0, 0], draws.G[0, 0], float(draws.sigma[0, 0])
        y = design.y - design.offset
        value = multivariate_normal.logpdf(y, design.X @ gamma, dense_covariance(design, G, sigma))
        priors_there = log_prior(draws, priors)
        value += sum(float(priors_there[name].sum()) for name in priors_there.data_vars)
        # d sigma / d log sigma, and d corr / d log odds of one correlation: (1 - r^2)/2
        r = np.tanh(x[p + q : p + q + m] / 2)
        expected.append(value + x[-1] + np.log1p(-(r**2)).sum())
    np.testing.assert_allclose(np.diff(found), np.diff(expected), rtol=0, atol=1e-9 * np.abs(found).max())


def test_the_gradient_is_that_of_the_density(model):
    design = model.design
    density = likelihood_of(design).log_density(model.priors)
    rng = np.random.default_rng(2)
    size = len(density.data[0].gamma_prior.T) + len(density.data[0].tau_prior.T) + len(density.data[0].corr_prior.T) + 1
    p = len(design.fixed)
    x = 0.3 * rng.normal(size=size)
    x[:p] += model.priors.at_means(design.products.ols)
    _, gradient = density(x)
    step = 1e-5
    numeric = [(density(x + e)[0] - density(x - e)[0]) / (2 * step) for e in step * np.eye(size)]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6 * np.abs(gradient).max() + 1e-4)


@pytest.mark.slow
def test_the_explicit_graph_has_the_same_posterior(model):
    """``log p(y, u, theta) - log p(u | y, theta)`` is the marginal density, at whatever u."""
    design, priors = model.design, model.priors
    draws = Draws(prior_draws(design, priors, 2, np.random.default_rng(3)), design)
    with model.graph("centered") as graph:
        logp = graph.compile_logp()
    point = graph.initial_point()
    assert {"u_child", "u_school"} <= set(point) or {"u_primary", "u_secondary"} <= set(point)
    values = []
    for noise in (0.0, 0.5):  # two values of u at one theta: only the terms of u move
        moved = {name: value + (noise if name.startswith("u_") else 0) for name, value in point.items()}
        values.append(float(logp(moved)))
    u = (
        [moved_u(point, layout.u, 0.0) for layout in draws.layouts],
        [moved_u(point, layout.u, 0.5) for layout in draws.layouts],
    )
    gamma, tau, corr, sigma = parameters_of(graph, point)
    G = tau[:, None] * corr * tau
    expected = [joint_log_density(design, gamma, G, sigma, effects) for effects in u]
    assert values[1] - values[0] == pytest.approx(expected[1] - expected[0], rel=1e-8)


def moved_u(point, name, noise):
    return point[name] + noise


def parameters_of(graph, point):
    names = [name for name in ("gamma", "tau", "corr", "sigma") if name in graph.named_vars]
    values = graph.replace_rvs_by_values([graph[name] for name in names])
    values = graph.compile_fn(values, inputs=graph.value_vars, on_unused_input="ignore")(point)
    found = dict(zip(names, values, strict=True))
    return found["gamma"], found["tau"], found.get("corr", np.eye(len(found["tau"]))), float(found["sigma"])


def joint_log_density(design, gamma, G, sigma, effects):
    mu, total, start = design.X @ gamma + design.offset, 0.0, 0
    for u, Z, codes in zip(effects, design.kept_rows.Z, design.kept_rows.codes, strict=True):
        own = slice(start, start + Z.shape[1])
        start = own.stop
        mu = mu + (Z * u[codes]).sum(axis=1)
        total += multivariate_normal.logpdf(u, np.zeros(Z.shape[1]), G[own, own]).sum()
    return total - 0.5 * (((design.y - mu) / sigma) ** 2).sum()


def test_draws_of_u_have_the_mean_and_covariance_of_the_dense_conditional_distribution(model):
    """4,000 draws at one theta; means within 4 Monte Carlo errors, every covariance within 5 of its own."""
    design, S = model.design, 4000
    one = prior_draws(design, model.priors, 1, np.random.default_rng(5))
    theta = Draws(one, design)
    G, sigma, gamma = theta.G[0, 0], float(theta.sigma[0, 0]), theta.gamma[0, 0]
    columns, sizes = [], []
    for Z, codes, term in zip(design.kept_rows.Z, design.kept_rows.codes, design.predictor.random, strict=True):
        J, q = len(term.labels), Z.shape[1]
        wide = np.zeros((design.n_obs, J, q))
        wide[np.arange(design.n_obs), codes] = Z
        columns.append(wide.reshape(design.n_obs, J * q))
        sizes.append((J, q))
    Z, prior, start, at = np.hstack(columns), np.zeros((sum(J * q for J, q in sizes),) * 2), 0, 0
    for J, q in sizes:
        here = slice(at, at + J * q)
        prior[here, here] = np.kron(np.eye(J), G[start : start + q, start : start + q])
        start, at = start + q, at + J * q
    gain = prior @ Z.T @ np.linalg.inv(Z @ prior @ Z.T + sigma**2 * np.eye(design.n_obs))
    mean, covariance = gain @ (design.y - design.X @ gamma), prior - gain @ Z @ prior
    many = Draws(one.isel(draw=np.zeros(S, dtype=int)).assign_coords(draw=np.arange(S)), design)
    u = np.hstack([found.reshape(S, -1) for found in likelihood_of(design).drawn_effects(many, 7)])
    sd = np.sqrt(np.diag(covariance))
    assert (abs(u.mean(axis=0) - mean) < 4 * sd / np.sqrt(S)).all()
    error = np.sqrt((np.outer(sd, sd) ** 2 + covariance**2) / S)
    assert (abs(np.cov(u.T) - covariance) < 5 * error).all()


def test_coefficients_of_units_are_what_the_equations_say():
    model = growth_model()
    design = model.design
    tree = model.prior_predictive(3, seed=1)["prior"].to_dataset()
    draws = Draws(tree, design)
    child, school = draws.layouts
    assert tree[child.beta].dims == ("chain", "draw", "child", "coefficient_child")
    assert tree[child.coefficient].to_numpy().tolist() == ["p0", "p1"]
    assert tree[school.coefficient].to_numpy().tolist() == ["b00", "b01", "b10"]
    gamma = {label: draws.gamma[..., k] for k, label in enumerate(design.fixed_labels)}
    of_school = design.kept_rows.codes[1][np.unique(design.kept_rows.codes[0], return_index=True)[1]]
    frame = design.frame.drop_duplicates("child")
    size, female = frame["size"].to_numpy(), frame["female"].to_numpy()
    u = draws.u_of(1)
    b00 = gamma["g000"][..., None] + gamma["g001"][..., None] * size + u[..., of_school, 0]
    p0 = b00 + gamma["g010"][..., None] * female + draws.u_of(0)[..., 0]
    p1 = gamma["g100"][..., None] + u[..., of_school, 1] + draws.u_of(0)[..., 1]
    np.testing.assert_allclose(draws.beta_of(0), np.stack([p0, p1], axis=-1), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(draws.beta_of(1)[..., of_school, 0], b00, rtol=1e-12, atol=1e-12)


def test_what_needs_independent_units_is_refused(model):
    likelihood = likelihood_of(model.design)
    assert isinstance(likelihood, GaussianJoint)
    assert all(likelihood.can(what) for what in ("marginal", "row densities", "group densities"))
    with pytest.raises(OptionError, match="groups that are independent of each other, but those of"):
        likelihood.require("independent groups")
