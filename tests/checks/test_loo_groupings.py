"""Leaving out rows and units of models of several groupings: weights against fits without, comparison, refusals."""

import numpy as np
import pytest
from groupings_data import GROWTH, growth_model

import bayeshlm as hlm
from bayeshlm.checks import loo_refits
from bayeshlm.errors import OptionError

N_UNITS = {"row": 288, "child": 72, "school": 12}


@pytest.fixture(scope="module")
def model():
    return growth_model(12, 6)


@pytest.fixture(scope="module")
def fit(model):
    return model.fit(draws=1000, seed=3, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("unit", N_UNITS)
def test_fits_without_a_unit_give_what_the_weights_give(fit, unit):
    left_out = fit.loo(unit, exact=False)
    assert left_out.n_units == N_UNITS[unit]
    pointwise = left_out.pointwise
    position = int(np.argmin(pointwise["elpd"].to_numpy()))
    (elpd, p_loo, mcse), refit = loo_refits.exact_unit(fit._fitted, unit, position)
    assert refit.convergence.converged
    certificate = refit.convergence.certificate  # importance sampling is tried, though a gradient is quick
    assert certificate is not None
    assert certificate.holds or unit == "school"
    one = pointwise.isel({pointwise["elpd"].dims[0]: position})
    error = np.hypot(mcse, float(one["mcse"]))
    assert float(one["elpd"]) == pytest.approx(elpd, abs=4 * error)
    assert float(one["p_loo"]) == pytest.approx(p_loo, abs=4 * error)
    assert error < 0.1


@pytest.mark.slow
def test_what_is_printed_names_the_units(fit):
    rows, schools = fit.loo(), fit.loo("school")
    assert "a new row of a known child and school" in " ".join(repr(rows).split())
    assert {"child", "school"} <= set(rows.pointwise.coords)
    assert rows.pointwise["school"].to_numpy().tolist() == fit.model.design.frame["school"].tolist()
    assert "the rows of a new school" in " ".join(repr(schools).split())
    assert schools.pointwise.sizes == {"school": 12}
    assert schools.group == schools.unit == "school"


@pytest.mark.slow
def test_a_unit_with_a_bad_k_is_fitted_anew(fit, monkeypatch):
    largest = float(fit.loo("school").pointwise["pareto_k"].max())
    monkeypatch.setattr("bayeshlm.checks.loo.threshold", lambda n_draws: largest - 1e-9)
    found = fit.loo("school")
    assert int(found.pointwise["refitted"].sum()) == 1
    assert len(found.bad) == 0
    assert len(fit.plot.loo(found)) == 2
    assert "fitted anew" in repr(found)


@pytest.mark.slow
def test_figures_of_rows_and_of_schools(fit):
    rows, _ = fit.plot.loo(unit="row")
    assert rows.get_ylabel() == "elpd of the row"
    schools, _ = fit.plot.loo(unit="school")
    assert schools.get_ylabel() == "elpd of the school"
    with pytest.raises(OptionError, match='"child" or "school"'):
        fit.plot.loo()


@pytest.mark.slow
def test_the_grouping_has_to_be_named(fit):
    for unit in ("group", "class"):
        with pytest.raises(OptionError, match=f'"row" .* or "child" or "school" .*, not \'{unit}\''):
            fit.loo(unit)


@pytest.mark.slow
def test_models_of_several_groupings_and_of_one_are_compared(model, fit):
    flat = "math = b0 + b1*time + e\nb0 = g00 + g01*female + u0\nb1 = g10 + u1"
    one = hlm.Model(flat, model.design.frame, "child").fit(draws=500, seed=2, progress=False)
    smaller = GROWTH.replace("g001*size + ", "")
    other = hlm.Model(smaller, model.design.frame, ["child", "school"]).fit(draws=500, seed=2, progress=False)
    rows = hlm.compare({"flat": one, "no size": other, "all": fit})
    assert set(rows.index) == {"flat", "no size", "all"}
    schools = hlm.compare({"no size": other, "all": fit}, "school")
    assert schools.attrs["n_units"] == 12
    difference = float((fit.loo("school").pointwise["elpd"] - other.loo("school").pointwise["elpd"]).sum())
    assert schools["elpd_diff"].min() == pytest.approx(-abs(difference), rel=1e-9)
    with pytest.raises(OptionError, match="'flat': unit must be"):
        hlm.compare({"flat": one, "all": fit}, "school")
    children = hlm.compare({"flat": one, "all": fit}, "child")
    assert children.attrs["n_units"] == 72


def test_models_without_a_common_grouping_are_not_compared(model):
    from bayeshlm.checks.compare import check_same_data

    frame = model.design.frame.assign(wave=np.arange(288) % 4)
    other = hlm.Model("math = b0 + e; b0 = g00 + u0[wave] + v0[size]", frame)
    with pytest.raises(OptionError, match="'a' has the groupings child, school and 'b' has wave, size"):
        check_same_data({"a": model.design, "b": other.design}, "row")
