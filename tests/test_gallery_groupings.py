"""The gallery's models with several groupings: REML beside lme4's numbers, whose first digits the files hold."""

import json
import math
from functools import cache
from pathlib import Path

import pytest
from gallery_models import SEVERAL_GROUPINGS

import bayeshlm as hlm
from bayeshlm.faces.gallery import read_model_file

REFERENCES = Path(__file__).parent / "references"
CASES = {
    case["id"]: case
    for case in json.loads((REFERENCES / "gallery_groupings.json").read_text(encoding="utf-8"))["cases"]
}
EVERY = pytest.mark.parametrize("name", SEVERAL_GROUPINGS)


@cache
def reml(name):
    return hlm.open_model(name).reml()


def estimates(name, gallery_case):
    """lme4's estimate and standard error by the name of a published number."""
    link, case = gallery_case(name), CASES[gallery_case(name)["case"]]
    fixed, random = case["fixed"], link["random"]
    found = {"sigma": (case["sigma"], None)}
    for symbol, term in link["fixed"].items():
        row = fixed["names"].index(term)
        found[symbol] = (fixed["estimate"][row], fixed["se"][row])

    def covariance(a, b):
        own = case["groupings"][random[a][0]]
        return own["cov"][own["terms"].index(random[a][1])][own["terms"].index(random[b][1])]

    for a in random:
        found[f"tau_{a}"] = (math.sqrt(covariance(a, a)), None)
        for b in random:
            if a < b and random[a][0] == random[b][0]:
                value = covariance(a, b) / math.sqrt(covariance(a, a) * covariance(b, b))
                found[f"corr_{a}_{b}"] = (value, None)
    return found


def test_every_case_is_a_model():
    assert set(CASES) == set(SEVERAL_GROUPINGS)
    assert max(case["step"] for case in CASES.values()) < 1e-6  # of a standard error: lme4's optimum is exact


@EVERY
def test_reml_finds_lme4s_estimates(name, gallery_case):
    case, fit, link = CASES[name], reml(name), gallery_case(name)
    assert fit.criterion == pytest.approx(case["criterion"], rel=1e-10)
    table = fit.fixed_effects()
    rows = [case["fixed"]["names"].index(link["fixed"][symbol]) for symbol in table.index]
    assert sorted(rows) == list(range(len(case["fixed"]["names"])))
    for column, theirs, rel in (("estimate", "estimate", 1e-6), ("se", "se", 1e-6), ("df", "satterthwaite_df", 1e-4)):
        assert list(table[column]) == pytest.approx([case["fixed"][theirs][row] for row in rows], rel=rel)
    components = fit.variance_components(intervals=None)["estimate"]
    expected = estimates(name, gallery_case)
    for (kind, effect), value in components.items():
        if kind in ("tau", "corr", "sigma"):
            symbol = "_".join([kind, *effect.split(",")]) if effect else kind
            assert value == pytest.approx(expected.pop(symbol)[0], rel=1e-5), symbol
    assert set(expected) == set(table.index)  # and no component is missing


@EVERY
def test_the_published_numbers_are_lme4s_at_the_printed_digits(name, gallery_case, printed_tolerance):
    expected, model = estimates(name, gallery_case), read_model_file(name)
    assert model.published.keys() == expected.keys()
    for symbol, printed in model.published.items():
        value, se = expected[symbol]
        assert float(printed.value) == pytest.approx(value, abs=printed_tolerance(printed.value), rel=0), symbol
        assert (printed.se is None) == (se is None)
        if printed.se is not None:
            assert float(printed.se) == pytest.approx(se, abs=printed_tolerance(printed.se), rel=0), symbol


@EVERY
def test_the_formula_in_r_is_lme4s(name):
    """The one whose fit is stored, with the names of columns that its script makes."""
    made = {
        "poverty_c": "I(poverty - mean(tapply(poverty, school, mean)))",
        "pretest_c": "I(pretest - mean(pretest))",
        "class_in_school": "school:classroom",
        "cask_in_batch": "batch:cask",
    }
    stored = CASES[name]["formula"].replace("year:poverty_c", "poverty_c:year").replace("year:lunch", "lunch:year")
    for column, expression in made.items():
        stored = stored.replace(column, expression)
    assert hlm.open_model(name).equations("lme4").replace("(1 + ", "(") == stored


@pytest.mark.parametrize("name", ["penicillin-crossed", "pastes-nested"])
def test_published_tables_give_the_numbers_of_lme4s_own_copy(name):
    """Of fits that were made before the tables were shipped."""
    fits = json.loads((REFERENCES / "grouping_fits.json").read_text(encoding="utf-8"))["cases"]
    (theirs,) = (case for case in fits if case["id"] == f"{name}-REML")
    assert reml(name).criterion == pytest.approx(theirs["criterion"], rel=1e-12)
