"""Every form that a model is written in: for any specification a text, or one of our errors."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program_texts import EXPECTED, MODELS
from spec_strategies import deep_specs, specs

from bayeshlm.equations import parse, render
from bayeshlm.equations.distribution import Distribution
from bayeshlm.equations.product import Column
from bayeshlm.equations.render import WRITTEN
from bayeshlm.errors import EquationError
from bayeshlm.families import FAMILIES

FORMS = tuple(writer.name for writer in WRITTEN)
DISTRIBUTIONS = [
    Distribution(name, link, (family.location, *(one.name for one in family.auxiliary)), size)
    for name, family in FAMILIES.items()
    for link in family.links
    for size in ((Column("n"), 12) if family.has_size else (None,))
    if name != "Normal"
]


def texts(spec, groups):
    """What the forms write; those that cannot say the model refuse it."""
    found = {}
    for form in FORMS:
        try:
            found[form] = render(spec, form, groups)
        except EquationError:
            continue
    return found


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=60)
@given(specs())
def test_a_model_of_two_levels_is_written_or_refused(spec):
    assert {"levels", "combined", "lme4", "glmmTMB"} <= texts(spec, "school").keys()


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=60)
@given(deep_specs())
def test_a_model_of_any_depth_is_written_or_refused(spec):
    groups = [f"group{position}" for position in range(len(spec.groupings))]
    assert {"levels", "combined", "lme4", "glmmTMB"} <= texts(spec, groups).keys()


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=60)
@given(specs(), st.sampled_from(DISTRIBUTIONS))
def test_any_distribution_is_written_or_refused(spec, distribution):
    found = texts(replace(spec, distribution=distribution, residual=""), "school")
    assert distribution.family == "Ordinal" or "glmmTMB" in found
    assert "nlme" not in found


@pytest.mark.parametrize("writer", WRITTEN, ids=FORMS)
def test_every_form_says_what_it_is(writer):
    assert writer.what.isprintable()
    assert len(writer.what) > 10


@pytest.mark.parametrize(("form", "name"), EXPECTED)
def test_texts_are_those_that_the_programs_document(form, name):
    text, group = MODELS[name]
    assert render(parse(text), form, group) == EXPECTED[form, name]


def test_every_text_is_compared():
    assert len(EXPECTED) == 23
    assert {form for form, _ in EXPECTED} == {"sas", "stata", "hlm", "mplus"}


REFUSED = [
    ("nlme", "y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0", 'fits normal outcomes only.*use the form "glmmTMB"'),
    ("nlme", "y = b0 + r; b0 = g00 + u0[a] + v0[b]", "nested groupings only"),
    ("nlme", "y = b0 + r; b0 = g00 + u0[a:b]", r"make a column of them in the data, interaction\(a, b\)"),
    ("nlme", "y = b0 + offset(x) + r; b0 = g00 + u0", "leaves offsets out"),
    ("glmmTMB", "y ~ Ordinal(eta); eta = b0; b0 = u0", 'has no Ordinal outcomes: use the form "brms"'),
    ("brms", "y = b0 + b1*`my x` + r; b0 = g00 + u0; b1 = g10", "no column called `my x`: rename it"),
    ("brms", "y = b0 + b1*C(x) + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0", "make them in the data"),
    ("bambi", "y = b0 + r; b0 = g00 + g01*poly(w, 2) + u0", "which the data say: ask a Model"),
    ("sas", "y ~ StudentT(mu, sigma, nu); mu = b0; b0 = g00 + u0", "does not estimate the degrees of freedom"),
    ("sas", f"{'y' * 33} = b0 + r; b0 = g00 + u0", "rename it in the data"),
    ("sas", "y = b0 + b1*X + b2*x + r; b0 = g00 + u0; b1 = g10; b2 = g20", "takes `X` and `x` for one column"),
    ("stata", "y ~ Beta(mu, phi); logit(mu) = b0; b0 = g00 + u0", "has no Beta outcomes"),
    ("stata", "y = b0 + b1*x + r; b0 = g00 + u0[a] + v0[b]; b1 = u1[a] + v1[b]", "slopes that vary over two crossed"),
    ("stata", "y = b0 + b1*C(x) + r; b0 = g00 + u0; b1 = g10", "which the data say: ask a Model"),
    ("hlm", "y ~ Gamma(mu, shape); log(mu) = b0; b0 = g00 + u0", "not Gamma ones"),
    ("hlm", "y = b0 + r; b0 = g00 + g01*w + u0[a] + v0[b]", "the equations do not say which these are"),
    ("hlm", "y ~ Poisson(mu); log(mu) = b0 + offset(x); b0 = g00 + u0", r"write the offset as offset\(log\(x\)\)"),
    ("mplus", "y = b0 + r; b0 = g00 + u0[a] + v0[b]", "nested groupings of two or three levels"),
    ("mplus", "y ~ Bernoulli(p); cloglog(p) = b0; b0 = g00 + u0", "with the link cloglog"),
    ("mplus", "y = b0 + b1*x + r; b0 = g00 + g01*x + u0; b1 = g10", "`x` stands at two"),
]


@pytest.mark.parametrize(("form", "text", "says"), REFUSED)
def test_what_a_program_cannot_say_is_refused_in_a_sentence(form, text, says):
    with pytest.raises(EquationError, match=says) as caught:
        render(parse(text), form)
    assert f"    {text}\n" in str(caught.value) or len(text) > 100


def test_sas_takes_a_column_with_braces_in_its_name():
    spec = parse("y = b0 + b1*cgm(`score {0}`) + r; b0 = g00 + u0; b1 = g10")
    assert "MEAN('score {0}'n)" in render(spec, "sas", "school")
