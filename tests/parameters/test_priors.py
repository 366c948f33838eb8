import warnings

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.parameters.prior_families import HalfStudentT, Normal

LEVELS = "y = b0 + b1*x + b2*C(kind) + r\nb0 = g00 + g01*w + u0\nb1 = g10 + u1\nb2 = g20"


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    site = np.repeat(np.arange(8), 5)
    return pd.DataFrame(
        {
            "site": site,
            "w": rng.normal(3, 1, size=8)[site],
            "x": rng.normal(0, 2, size=40),
            "kind": np.tile(["a", "b", "c", "b"], 10),
            "y": rng.normal(50, 10, size=40),
        }
    )


def test_defaults_follow_the_scales_of_the_data(frame):
    model = hlm.Model(LEVELS, frame, "site")
    priors, y = model.priors.by_key(), frame["y"]
    assert priors["g00"] == Normal(y.mean(), 2.5 * y.std())
    assert priors["g01"] == Normal(0, 2.5 * y.std() / frame["w"].std())
    assert priors["g20[c]"] == Normal(0, 2.5 * y.std() / (frame["kind"] == "c").astype(float).std())
    assert priors["tau_u0"] == HalfStudentT(3, y.std())
    assert priors["tau_u1"] == HalfStudentT(3, y.std() / frame["x"].std())
    assert priors["sigma"] == HalfStudentT(3, y.std())
    assert priors["corr"] == hlm.LKJ(2)


def test_the_default_intercept_holds_at_the_column_means(frame):
    priors = hlm.Model(LEVELS, frame, "site").priors
    gamma = np.arange(5.0)
    means = [1, frame["w"].mean(), frame["x"].mean(), (frame["kind"] == "b").mean(), (frame["kind"] == "c").mean()]
    np.testing.assert_allclose(priors.at_means(gamma), [gamma @ means, *gamma[1:]], rtol=1e-12)
    assert list(priors.table()["applies"]) == ["at the column means", *[""] * 8]


def test_a_typed_intercept_prior_applies_as_written(frame):
    priors = hlm.Model(LEVELS, frame, "site", priors={"g00": "Normal(0, 10)"}).priors
    assert priors.typed == {"g00"}
    gamma = np.arange(5.0)
    np.testing.assert_array_equal(priors.at_means(gamma), gamma)


def test_without_an_intercept_the_priors_center_on_the_fit_of_the_mean(frame):
    model = hlm.Model("y = b1*x + b2*C(kind) + r\nb1 = g10 + u1\nb2 = g20", frame, "site")
    found = [prior.parameters["mu"] for prior in model.priors.gamma]
    np.testing.assert_allclose(found, [0, *[frame["y"].mean()] * 3], atol=1e-9)
    model = hlm.Model("y = b1*x + r\nb1 = g10 + u1", frame, "site")
    x, mean = frame["x"], frame["y"].mean()
    assert model.priors.gamma[0].parameters["mu"] == pytest.approx(mean * x.sum() / (x @ x), rel=1e-10)


@pytest.mark.parametrize("key", ["g20", "γ20", "gamma_20", "G20"])
def test_a_symbol_stands_for_all_columns_of_its_term_in_any_spelling(frame, key):
    priors = hlm.Model(LEVELS, frame, "site", priors={key: "Normal(1, 2)"}).priors.by_key()
    assert priors["g20[b]"] == priors["g20[c]"] == Normal(1, 2)


def test_one_column_of_a_term_can_have_its_own(frame):
    priors = hlm.Model(LEVELS, frame, "site", priors={"g20[c]": Normal(0, 9), "g20": "Normal(1, 2)"}).priors.by_key()
    assert (priors["g20[b]"], priors["g20[c]"]) == (Normal(1, 2), Normal(0, 9))


@pytest.mark.parametrize(
    ("key", "parameter", "given"),
    [
        ("tau_u0", "tau_u0", "HalfNormal(3)"),
        ("tau_u1", "tau_u1", "HalfNormal(3)"),
        ("TAU_U_1", "tau_u1", "HalfNormal(3)"),
        ("Corr", "corr", "LKJ(5)"),
        ("Sigma", "sigma", "HalfNormal(3)"),
    ],
)
def test_a_prior_goes_to_the_parameter_of_its_key_and_to_no_other(frame, key, parameter, given):
    defaults = hlm.Model(LEVELS, frame, "site").priors.texts()
    assert hlm.Model(LEVELS, frame, "site", priors={key: given}).priors.texts() == defaults | {parameter: given}


