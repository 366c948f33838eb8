"""Leaving out on real fits: against refits to the data without a school or a row, of every model, loaded from disk."""

import numpy as np
import pandas as pd
import pytest
from gallery_models import ONE_GROUPING
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import bayeshlm as hlm
from bayeshlm.likelihood import budget
from bayeshlm.sampling import nuts
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

EQUATIONS = """
mathach = b0 + b1*cwc(ses) + r
b0 = g00 + g01*sector + u0
b1 = g10 + u1
"""


@pytest.fixture(scope="module")
def schools():
    return hlm.load_dataset("hs")


@pytest.fixture(scope="module")
def fit(schools):
    return hlm.Model(EQUATIONS, schools, "school").fit(seed=1, progress=False)


def draws_of(fit):
    """gamma, G and sigma of every draw."""
    gamma, tau, corr, sigma = (
        fit.posterior[name].transpose("chain", "draw", ...).to_numpy() for name in ("gamma", "tau", "corr", "sigma")
    )
    G = tau[..., :, None] * corr * tau[..., None, :]
    return gamma.reshape(sigma.size, -1), G.reshape(sigma.size, *G.shape[2:]), sigma.ravel()


def words(shown):
    return " ".join(repr(shown).split())


def dense_densities(model, school, fit):
    """``log p(y_j | theta)`` of a school of a model at the draws of a fit without it, by dense matrices."""
    design = model.design
    rows = np.flatnonzero(design.group_labels[design.group_codes] == school)
    X, Z, y = design.X[rows], design.Z[rows], design.y[rows]
    gammas, Gs, sigmas = draws_of(fit)
    identity = np.eye(len(rows))
    return np.array(
        [
            multivariate_normal.logpdf(y, X @ gamma, Z @ G @ Z.T + sigma**2 * identity)
            for gamma, G, sigma in zip(gammas, Gs, sigmas, strict=True)
        ]
    )


@pytest.mark.slow
def test_leaving_a_school_out_is_a_fit_without_it(fit, schools):
    """The default priors of the fits without a school differ by a percent, far less than a Monte Carlo error."""
    left_out = fit.loo("group")
    assert left_out.bad.empty
    pointwise = left_out.pointwise
    worst = pointwise["school"].to_numpy()[np.argsort(-pointwise["pareto_k"].to_numpy())[:2]]
    for school in [*worst, pointwise["school"].to_numpy()[0]]:
        other = hlm.Model(EQUATIONS, schools[schools["school"] != school], "school")
        densities = dense_densities(fit.model, school, other.fit(seed=int(school), progress=False))
        elpd = logsumexp(densities) - np.log(len(densities))
        density = np.exp(densities - densities.max())
        refit_error = density.std() / density.mean() / np.sqrt(0.5 * len(density))
        unit = pointwise.sel(school=school)
        assert float(unit["elpd"]) == pytest.approx(elpd, abs=4 * np.hypot(refit_error, float(unit["mcse"])))
        assert refit_error < 0.05


@pytest.mark.slow
def test_fits_without_a_group_or_a_row_give_what_the_weights_give(fit):
    from bayeshlm.checks import loo_refits

    for unit in ("group", "row"):
        pointwise = fit.loo(unit, exact=False).pointwise
        position = int(np.argmin(pointwise["elpd"].to_numpy()))
        (elpd, p_loo, mcse), refit = loo_refits.exact_unit(fit._fitted, unit, position)
        assert refit.convergence.converged
        one = pointwise.isel({pointwise["elpd"].dims[0]: position})
        error = np.hypot(mcse, float(one["mcse"]))
        assert float(one["elpd"]) == pytest.approx(elpd, abs=4 * error)
        assert float(one["p_loo"]) == pytest.approx(p_loo, abs=4 * error)


@pytest.mark.slow
def test_a_planted_school_is_found_and_fitted_anew(schools):
    frame = schools.copy()
    outlier = frame["school"].iloc[0]
    frame.loc[frame["school"] == outlier, "mathach"] += 60.0
    fit = hlm.Model(EQUATIONS, frame, "school").fit(seed=2, progress=False)
    quick = fit.loo("group", exact=False)
    assert outlier in quick.bad.index
    assert f"NOT TRUSTWORTHY for {len(quick.bad)} unit" in words(quick)
    assert f"school {outlier}" in words(quick)
    exact = fit.loo("group", exact=True)
    assert exact.bad.empty
    assert bool(exact.pointwise["refitted"].sel(school=outlier))
    assert exact.pointwise["elpd"].idxmin().item() == outlier
    influence = fit.influence(exact=True)
    assert influence.table.index[0] == outlier
    assert influence.outlying.index.tolist() == [outlier]
    assert f"Outlying: school {outlier}" in words(influence)
    without = hlm.Model(EQUATIONS, frame[frame["school"] != outlier], "school").fit(seed=3, progress=False)
    tau = influence.posterior["mean"].sel(school=outlier, parameter="tau[u0]").item()
    assert tau == pytest.approx(without.variance_components().loc[("tau", "u0"), "mean"], abs=0.1)


