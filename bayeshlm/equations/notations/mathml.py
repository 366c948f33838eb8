"""ModelSpec -> MathML: the level equations and the distributions, as a browser sets them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from bayeshlm.equations.notations.typeset import Notation, without_unit
from bayeshlm.equations.product import Option
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.symbols import GREEK, stem
from bayeshlm.equations.written_out import split_symbol

_GREEK = {name: letter for letter, name in GREEK.items()}
_LETTERS = {"b": "β", "g": "γ"} | _GREEK
_BAR = "border-top:0.06em solid;padding-top:0.15em"  # browsers do not stretch an accent over a name


def to_mathml(spec: ModelSpec, alttext: str = "") -> str:
    """Write a specification as one ``math`` element with an equation a row; names from the data are escaped.

    Parameters
    ----------
    spec : ModelSpec
        What the equations say.
    alttext : str
        The equations in words, for readers that do not know MathML.

    Returns
    -------
    str
        Level 1, level 2, then the distributions of u, by blocks, and of r, as `to_latex` has them.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> text = to_mathml(parse("math = b0 + r; b0 = g00 + u0"))
    >>> text.count("<mtr>"), "<msub><mi>γ</mi><mn>00</mn></msub>" in text
    (4, True)
    """
    rows = "".join(_MathML().rows(spec))
    alternative = f' alttext="{escape(alttext)}"' if alttext else ""
    opening = f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"{alternative}>'
    return f'{opening}<mtable displaystyle="true" columnalign="right center left">{rows}</mtable></math>'


def _bold(letter: str) -> str:
    return f'<mtext style="font-weight:bold">{letter}</mtext>'


class _MathML(Notation):
    SPACE, PLUS, MINUS = '<mspace width="0.17em"></mspace>', "<mo>+</mo>", "<mo>−</mo>"
    EQUALS, DISTRIBUTED, MORE = "=", "∼", '<mo form="infix">+</mo>'
    ZERO, ZEROS, G = "<mn>0</mn>", _bold("0"), _bold("G")

    def symbol(self, symbol: str, unit: str) -> str:
        symbol, label = split_symbol(symbol)
        letters = stem(symbol)
        name = f"<mi>{escape(_LETTERS.get(letters, letters))}</mi>"
        return _subscripted(name, symbol[len(letters) :], unit, label)

    def text(self, text: str) -> str:
        return f"<mtext>{_plain(text)}</mtext>"

    def column(self, name: str, unit: str) -> str:
        return _subscripted(self.text(without_unit(name)), "", unit)

    def option(self, name: str, value: Option) -> str:
        return f"{name} = {value}"

    def of_units(self, grouping: str, unit: str) -> str:
        units = "".join(f"<mi>{letter}</mi>" for letter in unit)
        return f'<mspace width="1em"></mspace>{self.text(f"for {grouping} ")}{units}'

    def subscripted(self, base: str, subscript: str) -> str:
        return _subscripted(base, "", subscript)

    def bar(self, inner: str) -> str:
        return f'<mrow style="{_BAR}">{inner}</mrow>'

    def indicator(self, column: str, level: str) -> str:
        return _bold("1") + self.fenced(f"{column}<mo>=</mo>{self.text(level)}")

    def part(self, inner: str, column: str) -> str:
        return f"<msub><mrow>{inner}</mrow><mtext>[{escape(column)}]</mtext></msub>"

    def called(self, function: str, inner: str, options: Sequence[str]) -> str:
        if function == "sqrt":
            return f"<msqrt><mrow>{inner}</mrow></msqrt>"
        more = "".join(f"<mo>,</mo><mtext> {escape(option)}</mtext>" for option in options)
        return f"<mi>{escape(function)}</mi>{self.fenced(inner + more)}"

    def listed(self, parts: Sequence[str]) -> str:
        return "<mo>,</mo>".join(f"<mn>{part}</mn>" if part.isdigit() else part for part in parts)

    def fenced(self, inner: str) -> str:
        return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>"

    def variance(self, letter: str, subscript: str) -> str:
        letter = f"<mi>{_GREEK[letter]}</mi>"
        if not subscript:
            return f"<msup>{letter}<mn>2</mn></msup>"
        symbol, label = split_symbol(subscript)
        return f"<msubsup>{letter}<mrow><mi>{escape(symbol)}</mi>{_bracketed(label)}</mrow><mn>2</mn></msubsup>"

    def squared(self, inner: str) -> str:
        return f"<msup><mrow>{inner}</mrow><mn>2</mn></msup>"

    def normal(self, mean: str, variance: str) -> str:
        return f"<mi>N</mi>{self.fenced(f'{mean}<mo>,</mo>{variance}')}"

    def vector(self, symbols: Sequence[str]) -> str:
        return self.fenced(f"<mtable>{''.join(f'<mtr><mtd>{symbol}</mtd></mtr>' for symbol in symbols)}</mtable>")

    def row(self, left: str, relation: str, right: str) -> str:
        cells = (
            f'<mtd style="text-align:right;text-align:-webkit-right">{left}</mtd>',
            f'<mtd><mo form="infix">{relation}</mo></mtd>',
            f'<mtd style="text-align:left;text-align:-webkit-left">{right}</mtd>',
        )
        return f"<mtr>{''.join(cells)}</mtr>"


def _subscripted(base: str, digits: str, unit: str, label: str = "") -> str:
    parts = [f"<mn>{digits}</mn>"] if digits else []
    parts += [_bracketed(label)] if label else []
    pieces = list(unit) if any(map(str.isalpha, unit)) else [unit] if unit else []
    tags = ["mi" if piece.isalpha() else "mn" if piece.isdigit() else "mo" for piece in pieces]
    parts += [f"<{tag}>{piece}</{tag}>" for tag, piece in zip(tags, pieces, strict=True)]
    if not parts:
        return base
    subscript = parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"
    return f"<msub>{base}{subscript}</msub>"


def _bracketed(label: str) -> str:
    return f"<mtext>[{_plain(label)}]</mtext>" if label else ""


def _plain(text: str) -> str:
    return escape(re.sub(r"\s", "\N{NO-BREAK SPACE}", text))