def test_upsilon_is_not_the_letter_u(frame):
    with pytest.raises(hlm.PriorError, match="no parameter 'tau_υ1'"):
        hlm.Model(LEVELS, frame, "site", priors={"tau_υ1": "HalfNormal(3)"})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"g99": "Normal(0, 1)"}, "no parameter 'g99'.*g00, g01"),
        ({"g01": "HalfNormal(1)"}, r"HalfNormal\(1\) cannot be the prior of g01: use one of Normal, StudentT"),
        ({"tau_u0": "Normal(0, 1)"}, "use one of HalfNormal"),
        ({"corr": "Normal(0, 1)"}, "use one of LKJ"),
        ({"sigma": 3}, "3 cannot be the prior of sigma"),
        ({"g01": "Normal(0)"}, "The prior of g01: .* lacks a parameter"),
        ({"tau_u0": "HalfNormal(-1)"}, "The prior of tau_u0: HalfNormal: sigma must be greater than 0"),
        ({"g01": "Normal(0, 1)", "γ01": "Normal(0, 2)"}, "'g01' and 'γ01' are one parameter: give it one prior"),
        ({1: "Normal(0, 1)"}, "no parameter 1"),
        (["Normal(0, 1)"], "priors must be a dict such as .* not a list"),
        ("Normal(0, 1)", "priors must be a dict such as .* not a str"),
    ],
)
def test_wrong_priors(frame, given, message):
    with pytest.raises(hlm.PriorError, match=message):
        hlm.Model(LEVELS, frame, "site", priors=given)


def test_one_random_effect_has_no_corr_to_give_a_prior(frame):
    with pytest.raises(hlm.PriorError, match="no parameter 'corr'"):
        hlm.Model("y = b0 + r\nb0 = g00 + u0", frame, "site", priors={"corr": "LKJ(2)"})


def test_priors_print_as_a_short_table(frame):
    lines = str(hlm.Model(LEVELS, frame, "site", priors={"g01": "Normal(0, 1.23456789)"}).priors).splitlines()
    assert lines[1] == "g01     ~  Normal(0, 1.235)"
    assert lines[0].endswith("at the column means")


def test_a_random_slope_far_from_zero_is_pointed_out(frame):
    shifted = frame.assign(x=frame["x"] + 2000)
    with pytest.warns(hlm.ModelWarning, match=r"Center it: cgm\(x\) or cwc\(x\)"):
        hlm.Model(LEVELS, shifted, "site")


def test_beside_a_predictor_far_from_zero_the_priors_hold_at_its_mean(frame):
    text = "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10 + g11*w"
    year = frame["x"] + 2000
    near, far = (hlm.Model(text, frame.assign(x=x), "site").priors for x in (year - year.mean(), year))
    for one, other in zip(near.gamma, far.gamma, strict=True):
        np.testing.assert_allclose(list(one.parameters.values()), list(other.parameters.values()), rtol=1e-6, atol=1e-9)
    # The same line in other units: slopes stay, the effects on the intercept move by 2000 times theirs.
    gamma = np.array([3.0, 0.5, -1.0, 0.25])
    moved = gamma - year.mean() * np.array([gamma[2], gamma[3], 0, 0])
    np.testing.assert_allclose(far.at_means(moved), near.at_means(gamma), rtol=1e-9)
    assert far.table()["applies"]["g01"] == "at the column means"


def test_a_term_far_from_zero_moves_the_prior_of_the_mean_slope(frame):
    text = "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10 + g11*w"
    shifted = frame.assign(w=frame["w"] + 100)
    basis = hlm.Model(text, shifted, "site").priors.basis
    assert basis[2, 3] == pytest.approx(shifted["w"].mean(), rel=1e-12)
    assert basis[1, 3] == 0


@pytest.mark.parametrize(("away", "far"), [(2.9, False), (3.1, True)])
def test_far_from_zero_is_three_standard_deviations(frame, away, far):
    x = (frame["x"] - frame["x"].mean()) / frame["x"].std() + away
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hlm.Model(LEVELS, frame.assign(x=x), "site")
    assert any("Center it" in str(warning.message) for warning in caught) == far
    basis = hlm.Model(
        "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + g11*w", frame.assign(x=x), "site"
    ).priors.basis
    assert (basis[1, 3] != 0) == far
