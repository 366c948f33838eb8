"""A fit with several groupings, from the equations to tables, files and predictions."""

import json

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.results_folder import write_results
from bayeshlm.errors import DataError, OptionError
from bayeshlm.likelihood import budget

EQUATIONS = """
math = p0 + p1*time + e
p0 = b00 + b01*female + r0
p1 = b10 + r1
b00 = g000 + g001*size + u00
b01 = g010
b10 = g100 + u10
"""
ROWS = ("child", "school", "time", "size", "female", "math")


def rows(n_schools=12, n_children=6, n_times=4):
    rng = np.random.default_rng(4)
    school = np.repeat(np.arange(n_schools), n_children * n_times)
    child = np.repeat(np.arange(n_schools * n_children), n_times)
    time = np.tile(np.arange(n_times) - 1.5, n_schools * n_children)
    size, female = rng.normal(size=n_schools)[school], rng.integers(0, 2, n_schools * n_children)[child]
    own, theirs = rng.normal(0, 1, (n_schools * n_children, 2))[child], rng.normal(0, 0.8, (n_schools, 2))[school]
    math = 10 + size + 0.5 * female + own[:, 0] + theirs[:, 0] + time * (1 + 0.4 * own[:, 1] + 0.4 * theirs[:, 1])
    math += rng.normal(size=len(school))
    return pd.DataFrame(dict(zip(ROWS, (child, school, time, size, female, math), strict=True)))


@pytest.fixture(scope="module")
def model():
    return hlm.Model(EQUATIONS, rows(), ["child", "school"])


@pytest.fixture(scope="module")
def fit(model):
    return model.fit(draws=500, seed=3, progress=False)


def test_nuts_importance_sampling_and_reml_agree(model, fit):
    other = model.fit(draws=1000, seed=5, sampler="importance", progress=False)
    assert other.convergence.certificate.holds
    for table in ("fixed_effects", "variance_components"):
        one, two = getattr(fit, table)(), getattr(other, table)()
        error = np.hypot(one["mcse_mean"], two["mcse_mean"])
        assert (abs(one["mean"] - two["mean"]) < 4 * error).all()
    reml, fixed = model.reml(), fit.fixed_effects()
    assert (abs(fixed["mean"] - reml.gamma) < 0.5 * fixed["sd"]).all()


def test_one_grouping_is_the_same_whichever_way_it_is_named():
    equations = "math = b0 + b1*time + r; b0 = g00 + g01*size + {}; b1 = g10"
    one = hlm.Model(equations.format("u0"), rows(), "school").reml()
    other = hlm.Model(equations.format("u0[school]"), rows(), ["school"]).reml()
    assert (one.gamma == other.gamma).all()


def test_what_is_printed_names_every_grouping(fit):
    text = repr(fit)
    assert "288 rows in 72 groups (child) and 12 groups (school)" in text
    assert "share[child]" in text
    assert "72 groups (child)" in fit._repr_html_()


def test_coefficients_of_the_units_of_each_grouping(fit):
    schools = fit.group_coefficients(grouping="school")
    assert schools.index.names == ["school", "coefficient"]
    assert schools.loc[0].index.tolist() == ["b00", "b01", "b10"]
    assert schools["n"].unique().tolist() == [24]
    assert schools.xs("b01", level=1)["u_mean"].isna().all()
    with pytest.raises(OptionError, match="say which grouping: grouping= is one of 'child', 'school'"):
        fit.group_coefficients()
    draws = fit.posterior
    beta = draws["beta_school"].sel(school=3, coefficient_school="b00")
    assert schools.loc[(3, "b00"), "mean"] == pytest.approx(float(beta.mean()), rel=1e-12)
    child, school = draws["beta_child"].sel(coefficient_child="p1"), draws["beta_school"].sel(coefficient_school="b10")
    own = draws["u_child"].sel(random_child="r1")
    np.testing.assert_allclose(child[..., 0], school[..., 0] + own[..., 0], rtol=1e-12, atol=1e-12)


def test_shares_of_variance_by_hand(fit):
    table, draws = fit.icc().table, fit.posterior
    z = np.column_stack([np.ones(4), np.arange(4) - 1.5])
    moments = z.T @ z / 4
    parts = {}
    for name, effects in {"child": ["r0", "r1"], "school": ["u00", "u10"]}.items():
        tau = draws["tau"].sel(random=effects).to_numpy()
        corr = draws["corr"].sel(random=effects, random_=effects).to_numpy()
        parts[name] = np.einsum("cdq,cdqr,cdr,qr->cd", tau, corr, tau, moments)
    total = sum(parts.values()) + draws["sigma"].to_numpy() ** 2
    for name, part in parts.items():
        assert table.loc[f"share[{name}]", "mean"] == pytest.approx((part / total).mean(), rel=1e-10)
    assert table.loc["icc[child]", "mean"] == pytest.approx((sum(parts.values()) / total).mean(), rel=1e-10)
    assert table.loc["icc[school]", "mean"] == pytest.approx((parts["school"] / total).mean(), rel=1e-10)


