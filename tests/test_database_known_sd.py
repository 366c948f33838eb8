"""Known level-1 SDs of rows that stay in a database: what rows in memory give, or one sentence."""

import re

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from database_designs import compare, pupils, stored

import bayeshlm as hlm
from bayeshlm.commands.cli import main
from bayeshlm.design import summed_rows
from bayeshlm.errors import DataError, HLMError, OptionError

TEXTS = {
    "cwc": "math = b0 + b1*cwc(ses) + b2*age + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10 + u1; b2 = g20; sd(r) = se",
    "variance": "math = b0 + b1*cgm(ses) + b2*race + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20; var(r) = v",
    "one a school": "math = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10; sd(r) = of_school",
    "a number": "math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10; var(r) = 6.25",
}
CROSSED = "math ~ ses*sector + age + offset(income) + (1 + ses | school) + (1 | area)"
NESTED = (
    "math = p0 + p1*cwc(ses) + r; p0 = b00 + r0; b00 = g000 + g001*mean(ses) + u00; p1 = b10; b10 = g100; sd(r) = se"
)


@pytest.fixture(scope="module")
def data():
    found, rng = pupils(), np.random.default_rng(4)
    found["se"] = 3 * rng.lognormal(0, 0.4, len(found))
    found["v"], found["of_school"] = found["se"] ** 2, 0.5 + found["school"] % 5
    found.loc[::97, "se"] = np.nan
    return found


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_sums_are_those_of_rows_in_memory(text, data):
    given, found = compare(text, data, stored(data), "school", rtol=1e-11)
    order = np.argsort(found.with_all_rows().y)
    np.testing.assert_allclose(found.with_all_rows().kept_rows.sd[order], given.kept_rows.sd[np.argsort(given.y)])
    np.testing.assert_allclose(found.cells.weight.sum(), given.kept_rows.row_weights.sum(), rtol=1e-12)


def test_groups_far_from_each_other_are_joined_to_their_means(data):
    apart = data.assign(ses=data["ses"] + 1e4 * (data["school"] - 130))
    compare(TEXTS["cwc"], apart, stored(apart), "school", rtol=1e-8)  # of values of a million


def same(ours, theirs, rtol=1e-9):
    np.testing.assert_allclose(ours.gamma, theirs.gamma, rtol=rtol)
    np.testing.assert_allclose(ours.fixed_effects()["se"], theirs.fixed_effects()["se"], rtol=rtol)
    np.testing.assert_allclose(ours.tau, theirs.tau, rtol=rtol)
    assert ours.criterion == pytest.approx(theirs.criterion, rel=rtol)


@pytest.mark.parametrize("case", ["cwc", "crossed", "nested"])
def test_estimates_are_the_same(case, data):
    options = {"crossed": {"known_sd": "se"}, "nested": {"group": ["school", "town"]}, "cwc": {"group": "school"}}[case]
    text = {"crossed": CROSSED, "nested": NESTED, "cwc": TEXTS["cwc"]}[case]
    memory, database = (hlm.Model(text, table, **options).reml() for table in (data, stored(data)))
    same(database, memory)
    assert str(database.heterogeneity()) == str(memory.heterogeneity())


def test_what_is_added_to_a_column_changes_nothing_beyond_it(data):
    text = TEXTS["cwc"].replace("cwc(ses)", "ses").replace("mean(ses)", "1").replace("g00 + g01*1", "g00")
    far = data.assign(ses=data["ses"] + 1e4, math=data["math"] + 1e4)
    one, other = (hlm.Model(text.replace(" + u1", ""), stored(table), "school").reml() for table in (data, far))
    np.testing.assert_allclose(other.gamma.iloc[1:], one.gamma.iloc[1:], rtol=1e-9)
    np.testing.assert_allclose(other.fixed_effects()["se"].iloc[1:], one.fixed_effects()["se"].iloc[1:], rtol=1e-9)
    assert other.criterion == pytest.approx(one.criterion, rel=1e-9)


def test_two_rows_of_one_sd_are_one_of_a_smaller_one(data):
    """Doubled rows change the criterion by the spread between them, which is nothing, and by constants."""
    twice = hlm.Model(TEXTS["variance"], stored(pd.concat([data, data])), "school").ml()
    half = hlm.Model(TEXTS["variance"], stored(data.assign(v=data["v"] / 2)), "school").ml()
    np.testing.assert_allclose(twice.gamma, half.gamma, rtol=1e-9)
    np.testing.assert_allclose(twice.fixed_effects()["se"], half.fixed_effects()["se"], rtol=1e-8)
    np.testing.assert_allclose(twice.tau, half.tau, rtol=1e-7)


