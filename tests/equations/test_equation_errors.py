"""Error texts: « and » stand around what the caret must mark; « alone marks the place behind the line."""

import pytest

from bayeshlm.equations import parse
from bayeshlm.errors import EquationError, HLMError

B0 = "\nb0 = g00 + u0"
B1 = B0 + "\nb1 = g10"
B2 = "y = b0 + b1*x + b2*z + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2\n"

MALFORMED = [
    # a sign, a product, a parenthesis
    (f"y = b0 + b1 «r»{B1}", "put `*` between b1 and r: `b1*r`, or `+`"),
    (f"y = b0 + b1*x + r{B0} + g01*w «z»", "put `*`"),
    ("y = b0 + r\nb0 = g00 «u0»", "`g00*u0`, or `+`"),
    (f"y = b0 + slope «x» + r{B0}\nslope = g10", "`slope*x`"),
    (f"y = b0 + b1*x «cwc»(x) + r{B1}", "`b1*x*cwc(...)`"),
    (f"y = b0 + b1*cwc(x) «z» + r{B1}", "`b1*cwc(x)*z`"),
    (f"y = b0 + b1*cwc(x «z») + r{B1}", "`x*z`"),
    (f"y = b0 + b1*x «`odd x`» + r{B1}", "`b1*x*`odd x``"),
    (f"y = b0 + b1*x «-» r{B1}", "write `+`"),
    (f"y = b0 + b1*x − r{B1}".replace("−", "«−»"), "write `+`"),
    (f"y = «-»b0 + r{B0}", "write `+`"),
    (f"y = b0 + b1*x«^»2 + r{B1}", "write `x*x` or `poly(x, 2)`"),
    (f"y = b0 + b1*x«**»2 + r{B1}", "write `x*x` or `poly(x, 2)`"),
    (f"y = b0 + b1*x«²» + r{B1}", "write `x*x` or `poly(x, 2)`"),
    (f"y = b0 + b1*x* «*»z + r{B1}", "write `x*x`"),
    (f"y = b0 + b1*x«:»z + r{B1}", "write a product with `*`"),
    (f"y = b0 + b1*x«/»2 + r{B1}", "in the data first"),
    (f"y = b0 + b1*«(»x - m) + r{B1}", "cwc(x) or cgm(x) to center"),
    (f"y = b0 + slope«(»x) + r{B1}", "put `*` between slope and what follows"),
    (f"y = b0 + «(»g10 + u1)*x + r{B1}", "one line for each coefficient"),
    (f"y = b0 + b1*x«)» + r{B1}", "not opened"),
    (f"y = b0 + b1*cwc«(»x + r{B1}".replace(" + r", ""), "not closed"),
    (f"y = b0 + b1*cwc(x «+» z) + r{B1}", "takes a product, not a sum"),
    (f"y = b0 «+» + r{B1}".replace("«+» +", "+ «+»"), "one `+` too many"),
    ("y = b0 +«\n", "ends too early"),
    ("y = b0 + b1*«", "missing at the end"),
    (f"y = b0 «=» 3{B1}", "an equation has one `=`"),
    (f"y = b0 + «3»*x + r{B0}", "begins with a symbol"),
    (f"y = b0 + b1*«3» + r{B1}", "here a column is needed"),
    (f"y = b0 + b1 «3» + r{B1}", "needs no number"),
    (f"y = b0 + r{B0}\nb1 = «0»", "a coefficient that is zero is left out"),
    (f"y = b0 + b1*«2nd» + r{B1}", "write `2nd` in backticks"),
    (f"y = b0 + b1*«'x'» + r{B1}", "write `x`"),
    (f"y = b0 + b1*«`»x + r{B1}", "not closed on its line"),
    (f"y = b0 + b1*«`»` + r{B1}", "holds nothing"),
    (f"y = b0 + «`x`»*b1 + r{B1}", "begins with its coefficient: `b1*`x``"),
    (f"y = b0 + «x»*b1 + r{B1}", "write `b1*x`"),
    (f"y = b0 + «cwc»(x) + r{B1}", "`b1*cwc(...)`"),
    (f"y = b0 + «{{»b1}}*x + r{B1}", "a meaning in LaTeX alone"),
    (f"y = b0 + b1*x + r{B0} «?»".replace(" «?»", "«?»"), "the character ?"),
    (f"y = b0\u2028«\x07»{B0}", "U+0007"),
    # the left side
    (f"«log(»y) = b0 + r{B0}", "make a column of `log(...)` in the data first"),
    (f"y «~» b0 + r{B0}", "`=`, not the `~` of R"),
    (f"y = b0 + r{B0}\nsector«", "`=` is missing behind `sector`"),
    (f"«2» = b0 + r{B0}", "a line begins with the outcome or a coefficient"),
    (f"y = b0 + r{B0}\nb1«[»school] = g10", "the group stands behind the random effect"),
    ("«Level 0:» y = b0 + r", "there is no level 0"),
    # functions and options
    (f"y = b0 + b1*«cwcc»(x) + r{B1}", "did you mean `cwc`?"),
    (f"y = b0 + b1*«CWC»(x) + r{B1}", "did you mean `cwc`?"),
    (f"y = b0 + b1*«factor»(x) + r{B1}", "did you mean `C`?"),
    (f"y = b0 + b1*«__import__»(x) + r{B1}", "the functions are cwc, cgm, mean, scale, log"),
    (f"y = b0 + b1*cwc(«)» + r{B1}", "write cwc(x)"),
    (f"y = b0 + b1*cwc(x, «2») + r{B1}", "takes no options"),
    (f"y = b0 + b1*C(x«*»z) + r{B1}".replace("x«*»z", "x*«z»"), "takes one column"),
    (f"y = b0 + b1*C(«log(x)») + r{B1}", "takes one column"),
    (f"y = b0 + b1*C(x, «Public») + r{B1}", 'ref="Public"'),
    (f"y = b0 + b1*C(x, «ref=Public») + r{B1}", 'ref="Public"'),
    (f'y = b0 + b1*C(x, ref="a", «sum») + r{B1}', "exclude each other"),
    (f"y = b0 + b1*C(x, «levels=3») + r{B1}", "has no such option"),
    (f"y = b0 + b1*C(x, «base=Public») + r{B1}", "has no such option"),
    (f"y = b0 + b1*«poly»(x) + r{B1}", "needs its degree"),
    (f"y = b0 + b1*poly(x, «0») + r{B1}", "whole number from 1"),
    (f"y = b0 + b1*poly(x, «2.5») + r{B1}", "whole number from 1"),
    (f"y = b0 + b1*poly(x, 2, «degree=3») + r{B1}", "given twice"),
    (f"y = b0 + b1*poly(x, «{'9' * 30}») + r{B1}", "too long"),
    (f"y = b0 + b1*poly(x, «1e999») + r{B1}", "too long or too large"),
    (f"y = b0 + b1*poly(x, 2«», ) + r{B1}".replace("«», )", ", «)»"), "an option is missing"),
    (f"y = b0 + b1*«bs»(x, df=2) + r{B1}", "a df of at least 3"),
    (f"y = b0 + b1*log(«poly(x, 2)») + r{B1}", "stands for several columns"),
    (f"y = b0 + b1*log(«C(x)») + r{B1}", "stands for several columns"),
    (f"y = b0 + b1*mean(C(x)*«C(z)») + r{B1}", "stands for several columns"),
    (f"y = b0 + b1*{'log(' * 10}«log»(x{')' * 11} + r{B1}", "nested more than 10 deep"),
    (f"y = b0 + b1*«offset»(x) + r{B1}", "without a coefficient"),
    (f"y = b0 + offset(x)«*»z + r{B1}", "without a coefficient"),
    # brackets and covariances
    ("y = b0 + r\nb0 = g00 + u0[«]»", "grouping column is missing"),
    ("y = b0 + r\nb0 = g00 + u0[school«:»class]".replace("«:»class", " «class»"), "one grouping column"),
    ("y = b0 + r[«school»]\nb0 = g00 + u0", "only a random effect names its group"),
    ("y = b0 + r\nb0 = g00[«school»] + u0", "only a random effect names its group"),
    (f"{B2}cov(u0, u1) = «0.5»", "can only be set to 0"),
    (f"{B2}cov(u0, u1)«", "`= 0` is missing"),
    (f"{B2}«cov(u0)» = 0", "two or more"),
    (f"{B2}cov(u0, «») = 0".replace("«»)", "«)»"), "a random effect is missing"),
    (f"{B2}cov(u0, «u7») = 0", "they are `u0`, `u1`, `u2`"),
    (f"{B2}cov(u0, «u0») = 0", "stands twice"),
    (f"{B2}«cov(u0, u2) = 0»", "zero covariances must leave blocks"),
]

