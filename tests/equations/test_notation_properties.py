"""Properties of the notations of programs: any text ends in a specification or an error, none takes another's text."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pasted_texts import LEADS_TO, MEANS
from seed_systems import SYSTEMS
from spec_strategies import deep_specs

from bayeshlm.equations import parse, render
from bayeshlm.equations.reading import READ
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import EquationError

PROGRAMS = ("sas", "stata", "mlwin")
PIECES = {
    "sas": (
        *("proc mixed", "proc glimmix", "class", "model", "random", "repeated", "run", "school", "x", "y", "a", "int"),
        *(";", ";", ";", "=", "/", "|", "@", "2", "*", "(", ")", "-", "'a'", "/*", "*/", "* c;", ".", "+"),
        *("subject=school", "type=un", "type=", "dist=binary", "event='1'", "ref=first", "noint", "offset=x", "\n"),
    ),
    "stata": (
        *("mixed", "melogit", "meglm", "y", "x", "z", "school", "i.", "c.", "ib2.", "ibn.", "R.", "_all", "(", ")"),
        *("||", ":", ",", "#", "##", "///\n", "\n", "//", "/*", "*/", "reml", "nocons", "cov(un)", "cov(", "family("),
        *("binomial", "2", "*", "-", "if", "[", "]", "exposure(x)", ".", "> ", "link(probit)"),
    ),
    "mlwin": (
        *("y_ij", "x_ij", "cons", "β_0ij", "β_0j", "β_1j", "β_1", "β_0", "u_0j", "u_1j", "e_0ij", "v_0k", "0.5(0.1)"),
        *("=", "+", "~", "N(XB, Ω)", "N(0, Ω_u)", "Binomial(n_ij, π_ij)", "logit(π_ij)", "\n", "\n", "β₀ⱼ"),
        *("*", "offset(x)", "Ω_u = [", "0", "-2*loglikelihood", "var(y|π)", "`", "½", "ﬁ", ";", "[", "]", "(", ")"),
    ),
}  # fmt: skip
FIRST = {
    "sas": "proc mixed; class school a; model y = x; random int / subject=school;",
    "stata": "mixed y x || school:",
    "mlwin": "y_ij = β_0j + β_1 x_ij + e_ij\nβ_0j = β_0 + u_0j",
}


@pytest.mark.parametrize("notation", PROGRAMS)
@settings(database=None, deadline=None, max_examples=200)
@given(data=st.data())
def test_any_text_ends_in_a_specification_or_an_equation_error(notation, data):
    pieces = st.lists(st.sampled_from(PIECES[notation]), max_size=14).map(" ".join)
    begin = data.draw(st.sampled_from(["", *PIECES[notation][:3], FIRST[notation]]))
    text = data.draw(st.one_of(st.text(max_size=40), pieces.map(lambda drawn: f"{begin} {drawn}")))
    with suppress(EquationError):
        assert isinstance(parse(text, notation), ModelSpec)
    for one in READ:
        one.recognizes(text)


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=60)
@given(deep_specs())
def test_no_program_takes_level_equations(spec):
    text = render(spec)
    assert not [one.name for one in READ if one.name in PROGRAMS and one.recognizes(text)]


OTHERS = [*(one.text for one in SYSTEMS), *(text for text, _ in MEANS.values()), *(text for text, _ in LEADS_TO)]


@pytest.mark.parametrize("number", range(len(OTHERS)))
def test_no_program_takes_the_texts_of_other_tests(number):
    text = OTHERS[number].replace("«", "").replace("»", "")
    assert not [one.name for one in READ if one.name in PROGRAMS and one.recognizes(text)]


@pytest.mark.parametrize("notation", PROGRAMS)
@pytest.mark.parametrize(
    "piece", ["/*", "* ", "(", ";", "|", "a#", "a|", "β_0j ", "β_0j = ", "[", "~", "///\n", " ", "\n", "1 "]
)
def test_long_texts_end_soon(notation, piece):
    text = FIRST[notation] + piece * (20_000 // len(piece))
    start = time.perf_counter()
    for one in READ:
        one.recognizes(text)
    with suppress(EquationError):
        parse(text, notation)
    assert time.perf_counter() - start < 5
