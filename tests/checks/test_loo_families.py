"""Leaving out rows and groups of outcomes that are not normal: weights against integrals over a grid, and refits."""

import numpy as np
import pytest
from binary_data import ALONE, CROSSED, OPTIONS, frame_of, grid_posterior

import bayeshlm as hlm
from bayeshlm.checks import loo_refits
from bayeshlm.design.subset import without_rows


@pytest.fixture(scope="module")
def alone():
    return hlm.Model(ALONE, frame_of().rename(columns={"binary": "y"}), "a").fit(**OPTIONS)


@pytest.fixture(scope="module")
def crossed():
    return hlm.Model(CROSSED, frame_of().rename(columns={"count": "y"})).fit(**OPTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["group", "row"])
def test_the_weights_give_what_an_integral_over_the_parameters_gives(alone, unit):
    found, design, priors = alone.loo(unit, exact=False), alone.model.design, alone.model.priors
    assert len(found.bad) == 0
    pointwise, whole = found.pointwise, grid_posterior(design, priors).log_evidence
    codes = design.group_codes if unit == "group" else np.arange(design.n_obs)
    elpd = pointwise["elpd"].to_numpy()
    for position in {int(np.argmin(elpd)), int(np.argmax(elpd)), 5}:
        expected = whole - grid_posterior(without_rows(design, codes == position), priors).log_evidence
        error = float(pointwise["mcse"][position])
        assert error < 0.05
        assert elpd[position] == pytest.approx(expected, abs=4 * error + 1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["row", "a", "b"])
def test_fits_without_a_unit_give_what_the_weights_give(crossed, unit):
    found = crossed.loo(unit, exact=False)
    pointwise = found.pointwise
    good = np.flatnonzero(pointwise["pareto_k"].to_numpy() <= found.threshold)
    elpd = pointwise["elpd"].to_numpy()
    for position in {int(good[np.argmin(elpd[good])]), int(good[0])}:
        (exact, p_loo, mcse), _ = loo_refits.exact_unit(crossed._fitted, unit, position)
        one = pointwise.isel({pointwise["elpd"].dims[0]: position})
        error = np.hypot(mcse, float(one["mcse"]))
        assert error < 0.2
        assert float(one["elpd"]) == pytest.approx(exact, abs=4 * error)
        assert float(one["p_loo"]) == pytest.approx(p_loo, abs=4 * error)


@pytest.mark.slow
def test_a_unit_that_is_left_out_has_new_effects(crossed):
    """Their SD at each draw is that draw's tau; those of the units that stay are the refit's."""
    left_out = loo_refits.rows_left_out(crossed._fitted, "a", 3)
    refit = loo_refits.refit_without(crossed._fitted, left_out).posterior
    assert refit["a"].to_numpy().tolist() == list(range(12))
    standard = (refit["u_a"].sel(a=3).to_numpy()[..., 0] / refit["tau"].to_numpy()[..., 0]).ravel()
    n = len(standard)
    assert abs(standard.mean()) < 4 / np.sqrt(n)
    assert abs(standard.var() - 1) < 4 * np.sqrt(2 / n)
    stays = refit["u_a"].sel(a=4).to_numpy().ravel()
    assert abs(stays.mean() - float(crossed.posterior["u_a"].sel(a=4).mean())) < stays.std()


@pytest.mark.slow
def test_what_is_printed_asks_the_question_of_the_unit(crossed):
    text = " ".join(str(crossed.loo("a", exact=False)).split())
    assert "How well are the rows of a new a predicted?" in text
    assert "given the other rows of its a and b" in " ".join(str(crossed.loo(exact=False)).split())
    with pytest.raises(hlm.OptionError, match='"a" or "b"'):
        crossed.loo("group")


@pytest.mark.slow
def test_a_bad_group_is_fitted_anew_and_models_are_compared(crossed, monkeypatch):
    largest = float(crossed.loo("a", exact=False).pointwise["pareto_k"].max())
    monkeypatch.setattr("bayeshlm.checks.loo.threshold", lambda n_draws: largest - 1e-9)
    found = crossed.loo("a")
    assert int(found.pointwise["refitted"].sum()) == 1
    assert len(found.bad) == 0
    monkeypatch.undo()
    one = CROSSED.replace(" + v0[b]", "")
    without = hlm.Model(one, crossed.model.design.frame, "a").fit(**OPTIONS)
    table = hlm.compare({"crossed": crossed, "one": without}, "a", exact=False)
    assert set(table.index) == {"crossed", "one"}
