"""Properties: levels round trip on generated specifications; any text ends in a spec or an EquationError."""

import time

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bayeshlm.design import build_design
from bayeshlm.equations import parse, render
from bayeshlm.equations.spec import Call, Column, FixedTerm, Level1Term, LevelEquation, ModelSpec, Product, RandomEffect
from bayeshlm.errors import DataError, EquationError

PIECES = [
    *("y", "b0", "b1", "g00", "u0", "r", "x", "`odd name`", "β_0j", "cwc", "C", "poly", "cov", "offset", "2"),
    *("=", "+", "*", "(", ")", "[", "]", ",", "\n", ";", "#", "`", '"', "-", "^", ":", ".", " ", "\r\n"),
    *("cwc(x)", "y = b0 + r\n", "b0 = g00 + u0\n", "Level 1:", "= 0", 'ref="a"'),
    *("_0j", "½", "ﬁ", "β₁ⱼXᵢⱼ", "γ01Wj", "·", "~", "r ~ N(0, s)\n", "x has been centered around the grand mean.\n"),
    *("Mixed Model\n", "y = g00 + u0 + r\n"),
]
ODD_LETTERS = "_0½ªﬁǰ´٣ᵢⱼ₀₁⁄ⅷ℃İßςβγijbuUG.·`'"
ODD_NAMES = ("ses", "r", "u0", "b0", "U_0j", "ses_ij", "IQ.ver", "x.", "cov", "cwc", "größe", "2nd", "level 1:", "a`b")

names = st.one_of(
    st.sampled_from(ODD_NAMES),
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), min_size=1, max_size=6),
)
columns = names.map(Column)
ref = st.one_of(names, st.integers(-99, 99), st.floats(-9, 9, allow_nan=False).filter(lambda ref: len(repr(ref)) < 18))


def product(factors: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(factors, min_size=1, max_size=2).map(lambda chosen: Product(tuple(chosen)))


def call(functions: list[str], argument: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(Call, st.sampled_from(functions), argument)


def factors(functions: list[str]) -> st.SearchStrategy:
    one_column = columns.map(lambda column: Product((column,)))
    categories = st.one_of(
        st.builds(Call, st.just("C"), one_column),
        st.builds(Call, st.just("C"), one_column, ref.map(lambda ref: (("ref", ref),))),
        st.builds(Call, st.just("C"), one_column, st.just((("coding", "sum"),))),
    )
    numeric = st.recursive(
        columns, lambda inner: call([*functions, "cgm", "scale", "log"], product(inner)), max_leaves=3
    )
    bases = st.one_of(
        st.builds(Call, st.just("poly"), product(numeric), st.just((("degree", 2), ("raw", True)))),
        st.builds(Call, st.just("poly"), product(numeric), st.integers(1, 5).map(lambda k: (("degree", k),))),
        st.builds(Call, st.just("bs"), product(numeric), st.just((("df", 4), ("degree", 2)))),
    )
    return st.one_of(numeric, categories, bases, call(["mean", "scale"], categories.map(lambda c: Product((c,)))))


@st.composite
def specs(draw: st.DrawFn) -> ModelSpec:
    """Specifications that texts can have, with effects known by position or by their letters."""
    coefficient, fixed, random = draw(st.permutations(["b", "delta", "w"]).map(lambda stems: (stems[0], "g", "u")))
    if draw(st.booleans()):
        fixed, random = "phi", "eta"
    k = draw(st.integers(1, 4))
    intercept = draw(st.booleans())
    level1 = tuple(
        Level1Term(f"{coefficient}{i}", Product() if i == 0 and intercept else draw(product(factors(["cwc", "mean"]))))
        for i in range(k)
    )
    level2 = []
    for i in range(k):
        only_random = i > 0 and draw(st.booleans())
        constant = i == 0 or draw(st.booleans())
        scaled = draw(st.lists(product(factors(["mean"])), min_size=0 if constant else 1, max_size=2))
        terms = ([Product()] if constant else []) + scaled
        effects = tuple(FixedTerm(f"{fixed}{i}{j}", expression) for j, expression in enumerate(terms))
        has_random = i == 0 or only_random or draw(st.booleans())
        deviation = (RandomEffect(f"{random}{i}"),) if has_random else ()
        level2.append(LevelEquation(f"{coefficient}{i}", () if only_random else effects, deviation))
    effects_u = [line.random for line in level2 if line.random is not None]
    block_of = {effect: draw(st.integers(0, 2)) for effect in effects_u}
    numbers = list(dict.fromkeys(block_of.values()))
    return ModelSpec(
        outcome=draw(columns),
        levels=(level1, tuple(level2)),
        groupings=(draw(st.one_of(st.none(), names)),),
        residual=draw(st.sampled_from(["r", "e", "z1"])),
        blocks_by_grouping=(
            tuple(tuple(effect for effect in effects_u if block_of[effect] == number) for number in numbers),
        ),
        offsets=tuple(draw(st.lists(product(columns), max_size=2))),
    )


@settings(database=None, deadline=None, max_examples=100)
@given(specs())
def test_levels_round_trip(spec):
    assert parse(render(spec, "levels")) == spec


@settings(database=None, deadline=None, max_examples=40)
@given(specs())
def test_every_form_can_be_written(spec):
    combined, latex, lme4 = (render(spec, form, "school") for form in ("combined", "latex", "lme4"))
    assert combined.endswith(f" + {spec.residual}")
    assert all(symbol in combined for symbol in spec.fixed + spec.random)
    assert latex.count(" &= ") == 1 + len(spec.level2)
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