@pytest.mark.slow
def test_models_are_compared_by_the_question_asked(fit, schools, tmp_path):
    plain = hlm.Model(EQUATIONS.replace(" + g01*sector", ""), schools, "school").fit(seed=1, progress=False)
    fit.save(tmp_path / "fit.nc")
    loaded = hlm.load(tmp_path / "fit.nc")
    new = hlm.compare({"plain": plain, "sector": loaded}, "group")
    known = hlm.compare({"plain": plain, "sector": fit})
    assert new.index[0] == "sector"
    assert new.loc["plain", "elpd_diff"] < known.loc["plain", "elpd_diff"]
    assert new.loc["sector", "elpd"] == fit.loo("group").elpd
    assert (new.attrs["n_units"], known.attrs["n_units"]) == (40, len(schools))
    with pytest.raises(hlm.OptionError, match="not the same outcome"):
        hlm.compare(
            {
                "a": fit,
                "b": hlm.Model(EQUATIONS, schools.assign(mathach=1.0 + schools["mathach"]), "school").fit(
                    draws=50, seed=1, progress=False
                ),
            }
        )


def sampled(model, fake_draws, draws=60):
    raw = fake_draws(model.design, 4, draws)
    return hlm.Fit(model, to_datatree(raw, model.design, model.priors, sampling_options(draws=draws, seed=1)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE_GROUPING)
def test_every_gallery_model(name, fake_draws):
    fit = sampled(hlm.open_model(name), fake_draws)
    for unit in ("row", "group"):
        loo = fit.loo(unit, exact=False)
        assert np.isfinite(loo.pointwise["elpd"]).all()
        assert "Leave-one-out" in repr(loo)
    influence = fit.influence()
    assert len(influence.table) == fit.model.design.n_groups
    assert np.isfinite(influence.posterior["change"]).all()
    assert np.isfinite(influence.table["reml_cooks_distance"]).all()


@pytest.fixture
def wards():
    rng = np.random.default_rng(2)
    ward = np.repeat([f"ward {j}" for j in range(12)], [1, 2, 3, *[6] * 9])
    n = len(ward)
    frame = pd.DataFrame({"ward": ward, "dose": rng.normal(size=n), "urban": (pd.factorize(ward)[0] % 2).astype(float)})
    frame["pain"] = 5 + frame["dose"] + frame["urban"] + rng.normal(size=12)[pd.factorize(ward)[0]] + rng.normal(size=n)
    return hlm.Model("pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10", frame, "ward")


def test_above_the_budget_and_from_disk_the_answers_are_the_same(wards, fake_draws, monkeypatch, tmp_path):
    kept = sampled(wards, fake_draws)
    monkeypatch.setattr(budget, "BUDGET_BYTES", 100)
    above = sampled(wards, fake_draws)
    assert "log_likelihood" not in above.idata.children
    above.save(tmp_path / "fit.nc")
    for fit in (above, hlm.load(tmp_path / "fit.nc")):
        for unit in ("row", "group"):
            whole, again = kept.loo(unit, exact=False), fit.loo(unit, exact=False)
            np.testing.assert_allclose(again.pointwise["elpd"], whole.pointwise["elpd"], rtol=1e-9)
            assert repr(again) == repr(whole)
        pd.testing.assert_frame_equal(fit.influence().table, kept.influence().table)


def test_the_sums_are_arvizs_of_the_stored_likelihood(wards, fake_draws):
    from arviz_stats import loo

    fit = sampled(wards, fake_draws, 250)
    mine, theirs = fit.loo("group", exact=False), loo(fit.idata, var_name="y_ward", reff=1.0, pointwise=True)
    np.testing.assert_allclose(mine.pointwise["elpd"], theirs.elpd_i, atol=0.05)
    assert mine.elpd == pytest.approx(theirs.elpd, abs=0.1)


def test_the_face_says_which_question_it_answers(wards, fake_draws):
    fit = sampled(wards, fake_draws)
    rows, groups, influence = fit.loo(exact=False), fit.loo("group", exact=False), fit.influence()
    assert "new row of a known ward" in repr(rows)
    assert "rows of a new ward" in repr(groups)
    assert "over 12 groups (ward), 240 draws" in repr(groups)
    for shown in (rows, groups, influence):
        assert shown._repr_html_().startswith('<div class="bayeshlm">')
    assert "Influence of each ward, the 10 most influential of 12" in repr(influence)
    assert repr(influence).count("\n") < 30


def test_refits_are_made_by_the_sampler_of_the_fit(wards, fake_draws, monkeypatch):
    fit = sampled(wards, fake_draws)
    bad = fit.loo("group", exact=False).bad
    assert len(bad) > 0
    seen = []

    def run(graph, layout, options, busy_ms):
        seen.append(options.draws)
        design = hlm.Model.from_design(fit.model.design).design
        return fake_draws(design, options.chains, options.draws)

    monkeypatch.setattr(nuts, "run_nuts", run)
    assert fit.loo("group", exact=True).bad.empty
    assert seen == [60] * len(bad)
