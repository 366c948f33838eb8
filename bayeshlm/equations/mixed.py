"""HLM's mixed model, or a paper's combined equation, checked against the level equations that it repeats."""

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
            _compare(text, line, spec, "mixed model", False)


def check_combined(text: str, spec: ModelSpec, as_written: bool) -> None:
    """Refuse a combined equation that says something else than the levels beside which it stands.

    Parameters
    ----------
    text : str
        The combined equation alone.
    spec : ModelSpec
        What the levels say.
    as_written : bool
        The equation shows how columns are centered; HLM's mixed model does not.

    Raises
    ------
    EquationError
        At the first term that the levels do not have, if one of theirs is missing, or if it cannot be read.
    """
    for line in [read_line(text, tokens) for tokens in tokenize(text)]:
        if isinstance(line, Equation):
            _compare(text, line, spec, "combined equation", as_written)


def _compare(text: str, line: Equation, spec: ModelSpec, what: str, as_written: bool) -> None:
    left = Counter(_terms(spec, as_written))
    for term in line.terms:
        if term.symbol is None and not as_written:
            continue
        symbol = "offset" if term.symbol is None else term.symbol.name
        written = (symbol, _names(term.expression, as_written))
        if not left[written]:
            message = (
                f"the {what} has the term `{text[slice(*term.span)]}`, and the levels do not: correct one of"
                f" them, or leave the {what} out"
            )
            raise equation_error(text, term.span, message)
        left[written] -= 1
    missing = list(left.elements())
    if missing:
        shown = "*".join((missing[0][0], *missing[0][1]))
        message = f"the {what} lacks the term `{shown}` of the levels: correct one of them, or leave the {what} out"
        raise equation_error(text, line.span, message)


def _terms(spec: ModelSpec, as_written: bool) -> list[_Term]:
    """Write out the terms of the combined model: symbols and the sorted names of their columns."""
    paths = (*spec.fixed_paths, *spec.random_paths)
    residual = [(spec.residual, ())] if spec.residual else []
    offsets = [("offset", _names(one, True)) for one in spec.offsets] if as_written else []
    return [*residual, *offsets, *((path.symbol, _names(path.product, as_written)) for path in paths)]


def _names(expression: Product, as_written: bool) -> tuple[str, ...]:
    return tuple(sorted(name for factor in expression.factors for name in _of_factor(factor, as_written)))


def _of_factor(factor: Factor, as_written: bool) -> tuple[str, ...]:
    if isinstance(factor, Column):
        return (without_subscript(factor.name) or factor.name,)
    names = _names(factor.argument, as_written)
    if factor.function in ("cwc", "cgm") and not as_written:
        return names
    options = tuple(f"{name}={value}" for name, value in factor.options)
    return (f"{factor.function}({','.join((*names, *options))})",)
