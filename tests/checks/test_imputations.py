import numpy as np
import pandas as pd
import pytest
import scipy.integrate
import scipy.stats
import xarray as xr
from clinics_data import INTERCEPT, SLOPE, clinics_design, clinics_frame
from exact_posterior import exact_posterior
from groupings_data import crossed_model, growth_model

from bayeshlm.checks.imputations import (
    check_same_structure,
    complete_df,
    convergence_table,
    mixed,
    pool,
    pooled_draws,
    rubin,
    stacked,
)
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import DataError
from bayeshlm.likelihood import budget
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.quantities.variance_partition import variance_partition


def test_rubins_rules_by_hand():
    found = rubin(np.array([[10.0], [12.0], [14.0], [12.0]]), np.array([[4.0], [5.0], [4.0], [3.0]]), np.array([30.0]))
    W, B, m = 4.0, 8 / 3, 4  # mean 12: (4 + 0 + 4 + 0) / 3
    T = W + 5 / 4 * B
    share, r = 5 / 4 * B / T, 5 / 4 * B / W
    old, observed = (m - 1) / share**2, 31 / 33 * 30 * (1 - share)
    df = old * observed / (old + observed)
    expected = {"within": W, "between": B, "total": T, "df": df, "fmi": (r + 2 / (df + 3)) / (r + 1)}
    assert {name: pytest.approx(float(values[0])) for name, values in found.items()} == expected


def unit_spread(m):
    """Means (m, 1) whose variance is one."""
    means = np.arange(m, dtype=float)[:, None]
    return means / means.std(ddof=1)


def test_estimates_that_agree_have_the_degrees_of_freedom_of_complete_data():
    found = rubin(np.ones((3, 2)), np.array([[2.0, 0.0]] * 3), np.array([50.0, 50.0]))
    df = 51 / 53 * 50
    assert found["df"][0] == pytest.approx(df)
    assert found["fmi"][0] == pytest.approx(2 / (df + 3))
    assert np.isnan(found["fmi"][1])
    nearly = rubin(np.array([[1.0], [1.0], [1.0 + 1e-9]]), np.full((3, 1), 2.0), np.array([50.0]))
    assert nearly["fmi"][0] == pytest.approx(found["fmi"][0])


def test_pooled_draws_of_equal_data_sets_are_their_posterior():
    draws = np.random.default_rng(1).gamma(2.0, 1.0, (1, 2, 500)).repeat(4, axis=0)
    np.testing.assert_allclose(pooled_draws(draws), draws, rtol=1e-12)


@pytest.mark.parametrize("m", [3, 5, 40])
def test_pooled_draws_are_the_sum_of_a_normal_and_a_t(m):
    """Their distribution function against quadrature of the convolution that Rubin's t approximates."""
    spread, rng = unit_spread(m), np.random.default_rng(2)
    normal = scipy.stats.norm.ppf((rng.permutation(40_000) + 0.5) / 40_000).reshape(1, 4, 10_000)
    found = pooled_draws(np.repeat(normal, m, axis=0) + spread[:, :, None])
    error = np.sqrt(1 + 1 / m)
    for x in (-2.5, -0.5, 1.0, 3.0):
        expected, _ = scipy.integrate.quad(
            lambda z, x=x: scipy.stats.norm.pdf(z) * scipy.stats.t.cdf((x - z) / error, m - 1), -9, 9
        )
        noise = np.sqrt(expected * (1 - expected) / 40_000)
        assert np.mean(found - spread.mean() <= x) == pytest.approx(expected, abs=4 * noise)


