"""Groups whose level-1 SD varies: density, moments, draws and rows against sums over a dense grid of v."""

from functools import cache

import level1_cases
import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import beta, norm

import bayeshlm as hlm
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.level1_gaussian import Level1Gaussian
from bayeshlm.likelihood.level1_posterior import level1_draws
from bayeshlm.likelihood.location_scale import LocationScale
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.partial_correlations import partial_correlations

EPS = np.finfo(float).eps
LINES = {
    1: "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10",
    2: "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + u1",
}
SPREAD = {
    "category": "log(sigma) = a0 + a1*C(kind) + v0",
    "variance": "log(sigma2) = a0 + a1*x + v0",
    "independent": "log(sigma) = a0 + a1*w + v0; cov(u0, v0) = 0; cov(u1, v0) = 0",
}
CASES = [(1, "category"), (2, "category"), (2, "variance"), (2, "independent")]
GRID = np.linspace(-10.0, 10.0, 2001)


@cache
def model_of(q, spread):
    return hlm.Model("; ".join([LINES[q], SPREAD[spread]]), level1_cases.frame(n_groups=9), group="g")


def values_of(model, seed=0):
    """Unconstrained values, none of them near zero."""
    design, rng = model.design, np.random.default_rng(seed)
    n_partials = sum(len(block) * (len(block) - 1) // 2 for block in design.blocks)
    tau = [1.1, 0.3, 0.6] if len(design.random) == 3 else [1.1, 0.6]
    level1 = design.kept_rows.level1
    alpha = 0.3 * rng.normal(size=len(level1.labels))
    alpha[0] += 0.5
    return np.concatenate([[9.0, 0.3, 0.2], tau, rng.normal(size=n_partials), alpha])


def repeated(model, n_draws):
    values = np.tile(values_of(model), (2, n_draws // 2, 1))
    return Draws(level1_draws(values, model.design, model.priors), model.design)


def conditionals(model, draws):
    """Of every group and v of the grid: mean and covariance of the outcomes, and of u; log density of v."""
    design, level1 = model.design, model.design.kept_rows.level1
    G, gamma, alpha = draws.G[0, 0], draws.gamma[0, 0], draws.auxiliary[0, 0]
    q = len(design.random) - 1
    v = GRID * np.sqrt(G[q, q])
    slope, C = G[:q, q] / G[q, q], G[:q, :q] - np.outer(G[:q, q], G[q, :q]) / G[q, q]
    halved = 0.5 if model.spec.log_spread.predicted == "sigma2" else 1.0
    for j in range(design.n_groups):
        rows = np.flatnonzero(design.group_codes == j)
        e, Z = design.y[rows] - design.X[rows] @ gamma, design.Z[rows, :q]
        sd = np.exp((level1.A[rows] @ alpha)[:, None] + halved * v)
        yield rows, e, Z, sd, v, slope, C, norm.logpdf(v, 0, np.sqrt(G[q, q]))


def log_density_of(e, Z, sd, v, slope, C):
    """Of a group's outcomes at every v."""
    V = Z @ C @ Z.T + np.eye(len(e)) * (sd.T**2)[:, None]
    off = e - np.outer(v, Z @ slope)
    distance = (off * np.linalg.solve(V, off[..., None])[..., 0]).sum(axis=1)
    return -0.5 * (len(e) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + distance)


@cache
def exact(q, spread):
    """Log densities of groups and rows, and moments of (u, v), by the sum over the grid."""
    model = model_of(q, spread)
    draws, groups, means, covs = repeated(model, 2), [], [], []
    rows_left = np.empty(model.design.n_obs)
    for rows, e, Z, sd, v, slope, C, prior in conditionals(model, draws):
        terms = log_density_of(e, Z, sd, v, slope, C) + prior
        whole = logsumexp(terms) + np.log(v[1] - v[0])
        groups.append(whole)
        shares = np.exp(terms - logsumexp(terms))
        at = np.empty((len(v), q + 1))
        spread_of = np.zeros((q + 1, q + 1))
        for k in range(len(v)):
            V = Z @ C @ Z.T + np.diag(sd[:, k] ** 2)
            gain = C @ Z.T @ np.linalg.inv(V) if shares[k] > 1e-14 else np.zeros((q, len(e)))
            at[k] = [*(slope * v[k] + gain @ (e - Z @ slope * v[k])), v[k]]
            spread_of[:q, :q] += shares[k] * (C - gain @ Z @ C)
        means.append(shares @ at)
        off = at - means[-1]
        covs.append(spread_of + np.einsum("k,ka,kb->ab", shares, off, off))
        for i, row in enumerate(rows):
            rest = np.arange(len(rows)) != i
            left = log_density_of(e[rest], Z[rest], sd[rest], v, slope, C) + prior
            rows_left[row] = whole - logsumexp(left) - np.log(v[1] - v[0])
    return np.array(groups), rows_left, np.array(means), np.array(covs)


@pytest.mark.slow
@pytest.mark.parametrize(("q", "spread"), CASES)
def test_densities_of_groups_and_rows(q, spread):
    model = model_of(q, spread)
    likelihood, draws = likelihood_of(model.design), repeated(model, 2)
    assert isinstance(likelihood, LocationScale)
    groups, rows, _, _ = exact(q, spread)
    given = likelihood.given(draws, 48)
    tolerance = 1e-8 * np.abs(groups).max()  # what 48 nodes leave of an integral; the grid has no error to speak of
    np.testing.assert_allclose(given.block(0).log_likelihood, np.tile(groups, (2, 1)), rtol=0, atol=tolerance)
    np.testing.assert_allclose(likelihood.totals(draws), groups.sum(), rtol=0, atol=0.1)
    found = likelihood.pointwise(draws, "row", np.arange(model.design.n_obs))
    np.testing.assert_allclose(found[:, 1], rows, rtol=0, atol=0.02)  # nodes are chosen for the groups
    exactly = given.row_densities(slice(0, model.design.n_groups))[likelihood.found.place]
    np.testing.assert_allclose(exactly[:, 1], rows, rtol=0, atol=2 * tolerance)


@pytest.mark.slow
@pytest.mark.parametrize(("q", "spread"), CASES)
def test_moments_and_draws_of_effects(q, spread):
    """Draws at the same parameters over and over: their moments are those of the grid to Monte Carlo error."""
    model = model_of(q, spread)
    likelihood, few, many = likelihood_of(model.design), repeated(model, 2), repeated(model, 4000)
    _, _, mean, cov = exact(q, spread)
    block = likelihood.given(few, 48).block(0)
    np.testing.assert_allclose(block.mean[1].T, mean, rtol=0, atol=1e-7)
    found = np.einsum("rtj,stj->jrs", block.root[1], block.root[1])
    np.testing.assert_allclose(found, cov, rtol=0, atol=1e-7)
    (drawn,) = likelihood.drawn_effects(many, seed=3)
    variance = np.diagonal(cov, axis1=1, axis2=2)
    assert (np.abs(drawn.mean(axis=0) - mean) < 5 * np.sqrt(variance / len(drawn))).all()
    products = np.einsum("sja,sjb->sjab", drawn - mean, drawn - mean)
    error = products.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(products.mean(axis=0) - cov) < 5 * error).all()


@pytest.mark.slow
@pytest.mark.parametrize(("q", "spread"), CASES)
def test_the_posterior_is_this_density_times_the_priors(q, spread):
    model = model_of(q, spread)
    design, priors, x = model.design, model.priors, values_of(model)
    density = LocationScale(design).density_with(priors, 48)
    value, gradient = density(x)
    step = 1e-5
    ends = [[density(x + sign * e)[0] for sign in (1, -1)] for e in step * np.eye(len(x))]
    tolerance = 20 * EPS * abs(value) / step + step**2 * 100 * abs(value) + 1e-5  # and what nodes that move leave
    np.testing.assert_allclose(gradient, [(a - b) / (2 * step) for a, b in ends], rtol=0, atol=tolerance)
    groups, _, _, _ = exact(q, spread)
    found = density.parameters(x[None, None])
    np.testing.assert_array_equal(found["alpha"][0, 0], x[-len(design.kept_rows.level1.labels) :])
    np.testing.assert_allclose(found["tau"][0, 0], x[3 : 4 + q])
    by_parameter = sum(
        one.log_density(at) for one, at in zip(priors.auxiliary, found["alpha"][0, 0].values, strict=True)
    )
    by_parameter += sum(one.log_density(at) for one, at in zip(priors.gamma, x[:3], strict=True))
    by_parameter += sum(one.log_density(at) - np.log(2) for one, at in zip(priors.tau, x[3 : 4 + q], strict=True))
    partials = partial_correlations(design, priors)
    share = expit(x[4 + q : 4 + q + len(partials.rows)])
    by_parameter += (beta.logpdf(share, partials.shapes, partials.shapes) + np.log(share * (1 - share))).sum()
    given = Draws(found, design)
    change = (
        LocationScale(design).totals_with(given, 48)[0] - LocationScale(design).totals_with(repeated(model, 2), 48)[0]
    )
    assert value == pytest.approx(groups.sum() + change + by_parameter, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("q", [1, 2])
def test_without_a_spread_of_v_it_is_the_model_without_v(q):
    """Independent of the other effects v drops out where its tau does, value and gradient."""
    lines = LINES[q] + "; log(sigma) = a0 + a1*x + v0; cov(u0, v0) = 0" + "; cov(u1, v0) = 0" * (q - 1)
    model = hlm.Model(lines, level1_cases.frame(n_groups=9), group="g")
    plain, x = model.without("v0"), values_of(model)
    x[3 + q] = 1e-9
    value, gradient = LocationScale(model.design).density_with(model.priors, 12)(x)
    without = Level1Gaussian(plain.design).log_density(plain.priors)(np.delete(x, 3 + q))
    prior = float(model.priors.tau[-1].log_density(np.array(0.0))) - np.log(2)
    assert value == pytest.approx(without[0] + prior, rel=1e-10)
    np.testing.assert_allclose(np.delete(gradient, 3 + q), without[1], rtol=0, atol=1e-8 * np.abs(without[1]).max())


@pytest.mark.slow
@pytest.mark.parametrize(("q", "spread"), CASES)
def test_signs_of_tau_are_of_no_account(q, spread):
    model = model_of(q, spread)
    density, x = LocationScale(model.design).density_with(model.priors, 12), values_of(model)
    turned = x.copy()
    turned[3 + q] *= -1  # of v, and with it its correlations, which are those of the last row
    draws = [density.parameters(values[None, None]) for values in (x, turned)]
    assert (draws[0]["tau"] == draws[1]["tau"]).all()
    if spread == "independent":
        assert density(turned)[0] == pytest.approx(density(x)[0], rel=1e-12)
    else:
        totals = [LocationScale(model.design).totals_with(Draws(one, model.design), 12)[0] for one in draws]
        change = density(turned)[0] - density(x)[0]
        assert totals[1] - totals[0] == pytest.approx(change, abs=1e-8)
        assert abs(change) > 1e-3


@pytest.mark.slow
def test_the_number_of_nodes_is_chosen_and_certified():
    model = model_of(1, "category")
    likelihood, rng = LocationScale(model.design), np.random.default_rng(2)
    density = likelihood.log_density(model.priors)
    assert density.n_nodes >= 6
    values = values_of(model) + rng.normal(0, 0.1, (4, 25, len(values_of(model))))
    draws = Draws(density.parameters(values), model.design)
    assert likelihood.certificate(draws, likelihood.nodes_for(draws)).holds