@pytest.fixture(scope="module", params=["one grouping", "crossed"])
def fits(request, data):
    """One posterior held by the models in memory, of a table of which all rows, and of one of which 300 are sampled."""
    text, options = (TEXTS["cwc"], {"group": "school"}) if request.param == "one grouping" else (CROSSED, {})
    options |= {} if "sd(r)" in text else {"known_sd": "se"}
    memory, table, some = (hlm.Model(text, one, **options) for one in (data, stored(data), stored(data)))
    fit = memory.fit(draws=250, tune=250, chains=2, seed=1, progress=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summed_rows, "SAMPLE_ROWS", 300)
        assert some.design.summed.sample.is_part
    return fit, hlm.Fit(table, fit.idata), hlm.Fit(some, fit.idata)


@pytest.mark.slow
def test_rows_left_out_are_those_in_memory_and_a_sample_stands_for_them(fits):
    memory, table, some = fits
    given, found = memory.loo(), some.loo()
    assert table.loo().elpd == pytest.approx(given.elpd, abs=1e-8)
    assert abs(found.elpd - given.elpd) < 4 * found.subsampling_se
    assert found.subsampling_se < found.table.loc["elpd", "se"]  # without sums over all rows sqrt(N/n - 1) times it


def test_residuals_are_those_in_memory(fits):
    memory, table, some = fits
    given = memory.residuals()
    position = {y: k for k, y in enumerate(memory.model.design.y)}
    for fit in (table, some):
        found = fit.residuals()
        at = [position[y] for y in found.table["y"]]
        for name in ("fitted", "mean", "sd", "standardized"):
            np.testing.assert_allclose(found.table[name], given.table[name].to_numpy()[at], rtol=0, atol=1e-8)
        assert found.variance.chi2 == pytest.approx(given.variance.chi2, rel=1e-7, nan_ok=True)
    if len(memory.model.design.groupings) == 1:  # with several the table has the means of the draws of u
        there = table.residual_table().order_by("math").to_pyarrow().to_pandas()
        np.testing.assert_allclose(there["residual"], given.table.sort_values("y")["mean"], rtol=0, atol=1e-8)


def test_replicates_are_of_all_rows_or_of_none(fits):
    memory, table, some = fits
    given, found = memory.predictive_check(n_draws=50, seed=1), table.predictive_check(n_draws=50, seed=1)
    np.testing.assert_allclose(found.table["observed"], given.table["observed"], rtol=1e-8, atol=1e-8)
    drawn = table.model.prior_predictive(50, seed=1)["prior_predictive"]["y"]
    assert drawn.sizes["obs_id"] == memory.model.design.n_obs
    for call in (some.predictive_check, some.plot.meta_forest):
        with pytest.raises(DataError, match=r"^this needs the rows of the data, but of this model only sums"):
            call()


def test_quantities_are_the_same(fits):
    memory, table, _ = fits
    names = ["fixed_effects", "variance_components", "heterogeneity", "cross_check"]
    if len(memory.model.design.groupings) == 1:
        names += ["plausible_ranges", "reliability", "group_coefficients"]
        assert str(table.model.describe()) == str(memory.model.describe())
    for name in names:
        assert str(getattr(table, name)()) == str(getattr(memory, name)()), name


def test_a_group_is_left_out_with_its_sds(data):
    memory, database = (hlm.Model(TEXTS["cwc"], table, "school") for table in (data, stored(data)))
    fit = memory.fit(draws=250, tune=250, chains=2, seed=1, progress=False)
    one, other = fit.influence(), hlm.Fit(database, fit.idata).influence()
    np.testing.assert_allclose(other.reml["change"], one.reml["change"], rtol=1e-6, atol=1e-9)
    from bayeshlm.design.subset import without_rows

    given = without_rows(memory.design, memory.design.group_codes == 5)
    found = without_rows(database.design, database.design.cells.codes[0] == 5)
    np.testing.assert_allclose(found.products.ZtZ, given.products.ZtZ, rtol=1e-10, atol=1e-8)
    np.testing.assert_allclose(found.products.log_sd, given.products.log_sd, rtol=0, atol=1e-10)
    assert found.cells.weight.sum() == pytest.approx(given.cells.weight.sum(), rel=1e-12)


