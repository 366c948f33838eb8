"""What a group does: posteriors without it, planted outliers that are found, clean data that are left alone."""

import numpy as np
import pytest
import xarray as xr
from clinics_data import INTERCEPT, SLOPE, clinics_design, clinics_frame
from exact_posterior import exact_posterior
from fitted_draws import fitted_of
from left_out_data import MODELS, draws_around, moments_of_group, ward_design
from scipy.stats import chi2

from bayeshlm.checks.conflict import conflict_probabilities
from bayeshlm.checks.influence import influence
from bayeshlm.checks.influence_draws import parameter_draws, put_refit, shifts_without_groups
from bayeshlm.checks.loo import leave_one_out
from bayeshlm.checks.loo_refits import Refit
from bayeshlm.checks.psis import relative_efficiency, smoothed_weights
from bayeshlm.design import build_design
from bayeshlm.design.subset import without_rows
from bayeshlm.equations import parse
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.rotation import rotate


def planted(change, n_groups=40, size=10, seed=8):
    """Clinic 5 lies so many tau away from its place."""
    frame = clinics_frame(n_groups=n_groups, size=size, seed=seed)
    frame.loc[frame["clinic"] == 5, "pain"] += change
    return build_design(parse(INTERCEPT), frame, "clinic")


@pytest.fixture(scope="module")
def outlier():
    design = planted(6.0)
    priors = make_priors(design)
    posterior = exact_posterior(design, priors, tau_wide=2.0)
    return design, priors, posterior, influence(fitted_of(design, posterior, priors))


def test_a_planted_outlier_is_at_the_top_and_named(outlier):
    _, _, _, found = outlier
    assert found.table.index[0] == 5
    assert found.table.iloc[0]["parameter"] in ("tau[u0]", "g00")
    assert found.outlying.index.tolist() == [5]
    assert found.table["reml_cooks_distance"].idxmax() == 5
    assert found.table["reml_covratio"].idxmin() == 5


def test_shifts_are_those_of_the_posterior_without_the_group(outlier):
    design, priors, posterior, found = outlier
    names, with_it = parameter_draws(Draws(posterior, design))
    scale = with_it.std(axis=(1, 2))
    for group in (0, 21, 33):
        other = exact_posterior(without_rows(design, design.group_codes == group), priors, seed=group + 3, tau_wide=2.0)
        without = parameter_draws(Draws(other, design))[1]
        row = found.posterior.isel(clinic=group)
        assert float(row["pareto_k"]) < 0.7
        change = (without.mean(axis=(1, 2)) - with_it.mean(axis=(1, 2))) / scale
        error = np.hypot(row["mcse"], np.sqrt(2 / without[0].size) * without.std(axis=(1, 2)) / scale)
        assert (np.abs(row["change"] - change) < 4 * error).all()
        assert (np.abs(row["sd"] / without.std(axis=(1, 2)) - 1) < 0.15).all()
        assert row["parameter"].to_numpy().tolist() == names == ["g00", "g01", "g10", "tau[u0]", "sigma"]


def test_the_table_is_sorted_and_agrees_with_the_datasets(outlier):
    design, _, _, found = outlier
    size = found.table["change"].abs()
    assert size.is_monotonic_decreasing
    for label, row in found.table.iterrows():
        shifts = found.posterior["change"].sel(clinic=label)
        assert row["change"] == shifts.sel(parameter=row["parameter"]).item()
        assert abs(row["change"]) == np.abs(shifts).max().item()
        assert row["reml_mdffits"] == found.reml["mdffits"].sel(clinic=label, estimate="exact").item()
        assert row["leverage_fixed"] == found.reml["leverage_fixed"].sel(clinic=label).item()
    assert found.table["n"].tolist() == [10] * 40
    estimate = fit_reml(design)
    rest = fit_reml(without_rows(design, design.group_codes == 5))
    value = found.reml["value"].sel(clinic=5, estimate="exact")
    np.testing.assert_allclose(value, [*rest.gamma, *rest.tau, rest.sigma], rtol=1e-6)
    rvc = found.reml["rvc"].sel(clinic=5, estimate="exact", component="tau[u0]").item()
    assert rvc == pytest.approx((rest.tau[0] / estimate.tau[0]) ** 2 - 1, rel=1e-5)