def test_pooled_is_the_posterior_with_what_is_between():
    designs = [clinics_design(SLOPE, seed=seed) for seed in (3, 4, 5)]
    posteriors = [exact_posterior(design, make_priors(design), 100, 2000, chains=2) for design in designs]
    table = pool(list(map(Draws, posteriors, designs)), prob=0.9)
    assert table.index.tolist() == ["g00", "g01", "g10", "tau[u0]", "tau[u1]", "sigma", "corr[u0,u1]", "icc"]
    draws = np.stack([posterior["gamma"].sel(fixed="g10").to_numpy() for posterior in posteriors])
    row = table.loc["g10"]
    assert row["mean"] == pytest.approx(draws.mean())
    assert row["mixed_sd"] == pytest.approx(draws.std(ddof=1))
    np.testing.assert_allclose(row[["mixed_lower", "mixed_upper"]].astype(float), np.quantile(draws, [0.05, 0.95]))
    np.testing.assert_allclose(row[["lower", "upper"]].astype(float), np.quantile(pooled_draws(draws), [0.05, 0.95]))
    W, B = draws.var(axis=(1, 2), ddof=1).mean(), draws.mean(axis=(1, 2)).var(ddof=1)
    assert (row["within"], row["between"], row["total"]) == pytest.approx((W, B, W + 4 / 3 * B))
    assert row["sd"] == pytest.approx(np.sqrt(W + 4 / 3 * B))
    half = scipy.stats.t(row["df"]).ppf(0.95) * np.sqrt(row["total"])
    assert (row["rubin_lower"], row["rubin_upper"]) == pytest.approx((row["mean"] - half, row["mean"] + half))
    assert row["mcse_mean"] == pytest.approx(np.sqrt(W / 200 / 3), rel=0.3)
    assert table.attrs == {"n_datasets": 3, "ci_kind": "eti", "ci_prob": 0.9}
    tau2, sigma2 = (np.stack([p[name].to_numpy() ** 2 for p in posteriors]) for name in ("tau", "sigma"))
    assert 0 < table.loc["icc", "mean"] < 1
    assert table.loc["tau[u0]", "mean"] == pytest.approx(np.sqrt(tau2[..., 0]).mean())
    assert table.loc["sigma", "mean"] == pytest.approx(np.sqrt(sigma2).mean())
    corr = np.stack([posterior["corr"].to_numpy()[..., 0, 1] for posterior in posteriors])
    for name, values, to_scale in (
        ("sigma", np.sqrt(sigma2), np.log),
        ("tau[u0]", np.sqrt(tau2[..., 0]), np.log),
        ("corr[u0,u1]", corr, np.arctanh),
    ):
        z = to_scale(values)
        found = to_scale(table.loc[name, ["lower", "upper"]].astype(float).to_numpy())
        np.testing.assert_allclose(found, np.quantile(pooled_draws(z), [0.05, 0.95]), atol=2e-3)
        own = rubin(z.mean(axis=(1, 2))[:, None], z.var(axis=(1, 2), ddof=1)[:, None], complete_df([name], designs[0]))
        assert table.loc[name, "df"] == pytest.approx(own["df"][0])
        assert table.loc[name, "fmi"] == pytest.approx(own["fmi"][0])
        ends = to_scale(table.loc[name, ["rubin_lower", "rubin_upper"]].astype(float).to_numpy())
        assert np.mean(ends) == pytest.approx(z.mean())
        assert np.ptp(ends) / 2 == pytest.approx(scipy.stats.t(own["df"][0]).ppf(0.95) * np.sqrt(own["total"][0]))


def test_two_data_sets_leave_a_cauchys_tails():
    designs = [clinics_design(SLOPE, seed=seed) for seed in (3, 4)]
    posteriors = [exact_posterior(design, make_priors(design), 100, 2000, chains=2) for design in designs]
    for kind in ("eti", "hdi"):
        table = pool(list(map(Draws, posteriors, designs)), kind=kind)
        assert np.isfinite(table[["lower", "upper", "rubin_lower", "rubin_upper"]].to_numpy()).all()
        assert (table.loc[["tau[u0]", "tau[u1]", "sigma", "icc"], "lower"] >= 0).all()
        assert table.loc["corr[u0,u1]", ["lower", "upper"]].abs().max() <= 1


def test_degrees_of_freedom_of_complete_data():
    design = clinics_design(INTERCEPT)
    assert complete_df(["g00", "g01", "g10", "sigma", "tau[u0]", "icc"], design).tolist() == [38, 38, 477, 477, 39, 39]


