"""The random effects of MLwiN's equations: the residual, those of each grouping, and covariances that are zero."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from bayeshlm.equations.covariance_blocks import covariance_blocks
from bayeshlm.equations.lines import Symbol, ZeroCovariance
from bayeshlm.equations.notations.formula_parts import Bar, Variables
from bayeshlm.equations.notations.mlwin_lines import Part, Piece
from bayeshlm.equations.product import Product, Span
from bayeshlm.equations.tokens import equation_error

_SPREAD = re.compile(
    r"\s*\[?\s*(?P<effects>[efuvw]_?[0-9₀-₉]{0,3}_?[ijklᵢⱼₖₗ]+(?:[\s,]+[efuvw]_?[0-9₀-₉]{1,3}_?[ijklᵢⱼₖₗ]+)*)\s*\]?"
    r"\s*(?:\^?T)?\s*[~∼]\s*N\s*\(\s*0\s*,[^()]*\)\s*[:,]?\s*(?P<matrix>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SUBSCRIPT = re.compile(r"_|(?<=[_0-9])[ijkl]+$|(?<=^[a-z])[ijkl]+$")
_ENTRY = re.compile(r"[-−–]?[0-9.]+\s*\([^()]*\)|[^\s,;\[\]()]+")


@dataclass(frozen=True, slots=True)
class Spread:
    """A line that states the distribution of random effects, ``[u_0j u_1j] ~ N(0, Ω_u): Ω_u = [...]``."""

    effects: tuple[Symbol, ...]
    entries: tuple[str, ...]
    span: Span


def read_spread(piece: Piece) -> Spread | None:
    """Read a line about the distribution of random effects; None if it is none."""
    match = _SPREAD.fullmatch(piece.content)
    if match is None:
        return None
    first = match.start("effects")
    symbols = [
        Symbol(_name(one[0]), piece.span(first + one.start(), first + one.end()))
        for one in re.finditer(r"[^\s,]+", match["effects"])
    ]
    return Spread(tuple(symbols), tuple(_ENTRY.findall(match["matrix"].partition("=")[2])), piece.whole)


def _name(written: str) -> str:
    """The letter and number of a random effect: ``u_0j`` is ``u0``."""
    found = _SUBSCRIPT.sub("", unicodedata.normalize("NFKC", written).casefold())
    return found if len(found) > 1 else f"{found}0"


@dataclass
class Effects:
    """The random effects of a text: what each multiplies, by the units over which it varies.

    Attributes
    ----------
    text : str
    of_units : dict
        For ``ij``, ``j``, ... the effects by their names, ``u0``.
    """

    text: str
    of_units: dict[str, dict[str, tuple[Part, Product]]] = field(default_factory=dict)

    def add(self, part: Part, product: Product) -> None:
        """Add one with what it multiplies."""
        name = f"{part.letter}{part.number}"
        for own in self.of_units.values():
            if name in own:
                message = f"`{name}` stands twice: leave one out, or give the effects of other units another letter"
                raise equation_error(self.text, part.span, message, own[name][0].span)
        self.of_units.setdefault(part.units, {})[name] = (part, product)

    def take_residual(self, place: Span, is_normal: bool) -> None:
        """Take out the residual, the effect with the letter e.

        Raises
        ------
        EquationError
            If a normal outcome has none, another has one, or its variance depends on a column.
        """
        found = [
            (part, column) for own in self.of_units.values() for part, column in own.values() if part.letter == "e"
        ]
        if not is_normal:
            if found:
                message = "an outcome that is not normal has no residual beside its distribution: leave it out"
                raise equation_error(self.text, found[0][0].span, message)
            return
        if not found:
            message = "the residual is missing: add `+ e_0ij` to the line of `β_0ij`"
            raise equation_error(self.text, place, message)
        for part, product in found:
            if not product.is_constant:
                message = "one variance of level 1 is estimated, which depends on no column: leave this out"
                raise equation_error(self.text, part.span, message)
        for part, _ in found[1:]:
            message = "level 1 has one residual: leave one of them out"
            raise equation_error(self.text, part.span, message, found[0][0].span)
        (residual, _) = found[0]
        longer = next((units for units in self.of_units if len(units) > len(residual.units)), None)
        if longer is not None:
            other = next(iter(self.of_units[longer].values()))[0]
            message = "the residual has the most subscripts, and this has more: call it `e`, or leave it out"
            raise equation_error(self.text, other.span, message, residual.span)
        del self.of_units[residual.units][f"e{residual.number}"]
        for part, _ in self.of_units[residual.units].values():
            raise equation_error(self.text, part.span, "this varies over rows, as the residual does: leave it out")
        del self.of_units[residual.units]

    def bars(self, spreads: list[Spread]) -> list[Bar]:
        """The random effects in blocks, the groups of the most units first; covariances shown as 0 are zero.

        Raises
        ------
        EquationError
            If the zeros leave no blocks.
        """
        units = sorted(self.of_units, key=len, reverse=True)
        positions = {name: k for k, one in enumerate(units) for name in self.of_units[one]}
        flat = {name: effect for one in units for name, effect in self.of_units[one].items()}
        found = []
        zeros = [zero for spread in spreads for zero in self._zeros(spread, positions)]
        for k, of_one in enumerate(covariance_blocks(self.text, positions, zeros)):
            for block in of_one:
                terms = tuple(as_variables(flat[name][1], flat[name][0].span) for name in block)
                found.append(Bar(terms, units[k], True, flat[block[0]][0].span))
        return found

    def _zeros(self, spread: Spread, positions: dict[str, int]) -> Iterator[ZeroCovariance]:
        """The covariances that a matrix shows as 0: a lower triangle, row by row."""
        if "0" not in spread.entries:
            return
        places = [(row, column) for row in range(len(spread.effects)) for column in range(row + 1)]
        if len(places) != len(spread.entries):
            message = "this matrix cannot be read: leave the line out, and the random effects covary"
            raise equation_error(self.text, spread.span, message)
        for (row, column), entry in zip(places, spread.entries, strict=True):
            pair = (spread.effects[column], spread.effects[row])
            if entry != "0" or any(one.name not in positions for one in pair):
                continue
            if row == column:
                message = "a variance that is zero is no random effect: leave it out of the equations"
                raise equation_error(self.text, spread.span, message)
            yield ZeroCovariance(pair, spread.span)


def as_variables(product: Product, span: Span) -> Variables:
    """A term of the columns of a product, or the constant."""
    return Variables(tuple(Product((factor,)) for factor in product.factors), span)
