"""What LaTeX and MathML have in common where equations are written out, a term a column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bayeshlm.equations.product import LEVEL, PART, Call, Column
from bayeshlm.equations.spec import ModelSpec

MOST_TERMS = 4
"""So many terms stand in a line of an equation that is written out."""


def split_symbol(symbol: str) -> tuple[str, str]:
    """A symbol and the label of its column.

    Examples
    --------
    >>> split_symbol("g21[usual,private]"), split_symbol("g21")
    (('g21', 'usual,private'), ('g21', ''))
    """
    plain, _, label = symbol.partition("[")
    return plain, label.removesuffix("]")


def in_lines(terms: Sequence[str], spec: ModelSpec) -> list[Sequence[str]]:
    """Terms of an equation in lines: all in one, unless the equations are written out."""
    most = MOST_TERMS if any(_generated(spec)) else len(terms)
    return [terms[start : start + most] for start in range(0, len(terms), most)]


def references(spec: ModelSpec) -> list[tuple[str, str]]:
    """Columns with categories, and the level that their other levels are compared with."""
    found: dict[tuple[str, str], None] = {}
    for call in _generated(spec):
        options = dict(call.options)
        (column,) = call.argument.factors
        if options.get("coding") == "treatment" and isinstance(column, Column):
            found[column.name, str(options["reference"])] = None
    return list(found)


def _generated(spec: ModelSpec) -> Iterator[Call]:
    for expression in spec.expressions:
        for factor in expression.factors:
            if isinstance(factor, Call) and factor.function in (LEVEL, PART):
                yield factor
