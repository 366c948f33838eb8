"""ModelSpec -> MathML: the level equations and the distributions, as a browser sets them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from bayeshlm.equations.notations.latex import without_unit
from bayeshlm.equations.spec import LEVEL, PART, Call, Factor, Level2Equation, ModelSpec, Product
from bayeshlm.equations.symbols import GREEK, stem
from bayeshlm.equations.written_out import in_lines, references, split_symbol

_LETTERS = {"b": "β", "g": "γ"} | {name: letter for letter, name in GREEK.items()}
_UNIT = {1: "ij", 2: "j"}
_GRAND = {1: "··", 2: "·"}
_SPACE = '<mspace width="0.17em"></mspace>'
_BAR = "border-top:0.06em solid;padding-top:0.15em"  # browsers do not stretch an accent over a name
_ZERO, _ONE, _G = (f'<mtext style="font-weight:bold">{letter}</mtext>' for letter in "01G")


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
    residual = _symbol(spec.residual, "ij")
    terms = [_term(_symbol(term.coefficient, "j"), term.expression, 1) for term in spec.level1]
    terms += [_product(offset, 1) for offset in spec.offsets]
    rows = _equation(_name(spec.outcome.name, "ij"), [*terms, residual], spec)
    for equation in spec.level2:
        rows += _level2(equation, spec)
    rows += _distributions(spec.blocks)
    rows.append(_row(residual, "∼", _normal("<mn>0</mn>", _squared("σ", ""))))
    for name, to in references(spec):
        rows.append(_row("", "", f"<mtext>{_plain(f'reference of {without_unit(name)}: {to}')}</mtext>"))
    alternative = f' alttext="{escape(alttext)}"' if alttext else ""
    opening = f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"{alternative}>'
    return f'{opening}<mtable displaystyle="true" columnalign="right center left">{"".join(rows)}</mtable></math>'


def _level2(equation: Level2Equation, spec: ModelSpec) -> list[str]:
    terms = [_term(_symbol(term.symbol, ""), term.expression, 2) for term in equation.fixed]
    if equation.random is not None:
        terms.append(_symbol(equation.random, "j"))
    return _equation(_symbol(equation.coefficient, "j"), terms, spec)


def _distributions(blocks: tuple[tuple[str, ...], ...]) -> list[str]:
    """Distribution of each block: N(0, tau^2) for one effect, N(0, G) for several."""
    rows = []
    several = [block for block in blocks if len(block) > 1]
    for block in blocks:
        if len(block) == 1:
            rows.append(_row(_symbol(block[0], "j"), "∼", _normal("<mn>0</mn>", _squared("τ", block[0]))))
        else:
            vector = "".join(f"<mtr><mtd>{_symbol(effect, 'j')}</mtd></mtr>" for effect in block)
            G = _G if len(several) == 1 else f"<msub>{_G}<mn>{several.index(block) + 1}</mn></msub>"
            rows.append(_row(_fenced(f"<mtable>{vector}</mtable>"), "∼", _normal(_ZERO, G)))
    return rows


def _equation(left: str, terms: Sequence[str], spec: ModelSpec) -> list[str]:
    first, *more = ("<mo>+</mo>".join(line) for line in in_lines(terms, spec))
    return [_row(left, "=", first), *(_row("", "", f'<mo form="infix">+</mo>{line}') for line in more)]


def _row(left: str, relation: str, right: str) -> str:
    cells = (
        f'<mtd style="text-align:right;text-align:-webkit-right">{left}</mtd>',
        f'<mtd><mo form="infix">{relation}</mo></mtd>',
        f'<mtd style="text-align:left;text-align:-webkit-left">{right}</mtd>',
    )
    return f"<mtr>{''.join(cells)}</mtr>"


def _normal(mean: str, variance: str) -> str:
    return f"<mi>N</mi>{_fenced(f'{mean}<mo>,</mo>{variance}')}"


def _squared(letter: str, subscript: str) -> str:
    if not subscript:
        return f"<msup><mi>{letter}</mi><mn>2</mn></msup>"
    symbol, label = split_symbol(subscript)
    inner = f"<mi>{escape(symbol)}</mi>{_bracketed(label)}"
    return f"<msubsup><mi>{letter}</mi><mrow>{inner}</mrow><mn>2</mn></msubsup>"


def _symbol(symbol: str, unit: str) -> str:
    symbol, label = split_symbol(symbol)
    letters = stem(symbol)
    name = f"<mi>{escape(_LETTERS.get(letters, letters))}</mi>"
    return _subscripted(name, symbol[len(letters) :], unit, label)


def _subscripted(base: str, digits: str, unit: str, label: str = "") -> str:
    parts = [f"<mn>{digits}</mn>"] if digits else []
    parts += [_bracketed(label)] if label else []
    parts += [f"<mi>{letter}</mi>" for letter in unit]
    if not parts:
        return base
    subscript = parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"
    return f"<msub>{base}{subscript}</msub>"


def _bracketed(label: str) -> str:
    return f"<mtext>[{_plain(label)}]</mtext>" if label else ""


def _plain(text: str) -> str:
    return escape(re.sub(r"\s", "\N{NO-BREAK SPACE}", text))


def _term(symbol: str, expression: Product, level: int) -> str:
    return symbol if expression.is_constant else f"{symbol}{_SPACE}{_product(expression, level)}"


def _product(product: Product, level: int | None) -> str:
    """Write a product; without a level the columns have no subscripts, as under a bar."""
    return _SPACE.join(_factor(factor, level) for factor in product.factors)


def _factor(factor: Factor, level: int | None) -> str:
    if isinstance(factor, Call):
        return _call(factor, level)
    return _name(factor.name, "" if level is None else _UNIT[level])


def _call(call: Call, level: int | None) -> str:
    inner = _product(call.argument, level)
    if call.function == LEVEL:
        chosen = dict(call.options)
        one = _indicator(inner, str(chosen["level"]))
        if chosen["coding"] != "sum":
            return one
        return _fenced(f"{one}<mo>−</mo>{_indicator(inner, str(chosen['reference']))}")
    if call.function == PART:
        return f"<msub><mrow>{inner}</mrow><mtext>[{escape(str(dict(call.options)['column']))}]</mtext></msub>"
    bar = f'<mrow style="{_BAR}">{_product(call.argument, None)}</mrow>'
    match call.function:
        case "cwc":
            return _fenced(f"{inner}<mo>−</mo><msub>{bar}<mi>j</mi></msub>")
        case "cgm":
            return _fenced(f"{inner}<mo>−</mo><msub>{bar}<mo>{_GRAND[level or 1]}</mo></msub>")
        case "mean":
            return f"<msub>{bar}<mi>j</mi></msub>"
        case "sqrt":
            return f"<msqrt><mrow>{inner}</mrow></msqrt>"
    options = "".join(f"<mo>,</mo><mtext>{escape(f' {name} = {value}')}</mtext>" for name, value in call.options)
    return f"<mi>{escape(call.function)}</mi>{_fenced(inner + options)}"


def _indicator(column: str, level: str) -> str:
    """One where the column has this level, else zero."""
    return f"{_ONE}{_fenced(f'{column}<mo>=</mo><mtext>{_plain(level)}</mtext>')}"


def _name(name: str, unit: str) -> str:
    return _subscripted(f"<mtext>{_plain(without_unit(name))}</mtext>", "", unit)


def _fenced(inner: str) -> str:
    return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>"
