"""Statements about parameters: what may be written, and what it means."""

import numpy as np
import pytest

from bayeshlm.errors import OptionError
from bayeshlm.parameters.expressions import gradient_of, linear_weights, symbols, value_of
from bayeshlm.parameters.possible_values import possible_values
from bayeshlm.parameters.schema import Parameter, Schema
from bayeshlm.parameters.statements import read_statements

SCHEMA = Schema(
    (
        *(Parameter("gamma", label, (k,)) for k, label in enumerate(["g00", "g01", "g10[Black]", "g10[White]"])),
        *(Parameter("tau", label, (k,)) for k, label in enumerate(["u0", "u1"])),
        Parameter("sigma", "", ()),
        Parameter("corr", "u0,u1", (0, 1)),
        Parameter("cutpoint", "1|2", (0,)),
    )
)
VALUES = dict(zip(SCHEMA.labels, map(np.asarray, [3.0, -2.0, 0.5, 0.25, 1.5, 0.5, 2.0, -0.4, 0.7]), strict=True))

MEANINGS = [
    ("g01 < 0", "<", -2.0, 0.0),
    ("g01 <= 0", "<", -2.0, 0.0),
    ("g01 ≥ -1", ">", -2.0, -1.0),
    ("g00 - 2*g01 = 0", "=", 7.0, 0.0),
    ("g00 == g01", "=", 5.0, 0.0),
    ("g01 = g00 + 1", "=", -6.0, 0.0),
    ("tau[u1] > .5", ">", 0.5, 0.5),
    ("tau_u1 > .5", ">", 0.5, 0.5),
    ("τ[u_1j] > 1/2", ">", 0.5, 0.5),
    ("γ00 > 2e0", ">", 3.0, 2.0),
    ("tau2[u0]/(tau2[u0] + sigma2) > .1", ">", 2.25 / 6.25, 0.1),
    ("cov[u1, u0] < 0", "<", 1.5 * 0.5 * -0.4, 0.0),
    ("corr[u1,u0] > -exp(0)/2", ">", -0.4, -0.5),
    ("g10[Black] − g10[White]", "=", 0.25, 0.0),
    ("cutpoint[1|2] > 0", ">", 0.7, 0.0),
    ("abs(g01) > sqrt(4)", ">", 2.0, 2.0),
    ("-g01*-g00/2", "=", -3.0, 0.0),
    ("2 - 3 - g01 > 0", ">", 1.0, 0.0),
    ("g00/2/3 = 0", "=", 0.5, 0.0),
    ("log(sigma) - --g01 > 0", ">", np.log(2) + 2, 0.0),
]


@pytest.mark.parametrize(("text", "relation", "left", "value"), MEANINGS)
def test_what_a_statement_means(text, relation, left, value):
    (found,) = read_statements([text], SCHEMA)
    assert (found.relation, found.text) == (relation, text)
    assert float(value_of(found.expression, VALUES)) == pytest.approx(left)
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize("text", [text for text, *_ in MEANINGS])
def test_derivatives_are_those_of_small_differences(text):
    (found,) = read_statements([text], SCHEMA)
    step = 1e-6
    numeric = []
    for label in SCHEMA.labels:
        ends = [value_of(found.expression, VALUES | {label: VALUES[label] + sign * step}) for sign in (-1, 1)]
        numeric.append((ends[1] - ends[0]) / (2 * step))
    assert gradient_of(found.expression, VALUES, SCHEMA.labels) == pytest.approx(np.array(numeric, float), abs=1e-6)


