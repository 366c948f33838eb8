"""A text in another notation, translated into that of the levels, with the place that each piece comes from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from bayeshlm.equations.distribution import Total
from bayeshlm.equations.product import Column, Factor, Product, Span
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error
from bayeshlm.errors import EquationError


class Translation:
    """Plain text that grows piece by piece; `place` says which part of the user's text a part of it comes from."""

    def __init__(self) -> None:
        self._pieces: list[tuple[str, Span]] = []
        self._starts: list[int] = []
        self._length = 0

    def add(self, text: str, source: Span) -> None:
        """Append a piece that says what stands at a place of the user's text."""
        if text:
            self._pieces.append((text, source))
            self._starts.append(self._length)
            self._length += len(text)

    def copy(self, text: str, span: Span) -> None:
        """Append what stands at a place of the user's text as it is, so that each character has its own place."""
        for position in range(*span):
            self.add(text[position], (position, position + 1))

    @property
    def text(self) -> str:
        """The translation so far."""
        return "".join(text for text, _ in self._pieces)

    def place(self, span: Span) -> Span:
        """The place in the user's text of a part of the translation."""
        if not self._pieces:
            return (0, 1)
        first = max(bisect_right(self._starts, span[0]) - 1, 0)
        last = max(bisect_right(self._starts, max(span[1] - 1, span[0])) - 1, 0)
        sources = [source for _, source in self._pieces[first : last + 1] if source[1] > source[0]]
        if not sources:
            return self._pieces[first][1]
        return min(source[0] for source in sources), max(source[1] for source in sources)


def read_translated(text: str, translation: Translation, reads: Callable[[str], ModelSpec]) -> ModelSpec:
    """Read a translation; errors, and the places of the specification, point into the user's text.

    Parameters
    ----------
    text : str
        The user's text.
    translation : Translation
        What it says in the notation of the levels.
    reads : function of a text
        The reader of that notation.

    Raises
    ------
    EquationError
        Where the reader raises one.
    """
    with places_of(text, translation):
        spec = reads(translation.text)
    return _moved(spec, text, translation.place)


@contextmanager
def places_of(text: str, translation: Translation) -> Iterator[None]:
    """Errors about a translation quote the user's text.

    Parameters
    ----------
    text : str
        The user's text.
    translation : Translation
        What it says in the notation of the levels.
    """
    try:
        yield
    except EquationError as error:
        if error.place is None:
            raise
        message, span, first = error.place
        raise equation_error(text, translation.place(span), message, first and translation.place(first)) from None


def _moved(spec: ModelSpec, text: str, place: Callable[[Span], Span]) -> ModelSpec:
    """The same specification with its places in another text."""

    def at(span: Span | None) -> Span | None:
        return None if span is None else place(span)

    def column(part: Column) -> Column:
        return replace(part, span=at(part.span))

    def product(expression: Product) -> Product:
        return Product(tuple(map(factor, expression.factors)))

    def factor(part: Factor) -> Factor:
        if isinstance(part, Column):
            return column(part)
        return replace(part, argument=product(part.argument), span=at(part.span))

    size = spec.distribution.size
    size = column(size) if isinstance(size, Column) else size
    size = Total(tuple(map(column, size.columns))) if isinstance(size, Total) else size
    spread = spec.residual_spread
    if spread is not None:
        spread = replace(spread.mapped(column), span=at(spread.span))
    correlation = spec.correlation
    if correlation is not None:
        time = None if correlation.time is None else column(correlation.time)
        correlation = replace(correlation, time=time, span=at(correlation.span))
    spec = spec.map_expressions(product)
    log_spread = spec.log_spread
    if log_spread is not None:
        moved = tuple(replace(term, span=at(term.span)) for term in log_spread.terms)
        log_spread = replace(log_spread, terms=moved, span=at(log_spread.span))
    level1 = tuple(replace(term, span=at(term.span)) for term in spec.level1)
    higher = tuple(
        tuple(
            replace(line, span=at(line.span), fixed=tuple(replace(term, span=at(term.span)) for term in line.fixed))
            for line in level
        )
        for level in spec.levels[1:]
    )
    return replace(
        spec,
        text=text,
        outcome=column(spec.outcome),
        levels=(level1, *higher),
        offsets=tuple(map(product, spec.offsets)),
        distribution=replace(spec.distribution, size=size),
        residual_spread=spread,
        log_spread=log_spread,
        correlation=correlation,
    )
