from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.fit_tables import FitReport, Shown, fit_html, fit_text, quantity_grid
from bayeshlm.display.text import to_text
from bayeshlm.quantities.quantity import Quantity

SUMMARY = ["mean", "sd", "lower", "upper", "ess_bulk", "ess_tail", "r_hat", "mcse_mean"]


def table(rows: list[list[float]], index: pd.Index, kind: str = "eti", prob: float = 0.95) -> pd.DataFrame:
    frame = pd.DataFrame(rows, index=index, columns=SUMMARY)
    frame.attrs.update(ci_kind=kind, ci_prob=prob)
    return frame


@pytest.fixture
def report() -> FitReport:
    fixed = table(
        [
            [12.0954, 0.1987, 11.7061, 12.4877, 3981.6, 3020.2, 1.0004, 0.0031],
            [1.2264, 0.3063, 0.6253, 1.8221, 4012.1, 2987.0, 0.9999, 0.0048],
            [2.9361, 0.1551, 2.6288, 3.2381, 3877.0, 3108.9, 1.0012, 0.0025],
        ],
        pd.Index(["g00", "g01", "g10"], name="symbol"),
    )
    fixed.insert(0, "coefficient", ["b0", "b0", "b1"])
    fixed.insert(1, "term", ["1", "sector", "1"])
    components = [("tau", "u0"), ("tau", "u1"), ("tau2", "u0"), ("tau2", "u1"), ("cov", "u0,u1"), ("corr", "u0,u1")]
    variance = table(
        [
            [1.5573, 0.1342, 1.3078, 1.8355, 1450.0, 2210.0, 1.0021, 0.0035],
            [0.3012, 0.1611, 0.0291, 0.6272, 610.3, 790.9, 1.0067, 0.0066],
            [2.4432, 0.4247, 1.7103, 3.3691, 1450.0, 2210.0, 1.0021, 0.0112],
            [0.1167, 0.1086, 0.0008, 0.3934, 610.3, 790.9, 1.0067, 0.0044],
            [0.0912, 0.1534, -0.1998, 0.4166, 1711.0, 1902.0, 1.0018, 0.0038],
            [0.1911, 0.3672, -0.6212, 0.8533, 1712.0, 1900.0, 1.0019, 0.0089],
            [6.0612, 0.0511, 5.9613, 6.1623, 5210.0, 2872.0, 1.0003, 0.0007],
            [36.741, 0.6201, 35.537, 37.974, 5210.0, 2872.0, 1.0003, 0.0086],
        ],
        pd.MultiIndex.from_tuples([*components, ("sigma", ""), ("sigma2", "")], names=["component", "effect"]),
    )
    ends = table(
        [
            [9.0432, 0.3211, 8.3961, 9.6604, 1600.0, 2300.0, 1.0017, 0.0081],
            [15.1476, 0.3189, 14.5401, 15.7920, 1610.0, 2301.0, 1.0016, 0.0079],
        ],
        pd.MultiIndex.from_product([["b0"], ["lower", "upper"]], names=["coefficient", "end"]),
    )
    ends.insert(0, "plug_in", [9.0431, 15.1477])
    ends.insert(1, "predictive", [9.0012, 15.1899])
    return FitReport(
        title="Two-level model of mathach",
        equations="mathach = b0 + b1*cwc(ses) + r\nb0 = g00 + g01*sector + u0\nb1 = g10 + u1",
        size="7,185 rows in 160 groups (school)",
        rows_dropped=0,
        fixed=fixed,
        variance=variance,
        shares=icc(),
        plausible_ranges=(Quantity("plausible_ranges", xr.Dataset(), ends, ("level-2 terms at their means",)),),
        verdict=("Converged: 0 of 4,000 draws diverged.",),
        sampling="4 chains x 1,000 draws",
        labels=ColumnLabels({"b0": "the intercept", "b1": "the slope of cwc(ses)"}),
    )


def icc() -> Quantity:
    rows = [
        [0.0624, 0.0101, 0.0446, 0.0838, 1466.0, 2205.0, 1.002, 0.00026],
        [0.0511, 0.0083, 0.0364, 0.0689, 1470.0, 2201.0, 1.002, 0.00022],
        [3.8211, 0.4561, 3.0181, 4.7861, 1466.0, 2205.0, 1.002, 0.0119],
    ]
    index = pd.Index(["icc", "icc_unadjusted", "design_effect"], name="quantity")
    return Quantity("icc", xr.Dataset(), table(rows, index), ("conditional on the predictors",))


def test_text_of_an_overview(report):
    assert fit_text(report) == OVERVIEW


def test_dropped_rows_are_told_when_there_are_any(report):
    assert "12 rows with missing values dropped" in fit_text(replace(report, rows_dropped=12))
    assert "\n1 row with missing values dropped" in fit_text(replace(report, rows_dropped=1))


