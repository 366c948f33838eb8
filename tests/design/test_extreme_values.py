"""Values at the ends of float64 are computed with or refused by name; nothing infinite is called a result."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.checks import TOLERANCE, check_columns
from bayeshlm.equations import parse
from bayeshlm.errors import DataError, HLMError
from bayeshlm.reml.estimate import fit_reml

EQUATIONS = "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10 + u1"


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    g = np.repeat(range(20), 6)
    data = pd.DataFrame({"g": g, "x": rng.normal(size=120), "w": rng.normal(size=20)[g]})
    return data.assign(y=1 + data["x"] + 0.5 * data["w"] + rng.normal(size=20)[g] + rng.normal(size=120))


@pytest.mark.parametrize("power", [-100, 100])
def test_far_scales_that_are_computed(power: int) -> None:
    plain = fit_reml(build_design(parse(EQUATIONS), frame(), "g"))
    for column, size, factor in (("y", 0.69, 10 ** (0.69 * power)), ("x", 1, 10.0**-power), ("w", 1, 10.0**-power)):
        scaled = frame()
        scaled[column] *= 10.0 ** (size * power)
        found = fit_reml(build_design(parse(EQUATIONS), scaled, "g"))
        assert found.converged
        k = {"y": 0, "w": 1, "x": 2}[column]
        assert found.gamma[k] == pytest.approx(plain.gamma[k] * factor, rel=1e-9)
        assert found.se[k] == pytest.approx(plain.se[k] * factor, rel=1e-9)


@pytest.mark.parametrize("column", ["y", "x", "w"])
@pytest.mark.parametrize("power", [-300, -200, -160, -150, -110, 110, 150, 160, 200, 300])
def test_scales_beyond_computing_are_refused(column: str, power: int) -> None:
    scaled = frame()
    scaled[column] *= 10.0**power
    with pytest.raises(DataError, match=rf"{column}.*(beyond computing|overflows|constant)"):
        fit_reml(build_design(parse(EQUATIONS), scaled, "g"))


def test_an_infinite_standard_error_is_no_result() -> None:
    scaled = frame().assign(y=lambda f: f["y"] * 1e68, w=lambda f: f["w"] * 1e-98)
    with pytest.raises(DataError, match="The standard errors of g01 are beyond computing"):
        fit_reml(build_design(parse(EQUATIONS), scaled, "g"))


def test_a_constant_far_larger_than_what_varies() -> None:
    plain, moved = (
        fit_reml(build_design(parse(EQUATIONS), frame().assign(y=frame()["y"] + c), "g")) for c in (0, 1e12)
    )
    # the outcome is rounded to 2^-13: an error of sigma/6000 in every row
    np.testing.assert_allclose(moved.gamma[1:], plain.gamma[1:], atol=1e-4)
    assert moved.sigma == pytest.approx(plain.sigma, rel=1e-4)
    with pytest.raises(HLMError, match=r"values around 1e\+14 that vary by an SD of .*; subtract a constant"):
        build_design(parse(EQUATIONS), frame().assign(y=frame()["y"] + 1e14), "g")


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_share_of_a_column_that_others_leave(factor: float) -> None:
    """The boundary itself: a column is its own down to `TOLERANCE` of its length."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=500)
    rest = rng.normal(size=500)
    A = np.column_stack([np.ones(500), x])
    rest -= A @ np.linalg.lstsq(A, rest)[0]
    columns = np.column_stack([A, x + factor * TOLERANCE * np.std(x) / np.std(rest) * rest])
    if factor > 1:
        check_columns(columns, ["the intercept", "x", "z"], 0)
        return
    with pytest.raises(DataError, match="z is determined by x"):
        check_columns(columns, ["the intercept", "x", "z"], 0)


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_a_column_far_from_zero_is_judged_by_its_rounding(factor: float) -> None:
    """With mean 1e12 and SD 1 a column is rounded by 1e-4: what others leave of less is not its own."""
    rng = np.random.default_rng(3)
    x, rest = rng.normal(size=500), rng.normal(size=500)
    z = 1e12 + x + factor * 4 * np.finfo(float).eps * 1e12 * rest
    columns = np.column_stack([np.ones(500), x, z])
    if factor > 1:
        check_columns(columns, ["the intercept", "x", "z"], 0)
        return
    with pytest.raises(DataError, match="z is determined by"):
        check_columns(columns, ["the intercept", "x", "z"], 0)


@pytest.mark.parametrize("mean", [0.0, 1e3, 1e12])
@pytest.mark.parametrize("constant", [False, True])
def test_whether_the_intercept_has_a_share(mean: float, constant: bool) -> None:
    """``z = .3 x + .7 v`` needs no intercept, however far from zero they lie; with ``mean + 1`` added it does."""
    x, v = mean + np.random.default_rng(3).normal(size=(2, 500))
    columns = np.column_stack([np.ones(500), x, v, 0.3 * x + 0.7 * v + constant * (mean + 1)])
    named = "the intercept, x and v" if constant else "x and v"
    with pytest.raises(DataError, match=f"^z is determined by {named}: take"):
        check_columns(columns, ["the intercept", "x", "v", "z"], 0)
