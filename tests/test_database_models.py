"""Models of rows that stay in a database: what they give is what the same rows in memory give."""

import json
import sys

import ibis
import numpy as np
import pandas as pd
import pytest
from database_designs import pupils, stored

import bayeshlm as hlm
from bayeshlm.commands.cli import main
from bayeshlm.errors import DataError, FileError, OptionError

EQUATIONS = """
math = b0 + b1*cwc(ses) + r
b0 = g00 + g01*sector + g02*mean(ses) + u0
b1 = g10 + u1
"""


@pytest.fixture(scope="module")
def data():
    return pupils()


@pytest.fixture(scope="module")
def models(data):
    """The model in memory and in a database."""
    return hlm.Model(EQUATIONS, data, "school"), hlm.Model(EQUATIONS, stored(data), "school")


@pytest.fixture(scope="module")
def fits(models):
    """The posterior of the model in a database, held by both models."""
    fit = models[1].fit(draws=300, tune=300, chains=2, seed=1, progress=False)
    return hlm.Fit(models[0], fit.idata), fit


def test_import_bayeshlm_does_not_import_ibis():
    import subprocess

    code = "import sys, bayeshlm; sys.exit('ibis' in sys.modules or 'duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_prints_the_same_model(models):
    memory, database = models
    assert str(memory) == str(database)
    assert memory._repr_html_() == database._repr_html_()
    assert str(memory.priors) == str(database.priors)
    for form in ("lme4", "nlme", "latex", "stata"):
        assert memory.equations(form) == database.equations(form)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_estimates_are_the_same(method, models):
    memory, database = (getattr(model, method)() for model in models)
    np.testing.assert_allclose(database.gamma, memory.gamma, rtol=1e-9)
    np.testing.assert_allclose(database.fixed_effects()["se"], memory.fixed_effects()["se"], rtol=1e-7)
    assert database.criterion == pytest.approx(memory.criterion, rel=1e-12)
    np.testing.assert_allclose(database.robust_se(), memory.robust_se(), rtol=1e-6)
    assert str(database.chi_square()) == str(memory.chi_square())
    assert "g01" in str(database)
    assert "g01" in database._repr_html_()


@pytest.mark.parametrize("left_out", ["g01", "u1", "b1"])
def test_likelihood_ratio_tests_are_the_same(left_out, models):
    memory, database = (model.ml().compare(model.without(left_out).ml()) for model in models)
    assert str(memory) == str(database)


def test_models_that_are_not_nested_without_rows_say_so(models):
    other = models[1].update("math = b0 + b1*ses + r")
    with pytest.raises(OptionError, match=r"whose columns are the same expressions: .* none like g10"):
        models[1].ml().compare(other.without("g01").ml())
    fewer = hlm.Model(EQUATIONS, stored(pupils().query("school != 103")), "school")
    with pytest.raises(OptionError, match="use 2360 and 2400 rows"):
        models[1].ml().compare(fewer.without("g01").ml())


QUANTITIES = (
    "fixed_effects", "variance_components", "group_coefficients", "icc", "r2", "plausible_ranges", "reliability",
    "group_reliability", "cross_check", "prior_sensitivity",
)  # fmt: skip


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_quantities_of_the_posterior_are_the_same(quantity, fits):
    memory, database = (getattr(fit, quantity)() for fit in fits)
    assert str(memory) == str(database)


def test_groups_are_left_out_and_compared_without_rows(fits, models):
    memory, database = (fit.loo("group") for fit in fits)
    assert str(memory) == str(database)
    assert str(fits[0].influence()) == str(fits[1].influence())
    null = models[1].null().fit(draws=300, tune=300, chains=2, seed=1, progress=False)
    assert hlm.compare({"full": fits[1], "null": null}, unit="group").index[0] == "full"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["one grouping", "crossed"])
def test_residuals_come_back_as_a_table_of_the_database(kind, fits, data):
    memory, database = fits
    if kind == "crossed":
        text = "math ~ ses*sector + race + offset(income) + (1 + ses | school) + (1 | area)"
        models = hlm.Model(text, data), hlm.Model(text, stored(data))
        fit = models[0].fit(draws=200, tune=200, chains=2, seed=1, progress=False)
        memory, database = (hlm.Fit(model, fit.idata) for model in models)
    table = database.residual_table()
    assert table.columns == (*data.columns, "fitted", "residual")
    found = table.order_by("math").to_pyarrow().to_pandas()
    if kind == "one grouping":
        expected = memory.residuals().table["fitted"].to_numpy()
    else:
        kept, means = memory.model.design.kept_rows, memory.posterior.mean(("chain", "draw"))
        expected = kept.offset + kept.X @ means["gamma"].to_numpy()
        for Z, codes, name in zip(kept.Z, kept.codes, ("u_school", "u_area"), strict=True):
            expected += (Z * means[name].to_numpy()[codes]).sum(axis=1)
    order = np.argsort(memory.model.design.y)
    np.testing.assert_array_equal(found["math"], memory.model.design.y[order])
    np.testing.assert_allclose(found["fitted"], expected[order], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found["residual"], found["math"] - found["fitted"], rtol=0, atol=1e-9)
    with pytest.raises(OptionError, match=r"of rows in memory write fit.residuals\(\).table"):
        memory.residual_table()


def test_a_column_called_fitted_is_not_overwritten(fits, data):
    model = hlm.Model(EQUATIONS, stored(data.assign(fitted=1.0)), "school")
    with pytest.raises(DataError, match="the table has a column 'fitted' already: rename it"):
        hlm.Fit(model, fits[1].idata).residual_table()


