"""Names of the design's columns: labels of coefficients and effects, expressions as results show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bayeshlm.equations.product import Column, Factor, Product

type Coding = Literal["", "basis", "treatment", "sum", "indicators"]

_SHOWN_BY_VALUE = ("degree", "coding")


@dataclass(frozen=True, slots=True)
class Part:
    """What one factor of an expression gives to one column of the design.

    Attributes
    ----------
    text : str
        The factor; of categories the column of the data alone, such as ``race`` of ``C(race, ref="White")``.
    label : str
        Level, or number of the column of a basis; empty where the factor is one column.
    coding : {"", "basis", "treatment", "sum", "indicators"}
        Of several columns; see `bayeshlm.design.coding.CategoricalCoding`.
    reference : str
        Of the treatment coding the level that the other is compared with; of the sum coding the level with -1.
    """

    text: str
    label: str = ""
    coding: Coding = ""
    reference: str = ""


def column_name(parts: Sequence[Part]) -> str:
    """Name a column of the design in words: a contrast says what it is compared with; the constant is ``1``.

    Examples
    --------
    >>> column_name([Part("ses"), Part("race", "Black", "treatment", "White")])
    'ses*race: Black (vs. White)'
    >>> column_name([Part("race", "Black", "sum", "White")]), column_name([Part("poly(x, 2)", "1", "basis")])
    ('race: Black (vs. mean of all levels)', 'poly(x, 2)[1]')
    """
    text = "*".join(f"{part.text}[{part.label}]" if part.coding == "basis" else part.text for part in parts)
    levels = []
    for part in parts:
        if part.coding in ("treatment", "sum"):
            against = part.reference if part.coding == "treatment" else "mean of all levels"
            levels.append(f"{part.label} (vs. {against})")
        elif part.coding == "indicators":
            levels.append(part.label)
    return (text or "1") + (f": {', '.join(levels)}" if levels else "")


def expression_text(expression: Product) -> str:
    """Write a data expression with the plain names of its columns; the constant is ``1``.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse('y = b0 + b1*`IQ.verbal`*C(race, ref="White") + r; b0 = g00 + u0; b1 = g10')
    >>> [expression_text(term.expression) for term in spec.level1]
    ['1', 'IQ.verbal*C(race, ref="White")']
    """
    return "*".join(factor_text(factor) for factor in expression.factors) or "1"


def labelled(symbol: str, *labels: str) -> str:
    """Attach the labels of generated columns to a symbol.

    Examples
    --------
    >>> labelled("g11", "Black", "Catholic"), labelled("g11", "", "Catholic"), labelled("g11", "")
    ('g11[Black,Catholic]', 'g11[Catholic]', 'g11')
    """
    inner = ",".join(filter(None, labels))
    return f"{symbol}[{inner}]" if inner else symbol


def parameter_label(component: str, effect: str = "") -> str:
    """What a parameter is called wherever it is shown.

    Parameters
    ----------
    component : str
        ``"gamma"``, ``"beta"``, ``"alpha"``, ``"tau"``, ``"corr"``, ``"sigma"``, ``"rho"``, ``"level1_sd"``,
        ``"sd_ratio"``, ``"icc"`` or ``"share"``.
    effect : str
        Label of the effect, or of two with a comma, or of a grouping; empty for sigma and the ICC of one grouping.

    Examples
    --------
    >>> parameter_label("tau", "u0"), parameter_label("corr", "u0,u1"), parameter_label("gamma", "g01")
    ('tau[u0]', 'corr[u0,u1]', 'g01')
    """
    if component in ("gamma", "beta", "alpha"):
        return effect
    name = {"icc": "ICC", "level1_sd": "SD", "sd_ratio": "ratio of SDs"}.get(component, component)
    return f"{name}[{effect}]" if effect else name


def prior_label(key: str) -> str:
    """What the parameter of a prior is called, by the key of the prior: ``tau[u0]`` of ``tau_u0``."""
    return parameter_label("tau", key.removeprefix("tau_")) if key.startswith("tau_") else key


def described(label: str, *expressions: str) -> str:
    """Name a column in a message.

    Examples
    --------
    >>> described("g11", "ses", "sector"), described("g00", "1", "1")
    ('g11 (ses*sector)', 'g00 (the intercept)')
    """
    return f"{label} ({'*'.join(text for text in expressions if text != '1') or 'the intercept'})"


def factor_text(factor: Factor) -> str:
    """Write one factor as `expression_text` does."""
    if isinstance(factor, Column):
        return factor.name
    options = [
        str(value) if name in _SHOWN_BY_VALUE else f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}"
        for name, value in factor.options
    ]
    return f"{factor.function}({', '.join([expression_text(factor.argument), *options])})"
