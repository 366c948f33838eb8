"""Names of the design's columns: labels of coefficients and effects, expressions as results show them."""

from __future__ import annotations

from bayeshlm.equations.spec import Column, Factor, Product

_SHOWN_BY_VALUE = ("degree", "coding")


def expression_text(expression: Product) -> str:
    """Write a data expression with the plain names of its columns; the constant is ``1``.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse('y = b0 + b1*`IQ.verbal`*C(race, ref="White") + r; b0 = g00 + u0; b1 = g10')
    >>> [expression_text(term.expression) for term in spec.level1]
    ['1', 'IQ.verbal*C(race, ref="White")']
    """
    return "*".join(_factor_text(factor) for factor in expression.factors) or "1"


def labelled(symbol: str, *labels: str) -> str:
    """Attach the labels of generated columns to a symbol.

    Examples
    --------
    >>> labelled("g11", "Black", "Catholic"), labelled("g11", "", "Catholic"), labelled("g11", "")
    ('g11[Black,Catholic]', 'g11[Catholic]', 'g11')
    """
    inner = ",".join(filter(None, labels))
    return f"{symbol}[{inner}]" if inner else symbol


def described(label: str, *expressions: str) -> str:
    """Name a column in a message.

    Examples
    --------
    >>> described("g11", "ses", "sector"), described("g00", "1", "1")
    ('g11 (ses*sector)', 'g00 (the intercept)')
    """
    return f"{label} ({'*'.join(text for text in expressions if text != '1') or 'the intercept'})"


def _factor_text(factor: Factor) -> str:
    if isinstance(factor, Column):
        return factor.name
    options = [
        str(value) if name in _SHOWN_BY_VALUE else f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}"
        for name, value in factor.options
    ]
    return f"{factor.function}({', '.join([expression_text(factor.argument), *options])})"