@pytest.mark.slow
def test_the_missing_information_of_missing_outcomes_is_recovered():
    """Half of the outcomes missing at random, imputed properly: known information for the slope, sigma and g00.

    The slope's variance is sigma^2 over the sum of squares, so that half is missing; sigma's information is the
    degrees of freedom within groups, 9 complete and 4 observed of each; g00 has tau^2/J + sigma^2/(J n). Over 40
    imputations B has the relative error sqrt(2/39) = .23, the fraction f that times f (1 - f), and as much again from
    the data, whose observed halves differ.
    """
    rng = np.random.default_rng(12)
    J, n, m, tau, sigma = 80, 10, 40, 0.3, 1.0
    codes = np.repeat(np.arange(J), n)
    dose = np.tile(np.repeat(np.linspace(-1, 1, n // 2), 2), J)
    pain = tau * rng.normal(size=J)[codes] + 0.5 * dose + sigma * rng.normal(size=J * n)
    frame = pd.DataFrame({"clinic": codes, "dose": dose, "pain": pain})
    seen = np.tile([True, False], J * n // 2)
    equations = parse("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10")
    observed = build_design(equations, frame[seen], "clinic")
    imputer = exact_posterior(observed, make_priors(observed), 10, 4000)
    flat = {name: imputer[name].to_numpy().reshape(m, *imputer[name].shape[2:]) for name in ("gamma", "sigma", "u")}
    designs = []
    for k in range(m):
        mean = flat["gamma"][k, 0] + flat["gamma"][k, 1] * dose + flat["u"][k, codes, 0]
        filled = np.where(seen, pain, mean + flat["sigma"][k] * rng.normal(size=J * n))
        designs.append(build_design(equations, frame.assign(pain=filled), "clinic"))
    posteriors = [exact_posterior(design, make_priors(design), 100, 3000, seed=k) for k, design in enumerate(designs)]
    fmi = pool(list(map(Draws, posteriors, designs)))["fmi"]
    t2, s2 = tau**2, sigma**2
    expected = {"g10": 0.5, "sigma": 1 - 4 / 9, "g00": 1 - (t2 + s2 / n) / (t2 + 2 * s2 / n)}
    for name, f in expected.items():
        assert fmi[name] == pytest.approx(f, abs=3 * np.sqrt(2) * 0.23 * f * (1 - f)), name


def test_stacked_and_mixed_draws(monkeypatch):
    design = clinics_design(INTERCEPT)
    posteriors = {name: exact_posterior(design, make_priors(design), 50, 1000, seed=k) for k, name in enumerate("ab")}
    together = stacked(posteriors)
    assert together["gamma"].dims == ("dataset", "chain", "draw", "fixed")
    assert together["beta"].dims == ("dataset", "chain", "draw", "clinic", "coefficient")
    assert together["dataset"].to_numpy().tolist() == ["a", "b"]
    xr.testing.assert_equal(together.sel(dataset="b", drop=True)["u"], posteriors["b"]["u"])
    flat = mixed(together)
    assert flat["tau"].dims == ("chain", "draw", "random")
    assert flat["chain"].to_numpy().tolist() == list(range(8))
    np.testing.assert_array_equal(flat["sigma"][4:], posteriors["b"]["sigma"])
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * posteriors["a"]["beta"].size)
    assert "beta" not in stacked(posteriors)


def test_the_verdicts_of_the_data_sets():
    bad = Convergence(False, 100.0, 90.0, 1.02, 3, 400, ("Few draws.", "Chains disagree."))
    table = convergence_table({"1": Convergence(True, 500.0, 500.0, 1.0, 0, 400, ()), "2": bad})
    assert table["converged"].tolist() == [True, False]
    assert table.loc["2", "reasons"] == "Few draws. Chains disagree."


def test_data_sets_with_other_effects_or_groups():
    frame = clinics_frame()
    frame["kind"] = np.resize(["a", "b", "c"], len(frame))
    spec = parse("pain = b0 + b1*C(kind) + r; b0 = g00 + u0; b1 = g10")
    whole = build_design(spec, frame, "clinic")
    fewer = build_design(spec, frame[frame["kind"] != "c"], "clinic")
    with pytest.raises(DataError, match=r"Data set two has other fixed effects than one: g00, g10\[b\] and not"):
        check_same_structure({"one": whole, "two": fewer})
    without = build_design(spec, frame[frame["clinic"] != 7], "clinic")
    with pytest.raises(DataError, match=r"Data set two .* 'clinic' as one: 7 is in one"):
        check_same_structure({"one": whole, "two": without})
    check_same_structure({"one": whole, "two": whole})


def test_degrees_of_freedom_of_several_groupings():
    nested, crossed = growth_model().design, crossed_model().design  # 8 schools of 5 children, 4 times; 14, 6, 150 rows
    names = ["g000", "g001", "g010", "g100", "tau[r0]", "corr[r0,r1]", "tau[u10]", "sigma"]
    found = complete_df([*names, "share[child]", "icc[school]"], nested)
    assert found.tolist() == [6, 6, 37, 7, 39, 39, 7, 156, 39, 7]
    together = "icc[primary,secondary]"
    found = complete_df(["g00", "g01", "g10", "tau[u1]", "tau[v0]", "share[secondary]", together], crossed)
    assert found.tolist() == [4, 4, 13, 13, 5, 5, 5]


def test_pooled_shares_of_several_groupings():
    models = [growth_model(seed=seed) for seed in (1, 2, 3)]
    posteriors = [
        Draws(prior_draws(model.design, models[0].priors, 300, np.random.default_rng(k)), model.design)
        for k, model in enumerate(models)
    ]
    table = pool(posteriors)
    assert table.index.tolist()[-4:] == ["share[child]", "share[school]", "icc[child]", "icc[school]"]
    expected = np.mean([variance_partition(one).draws["icc[child]"].mean() for one in posteriors])
    assert table.loc["icc[child]", "mean"] == pytest.approx(expected)
    together = stacked({str(k): one.dataset for k, one in enumerate(posteriors)})
    assert together["u_school"].dims == ("dataset", "chain", "draw", "school", "random_school")
    assert mixed(together)["beta_child"].sizes["chain"] == 3


def test_groups_of_every_grouping_are_compared():
    design = growth_model().design
    other = growth_model(n_schools=7, n_children=5).design
    with pytest.raises(DataError, match=r"same groups of 'child' as one: 35 is in one of the two only"):
        check_same_structure({"one": design, "two": other})
