import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayeshlm.errors import OptionError
from bayeshlm.quantities.summary import COLUMNS, summarize


def exponential(chains: int = 4, draws: int = 5000) -> xr.DataArray:
    """A grid of quantiles of the exponential distribution, dealt out to the chains."""
    p = (np.arange(chains * draws) + 0.5) / (chains * draws)
    values = np.random.default_rng(2).permutation(-np.log1p(-p))
    return xr.DataArray(values.reshape(chains, draws), dims=("chain", "draw"), name="x")


@pytest.mark.parametrize("prob", [0.5, 0.9, 0.95])
def test_skewed_draws_tell_the_two_kinds_of_interval_apart(prob):
    eti = summarize(exponential(), prob, "eti").iloc[0]
    hdi = summarize(exponential(), prob, "hdi").iloc[0]
    tail = (1 - prob) / 2
    assert [eti["lower"], eti["upper"]] == pytest.approx([-np.log(1 - tail), -np.log(tail)], abs=2e-3)
    assert [hdi["lower"], hdi["upper"]] == pytest.approx([0.0, -np.log(1 - prob)], abs=2e-3)


def test_a_shortest_interval_of_nearly_all_draws_holds_them_all():
    """Of 10 draws 9.5 are 95 %: all but the last one's half."""
    row = summarize(xr.DataArray(np.arange(10.0)[None] ** 2, dims=("chain", "draw")), 0.95, "hdi").iloc[0]
    assert row[["lower", "upper"]].tolist() == [0.0, 81.0]


def test_says_what_its_interval_is():
    assert summarize(exponential(1, 50), 0.8, "hdi").attrs == {"ci_kind": "hdi", "ci_prob": 0.8}


def test_mean_and_sd():
    row = summarize(exponential()).iloc[0]
    assert [row["mean"], row["sd"]] == pytest.approx([1.0, 1.0], abs=2e-3)
    assert row["mcse_mean"] == pytest.approx(1 / np.sqrt(20000), rel=0.1)


def test_one_dimension_is_the_index_and_two_are_a_multiindex():
    values = np.random.default_rng(1).normal(size=(3, 2, 40, 2))
    draws = xr.DataArray(
        values,
        dims=("clinic", "chain", "draw", "coefficient"),
        coords={"clinic": [7, 8, 9], "coefficient": ["b0", "b1"]},
    )
    table = summarize(draws)
    assert list(table.columns) == list(COLUMNS)
    assert table.index.names == ["clinic", "coefficient"]
    assert table.loc[(8, "b1"), "mean"] == pytest.approx(values[1, :, :, 1].mean())
    part = summarize(draws.sel(clinic=8))
    assert part.index.name == "coefficient"
    pd.testing.assert_series_equal(part.loc["b1"], table.loc[(8, "b1")], check_names=False)


def test_many_entries_equal_each_entry_alone():
    draws = xr.DataArray(np.random.default_rng(1).gamma(2.0, size=(4, 50, 150)), dims=("chain", "draw", "k"))
    table = summarize(draws, kind="hdi")
    for k in (0, 63, 64, 149):
        expected = summarize(draws.isel(k=[k]), kind="hdi").to_numpy()[0]
        np.testing.assert_allclose(table.to_numpy()[k], expected, rtol=1e-12)


def test_constant_draws_have_no_spread_and_no_diagnostics():
    row = summarize(xr.DataArray(np.full((4, 100), 0.1), dims=("chain", "draw"))).iloc[0]
    assert row[["mean", "sd", "lower", "upper"]].tolist() == [0.1, 0.0, 0.1, 0.1]
    assert row[["ess_bulk", "ess_tail", "r_hat", "mcse_mean"]].isna().all()


def test_one_chain_has_no_r_hat():
    row = summarize(exponential(1, 400)).iloc[0]
    assert np.isnan(row["r_hat"])
    assert row["ess_bulk"] > 100


def test_one_draw_is_its_own_interval_and_has_no_sd():
    row = summarize(xr.DataArray([[2.0]], dims=("chain", "draw"))).iloc[0]
    assert row[["mean", "lower", "upper"]].tolist() == [2.0, 2.0, 2.0]
    assert np.isnan(row["sd"])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_draw_that_is_not_finite_spoils_its_entry_only(bad):
    values = np.random.default_rng(1).normal(size=(2, 4, 50))
    values[0, 1, 2] = bad
    table = summarize(xr.DataArray(values, dims=("k", "chain", "draw")))
    assert table.iloc[0].isna().all()
    assert table.iloc[1].notna().all()


def test_no_entries_make_an_empty_table():
    assert summarize(xr.DataArray(np.empty((2, 10, 0)), dims=("chain", "draw", "k"))).shape == (0, 8)


@pytest.mark.parametrize("prob", [0, 1, 95, -0.5, float("nan"), "0.9", None])
def test_probability_must_lie_inside_of_0_and_1(prob):
    with pytest.raises(OptionError, match="between 0 and 1"):
        summarize(exponential(1, 10), prob)


def test_unknown_kind_of_interval():
    with pytest.raises(OptionError, match=r'"eti".*"hdi"'):
        summarize(exponential(1, 10), kind="quantile")
