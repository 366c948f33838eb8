"""The graph's log density against an independent numpy/scipy computation, for every gallery model."""

import numpy as np
import pytest
from gallery_models import ONE_GROUPING
from scipy import stats

import bayeshlm as hlm
from bayeshlm.graph.hierarchical import hierarchical_graph

COMPILE = {"mode": "FAST_COMPILE"}


@pytest.fixture(scope="module")
def models():
    return {name: hlm.open_model(name) for name in ONE_GROUPING}


def random_point(model, seed):
    """Random parameters, as (gamma, tau, corr or None, sigma, standard normal z)."""
    rng = np.random.default_rng(seed)
    p, q, n_groups = len(model.design.fixed), len(model.design.random), model.design.n_groups
    gamma = rng.normal(size=p)
    tau, sigma = rng.gamma(2, 1, size=q), rng.gamma(4, 1)
    factor = rng.normal(size=(q, q))
    covariance = factor @ factor.T + 0.1 * np.eye(q)
    sd = np.sqrt(np.diag(covariance))
    return gamma, tau, covariance / np.outer(sd, sd), sigma, rng.normal(size=(n_groups, q))


def graph_point(model, gamma, tau, corr, sigma, **effects):
    """The values of the graph's variables, untransformed."""
    priors = model.priors
    name = "gamma" if (priors.basis == np.eye(len(gamma))).all() else "gamma_at_means"
    point = {name: priors.at_means(gamma), "tau": tau, "sigma": np.array(sigma), **effects}
    if priors.corr is not None:
        point["corr_beta"] = (1 + corr[[1], [0]]) / 2
    return point


def graph_log_density(pymc_model, point):
    """Log density of the graph at untransformed values, without the transforms' Jacobians."""
    variables = {rv.name: rv for rv in pymc_model.free_RVs}
    assert set(variables) == set(point)
    values = {}
    for name, rv in variables.items():
        value, transform = pymc_model.rvs_to_values[rv], pymc_model.rvs_to_transforms[rv]
        if transform is None:
            values[value.name] = point[name]
        else:
            values[value.name] = transform.forward(point[name], *rv.owner.inputs).eval(mode="FAST_COMPILE")
    return float(pymc_model.compile_logp(jacobian=False, **COMPILE)(values))


def log_prior(model, gamma, tau, corr, sigma):
    """Section "Priors" of the documentation, written out again with scipy."""
    design = model.design
    y_sd = design.y.std(ddof=1)
    sds = design.X.std(axis=0, ddof=1)
    total = 0.0
    for k, column in enumerate(design.fixed):
        if column.is_intercept:
            at_means = design.X.mean(axis=0) @ gamma
            total += stats.norm(design.y.mean(), 2.5 * y_sd).logpdf(at_means)
        else:
            total += stats.norm(0, 2.5 * y_sd / sds[k]).logpdf(gamma[k])
    for k, column in enumerate(design.random):
        scale = y_sd if column.is_intercept else y_sd / design.Z[:, k].std(ddof=1)
        total += np.log(2) + stats.t(3, 0, scale).logpdf(tau[k])
    total += np.log(2) + stats.t(3, 0, y_sd).logpdf(sigma)
    if len(tau) == 2:
        # LKJ(2) of two effects, Beta(2, 2) on (-1, 1), as the density of (1 + corr)/2
        total += np.log(2 * 0.75 * (1 - corr[0, 1] ** 2))
    return total


@pytest.mark.parametrize("name", ONE_GROUPING)
def test_log_density_is_the_independent_one(models, name):
    model = models[name]
    design = model.design
    noncentered, centered = (hierarchical_graph(design, model.priors, kind) for kind in ("noncentered", "centered"))
    for seed in (1, 2):
        gamma, tau, corr, sigma, z = random_point(model, seed)
        if len(tau) == 1:
            corr = np.eye(1)
        G = np.outer(tau, tau) * corr
        u = z @ (np.diag(tau) @ np.linalg.cholesky(corr)).T
        mean = design.X @ gamma + (design.Z * u[design.group_codes]).sum(axis=1)
        shared = log_prior(model, gamma, tau, corr, sigma) + stats.norm(mean, sigma).logpdf(design.y).sum()

        point = graph_point(model, gamma, tau, corr, sigma, z=z)
        assert graph_log_density(noncentered, point) == pytest.approx(shared + stats.norm.logpdf(z).sum(), rel=1e-10)

        density_of_u = stats.multivariate_normal(np.zeros(len(tau)), G).logpdf(u).sum()
        point = graph_point(model, gamma, tau, corr, sigma, u=u)
        assert graph_log_density(centered, point) == pytest.approx(shared + density_of_u, rel=1e-10)
        # The change of variables z -> u has Jacobian |diag(tau) chol(corr)| for each group.
        jacobian = design.n_groups * 0.5 * np.linalg.slogdet(G)[1]
        assert density_of_u + jacobian == pytest.approx(stats.norm.logpdf(z).sum(), rel=1e-10)