CONTRADICTORY = [
    # which line is level 1
    ("y = «b0» + b1*x + r", "add `b0 = g00 + u0`"),
    (f"y = b0 + r{B0}\n«z» = b0 + e", "`z` and `y` both stand as outcome"),
    (f"`y` = b0 + r{B0}\n«`z`» = b0 + e", "`z` and `y` both stand as outcome"),
    ("«a» = b + r\nb = a + u", "put backticks around the outcome"),
    (f"y = b0 + «b1»*x + r{B0}", "add `b1 = g10` or `b1 = g10 + u1`"),
    (f"y = b0 + r{B0}\n«b1» = g10 + u1", "not a coefficient of level 1: add `b1*x` there or drop this line"),
    (f"y = b0 + r{B0}\n«b_0j» = g10 + u1", "`b0` has two lines"),
    # the residual
    ("y = b0 + b1*x«\nb0 = g00 + u0\nb1 = g10", "add `+ r`"),
    (f"y = b0«{B0}", "add `+ r`"),
    ("y = b0 + r + b1*x«\nb0 = g00 + u0\nb1 = g10", "move `r` to the end"),
    (f"y = b0 + «y»{B0}", "the outcome and cannot be the residual too: name the residual `r`"),
    (f"r = b0 + «r»{B0}", "the outcome and cannot be the residual too: name the residual `e`"),
    ("«y = r»\nb0 = g00 + u0", "level 1 has no coefficient"),
    # intercepts and random effects
    (f"y = b0 + «b1» + r{B1}", "level 1 has one intercept: multiply `b1`"),
    ("y = b0 + r\nb0 = g00 + «h01» + u0", "a line has one intercept"),
    ("y = b0 + r\nb0 = g01*x + «g00»", "write the intercept first"),
    ("y = b0 + r\nb0 = g01*x + «γ_00»", "write the intercept first"),
    ("y = b0 + r\nb0 = «u0» + g01*x", "move `u0` behind the last term"),
    ("y = b0 + r\nb0 = g00«", "an ordinary regression"),
    ("y = b0 + r\nb0 = «u0»", "no fixed effect: write `b0 = g00 + u0`"),
    # a symbol has one use
    (f"y = b0 + b1*x + «b0»*z + r{B1}", "`b0` stands twice as a coefficient of level 1"),
    ("y = b0 + e\nb0 = g00 + «e»", "as a random effect, elsewhere as the residual"),
    ("y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10 + «u0»", "`u0` stands twice as a random effect"),
    ("y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = «γ_00» + u1", "`g00` stands twice as a fixed effect"),
    ("y = b0 + r\nb0 = g00 + g01*w + «g01»*z + u0", "`g01` stands twice as a fixed effect"),
    ("y = b0 + b1*x + r\nb0 = g00 + «b1»\nb1 = g10 + u1", "elsewhere as a coefficient of level 1"),
    ("y = b0 + r\nb0 = g00 + «sigma»", "the name of a prior"),
    ("y = b0 + r\nb0 = «corr» + u0", "the name of a prior"),
    ("y = b0 + r\nb0 = g00 + «τ_u0»", "the name of a prior"),
    # levels
    ("y = b0 + r\nb0 = g00 + g01*«cwc(ses)» + u0", "cwc(x) is zero here"),
    ("y = b0 + r\nb0 = g00 + g01*log(«cwc(ses)») + u0", "cwc(x) is zero here"),
    ("y = b0 + r\nb0 = g00 + «offset(w)» + u0", "offset(x) stands in level 1 only"),
]

