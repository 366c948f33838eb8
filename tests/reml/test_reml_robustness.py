"""Awkward data end in a right answer with the flag set, or in one clear error."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from small_data import EQUATIONS, small_design, small_frame

from bayeshlm.design import Design, build_design, cross_products
from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.equations import parse
from bayeshlm.errors import DataError
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.empirical_bayes import empirical_bayes, scaled_residuals
from bayeshlm.reml.estimate import RemlEstimate, fit_reml
from bayeshlm.reml.hlm_statistics import chi_square_tests, reliability, robust_vcov
from bayeshlm.reml.kenward_roger import kenward_roger
from bayeshlm.reml.satterthwaite import satterthwaite

BOTH = pytest.mark.parametrize("method", ["REML", "ML"])


def everything(design: Design, method: Method) -> RemlEstimate:
    """Fit, and compute all that hangs on the fit; nothing may fail or come out infinite."""
    found = fit_reml(design, method)
    assert found.converged
    rows = np.eye(len(found.gamma))
    numbers = [found.gamma, found.se, found.G, found.tau, found.theta, satterthwaite(found).df(rows)]
    numbers += [empirical_bayes(found)[0].u, empirical_bayes(found)[0].sd, robust_vcov(design, found)]
    numbers += [scaled_residuals(design, found)]
    if method == "REML":
        numbers += [kenward_roger(found).df(rows), kenward_roger(found).covariance(rows)]
    for number in numbers:
        assert np.isfinite(number).all()
    reliability(found)
    chi_square_tests(design, found)
    assert found.singular is bool(found.reason)
    return found


def no_between(frame: pd.DataFrame) -> pd.DataFrame:
    """The outcome is a line plus residuals that sum to zero, alone and times x, in every group."""
    rng = np.random.default_rng(3)
    noise = rng.normal(size=len(frame))
    for index in frame.groupby("school").indices.values():
        A = np.column_stack([np.ones(len(index)), frame["x"].to_numpy()[index]])
        noise[index] -= A @ np.linalg.lstsq(A, noise[index])[0]
    return frame.assign(y=1 + 2 * frame["x"] + noise)


@BOTH
@pytest.mark.parametrize("name", ["intercept", "slope", "independent"])
def test_no_between_variance(name: str, method: Method) -> None:
    design = small_design(name, no_between(small_frame(2, n_groups=12, largest=9)))
    found = everything(design, method)
    q = len(found.tau)
    assert found.singular
    assert found.reason == "; ".join(f"the variance of u{k} is 0" for k in range(q))
    assert found.tau.tolist() == [0.0] * q
    ols = np.linalg.lstsq(design.X, design.y)[0]
    np.testing.assert_allclose(found.gamma, ols, atol=1e-10)
    residual = design.y - design.X @ ols
    dof = design.n_obs - len(ols) * (method == "REML")
    assert found.sigma == pytest.approx(np.sqrt(residual @ residual / dof), rel=1e-10)
    assert np.isnan(found.corr[~np.eye(q, dtype=bool)]).sum() == q * (q - 1)
    assert np.diag(found.corr).tolist() == [1.0] * q
    np.testing.assert_array_equal(empirical_bayes(found)[0].u, 0)


@BOTH
def test_two_groups(method: Method) -> None:
    frame = small_frame(1, n_groups=2, largest=9).drop(columns="w").assign(w=0.0)
    frame["w"] = np.random.default_rng(0).normal(size=len(frame))  # a level-1 variable here
    equations = "y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10"
    everything(build_design(parse(equations), frame, group="school"), method)
    slopes = equations + " + u1"
    assert everything(build_design(parse(slopes), frame, group="school"), method).singular


@BOTH
def test_level_two_predictors_that_exhaust_the_groups(method: Method) -> None:
    with pytest.raises(DataError, match=r"do not determine var\(u0\): 2 groups"):
        fit_reml(small_design("intercept", small_frame(1, n_groups=2, largest=9)), method)


@BOTH
def test_groups_of_one_row(method: Method) -> None:
    frame = small_frame(1, n_groups=30, largest=1)
    message = r"do not determine var\(u0\), the level-1 variance: every group has one row"
    with pytest.raises(DataError, match=message):
        fit_reml(small_design("slope", frame), method)


@BOTH
@pytest.mark.parametrize("name", list(EQUATIONS))
def test_more_random_effects_than_rows_in_many_groups(name: str, method: Method) -> None:
    frame = pd.concat(
        [small_frame(6, n_groups=60, largest=2), small_frame(1, n_groups=8, largest=40).eval("school = -1 - school")]
    )
    design = small_design(name, frame)
    assert np.median(design.n_per_group) <= 2
    assert design.n_obs > design.n_groups * len(design.random)
    everything(design, method)


@BOTH
def test_no_more_rows_than_random_effects(method: Method) -> None:
    """The likelihood of these rows has its maximum where sigma is rounding, or rests on the form of V alone."""
    rng = np.random.default_rng(20)
    frame = pd.DataFrame(rng.normal(size=(40, 3)), columns=["x", "v", "s"])
    frame["school"] = np.repeat(range(20), 2)
    frame["y"] = 2 + rng.normal(size=20)[frame["school"]] + rng.normal(size=40)
    slopes = "y = b0 + b1*x + b2*v + b3*s + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2\nb3 = g30 + u3"
    message = (
        r"40 rows in 20 groups of 'school' cannot tell the 80 random effects \(u0, u1, u2, u3 in each group\) .*"
        "must be more rows than random effects. Keep one of them."
    )
    with pytest.raises(DataError, match=message):
        fit_reml(build_design(parse(slopes), frame, group="school"), method)
    pairs = f"{slopes}\ncov(u0, u2) = 0\ncov(u0, u3) = 0\ncov(u1, u2) = 0\ncov(u1, u3) = 0"
    longer = pd.concat([frame, frame.iloc[:1].assign(x=1.0)])  # 41 rows, two blocks of 40 random effects, rank Z = 41
    with pytest.raises(DataError, match=r"u0, u1, u2, u3 together can follow each of the 41 rows"):
        fit_reml(build_design(parse(pairs), longer, group="school"), method)
    fit_reml(build_design(parse(slopes.replace(" + u2", "").replace(" + u3", "")), longer, group="school"), method)


def test_as_many_groups_as_rows() -> None:
    design = small_design("only slope", small_frame(1, n_groups=30, largest=1))
    with pytest.raises(DataError, match=r"Is 'school' the grouping column, or does it number the rows\?"):
        fit_reml(design)


@BOTH
@pytest.mark.parametrize("name", ["intercept", "slope"])
@pytest.mark.parametrize("between", [0.0, 1.0])
def test_perfect_fit(name: str, method: Method, between: float) -> None:
    frame = small_frame(2, n_groups=12, largest=9)
    shift = between * np.random.default_rng(0).normal(size=12)[frame["school"]]
    frame["y"] = 1 + 2 * frame["x"] + 0.5 * frame["w"] + shift
    message = "level-1 variance is zero" if between else "exact linear function"
    with pytest.raises(DataError, match=message):
        fit_reml(small_design(name, frame), method)


@BOTH
def test_an_outcome_that_is_its_offset_leaves_nothing(method: Method) -> None:
    frame = small_frame(2, n_groups=12, largest=9)
    frame["same"] = frame["y"]
    design = build_design(parse("y = b0 + b1*x + offset(same) + r\nb0 = g00 + u0\nb1 = g10"), frame, group="school")
    with pytest.raises(DataError, match="exact linear function"):
        fit_reml(design, method)


@BOTH
@pytest.mark.parametrize("sigma", [1e-1, 1e-2, 1e-3, 1e-4])
def test_almost_perfect_fit(method: Method, sigma: float) -> None:
    smooth, rough = (
        everything(small_design("three", small_frame(2, n_groups=30, sigma=s)), method) for s in (sigma, 1e-4)
    )
    assert smooth.sigma / sigma == pytest.approx(rough.sigma / 1e-4, rel=0.05)
    np.testing.assert_allclose(smooth.tau, rough.tau, rtol=0.1)


TRANSFORMS = {
    "x of mean 1e9": (1e9, 1.0, 0.0, 1.0, 1e-5),
    "y of mean 1e9": (0.0, 1.0, 1e9, 1.0, 1e-5),
    "x of scale 1e-9": (0.0, 1e-9, 0.0, 1.0, 1e-8),
    "y of scale 1e-9": (0.0, 1.0, 0.0, 1e-9, 1e-8),
    "both of scale 1e9": (0.0, 1e9, 0.0, 1e9, 1e-8),
}


@BOTH
@pytest.mark.parametrize("transform", list(TRANSFORMS))
def test_location_and_scale_of_columns(transform: str, method: Method) -> None:
    x_shift, x_scale, y_shift, y_scale, rtol = TRANSFORMS[transform]
    frame = small_frame(2, n_groups=25, largest=9)
    moved = frame.assign(x=x_shift + x_scale * frame["x"], y=y_shift + y_scale * frame["y"])
    plain, found = (everything(small_design("parallel", data), method) for data in (frame, moved))
    assert found.sigma == pytest.approx(plain.sigma * y_scale, rel=rtol)
    slope = plain.random_labels.index("u1")
    assert found.tau[slope] == pytest.approx(plain.tau[slope] * y_scale / x_scale, rel=10 * rtol)
    k, unit = [1, 2], y_scale / np.array([1.0, x_scale])
    assert plain.fixed_labels == ("g00", "g01", "g10")
    np.testing.assert_allclose(found.gamma[k], plain.gamma[k] * unit, rtol=10 * rtol)
    np.testing.assert_allclose(found.se[k], plain.se[k] * unit, rtol=10 * rtol)
    rows = np.eye(3)[k]
    np.testing.assert_allclose(satterthwaite(found).df(rows), satterthwaite(plain).df(rows), rtol=100 * rtol)
    if method == "REML":
        np.testing.assert_allclose(kenward_roger(found).df(rows), kenward_roger(plain).df(rows), rtol=100 * rtol)


def test_collinear_columns() -> None:
    """The design refuses them; given all the same, they end in a clear error."""
    design = small_design("slope")

    def changed(X: np.ndarray, Z: np.ndarray) -> CrossProducts:
        return cross_products(
            design.y, X, Z, design.group_codes, design.n_groups, x_intercept=0, z_intercept=0, z_centered=(0, 1)
        )

    twice = np.column_stack([design.X, design.X[:, 2]])
    object.__setattr__(design, "products", changed(twice, design.Z))
    with pytest.raises(DataError, match="columns of the fixed effects are collinear"):
        fit_reml(design)
    object.__setattr__(design, "products", changed(design.X, np.column_stack([design.Z[:, 0], design.Z[:, 0]])))
    with pytest.raises(DataError, match="columns that u1 multiply are collinear or zero"):
        fit_reml(design)


def test_rows_are_not_needed_after_the_cross_products() -> None:
    design = small_design("three")
    expected = fit_reml(design)
    found = fit_reml(dataclasses.replace(design, rows=None))
    assert found.criterion == expected.criterion
    assert np.isfinite(kenward_roger(found).df(np.eye(4))).all()
