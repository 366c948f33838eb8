"""Densities of rows whose SDs are known against dense matrices and PyMC's graphs, with one and with two groupings."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

import bayeshlm as hlm
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.log_prior import log_prior
from bayeshlm.parameters.prior_draws import prior_draws

ONE = "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + u1; sd(r) = se"
SEVERAL = "y = b0 + b1*x + r; b0 = p0 + u0; p0 = g00 + v0; b1 = g10 + v1; sd(r) = se"


def frame():
    rng = np.random.default_rng(4)
    lab = np.repeat(np.arange(6), 8)
    study = np.repeat(np.arange(16), 3)
    n = len(lab)
    x, se = rng.normal(size=n), rng.uniform(0.3, 2, n)
    y = 3 + x + rng.normal(size=6)[lab] + 0.5 * rng.normal(size=16)[study] + se * rng.normal(size=n)
    data = pd.DataFrame({"lab": lab, "study": study, "x": x, "se": se, "y": y})
    data["lab"] = data["study"] // 3
    data["w"] = data["lab"] % 2
    return data


MODELS = {
    "one": lambda: hlm.Model(ONE, frame(), "lab"),
    "several": lambda: hlm.Model(SEVERAL, frame(), ["study", "lab"]),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param]()


@pytest.fixture(scope="module")
def draws(model):
    return Draws(prior_draws(model.design, model.priors, 4, np.random.default_rng(3)), model.design)


def covariance(design, G):
    """Dense covariance matrix of y: known variances on the diagonal."""
    V, start = np.diag(design.kept_rows.sd**2), 0
    for Z, codes in zip(design.kept_rows.Z, design.kept_rows.codes, strict=True):
        own = slice(start, start + Z.shape[1])
        start = own.stop
        V = V + (Z @ G[own, own] @ Z.T) * (codes[:, None] == codes)
    return V


def conditional(y, mean, V, left):
    """Log density of the rows `left` given all others."""
    rest = np.setdiff1d(np.arange(len(y)), left)
    pull = np.linalg.solve(V[np.ix_(rest, rest)], V[np.ix_(rest, left)]).T
    center = mean[left] + pull @ (y - mean)[rest]
    return multivariate_normal.logpdf(y[left], center, V[np.ix_(left, left)] - pull @ V[np.ix_(rest, left)])


def test_there_is_no_sigma(model, draws):
    assert "sigma" not in draws.dataset
    assert "sigma" not in model.priors.by_key()
    assert "sigma" not in draws.schema.labels
    with pytest.raises(hlm.OptionError, match="those of 'y' are known and differ from row to row"):
        _ = draws.sigma


def test_densities_are_the_dense_ones(model, draws):
    design = model.design
    likelihood = likelihood_of(design)
    whole = [multivariate_normal.logpdf(design.y, design.X @ g, covariance(design, G)) for g, G in each(draws)]
    np.testing.assert_allclose(likelihood.totals(draws), whole, rtol=0, atol=1e-10 * abs(np.array(whole)).max())
    codes = design.kept_rows.codes[-1]
    for unit, left in (("row", lambda k: np.array([k])), ("lab", lambda k: np.flatnonzero(codes == k))):
        units = np.arange(5)
        expected = [
            [conditional(design.y, design.X @ g, covariance(design, G), left(k)) for g, G in each(draws)] for k in units
        ]
        np.testing.assert_allclose(likelihood.pointwise(draws, unit, units), expected, rtol=1e-9, atol=1e-9)


def each(draws):
    return zip(draws.flat(draws.gamma), draws.flat(draws.G), strict=True)


def test_the_density_of_the_parameters_is_the_dense_one_and_its_gradient(model):
    design, priors = model.design, model.priors
    density = likelihood_of(design).log_density(priors)
    rng, p, q = np.random.default_rng(1), len(design.fixed), len(design.random)
    size = p + q + sum(len(block) * (len(block) - 1) // 2 for block in design.blocks)
    center = np.concatenate([priors.at_means(design.products.ols), np.full(q, 0.7), np.zeros(size - p - q)])
    gaps = []
    for _ in range(4):
        x = center + 0.2 * rng.normal(size=size)
        value, gradient = density(x)
        at = Draws(density.parameters(x[None, None]), design)
        expected = multivariate_normal.logpdf(design.y, design.X @ at.gamma[0, 0], covariance(design, at.G[0, 0]))
        there = log_prior(at, priors)
        expected += sum(float(there[name].sum()) for name in there.data_vars)
        expected += np.log1p(-(np.tanh(x[p + q :] / 2) ** 2)).sum()
        gaps.append(value - expected)
        steps = 1e-6 * np.eye(size)
        slopes = [(density(x + step)[0] - density(x - step)[0]) / 2e-6 for step in steps]
        np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-5)
    # signed tau has half its prior on either side, and the transform of a correlation a constant
    np.testing.assert_allclose(gaps, gaps[0], rtol=0, atol=1e-10 * abs(value))


def test_the_marginal_graph_has_the_density_of_the_kernel():
    model = MODELS["one"]()
    graph, density = model.graph("marginal"), likelihood_of(model.design).log_density(model.priors)
    logp = graph.compile_logp(mode="FAST_COMPILE")
    assert "sigma" not in graph.named_vars
    rng = np.random.default_rng(2)
    for _ in range(3):
        point, x = {}, []
        for name, value in graph.initial_point().items():
            point[name] = np.asarray(value + 0.1 * rng.normal(size=np.shape(value)))
            x.append(point[name].ravel())
        assert density(np.concatenate(x))[0] == pytest.approx(float(logp(point)), rel=1e-12)


def test_the_explicit_graph_has_the_known_sds(model):
    design, graph = model.design, model.graph("noncentered")
    y = graph["y"]
    rng = np.random.default_rng(5)
    point = {
        name: np.asarray(value + 0.1 * rng.normal(size=np.shape(value)))
        for name, value in graph.initial_point().items()
    }
    of_rows = graph.compile_logp(vars=[y], sum=False, mode="FAST_COMPILE")(point)[0]
    names = ["gamma", *(name for name in graph.named_vars if name == "u" or name.startswith("u_"))]
    gamma, *u = graph.compile_fn(graph.replace_rvs_by_values([graph[name] for name in names]), mode="FAST_COMPILE")(
        point
    )
    mu = design.X @ gamma
    for Z, codes, effects in zip(design.kept_rows.Z, design.kept_rows.codes, u, strict=True):
        mu = mu + np.einsum("iq,iq->i", Z, effects[codes])
    np.testing.assert_allclose(of_rows, norm.logpdf(design.y, mu, frame()["se"]), rtol=1e-10)


def test_group_effects_have_the_dense_conditional_distribution():
    design = MODELS["one"]().design
    draws = Draws(prior_draws(design, hlm.Model(ONE, frame(), "lab").priors, 3, np.random.default_rng(3)), design)
    block = likelihood_of(design).group_effects(draws).block(0)
    for s, (gamma, G) in enumerate(each(draws)):
        own = design.group_codes == 1
        Z, W = design.Z[own], np.diag(design.kept_rows.sd[own] ** -2)
        V = np.linalg.inv(Z.T @ W @ Z + np.linalg.inv(G))
        mean = V @ Z.T @ W @ (design.y - design.X @ gamma)[own]
        np.testing.assert_allclose(block.mean[s, :, 1], mean, rtol=1e-8)
        np.testing.assert_allclose(block.root[s, :, :, 1] @ block.root[s, :, :, 1].T, V, rtol=1e-8, atol=1e-12)
