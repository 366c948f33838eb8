r"""ModelSpec -> LaTeX: the level equations and the distributions, as a paper prints them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bayeshlm.equations.functions import FUNCTIONS
from bayeshlm.equations.notations.latex_text import NO_GROUPING, escape
from bayeshlm.equations.notations.typeset import Notation
from bayeshlm.equations.product import Option
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.symbols import GREEK, UNITS, canonical, is_usual, stem
from bayeshlm.equations.tokens import is_plain_name
from bayeshlm.equations.written_out import split_symbol

_SHORT = {"b": r"\beta", "g": r"\gamma"}
_ITALIC = re.compile(rf"([A-Za-z][A-Za-z0-9]*)_({UNITS})")


def to_latex(spec: ModelSpec) -> str:
    r"""Write a specification as an ``aligned`` environment (amsmath).

    Parameters
    ----------
    spec : ModelSpec
        What the equations say; written out, as `bayeshlm.design.expanded` does, where it has categories.

    Returns
    -------
    str
        Level 1, level 2, then :math:`u_j \sim N(0, G)`, by blocks, and :math:`r_{ij} \sim N(0, \sigma^2)`.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> print(to_latex(parse("math = b0 + r; b0 = g00 + u0")))
    \begin{aligned}
    \text{math}_{ij} &= \beta_{0j} + r_{ij} \\
    \beta_{0j} &= \gamma_{00} + u_{0j} \\
    u_{0j} &\sim N(0, \tau_{u0}^{2}) \\
    r_{ij} &\sim N(0, \sigma^{2})
    \end{aligned}
    """
    return "\\begin{aligned}\n" + " \\\\\n".join(_Latex(spec).rows(spec)) + "\n\\end{aligned}"


class _Latex(Notation):
    SPACE, PLUS, MINUS = r" \, ", " + ", " - "
    EQUALS, DISTRIBUTED, MORE = "= ", r"\sim ", r"\quad + "
    ZERO, ZEROS, G = "0", r"\mathbf{0}", r"\mathbf{G}"

    def __init__(self, spec: ModelSpec) -> None:
        self._symbols = {*spec.paths, spec.residual, *spec.distribution.symbols}

    def symbol(self, symbol: str, unit: str) -> str:
        symbol, label = split_symbol(symbol)
        letters = stem(symbol)
        subscript = symbol[len(letters) :] + _bracketed(label) + unit
        if letters in GREEK.values() and letters != "omicron":
            name = f"\\{letters}"
        else:
            short = letters if len(letters) == 1 and letters.isalpha() else rf"\mathrm{{{escape(letters)}}}"
            name = _SHORT.get(letters, short)
        return self.subscripted(name, subscript)

    def text(self, text: str) -> str:
        return rf"\text{{{escape(text)}}}"

    def column(self, name: str, unit: str) -> str:
        """In text is the whole name of a column, in italics one that has its unit in its name."""
        match = _ITALIC.fullmatch(name)
        if match and unit in ("", match[2]) and not is_usual(canonical(name)) and canonical(name) not in self._symbols:
            return rf"\mathit{{{match[1]}}}_{{{match[2]}}}"
        as_it_stands = name != name.strip() or name.startswith("(") or name in (*FUNCTIONS, "ln")
        return self.subscripted(rf"\text{{{{{escape(name)}}}}}" if as_it_stands else self.text(name), unit)

    def option(self, name: str, value: Option) -> str:
        return f"{name} = ``{value}''" if isinstance(value, str) and name != "coding" else f"{name} = {value}"

    def of_units(self, grouping: str, unit: str) -> str:
        if is_plain_name(grouping) and grouping not in NO_GROUPING:
            return rf" \quad \text{{for {escape(grouping)} }} {unit}"
        return rf" \quad \text{{for }} \text{{{{{escape(grouping)}}}}} \ {unit}"

    def subscripted(self, base: str, subscript: str) -> str:
        return f"{base}_{{{subscript.replace('·', r'\cdot')}}}" if subscript else base

    def bar(self, inner: str) -> str:
        return rf"\overline{{{inner}}}"

    def indicator(self, column: str, level: str) -> str:
        return rf"\mathbf{{1}}({column} = {self.text(level)})"

    def part(self, inner: str, column: str) -> str:
        return rf"{{{inner}}}_{{[{column}]}}"

    def called(self, function: str, inner: str, options: Sequence[str]) -> str:
        if function == "sqrt":
            return rf"\sqrt{{{inner}}}"
        name = f"\\{function}" if function in ("log", "exp") else rf"\operatorname{{{function}}}"
        return name + self.fenced(inner + "".join(rf",\ {self.text(option)}" for option in options))

    def listed(self, parts: Sequence[str]) -> str:
        return ", ".join(parts)

    def fenced(self, inner: str) -> str:
        return rf"\left({inner}\right)"

    def variance(self, letter: str, subscript: str) -> str:
        symbol, label = split_symbol(subscript)
        name = (symbol if len(stem(symbol)) <= 1 else rf"\mathrm{{{escape(symbol)}}}") + _bracketed(label)
        return self.subscripted(f"\\{letter}", name) + "^{2}"

    def squared(self, inner: str) -> str:
        return f"{inner}^{{2}}"

    def normal(self, mean: str, variance: str) -> str:
        return f"N({mean}, {variance})"

    def vector(self, symbols: Sequence[str]) -> str:
        return rf"\begin{{pmatrix}} {r' \\ '.join(symbols)} \end{{pmatrix}}"

    def row(self, left: str, relation: str, right: str) -> str:
        return f"{left} &{relation}{right}".lstrip()


def _bracketed(label: str) -> str:
    return rf"[\text{{{escape(label)}}}]" if label else ""
