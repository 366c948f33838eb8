"""`Model.reml` of models with several groupings, from equations to tables, beside lme4."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.reml_file import reml_summary
from bayeshlm.errors import DataError, ModelWarning, OptionError
from bayeshlm.faces.reml_fit import RemlFit
from bayeshlm.reml.enough_rows import check_level1, undetermined_components

REFERENCES = Path(__file__).parent / "references"
FITS = {
    case["id"]: case for case in json.loads((REFERENCES / "grouping_fits.json").read_text(encoding="utf-8"))["cases"]
}
PIXEL = """pixel = p0 + p1*day + p2*day2 + e
p0 = b00 + r0[dog_side]
p1 = b10
p2 = b20
b00 = g000 + u00[dog]
b10 = g100 + u10[dog]
b20 = g200"""
EQUATIONS = {
    "penicillin-crossed": "diameter = b0 + r\nb0 = g00 + u0[plate] + v0[assay]",
    "pastes-nested": "strength = p0 + e\np0 = b00 + r0[assay]\nb00 = g000 + u00[batch]",
    "oxide-source": "thickness = p0 + e\np0 = b00 + r0[lot_wafer]\nb00 = g000 + g001*source2 + u00[lot]",
    "pixel-day-slope-at-dog": PIXEL,
    "simcrossed-slope-at-row": "y = b0 + b1*x + r\nb0 = g00 + g01*wcol + u0[row] + v0[col]\nb1 = g10 + u1[row]",
}
KEYS = [f"{name}-{method}" for name in EQUATIONS for method in ("REML", "ML")]


def read(data: str) -> pd.DataFrame:
    frame = pd.read_csv(REFERENCES / "grouping_data" / f"{data}.csv.gz")
    return frame.rename(columns={"sample": "assay"})  # a name that the results use


def fit(key: str) -> RemlFit:
    name, _, method = key.rpartition("-")
    model = hlm.Model(EQUATIONS[name], read(FITS[key]["data"]))
    return model.reml() if method == "REML" else model.ml()


@pytest.fixture(scope="module")
def pixel() -> RemlFit:
    return fit("pixel-day-slope-at-dog-REML")


@pytest.mark.parametrize("key", KEYS)
def test_equations_give_the_estimates_of_lme4(key: str) -> None:
    case, found = FITS[key], fit(key)
    assert found.criterion == pytest.approx(case["criterion"], rel=1e-10)
    assert sorted(found.gamma) == pytest.approx(sorted(case["fixed"]["estimate"]), rel=1e-6)
    G = dict(found.variance_components(intervals=None)["estimate"])
    expected = {
        name.replace("sample", "assay"): np.sqrt(np.diag(own["cov"])) for name, own in case["groupings"].items()
    }
    for term in found.design.predictor.random:
        tau = [G["tau", column.label] for column in term.columns]
        np.testing.assert_allclose(tau, expected[term.grouping], rtol=1e-6)
    assert list(found.residuals()) == pytest.approx(case.get("scaled_residuals", list(found.residuals())), abs=1e-6)


def test_variance_components_say_their_grouping(pixel: RemlFit) -> None:
    table = pixel.variance_components()
    assert dict(table["grouping"].loc["tau"]) == {"r0": "dog_side", "u00": "dog", "u10": "dog"}
    assert table.loc[("corr", "u00,u10"), "grouping"] == "dog"
    assert table.loc[("sigma", ""), "grouping"] == ""
    assert "  tau[r0]        dog_side   16.824   10.417   27.172   283.06" in repr(table)


def test_coefficients_of_the_groups_of_one_grouping(pixel: RemlFit) -> None:
    own, gamma = FITS["pixel-day-slope-at-dog-REML"]["groupings"]["dog"], pixel.gamma
    dogs, sides = pixel.group_coefficients("dog"), pixel.group_coefficients("dog_side")
    u = np.array(own["u"])
    for k, coefficient in enumerate(("b00", "b10")):
        first = dogs.loc[[(name, coefficient) for name in own["groups"]]]
        np.testing.assert_allclose(first["u"], u[:, k], rtol=0, atol=1e-5)
        np.testing.assert_allclose(first["u_sd"], np.array(own["u_sd"])[:, k], rtol=0, atol=1e-5)
    assert dogs.loc[("d1", "b00"), "estimate"] == pytest.approx(gamma["g000"] + u[0, 0], rel=1e-6)
    assert dogs.loc[("d1", "b00"), "n"] == 14
    # the intercept of a side is that of its dog and its own deviation
    side = sides.loc[("d1_L", "p0")]
    assert side["estimate"] == pytest.approx(dogs.loc[("d1", "b00"), "estimate"] + side["u"])
    assert np.isnan(sides.loc[("d1_L", "p1"), "u"])
    with pytest.raises(OptionError, match="say which grouping: grouping= is one of 'dog_side', 'dog'"):
        pixel.group_coefficients()
    with pytest.raises(OptionError, match="there is no grouping 'cat'"):
        pixel.group_coefficients("cat")


def test_summary_and_file(pixel: RemlFit) -> None:
    text = repr(pixel)
    assert text.startswith("Three-level model of pixel, fitted by REML")
    assert "102 rows in 20 groups (dog_side) and 10 groups (dog)" in text
    assert "  icc[dog]" in text
    for coefficient, value in pixel.reliability("dog")["estimate"].items():
        assert f"{coefficient} dog {value:.3f}" in " ".join(text.split())
    content = reml_summary(pixel)
    assert content["model"]["groups"] == {"dog_side": 20, "dog": 10}
    assert content["reml"]["tau"]["u10"] == pytest.approx(1.8437496713227, rel=1e-6)
    assert content["reml"]["icc"] == pytest.approx(pixel.icc().to_dict())
    assert content["reml"]["reliability"]["dog"] == pytest.approx(pixel.reliability("dog")["estimate"].to_dict())


def test_robust_standard_errors_cluster_at_the_outermost_grouping(pixel: RemlFit) -> None:
    rows, e = pixel.design.kept_rows, pixel.estimate
    V, start = e.sigma**2 * np.eye(102), 0
    for Z, codes in zip(rows.Z, rows.codes, strict=True):
        own = slice(start, start := start + Z.shape[1])
        V += np.where(codes[:, None] == codes, Z @ e.G[own, own] @ Z.T, 0.0)
    weighted = np.linalg.solve(V, rows.y - rows.X @ e.gamma)
    scores = np.array([rows.X[rows.codes[1] == j].T @ weighted[rows.codes[1] == j] for j in range(10)])
    expected = np.sqrt(np.diag(e.vcov @ scores.T @ scores @ e.vcov))
    np.testing.assert_allclose(pixel.robust_se(), expected, rtol=1e-6)
    with pytest.warns(ModelWarning, match="from 10 groups"):
        np.testing.assert_allclose(pixel.fixed_effects(robust=True)["se"], expected, rtol=1e-6)
    with pytest.raises(OptionError, match="the groups of 'plate' and 'assay' cross"):
        fit("penicillin-crossed-REML").robust_se()


def test_likelihood_ratio_of_an_effect_and_of_a_grouping(pixel: RemlFit) -> None:
    data = read("pixel")
    intercepts = hlm.Model(PIXEL.replace(" + u10[dog]", ""), data).reml()
    two_level = "pixel = p0 + p1*day + p2*day2 + e\np0 = b00 + u0\np1 = b10\np2 = b20"
    dogs = hlm.Model(two_level, data, group="dog").reml()
    # -2 * (logLik(smaller) - logLik(larger)) of lme4 1.1-31
    assert pixel.compare(intercepts).statistic == pytest.approx(39.62885, abs=1e-4)
    assert pixel.compare(intercepts).df == 2
    assert dogs.compare(intercepts).statistic == pytest.approx(20.40206, abs=1e-4)
    with pytest.raises(OptionError, match="The models group the rows differently"):
        hlm.Model(two_level, data, group="side").reml().compare(intercepts)


def test_what_is_asked_before_sampling(pixel: RemlFit) -> None:
    assert undetermined_components(pixel.design) == ""
    sums = read("Penicillin").assign(diameter=lambda d: d["plate"].map(ord) + d["assay"].map(ord))
    with pytest.raises(DataError, match="Nothing is left of the outcome"):
        check_level1(hlm.Model(EQUATIONS["penicillin-crossed"], sums).design)


def test_hlm_s_chi_square_is_refused_with_what_to_use_instead(pixel: RemlFit) -> None:
    with pytest.raises(OptionError, match=r"for models with one grouping.*compare\(\)"):
        pixel.chi_square()


def test_quantities_at_the_estimates(pixel: RemlFit) -> None:
    tau, sigma = pixel.variance_components(intervals=None)["estimate"]["tau"], pixel.sigma
    ranges = pixel.plausible_ranges(grouping="dog_side", z=2)
    assert ranges.loc["p0", "upper"] - ranges.loc["p0", "lower"] == pytest.approx(4 * tau["r0"], rel=1e-12)
    n = read("pixel").groupby("dog_side").size()
    expected = (tau["r0"] ** 2 / (tau["r0"] ** 2 + sigma**2 / n)).mean()
    assert pixel.reliability("dog_side").loc["p0", "estimate"] == pytest.approx(expected, rel=1e-10)
    shares, r2 = pixel.icc(), pixel.r2()
    assert shares["icc[dog_side]"] == pytest.approx(shares["share[dog_side]"] + shares["share[dog]"], rel=1e-12)
    assert r2["v[dog]"] / (1 - r2["marginal"]) == pytest.approx(shares["share[dog]"], rel=1e-10)
