"""Checks of models whose rows stay in a database: sums as of all rows, rows from a random sample that is said."""

import numpy as np
import pandas as pd
import pytest
from database_designs import pupils, stored
from scipy import stats

import bayeshlm as hlm
from bayeshlm.checks.replicates import Projection, Replicates
from bayeshlm.checks.sampled_rows import SampledRows, sampled_rows
from bayeshlm.checks.statistics_of_replicates import kurtosis, skewness
from bayeshlm.design import summed_rows
from bayeshlm.errors import DataError, OptionError

N_SAMPLED = 300
TEXTS = {
    "slopes": "math ~ ses*sector + age + offset(income) + (1 + ses | school)",
    "crossed": "math ~ ses*sector + race + offset(income) + (1 + ses | school) + (1 | area)",
    "no intercept between": "math ~ ses + minority + (0 + ses | school)",
}


@pytest.fixture(scope="module")
def data():
    return pupils()


@pytest.fixture(scope="module", params=TEXTS.values(), ids=TEXTS)
def fits(request, data):
    """One posterior held by the model of rows in memory, and of a table of which all rows, or some, are sampled."""
    memory = hlm.Model(request.param, data)
    fit = memory.fit(draws=250, tune=250, chains=2, seed=1, progress=False)
    table = hlm.Fit(hlm.Model(request.param, stored(data)), fit.idata)
    return fit, table, of_sample(request.param, data, fit)


def of_sample(text, data, fit, n=N_SAMPLED):
    """The fit, held by a model of a table of which n rows are looked at."""
    model = hlm.Model(text, stored(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summed_rows, "SAMPLE_ROWS", n)
        assert len(model.design.summed.sample.y) == n  # asked for once
    return hlm.Fit(model, fit.idata)


def places(fit, of):
    """Which rows of a model in memory those of a sample are, by an outcome that no two rows share."""
    position = {y: k for k, y in enumerate(fit.model.design.y)}
    return np.array([position[y] for y in of.model.design.summed.sample.y])


def test_rows_of_a_sample_are_rows_of_the_data(fits):
    memory, _, some = fits
    at, rows, given = places(memory, some), some.model.design.summed.sample.rows, memory.model.design.kept_rows
    for name in ("y", "offset", "X", "size"):
        np.testing.assert_allclose(getattr(rows, name), getattr(given, name)[at], rtol=0, atol=1e-12)
    for name in ("Z", "codes"):
        for ours, theirs in zip(getattr(rows, name), getattr(given, name), strict=True):
            np.testing.assert_allclose(ours, theirs[at], rtol=0, atol=1e-12)
    expected = given.frame.iloc[at].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows.frame[expected.columns], expected, check_dtype=False)


@pytest.mark.slow
def test_a_sample_is_the_same_whatever_the_order_of_the_rows_and_the_model(data):
    found = []
    for text, table in ((TEXTS["slopes"], data), (TEXTS["slopes"], data.sample(frac=1, random_state=2))):
        summed = hlm.Model(text, stored(table)).design.summed
        found.append(summed.rows.sample(summed.sums, summed.columns, N_SAMPLED, seed=0))
    other = hlm.Model("math ~ offset(income) + (1 | school)", stored(data)).design.summed
    found.append(other.rows.sample(other.sums, other.columns, N_SAMPLED, seed=0))
    np.testing.assert_array_equal(found[0].y, found[1].y)
    np.testing.assert_array_equal(found[0].y, found[2].y)
    again = summed.rows.sample(summed.sums, summed.columns, N_SAMPLED, seed=1)
    assert not np.array_equal(found[0].y, again.y)


@pytest.mark.slow
def test_each_row_has_the_same_chance_also_where_many_are_alike():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.repeat(np.arange(4), 50), "x": rng.integers(0, 2, 200)})
    data["y"] = 3.0 + (rng.random(200) < 0.15)
    summed = hlm.Model("y ~ x + (1 | g)", stored(data)).design.summed
    n, seeds = 40, 50
    ones = [(summed.rows.sample(summed.sums, summed.columns, n, seed).y > 3).sum() for seed in range(seeds)]
    expected = stats.hypergeom(200, int((data["y"] > 3).sum()), n)
    assert np.mean(ones) == pytest.approx(expected.mean(), abs=4 * expected.std() / np.sqrt(seeds))
    error = expected.var() * np.sqrt((expected.stats(moments="k") + 2) / seeds)
    assert np.var(ones) == pytest.approx(expected.var(), abs=4 * error)


