"""Properties: levels round trip on generated specifications; any text ends in a spec or an EquationError."""

import time

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spec_strategies import deep_specs, specs

from bayeshlm.design import build_design
from bayeshlm.equations import parse, render
from bayeshlm.equations.covariance_blocks import independent_effects
from bayeshlm.errors import DataError, EquationError

PIECES = [
    *("y", "b0", "b1", "g00", "u0", "r", "x", "`odd name`", "β_0j", "cwc", "C", "poly", "cov", "offset", "2"),
    *("=", "+", "*", "(", ")", "[", "]", ",", "\n", ";", "#", "`", '"', "-", "^", ":", ".", " ", "\r\n"),
    *("cwc(x)", "y = b0 + r\n", "b0 = g00 + u0\n", "Level 1:", "= 0", 'ref="a"'),
    *("_0j", "½", "ﬁ", "β₁ⱼXᵢⱼ", "γ01Wj", "·", "~", "r ~ N(0, s)\n", "x has been centered around the grand mean.\n"),
    *("Mixed Model\n", "y = g00 + u0 + r\n", "u0[a]", "v0[a:b]", "b0 = g00 + u0[a] + v0[b]\n", "g00 = h0 + w0\n"),
]
ODD_LETTERS = "_0½ªﬁǰ´٣ᵢⱼ₀₁⁄ⅷ℃İßςβγijbuUG.·`'"


@settings(database=None, deadline=None, max_examples=100)
@given(specs())
def test_levels_round_trip(spec):
    assert parse(render(spec, "levels")) == spec


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=150)
@given(deep_specs())
def test_levels_of_any_depth_and_crossed_groupings_round_trip(spec):
    assert parse(render(spec, "levels")) == spec


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=60)
@given(deep_specs())
def test_every_form_of_any_depth_can_be_written(spec):
    groups = [f"group{position}" for position in range(len(spec.groupings))]
    combined, latex, mathml, lme4 = (render(spec, form, groups) for form in ("combined", "latex", "mathml", "lme4"))
    assert all(symbol in combined for symbol in spec.fixed + spec.random)
    zero = sum(len(independent_effects(blocks)) for blocks in spec.blocks_by_grouping)
    assert latex.count(" &= ") == mathml.count('<mo form="infix">=</mo>') == 1 + len(spec.equations) + zero
    assert latex.count(r"&\sim") == 1 + sum(map(len, spec.blocks_by_grouping))
    assert all(f"| {group})" in lme4 for group in groups)
    assert len(spec.fixed_paths) == len(spec.fixed)


@pytest.mark.slow
@settings(database=None, deadline=None, max_examples=40)
@given(specs())
def test_every_form_can_be_written(spec):
    combined, latex, lme4 = (render(spec, form, "school") for form in ("combined", "latex", "lme4"))
    assert combined.endswith(f" + {spec.residual}")
    assert all(symbol in combined for symbol in spec.fixed + spec.random)
    zero = sum(len(independent_effects(blocks)) for blocks in spec.blocks_by_grouping)
    assert latex.count(" &= ") == 1 + len(spec.level2) + zero
    assert lme4.count("|") >= len(spec.blocks) or "||" in lme4


@settings(database=None, deadline=None, max_examples=500)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
def test_any_text_ends_in_a_specification_or_an_equation_error(text):
    try:
        spec = parse(text)
    except EquationError:
        return
    assert parse(render(spec)) == spec


@settings(database=None, deadline=None, max_examples=500)
@given(st.text(st.one_of(st.sampled_from(ODD_LETTERS), st.characters(exclude_categories=("Cs",))), max_size=6))
@example("_0j")
@example("a½")
def test_any_symbol_is_read_again_or_refused(symbol):
    for text in (
        f"y = b0 + r; b0 = g00 + {symbol}",
        f"y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + {symbol}*w",
        f"y = {symbol} + r; {symbol} = g00 + u0",
    ):
        try:
            spec = parse(text)
        except EquationError:
            continue
        assert parse(render(spec)) == spec


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("y = b0 + r; b0 = g00 + u" + "_" * 95_000, "up to 200"),
        ("y = b0 + r; b0 = g00 + u" + "_" * 900_000, "900,024 characters, and up to 100,000 are read"),
        ("x" * 100_001, "up to 100,000 are read"),
        ("y = b0 + b1*" + "x" * 90_000 + " z + r", "put `*` between"),
        ("y = b0 + r; b0 = g00 + u0; cov(u0, " + "u" * 90_000 + ") = 0", "up to 200"),
        ("y = b0 + r\nb0 = g00 + u0\n" + "SES AGE " * 10_000 + "have been centered around the group mean.", "`SES`"),
        ("y = b0 + r\nb0 = g00 + u0" + " " * 90_000 + "has been centered", "put `*` between"),
        ("SES has" + " " * 90_000 + "been centered around", "cannot be read"),
        ("r ~ N(0, s" + " " * 90_000 + ") x", "not the `~`"),
    ],
)
def test_messages_stay_short_and_come_soon(text, says):
    start = time.perf_counter()
    with pytest.raises(EquationError) as caught:
        parse(text)
    assert time.perf_counter() - start < 5
    assert len(str(caught.value)) < 2_000
    assert says in str(caught.value)


def test_a_long_name_of_a_column_does_not_fill_the_message():
    data = pd.DataFrame({"school": ["a", "b"], "y": [1.0, 2.0]})
    with pytest.raises(DataError) as caught:
        build_design(parse("y = b0 + b1*" + "x" * 50_000 + " + r; b0 = g00 + u0; b1 = g10"), data, "school")
    assert len(str(caught.value)) < 2_000


@pytest.mark.slow
def test_thousands_of_independent_effects_take_seconds():
    k = 3_500
    effects = [f"u{i}" for i in range(k)]
    text = f"y = {'+'.join(f'b{i}*x' for i in range(k))}+r\nb0=g+u0\n"
    text += "\n".join(f"b{i}=u{i}" for i in range(1, k)) + f"\ncov({','.join(effects)})=0"
    start = time.perf_counter()
    assert parse(text).blocks == tuple((effect,) for effect in effects)
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "log(" * 2_500,
        "y = " + "b0 + " * 2_000,
        "a=b\n" * 2_500,
        "`" * 10_000,
        '"' * 10_000,
        "_j" * 5_000 + " = b0 + r",
        "level 1" * 1_500,
        "y = b0 + r\nb0 = g00 + u0\n" + "cov(u0, u0) = 0\n" * 600,
        "y = b0 + b1*" + "x*" * 5_000,
        "β\u0301" * 5_000,
        "9" * 10_000,
        "y = " + " + ".join(f"b{i}*x" for i in range(500)) + " + r\n" + "\n".join(f"b{i} = u{i}" for i in range(500)),
    ],
)
def test_ten_thousand_characters_of_garbage_take_no_time(text):
    start = time.perf_counter()
    with pytest.raises(EquationError):
        parse(text)
    assert time.perf_counter() - start < 5
