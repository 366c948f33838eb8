"""Every form that a model is written in: for any specification a text, or one of our errors."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec_strategies import deep_specs, specs

from bayeshlm.equations import render
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
        except EquationError as error:
            assert "\n" not in str(error) or "^" in str(error)
    return found


@settings(database=None, deadline=None, max_examples=60)
@given(specs())
def test_a_model_of_two_levels_is_written_or_refused(spec):
    assert {"levels", "combined", "lme4", "glmmTMB"} <= texts(spec, "school").keys()


@settings(database=None, deadline=None, max_examples=60)
@given(deep_specs())
def test_a_model_of_any_depth_is_written_or_refused(spec):
    groups = [f"group{position}" for position in range(len(spec.groupings))]
    assert {"levels", "combined", "lme4", "glmmTMB"} <= texts(spec, groups).keys()


@settings(database=None, deadline=None, max_examples=60)
@given(specs(), st.sampled_from(DISTRIBUTIONS))
def test_any_distribution_is_written_or_refused(spec, distribution):
    found = texts(replace(spec, distribution=distribution, residual=""), "school")
    assert distribution.family == "Ordinal" or "glmmTMB" in found
    assert "nlme" not in found


@pytest.mark.parametrize("writer", WRITTEN, ids=FORMS)
def test_every_form_says_what_it_is(writer):
    assert writer.what and "\n" not in writer.what
