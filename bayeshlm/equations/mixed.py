"""HLM's mixed model, checked against the level equations that it repeats."""

from __future__ import annotations

from collections import Counter

from bayeshlm.equations.lines import Equation, read_line
from bayeshlm.equations.product import Column, Factor, Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.symbols import without_subscript
from bayeshlm.equations.tokens import equation_error, tokenize
from bayeshlm.errors import EquationError

type _Term = tuple[str, tuple[str, ...]]


def check_mixed(text: str, mixed: str, spec: ModelSpec) -> None:
    """Refuse a mixed model that says something else than the levels; one that cannot be read is passed over.

    Parameters
    ----------
    text : str
        The equations.
    mixed : str
        The equation below HLM's heading "Mixed Model" at its place in the text, spaces elsewhere.
    spec : ModelSpec
        What the level equations say, before any sentence centers a column: HLM's mixed model shows no centering.

    Raises
    ------
    EquationError
        At the first term that the levels do not have, or if one of theirs is missing.
    """
    try:
        lines = [read_line(text, tokens) for tokens in tokenize(mixed)]
    except EquationError:  # its line breaks and subscripts suffer when it is copied
        return
    for line in lines:
        if isinstance(line, Equation):
            _compare(text, line, spec)


def _compare(text: str, line: Equation, spec: ModelSpec) -> None:
    left = Counter(_terms(spec))
    for term in line.terms:
        if term.symbol is None:
            continue
        written = (term.symbol.name, _names(term.expression))
        if not left[written]:
            message = (
                f"the mixed model has the term `{text[slice(*term.span)]}`, and the levels do not: correct one of"
                " them, or leave the mixed model out"
            )
            raise equation_error(text, term.span, message)
        left[written] -= 1
    missing = list(left.elements())
    if missing:
        shown = "*".join((missing[0][0], *missing[0][1]))
        message = (
            f"the mixed model lacks the term `{shown}` of the levels: correct one of them, or leave the mixed model out"
        )
        raise equation_error(text, line.span, message)


def _terms(spec: ModelSpec) -> list[_Term]:
    """Write out the terms of the combined model: symbols and the sorted names of their columns."""
    paths = (*spec.fixed_paths, *spec.random_paths)
    residual = [(spec.residual, ())] if spec.residual else []
    return [*residual, *((path.symbol, _names(path.product)) for path in paths)]


def _names(expression: Product) -> tuple[str, ...]:
    return tuple(sorted(name for factor in expression.factors for name in _of_factor(factor)))


def _of_factor(factor: Factor) -> tuple[str, ...]:
    if isinstance(factor, Column):
        return (without_subscript(factor.name) or factor.name,)
    names = _names(factor.argument)
    return names if factor.function in ("cwc", "cgm") else (f"{factor.function}({','.join(names)})",)