def test_changes_of_the_model_ask_the_database_again(models, data):
    memory, database = (model.update("b1 = g10 + g11*mean(minority) + u1") for model in models)
    np.testing.assert_allclose(database.reml().gamma, memory.reml().gamma, rtol=1e-9)
    assert database.design.rows is None


def test_a_table_of_groups_may_be_in_the_database(models, data):
    schools = data.groupby("school", as_index=False)[["sector"]].first()
    rest = stored(data.drop(columns="sector"))
    found = hlm.Model(EQUATIONS, rest, "school", group_data=stored(schools))
    np.testing.assert_allclose(found.reml().gamma, models[0].reml().gamma, rtol=1e-9)
    in_memory = hlm.Model(EQUATIONS, data.drop(columns="sector"), "school", group_data=stored(schools))
    assert in_memory.design.rows is not None


@pytest.mark.slow
def test_the_report_has_every_section(fits, tmp_path):
    fits[1].report(tmp_path / "report.html", progress=False)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Not computed: this needs the rows of the data" in page
    assert "ibis.duckdb.connect(&#x27;your-database.db&#x27;, read_only=True).table(&#x27;your_table&#x27;)" in page
    for title in ("g01", "Variance components", "Groups (school) at either end", "Intraclass"):
        assert title in page


@pytest.mark.slow
def test_a_fit_is_saved_without_its_rows_and_read_with_its_table(fits, data, tmp_path):
    file = tmp_path / "fit.nc"
    fits[1].save(file)
    with pytest.raises(FileError, match=r"stayed in a database: give their table, load\(.*, data=table\)"):
        hlm.load(file)
    again = hlm.load(file, data=stored(data))
    assert str(again.group_coefficients()) == str(fits[1].group_coefficients())
    assert str(again.model.without("u1")) == str(fits[1].model.without("u1"))
    with pytest.raises(FileError, match=r"The table is not the one that .* was fitted to: 2,400 rows.* now 2,399 rows"):
        hlm.load(file, data=stored(data.iloc[1:]))


@pytest.fixture
def folder(tmp_path, data):
    """Parquet files, a DuckDB database, and a model file that names neither."""
    (tmp_path / "pupils").mkdir()
    for k, part in enumerate(np.array_split(np.arange(len(data)), 3)):
        data.iloc[part].to_parquet(tmp_path / "pupils" / f"{k}.parquet", index=False)
    connection = ibis.duckdb.connect(str(tmp_path / "state.db"))
    stored(data, "pupils", connection)
    stored(data, "others", connection)
    connection.disconnect()
    equations = EQUATIONS.strip().replace("\n", "; ")
    (tmp_path / "model.toml").write_text(f'group = "school"\nequations = "{equations}"\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("source", ["pupils/*.parquet", "state.db?table=pupils", "///state.db?table=pupils"])
def test_sources_of_the_command_line(source, folder, models, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["reml", "model.toml", "--data", f"duckdb:{source}", "--out", "reml.json"]) == 0
    assert "2,400 rows in 60 groups" in capsys.readouterr().out
    values = (folder / "reml.json").read_text(encoding="utf-8")
    assert json.dumps(models[0].equations("lme4")) in values
    assert '"n_obs": 2400' in values


@pytest.mark.slow
def test_a_fit_of_the_command_line(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    source = "duckdb:pupils/*.parquet"
    draws = ["--draws", "500", "--chains", "2", "--seed", "1"]
    status = main(["fit", "model.toml", "--data", source, *draws, "--out", "results", "--report", "report.html"])
    printed = capsys.readouterr().out
    assert status in (0, 1)
    assert 'hlm.load("posterior.nc", data=table)' in printed
    table = ibis.duckdb.connect().read_parquet("pupils/*.parquet")
    assert hlm.load("results/posterior.nc", data=table).model.design.n_obs == 2400
    assert f"data = &quot;{source}&quot;" in (folder / "report.html").read_text(encoding="utf-8")
    assert len(pd.read_csv("results/group_coefficients.csv")) == 120


def test_equations_of_the_command_line(folder, models, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["equations", "model.toml", "--data", "duckdb:state.db?table=pupils", "--as", "nlme"]) == 0
    assert capsys.readouterr().out.strip() == models[0].equations("nlme")


def test_a_model_file_names_a_source_in_its_folder(folder, tmp_path):
    text = (folder / "model.toml").read_text(encoding="utf-8")
    (folder / "model.toml").write_text(f'data = "duckdb:state.db?table=pupils"\n{text}', encoding="utf-8")
    assert hlm.open_model(folder / "model.toml").design.n_obs == 2400


WRONG = {
    "no table": ("state.db", r"names no table: write duckdb:state.db\?table=\.\.\. with one of: others, pupils"),
    "other table": ("state.db?table=pupil", "state.db has no table 'pupil'. Did you mean \"pupils\""),
    "no database": ("other.db?table=pupils", "There is no file other.db"),
    "no files": ("pupils/*.pq", "cannot be read by DuckDB: .*No files found"),
    "text": ("pupils.csv", "ends in none of .*leave out duckdb: to read it into memory"),
    "a table of files": ("pupils/0.parquet?table=x", "is no database"),
    "nothing": ("", "duckdb: names no source of data: write"),
    "damaged": ("model.db?table=x", "model.db is no DuckDB database that can be read"),
}


@pytest.mark.parametrize(("source", "message"), WRONG.values(), ids=WRONG)
def test_wrong_sources_are_named(source, message, folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "model.db").write_text("no database" * 500, encoding="utf-8")
    with pytest.raises(FileError, match=message):
        hlm.open_model("model.toml", data=f"duckdb:{source}")
