import numpy as np
import pytest

from bayeshlm.errors import OptionError
from bayeshlm.quantities.level2_values import level2_values

TEXT = """
pain = b0 + b1*dose + b2*age + r
b0 = g00 + g01*urban + g02*cgm(beds) + g03*urban*beds + u0
b1 = g10 + g11*urban + u1
b2 = g20 + g21*urban
"""
BEDS = np.mean([10.0, 20.0, 15.0, 40.0, 35.0, 5.0, 80.0])
URBAN = 4 / 7
BOTH = np.mean([0.0, 20.0, 0.0, 40.0, 35.0, 0.0, 80.0])


@pytest.mark.parametrize(
    ("at", "b0", "b1"),
    [
        (None, [1, URBAN, 0, BOTH], [1, URBAN]),
        ({}, [1, URBAN, 0, BOTH], [1, URBAN]),
        ({"urban": 1}, [1, 1, 0, BEDS], [1, 1]),
        ({"urban_j": True}, [1, 1, 0, BEDS], [1, 1]),
        ({"cgm( beds )": 5}, [1, URBAN, 5, BOTH], [1, URBAN]),
        ({"urban": 0, "beds": 30, "cgm(beds)": 2}, [1, 0, 2, 0], [1, 0]),
        ({"g03": 7, "g11": 3}, [1, URBAN, 0, 7], [1, 3]),
        ({"γ11": 3}, [1, URBAN, 0, BOTH], [1, 3]),
    ],
)
def test_terms_at_stated_values(clinic_design, at, b0, b1):
    values = level2_values(clinic_design(TEXT), at)
    expected = np.zeros((2, 8))
    expected[0, :4], expected[1, 4:6] = b0, b1
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_the_design_is_left_as_it_was(clinic_design):
    design = clinic_design(TEXT)
    before = design.W.copy()
    level2_values(design, {"urban": 5})
    np.testing.assert_array_equal(design.W, before)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({"dose": 1}, r"'dose'.*the level-2 terms are beds, cgm\(beds\), urban"),
        ({"sector": 1}, "names no level-2 term"),
        ({"g20": 1}, "names no level-2 term"),
        ({"g00": 1}, "names no level-2 term"),
        ({"urban": None}, "finite number"),
        ({"urban": "yes"}, "finite number"),
        ({"beds": 30}, r"cgm\(beds\) cannot be worked out.*'g02'"),
    ],
)
def test_values_that_do_not_fit(clinic_design, at, message):
    with pytest.raises(OptionError, match=message):
        level2_values(clinic_design(TEXT), at)


def test_categories_are_given_by_label(clinic_design):
    design = clinic_design("pain = b0 + r; b0 = g00 + g01*region + u0")
    values = level2_values(design, {"g01[south]": 1, "g01[west]": 0})
    np.testing.assert_array_equal(values, [[1, 1, 0]])
    with pytest.raises(OptionError, match=r"'g01\[south\]'"):
        level2_values(design, {"region": 1})


def test_without_level_2_terms(clinic_design):
    with pytest.raises(OptionError, match="have none"):
        level2_values(clinic_design("pain = b0 + r; b0 = g00 + u0"), {"urban": 1})


def test_a_factor_that_is_a_term_of_its_own_has_its_value_in_a_product_too(clinic_design):
    text = "pain = b0 + r; b0 = g00 + g01*cgm(beds) + g02*urban + g03*cgm(beds)*urban + u0"
    design = clinic_design(text)
    mean = design.W[:, 1].mean()
    np.testing.assert_allclose(level2_values(design, {"urban": 1}), [[1, mean, 1, mean]], atol=1e-12)
    np.testing.assert_allclose(level2_values(design, {"cgm(beds)": 5, "urban": 1}), [[1, 5, 1, 5]])
