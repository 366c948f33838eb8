from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayeshlm.checks.cross_check import CrossCheck
from bayeshlm.display.shown_cross_check import ShownCrossCheck

COLUMNS = ["mean", "sd", "estimate", "se", "difference", "difference_mcse", "unit", "verdict", "group"]


@pytest.fixture
def check() -> CrossCheck:
    rows = {
        ("gamma", "g01"): [1.2264, 0.3063, 1.2301, 0.3059, -0.012, 0.016, "REML se", "agrees", None],
        ("tau", "u1"): [0.3012, 0.1611, 0.0, np.nan, 1.8696, 0.041, "posterior sd", "differs", None],
        ("corr", "u0,u1"): [0.1911, 0.3672, np.nan, np.nan, np.nan, np.nan, "posterior sd", "no estimate", None],
        ("sigma", ""): [6.0612, 0.0511, 6.0598, 0.0517, 0.027, 0.014, "REML se", "agrees", None],
        ("beta", "b1, largest"): [1.5, 0.437, 1.689, 0.292, -0.433, 0.016, "posterior sd", "differs", "<3427>"],
        ("beta", "b1, root mean square"): [*[np.nan] * 4, 0.135, 0.016, "posterior sd", "agrees", None],
    }
    table = pd.DataFrame(
        list(rows.values()), pd.MultiIndex.from_tuples(rows, names=["component", "effect"]), columns=COLUMNS
    )
    table["group"] = pd.Series([row[-1] for row in rows.values()], table.index, dtype=object)
    return CrossCheck(
        table, pd.DataFrame(), False, "Posterior and REML differ in 2 of 5 rows.", ("tau[u1], differs: why.",)
    )


def test_the_printed_cross_check(check: CrossCheck) -> None:
    text = repr(ShownCrossCheck.of(check))
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    assert lines["g01"] == ["g01", "1.23", "0.31", "1.23", "0.31", "-0.01", "0.02", "agrees"]
    assert lines["tau[u1]"][3:] == ["0.00", "-", "1.87*", "0.04", "differs"]
    assert lines["corr[u0,u1]"][3:] == ["-", "-", "-", "-", "no", "estimate"]
    assert "b1, largest (<3427>)" in text
    assert "* in posterior SDs" in text
    assert text.endswith("Posterior and REML differ in 2 of 5 rows.\ntau[u1], differs: why.")


def test_no_footnote_without_a_mark(check: CrossCheck) -> None:
    plain = replace(check, table=check.table.assign(unit="REML se"))
    assert "*" not in repr(ShownCrossCheck.of(plain))


def test_the_cross_check_in_a_notebook(check: CrossCheck) -> None:
    shown = ShownCrossCheck.of(check)
    html = shown._repr_html_()
    assert html.count("<table ") == 1
    assert "&lt;3427&gt;" in html
    assert "<3427>" not in html
    assert "tau[u1], differs: why." in html
    assert shown.table is check.table