TWO = "y = b0 + b1*x + r\nb0 = g00 + u0[a] + v0[b]\nb1 = g10 + u1[a]\n"
THREE = "y = p0 + p1*x + e\np0 = b00 + r0\np1 = b10\n"
CROSSED = "y = b0 + r\nb0 = g00 + u0[a] + v0[b]\n"

MORE_LEVELS = [
    # lines
    (f"{THREE}b00 = g000 + u00\n«b00» = g000 + u00", "`b00` has two lines"),
    (f"{THREE}b00 = g000 + u00\n«c00» = d0 + v", "not a coefficient of level 1: add `c00*x` there or drop"),
    (f"{THREE}b00 = g000 + u00\n«c0» = d0 + v\nd0 = c0 + w", "nor does it stand in the line of one"),
    (
        f"{THREE}b00 = g000 + «b10»*w + u00\nb10 = g100",
        "stands here in the line of `b00`, elsewhere in the line of `p1`",
    ),
    (f"{THREE}b00 = g000 + «b00»*w + u00", "stands here in the line of `b00`, elsewhere in the line of `p0`"),
    (f"{THREE}b00 = g000 + «p1»*w + u00", "elsewhere as a coefficient of level 1"),
    ("y = p0 + e\np0 = b01*w + «b02»\nb01 = g010 + u01", "write the intercept first"),
    ("y = p0 + e\np0 = b00 + r0\nb00 = g000 + «r0»", "`r0` stands twice as a random effect"),
    ("y = p0 + e\np0 = b00 + r0\nb00 = g000 + «e»", "elsewhere as the residual"),
    ("y = p0 + e\np0 = b00 + r0\nb00 = «sigma» + u00", "the name of a prior"),
    ("y = p0 + e\np0 = b00 + r0[c]\nb00 = «u00[s]» + v00[t]", "`b00 = g00 + u00[s] + v00[t]`"),
    # levels without units
    ("y = p0 + e\np0 = b00 + b01*w«\nb00 = g000 + u00", "no line of level 2 has a random effect"),
    ("y = p0 + e\np0 = b00 + r0\nb00 = c0«\nc0 = g000 + u00", "no line of level 3 has a random effect"),
    ("y = p0 + e\np0 = b00 + r0\nb00 = g000«", "or put the right side of the line of `b00` in place of `b00`"),
    ("y = p0 + p1*x + e\np0 = b00\np1 = b10 + «r1»[a]\nb00 = g000 + u00[a]", "no units of its own"),
    # names of groupings
    (f"{TWO}".replace("u1[a]", "«u1»"), "`u1` names no grouping, but `u0[a]` of the same level does: write `u1[a]`"),
    ("y = p0 + p1*x + e\np0 = b00 + «r0»\np1 = b10 + r1[a]\nb00 = g + u", "write `r0[a]`"),
    ("y = b0 + b1*x + r\nb0 = g00 + u0[a]\nb1 = g10 + «u0»[b]", "`u0` stands for two groupings"),
    ("y = b0 + r\nb0 = g00 + u0[a] + «u0»[a]", "`u0` stands twice as a random effect"),
    ("y = b0 + r\nb0 = g00 + u0[a] + «v0»[a]", "`v0` and `u0` are deviations of the same coefficient"),
    (
        "y = p0 + p1*x + e\np0 = b00 + r0[a]\np1 = b10 + r1[c]\nb00 = g000 + «u00»[a]",
        "`u00` and `r0` are deviations of the same coefficient",
    ),
    ("y = b0 + r\nb0 = g00 + «u0» + v0[b]", "several random effects name their groupings, `u0[school]`"),
    ("y = b0 + r\nb0 = g00 + «u0»[a] + v0", "several random effects name their groupings, `v0[school]`"),
    ("y = b0 + r\nb0 = g00 + u0[a:«]»", "grouping column is missing"),
    ("y = b0 + r\nb0 = g00 + u0[a:`«b:c»`]".replace("`«b:c»`", "«`b:c`»"), "no `:` in its name"),
    ("y = b0 + r\nb0 = g00 + u0[a«/»b]", "division is not read"),
    ("y = b0 + r\nb0 = g00" + "".join(f"\n+ v{i}[b{i}]" for i in range(17)) + "\n+ «v17»[c]", "up to 17 are read"),
    # covariances
    (f"{TWO}cov(u0, «v0») = 0", "`u0` and `v0` vary over different groupings and are independent anyway"),
    (f"{TWO}cov(u0, u1, «v0») = 0", "leave `v0` out, or this line"),
    (f"{TWO}«u0, v0 ~ N(0, G)»", "of random effects"),
    # means of which units
    (f"{CROSSED}".replace("b0 + r", "b0 + b1*«cwc(x)» + r\nb1 = g10"), "those of `a` or `b`"),
    (f"{CROSSED}".replace("b0 + r", "b0 + offset(«mean(x)») + r"), "those of `a` or `b`"),
    (f"{CROSSED}".replace("g00", "g00 + g01*log(«mean(x)»)"), "those of `a` or `b`"),
    (f"{CROSSED}".replace("g00", "g00 + g01*«cwc(x)»"), "cwc(x) is zero here: in a level-2 line"),
    (f"{THREE}b00 = g000 + g001*«cwc(w)» + u00", "cwc(x) is zero here: in a level-3 line"),
    (f"{THREE}b00 = g000 + u00".replace("b00 + r0", "b00 + b01*mean(«cwc(w)») + r0"), "in mean(...)"),
    (f"{THREE}b00 = g000 + «offset(w)» + u00", "offset(x) stands in level 1 only"),
]