def test_cooks_distance_of_the_posterior_is_near_remls(outlier):
    _, _, _, found = outlier
    assert np.corrcoef(found.table["cooks_distance"], found.table["reml_cooks_distance"])[0, 1] > 0.95


def test_a_fit_anew_takes_the_place_of_the_weights(outlier):
    design, _, posterior, _ = outlier
    shifts = shifts_without_groups(Draws(posterior, design))
    moved = posterior.assign(gamma=posterior["gamma"] + 1.0)
    put_refit(shifts, Draws(posterior, design), 5, Refit(moved, Convergence(True, 1, 1, 1, 0, 1, ())))
    scale = posterior["gamma"].std(("chain", "draw"))
    np.testing.assert_allclose(shifts.change[5, :3], 1 / scale)
    np.testing.assert_allclose(shifts.change[5, 3:], 0, atol=1e-12)
    gamma = posterior["gamma"].to_numpy().reshape(-1, 3)
    d = np.ones(3)
    assert shifts.distance[5] == pytest.approx(d @ np.linalg.solve(np.cov(gamma.T, ddof=0), d) / 3)


@pytest.mark.slow
def test_bad_groups_are_fitted_anew_on_request(monkeypatch):
    design = planted(60.0)
    priors = make_priors(design)
    posterior = exact_posterior(design, priors, tau_wide=3.0)
    rest = without_rows(design, design.group_codes == 5)
    refits = []

    def refit(fitted, left_out):
        refits.append(np.flatnonzero(left_out).tolist())
        return Refit(exact_posterior(rest, priors), Convergence(False, 1, 1, 1, 0, 1, ()))

    monkeypatch.setattr("bayeshlm.checks.influence.refit_without", refit)
    quick = influence(fitted_of(design, posterior, priors))
    assert quick.bad.index.tolist() == [5]
    assert refits == []
    found = influence(fitted_of(design, posterior, priors), exact=True)
    assert refits == [np.flatnonzero(design.group_codes == 5).tolist()]
    assert found.bad.empty
    assert found.table.index[0] == 5
    assert found.outlying.index.tolist() == [5]
    assert found.notes == ("the fit without clinic 5 has not converged",)


@pytest.mark.parametrize("name", MODELS)
def test_conflict_is_the_chi_square_of_what_a_group_shows(name):
    design = ward_design(name)
    posterior = draws_around(design)
    rng = np.random.default_rng(1)
    weights = rng.dirichlet(np.ones(6), design.n_groups)
    found = conflict_probabilities(
        Draws(posterior, design), rotate(design.cross_products), np.arange(design.n_groups), weights
    )
    for group in range(design.n_groups):
        expected = 0.0
        for draw in range(6):
            mean, V, rows = moments_of_group(design, posterior, draw, group)
            Q = np.linalg.qr(design.Z[rows])[0] if len(rows) >= design.Z.shape[1] else np.eye(len(rows))
            shown = Q.T @ (design.y[rows] - mean)
            length = shown @ np.linalg.solve(Q.T @ V @ Q, shown)
            expected += weights[group, draw] * chi2.sf(length, Q.shape[1])
        assert found[group] == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.slow
def test_clean_data_are_called_outlying_at_most_as_often_as_stated():
    named, first, n_studies = 0, [], 150
    for seed in range(n_studies):
        rng = np.random.default_rng(1000 + seed)
        frame = clinics_frame(n_groups=25, size=6, seed=seed)
        frame["pain"] = 5 + frame["dose"] + rng.normal(0, 1, 25)[frame["clinic"]] + rng.normal(0, 1, len(frame))
        design = build_design(parse(INTERCEPT), frame, "clinic")
        p = conflicts(design, seed)
        named += (p < 0.05 / 25).any()
        first.append(p[0])
    assert named / n_studies < 0.05 + 2 * np.sqrt(0.05 * 0.95 / n_studies)
    assert np.mean(np.array(first) < 0.1) == pytest.approx(0.1, abs=3 * np.sqrt(0.1 * 0.9 / n_studies))


@pytest.mark.slow
def test_a_planted_outlier_is_found_at_the_power_computed():
    """A clinic 5 SDs of its mean away, with its own deviation beside.

    The limit is 3.23 SDs, P(N(5, 1) > 3.23) = .96; tau, known from 39 clinics to 11 %, leaves about .94. Fewer than 15
    of 20 then happen in .2 % of studies.
    """
    sd = np.sqrt(1 + 1 / 10)
    assert sum(conflicts(planted(5 * sd, seed=seed), seed)[5] < 0.05 / 40 for seed in range(20)) >= 15


