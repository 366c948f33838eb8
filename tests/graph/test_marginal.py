"""The marginal graph: the same posterior as the hierarchical one, with u integrated out."""

import numpy as np
import pymc as pm
import pytest
from gallery_models import ONE_GROUPING
from scipy import stats

import bayeshlm as hlm
from bayeshlm.likelihood.group_effects import Conditionals

COMPILE = {"mode": "FAST_COMPILE"}


def graph_values(model, gamma, tau_signed, corr, sigma):
    """The graph's value variables at these parameters."""
    priors = model.priors
    name = "gamma" if (priors.basis == np.eye(len(gamma))).all() else "gamma_at_means"
    values = {name: priors.at_means(gamma), "tau_signed": tau_signed, "sigma_log__": np.array(np.log(sigma))}
    if priors.corr is not None:
        unit = (1 + corr) / 2
        values["corr_beta_logodds__"] = np.array([np.log(unit / (1 - unit))])
    return values


def expected_density(model, gamma, tau, corr, sigma):
    """Prior of the signed parameters and the dense marginal likelihood, by scipy."""
    design = model.design
    priors = model.priors.by_key()
    total = sum(
        priors[label].log_density(value)
        for label, value in zip(design.fixed_labels, model.priors.at_means(gamma), strict=True)
    )
    # A symmetric density is half of that of its absolute value.
    total += sum(priors[f"tau_{label}"].log_density(tau[k]) - np.log(2) for k, label in enumerate(design.random_labels))
    total += priors["sigma"].log_density(sigma)
    G = np.diag(tau**2)
    if "corr" in priors:
        G[0, 1] = G[1, 0] = corr * tau[0] * tau[1]
        total += np.log(2) + priors["corr"].log_density(np.array([[1, corr], [corr, 1]]))
    rows = np.split(np.argsort(design.group_codes, kind="stable"), np.cumsum(design.n_per_group)[:-1])
    for index in rows:
        X, Z, y = design.X[index], design.Z[index], design.y[index] - design.offset[index]
        total += stats.multivariate_normal(X @ gamma, Z @ G @ Z.T + sigma**2 * np.eye(len(index))).logpdf(y)
    return total


@pytest.mark.parametrize("name", ONE_GROUPING)
def test_log_density_is_the_dense_one(name):
    model = hlm.open_model(name)
    log_density = model.graph("marginal").compile_logp(jacobian=False, **COMPILE)
    rng = np.random.default_rng(1)
    for signs in ((1, 1), (-1, 1)):
        q = len(model.design.random)
        gamma, tau, sigma = rng.normal(size=len(model.design.fixed)), rng.gamma(2, 1, size=q), rng.gamma(8, 1)
        corr = rng.uniform(-0.9, 0.9)
        signed = tau * np.array(signs[:q])
        found = float(log_density(graph_values(model, gamma, signed, corr, sigma)))
        folded = corr * np.prod(signs)
        assert found == pytest.approx(expected_density(model, gamma, tau, folded, sigma), rel=1e-10)


SLOPES = "y = b0 + b1*x + b2*w + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2"


@pytest.fixture(scope="module")
def frame():
    import pandas as pd

    rng = np.random.default_rng(1)
    site = np.repeat(np.arange(12), 6)
    x, w = rng.normal(size=(2, 72))
    y = 3 + rng.normal(size=12)[site] + x + rng.normal(size=72)
    return pd.DataFrame({"site": site, "x": x, "w": w, "y": y})


@pytest.mark.parametrize("blocks", ["", "\ncov(u0, u1, u2) = 0", "\ncov(u0, u1) = 0\ncov(u1, u2) = 0"])
def test_its_gradient_is_that_of_its_density(frame, blocks):
    graph = hlm.Model(SLOPES + blocks, frame, "site").graph()
    point = graph.initial_point()
    rng = np.random.default_rng(3)
    point = {name: value + 0.3 * rng.normal(size=np.shape(value)) for name, value in point.items()}
    density, slope = graph.compile_logp(**COMPILE), graph.compile_dlogp(**COMPILE)
    gradient, start = slope(point), 0
    for name, value in point.items():
        for index in np.ndindex(np.shape(value)):
            ends = []
            for step in (1e-5, -1e-5):
                moved = {key: np.array(item, dtype=float) for key, item in point.items()}
                moved[name][index] += step
                ends.append(float(density(moved)))
            assert gradient[start] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5, abs=1e-5)
            start += 1


def test_names_dims_and_free_variables(frame):
    graph = hlm.Model(SLOPES, frame, "site").graph()
    dims = {name: graph.named_vars_to_dims.get(name) for name in ("gamma", "tau", "corr", "sigma")}
    assert dims == {"gamma": ("fixed",), "tau": ("random",), "corr": ("random", "random_"), "sigma": None}
    assert {rv.name for rv in graph.free_RVs} == {"gamma_at_means", "tau_signed", "corr_beta", "sigma"}
    gamma, tau, corr = pm.draw([graph["gamma"], graph["tau"], graph["corr"]], 5, random_seed=1)
    assert gamma.shape == (5, 3)
    assert (tau > 0).all()
    np.testing.assert_allclose(np.diagonal(corr, axis1=1, axis2=2), 1, rtol=1e-12)
    assert (np.linalg.eigvalsh(corr) > 0).all()


def test_the_prior_of_tau_and_corr_is_what_the_user_wrote(frame):
    text = "y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10 + u1"
    priors = {"tau_u0": "Exponential(2)", "tau_u1": "HalfCauchy(3)", "corr": "LKJ(2)"}
    graph = hlm.Model(text, frame, "site", priors=priors).graph()
    tau, corr = pm.draw([graph["tau"], graph["corr"]], 5_000, random_seed=1)
    limit = 1.95 / np.sqrt(5_000)  # Kolmogorov-Smirnov, 0.1 % level
    assert stats.kstest(tau[:, 0], stats.expon(scale=1 / 2).cdf).statistic < limit
    assert stats.kstest(tau[:, 1], stats.halfcauchy(scale=3).cdf).statistic < limit
    assert stats.kstest(corr[:, 0, 1], stats.beta(2, 2, -1, 2).cdf).statistic < limit


def test_the_map_of_flat_priors_is_the_maximum_likelihood_estimate(frame):
    text = "y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10"
    priors = {"g00": "Normal(0, 1e6)", "g10": "Normal(0, 1e6)", "tau_u0": "HalfNormal(1e6)", "sigma": "HalfNormal(1e6)"}
    model = hlm.Model(text, frame, "site", priors=priors)
    options = {"compile_kwargs": COMPILE, "return_inferencedata": True, "jitter": False, "progressbar": False}
    tree = pm.find_MAP(model=model.graph(), **options)
    found = {name: tree["posterior"][name].to_numpy()[0, 0] for name in ("gamma", "tau", "sigma")}
    design = model.design
    block = Conditionals(
        design.cross_products, found["gamma"][None], found["tau"][None, :, None], np.array([found["sigma"]])
    ).block(0)
    best = block.log_likelihood.sum()
    for part in range(4):
        for step in (0.02, -0.02):
            gamma, tau, sigma = found["gamma"].copy(), found["tau"].copy(), float(found["sigma"])
            if part < 2:
                gamma[part] += step
            elif part == 2:
                tau = tau + step
            else:
                sigma += step
            block = Conditionals(design.cross_products, gamma[None], tau[None, :, None], np.array([sigma])).block(0)
            assert block.log_likelihood.sum() < best
