"""Slopes within and between groups: the same under every coding, and those of the fixed effects that say them."""

import numpy as np
import pytest

import bayeshlm as hlm
from bayeshlm.errors import OptionError

CENTERED = "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10"
AS_IT_IS = "mathach = b0 + b1*ses + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10"
GRAND_MEAN = "mathach = b0 + b1*cgm(ses) + r; b0 = g00 + g01*own_mean + u0; b1 = g10"
COLUMNS = ["estimate", "se", "df", "t", "p", "lower", "upper"]


@pytest.fixture(scope="module")
def hsb():
    data = hlm.load_dataset("hsb")
    return data.assign(own_mean=data.groupby("school")["ses"].transform("mean"))


@pytest.fixture(scope="module")
def table(hsb):
    return {text: hlm.Model(text, hsb, "school").reml().contextual("ses") for text in (CENTERED, AS_IT_IS, GRAND_MEAN)}


def test_every_coding_gives_the_same_slopes(table):
    for text in (AS_IT_IS, GRAND_MEAN):
        assert table[text][COLUMNS].to_numpy() == pytest.approx(table[CENTERED][COLUMNS].to_numpy(), rel=1e-6)


def test_they_are_the_fixed_effects_that_say_them(table, hsb):
    centered = hlm.Model(CENTERED, hsb, "school").reml().fixed_effects()
    raw = hlm.Model(AS_IT_IS, hsb, "school").reml().fixed_effects()
    for kind, (source, symbol) in {
        "within": (centered, "g10"),
        "between": (centered, "g01"),
        "contextual": (raw, "g01"),
    }.items():
        found = table[CENTERED].loc[kind, COLUMNS].astype(float).to_numpy()
        assert found == pytest.approx(source.loc[symbol, COLUMNS].astype(float).to_numpy(), rel=1e-6)


def test_a_published_mean_is_taken_for_the_group_mean_and_slopes_are_averaged(hsb):
    text = "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*meanses + u0; b1 = g10 + g11*sector + u1"
    fit = hlm.Model(text, hsb, "school").reml()
    found = fit.contextual("ses")
    gamma = fit.gamma
    within = gamma["g10"] + gamma["g11"] * hsb["sector"].mean()
    assert found["estimate"].to_list() == pytest.approx([within, gamma["g01"], gamma["g01"] - within], rel=1e-8)
    assert any("meanses is taken for the group means of ses" in note for note in found.attrs["notes"])
    assert "Slopes within and between groups of ses (95%)" in repr(found)


def test_draws_are_combinations_of_fixed_effects(clinics, posterior_of):
    text = "pain = b0 + b1*dose + r; b0 = g00 + g01*mean(dose) + u0; b1 = g10"
    model = hlm.Model(text, clinics, "clinic")
    from bayeshlm.design.within_between import within_between
    from bayeshlm.parameters.draws import Draws
    from bayeshlm.quantities.contextual_effects import contextual_effects

    gamma = np.random.default_rng(2).normal(size=(2, 50, 3))
    draws = Draws(posterior_of(model.design, gamma, np.ones((2, 50, 1)), np.ones((2, 50))), model.design)
    found = contextual_effects(draws, within_between(model.design, None, "dose")).draws["slope"].to_numpy()
    labels = model.design.fixed_labels
    within, context = gamma[..., labels.index("g10")], gamma[..., labels.index("g01")]
    assert found == pytest.approx(np.stack([within, within + context, context], axis=-1))


@pytest.mark.slow
def test_maximum_likelihood_of_zeros_and_ones(hsb):
    data = hsb.assign(high=(hsb["mathach"] > 13).astype(int)).groupby("school").head(8)
    text = "high ~ Bernoulli(p); logit(p) = b0 + b1*ses; b0 = g00 + g01*mean(ses) + u0; b1 = g10"
    fit = hlm.Model(text, data, "school").ml()
    found, fixed = fit.contextual("ses"), fit.fixed_effects()
    assert found.loc["contextual", "se"] == pytest.approx(float(fixed.loc["g01", "se"]), rel=1e-6)
    assert found.loc["within", "estimate"] == pytest.approx(float(fixed.loc["g10", "estimate"]), rel=1e-6)
    both = fit.vcov.loc[["g01", "g10"], ["g01", "g10"]].to_numpy().sum()
    assert found.loc["between", "se"] == pytest.approx(np.sqrt(both), rel=1e-6)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10", "ses", r"add mean\(ses\) to the line of the intercept"),
        ("mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*size + u0; b1 = g10", "ses", "have no group mean of 'ses'"),
        ("mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*size + u0; b1 = g10", "size", "does not vary within 'school'"),
        (AS_IT_IS, "sector", "'sector' is no numeric predictor of this model; there are: ses"),
        ("mathach ~ ses + (1 | school) + (1 | sector)", "ses", "defined for models with one grouping"),
    ],
)
def test_what_has_no_contextual_effect(text, name, message, hsb):
    fit = hlm.Model(text, hsb, None if "|" in text else "school").reml()
    with pytest.raises(OptionError, match=message):
        fit.contextual(name)
