"""`anova` states the same whatever the coding of categories, and equals lmerTest's type III tests."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.type_three import sum_coded_effects
from bayeshlm.equations import parse
from bayeshlm.faces.reml_fit import RemlFit

STORED = json.loads((Path(__file__).parents[1] / "references" / "type_three.json").read_text(encoding="utf-8"))
GROUP = {"chick": "Chick", "ortho": "Subject", "crossed": "school"}

MODELS = {  # equations, the symbol of each term
    "chick_intercept": (
        "weight = b0 + b1*Time + r\nb0 = g00 + g01*{Diet} + u0\nb1 = g10 + g11*{Diet} + u1",
        {"Diet": "g01", "Time": "g10", "Diet:Time": "g11"},
    ),
    "chick_slope": (
        "weight = b0 + b1*Time + r\nb0 = g00 + u0\nb1 = g10 + g11*{Diet} + u1",
        {"Time": "g10", "Time:Diet": "g11"},
    ),
    "ortho": (
        "distance = b0 + b1*age + r\nb0 = g00 + g01*{Sex} + u0\nb1 = g10 + g11*{Sex} + u1",
        {"Sex": "g01", "age": "g10", "Sex:age": "g11"},
    ),
    "crossed": (
        "y = b0 + b1*{race} + b2*ses + r\nb0 = g00 + g01*{sector} + u0\nb1 = g10 + g11*{sector}\n"
        "b2 = g20 + g21*{sector} + u2",
        {"race": "g10", "sector": "g01", "ses": "g20", "race:sector": "g11", "sector:ses": "g21"},
    ),
    "crossed_level1": (
        "y = b0 + b1*{race} + b2*ses + b3*{race}*ses + r\nb0 = g00 + g01*{sector} + u0\nb1 = g10\nb2 = g20\nb3 = g30",
        {"race": "g10", "ses": "g20", "sector": "g01", "race:ses": "g30"},
    ),
}
LAST = {"Diet": "d4", "Sex": "Male", "race": "s", "sector": "b"}
CODINGS = {
    "plain": "{0}",
    "treatment": "C({0})",
    "another reference": 'C({0}, ref="{1}")',
    "sum": "C({0}, sum)",
}


@pytest.mark.parametrize("coding", list(CODINGS))
@pytest.mark.parametrize("name", list(MODELS))
def test_equals_lmertest(name: str, coding: str) -> None:
    reference = STORED["tests"][name]
    text, symbols = MODELS[name]
    equations = text.format(**{column: CODINGS[coding].format(column, last) for column, last in LAST.items()})
    data = pd.DataFrame(STORED["data"][reference["data"]])
    fit = RemlFit(build_design(parse(equations), data, GROUP[reference["data"]]))
    table = fit.anova().loc[[symbols[term] for term in reference["term"]]]
    assert len(table) == len(fit.anova())
    np.testing.assert_allclose(table["F"], reference["F_sum"], rtol=1e-5)
    np.testing.assert_allclose(table["denominator_df"], reference["dendf_sum"], rtol=1e-4)
    if name != "chick_slope":  # where lmerTest tests the slope of the first diet, whatever the coding
        np.testing.assert_allclose(table["F"], reference["F"], rtol=1e-5)
    assert table["numerator_df"].tolist() == reference["numdf"]
    assert fit.anova().attrs["notes"] == ()


def test_effects_by_hand() -> None:
    """The slope of Time is averaged over three diets with equal weight; its differences are from that average."""
    frame = pd.DataFrame({"g": np.repeat(range(6), 4), "t": np.tile([0.0, 1.0, 2.0, 5.0], 6)})
    frame["d"] = np.array(list("aaabbc"))[frame["g"]]
    frame["y"] = np.random.default_rng(0).normal(size=24)
    design = build_design(parse("y = b0 + b1*t + r\nb0 = g00 + u0\nb1 = g10 + g11*d"), frame, "g")
    assert design.fixed_labels == ["g00", "g10", "g11[b]", "g11[c]"]
    effects = sum_coded_effects(design)
    expected = [[1, 0, 0, 0], [0, 1, 1 / 3, 1 / 3], [0, 0, -1 / 3, -1 / 3], [0, 0, 2 / 3, -1 / 3]]
    np.testing.assert_allclose(effects, expected, atol=1e-12)


def test_without_categories_the_columns_are_tested() -> None:
    frame = pd.DataFrame({"g": np.repeat(range(6), 4), "t": np.tile([0.0, 1.0, 2.0, 5.0], 6)})
    frame["y"] = np.random.default_rng(0).normal(size=24)
    design = build_design(parse("y = b0 + b1*t + r\nb0 = g00 + u0\nb1 = g10"), frame, "g")
    np.testing.assert_array_equal(sum_coded_effects(design), np.eye(2))


def test_a_model_that_depends_on_the_coding_says_so() -> None:
    """A product of two categories without their own terms spans something else under every coding."""
    data = pd.DataFrame(STORED["data"]["crossed"])
    design = build_design(parse("y = b0 + b1*race + r\nb0 = g00 + u0\nb1 = g11*sector"), data, "school")
    assert sum_coded_effects(design) is None
    table = RemlFit(design).anova()
    assert "depends on how its categories are coded" in table.attrs["notes"][0]
    assert table.loc["g11", "numerator_df"] == 6
