"""Draws from the priors, without a sampler: each family against scipy, all of them against the PyMC graph."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

import bayeshlm as hlm
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.parameters.prior_families import LKJ, Exponential, HalfCauchy, HalfNormal, HalfStudentT, Normal, StudentT

IN_SCIPY = [
    (Normal(1, 2.5), stats.norm(1, 2.5).cdf),
    (StudentT(3, -1, 2), stats.t(3, -1, 2).cdf),
    (HalfNormal(2), stats.halfnorm(scale=2).cdf),
    (HalfStudentT(4, 3), lambda x: 2 * stats.t(4, 0, 3).cdf(x) - 1),
    (HalfCauchy(0.5), stats.halfcauchy(scale=0.5).cdf),
    (Exponential(4), stats.expon(scale=1 / 4).cdf),
]
LEVELS = "y = b0 + b1*x + b2*v + r\nb0 = g00 + g01*w + u0\nb1 = g10 + u1\nb2 = g20 + u2\n"
PRIORS = {
    "g10": "StudentT(3, 1, 2)",
    "tau_u1": "HalfNormal(2)",
    "tau_u2": "Exponential(1)",
    "sigma": "HalfCauchy(3)",
    "corr": "LKJ(1.5)",
}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    site = np.repeat(np.arange(8), 5)
    columns = {"x": rng.normal(0, 2, size=40), "v": rng.normal(1, 1, size=40), "y": rng.normal(50, 10, size=40)}
    return pd.DataFrame({"site": site, "w": rng.normal(3, 1, size=8)[site], **columns})


@pytest.mark.parametrize(("family", "cdf"), IN_SCIPY)
def test_a_family_draws_from_itself(family, cdf):
    draws = family.random(np.random.default_rng(3), (2000, 5))
    assert draws.shape == (2000, 5)
    assert stats.kstest(draws.ravel(), cdf).pvalue > 1e-3


@pytest.mark.parametrize(("eta", "q"), [(2.0, 2), (1.0, 4), (0.5, 3), (6.0, 3)])
def test_lkj_correlations_have_their_marginal(eta, q):
    """Every correlation is ``2 B - 1``, ``B ~ Beta(a, a)``, ``a = eta + (q - 2)/2``: no order of the effects."""
    corr = LKJ(eta).random(np.random.default_rng(4), (4000, q, q))
    np.testing.assert_allclose(corr[:, range(q), range(q)], 1.0, rtol=1e-12)
    np.testing.assert_array_equal(corr, np.swapaxes(corr, 1, 2))
    marginal = stats.beta(eta + (q - 2) / 2, eta + (q - 2) / 2, -1, 2)
    for row, column in zip(*np.tril_indices(q, -1), strict=True):
        assert stats.kstest(corr[:, row, column], marginal.cdf).pvalue > 1e-3


def test_the_determinant_of_lkj_matrices():
    """``E log|R|`` by the derivative of the normalizing constant of `LKJ.log_density` in eta."""
    q, eta, h = 3, 2.0, 1e-4
    log_constant = [-float(LKJ(value).log_density(np.eye(q))) for value in (eta - h, eta + h)]
    expected = (log_constant[1] - log_constant[0]) / (2 * h)
    log_det = np.linalg.slogdet(LKJ(eta).random(np.random.default_rng(5), (20_000, q, q)))[1]
    assert log_det.mean() == pytest.approx(expected, abs=4 * log_det.std() / np.sqrt(20_000))


def test_labels_and_identities(frame):
    model = hlm.Model(LEVELS + "cov(u0, u1) = 0; cov(u0, u2) = 0", frame, "site", priors=PRIORS)
    design, made = model.design, prior_draws(model.design, model.priors, 50, np.random.default_rng(1))
    assert dict(made.sizes) == {
        "chain": 1, "draw": 50, "fixed": 4, "random": 3, "site": 8, "coefficient": 3, "random_": 3,
    }  # fmt: skip
    corr = made["corr"].to_numpy()[0]
    assert (corr[:, 0, 1:] == 0).all()
    assert (corr[:, 1, 2] != 0).all()
    beta = np.einsum(
        "jk,kc,sk->sjc", design.W, np.eye(len(design.coefficients))[design.coefficient_of], made["gamma"].to_numpy()[0]
    )
    beta += made["u"].to_numpy()[0]
    np.testing.assert_allclose(made["beta"].to_numpy()[0], beta, rtol=1e-12)


def test_u_has_the_covariance_of_its_draw(frame):
    model = hlm.Model(LEVELS, frame, "site", priors=PRIORS)
    made = prior_draws(model.design, model.priors, 3000, np.random.default_rng(2))
    tau, corr, u = (made[name].to_numpy()[0] for name in ("tau", "corr", "u"))
    white = np.linalg.solve(np.linalg.cholesky(tau[:, :, None] * corr * tau[:, None, :]), np.swapaxes(u, 1, 2))
    assert stats.kstest(white.ravel(), "norm").pvalue > 1e-3
    cross = np.corrcoef(white.transpose(1, 0, 2).reshape(3, -1))
    assert np.abs(cross - np.eye(3)).max() < 4 / np.sqrt(24_000)


def test_the_default_intercept_is_drawn_at_the_column_means(frame):
    model = hlm.Model("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", frame.assign(x=frame["x"] + 2000), "site")
    made = prior_draws(model.design, model.priors, 4000, np.random.default_rng(2))
    gamma = made["gamma"].to_numpy()[0]
    at_means = gamma @ [1.0, frame["x"].mean() + 2000]
    y = frame["y"]
    assert stats.kstest(at_means, stats.norm(y.mean(), 2.5 * y.std()).cdf).pvalue > 1e-3
    assert gamma[:, 0].std() > 100 * y.std()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["marginal", "noncentered"])
def test_the_graphs_prior_is_the_same(frame, kind):
    """PyMC's own draws from the graph: every parameter has the same distribution."""
    model = hlm.Model(LEVELS, frame, "site", priors=PRIORS)
    ours = prior_draws(model.design, model.priors, 3000, np.random.default_rng(1))
    graph = model.graph(kind)
    names = [name for name in ("gamma", "tau", "corr", "sigma", "u") if name in graph.named_vars]
    drawn = pm.draw([graph[name] for name in names], draws=2000, random_seed=2)
    for name, theirs in zip(names, drawn, strict=True):
        mine = ours[name].to_numpy()[0].reshape(3000, -1)
        for k, values in enumerate(theirs.reshape(2000, -1).T):
            if np.ptp(values) > 1e-12:  # the diagonal of corr
                assert stats.ks_2samp(mine[:, k], values).pvalue > 1e-4, (name, k)
    if "u" in names:
        assert {"gamma", "tau", "corr", "sigma", "u"} == set(names)
