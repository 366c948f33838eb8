"""What is written as LaTeX is read again as the same specification, of every kind of model and with any names."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from seed_systems import COMBINED, SYSTEMS
from spec_strategies import columns, deep_specs, specs
from test_outcome_lines import LINKED, text_of

import bayeshlm as hlm
from bayeshlm.equations import ModelSpec, parse, render
from bayeshlm.equations.distribution import Distribution, Total
from bayeshlm.errors import EquationError
from bayeshlm.families import FAMILIES


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=150)
@given(specs())
def test_two_levels_round_trip(spec):
    assert parse(render(spec, "latex")) == spec


def test_the_units_of_a_product_are_those_of_a_centered_factor():
    spec = parse("y = b0 + b1*cwc(mean(x)*cwc(x)) + r; b0 = g00 + u0; b1 = g10")
    assert parse(render(spec, "latex")) == spec


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=150)
@given(deep_specs())
def test_levels_of_any_depth_and_crossed_groupings_round_trip(spec):
    assert parse(render(spec, "latex")) == spec


@st.composite
def family_specs(draw: st.DrawFn) -> ModelSpec:
    """Specifications of outcomes that are not normal, under any link."""
    name, link = draw(st.sampled_from(LINKED))
    symbols = parse(text_of(name, link)).distribution.symbols
    several = st.lists(columns, min_size=2, max_size=3).map(lambda some: Total(tuple(some)))
    size = draw(st.one_of(columns, several, st.integers(1, 99))) if FAMILIES[name].has_size else None
    found = Distribution(name, link, symbols, size)
    spec = replace(draw(deep_specs()), residual="", distribution=found)
    assume(_is_read(render(spec)))  # cutpoints stand in place of an intercept; a column of trials has a plain name
    return spec


def _is_read(text: str) -> bool:
    try:
        parse(text)
    except EquationError:
        return False
    return True


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=100)
@given(family_specs())
def test_distributions_round_trip(spec):
    assert parse(render(spec, "latex")) == spec


@pytest.mark.parametrize(("name", "link"), LINKED)
def test_every_distribution_and_link_round_trips(name, link):
    spec = parse(text_of(name, link))
    assert parse(render(spec, "latex")) == spec


@pytest.mark.parametrize("system", [*SYSTEMS, *COMBINED], ids=lambda system: system.name)
def test_systems_of_textbooks_round_trip(system):
    spec = parse(system.text)
    assert parse(render(spec, "latex")) == spec


@pytest.mark.parametrize("name", hlm.gallery_names())
def test_models_of_the_gallery_round_trip(name):
    spec = hlm.open_model(name).design.spec
    assert parse(render(spec, "latex")) == spec
