import pytest

from bayeshlm.equations import quote
from bayeshlm.equations.tokens import is_plain_name, line_number, tokenize


def values(text):
    return [[token.value for token in line] for line in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y=b0+r", [["y", "=", "b0", "+", "r"]]),
        ("y = b0\n\n# a comment\n  + r", [["y", "=", "b0", "+", "r"]]),
        ("y = b0 + # then\nr", [["y", "=", "b0", "+", "r"]]),
        ("y =\nb0*\nx", [["y", "=", "b0", "*", "x"]]),
        ("y = b1\n* x", [["y", "=", "b1", "*", "x"]]),
        ("y = b1*cwc(\nx\n)", [["y", "=", "b1", "*", "cwc", "(", "x", ")"]]),
        ("y = b0; b0 = u0;;", [["y", "=", "b0"], ["b0", "=", "u0"]]),
        ("y = b0\r\nb0 = u0\r", [["y", "=", "b0"], ["b0", "=", "u0"]]),
        ("\ufeffy\t=\u00a0b0", [["y", "=", "b0"]]),
        ("Level 1: y = b0; LEVEL-2 model (schools):\nb0 = u0", [["y", "=", "b0"], ["b0", "=", "u0"]]),
        ("level2: b0 = u0", [["b0", "=", "u0"]]),
        ("Level1 = b0", [["Level1", "=", "b0"]]),
        ("IQ.ver.cen * `IQ; #1` * `a``b`", [["IQ.ver.cen", "*", "IQ; #1", "*", "a`b"]]),
        ("Größe * 身長 * café * x₁", [["Größe", "*", "身長", "*", "café", "*", "x₁"]]),
        ("C(x, ref=\"it's\") 'a\"b' 'c''d'", [["C", "(", "x", ",", "ref", "=", "it's", ")", 'a"b', "c'd"]]),
        ("12 3.5 1e-3 .5", [["12", "3.5", "1e-3", ".5"]]),
        ("", []),
        (" \n# only\n;\n", []),
    ],
)
def test_logical_lines(text, expected):
    assert values(text) == expected


def test_tokens_know_where_they_stand():
    text = "y = b0 +\n `odd name`*x"
    assert [text[slice(*token.span)] for line in tokenize(text) for token in line] == [
        "y", "=", "b0", "+", "`odd name`", "*", "x",
    ]  # fmt: skip


def test_a_backticked_name_is_a_column():
    assert [token.kind for line in tokenize("`u1` u1 'u1'") for token in line] == ["column", "name", "string"]


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("y = b0 + r", (4, 6), ["    y = b0 + r", "        ^^"]),
        ("a = b\n   y = b0 + r\nc", (13, 15), ["    y = b0 + r", "        ^^"]),
        ("y = b0", (6, 7), ["    y = b0", "          ^"]),
        ("y =\tb0", (4, 6), ["    y = b0", "        ^^"]),
        ("身長 = b0", (5, 7), ["    身長 = b0", "           ^^"]),
        ("e\u0301 = b0", (5, 7), ["    e\u0301 = b0", "        ^^"]),
        ("x\u0338 = b0", (5, 7), ["    x\u0338 = b0", "        ^^"]),
        ("y = 身長 + r", (4, 6), ["    y = 身長 + r", "        ^^^^"]),
        ("y = e\u0301t\u0338 + r", (4, 8), ["    y = e\u0301t\u0338 + r", "        ^^"]),
        ("y = b0\r\nb0 = u0", (4, 12), ["    y = b0", "        ^^"]),
        ("", (0, 0), ["", "    ^"]),
        ("y = b0", (99, 120), ["    y = b0", "          ^"]),
    ],
)
def test_quote(text, span, expected):
    assert quote(text, span).split("\n") == expected


def test_quote_cuts_a_long_line_around_the_place():
    text = "a" * 500 + "!" + "b" * 500
    line, carets = quote(text, (500, 501)).split("\n")
    assert line[carets.index("^")] == "!"
    assert len(line) < 130


@pytest.mark.parametrize(("offset", "number"), [(0, 1), (2, 2), (5, 3), (7, 4)])
def test_line_number_counts_every_kind_of_newline(offset, number):
    assert line_number("a\nb\r\nc\rd", (offset, offset)) == number


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        *((name, True) for name in ("ses", "IQ.ver", "_x", "é", "x₁")),
        *((name, False) for name in ("2x", "a b", "x²", "a.", "", "a-b")),
    ],
)
def test_plain_names(name, plain):
    assert is_plain_name(name) is plain
