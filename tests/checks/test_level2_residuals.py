import numpy as np
import pandas as pd
import pytest
import scipy.stats
from clinics_data import INTERCEPT, SLOPE, clinics_design, clinics_frame
from exact_posterior import exact_posterior
from residual_data import EQUATIONS, clinic_design, dense, parameter_draws, random_posterior

from bayeshlm.checks import effect_moments, mahalanobis
from bayeshlm.checks.level1_residuals import level1_residuals
from bayeshlm.checks.level2_residuals import level2_residuals
from bayeshlm.checks.mahalanobis import distances
from bayeshlm.design import build_design
from bayeshlm.design.gram import has_ols
from bayeshlm.equations import parse
from bayeshlm.likelihood.coefficient_draws import group_moments, regenerated
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.quantities.at_estimates import estimates_as_draw
from bayeshlm.reml.empirical_bayes import empirical_bayes
from bayeshlm.reml.estimate import fit_reml


def group_blocks(matrix, q):
    return np.stack([matrix[a : a + q, a : a + q] for a in range(0, len(matrix), q)])


@pytest.mark.parametrize("name", EQUATIONS)
def test_residuals_and_distances_equal_dense_matrices(name, fake_draws):
    design = clinic_design(name)
    posterior = random_posterior(design, fake_draws)
    found = level2_residuals(Draws(posterior, design))
    J, q = design.n_groups, len(design.random)
    u, within, of_mean, d = [], [], [], []
    rank = [np.linalg.matrix_rank(design.Z[design.group_codes == j], tol=1e-9) for j in range(J)]
    for gamma, G, sigma in zip(*parameter_draws(posterior), strict=True):
        _, mean, cov, spread = dense(design, gamma, G, sigma)
        u.append(mean.reshape(J, q))
        within.append(group_blocks(cov, q))
        of_mean.append(group_blocks(spread, q))
        inverse = [np.linalg.pinv(S, rcond=1e-9, hermitian=True) for S in of_mean[-1]]
        d.append([a @ P @ a for a, P in zip(u[-1], inverse, strict=True)])
    mean, d = np.mean(u, axis=0), np.array(d)
    off = np.array(u) - mean
    cov = np.mean(within, axis=0) + np.einsum("sja,sjb->jab", off, off) / (len(off) - 1)
    np.testing.assert_allclose(found.data["mean"], mean, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.data["cov"], cov, rtol=1e-7, atol=1e-9)
    gamma, G, sigma = parameter_draws(posterior)
    _, at_means, _, spread = dense(design, gamma.mean(axis=0), G.mean(axis=0), np.sqrt(np.mean(sigma**2)))
    sd = np.sqrt(np.einsum("jaa->ja", group_blocks(spread, q)))
    expected = np.divide(at_means.reshape(J, q), sd, out=np.full_like(sd, np.nan), where=sd > 1e-8)
    np.testing.assert_allclose(found.data["standardized"], expected, rtol=1e-7, atol=1e-8)
    assert found.distances["df"].tolist() == rank
    np.testing.assert_allclose(found.distances["distance"], d.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.distances["lower"], np.quantile(d, 0.025, axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.distances["p"], scipy.stats.chi2.sf(d, rank).mean(axis=0), rtol=1e-6)
    moments = group_moments(Draws(posterior, design))
    np.testing.assert_allclose(found.table["mean"], moments["u_mean"].to_numpy().ravel(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.table["sd"], moments["u_sd"].to_numpy().ravel(), rtol=1e-9)


def test_intervals_are_of_the_draws_of_u_and_ols_is_the_groups_own(fake_draws):
    design = clinic_design("random slope")
    posterior = random_posterior(design, fake_draws)
    u = regenerated(Draws(posterior, design), np.arange(design.n_groups))["u"].to_numpy()
    found = level2_residuals(Draws(posterior, design), 0.5)
    expected = np.quantile(u, [0.25, 0.75], axis=(0, 1))
    np.testing.assert_allclose(found.data["lower"], expected[0])
    np.testing.assert_allclose(found.data["upper"], expected[1])
    gamma = posterior["gamma"].mean(("chain", "draw")).to_numpy()
    exists = has_ols(design.cross_products)
    for j in range(design.n_groups):
        rows = design.group_codes == j
        own = found.data["ols"][j].to_numpy()
        if exists[j]:
            expected = np.linalg.lstsq(design.Z[rows], design.y[rows] - design.X[rows] @ gamma)[0]
            np.testing.assert_allclose(own, expected, rtol=1e-8)
        else:
            assert np.isnan(own).all()


def test_at_remls_estimate_the_residuals_are_lme4s_empirical_bayes():
    design = clinics_design(SLOPE)
    reml = fit_reml(design)
    draw = estimates_as_draw(design, reml)
    found = level2_residuals(Draws(draw, design))
    (eb,) = empirical_bayes(reml)
    np.testing.assert_allclose(found.data["mean"], eb.u, atol=1e-10)
    np.testing.assert_allclose(found.data["cov"], eb.vcov, atol=1e-10)
    b = found.data["ols"].to_numpy()
    V = np.stack(
        [
            reml.G + reml.sigma**2 * np.linalg.inv(Z.T @ Z)
            for Z in (design.Z[design.group_codes == j] for j in range(design.n_groups))
        ]
    )
    expected = np.einsum("ja,jab,jb->j", b, np.linalg.inv(V), b)
    np.testing.assert_allclose(found.distances["plug_in"], expected)
    np.testing.assert_allclose(found.distances["distance"], expected)
    np.testing.assert_allclose(found.distances["p_chi2"], scipy.stats.chi2.sf(expected, 2))


def test_a_singular_g_has_distances_too():
    design = clinics_design(SLOPE, tau=(1.0, 0.0))
    reml = fit_reml(design)
    assert reml.singular
    found = distances(Draws(estimates_as_draw(design, reml), design))
    for j in range(design.n_groups):
        Z = design.Z[design.group_codes == j]
        e = (design.y - design.X @ reml.gamma)[design.group_codes == j]
        b = np.linalg.lstsq(Z, e)[0]
        V = reml.G + reml.sigma**2 * np.linalg.inv(Z.T @ Z)
        assert found.plug_in[j] == pytest.approx(b @ np.linalg.inv(V) @ b)


def test_many_groups_take_fewer_draws(fake_draws, monkeypatch):
    design = clinic_design("random slope")
    posterior = random_posterior(design, fake_draws, draws=150)
    monkeypatch.setattr(mahalanobis, "MOST_MATRICES", 1)
    monkeypatch.setattr(effect_moments, "MOST_NUMBERS", 1)
    found = level2_residuals(Draws(posterior, design))
    assert "intervals of u from 200 of 300 draws" in found.notes[-2]
    assert "distances from 200 of 300 draws" in found.notes[-1]


def test_the_columns_of_hlms_file(fake_draws):
    design = clinic_design("random slope")
    posterior = random_posterior(design, fake_draws)
    found = level2_residuals(Draws(posterior, design))
    file = found.hlm_file().set_index("L2ID")
    gamma = posterior["gamma"].mean(("chain", "draw")).to_numpy()
    columns = "NJ CHIPCT MDIST LNTOTVAR OLSRSVAR MDRSVAR EBb0 EBb1 OLb0 OLb1 FVb0 FVb1 ECb0 ECb1 PV0_0 PV1_0 PV1_1"
    assert file.columns.tolist() == columns.split()
    own = design.group_codes == design.group_labels.get_loc("c")
    row, y, X = file.loc["c"], design.y[own], design.X[own]
    assert row["NJ"] == 12
    assert row["LNTOTVAR"] == pytest.approx(np.log(y.std(ddof=1)))
    assert row["MDRSVAR"] == pytest.approx(np.log((y - X @ gamma).std(ddof=1)))
    rss = np.sum((y - design.Z[own] @ np.linalg.lstsq(design.Z[own], y)[0]) ** 2)
    assert row["OLSRSVAR"] == pytest.approx(np.log(np.sqrt(rss / 10)))
    assert row["FVb0"] == pytest.approx(gamma[0] + gamma[1])
    assert row["ECb1"] == pytest.approx(gamma[2] + found.table.loc[("c", "u1"), "mean"])
    assert row["PV1_0"] == pytest.approx(float(found.data["cov"].sel(clinic="c", random="u1", random_="u0")))
    assert row["MDIST"] == found.distances.loc["c", "plug_in"]
    order = np.argsort(file["MDIST"].to_numpy())
    np.testing.assert_allclose(file["CHIPCT"].to_numpy()[order], scipy.stats.chi2.ppf((np.arange(8) + 0.5) / 8, 2))
    alone = file.loc["g"]
    assert np.isnan(alone[["LNTOTVAR", "OLSRSVAR", "MDRSVAR", "OLb0"]].astype(float)).all()


def test_p_values_of_clean_groups_are_uniform():
    """At the true parameters d is chi-square exactly."""
    rng = np.random.default_rng(8)
    codes = np.repeat(np.arange(300), rng.integers(1, 8, 300))
    dose = rng.normal(size=len(codes))
    u = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 0.5]], 300)
    pain = u[codes, 0] + u[codes, 1] * dose + rng.normal(size=len(codes))
    frame = pd.DataFrame({"clinic": codes, "dose": dose, "pain": pain})
    design = build_design(parse("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10 + u1"), frame, "clinic")
    truth = estimates_as_draw(design, fit_reml(design))
    truth["gamma"][:] = 0.0
    truth["tau"][:] = np.sqrt([1, 0.5])
    truth["corr"][:] = [[1, 0.3 / np.sqrt(0.5)], [0.3 / np.sqrt(0.5), 1]]
    truth["sigma"][:] = 1.0
    assert scipy.stats.kstest(distances(Draws(truth, design)).p, "uniform").pvalue > 0.001