def test_predictions_of_any_combination_of_known_and_new_units(fit):
    new = pd.DataFrame({"school": [3, 3, 99], "child": [18, 500, 501], "time": 0.0, "size": 0.2, "female": 1})
    found = fit.predict(new, seed=1)
    assert found["is_new_child"].to_numpy().tolist() == [False, True, True]
    assert found["is_new_school"].to_numpy().tolist() == [False, False, True]
    draws = fit.posterior
    gamma = draws["gamma"].sel(fixed=["g000", "g001", "g010"]).to_numpy() @ [1, 0.2, 1]
    school = draws["u_school"].sel(school=3, random_school="u00").to_numpy()
    child = draws["u_child"].sel(child=18, random_child="r0").to_numpy()
    np.testing.assert_allclose(found["mu"][..., 0], gamma + school + child, rtol=1e-12)
    spread = [float((found["mu"][..., k] - gamma).std()) for k in range(3)]
    tau = {name: np.sqrt((draws["tau"].sel(random=name) ** 2).mean().item()) for name in ("r0", "u00")}
    # A chi-square's relative error at 2,000 draws, four of them, beside the posterior's own spread of u00.
    assert spread[2] == pytest.approx(np.hypot(tau["r0"], tau["u00"]), rel=4 / np.sqrt(2 * 2000) + 0.05)


def test_what_is_saved_is_loaded(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    again = hlm.load(tmp_path / "fit.nc")
    assert again.model.design.groupings == ("child", "school")
    pd.testing.assert_frame_equal(
        again.group_coefficients(grouping="child"), fit.group_coefficients(grouping="child"), check_exact=True
    )


@pytest.mark.slow
def test_the_files_of_the_command_line(fit, tmp_path):
    write_results(fit, tmp_path / "out", reml=True)
    coefficients = pd.read_csv(tmp_path / "out" / "group_coefficients.csv")
    assert coefficients["grouping"].value_counts().to_dict() == {"child": 72 * 2, "school": 12 * 3}
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["model"]["groups"] == {"child": 72, "school": 12}
    assert set(summary["icc"]) == {"share[child]", "share[school]", "icc[child]", "icc[school]"}
    assert set(summary["plausible_ranges"]["school"]) == set(summary["reliability"]["school"]) == {"b00", "b10"}
    found = fit.reliability(grouping="child").table.loc["p1", "mean"]
    assert summary["reliability"]["child"]["p1"]["mean"] == pytest.approx(found, rel=1e-12)
    assert summary["reml"]["cross_check"]["verdict"] == fit.cross_check().verdict


def test_draws_that_could_not_be_kept_are_refused_before_sampling(model, monkeypatch):
    monkeypatch.setattr(budget, "BUDGET_BYTES", 1000)
    with pytest.raises(OptionError, match="180 coefficients of all groupings"):
        model.fit(draws=50)


def test_an_id_in_two_units_says_how_to_write_either_meaning():
    numbered = rows().assign(child=lambda d: d["child"] % 6)
    with pytest.raises(DataError, match=r"child 0 occurs in two units of 'school' \(0 and 1\).*'school:child'"):
        hlm.Model(EQUATIONS, numbered, ["child", "school"])
    cells = hlm.Model(EQUATIONS, numbered, ["school:child", "school"])
    whole = hlm.Model(EQUATIONS, rows(), ["child", "school"])
    assert cells.reml().log_likelihood == pytest.approx(whole.reml().log_likelihood, rel=1e-12)


def test_a_column_that_varies_within_its_level_is_named():
    with pytest.raises(DataError, match=r"'female' varies within groups \(school 0"):
        hlm.Model(
            EQUATIONS.replace("g001*size", "g001*female").replace("b01*female", "b01*size"), rows(), ["child", "school"]
        )


def test_a_table_for_each_grouping():
    data = rows()
    schools = data[["school", "size"]].drop_duplicates()
    children = data[["child", "female"]].drop_duplicates()
    files = {"child": children, "school": schools}
    model = hlm.Model(EQUATIONS, data.drop(columns=["size", "female"]), ["child", "school"], group_data=files)
    np.testing.assert_array_equal(model.design.X, hlm.Model(EQUATIONS, data, ["child", "school"]).design.X)
    with pytest.raises(DataError, match="a table for each"):
        hlm.Model(EQUATIONS, data, ["child", "school"], group_data=schools)
    with pytest.raises(DataError, match="group_data has a table for 'class'"):
        hlm.Model(EQUATIONS, data, ["child", "school"], group_data={"class": schools})


def test_two_groupings_that_are_one():
    twins = rows().assign(district=lambda d: d["school"] + 100)
    equations = "math = b0 + r; b0 = g00 + u0[school] + v0[district]"
    with pytest.raises(DataError, match="each school has one district of its own"):
        hlm.Model(equations, twins)


def test_centering_within_the_unit_of_the_level_above():
    equations = EQUATIONS.replace("b01*female", "b01*cwc(female)")
    design = hlm.Model(equations, rows(), ["child", "school"]).design
    children = rows().drop_duplicates("child")
    means = children.groupby("school")["female"].transform("mean")
    expected = (children["female"] - means).to_numpy()
    column = design.fixed_labels.index("g010")
    np.testing.assert_allclose(design.X[::4, column], expected, atol=1e-14)