def test_several_at_once():
    found = read_statements(["g00 > 1; g01 < 2\n", "corr[u0,u1] = 0"], SCHEMA)
    assert [one.text for one in found] == ["g00 > 1", "g01 < 2", "corr[u0,u1] = 0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no hypothesis"),
        ("g77 > 0", "there is no such parameter; there are g00, g01"),
        ("g10 > 0", r"write which of g10\[Black\], g10\[White\]"),
        ("g00 > g01 > 0", "one relation makes a hypothesis"),
        ("g00 g01", "an operator is missing"),
        ("g00 >", "a number or a parameter is missing"),
        ("(g00 + 1 > 0", "a parenthesis is not closed"),
        ("g00) > 1", "an operator is missing"),
        ("1 = 2", "there is no parameter on the left side"),
        ("1 > g00 - g00 and", "an operator is missing"),
        ("g00 ** 2 > 1", "a number or a parameter is missing"),
        ("g00 ^ 2 > 1", "this has no meaning"),
        ("__import__('os')", "this has no meaning"),
        ("sin(g00) > 0", "there is no such parameter"),
        ("exp g00", "there is no such parameter"),
        ("(" * 200 + "g00" + ")" * 200, "nested too deep"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(text, message):
    with pytest.raises(OptionError, match=message):
        read_statements([text], SCHEMA)


def test_the_caret_stands_under_the_character():
    with pytest.raises(OptionError) as caught:
        read_statements(["g00 + g77 > 0"], SCHEMA)
    assert str(caught.value).splitlines()[-2:] == ["    g00 + g77 > 0", "          ^^^"]


def test_what_is_no_text():
    with pytest.raises(OptionError, match="A hypothesis is a text such as"):
        read_statements([3], SCHEMA)


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("g00 - 2*g01 + 3", [1, -2, 3]),
        ("2*(g00 - g01/4)", [2, -0.5, 0]),
        ("g00*exp(0)/2 - g01*2", [0.5, -2, 0]),
        ("g00*g01", None),
        ("1/g00", None),
        ("abs(g00)", None),
        ("g00 + sigma", None),
    ],
)
def test_what_is_linear_in_fixed_effects(text, weights):
    (found,) = read_statements([text], SCHEMA)
    linear = linear_weights(found.expression, ["g00", "g01"])
    assert (None if linear is None else linear.tolist()) == weights


def test_each_parameter_once():
    (found,) = read_statements(["g00*g01 + tau2[u0] > g00"], SCHEMA)
    assert symbols(found.expression) == ("g00", "g01", "tau[u0]")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("tau[u0] = -1", "false whatever the data say: what is compared with -1 is at least 0"),
        ("corr[u0,u1] = 1.5", "false whatever the data say: what is compared with 1.5 is from -1 to 1"),
        ("corr[u0,u1] = -1.01", "false"),
        ("corr[u0,u1] < 1", "true"),
        ("corr[u0,u1] > 1", "false"),
        ("sigma < 0", "false"),
        ("sigma > 0", "true"),
        ("tau[u1] > -1", "true"),
        ("sigma2 = -0.5", "false"),
        ("tau[u0] + tau[u1] < -1", "false"),
        ("-2*tau[u0] = 1", "false whatever the data say: what is compared with 1 is at most 0"),
        ("-tau[u0] < 1", "true"),
        ("exp(g00) < 0", "false"),
        ("abs(g00) = -1", "false"),
        ("sqrt(sigma) = -1", "false"),
        ("corr[u0,u1]/2 = 1", "false"),
        ("1/tau[u0] < 0", "false"),
        ("tau2[u0]/sigma2 = -1", "false"),
        ("sigma - corr[u0,u1] < -1", "false"),
    ],
)
def test_what_parameters_cannot_be_is_refused(text, verdict):
    with pytest.raises(OptionError, match=verdict):
        read_statements([text], SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "tau[u0] = 0",
        "corr[u0,u1] = -1",
        "cov[u0,u1] = -3",
        "1/g00 = -2",
        "log(sigma) = -3",
        "sigma - tau[u0] = -9",
        "cutpoint[1|2] = -2",
        "abs(corr[u0,u1]) > .5",
        "1/(tau[u0] - 1) < 0",
        "exp(g00) = 1e-9",
        "corr[u0,u1] < -0.99",
    ],
)
def test_what_parameters_can_be_is_read(text):
    assert len(read_statements([text], SCHEMA)) == 1


def test_no_value_lies_beyond_what_is_possible():
    """10,000 parameters drawn from all that they can be, in each expression of the table of meanings."""
    rng = np.random.default_rng(3)
    drawn = {"real": rng.standard_cauchy, "positive": lambda n: rng.exponential(2, n)}
    drawn |= {"correlation": lambda n: rng.uniform(-1, 1, n)}
    supports = {one.label: one.support for one in SCHEMA.parameters}
    values = {label: drawn[support](10_000) for label, support in supports.items()}
    for text, *_ in MEANINGS:
        (found,) = read_statements([text], SCHEMA)
        low, high = possible_values(found.expression, supports)
        there = value_of(found.expression, values)
        assert np.all((there >= low) & (there <= high))
