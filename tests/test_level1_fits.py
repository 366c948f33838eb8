"""Fits of models of the level-1 SD and of correlated residuals, from the equations to the tables and files."""

import json

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.results_folder import summary
from bayeshlm.errors import OptionError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def by_sex():
    return hlm.open_model("hsb-level-1-variance").fit(seed=1, progress=False)


@pytest.fixture(scope="module")
def growth():
    return hlm.open_model("growth-autoregressive").fit(seed=1, progress=False)


def test_the_posterior_agrees_with_reml(by_sex, growth):
    for fit in (by_sex, growth):
        check = fit.cross_check()
        assert check.agrees, check.verdict
        assert {"a0", "a1"} <= set(check.table.index.get_level_values("effect")) or "rho" in check.table.index


def test_the_tables_show_both_scales(by_sex):
    text = str(by_sex)
    for said in ("a1", "SD[female 1]", "ratio of SDs[a1]", "log(sigma2) = a0 + a1*female"):
        assert said in text
    table, posterior = by_sex.variance_components(), by_sex.posterior
    both = np.exp(posterior["alpha"].sum("spread"))
    assert table.loc[("level1_sd2", "female 1"), "mean"] == pytest.approx(float(both.mean()))


def test_a_row_of_each_parameter_stands_in_a_table_of_models(by_sex):
    models = {"posterior": by_sex, "REML": by_sex.model.reml(), "one SD": by_sex.model.without("log(sigma)").reml()}
    text = str(hlm.table(models))
    assert "a0" in text
    assert "SD, residual" in text


def test_the_test_of_one_variance_is_the_difference_of_deviances(by_sex):
    model = by_sex.model
    with_it, without = model.ml(), model.without("log(sigma2)").ml()
    found = without.compare(with_it)
    assert found.statistic == pytest.approx(2 * (with_it.log_likelihood - without.log_likelihood), abs=1e-6)
    assert found.df == 1


def test_what_is_saved_is_loaded(by_sex, tmp_path):
    by_sex.save(tmp_path / "fit.nc")
    again = hlm.load(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(again.variance_components(), by_sex.variance_components())
    assert again.model.spec == by_sex.model.spec


def test_the_summary_is_keyed_by_symbol(by_sex, growth):
    content = json.loads(json.dumps(summary(by_sex, reml=True)))
    components = content["variance_components"]
    assert list(components["alpha"]) == ["a0", "a1"]
    assert list(components["level1_sd"]) == ["female 0", "female 1"]
    assert "icc" not in content
    assert content["reml"]["cross_check"]["agrees"]
    assert summary(growth)["variance_components"]["rho"]["mean"] == pytest.approx(0.26, abs=0.02)


def test_reports_say_what_level_1_is(by_sex, growth, tmp_path):
    for fit, said in ((by_sex, "There is no intraclass correlation"), (growth, "rho the correlation of the level-1")):
        fit.report(tmp_path / "report.html")
        assert said in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_every_figure_is_drawn_or_refused_in_a_sentence(by_sex):
    drawn = 0
    for name in (name for name in dir(by_sex.plot) if not name.startswith("_")):
        try:
            getattr(by_sex.plot, name)()
            drawn += 1
        except OptionError:
            continue
    assert drawn > 10


def test_leaving_out_finds_the_model_that_made_the_data(growth):
    plain = growth.model.without("rho").fit(seed=1, progress=False)
    found = hlm.compare({"independent": plain, "ar1": growth}, unit="group")
    assert found.index[0] == "ar1"
