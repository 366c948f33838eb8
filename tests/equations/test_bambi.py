"""Programs of bambi in, and programs that this package writes read back."""

import numpy as np
import pytest
from marked_places import check_error

import bayeshlm as hlm
from bayeshlm.equations import parse, render

HEAD = "import bambi as bmb\n\n"
MEANS = {
    'bmb.Model("y ~ x + (1 + x | g)", data)': "y ~ x + (1 + x || g)",
    "model = bambi.Model('y ~ x + (1 | g)', df, family='bernoulli', link=\"probit\")": (
        'y ~ x + (1 | g), family = binomial(link = "probit")'
    ),
    "m = bmb.Model(\n    \"y ~ x + (1 | g)\",\n    data=data,\n    family='poisson',\n)\nidata = m.fit(draws=1000)": (
        "y ~ x + (1 | g), family = poisson"
    ),
}
REFUSED = [
    ('«data["x2"] = data["x"] ** 2»\nm = bmb.Model("y ~ x2 + (1 | g)", data)', "make its columns in the data"),
    ("m = «bmb.Model(»formula, data)", "is read with a formula in quotes"),
    ('m = bmb.Model("y ~ x + (1 | g)", data, «categorical»="x")', "`categorical` is not read"),
    ('m = bmb.Model("y ~ x + (1 | g)", data, «priors»=mine)', "`priors` is not read: leave it out, and give Model"),
    ('m = bmb.Model("y ~ «s»(x) + (1 | g)", data)', "no smooth terms"),
]


@pytest.mark.parametrize(("text", "formula"), MEANS.items())
def test_a_program_means_the_formula_with_independent_effects(text, formula):
    spec = parse(HEAD + text)
    assert render(spec) == render(parse(formula))
    assert parse(HEAD + text, "bambi") == spec
    assert spec.text == HEAD + text


@pytest.mark.parametrize(("marked", "says"), REFUSED)
def test_what_is_not_read_is_marked(marked, says):
    check_error(HEAD + marked, says)


HSB = {
    "random slope": "mathach = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10 + g11*sector + u1",
    "independent": "mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0",
    "binary": "minority ~ Bernoulli(p); logit(p) = b0 + b1*ses; b0 = g00 + g01*sector + u0; b1 = g10",
    "means": "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*mean(ses) + u0; b1 = g10",
}
PROGRAMS = ("sas", "stata", "bambi", "brms", "nlme", "glmmTMB", "lme4")


@pytest.fixture(scope="module")
def hsb():
    return hlm.load_dataset("hsb")


@pytest.mark.parametrize("form", PROGRAMS)
@pytest.mark.parametrize("name", HSB)
def test_programs_come_back(name, form, hsb):
    """The same columns and covariances; steps that make columns are refused, and so is what a program cannot say."""
    model = hlm.Model(HSB[name], hsb, group="school")
    try:
        text = model.equations(form)
    except hlm.HLMError:
        assert (name, form) == ("binary", "nlme")
        return
    if name == "means" and form in ("sas", "stata", "bambi"):
        with pytest.raises(hlm.EquationError, match="columns in the data"):
            parse(text)
        return
    again = hlm.Model(text, hsb)
    together = name == "random slope" and form != "bambi"  # whose random effects are always independent
    assert again.design.blocks == (((0, 1),) if together else tuple((k,) for k in range(model.design.Z.shape[1])))
    assert again.spec.distribution.link == model.spec.distribution.link
    for found, expected in ((again.design.X, model.design.X), (again.design.Z, model.design.Z)):
        np.testing.assert_allclose(sorted(found.T.tolist()), sorted(expected.T.tolist()), atol=1e-12)
