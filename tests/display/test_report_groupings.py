"""The report of models with several groupings."""

from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest
from groupings_data import GROWTH
from report_reader import Page

import bayeshlm as hlm
from bayeshlm.display.report import check_sections
from bayeshlm.display.report import page as report_page
from bayeshlm.display.report.figures import FIGURES
from bayeshlm.display.report.methods_text import methods_text
from bayeshlm.display.report.model_sections import nesting
from bayeshlm.display.report.page import SECTIONS, report_html
from bayeshlm.display.report.subject import Subject
from bayeshlm.errors import OptionError

CROSSED = "y = b0 + b1*x + e\nb0 = g00 + g01*funds + u0[primary] + v0[secondary]\nb1 = g10 + u1[primary]"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    school, child = np.repeat(np.arange(8), 20), np.repeat(np.arange(40), 4)
    frame = pd.DataFrame({"school": school, "child": child, "time": np.tile(np.arange(4.0), 40)})
    frame["size"], frame["female"] = rng.normal(size=8)[school], rng.integers(0, 2, 40)[child]
    frame["math"] = 9 + rng.normal(size=8)[school] + rng.normal(size=40)[child] + rng.normal(size=160)
    primary, secondary = rng.integers(0, 12, 160), rng.integers(0, 5, 160)
    x = rng.normal(size=160)
    y = rng.normal(size=12)[primary] + rng.normal(size=5)[secondary] + x + rng.normal(size=160)
    return frame.assign(primary=primary, secondary=secondary, x=x, y=y, funds=rng.normal(size=5)[secondary])


@pytest.fixture(scope="module")
def growth(data):
    return hlm.Model(GROWTH, data, ["child", "school"]).fit(draws=200, seed=1, sampler="importance", progress=False)


@pytest.fixture(scope="module")
def crossed(data):
    return hlm.Model(CROSSED, data).fit(draws=200, seed=1, sampler="importance", progress=False)


@pytest.fixture(scope="module")
def pages(growth, crossed):
    return {name: Page(report_html(Subject(fit._fitted))) for name, fit in (("growth", growth), ("crossed", crossed))}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["growth", "crossed"])
def test_the_page_has_every_section(pages, name):
    titles = [text for tag, text in pages[name].headings if tag == "h2"]
    assert titles == [section.title for section in SECTIONS]


@pytest.mark.slow
def test_units_of_each_grouping_and_which_lies_in_which(pages, growth, crossed):
    assert nesting(growth.model.design) == ["Every group of child lies in one group of school."]
    assert nesting(crossed.model.design) == ["Groups of primary and of secondary cross."]
    text = pages["growth"].text
    assert (
        "Varying between groups of school beyond what the equations explain: b00 (the intercept), b10" in text["model"]
    )
    assert "160 rows (level 1) in 40 groups (child) and 8 groups (school)." in text["data"]
    assert "Every group of child has 4 rows. Every group of school has 20 rows." in text["data"]
    assert "three-level hierarchical linear model" in text["methods"]
    assert "40 groups (child, level 2) and 8 groups (school, level 3)" in text["methods"]
    assert "a hierarchical linear model with crossed random effects" in pages["crossed"].text["methods"]


def test_cells_lie_in_what_they_cross(data):
    equations = "y = b0 + e\nb0 = g00 + w0[primary:secondary] + u0[primary] + v0[secondary]"
    assert nesting(hlm.Model(equations, data).design) == [
        "Every group of primary:secondary lies in one group of primary.",
        "Every group of primary:secondary lies in one group of secondary.",
        "Groups of primary and of secondary cross.",
    ]


@pytest.mark.slow
def test_groups_of_each_grouping_stand_at_the_ends(pages, growth):
    text = pages["growth"].text["groups"]
    for name, coefficient in (("child", "p0"), ("child", "p1"), ("school", "b00"), ("school", "b10")):
        assert f"Groups ({name}) at either end of {coefficient}" in text
    table = growth.group_coefficients(grouping="school").xs("b00", level=1)["mean"].sort_values()
    first = next(row for row in pages["growth"].rows if row[:2] == [str(table.index[0]), "20"])
    assert float(first[2]) == pytest.approx(table.iloc[0], abs=0.051)


