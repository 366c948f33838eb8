"""Densities and effects of models with level-1 SDs and correlations at draws, against dense normal distributions."""

import level1_cases
import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import multivariate_normal, norm

import bayeshlm as hlm
from bayeshlm.design.level1_spread import row_sds
from bayeshlm.likelihood import level1_weights, likelihood_of
from bayeshlm.likelihood.level1_bank import bank_of
from bayeshlm.likelihood.level1_gaussian import Level1Gaussian
from bayeshlm.parameters.draws import Draws, labelled_posterior

LINES = {
    "kind": "; log(sigma) = a0*C(kind)",
    "x": "; log(sigma2) = a0 + a1*x",
    "": "",
    "ar1": "; corr(r) = ar1(time)",
    "cs": "; corr(r) = cs",
}
CASES = [(2, "kind", "ar1", True), (1, "x", "ar1", False), (3, "x", "cs", True), (1, "kind", "", True)]


def model_of(q: int, spread: str, correlation: str, whole: bool = True, n_groups: int = 70) -> hlm.Model:
    table = level1_cases.frame(n_groups=n_groups, whole=whole)
    return hlm.Model(level1_cases.EQUATIONS[q] + LINES[spread] + LINES[correlation], table, group="g")


def draws_of(model: hlm.Model, n: int = 3, seed: int = 2) -> Draws:
    """Parameters here and there."""
    rng, design = np.random.default_rng(seed), model.design
    q, level1 = len(design.random), design.kept_rows.level1
    root = np.tril(rng.normal(size=(n, q, q)))
    root /= np.linalg.norm(root, axis=-1, keepdims=True)
    k = level1.A.shape[1]
    phi = rng.normal(0.3, 0.2, (n, k)) / np.abs(level1.A).max(axis=0) if k else rng.uniform(0.5, 2.0, (n, 1))
    if level1.correlation:
        low = max(level1.lowest, -0.9)
        phi = np.column_stack([phi, low + (0.95 - low) * rng.uniform(0.05, 1.0, n)])
    values = (
        design.cross_products.ols + 0.1 * rng.normal(size=(1, n, len(design.fixed))),
        rng.uniform(0.3, 1.5, (1, n, q)),
        phi[None],
        (root @ root.swapaxes(-1, -2))[None],
    )
    return Draws(labelled_posterior(design, *values), design)


