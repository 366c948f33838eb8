"""What cannot be read of a formula: one error, that marks the place and says what to write."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bayeshlm.equations import parse, render
from bayeshlm.errors import EquationError

MARKED = [
    ("«s»(x) + (1 | g)", r"`s\(\)`: there are no smooth terms here: write poly\(x, 2\) or bs\(x, df=4\)"),
    ("«t2»(x, z) + (1 | g)", "no smooth terms"),
    ("«gp»(x) + (1 | g)", "no smooth terms"),
    ("«ns»(x, 3) + (1 | g)", "no smooth terms"),
    ("«mo»(x) + (1 | g)", "monotonic effects are not estimated"),
    ("«me»(x, se) + (1 | g)", "errors of measurement"),
    ("«mi»(x) + (1 | g)", "rows that miss it are left out"),
    ("«cs»(x) + (1 | g)", "differ between categories"),
    ("x + «arma»(time, g) + (1 | g)", "covariances of residuals"),
    ("x*«ar»(time, g) + (1 | g)", "a term of their own"),
    ("x + (1 | «gr»(g, by = z))", r"write the grouping column alone, \(1 \| g\)"),
    ("x + (1 | «mm»(g, h))", "several groups at once"),
    ("«model.matrix»(~ x) + (1 | g)", "write the column itself"),
    ("«tan»(x) + (1 | g)", "there is no function `tan`; the functions are cwc"),
    ("«x^2» + (1 | g)", r"`x\^2` is `x` in a formula: write I\(x\^2\)"),
    ("(x + z)^«a» + (1 | g)", "a power is a whole number"),
    ("I(x «+» 1) + (1 | g)", "multiplied here, not joined by `\\+`: make the column"),
    ("I(x «/» z) + (1 | g)", "joined by `/`"),
    ("I(x «-» z) + (1 | g)", r"write cwc\(x\) or cgm\(x\) to center"),
    ("I(x - ave(x, «h»)) + (1 | g)", "means over `h` are read where it is the only grouping"),
    ("ave(x, «g») + (1 | g) + (1 | h)", "the only grouping: make the column in the data"),
    ("«2» + x + (1 | g)", "a number in a formula is 1 or 0"),
    ("x + «2»*z + (1 | g)", "a number is no variable"),
    ("«.» + (1 | g)", "name the columns"),
    ("x «%in%» z + (1 | g)", "write a:b"),
    ("x - «z» + (1 | g)", "is no term before"),
    ('x + «"z"» + (1 | g)', "a column's name stands in backticks"),
    ("x «z» + (1 | g)", "a `\\+` or another sign is missing before `z`"),
    ("x + z «|» g", "stands in parentheses"),
    ("x«[»1] + (1 | g)", "brackets have no meaning"),
    ("x + «(1 | g | h)»", "a term of random effects has one bar"),
    ("«(»1 | g):x", "is added to the other terms"),
    ("x + «(0 + 1 - 1 | g»)", "no random effect stands before the bar"),
    ("x + (1 | «2»)", "a grouping column is missing behind the bar"),
    ("x + (1 | g) + «(1 + x | g)»", "has this random effect twice"),
    ("x + C(«poly(x, 2)») + (1 | g)", "`C` takes one column"),
    ("poly«»(x) + (1 | g)", "`poly` needs its degree"),
    ("log(x, «2») + (1 | g)", "`log` takes no options"),
    ("x + (1 | g), family = «tweedie»", "there is no family `tweedie`"),
    ("x + (1 | g), family = «nbinom1»", "there is no family `nbinom1`"),
    ("x + (1 | g), family = «Gamma»", "`inverse` in R, and `log` here"),
    ('x + (1 | g), family = «poisson("sqrt")»', r'no link `sqrt` of poisson here: write poisson\(link = "log"\)'),
    ("x + (1 | g), family = negbinomial(«theta» = 2)", "`theta` of a family is estimated"),
    ("x + (1 | g), «weights» = w", "`weights` is not read with a formula"),
    ("x + (1 | g), «poisson»", "arguments with their names"),
    ("x, random = «pdDiag»(~ 1)", "random effects are written"),
    ("x, random = list(«~» 1)", "random effects are written"),
    ("x, random = list(g = «pdIdent»(~ 1))", "pdDiag"),
    ("x, random = list(g = pdDiag(«x»))", r"write pdDiag\(~ 1 \+ x\)"),
    ("x, random = list(g = pdBlocked(«c»(~ 1)))", r"write pdBlocked\(list"),
    ("x, random = list(g = ~ 1«»", r"parenthesis of list\(\) is not closed"),
    ("x, random = ~ 1«»", "`| g` is missing"),
    ("x«» ", "no random effect, so this is an ordinary regression"),
    ("x + (1 | g) «~» z", "a formula has one `~`"),
    ("x + (1 | g)«)»", "the formula ends before this"),
    ("x + «€» + (1 | g)", "has no meaning in a formula"),
    ("x + «`»z + (1 | g)", "not closed on its line"),
]


@pytest.mark.parametrize(("marked", "says"), MARKED)
def test_errors_point_at_the_place(marked, says):
    marked = f"y ~ {marked}"
    start, end = marked.index("«"), marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(EquationError, match=says) as caught:
        parse(text, notation="formula")
    _, quoted, carets = str(caught.value).splitlines()[:3]
    assert quoted.strip() == text.strip()
    if end > start:
        shift = len(quoted) - len(quoted.lstrip())
        assert (carets.index("^") - shift, carets.count("^")) == (start, end - start)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("«log(»y) ~ x + (1 | g)", r"make a column of `log\(...\)` in the data first"),
        ("«cbind(s, f)» ~ x + (1 | g)", "is binomial: add `, family = binomial`"),
        ("«y | trials(n)» ~ x + (1 | g)", "is binomial: add `, family = binomial`"),
        ("y | «rate»(s) ~ x + (1 | g)", "only `y | trials"),
        ("y | trials(«0») ~ x + (1 | g)", "a whole number above 0"),
        ("cbind(s, n - «z») ~ x + (1 | g)", "the failures are those of `s`"),
        ("«factor(y, ordered = TRUE)» ~ x + (1 | g)", "add `, family = cumulative`"),
        ("cbind(s, f) ~ x + (1 | g), family = «poisson»", "is binomial, not poisson"),
    ],
)
def test_errors_left_of_the_tilde_and_of_families(text, says):
    start, end = text.index("«"), text.index("»") - 1
    text = text.replace("«", "").replace("»", "")
    with pytest.raises(EquationError, match=says) as caught:
        parse(text)
    carets = str(caught.value).splitlines()[2]
    assert (carets.index("^") - 4, carets.count("^")) == (start, end - start)


def test_errors_quote_the_line_of_several():
    with pytest.raises(EquationError, match="line 3: ") as caught:
        parse("y ~ x +\n  z +\n  s(w) + (1 | g)")
    assert "    s(w) + (1 | g)\n    ^" in str(caught.value)


PIECES = [
    "x",
    "z",
    "g",
    "0",
    "1",
    "2",
    "+",
    "-",
    "*",
    ":",
    "/",
    "^",
    "(",
    ")",
    "|",
    "||",
    "~",
    ",",
    "=",
    ".",
    "I(",
    "log(",
    "poly(",
    "C(",
    "offset(",
    "ave(",
    "cwc(",
    "(1|g)",
    "(x|g)",
    "`ab`",
    "family",
    "random",
    '"',
    "#",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
@example("I(x-")
@example("x + (x | g), random = ~ 1 | g, family = ")
def test_any_formula_ends_in_a_specification_or_an_equation_error(right):
    try:
        spec = parse(f"y ~ {right} + (1 | h)", notation="formula")
    except EquationError:
        return
    assert parse(render(spec)) == spec


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("y ~ " + "(" * 3000 + "x" + ")" * 3000, "nested more than 30 deep"),
        ("y ~ " + "log(" * 3000 + "x" + ")" * 3000, "nested more than 10 deep"),
        ("y ~ " + "*".join(f"x{k}" for k in range(40)) + " + (1 | g)", "more than 500 terms"),
        ("y ~ (" + "+".join(f"x{k}" for k in range(60)) + ")^9 + (1 | g)", "more than 500 terms"),
        ("y ~ " + " " * 90_000 + "x", "no random effect"),
        ("y ~ x" * 30_000, "up to 100,000 are read"),
        ("y ~ " + "+".join(f"x{k}" for k in range(14_000)), "no random effect"),
    ],
)
def test_long_formulas_end_soon(text, says):
    start = time.perf_counter()
    with pytest.raises(EquationError, match=says) as caught:
        parse(text)
    assert time.perf_counter() - start < 5
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize("term", ["I(w - mean(tapply(w, g, mean)))", "x:model.matrix(~ kind)[, -1, drop = FALSE]"])
def test_what_only_the_data_place_is_not_written_without_them(term):
    spec = parse(f"y ~ {term} + (1 | g)")
    for form in ("levels", "lme4", "latex"):
        with pytest.raises(EquationError, match="has its level from the data: make a Model of it"):
            render(spec, form)


UNITS = [
    ("I(w - mean(tapply(«x», g, mean)))", "means are those of the column itself"),
    ("I(w - mean(tapply(w, g, «median»)))", "write tapply"),
    ("I(w - mean(tapply(w, «factor»(g), mean)))", "interaction"),
    ("I((w - mean(tapply(w, g, mean))) / «z»)", "write sd"),
    ("«model.matrix»(~ kind)[, 2]", "matrices are not read"),
]


@pytest.mark.parametrize(("marked", "says"), UNITS)
def test_means_of_units_that_are_not_read(marked, says):
    with pytest.raises(EquationError, match=says) as caught:
        parse(f"y ~ {marked.replace('«', '').replace('»', '')} + (1 | g)")
    assert "^" in str(caught.value)