@pytest.mark.slow
def test_in_short_and_correlations_of_each_grouping(pages, growth):
    row = growth.icc().table.loc["icc[school]"]
    html = report_html_of_opening(growth)
    assert "160 rows in 40 groups (child) and 8 groups (school)." in html
    assert f"Intraclass correlation of school given the predictors {row['mean']:.2f}" in html
    assert "share[child]" in pages["growth"].text["variance"]


def report_html_of_opening(fit):
    return report_page._opening(Subject(fit._fitted))


@pytest.mark.slow
def test_figures_of_each_grouping(growth, crossed):
    from bayeshlm.display.plots.image import off_screen

    expected = {"data": 2, "effects": 0, "variance": 3}
    for fit, groups in ((growth, 8), (crossed, 4)):
        with off_screen():
            found = {
                place: list(draw(Subject(fit._fitted))) for place, draw in FIGURES if place in {*expected, "groups"}
            }
        assert {place: len(made) for place, made in found.items()} == {**expected, "groups": groups}
        captions = [figure.caption for figure in found["groups"]]
        assert any(f"by {fit.model.design.groupings[1]}, with" in caption for caption in captions)
        with_own = [caption for caption in captions if "own" in caption]
        assert len(with_own) == (3 if fit is growth else 0)  # arrows of p0, p1 and beta space of the children


@pytest.mark.slow
def test_a_section_that_the_model_has_not_says_why(growth, monkeypatch):
    def refused(subject):
        raise OptionError("this is for planets")

    sections = tuple(
        replace(one, body=refused) if one.id == "influence" else one for one in SECTIONS[:3] + SECTIONS[10:11]
    )
    monkeypatch.setattr(report_page, "SECTIONS", sections)
    page = Page(report_html(Subject(growth._fitted)))
    assert page.text["influence"].startswith("Influence of the groupsNot computed: this is for planets")


@pytest.mark.slow
def test_results_of_a_grouping_are_asked_for_by_its_name(growth, monkeypatch):
    asked = []
    for name in ("leave_one_out", "level2_residuals", "influence", "plausible_ranges", "reliability"):
        monkeypatch.setattr(
            f"bayeshlm.display.report.subject.{name}",
            lambda *a, name=name, **k: asked.append((name, *a[1:], *k.values())),
        )
    subject = Subject(growth._fitted)
    for of in subject.of_groupings:
        for name in ("loo_groups", "level2_residuals", "influence", "plausible_ranges", "reliability"):
            getattr(of, name)
    for grouping in ("child", "school"):
        assert ("leave_one_out", grouping, False) in asked
        assert {name for name, *rest in asked if grouping in rest} == {name for name, *_ in asked}
    assert [of.grouping for of in subject.with_result("influence")] == ["child", "school"]
    said = methods_text(subject)
    assert "The model was checked by leave-one-out cross-validation over groups" in said


@pytest.mark.slow
def test_what_is_about_no_grouping_asks_for_none(growth, monkeypatch):
    monkeypatch.setattr(check_sections, "prior_conclusion", lambda found: "fine")
    monkeypatch.setattr(check_sections, "sensitivity_blocks", lambda found: [])
    monkeypatch.setattr("bayeshlm.display.report.subject.prior_sensitivity", lambda fitted: "found")
    monkeypatch.setattr(check_sections, "figures", lambda subject, place: "")
    assert "fine" in check_sections.prior_sensitivity_section(Subject(growth._fitted))
    monkeypatch.setattr(check_sections, "MOST_GROUPS", 39)
    text = check_sections.influence_section(Subject(growth._fitted))
    assert "more than 39 groups leaves this out; fit.influence(grouping='child') computes it" in unescape(text)
    assert "fit.influence(grouping='school')" not in unescape(text)  # of its eight groups
