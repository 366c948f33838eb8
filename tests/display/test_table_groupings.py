"""Tables with models of several groupings beside those of one."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.display.model_column import ModelColumn, fixed_entries, model_entries, variance_entries
from bayeshlm.display.model_table import model_table

THREE = """
math = p0 + p1*time + e
p0 = b00 + r0
p1 = b10 + r1
b00 = g000 + g001*size + u00
b10 = g100
"""
TWO = "math = b0 + b1*time + r\nb0 = g00 + g01*size + u0\nb1 = g10"


@pytest.fixture(scope="module")
def fits():
    rng = np.random.default_rng(6)
    school, child = np.repeat(np.arange(10), 20), np.repeat(np.arange(50), 4)
    data = pd.DataFrame({"school": school, "child": child, "time": np.tile(np.arange(4.0), 50)})
    data["size"] = rng.normal(size=10)[school]
    data["math"] = 9 + rng.normal(size=10)[school] + rng.normal(size=50)[child] + rng.normal(size=200)
    return hlm.Model(THREE, data, ["child", "school"]).reml(), hlm.Model(TWO, data, "school").reml()


def column(name, fit, named):
    entries = dict(fixed_entries(fit.design, fit.fixed_effects()))
    entries |= dict(variance_entries(fit.design, fit.variance_components(intervals=None), "sd", named))
    entries |= dict(model_entries(fit.design, {}))
    return ModelColumn(name, "REML", "math", entries, n_groupings=len(fit.design.groupings))


def test_a_row_of_each_grouping_and_rows_that_meet(fits):
    three, two = fits
    table = model_table([column("three", three, True), column("two", two, True)])
    text = table.to_text()
    assert text.startswith("Models of math")
    both = next(line for line in text.splitlines() if "SD, intercept (school)" in line)
    found = [fit.variance_components(intervals=None)["estimate"] for fit in fits]
    tau = [f"{found[0]['tau', 'u00']:.2f}", f"{found[1]['tau', 'u0']:.2f}"]
    assert [cell for cell in both.split() if cell in tau] == tau
    assert "SD, intercept (child)" in text
    assert "Correlation, intercept, time (child)" in text
    assert "groups (child)" in text
    rows = next(line for line in text.splitlines() if line.strip().startswith("groups (school)"))
    assert rows.split()[-2:] == ["10", "10"]
    assert sum("size" in line for line in text.splitlines()) == 1


def test_models_of_one_grouping_are_named_as_before(fits):
    _, two = fits
    text = model_table([column("two", two, False)]).to_text()
    assert text.startswith("Two-level models of math")
    assert "SD, intercept  " in text
    assert "(school)" in text.partition("Model")[2]


def test_fits_of_two_and_of_three_levels_side_by_side(fits):
    three, two = fits
    table = hlm.table(three, two, names=["three", "two"])
    lines = [line.strip() for line in table.to_text().splitlines()]
    assert lines[0].startswith("Models of math")

    def cells(row, of=2):
        (found,) = (line for line in lines if line.startswith(row + " "))
        return found.split()[-of:]

    taus = [fit.variance_components(intervals=None)["estimate"].loc["tau"] for fit in fits]
    assert cells("SD, intercept (school)") == [f"{taus[0]['u00']:.2f}", f"{taus[1]['u0']:.2f}"]
    assert cells("SD, intercept (child)") == ["r0", f"{taus[0]['r0']:.2f}"]
    assert cells("ICC (school)") == [f"{three.icc()['icc[school]']:.3f}", f"{two.icc()['icc']:.3f}"]
    assert cells("groups (school)") == ["10", "10"]
    assert cells("groups (child)", of=1) == ["50"]
