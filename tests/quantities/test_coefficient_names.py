import pytest

from bayeshlm.errors import OptionError
from bayeshlm.quantities.coefficient_names import (
    find_coefficient,
    find_level1_slope,
    find_random_coefficient,
    find_random_slope,
)

TWO = "pain = b0 + b1*cwc(dose) + b2*log(age) + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20"


@pytest.mark.parametrize("name", ["b1", "β_1j", "B1", "cwc(dose)", "dose", "u1"])
def test_a_coefficient_by_any_of_its_names(name, clinic_design):
    design = clinic_design(TWO)
    assert find_coefficient(design, name, design.coefficient_labels) == "b1"


def test_what_is_left_out_is_the_only_one(clinic_design):
    design = clinic_design(TWO)
    assert find_random_slope(design, None) == "b1"
    assert find_level1_slope(design, None) == "b1"  # of two slopes the random one
    assert find_level1_slope(design, "age") == "b2"
    with pytest.raises(OptionError, match=r'pass coefficient="...", one of b0 \(the intercept\), b1 \(cwc\(dose\)\)'):
        find_random_coefficient(design, None)


def test_what_cannot_be_meant_is_refused_with_the_choices(clinic_design):
    design = clinic_design(TWO)
    with pytest.raises(OptionError, match=r"coefficient='b2' is none .* b0 \(the intercept\), b1"):
        find_random_coefficient(design, "b2")
    with pytest.raises(OptionError, match=r"x=3 must be the name"):
        find_random_slope(design, 3)


def test_categories_are_ambiguous_by_their_symbol(clinic_design):
    design = clinic_design("pain = b0 + b1*dose*region + r; b0 = g00 + u0; b1 = g10")
    with pytest.raises(OptionError, match="could be any of b1"):
        find_level1_slope(design, "b1")
    label = design.coefficient_labels[2]
    assert find_level1_slope(design, label) == label


def test_models_without_slopes_say_so(clinic_design):
    design = clinic_design("pain = b0 + r; b0 = g00 + u0")
    with pytest.raises(OptionError, match="no level-1 variable to draw lines along"):
        find_level1_slope(design, None)
    with pytest.raises(OptionError, match="no random slope"):
        find_random_slope(design, None)
    assert find_random_coefficient(design, None) == "b0"
