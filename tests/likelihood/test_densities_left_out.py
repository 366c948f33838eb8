"""Densities of rows and of units given all other rows, against dense covariance matrices."""

import numpy as np
import pytest
from groupings_data import MODELS, crossed_model
from scipy.stats import multivariate_normal

from bayeshlm.errors import OptionError
from bayeshlm.likelihood import left_out_densities, likelihood_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param]()


@pytest.fixture(scope="module")
def design(model):
    return model.design


@pytest.fixture(scope="module")
def draws(model):
    """SDs of the prior, the level-1 SD near 1; then SDs of zero, of 20 sigma, and correlations of one."""
    made = prior_draws(model.design, model.priors, 8, np.random.default_rng(3)).copy(deep=True)
    near = np.random.default_rng(4).normal(size=made["gamma"].shape)
    made["gamma"] = (made["gamma"].dims, model.design.products.ols + near)
    made["sigma"] = (made["sigma"].dims, np.linspace(0.5, 1.5, 8)[None])
    tau = made["tau"].to_numpy().copy()
    tau[0, 4] = 0.0
    tau[0, 5, 0] = 0.0
    tau[0, 6] = 20 * made["sigma"].to_numpy()[0, 6]
    made["tau"] = (made["tau"].dims, tau)
    if "corr" in made:
        corr = made["corr"].to_numpy().copy()
        corr[0, 7] = np.where(corr[0, 7] != 0, np.where(corr[0, 7] > 0, 1.0, -1.0), 0.0)
        made["corr"] = (made["corr"].dims, corr)
    return Draws(made, model.design)


def covariance(design, G, sigma):
    V, start = sigma**2 * np.eye(design.n_obs), 0
    for Z, codes in zip(design.kept_rows.Z, design.kept_rows.codes, strict=True):
        own = slice(start, start + Z.shape[1])
        start = own.stop
        V += (Z @ G[own, own] @ Z.T) * (codes[:, None] == codes)
    return V


def conditional(V, mean, y, A):
    """Mean and covariance matrix of rows A given the others."""
    gain = V[np.ix_(A, ~A)] @ np.linalg.inv(V[np.ix_(~A, ~A)]) if (~A).any() else np.zeros((A.sum(), 0))
    return mean[A] + gain @ (y - mean)[~A], V[np.ix_(A, A)] - gain @ V[np.ix_(~A, A)]


def units_of(design, unit):
    codes = np.arange(design.n_obs) if unit == "row" else design.kept_rows.codes[design.groupings.index(unit)]
    return codes, codes.max() + 1


@pytest.mark.slow
def test_densities_of_rows_and_of_units_of_each_grouping(design, draws):
    y, X = design.y - design.offset, design.X
    for unit in ("row", *design.groupings):
        codes, n_units = units_of(design, unit)
        found = likelihood_of(design).pointwise(draws, unit, np.arange(n_units))
        assert found.shape == (n_units, 8)
        for s in range(8):
            V = covariance(design, draws.G[0, s], float(draws.sigma[0, s]))
            mean = X @ draws.gamma[0, s]
            expected = [
                multivariate_normal.logpdf(y[codes == j], *conditional(V, mean, y, codes == j), allow_singular=False)
                for j in range(n_units)
            ]
            np.testing.assert_allclose(found[:, s], expected, rtol=1e-8, err_msg=f"{unit} {s}")


def test_how_far_a_unit_is_from_what_the_others_expect(design, draws):
    y, X = design.y - design.offset, design.X
    for k, unit in enumerate(design.groupings):
        codes, n_units = units_of(design, unit)
        some = left_out_densities.LeftOutDensities.of(draws, k)
        found = some.lengths(np.arange(n_units))
        ranks = some.ranks(np.arange(n_units))
        for s in (0, 1, 4, 7):
            V = covariance(design, draws.G[0, s], float(draws.sigma[0, s]))
            for j in range(n_units):
                A = codes == j
                mean, C = conditional(V, X @ draws.gamma[0, s], y, A)
                u, size, _ = np.linalg.svd(design.kept_rows.Z[k][A], full_matrices=False)
                basis = u[:, size > 1e-8 * size[0]]
                shown = basis.T @ (y[A] - mean)
                assert ranks[j] == basis.shape[1]
                assert found[j, s] == pytest.approx(shown @ np.linalg.solve(basis.T @ C @ basis, shown), rel=1e-7)


def test_what_the_others_do_not_tell_of_a_row(design, draws):
    found = left_out_densities.LeftOutDensities.of(draws, None).shares_kept(np.arange(design.n_obs))
    for s in (0, 4):
        sigma = float(draws.sigma[0, s])
        V = covariance(design, draws.G[0, s], sigma)
        np.testing.assert_allclose(found[:, s], sigma**2 * np.diag(np.linalg.inv(V)), rtol=1e-9)


def test_units_in_parts_are_those_at_once(design, draws, monkeypatch):
    likelihood = likelihood_of(design)
    unit = design.groupings[0]
    n_units = units_of(design, unit)[1]
    whole = likelihood.pointwise(draws, unit, np.arange(n_units))
    monkeypatch.setattr("bayeshlm.likelihood.left_out_densities.ROOM_BYTES", 8 * 8 * 3)
    parts = likelihood.reduced_pointwise(draws, unit, lambda units, values: (units, values))
    assert len(parts) == -(-n_units // 3)
    assert np.concatenate([units for units, _ in parts]).tolist() == list(range(n_units))
    np.testing.assert_allclose(np.concatenate([values for _, values in parts]), whole, rtol=1e-12)


def test_what_is_no_unit_is_refused(design, draws):
    with pytest.raises(OptionError, match=f"or \"{design.groupings[0]}\" or .* not 'group'"):
        likelihood_of(design).pointwise(draws, "group", np.arange(1))


def test_work_beyond_the_limit_is_refused_with_the_number_of_draws_that_is_not(monkeypatch):
    model = crossed_model()
    draws = Draws(prior_draws(model.design, model.priors, 8, np.random.default_rng(3)), model.design)
    likelihood = likelihood_of(model.design)
    monkeypatch.setattr(left_out_densities, "MOST_WORK", 1e6)
    with pytest.raises(
        OptionError, match=r"units of 'secondary' takes \de\+\d\d multiplications at 8 draws.* [0-7] draws"
    ):
        likelihood.pointwise(draws, "secondary", np.arange(6))


def test_units_that_tie_too_many_others_together_are_refused(monkeypatch):
    model = crossed_model()
    draws = Draws(prior_draws(model.design, model.priors, 8, np.random.default_rng(3)), model.design)
    monkeypatch.setattr("bayeshlm.likelihood.elimination.MOST_DENSE", 10)  # 6 secondary, 28 primary effects
    likelihood = likelihood_of(model.design)
    assert np.isfinite(likelihood.pointwise(draws, "primary", np.arange(14))).all()
    with pytest.raises(OptionError, match=r"units of 'secondary' cannot be left out .* ties too many effects together"):
        likelihood.pointwise(draws, "secondary", np.arange(6))