def test_a_table_that_changed_is_no_sample(data):
    import ibis

    connection = ibis.duckdb.connect()
    model = hlm.Model("math ~ ses + (1 | school)", stored(data, "pupils", connection))
    connection.raw_sql("DELETE FROM pupils WHERE school = 103")
    with pytest.raises(DataError, match="there were 2,400 complete rows, now there are 2,360"):
        model.design.with_sample()


@pytest.mark.slow
def test_all_rows_left_out_are_those_in_memory(fits):
    memory, table, _ = fits
    given, found = memory.loo(), table.loo()
    assert str(given) == str(found)
    assert found.elpd == pytest.approx(given.elpd, abs=1e-8)


def test_a_sample_left_out_says_what_it_is(fits):
    memory, _, some = fits
    at, given, found = places(memory, some), memory.loo().pointwise["elpd"].to_numpy(), some.loo()
    N = memory.model.design.n_obs
    np.testing.assert_allclose(found.pointwise["elpd"], given[at], rtol=0, atol=1e-9)
    assert found.n_units == N
    assert f"from a random sample of {N_SAMPLED} rows of {N:,}" in " ".join(str(found).split())
    assert abs(found.elpd - given.sum()) < 4 * found.subsampling_se
    assert list(found.table) == ["estimate", "se", "subsampling_se"]


def test_sums_over_all_rows_are_estimated_without_bias(fits):
    memory, table, _ = fits
    every, values = sampled_rows(table._fitted.draws), memory.loo().pointwise["elpd"].to_numpy()
    values = values[places(memory, table)]
    assert every.total == pytest.approx(every.close.sum(), rel=1e-9)
    rng, errors, ses = np.random.default_rng(3), [], []
    for _ in range(400):
        rows = rng.choice(len(values), N_SAMPLED, replace=False)
        one = SampledRows(len(values), every.y[rows], every.close[rows], every.total)
        errors.append(one.sum_of(values[rows]) - values.sum())
        ses.append(one.error_of_sum(values[rows] - one.close))
    spread = np.std(errors)
    assert abs(np.mean(errors)) < 4 * spread / np.sqrt(len(errors))
    mean_variance = np.mean(np.square(ses))
    error = np.hypot(np.std(np.square(errors)), np.std(np.square(ses))) / np.sqrt(len(errors))
    assert abs(spread**2 - mean_variance) < 4 * error


def test_rows_that_are_not_here_are_not_fitted_anew(fits, monkeypatch):
    monkeypatch.setattr("bayeshlm.checks.loo.threshold", lambda n: -1.0)
    with pytest.raises(OptionError, match="fitted anew without a row where the rows are at hand, and those of this"):
        fits[2].loo(exact=True)
    assert len(fits[2].loo().bad) > 0


@pytest.mark.slow
def test_models_of_one_table_are_compared_row_by_row(data):
    text, null = TEXTS["slopes"], "math ~ 1 + offset(income) + (1 | school)"
    memory = {name: hlm.Model(one, data) for name, one in (("full", text), ("null", null))}
    fits = {name: model.fit(draws=250, tune=250, chains=2, seed=1, progress=False) for name, model in memory.items()}
    complete = data.dropna(subset=["income"])
    some = {name: of_sample(one, complete, fits[name]) for name, one in (("full", text), ("null", null))}
    given, found = hlm.compare(fits), hlm.compare(some)
    assert list(found.index) == list(given.index)
    off = abs(found.loc["null", "elpd_diff"] - given.loc["null", "elpd_diff"])
    assert off < 4 * found.loc["null", "subsampling_se"]
    assert "subsampling_se" not in given
    with pytest.raises(OptionError, match="the rows of 'full' are at hand, and those of 'null' stay in a database"):
        hlm.compare({"full": fits["full"], "null": some["null"]})
    wider = of_sample(null, complete.assign(more=1), fits["null"])
    with pytest.raises(OptionError, match="have different random samples of rows"):
        hlm.compare({"full": some["full"], "null": wider})


