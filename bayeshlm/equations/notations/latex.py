r"""ModelSpec -> LaTeX: the level equations and the distributions, as a paper prints them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bayeshlm.equations.spec import LEVEL, PART, Call, Factor, Level2Equation, ModelSpec, Product
from bayeshlm.equations.symbols import GREEK, stem
from bayeshlm.equations.written_out import in_lines, references, split_symbol

_SHORT = {"b": r"\beta", "g": r"\gamma"}
_ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    char: f"\\{char}" for char in "{}$&#%_"
}
_UNIT = {1: "ij", 2: "j"}
_GRAND = {1: r"\cdot\cdot", 2: r"\cdot"}


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
    residual = _symbol(spec.residual, "ij")
    terms = [_term(_symbol(term.coefficient, "j"), term.expression, 1) for term in spec.level1]
    terms += [_product(offset, 1) for offset in spec.offsets]
    lines = _equation(f"{_text(spec.outcome.name)}_{{ij}}", [*terms, residual], spec)
    for equation in spec.level2:
        lines += _level2(equation, spec)
    lines += _distributions(spec.blocks)
    lines.append(rf"{residual} &\sim N(0, \sigma^{{2}})")
    lines += [rf"&\text{{reference of {escape(without_unit(name))}: {escape(to)}}}" for name, to in references(spec)]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _equation(left: str, terms: Sequence[str], spec: ModelSpec) -> list[str]:
    first, *more = (" + ".join(line) for line in in_lines(terms, spec))
    return [f"{left} &= {first}", *(rf"&\quad + {line}" for line in more)]


def _level2(equation: Level2Equation, spec: ModelSpec) -> list[str]:
    terms = [_term(_symbol(term.symbol, ""), term.expression, 2) for term in equation.fixed]
    if equation.random is not None:
        terms.append(_symbol(equation.random, "j"))
    return _equation(_symbol(equation.coefficient, "j"), terms, spec)


def _distributions(blocks: tuple[tuple[str, ...], ...]) -> list[str]:
    """Distribution of each block: N(0, tau^2) for one effect, N(0, G) for several."""
    lines = []
    several = [block for block in blocks if len(block) > 1]
    for block in blocks:
        if len(block) == 1:
            symbol, label = split_symbol(block[0])
            name = (symbol if len(stem(symbol)) == 1 else rf"\mathrm{{{escape(symbol)}}}") + _bracketed(label)
            lines.append(rf"{_symbol(block[0], 'j')} &\sim N(0, \tau_{{{name}}}^{{2}})")
        else:
            vector = r" \\ ".join(_symbol(effect, "j") for effect in block)
            number = f"_{{{several.index(block) + 1}}}" if len(several) > 1 else ""
            lines.append(rf"\begin{{pmatrix}} {vector} \end{{pmatrix}} &\sim N(\mathbf{{0}}, \mathbf{{G}}{number})")
    return lines


def _symbol(symbol: str, unit: str) -> str:
    symbol, label = split_symbol(symbol)
    letters = stem(symbol)
    subscript = symbol[len(letters) :] + _bracketed(label) + unit
    if letters in GREEK.values() and letters != "omicron":
        name = f"\\{letters}"
    else:
        name = _SHORT.get(letters, letters if len(letters) == 1 else rf"\mathrm{{{escape(letters)}}}")
    return f"{name}_{{{subscript}}}" if subscript else name


def _bracketed(label: str) -> str:
    return rf"[\text{{{escape(label)}}}]" if label else ""


def _term(symbol: str, expression: Product, level: int) -> str:
    return symbol if expression.is_constant else rf"{symbol} \, {_product(expression, level)}"


def _product(product: Product, level: int | None) -> str:
    """Write a product; without a level the columns have no subscripts, as under a bar."""
    return r" \, ".join(_factor(factor, level) for factor in product.factors)


def _factor(factor: Factor, level: int | None) -> str:
    if isinstance(factor, Call):
        return _call(factor, level)
    return _text(factor.name) + ("" if level is None else f"_{{{_UNIT[level]}}}")


def _call(call: Call, level: int | None) -> str:
    inner = _product(call.argument, level)
    if call.function == LEVEL:
        chosen = dict(call.options)
        one = _indicator(inner, str(chosen["level"]))
        if chosen["coding"] != "sum":
            return one
        return rf"\left({one} - {_indicator(inner, str(chosen['reference']))}\right)"
    if call.function == PART:
        return rf"{{{inner}}}_{{[{dict(call.options)['column']}]}}"
    bar = rf"\overline{{{_product(call.argument, None)}}}"
    match call.function:
        case "cwc":
            return rf"\left({inner} - {bar}_{{j}}\right)"
        case "cgm":
            return rf"\left({inner} - {bar}_{{{_GRAND[level or 1]}}}\right)"
        case "mean":
            return f"{bar}_{{j}}"
        case "log" | "exp":
            return rf"\{call.function}\left({inner}\right)"
        case "sqrt":
            return rf"\sqrt{{{inner}}}"
    options = "".join(rf",\ \text{{{escape(f'{name} = {value}')}}}" for name, value in call.options)
    return rf"\operatorname{{{call.function}}}\left({inner}{options}\right)"


def _indicator(column: str, level: str) -> str:
    """One where the column has this level, else zero."""
    return rf"\mathbf{{1}}({column} = \text{{{escape(level)}}})"


def _text(name: str) -> str:
    return rf"\text{{{escape(without_unit(name))}}}"


def without_unit(name: str) -> str:
    """Drop a unit subscript at the end of a column's name, because the level writes it: ``ses_ij`` -> ``ses``."""
    return re.sub("(?<=.)_(?:ij|i|j)$", "", name)


def escape(text: str) -> str:
    r"""Escape what LaTeX reads as commands in text: ``a_b%`` -> ``a\_b\%``."""
    return "".join(_ESCAPES.get(char, char) for char in text)
