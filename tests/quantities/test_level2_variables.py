import numpy as np
import pytest

from bayeshlm.errors import OptionError
from bayeshlm.quantities.level2_variables import find_level2_variable, level2_rows, level2_variables

BOTH = "pain = b0 + b1*dose + r; b0 = g00 + g01*urban + g02*cgm(beds) + u0; b1 = g10 + g11*urban + g12*urban*beds"


def test_variables_with_their_values_by_group(clinics, clinic_design):
    design = clinic_design(BOTH)
    found = level2_variables(design)
    assert list(found) == ["urban", "cgm(beds)", "beds"]
    first = clinics.groupby("clinic").first()
    assert found["urban"].numbers.tolist() == first["urban"].tolist()
    assert (found["urban"].levels, found["urban"].positions) == (("0", "1"), (1, 4, 5))
    assert found["urban"].codes.tolist() == first["urban"].tolist()
    assert found["beds"].levels == ()
    assert found["cgm(beds)"].numbers == pytest.approx((first["beds"] - first["beds"].mean()).to_numpy())


def test_text_has_categories_whether_it_is_called_c_or_not(clinics, clinic_design):
    expected = clinics.groupby("clinic")["region"].first()
    for term in ("region", 'C(region, ref="west")'):
        variable = level2_variables(clinic_design(f"pain = b0 + r; b0 = g00 + g01*{term} + u0"))["region"]
        assert variable.levels == ("north", "south", "west")
        assert [variable.levels[code] for code in variable.codes] == expected.tolist()
        assert not variable.numeric


def test_rows_at_a_number_recompute_products(clinics, clinic_design):
    design = clinic_design(BOTH)
    beds = clinics.groupby("clinic")["beds"].first().mean()
    rows = level2_rows(design, level2_variables(design)["urban"])
    assert rows.shape == (2, 2, 6)
    # g00, urban, cgm(beds) of b0; 1, urban, urban*beds of b1
    assert rows[0] == pytest.approx(np.array([[1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0]], float), abs=1e-12)
    assert rows[1] == pytest.approx(np.array([[1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, beds]]), abs=1e-12)


def test_rows_of_text_are_indicators_and_the_rest_at_its_mean(clinics, clinic_design):
    design = clinic_design("pain = b0 + b1*dose + r; b0 = g00 + g01*region + g02*beds + u0; b1 = g10 + g11*region")
    beds = clinics.groupby("clinic")["beds"].first().mean()
    rows = level2_rows(design, level2_variables(design)["region"])
    assert rows[:, 0, :4] == pytest.approx(np.array([[1, 0, 0, beds], [1, 1, 0, beds], [1, 0, 1, beds]]))
    assert rows[:, 1, 4:].tolist() == [[1, 0, 0], [1, 1, 0], [1, 0, 1]]


def test_a_slope_of_a_category_takes_values_of_its_level2_variable(clinic_design):
    """The label of g11[south] comes from level 1: the level-2 term can be worked out."""
    text = "pain = b0 + b1*dose*region + r; b0 = g00 + u0; b1 = g10 + g11*beds"
    design = clinic_design(text)
    rows = level2_rows(design, level2_variables(design)["beds"], [2.0])
    assert design.fixed_labels == ["g00", "g10[south]", "g10[west]", "g11[south]", "g11[west]"]
    assert rows[0].tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 2, 0], [0, 0, 1, 0, 2]]


def test_without_a_variable_all_is_at_its_mean(clinic_design):
    design = clinic_design(BOTH)
    means = design.W.mean(axis=0)
    assert level2_rows(design, None)[0] == pytest.approx(np.array([[*means[:3], 0, 0, 0], [0, 0, 0, *means[3:]]]))


def test_an_unknown_variable_lists_the_choices(clinic_design):
    design = clinic_design(BOTH)
    variables = list(level2_variables(design).values())
    with pytest.raises(OptionError, match=r"by='size' .* urban, cgm\(beds\), beds"):
        find_level2_variable(design, "size", variables)
    with pytest.raises(OptionError, match=r'pass by="\.\.\."'):
        find_level2_variable(design, None, variables)
    assert find_level2_variable(design, None, variables[:1]).name == "urban"
    with pytest.raises(OptionError, match="beds has no categories"):
        level2_rows(design, variables[2])


def test_a_product_that_cannot_be_worked_out_is_at_its_mean_in_the_category(clinics, clinic_design):
    design = clinic_design("pain = b0 + r; b0 = g00 + g01*urban + g02*urban*log(beds) + u0")
    rows = level2_rows(design, level2_variables(design)["urban"])[:, 0]
    logs = np.log(clinics.groupby("clinic")["beds"].first())[clinics.groupby("clinic")["urban"].first() == 1]
    assert rows == pytest.approx(np.array([[1, 0, 0], [1, 1, logs.mean()]]))
