"""The same models through Spark as from a DataFrame: the same Ibis expressions, another engine."""

import shutil
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from database_designs import compare, pupils

import bayeshlm as hlm

pytestmark = [
    pytest.mark.slow,
    # Spark 4.0 is older than pandas 3 and its gateway closes sockets when it is collected
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(shutil.which("java") is None, reason="NO JAVA HERE: SPARK IS NOT TESTED (install openjdk-17)"),
    pytest.mark.skipif(
        find_spec("pyspark") is None, reason="NO PYSPARK HERE: SPARK IS NOT TESTED (uv sync --extra spark)"
    ),
]
SLOPES = """
mathach = b0 + b1*cwc(ses) + r
b0 = g00 + g01*sector + g02*mean(ses) + u0
b1 = g10 + g11*sector + u1
"""
CROSSED = "math ~ ses + age + race + log(income) + sector + (1 + ses | school) + (1 | area)"


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    import ibis
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.sql.shuffle.partitions", "4")
    session = builder.config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse"))).getOrCreate()
    yield ibis.pyspark.connect(session)
    session.stop()


def table_of(connection, data, folder):
    data.to_parquet(folder / "data.parquet", index=False)
    return connection.read_parquet(folder / "data.parquet")


def same(ours, theirs):
    np.testing.assert_allclose(ours.gamma, theirs.gamma, rtol=1e-9)
    np.testing.assert_allclose(ours.fixed_effects()["se"], theirs.fixed_effects()["se"], rtol=1e-9)
    np.testing.assert_allclose(ours.tau, theirs.tau, rtol=1e-6)  # the criterion is flat in them
    assert ours.criterion == pytest.approx(theirs.criterion, rel=1e-9)


def test_slopes_as_outcomes_of_high_school_and_beyond(connection, tmp_path):
    data = hlm.load_dataset("hsb")
    compare(SLOPES, data, table_of(connection, data, tmp_path), "school")
    found = hlm.Model(SLOPES, table_of(connection, data, tmp_path), "school")
    same(found.reml(), hlm.Model(SLOPES, data, "school").reml())
    fit = found.fit(draws=400, chains=2, seed=1, progress=False)
    assert fit.convergence.max_r_hat < 1.05


def test_crossed_groupings(connection, tmp_path):
    data = pupils()
    table = table_of(connection, data, tmp_path)
    compare(CROSSED, data, table, None)
    same(hlm.Model(CROSSED, table).reml(), hlm.Model(CROSSED, data).reml())


def test_rows_of_a_sample_and_what_new_rows_need(connection, tmp_path, monkeypatch):
    from bayeshlm.design import summed_rows

    monkeypatch.setattr(summed_rows, "SAMPLE_ROWS", 500)
    data = hlm.load_dataset("hsb")
    memory = hlm.Model(SLOPES, data, "school")
    first, again = (hlm.Model(SLOPES, table_of(connection, data, tmp_path), "school") for _ in range(2))
    np.testing.assert_array_equal(first.design.summed.sample.y, again.design.summed.sample.y)
    fit = memory.fit(draws=200, tune=200, chains=2, seed=1, progress=False)
    found, left_out = hlm.Fit(first, fit.idata), hlm.Fit(first, fit.idata).loo()
    assert abs(left_out.elpd - fit.loo().elpd) < 4 * left_out.subsampling_se
    assert str(first.describe()) == str(memory.describe())
    new = data.iloc[:50]
    np.testing.assert_allclose(found.predict(new, seed=1)["mu"], fit.predict(new, seed=1)["mu"], rtol=1e-9)


def test_rows_that_do_not_all_count_the_same(connection, tmp_path):
    data, rng = hlm.load_dataset("hsb"), np.random.default_rng(7)
    data["se"], data["w1"] = 4 * rng.lognormal(0, 0.4, len(data)), rng.lognormal(0, 0.7, len(data))
    data["w2"], data["stratum"] = 1 + data["size"] / 1000, np.where(data["sector"] == 1, "Catholic", "public")
    table, whole = table_of(connection, data, tmp_path), data["w1"] * data["w2"]
    known = SLOPES + "sd(r) = se"
    compare(known, data, table, "school", rtol=1e-11)
    same(hlm.Model(known, table, "school").reml(), hlm.Model(known, data, "school").reml())
    weights = hlm.SurveyWeights({"row": "w1", "school": "w2"}, "effective", strata="stratum")
    same(*(hlm.Model(SLOPES, of, "school", weights=weights).ml() for of in (table, data)))
    numbers = pd.factorize(data["school"])[0]
    for r in range(12):
        data[f"r{r}"] = whole * rng.choice([0.5, 1.5], 160)[numbers]
    weights = hlm.SurveyWeights({"row": "w1", "school": "w2"}, replicates=[f"r{r}" for r in range(12)], fay=0.5)
    same(
        *(hlm.Model(SLOPES, of, "school", weights=weights).ml() for of in (table_of(connection, data, tmp_path), data))
    )