@pytest.mark.slow
def test_replicates_of_sums_are_distributed_as_those_of_rows(fits):
    memory, table, some = fits
    given = memory.predictive_check(n_draws=500, seed=1)
    for of in (table, some):
        found = of.predictive_check(n_draws=500, seed=2)
        assert list(found.table.index) == list(given.table.index)
        sampled = of is some
        by_rows = {one for one in found.draws["statistic"].to_numpy() if sampled and one in OF_ROWS}
        for mode, name in found.table.index:
            if name in by_rows:
                continue
            seen = float(found.draws["observed"].sel(statistic=name))
            expected = float(given.draws["observed"].sel(statistic=name))
            assert seen == pytest.approx(expected, rel=1e-8, abs=1e-9), name
            ours, theirs = (one.draws["replicated"].sel(mode=mode, statistic=name) for one in (found, given))
            assert stats.ks_2samp(ours, theirs).pvalue > 1e-5, (mode, name)
        note = f"from a random sample of {N_SAMPLED} rows of {memory.model.design.n_obs:,}; all else from sums"
        assert any(note in one for one in found.notes) == sampled


OF_ROWS = ("residual_skewness", "residual_kurtosis", "skewness", "kurtosis", "min", "max", "q05", "q25", "median",
           "q75", "q95")  # fmt: skip


@pytest.mark.slow
def test_rows_of_a_sample_are_replicated_with_the_sums_over_the_others(fits):
    memory, _, some = fits
    at, found = places(memory, some), some.predictive_check(n_draws=500, seed=2)
    given, projection = memory.predictive_check(n_draws=500, seed=1), Projection.of(memory.model.design)
    order = projection.rows.order
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    for node, mode in (("posterior_predictive", "same"), ("posterior_predictive_new_groups", "new")):
        y = given.idata[node]["y"].transpose("chain", "draw", "obs_id").to_numpy().reshape(500, -1)
        observed = memory.model.design.y[None]
        values = {}
        for which, outcomes in (("replicated", y), ("observed", observed)):
            residuals = Replicates(outcomes[:, order], projection.rows, projection).residuals[:, place[at]]
            of = outcomes[:, at]
            values[which] = {
                "residual_skewness": skewness(residuals), "residual_kurtosis": kurtosis(residuals),
                "skewness": skewness(of), "kurtosis": kurtosis(of), "min": of.min(axis=1), "max": of.max(axis=1),
                "q05": np.quantile(of, 0.05, axis=1), "median": np.median(of, axis=1),
            }  # fmt: skip
        for name, theirs in values["replicated"].items():
            seen = float(found.draws["observed"].sel(statistic=name))
            assert seen == pytest.approx(float(values["observed"][name][0]), rel=1e-7, abs=1e-7), name
            ours = found.draws["replicated"].sel(mode=mode, statistic=name)
            assert stats.ks_2samp(ours, theirs).pvalue > 1e-5, (mode, name)


def test_stored_replicates_are_those_of_the_sample(fits):
    some = hlm.Fit(fits[2].model, fits[2].idata.copy())
    some.predictive_check(n_draws=100, seed=2, store=True)
    assert some.idata["posterior_predictive"]["y"].sizes["obs_id"] == N_SAMPLED


def test_residuals_of_rows_are_those_in_memory(fits):
    memory, table, some = fits
    for of in (table, some):
        at, given, found = places(memory, of), memory.residuals(), of.residuals()
        for name in ("y", "fitted", "mean", "sd", "lower", "upper", "standardized"):
            expected = given.table[name].to_numpy()[at]
            np.testing.assert_allclose(found.table[name], expected, rtol=0, atol=1e-8, err_msg=name)
        assert found.variance.chi2 == pytest.approx(given.variance.chi2, rel=1e-7, nan_ok=True)
        pd.testing.assert_series_equal(found.variance.groups["sd"], given.variance.groups["sd"], rtol=1e-6)
    assert any("the test of equal variance is of all rows" in note for note in found.notes)
    assert not any("random sample" in note for note in table.residuals().notes)


@pytest.mark.parametrize("figure", ["residuals", "predictive_check", "outcome", "means", "loo"])
def test_figures_of_rows_are_drawn_of_the_sample(figure, fits):
    import matplotlib.pyplot as plt

    _, _, some = fits
    if figure == "residuals":
        axes = some.plot.residuals(1)
    elif figure == "loo":
        axes = some.plot.loo(unit="row")
        assert axes[0].get_xlabel() == "row of a random sample"
    else:
        show = "statistics" if figure == "predictive_check" else figure
        grouping = some.model.design.groupings[0] if figure == "means" else None
        axes = some.plot.predictive_check(show=show, seed=1, grouping=grouping)
    assert len(axes) > 1
    plt.close("all")