def outlying(shift, seed):
    """40 clinics of 12 patients, the last one moved by `shift`."""
    frame = clinics_frame(seed=seed)
    frame.loc[frame["clinic"] == 39, "pain"] += shift
    return build_design(parse(INTERCEPT), frame, "clinic")


@pytest.mark.slow
def test_a_planted_group_is_caught_and_clean_data_are_not_flagged_more_often_than_stated():
    """The planted group raises tau^2 from 1 to 1 + 64/40 = 2.6: its d is a noncentral chi-square of about 64/2.7."""
    limit = scipy.stats.chi2.isf(0.05 / 40, 1)
    power = scipy.stats.ncx2.sf(limit, 1, 64 / (2.6 + 1 / 12))
    assert power > 0.9
    caught, flagged = [], []
    for seed in range(20):
        for shift, into in ((8.0, caught), (0.0, flagged)):
            design = outlying(shift, seed)
            posterior = exact_posterior(design, make_priors(design), 100, 4000, chains=2)
            p = level2_residuals(Draws(posterior, design)).distances["p_holm"]
            into.append(bool(p.loc[39] < 0.05) if shift else bool((p < 0.05).any()))
    assert np.mean(caught) >= power - 3 * np.sqrt(power * (1 - power) / 20)
    assert np.mean(flagged) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 20)


@pytest.mark.slow
def test_heavy_tails_are_caught_and_normal_errors_are_not_flagged_more_often_than_stated():
    """480 errors of a t with 4 df: the share of samples that the kurtosis test itself rejects is the power."""
    rng = np.random.default_rng(9)
    samples = rng.standard_t(4, size=(480, 400))
    power = np.mean(scipy.stats.kurtosistest(samples).pvalue < 0.05)
    assert power > 0.95
    rates = {}
    for heavy in (True, False):
        found = []
        for seed in range(20):
            frame = clinics_frame(seed=seed)
            r = rng.standard_t(4, size=480) if heavy else rng.normal(size=480)
            frame["pain"] = rng.normal(size=40)[frame["clinic"]] + 0.5 * frame["dose"] + r
            design = build_design(parse(INTERCEPT), frame, "clinic")
            posterior = exact_posterior(design, make_priors(design), 100, 4000, chains=2)
            found.append(level1_residuals(Draws(posterior, design)).normality.p_kurtosis < 0.05)
        rates[heavy] = np.mean(found)
    assert rates[True] >= power - 3 * np.sqrt(power * (1 - power) / 20)
    assert rates[False] <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 20)
