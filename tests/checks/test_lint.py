"""Remarks on models: each fires where it should, and is silent where it should be."""

import ast
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.checks import lint, lint_design

PLAIN = "y = b0 + b1*cwc(x) + r; b0 = g00 + g01*z + u0; b1 = g10 + g11*z + u1"


@pytest.fixture(scope="module")
def data():
    """40 groups of 8 to 12 rows with two level-2 variables, drawn from the model PLAIN."""
    rng = np.random.default_rng(12)
    g = np.repeat(np.arange(40), rng.integers(8, 13, 40))
    z, w = rng.normal(size=40), rng.normal(size=40)
    frame = pd.DataFrame({"g": g, "x": rng.normal(1.0, 1.0, len(g)), "z": z[g], "w": w[g]})
    frame["y"] = z[g] + rng.normal(size=40)[g] + (1 + 0.5 * rng.normal(size=40)[g]) * frame["x"]
    frame["y"] += rng.normal(size=len(g))
    return frame


def codes(text, frame, group="g"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlm.ModelWarning)
        return hlm.Model(text, frame, group).lint().codes


def test_an_ordinary_model_has_no_remark(data):
    model = hlm.Model(PLAIN, data, "g")
    assert model.lint().remarks == ()
    assert repr(model.lint()) == "No remark on this model."
    assert "Note" not in repr(model)


def test_independent_effects_of_a_column_that_is_not_centered(data):
    text = "y = b0 + b1*{} + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0"
    assert codes(text.format("x"), data) == ("independent-slope",)
    assert codes(text.format("cgm(x)"), data) == ()
    assert codes(text.format("x").replace("; cov(u0, u1) = 0", ""), data) == ()


def test_a_random_slope_far_from_zero(data):
    year = data.assign(x=data["x"] + 3)  # about four SDs from zero
    text = "y = b0 + b1*{} + r; b0 = g00 + u0; b1 = g10 + u1"
    assert codes(text.format("x"), year) == ("far-from-zero",)
    assert codes(text.format("cgm(x)"), year) == ()
    assert codes(text.format("x").replace(" + u1", ""), year) == ()


def test_a_predictor_beside_its_group_mean(data):
    text = "y = b0 + b1*{} + r; b0 = g00 + g01*mean(x) + u0; b1 = g10"
    assert codes(text.format("x"), data) == ("raw-beside-mean",)
    assert codes(text.format("cwc(x)"), data) == ()
    (remark,) = hlm.Model(text.format("x"), data, "g").lint().remarks
    assert remark.write == 'Write cwc(x) for that, or ask the fit, contextual("x").'


def test_small_groups(data):
    pairs = data.groupby("g").head(2)
    slopes = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1"
    assert codes(slopes, pairs) == ("small-groups",)
    assert codes("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", pairs) == ()
    single = data.groupby("g").head(1).assign(se=0.5)
    assert codes("y = b0 + r; b0 = g00 + u0; sd(r) = se", single) == ()


def test_few_groups(data):
    text = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10"
    assert codes(text, data[data["g"] < 9]) == ("few-groups",)
    assert codes(text, data[data["g"] < 10]) == ()


def test_level2_variables_that_follow_from_each_other(data):
    near = data.assign(v=data["z"] + 0.1 * data["w"])
    text = "y = b0 + b1*x + r; b0 = g00 + g01*z + g02*{} + u0; b1 = g10"
    assert codes(text.format("v"), near) == ("collinear",)
    assert codes(text.format("w"), near) == ()
    (remark,) = hlm.Model(text.format("v"), near, "g").lint().remarks
    x = near.groupby("g")[["z", "v"]].first()
    r = x.corr().iloc[0, 1]
    assert f"variance inflation {1 / (1 - r * r):.3g}; correlation" in remark.why


def test_moderators_without_their_main_effect(data):
    assert codes(PLAIN.replace(" + g01*z", ""), data) == ("no-main-effect",)
    (remark,) = hlm.Model(PLAIN.replace("g10 + ", ""), data, "g").lint().remarks
    assert remark.code == "no-main-effect"
    assert "The line of b1 has no constant" in remark.why


def test_unequal_variances(data):
    rng = np.random.default_rng(3)
    spread = np.where(data["g"] % 2, 3.0, 0.5)
    frame = data.assign(y=data["z"] + spread * rng.normal(size=len(data)))
    frame = pd.concat([frame, frame.assign(y=frame["z"] + spread * rng.normal(size=len(data)))])
    text = "y = b0 + b1*x + r; b0 = g00 + g01*z + u0; b1 = g10"
    assert codes(text, frame) == ("unequal-variances",)
    assert codes(f"{text}; sd(r) = se", frame.assign(se=spread.mean())) == ()
    assert codes(f"{text}; log(sigma) = a0 + a1*odd", frame.assign(odd=frame["g"] % 2)) == ()
    (remark,) = hlm.Model(text, frame, "g").lint().remarks
    assert remark.text.endswith("Or let it differ: log(sigma) = a0 + v0.")
    assert codes(f"{text}; log(sigma) = a0 + v0", frame) == ()


def test_group_sizes_that_tell_of_the_outcome(data):
    sizes = data["g"].map(data["g"].value_counts())
    text = "y = b0 + b1*x + r; b0 = g00 + {}u0; b1 = g10"
    frame = data.assign(y=data["y"] + 2.0 * sizes, size=sizes)
    assert codes(text.format(""), frame) == ("informative-size",)
    assert codes(text.format("g01*size + "), frame) == ()
    assert codes(text.format(""), frame[frame["g"] < 19]) == ()  # too few groups to tell


def test_zeros_and_ones(data):
    frame = data.assign(y=(data["y"] > 1).astype(int))
    found = codes("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", frame)
    assert "zeros-and-ones" in found
    assert codes("y ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10", frame) == ()


def test_what_the_equations_tell_is_printed_with_the_model(data):
    model = hlm.Model(PLAIN.replace(" + g01*z", ""), data, "g")
    (remark,) = model.lint().remarks
    assert f"Note: {remark.text}" in repr(model)
    assert "z moderates the slope of cwc(x)" in model._repr_html_()
    assert repr(model.lint()).splitlines()[0] == "Remarks"


def test_every_rule_has_a_case_where_it_fires():
    """The first argument of every `Remark` in the rules stands in a comparison of this file with what `lint` found."""
    rules = Path(lint.__file__).read_text(encoding="utf-8") + Path(lint_design.__file__).read_text(encoding="utf-8")
    there = {
        node.args[0].value
        for node in ast.walk(ast.parse(rules))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Remark"
    }
    compared = {
        constant.value
        for node in ast.walk(ast.parse(Path(__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare)
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant)
    }
    assert len(there) == 10
    assert there <= compared


SPREAD = "unequal-variances"  # of the hsb data: Raudenbush & Bryk 2002, p. 264
FIRING = {
    "eight-schools": ("few-groups",),
    "hsb-contextual-raw": ("raw-beside-mean", SPREAD),
    "hsb-level-1-variance": (),  # which has an equation of the level-1 SD
    "hsb-location-scale": (),
    "penicillin-crossed": ("few-groups",),
    "wine-bitterness": ("few-groups",),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", hlm.gallery_names())
def test_gallery_models_are_quiet(name):
    of_hsb = name.startswith(("hsb", "lee-bryk"))
    assert hlm.open_model(name).lint().codes == FIRING.get(name, (SPREAD,) if of_hsb else ())
