"""What a group does to results of outcomes that are not normal: integrals over a grid, refits, ML without it."""

import numpy as np
import pytest
from binary_data import ALONE, CROSSED, OPTIONS, frame_of, grid_posterior

import bayeshlm as hlm
from bayeshlm.design.subset import without_rows

NULL = "rating ~ Ordinal(eta); eta = b0; b0 = u0"


@pytest.fixture(scope="module")
def binary():
    return frame_of().rename(columns={"binary": "y"})


@pytest.fixture(scope="module")
def alone(binary):
    return hlm.Model(ALONE, binary, "a").fit(**OPTIONS)


@pytest.fixture(scope="module")
def found(alone):
    return alone.influence()


@pytest.mark.slow
def test_the_weights_move_the_means_as_an_integral_without_the_group_does(alone, found):
    design, priors = alone.model.design, alone.model.priors
    whole = grid_posterior(design, priors)
    assert len(found.bad) == 0
    assert found.posterior["parameter"].to_numpy().tolist() == ["g00", "tau[u0]"]
    for label in found.table.index[[0, 1, -1]]:
        rest, row = (
            grid_posterior(without_rows(design, design.group_codes == label), priors),
            found.posterior.sel(a=label),
        )
        error = row["mcse"].to_numpy()
        assert (error < 0.1).all()
        np.testing.assert_array_less(np.abs(row["change"] - (rest.mean - whole.mean) / whole.sd), 4 * error + 0.01)
        np.testing.assert_allclose(row["sd"], rest.sd, rtol=0.15)
        distance = row["change"].sel(parameter="g00").item() ** 2  # of one effect
        assert row["cooks_distance"].item() == pytest.approx(distance, rel=1e-6)


@pytest.mark.slow
def test_maximum_likelihood_without_a_group_is_that_of_the_other_rows(binary, found, alone):
    whole = alone.model.ml()
    for label in (0, 7):
        rest = hlm.Model(ALONE, binary[binary["a"] != label], "a").ml()
        row = found.reml.sel(a=label, estimate="exact")
        assert row["value"].to_numpy() == pytest.approx([rest.gamma["g00"], rest.tau["u0"]], abs=1e-4)
        change = (rest.gamma["g00"] - whole.gamma["g00"]) / whole.fixed_effects().loc["g00", "se"]
        assert found.table.loc[label, "ml_cooks_distance"] == pytest.approx(change**2, rel=1e-3)
        assert row["rvc"].item() == pytest.approx((rest.tau["u0"] / whole.tau["u0"]) ** 2 - 1, abs=1e-3)
    assert found.reml["value"].sel(estimate="one_step").isnull().all()


@pytest.mark.slow
def test_what_only_normal_outcomes_have_is_left_out(alone, found):
    assert not {"conflict_p", "leverage_fixed", "reml_cooks_distance"} & set(found.table)
    assert found.posterior["conflict_p"].isnull().all()
    assert found.outlying.empty
    text = " ".join(str(found).split())
    assert "Influence of each a, the 10 most influential of 12" in text
    assert "ML's D: of ML's estimates, fitted anew" in text
    assert not any(word in text for word in ("utlying", "leverage", "REML"))
    changes, spread = alone.plot.influence(found)
    assert [tick.get_text() for tick in changes.get_yticklabels()] == ["g00", "tau[u0]"]
    (points,) = [line for line in spread.lines if line.get_gid() == "group"]
    np.testing.assert_allclose(points.get_ydata(), found.posterior["change"].sel(parameter="tau[u0]"))


@pytest.mark.slow
def test_ml_without_each_of_many_groups_is_fitted_on_request(alone, monkeypatch):
    monkeypatch.setattr("bayeshlm.checks.influence.MOST_ML_FITS", 11)
    found = alone.influence()
    assert "ml_cooks_distance" not in found.table
    assert found.notes == ("12 groups: exact=True fits ML without each",)
    assert "ml_cooks_distance" in alone.influence(exact=True).table


@pytest.mark.slow
def test_fits_without_a_group_of_crossed_ones_give_what_the_weights_give():
    fit = hlm.Model(CROSSED, frame_of().rename(columns={"count": "y"})).fit(**OPTIONS)
    found = fit.influence(grouping="a")
    assert found.notes == ()
    assert not any(column.startswith("ml_") for column in found.table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bayeshlm.checks.influence.threshold", lambda n_draws: 0.4)
        exact = fit.influence(exact=True, grouping="a")
    refitted = exact.table.index[exact.table["refitted"] & (exact.table["pareto_k"] < 0.7)]
    assert len(refitted) > 1
    for label in refitted:
        one, other = (some.posterior.sel(a=label) for some in (found, exact))
        error = np.hypot(one["mcse"], other["mcse"])
        assert (np.abs(one["change"] - other["change"]) < 4 * error).all()


@pytest.mark.slow
def test_a_model_without_fixed_effects_has_no_cooks_distance():
    found = hlm.Model(NULL, hlm.load_dataset("wine"), "judge").fit(**OPTIONS)
    influence = found.influence()
    assert influence.posterior["cooks_distance"].isnull().all()
    assert influence.reml["change"].sel(estimate="exact").notnull().any()
    assert "cutpoint[1|2]" in str(influence)
    assert len(found.plot.influence(influence)) == 2