def conflicts(design, seed):
    posterior = exact_posterior(design, make_priors(design), draws=250, proposals=10_000, seed=seed, tau_wide=2.0)
    return shifts_without_groups(Draws(posterior, design)).conflict_p


def test_a_singular_fit_and_reml_without_an_answer():
    design = clinics_design(SLOPE, n_groups=20, size=4, tau=(0.0, 0.0))
    priors = make_priors(design)
    posterior = exact_posterior(design, priors)
    found = influence(fitted_of(design, posterior, priors))
    assert np.isfinite(found.table["reml_cooks_distance"]).all()
    assert found.reml["rvc"].isnull().any()
    assert np.isfinite(found.posterior["change"]).all()


def test_reml_without_an_answer_leaves_the_posterior(monkeypatch, outlier):
    design, priors, posterior, whole = outlier
    from bayeshlm.errors import DataError

    def fail(design):
        raise DataError("the level-1 variance is zero")

    monkeypatch.setattr("bayeshlm.checks.influence.classical_estimate", fail)
    found = influence(fitted_of(design, posterior, priors))
    xr.testing.assert_identical(found.posterior, whole.posterior)
    assert found.table["reml_cooks_distance"].isna().all()
    assert found.notes == ("REML has no estimate: the level-1 variance is zero",)


def test_many_groups_are_not_fitted_by_reml_unasked(monkeypatch, outlier):
    design, priors, posterior, whole = outlier
    monkeypatch.setattr("bayeshlm.checks.influence.MOST_REML_FITS", 39)
    found = influence(fitted_of(design, posterior, priors))
    assert found.table.attrs["reml_estimate"] == "one_step"
    assert "one-step" in found.notes[0]
    assert found.reml["mdffits"].sel(estimate="exact").isnull().all()
    one_step = [some.reml["mdffits"].sel(estimate="one_step") for some in (found, whole)]
    xr.testing.assert_identical(*one_step)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n_groups", [2, 3, 9])
def test_few_groups_of_few_rows(name, n_groups):
    design = ward_design(name, n_groups=n_groups)
    posterior, priors = draws_around(design, 150), make_priors(design)
    found = influence(fitted_of(design, posterior, priors))
    assert np.isfinite(found.posterior["change"]).all()
    assert found.table["conflict_p"].between(0, 1).all()
    if found.notes:
        assert "REML has no estimate: The data do not determine" in found.notes[0]
        assert found.table["leverage_fixed"].isna().all()
    else:
        assert found.table["leverage_fixed"].sum() == pytest.approx(len(design.fixed))
    assert (n_groups < 9) or found.table["reml_cooks_distance"].notna().all()
    for unit in ("row", "group"):
        assert np.isfinite(
            leave_one_out(fitted_of(design, posterior, priors), unit, exact=False).pointwise["elpd"]
        ).all()


def test_the_monte_carlo_error_of_a_change_is_that_of_a_weighted_mean():
    """By the definition, a group and a parameter at a time: sum_s (w_s (c_s - m) - c_s / S)^2 over the efficiency."""
    design = clinics_design(SLOPE, n_groups=12)
    exact = exact_posterior(design, make_priors(design))
    posterior = Draws(exact.isel(draw=np.arange(exact.sizes["draw"]) // 2 * 2), design)  # every other draw, twice
    shifts, efficiency = shifts_without_groups(posterior), relative_efficiency(posterior)
    _, draws = parameter_draws(posterior)
    densities = likelihood_of(design).pointwise(posterior, "group", np.array([0, 7]))
    assert efficiency < 0.8
    for group, density in zip((0, 7), densities, strict=True):
        w = smoothed_weights(density[None], efficiency)[0][0]
        for k in range(len(draws)):
            c = (draws[k].ravel() - draws[k].mean()) / draws[k].std()
            m = float(w @ c)
            expected = np.sqrt(sum((w * (c - m) - c / len(c)) ** 2) / efficiency)
            assert shifts.change[group, k] == pytest.approx(m, abs=1e-10)
            assert shifts.mcse[group, k] == pytest.approx(expected, rel=1e-8)