@pytest.mark.parametrize(("marked", "says"), MALFORMED + CONTRADICTORY + MORE_LEVELS)
def test_error_says_what_to_write_and_marks_the_place(marked, says):
    start, end = marked.index("«"), marked.find("»") - 1
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(EquationError) as caught:
        parse(text)
    first, quoted, carets = str(caught.value).split("\n")[:3]
    line_start = text.rfind("\n", 0, start) + 1
    assert says in first
    assert first.startswith(f"line {text.count('\n', 0, start) + 1}: ")
    assert (
        quoted.strip()
        == "".join(char if char.isprintable() else " " for char in text[line_start:].split("\n")[0]).strip()
    )
    assert carets.strip(" ") == "^" * max(end - start, 1)
    assert carets.index("^") - 4 == start - line_start


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10 + u0", "line 2:\n    b0 = g00 + u0\n               ^^"),
        ("y = b0 + r\nb0 = g00 + u0\nb0 = g10", "line 2:\n    b0 = g00 + u0\n    ^^"),
        ("y = b0 + e\nb0 = g00 + e", "line 1:\n    y = b0 + e\n             ^"),
        ("y = b0 + r\nb0 = g00 + u0[a] + v0[a]", "line 2:\n    b0 = g00 + u0[a] + v0[a]\n               ^^"),
        (
            "y = b0 + b1*x + r\nb0 = g00 + u0[a] + v0[b]\nb1 = u1",
            "line 2:\n    b0 = g00 + u0[a] + v0[b]\n               ^^",
        ),
    ],
)
def test_a_symbol_with_two_uses_is_quoted_at_both_places(text, first):
    with pytest.raises(EquationError) as caught:
        parse(text)
    assert str(caught.value).endswith(f"the other place, {first}")


@pytest.mark.parametrize("text", ["", " \n\t", "# a comment\n;;", "\ufeff", "Level 1:\nLevel 2:"])
def test_a_text_without_an_equation_gets_an_example(text):
    with pytest.raises(EquationError, match=r"(?s)holds no equation.*b0 = g00 \+ u0"):
        parse(text)


def test_only_text_is_read():
    with pytest.raises(HLMError, match="not int"):
        parse(3)  # type: ignore[arg-type]
