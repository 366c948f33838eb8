"""Models that differ by one line have the design and the estimates of the model written out."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm

CHANGES = {
    "update": (
        "hsb-one-way-anova",
        lambda model: model.update("mathach = b0 + b1*cwc(ses) + r; b1 = g10 + u1"),
        "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + u0; b1 = g10 + u1",
    ),
    "without": (
        "hsb-random-coefficients",
        lambda model: model.without("u1"),
        "mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10",
    ),
    "null": ("hsb-slopes-as-outcomes-full", lambda model: model.null(), "mathach = b0 + r; b0 = g00 + u0"),
}


def same_design(one, other):
    np.testing.assert_array_equal(one.X, other.X)
    np.testing.assert_array_equal(one.Z, other.Z)
    np.testing.assert_array_equal(one.y, other.y)


@pytest.fixture(scope="module")
def hsb():
    return hlm.load_dataset("hsb")


@pytest.mark.parametrize(("name", "change", "text"), CHANGES.values(), ids=CHANGES)
def test_a_changed_model_is_the_one_written_out(hsb, name, change, text):
    changed, whole = change(hlm.open_model(name)), hlm.Model(text, hsb, "school")
    same_design(changed.design, whole.design)
    ours, theirs = changed.reml(), whole.reml()
    assert ours.deviance == theirs.deviance
    np.testing.assert_array_equal(ours.fixed_effects()["estimate"], theirs.fixed_effects()["estimate"])


@pytest.mark.parametrize("name", hlm.gallery_names())
def test_every_gallery_model_is_made_again_and_has_a_null_model(name):
    model = hlm.open_model(name)
    same_design(model.update(priors={}).design, model.design)
    null = model.null()
    assert null.design.groupings == model.design.groupings
    assert np.all(null.design.Z == 1)
    assert hlm.compare_specs(model, model).same
    assert hlm.compare_specs(null, model).nested in ("first", None)


def test_a_formula_is_updated_as_in_r(hsb):
    model = hlm.Model("mathach ~ ses*sector + (1 | school)", hsb)
    changed = model.update(". ~ . - ses:sector + (0 + ses | school)")
    whole = hlm.Model("mathach ~ ses + sector + (1 | school) + (0 + ses | school)", hsb)
    same_design(changed.design, whole.design)
    again = changed.update("~ . - sector").update("b0 = g00 + g01*meanses + u0")
    assert "g01*meanses" in again.equations()
    with pytest.raises(hlm.EquationError, match="written in equations: give the line"):
        again.update("~ . + female")


def test_priors_stay_where_their_symbols_do(hsb):
    text = "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*sector + u0; b1 = g10 + u1"
    given = {"g01": "Normal(0, 3)", "tau_u1": "HalfNormal(2)", "corr": "LKJ(4)", "sigma": "HalfNormal(9)"}
    model = hlm.Model(text, hsb, "school", priors=given)
    left = model.without("u1")
    assert left.priors.typed == {"g01", "sigma"}
    assert left.priors.texts()["g01"] == "Normal(0, 3)"
    changed = model.update("b1 = g10 + g11*sector + u1", priors={"γ01": "Normal(0, 1)"})
    assert changed.priors.texts()["g01"] == "Normal(0, 1)"
    assert changed.priors.texts()["tau_u1"] == "HalfNormal(2)"
    assert changed.priors.typed == set(given)
    assert model.priors.texts()["g01"] == "Normal(0, 3)"


def test_rows_that_come_back_are_said(hsb):
    data = hsb.copy()
    data.loc[data.index[:5], "ses"] = np.nan
    model = hlm.Model("mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10", data, "school")
    with pytest.warns(hlm.ModelWarning, match="uses 7,185 rows, the old one 7,180"):
        assert model.null().design.n_obs == 7185
    assert model.update(data=model.design.frame).null().design.n_obs == 7180


def test_the_users_later_changes_of_the_data_do_not_count(hsb):
    data = hsb.copy()
    model = hlm.Model("mathach = b0 + r; b0 = g00 + u0", data, "school")
    data["mathach"] = 0.0
    np.testing.assert_array_equal(model.update("b0 = g00 + g01*sector + u0").design.y, hsb["mathach"])


def test_other_data_groups_and_tables(hsb):
    schools = hsb.groupby("school", as_index=False)["sector"].first().rename(columns={"sector": "kind"})
    model = hlm.Model("mathach = b0 + r; b0 = g00 + u0", hsb, "school")
    assert model.update("b0 = g00 + g01*kind + u0", group_data=schools).design.X.shape[1] == 2
    half = hsb[hsb["sector"] == 1]
    assert model.update(data=half).design.n_obs == len(half)
    assert model.update(group="sector").design.groupings == ("sector",)


def test_models_of_a_design_change_too(hsb):
    model = hlm.Model("mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1", hsb, "school")
    again = hlm.Model.from_design(model.design, {"g10": "Normal(0, 1)"})
    changed = again.without("u1")
    same_design(changed.design, model.without("u1").design)
    assert changed.priors.typed == {"g10"}
    with pytest.raises(hlm.DataError, match="sector"):
        again.update("b0 = g00 + g01*sector + u0")


@pytest.mark.parametrize(
    ("first", "second", "summary", "nested"),
    [
        ("y = b0 + r; b0 = g00 + u0", "y = a0 + e; a0 = c0 + v0", "The same model, written differently.", None),
        (
            "y = b0 + r; b0 = g00 + u0",
            "y = b0 + r; b0 = g00 + g01*w + u0",
            "adds the fixed effect g01*w. The first",
            "first",
        ),
        (
            "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1",
            "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0",
            "lacks the covariance u0, u1. The second",
            "second",
        ),
        (
            "y = b0 + r; b0 = g00 + u0",
            "y ~ Bernoulli(p); logit(p) = b0; b0 = g00 + u0",
            "has the distribution Bernoulli in place of Normal and the link logit in place of identity.",
            None,
        ),
        (
            "y = b0 + r; b0 = g00 + u0[a]",
            "y = b0 + r; b0 = g00 + u0[b]",
            "adds the grouping b and the random effect u0; it lacks the grouping a and",
            None,
        ),
        ("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10", "y ~ x + (1 | g)", "The same model.", None),
        (
            "y = b0 + b1*cwc(x) + r; b0 = g00 + u0; b1 = g10",
            "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10",
            "adds the fixed effect g10*x; it lacks the fixed effect g10*cwc(x).",
            None,
        ),
    ],
)
def test_differences_are_said_in_words(first, second, summary, nested):
    found = hlm.compare_specs(hlm.parse(first), hlm.parse(second))
    assert summary in found.summary
    assert found.nested == nested
    assert " ".join(str(found).split()).startswith(found.summary)
    assert "<" in found._repr_html_()


@pytest.mark.parametrize(
    ("symbols", "formula"),
    [
        (["r0", "r1"], "math ~ year + female + poverty + (year | school)"),
        (["u00", "u10"], "math ~ year + female + poverty + (year | child)"),
    ],
)
def test_a_level_without_random_effects_goes_as_the_term_of_a_formula_does(symbols, formula):
    growth = hlm.load_dataset("growth")
    levels = (
        "math = p0 + p1*year + e; p0 = b00 + b01*female + r0; p1 = b10 + r1;"
        " b00 = g000 + g001*poverty + u00; b10 = g100 + u10"
    )
    left = hlm.Model(levels, growth, group=["child", "school"]).without(*symbols)
    again = hlm.Model(formula, growth)
    assert left.design.groupings == again.design.groupings
    assert left.reml().criterion == pytest.approx(again.reml().criterion, rel=1e-10)


def test_fits_are_compared_by_their_models(hsb):
    model = hlm.Model("mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1", hsb, "school")
    left = model.without("u1")
    found = hlm.compare_specs(model.reml(), left.ml())
    assert found.nested == "second"
    assert found.changes == hlm.compare_specs(model, left).changes


def test_only_models_are_compared():
    with pytest.raises(hlm.OptionError, match="not a str: read a text by"):
        hlm.compare_specs("y = b0 + r", hlm.parse("y = b0 + r; b0 = g00 + u0"))
    with pytest.raises(hlm.OptionError, match="not a DataFrame"):
        hlm.compare_specs(hlm.parse("y = b0 + r; b0 = g00 + u0"), pd.DataFrame())