def test_the_kind_of_interval_is_named(report):
    report.fixed.attrs.update(ci_kind="hdi", ci_prob=0.9)
    assert "Fixed effects (90% highest-density intervals)" in fit_text(report)


def test_what_is_not_given_is_not_shown(report):
    text = fit_text(replace(report, shares=None, plausible_ranges=(), verdict=(), sampling="", labels=ColumnLabels()))
    assert text.splitlines()[-1].startswith("  sigma ")
    assert "\n  b1\n" in text


def test_missing_diagnostics_are_dashes(report):
    report.fixed.loc["g10", ["ess_bulk", "ess_tail", "r_hat", "mcse_mean"]] = np.nan
    (line,) = [line for line in fit_text(report).splitlines() if line.startswith("    g10")]
    assert line.split() == ["g10", "(intercept)", "2.94", "0.16", "2.63", "3.24", "-", "-", "-"]


class Outline(HTMLParser):
    """Checks that tags nest, and collects headers, cells and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scopes: list[str] = []
        self.cells: dict[str, list[str]] = {"td": [], "th": [], "pre": [], "caption": []}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.open.append(tag)
        if tag == "th":
            self.scopes.append(dict(attrs)["scope"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in self.cells:
            self.cells[self.open[-1]].append(data)


def test_html_of_an_overview(report):
    html = fit_html(report)
    outline = Outline(html)
    assert outline.open == []
    assert set(outline.scopes) == {"col", "row", "rowgroup"}
    assert outline.cells["td"][:7] == ["12.10", "0.20", "11.71", "12.49", "3,982", "3,020", "1.000"]
    assert outline.cells["caption"][0] == "Fixed effects (95% equal-tailed intervals)"
    assert "b1, the slope of cwc(ses)" in outline.cells["th"]
    assert "#" not in html.replace("&#x27;", "")
    assert "rgb" not in html


def test_html_escapes_what_users_wrote(report):
    evil = "<script>alert('x')</script>"
    fixed = report.fixed.assign(term=evil)
    html = fit_html(
        replace(
            report,
            title=evil,
            equations=evil,
            size=evil,
            verdict=(evil,),
            fixed=fixed,
            labels=ColumnLabels({"b0": evil}),
        )
    )
    assert "<script" not in html
    assert Outline(html).open == []


def test_a_quantity_prints_as_its_table():
    shown = Shown.of(icc())
    assert repr(shown) == to_text([quantity_grid(icc())])
    assert repr(shown).splitlines()[0] == "Intraclass correlation (95% equal-tailed intervals)"
    assert "ICC, unadjusted  0.0511  0.0083  0.0364  0.0689     1,470     2,201  1.002" in repr(shown)
    assert isinstance(shown, Quantity)
    assert "<caption" in shown._repr_html_()


def test_without_predictors_there_is_one_icc():
    quantity = icc()
    quantity.table.loc["icc_unadjusted"] = quantity.table.loc["icc"]
    assert "unadjusted" not in repr(Shown.of(quantity))


def test_long_names_are_shortened_in_text(report):
    report.fixed["term"] = "x" * 40 + "y" * 40
    assert max(map(len, fit_text(report).splitlines())) <= 110
    assert "x" * 17 + "..." + "y" * 16 in fit_text(report)


OVERVIEW = """\
Two-level model of mathach
==========================

  mathach = b0 + b1*cwc(ses) + r
  b0 = g00 + g01*sector + u0
  b1 = g10 + u1

7,185 rows in 160 groups (school)
4 chains x 1,000 draws

Fixed effects (95% equal-tailed intervals)
                       mean    sd  lower  upper  ess_bulk  ess_tail  r_hat
  b0, the intercept
    g00  (intercept)  12.10  0.20  11.71  12.49     3,982     3,020  1.000
    g01  sector        1.23  0.31   0.63   1.82     4,012     2,987  1.000
  b1, the slope of cwc(ses)
    g10  (intercept)   2.94  0.16   2.63   3.24     3,877     3,109  1.001

Variance components: standard deviations and correlations (95% equal-tailed intervals)
                mean     sd   lower  upper  variance  ess_bulk  ess_tail  r_hat
  tau[u0]      1.56   0.13    1.31   1.84       2.44     1,450     2,210  1.002
  tau[u1]      0.30   0.16    0.03   0.63       0.12       610       791  1.007
  corr[u0,u1]  0.19   0.37   -0.62   0.85                1,712     1,900  1.002
  sigma        6.061  0.051   5.961  6.162     36.74     5,210     2,872  1.000

Intraclass correlation (95% equal-tailed intervals)
                     mean      sd   lower   upper
  ICC              0.062   0.010   0.045   0.084
  ICC, unadjusted  0.0511  0.0083  0.0364  0.0689
  design effect    3.82    0.46    3.02    4.79
  conditional on the predictors

Plausible ranges that cover 95% of the groups
      plug-in from     to  new group from     to
  b0          9.04  15.15            9.00  15.19
  level-2 terms at their means

Converged: 0 of 4,000 draws diverged."""
