import json
import os
import sys
import time

import numpy as np
import pytest
from compare import GRADIENT, ratio_rows, report
from contenders import COLUMNS, MODEL, hsb_frame
from measure import (
    Failed,
    Phases,
    cache_environment,
    entered,
    figure,
    markdown_table,
    peak_mib,
    run_json,
    seconds_since_start,
    smallest_ess,
)

import bayeshlm as hlm


def test_the_smallest_ess_is_that_of_the_correlated_draws():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(4, 1000))
    walk = np.cumsum(rng.normal(size=(4, 1000)), axis=1)
    result = smallest_ess({"noise": noise, "walk": walk})
    assert result["worst"] == "walk"
    assert result["ess_bulk"] < 100 < 3000 < smallest_ess({"noise": noise})["ess_bulk"]
    assert result["means"]["noise"] == pytest.approx(noise.mean())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.01234, "0.0123"), (99.96, "100"), (99.4, "99.4"), (123456.7, "123457"), (0.0, "0"), (float("nan"), "")],
)
def test_figures_have_three_digits(value, text):
    assert figure(value) == text


def test_a_markdown_table_has_lines_of_one_length():
    table = markdown_table([{"a": "x", "b": 1}, {"a": "longer", "b": None}], {"a": "name", "b": "count"})
    lines = table.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split() == ["|", "name", "|", "count", "|"]


def test_phases_add_up_and_the_process_is_older():
    phases = Phases()
    for _ in range(2):
        with phases("wait"):
            time.sleep(0.01)
    assert 0.02 <= phases["wait"] < seconds_since_start()
    assert peak_mib() > 10


def test_entered_notes_calls_and_puts_the_function_back():
    before = json.dumps
    with entered(json, "dumps") as moments:
        assert json.dumps(1) == "1"
    assert len(moments) == 1
    assert json.dumps is before


def test_a_fresh_process_hands_back_its_last_line(tmp_path):
    program = "import json, sys; print('table'); print(json.dumps({'prefix': sys.pycache_prefix}))"
    record = run_json([sys.executable, "-c", program], cache_environment(tmp_path))
    assert record == {"prefix": str(tmp_path / "bytecode")}
    with pytest.raises(Failed, match="no such thing"):
        run_json([sys.executable, "-c", "raise SystemExit('no such thing')"], os.environ)


def test_the_other_programs_get_the_priors_of_the_model():
    _, prior = hsb_frame()
    priors = hlm.open_model(MODEL).priors
    scales = [prior.slopes[name] for name in COLUMNS]
    np.testing.assert_allclose([family.sigma for family in priors.gamma], [2.5 * prior.y_sd, *scales])
    np.testing.assert_allclose([family.sigma for family in priors.tau], [prior.y_sd, prior.tau_slope])
    assert (priors.gamma[0].mu, priors.sigma.sigma) == pytest.approx((prior.y_mean, prior.y_sd))


def test_ratios_are_above_one_where_bayeshlm_is_better():
    common = {"caches": "warm", "versions": {"python": "3"}}
    ours = {**common, "name": "bayeshlm-independent", "what": "ours", "ess_per_second": 50.0, "total": 2.0}
    theirs = {**common, "name": "bambi-nutpie", "what": "bambi", "ess_per_second": 10.0, "total": 8.0}
    assert {row["what"]: row["ratio"] for row in ratio_rows([ours, theirs])} == {
        "ESS per second, bambi + nutpie": 5.0,
        "fresh process to printed tables, bambi + nutpie": 4.0,
    }
    gradient = {"name": GRADIENT, "what": GRADIENT, "caches": "warm", "kernel_us": 9.0, "callback_us": 20.0}
    text = report("Header.", [ours, theirs, gradient], ["lmer: left out."])
    assert "kernel 9 us" in text
    assert text.endswith("lmer: left out.")
