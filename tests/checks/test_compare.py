"""Models beside each other: the paired difference, the weights, and which models cannot be paired."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from clinics_data import INTERCEPT, SLOPE, clinics_design, clinics_frame
from scipy.stats import norm

import bayeshlm as hlm
from bayeshlm.checks.compare import check_same_data, compare_loo, stacking_weights
from bayeshlm.checks.loo import Loo
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError

RNG = np.random.default_rng(4)
HARD = RNG.normal(-140, 60, 120)  # what makes a group hard for every model, as its number of rows does


def made(elpd, unit="group", pareto_k=0.1, notes=()):
    dim = "clinic" if unit == "group" else "obs_id"
    columns = {"elpd": elpd, "p_loo": np.full(len(elpd), 0.05), "pareto_k": np.full(len(elpd), pareto_k)}
    columns |= {"mcse": np.full(len(elpd), 0.01), "refitted": np.zeros(len(elpd), bool)}
    return Loo(
        unit, "clinic", xr.Dataset({name: (dim, values) for name, values in columns.items()}), 4000, 0.7, 0.1, notes
    )


def test_the_difference_is_paired():
    a, b, c = HARD + RNG.normal(0.1, 1, 120), HARD + RNG.normal(0, 1, 120), HARD - 2 + RNG.normal(0, 1, 120)
    table = compare_loo({"c": made(c, pareto_k=0.8), "a": made(a), "b": made(b)})
    order = sorted("abc", key=lambda name: -{"a": a, "b": b, "c": c}[name].sum())
    assert table.index.tolist() == order
    values = {"a": a, "b": b, "c": c}
    best = values[order[0]]
    for name, row in table.iterrows():
        difference = values[name] - best
        assert row["elpd"] == pytest.approx(values[name].sum())
        assert row["se"] == pytest.approx(np.sqrt(120) * values[name].std(ddof=1))
        assert row["elpd_diff"] == pytest.approx(difference.sum())
        assert row["dse"] == pytest.approx(np.sqrt(120) * difference.std(ddof=1))
        if name != order[0]:
            assert row["p_worse"] == pytest.approx(norm.cdf(0, difference.sum(), row["dse"]))
            assert row["dse"] < row["se"] / 20
    assert np.isnan(table["p_worse"].iloc[0])
    assert table.loc["c", "max_pareto_k"] == pytest.approx(0.8)
    assert table.loc["c", "n_bad"] == 120
    assert table["p_loo"].to_numpy() == pytest.approx(6)
    assert (table.attrs["unit"], table.attrs["n_units"]) == ("group", 120)


def test_random_samples_of_rows_must_be_the_same():
    def of_sample(y):
        return dataclasses.replace(
            made(HARD, "row"), sample=None if y is None else SimpleNamespace(y=np.array(y), n_rows=120)
        )

    with pytest.raises(OptionError, match="the rows of 'b' are at hand, and those of 'a' stay in a database"):
        compare_loo({"a": of_sample([1.0, 2.0]), "b": of_sample(None)})
    with pytest.raises(OptionError, match="'a' and 'b' have different random samples of rows"):
        compare_loo({"a": of_sample([1.0, 2.0]), "b": of_sample([1.0, 3.0])})


def test_weights_maximize_the_score_of_the_mixture():
    elpd = np.stack([HARD + RNG.normal(0, 1, 120), HARD + RNG.normal(0.1, 1, 120)], axis=1)
    weights = stacking_weights(elpd)
    grid = np.linspace(0, 1, 2001)
    relative = np.exp(elpd - elpd.max(axis=1, keepdims=True))
    scores = np.log(relative @ np.stack([grid, 1 - grid])).sum(axis=0)
    assert weights[0] == pytest.approx(grid[scores.argmax()], abs=0.01)
    assert 0.05 < weights[0] < 0.95
    assert weights.sum() == pytest.approx(1)
    shifted = stacking_weights(elpd - 5000)  # whole groups of thousands of rows
    np.testing.assert_allclose(shifted, weights, atol=1e-6)


def test_what_must_be_kept_in_mind_is_said():
    small = made(HARD[:30]), made(HARD[:30] - 0.01, notes=("the fit without clinic 3 has not converged",))
    notes = compare_loo({"a": small[0], "b": small[1]}).attrs["notes"]
    assert notes[0] == "b: the fit without clinic 3 has not converged"
    assert "30 units are few" in notes[1]
    assert "b: within 4 of the best" in notes[2]
    assert compare_loo({"a": made(HARD), "b": made(HARD - 1)}).attrs["notes"] == ()


def test_units_that_differ_are_refused():
    with pytest.raises(OptionError, match="at least two"):
        compare_loo({"a": made(HARD)})
    with pytest.raises(OptionError, match="different units, 120 units \\(group\\) and 120 units \\(row\\)"):
        compare_loo({"a": made(HARD), "b": made(HARD, "row")})
    with pytest.raises(OptionError, match="different units"):
        compare_loo({"a": made(HARD), "b": made(HARD[1:])})


@pytest.mark.parametrize("unit", ["row", "group"])
def test_data_that_differ_are_refused(unit):
    design = clinics_design(INTERCEPT)
    check_same_data({"a": design, "b": clinics_design(SLOPE)}, unit)
    with pytest.raises(OptionError, match="at least two"):
        check_same_data({"a": design}, unit)
    with pytest.raises(OptionError, match="'a' has 480 rows and 'b' has 468"):
        check_same_data({"a": design, "b": clinics_design(INTERCEPT, n_groups=39)}, unit)
    with pytest.raises(OptionError, match="not the same outcome"):
        check_same_data(
            {"a": design, "b": design.changed(rows=dataclasses.replace(design.rows, y=np.log(design.y + 50)))}, unit
        )
    frame = clinics_frame()
    frame["clinic"] += 1
    moved = build_design(parse(INTERCEPT), frame, "clinic")
    with pytest.raises(OptionError, match="not the same groups"):
        check_same_data({"a": design, "b": moved}, unit)


def test_the_order_of_rows_counts_where_rows_are_left_out():
    design = clinics_design(INTERCEPT)
    shuffled = build_design(parse(INTERCEPT), clinics_frame().sample(frac=1.0, random_state=1), "clinic")
    check_same_data({"a": design, "b": shuffled}, "group")
    with pytest.raises(OptionError, match="fit both on one table"):
        check_same_data({"a": design, "b": shuffled}, "row")


def test_what_is_no_fit_is_refused():
    with pytest.raises(OptionError, match="'a' is a str, not the fit of a model"):
        hlm.compare({"a": "fit"})
    with pytest.raises(OptionError, match="compare takes a dict"):
        hlm.compare(["fit"])
    design = clinics_design(INTERCEPT)
    with pytest.raises(OptionError, match="'a': unit must be"):
        check_same_data({"a": design, "b": design}, "school")
    check_same_data({"a": design, "b": design}, "clinic")