def dense(model: hlm.Model, draws: Draws, s: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, level-1 covariance and random effects' covariance of all rows at a draw."""
    design = model.design
    same = design.group_codes[:, None] == design.group_codes
    V = level1_cases.dense_residuals(design.frame, design.kept_rows.level1, draws.auxiliary[0, s])
    return design.X @ draws.gamma[0, s], V, (design.Z @ draws.G[0, s] @ design.Z.T) * same


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_densities_of_groups_and_rows(case):
    model = model_of(*case)
    design, draws = model.design, draws_of(model)
    likelihood = likelihood_of(design)
    assert isinstance(likelihood, Level1Gaussian)
    found = {unit: likelihood.reduced_pointwise(draws, unit, lambda *part: part) for unit in ("group", "row")}
    groups, rows = (
        np.concatenate([values for _, values in parts])[np.argsort(np.concatenate([units for units, _ in parts]))]
        for parts in found.values()
    )
    for s in range(draws.n_draws):
        mean, residual, shared = dense(model, draws, s)
        V = residual + shared
        for j in range(design.n_groups):
            own = np.flatnonzero(design.group_codes == j)
            block, e = V[np.ix_(own, own)], (design.y - mean)[own]
            expected = multivariate_normal(np.zeros(len(own)), block).logpdf(e)
            assert groups[j, s] == pytest.approx(expected, rel=1e-10)
            for at, row in enumerate(own):  # the conditional of a normal distribution, by its blocks
                rest = np.delete(np.arange(len(own)), at)
                weights = np.linalg.solve(block[np.ix_(rest, rest)], block[rest, at]) if len(rest) else np.empty(0)
                variance = block[at, at] - weights @ block[rest, at]
                expected = norm(weights @ e[rest], np.sqrt(variance)).logpdf(e[at])
                assert rows[row, s] == pytest.approx(expected, rel=1e-8)
    np.testing.assert_allclose(likelihood.totals(draws), groups.sum(axis=0), rtol=1e-12)
    some = np.array([5, 0, 17])
    np.testing.assert_allclose(likelihood.pointwise(draws, "row", some), rows[some], rtol=1e-12)
    np.testing.assert_allclose(likelihood.pointwise(draws, "group", some), groups[some], rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_effects_of_groups(case):
    """Those of the joint normal distribution of effects and outcomes."""
    model = model_of(*case)
    design, draws = model.design, draws_of(model)
    given = likelihood_of(design).group_effects(draws)
    for start in given.starts:
        block = given.block(start)
        for j in range(block.groups.start, block.groups.stop):
            own = np.flatnonzero(design.group_codes == j)
            for s in range(draws.n_draws):
                mean, residual, shared = dense(model, draws, s)
                V, G, Z = (residual + shared)[np.ix_(own, own)], draws.G[0, s], design.Z[own]
                covariance = G @ Z.T
                u = covariance @ np.linalg.solve(V, (design.y - mean)[own])
                C = G - covariance @ np.linalg.solve(V, covariance.T)
                np.testing.assert_allclose(block.mean[s, :, j - start], u, rtol=1e-8, atol=1e-10)
                root = block.root[s, :, :, j - start]
                np.testing.assert_allclose(root @ root.T, C, rtol=1e-7, atol=1e-10)


def test_moments_are_those_of_the_blocks():
    model = model_of(2, "kind", "ar1")
    draws = draws_of(model, 60)
    given = likelihood_of(model.design).group_effects(draws)
    block, moments = given.block(0), given.moments(0, model.design, 60)
    np.testing.assert_allclose(moments.mean[:2], block.mean.mean(axis=0), rtol=1e-12)
    W = model.design.W[block.groups]
    fixed = [W[:, model.design.coefficient_of == c] for c in range(2)]
    gamma = [draws.gamma[0][:, model.design.coefficient_of == c] for c in range(2)]
    beta = np.array([block.mean[:, c] + gamma[c] @ fixed[c].T for c in range(2)])
    np.testing.assert_allclose(moments.variance[2:], beta.var(axis=1, ddof=1), rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("case", [*CASES, (2, "", "ar1", True)])
def test_posterior_is_priors_times_density(case):
    """Over the unconstrained values, with the Jacobian of their transforms; and its gradient."""
    model = model_of(*case)
    design, outcome = model.design, model.design.outcome
    likelihood = likelihood_of(design)
    density = likelihood.log_density(model.priors)
    rng, p, q = np.random.default_rng(1), len(design.fixed), len(design.random)
    m, a = q * (q - 1) // 2, len(outcome.auxiliary_effects)
    x = np.concatenate(
        [
            model.priors.at_means(design.cross_products.ols) + 0.1 * rng.normal(size=p),
            rng.uniform(0.3, 1.0, q),
            0.3 * rng.normal(size=m),
            0.1 * rng.normal(size=a),
        ]
    )
    value, gradient = density(x)
    draws = Draws(density.parameters(x[None, None]), design)
    phi = draws.auxiliary[0, 0]
    expected = float(likelihood.totals(draws)[0])
    for prior, at in zip(model.priors.gamma, x[:p], strict=True):
        expected += float(prior.log_density(at))
    for prior, at in zip(model.priors.tau, x[p : p + q], strict=True):
        expected += float(prior.log_density(at)) - np.log(2)  # of a signed tau
    for prior, at in zip(model.priors.auxiliary, phi, strict=True):
        expected += float(prior.log_density(at))
    if not outcome.residuals.spread:
        expected += x[p + q + m]
    if outcome.residuals.correlation:
        share = expit(x[-1])
        expected += np.log(1 - outcome.residuals.lowest) + np.log(share) + np.log1p(-share)
    if m == 0:
        assert value == pytest.approx(expected, rel=1e-11)
    elif m == 1:  # LKJ(2) of one correlation: Beta(2, 2) of (1 + corr)/2, and the Jacobian of its log odds
        share = expit(x[p + q])
        assert value == pytest.approx(expected + np.log(6) + 2 * np.log(share * (1 - share)), rel=1e-11)
    assert row_sds(design.kept_rows.level1, phi).shape == (design.n_obs,)
    for k, e in enumerate(1e-3 * np.eye(len(x))):
        at = [density(x + step * e)[0] for step in (-2, -1, 1, 2)]
        slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-3
        assert slope == pytest.approx(gradient[k], rel=1e-6, abs=1e-5)


def test_pairs_of_sds_that_do_not_fit_into_memory(monkeypatch):
    monkeypatch.setattr(level1_weights, "MOST_PAIRS", 500)
    model = model_of(3, "x", "cs")
    n = np.bincount(model.design.group_codes)
    with pytest.raises(hlm.OptionError, match=f"has {(n**2).sum():,} pairs of them in the groups"):
        bank_of(model.design)
    bank_of(model_of(3, "kind", "cs", n_groups=20).design)
