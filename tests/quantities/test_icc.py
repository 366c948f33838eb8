import numpy as np
import pytest
from lme4_draws import MODELS, lme4_draw

from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.icc import icc

SLOPES = "pain = b0 + b1*cwc(dose) + b2*age + r; b0 = g00 + g01*urban + u0; b1 = g10 + u1; b2 = g20 + u2"


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_equals_the_formula_at_lme4s_estimates(path, gallery_case, reference_case, posterior_of):
    design, posterior, values = lme4_draw(path, gallery_case, reference_case, posterior_of)
    draws = icc(Draws(posterior, design)).draws
    expected = values["by_formula"]
    assert draws["icc"].item() == pytest.approx(expected["icc_adjusted"], rel=1e-8)
    assert draws["icc_unadjusted"].item() == pytest.approx(expected["icc_unadjusted"], rel=1e-8)


def test_design_effect_of_groups_of_unequal_size(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + r; b0 = g00 + u0")
    quantity = icc(Draws(posterior_of(design, [1.0], [1.0], 2.0), design))
    sizes = np.array([1, 2, 5, 9, 12, 3, 20])
    assert quantity.draws["icc"].item() == pytest.approx(0.2)
    assert quantity.draws["design_effect"].item() == pytest.approx(1 + ((sizes**2).sum() / 52 - 1) * 0.2)
    assert quantity.draws["icc_unadjusted"].item() == pytest.approx(0.2)
    assert quantity.notes == ()


def test_variance_of_the_fixed_part_without_an_intercept(clinic_design, posterior_of):
    design = clinic_design("pain = b1*dose + b2*age + r; b1 = g10 + g11*urban + u1; b2 = g20")
    gamma = np.array([0.5, -0.2, 0.03])
    draws = icc(Draws(posterior_of(design, gamma, [0.4], 1.1), design)).draws
    v = 0.16 * np.mean(design.Z**2)
    assert draws["icc_unadjusted"].item() == pytest.approx(v / (v + np.var(design.X @ gamma, ddof=1) + 1.21))


def test_is_the_icc_of_each_draw_not_of_the_means(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + r; b0 = g00 + u0")
    tau = np.array([[[0.0], [3.0]]])
    quantity = icc(Draws(posterior_of(design, np.zeros((1, 2, 1)), tau, np.full((1, 2), 1.0)), design))
    np.testing.assert_allclose(quantity.draws["icc"], [[0.0, 0.9]])
    assert list(quantity.table.index) == ["icc", "icc_unadjusted", "design_effect"]
    assert quantity.table.loc["icc", "mean"] == pytest.approx(0.45)


@pytest.mark.parametrize(
    ("at", "z"),
    [
        ({"cwc(dose)": 1.0, "age": 40}, {1: 1.0, 2: 40.0}),
        ({"dose": 1.0, "b2": 40}, {1: 1.0, 2: 40.0}),
        ({"u1": -1.0}, {1: -1.0}),
        ({"β1": 2}, {1: 2.0}),
        ({}, {}),
    ],
)
def test_at_given_values(clinic_design, posterior_of, at, z):
    design = clinic_design(SLOPES)
    corr = np.array([[1.0, 0.3, -0.2], [0.3, 1.0, 0.1], [-0.2, 0.1, 1.0]])
    tau = np.array([1.5, 0.4, 0.02])
    quantity = icc(Draws(posterior_of(design, [5, 0.3, 0.4, -0.02], tau, 2.0, corr), design), at=at)
    x = design.Z.mean(axis=0)
    for k, value in z.items():
        x[k] = value
    v = x @ (tau[:, None] * corr * tau) @ x
    assert quantity.draws["icc"].item() == pytest.approx(v / (v + 4.0))
    assert "given values" in quantity.notes[-1]


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({"urban": 1}, r"'urban'.*b1 \(cwc\(dose\)\), b2 \(age\)"),
        ({"1": 1}, "names no column"),
        ({"b0": 1}, "names no column"),
        ({"age": "old"}, "finite number"),
        ({"age": float("nan")}, "finite number"),
    ],
)
def test_at_something_else(clinic_design, posterior_of, at, message):
    design = clinic_design(SLOPES)
    with pytest.raises(OptionError, match=message):
        icc(Draws(posterior_of(design, [5, 0.3, 0.4, -0.02], [1, 1, 1], 2.0), design), at=at)


def test_at_without_random_slopes(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10")
    with pytest.raises(OptionError, match="leave `at` out"):
        icc(Draws(posterior_of(design, [1, 2], [1], 2.0), design), at={"dose": 1})


def test_at_a_column_with_two_slopes(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + b1*cwc(dose) + b2*exp(dose) + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2")
    with pytest.raises(OptionError, match="name the coefficient"):
        icc(Draws(posterior_of(design, [1, 2, 3], [1, 1, 1], 2.0), design), at={"dose": 1})