def test_models_with_other_sds_are_not_nested(data):
    complete = stored(data.dropna(subset="se").assign(double=2 * data["se"]))
    larger, smaller = (hlm.Model(text, complete, "school") for text in (TEXTS["cwc"], TEXTS["cwc"]))
    for line in ("sd(r) = double", "sd(r) = 2"):
        with pytest.raises(OptionError, match="do not take the same level-1 SDs as known"):
            larger.ml().compare(smaller.without("u1").update(line).ml())
    memory = hlm.Model(TEXTS["cwc"], data, "school")
    assert str(larger.ml().compare(larger.without("u1").ml())) == str(memory.ml().compare(memory.without("u1").ml()))


def test_a_meta_analysis_has_one_row_a_group(tmp_path, monkeypatch, capsys):
    trials = hlm.load_dataset("bcg")
    memory = hlm.open_model("bcg-latitude")
    database = hlm.Model(memory.equations(), stored(trials), memory.design.group)
    same(database.reml(), memory.reml())
    fit = memory.fit(draws=250, tune=250, chains=2, seed=1, progress=False)
    axes = hlm.Fit(database, fit.idata).plot.meta_forest()
    assert len(axes.get_yticklabels()) == len(trials) + 2
    monkeypatch.chdir(tmp_path)
    trials.to_parquet("trials.parquet", index=False)
    lines = "\n".join(memory.equations().splitlines())
    (tmp_path / "model.toml").write_text(f'group = "{memory.design.group}"\nequations = """\n{lines}\n"""\n')
    assert main(["reml", "model.toml", "--data", "duckdb:trials.parquet"]) == 0
    assert "var(r) = variance" in capsys.readouterr().out


ODD = {
    "zero": (0.0, r"a row of school 10\d of the known SD 'se' is 0: it is above 0, as no row is known without error"),
    "negative": (-1.5, r"a row of school 10\d of the known SD 'se' is -1.5: it is above 0"),
    "inf": (np.inf, "column 'se' is inf in some row"),
    "far": (1e-9, "the known SDs 'se' lie between 1e-09 and"),
}


@pytest.mark.parametrize(("value", "message"), ODD.values(), ids=ODD)
def test_sds_that_cannot_be_are_refused(value, message, data):
    wrong = data.copy()
    wrong.loc[wrong.index[wrong["school"] == 103][1], "se"] = value
    with pytest.raises(DataError, match=message):
        hlm.Model(TEXTS["cwc"], stored(wrong), "school")


def test_text_is_no_sd_and_the_message_points_at_it(data):
    with pytest.raises(DataError, match=r"(?s)the known SD 'se' is text: it is a column of numbers above 0\n.*\^\^"):
        hlm.Model(TEXTS["cwc"], stored(data.assign(se="low")), "school")


def test_known_covariances_need_the_rows(data):
    text = "math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10; cov(r) = [v]"
    with pytest.raises(DataError, match="known covariances need the rows in their order"):
        hlm.Model(text, stored(data), "school")


@pytest.mark.parametrize("kind", ["decimal(9, 3)", "int32", "boolean", "float32"])
def test_columns_of_other_kinds_are_numbers(kind, data):
    table = stored(data.assign(se=(data["se"].round(3) + 1).fillna(1)))
    table = table.mutate(se=table["se"].cast(kind))
    memory = table.to_pyarrow().to_pandas().assign(se=lambda frame: frame["se"].astype(float))
    same(hlm.Model(TEXTS["cwc"], table, "school").reml(), hlm.Model(TEXTS["cwc"], memory, "school").reml())


def test_sds_of_a_table_of_groups(data):
    schools = data.groupby("school", as_index=False)[["of_school"]].first()
    found = hlm.Model(TEXTS["one a school"], stored(data.drop(columns="of_school")), "school", group_data=schools)
    same(found.reml(), hlm.Model(TEXTS["one a school"], data, "school").reml())


def test_a_table_that_changes_before_its_weighted_sums(data, monkeypatch):
    from bayeshlm.design import asked_sums

    connection, asked, ask = ibis.duckdb.connect(), [], asked_sums.ask
    table = connection.create_table("pupils", pa.Table.from_pandas(data, preserve_index=False))

    def changing(expression, exact=()):
        if asked:
            connection.raw_sql("DELETE FROM pupils WHERE school = 103 AND area = 0")
        asked.append(1)
        return ask(expression, exact)

    monkeypatch.setattr(asked_sums, "ask", changing)
    with pytest.raises(HLMError, match=re.escape("the table changed between two queries")):
        hlm.Model(TEXTS["cwc"], table, "school")
