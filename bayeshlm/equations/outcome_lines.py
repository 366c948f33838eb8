"""The lines that say which distribution the outcome has, and of what the level-1 line is the predictor.

``passed ~ Bernoulli(p)`` and ``logit(p) = b0 + b1*x``; and what HLM prints for the same, ``Prob(Y=1|B) = P``,
``log[P/(1-P)] = B0 + B1*(X)``, ``E(Y|B) = L``, ``log[L] = ...``, also by way of ``eta``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayeshlm.equations.distribution import NORMAL, OTHER_NAMES, Distribution, Total
from bayeshlm.equations.lines import Symbol
from bayeshlm.equations.product import Call, Column, Product, Span
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import equation_error, is_plain_name
from bayeshlm.errors import EquationError
from bayeshlm.families import FAMILIES, Family
from bayeshlm.families.links import LINKS

_PIECE = re.compile(r"#[^\r\n]*|(?:`[^`\r\n]*`|\"[^\"\r\n]*\"|'[^'\r\n]*'|[^;\r\n#`\"']++)+")
_LABEL = r"\s*+(?:(?i:level)[ \t\u00a0-]*[0-9]+[^:=;#`\r\n]*:\s*+)?"
_NAME = r"`(?:[^`]|``)+`|[^\W\d][\w.]*"
_STATED = re.compile(
    rf"{_LABEL}(?P<outcome>{_NAME})\s*[~∼]\s*(?P<family>[^\W\d_]\w*)\s*\((?P<arguments>[^()~∼]*)\)\s*\.?\s*"
)
_PROBABILITY = re.compile(
    rf"{_LABEL}p(?:r(?:ob)?)?\s*[(\[]\s*(?P<outcome>{_NAME})\s*=\s*1\s*(?:\|[^=]*)?[)\]]\s*=\s*(?P<symbol>[^\W\d]\w*)\s*",
    re.IGNORECASE,
)
_EXPECTATION = re.compile(
    rf"{_LABEL}e\s*[(\[]\s*(?P<outcome>{_NAME})\s*\|[^=]*[)\]]\s*=\s*(?P<symbol>[^\W\d]\w*)\s*"
    rf"(?:\*\s*\(?\s*(?P<exposure>{_NAME})\s*\)?\s*)?",
    re.IGNORECASE,
)
_LOG_ODDS = re.compile(
    _LABEL
    + r"(?:log|ln)\s*[(\[]\s*(?P<symbol>[^\W\d]\w*)\s*/\s*[(\[]\s*1\s*[-−–]\s*(?P<again>[^\W\d]\w*)"
    + r"\s*[)\]]\s*[)\]]\s*=",
    re.IGNORECASE,
)
_LINKED = re.compile(_LABEL + r"(?P<link>[^\W\d_]+)\s*[(\[]\s*(?P<symbol>[^\W\d]\w*)\s*[)\]]\s*=")
_LINKED_BY = re.compile(r"\s*(?P<symbol>[^\W\d]\w*)\s*")
_BARE = re.compile(_LABEL + r"(?P<symbol>[^\W\d]\w*)\s*=(?!=)")
_FIRST = re.compile(r"\s*([^\W\d]\w*)")


@dataclass(frozen=True, slots=True)
class OutcomeLines:
    """What a text says of the outcome's distribution.

    Attributes
    ----------
    rest : str
        The text with spaces in place of those lines, and of a link on the left side of level 1, so that places in it
        are places in the text.
    distribution : Distribution
    outcome : Column or None
        The outcome, where a line names its distribution.
    symbols : tuple of Symbol
        Those of the distribution: the first is the left side of level 1.
    offsets : tuple of Product
        The logarithm of HLM's exposure, ``E(Y|B) = L*N``.
    """

    rest: str
    distribution: Distribution = NORMAL
    outcome: Column | None = None
    symbols: tuple[Symbol, ...] = ()
    offsets: tuple[Product, ...] = ()

    @property
    def has_residual(self) -> bool:
        """Level 1 ends with a residual."""
        return self.outcome is None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that names the distribution of an outcome."""

    outcome: Column
    family: Family
    size: Column | Total | int | None
    symbols: tuple[Symbol, ...]
    span: Span
    exposure: Column | None = None


def read_outcome(text: str) -> OutcomeLines:
    """Find the lines about the outcome's distribution.

    Raises
    ------
    EquationError
        At a distribution, a link or an argument that there is none of.

    Examples
    --------
    >>> found = read_outcome("y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0")
    >>> found.distribution.family, found.distribution.link, found.outcome.name, found.rest
    ('Poisson', 'log', 'y', '               ;     mu  = b0; b0 = g00 + u0')
    """
    pieces = [piece for piece in _PIECE.finditer(text) if not piece[0].startswith("#")]
    stated = [line for piece in pieces if (line := _stated(text, piece)) is not None]
    if not stated:
        return OutcomeLines(text)
    if len(stated) > 1:
        message = "the outcome has one distribution: leave one of these lines out"
        raise equation_error(text, stated[1].span, message, stated[0].span)
    (line,) = stated
    rest, link, symbol = _linked(text, pieces, line)
    symbols = (symbol, *line.symbols[1:])
    names = tuple(one.name for one in line.symbols)
    found = NORMAL if line.family.name == NORMAL.family else Distribution(line.family.name, link, names, line.size)
    offsets = (Product((Call("log", Product((line.exposure,)), (), line.exposure.span),)),) if line.exposure else ()
    return OutcomeLines(rest, found, line.outcome, symbols, offsets)


def _stated(text: str, piece: re.Match[str]) -> _Line | None:
    """The distribution that a piece names, in our form or in HLM's."""
    start = piece.start()
    for pattern, name in ((_PROBABILITY, "Bernoulli"), (_EXPECTATION, "Poisson")):
        if match := pattern.fullmatch(piece[0]):
            symbol = _symbol(text, match["symbol"], start + match.start("symbol"))
            exposure = _column(match, start, "exposure") if match.groupdict().get("exposure") else None
            return _Line(_column(match, start), FAMILIES[name], None, (symbol,), _span(piece), exposure)
    match = _STATED.fullmatch(piece[0])
    if match is None:
        return None
    arguments = list(_arguments(match, start))
    written = re.sub(r"[\W_]", "", match["family"])
    found = next((one for one in FAMILIES.values() if one.name.casefold() == written.casefold()), None)
    span = (start + match.start("family"), start + match.end("family"))
    if found is None or found.name == NORMAL.family:
        known = OTHER_NAMES.get(written.casefold(), found.name if found else "")
        if known == NORMAL.family:
            if not arguments or not is_plain_name(arguments[0][0]):
                return None  # of a residual or of random effects: `r ~ N(0, sigma^2)`
            found = FAMILIES[NORMAL.family]
        else:
            raise _unknown(text, match, known, span)
    return _read(text, piece, match, found, arguments)


def _read(
    text: str, piece: re.Match[str], match: re.Match[str], family: Family, arguments: list[tuple[str, Span]]
) -> _Line:
    """The arguments of a distribution: the number of trials, what the predictor gives, and auxiliary parameters."""
    start, given = piece.start(), list(arguments)
    names, whole = _names(family), _form(family)
    size: Column | Total | int | None = None
    if family.has_size:
        if len(given) < 2:
            message = f"a {family.name} outcome counts successes of n trials: write `{whole}`, n a column or a number"
            message += f", or `Bernoulli({family.location})` where it is 0 or 1"
            raise equation_error(text, _span(piece), message)
        value, place = given.pop(0)
        if value.isdigit() and int(value) > 0:
            size = int(value)
        elif (columns := _summands(value, place[0])) is not None:
            size = Total(columns)
        elif value.startswith("`") or is_plain_name(value):
            size = Column(_unquoted(value), place)
        else:
            raise equation_error(text, place, "the number of trials is a column or a whole number above 0")
    if not given or len(given) > len(names):
        raise equation_error(text, _span(piece), f"this distribution is written `{match['outcome']} ~ {whole}`")
    symbols = [_symbol(text, value, place[0], family) for value, place in given]
    taken = {symbol.name for symbol in symbols}
    symbols += [one for one in _default_symbols(family)[len(symbols) - 1 :] if one.name not in taken]
    return _Line(_column(match, start), family, size, tuple(symbols), _span(piece))


def _summands(value: str, start: int) -> tuple[Column, ...] | None:
    """The columns of ``successes + failures``; None if it is no sum of columns."""
    parts = list(re.finditer(rf"\s*({_NAME})\s*(?:\+|$)", value))
    if len(parts) < 2 or "".join(match[0] for match in parts) != value:
        return None
    return tuple(Column(_unquoted(part[1]), (start + part.start(1), start + part.end(1))) for part in parts)


def _linked(text: str, pieces: list[re.Match[str]], line: _Line) -> tuple[str, str, Symbol]:
    """The text without the distribution and the link; the link; and the symbol on the left side of level 1."""
    family, location = line.family, line.symbols[0]
    rest = blank(text, line.span)
    for piece in pieces:
        for link, match in _left_sides(piece):
            if canonical(match["symbol"]) != location.name:
                continue
            place = (piece.start() + len(match[0]) - len(match[0].lstrip()), piece.start() + match.end())
            link = link or family.bare_link
            if link not in family.links:
                raise equation_error(text, place, _no_such_link(family, location, link, match["symbol"]))
            behind = _LINKED_BY.fullmatch(piece[0], match.end())
            if behind and _is_level1(pieces, behind["symbol"]):  # `log[L] = eta`, and eta's line is level 1
                predictor = _symbol(text, behind["symbol"], piece.start() + behind.start("symbol"))
                return blank(rest, _span(piece)), link, predictor
            start, end = piece.start() + match.start("symbol"), piece.start() + match.end("symbol")
            rest = blank(blank(rest, (place[0], start)), (end, place[1] - 1))
            return rest, link, Symbol(location.name, (start, end))
    link = family.links[0]
    left = location.name if family.bare_link else f"{link}({location.name})"
    message = f"level 1 predicts what the distribution names: add its line, `{left} = b0 + b1*x`"
    raise equation_error(text, line.span, message)


def _left_sides(piece: re.Match[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """The link and the match of what may be the left side of level 1; no link where a symbol stands alone."""
    if match := _LOG_ODDS.match(piece[0]):
        if canonical(match["symbol"]) == canonical(match["again"]):
            yield "logit", match
    elif match := _LINKED.match(piece[0]):
        yield {"ln": "log"}.get(match["link"].casefold(), match["link"].casefold()), match
    elif match := _BARE.match(piece[0]):
        yield "", match


def _is_level1(pieces: list[re.Match[str]], symbol: str) -> bool:
    """Whether a symbol has a line, and all that stands there have lines in their turn: it is no coefficient."""
    lines = {
        canonical(match["symbol"]): piece[0][match.end() :] for piece in pieces if (match := _BARE.match(piece[0]))
    }
    right = lines.get(canonical(symbol))
    if right is None:
        return False
    first = (_FIRST.match(term) for term in right.split("+"))
    return all(match is not None and (match[1] == "offset" or canonical(match[1]) in lines) for match in first)


def _no_such_link(family: Family, location: Symbol, link: str, written: str) -> str:
    forms = [f"`{one}({written}) = ...`" if one != "identity" else f"`{written} = ...`" for one in family.links]
    if not link:
        return f"`{written}` needs its link here: write {' or '.join(forms)}"
    known = "" if link in LINKS else f"there is no link `{link}`; "
    return f"{known}a {family.name} outcome has {' or '.join(forms)}"


def _unknown(text: str, match: re.Match[str], known: str, span: Span) -> EquationError:
    if known:
        form = f"{match['outcome']} ~ {_form(FAMILIES[known])}"
        return equation_error(text, span, f"this distribution is called {known} here: write `{form}`")
    message = f"there is no distribution `{match['family'].strip()}`: there are {', '.join(FAMILIES)}"
    return equation_error(text, span, message)


def _names(family: Family) -> list[str]:
    return [family.location, *(one.name for one in family.auxiliary if one.support == "positive")]


def _form(family: Family) -> str:
    """How a distribution is written."""
    return f"{family.name}({', '.join([*(['n'] if family.has_size else []), *_names(family)])})"


def _arguments(match: re.Match[str], start: int) -> Iterator[tuple[str, Span]]:
    """The arguments and their places."""
    position = start + match.start("arguments")
    for part in match["arguments"].split(",") if match["arguments"].strip() else ():
        first = position + len(part) - len(part.lstrip())
        yield part.strip(), (first, first + len(part.strip()))
        position += len(part) + 1


def _symbol(text: str, written: str, start: int, family: Family | None = None) -> Symbol:
    span = (start, start + max(len(written), 1))
    if re.fullmatch(r"[\d.]+", written) and family is not None:
        message = f"a parameter of the distribution is estimated: write a symbol for it, not {written}"
        raise equation_error(text, span, message)
    name = canonical(written)
    if not is_plain_name(name) or canonical(name) != name:
        raise equation_error(text, span, f"`{written}` is no symbol: a letter and digits are one, such as `p`, `mu`")
    return Symbol(name, span)


def _default_symbols(family: Family) -> tuple[Symbol, ...]:
    """The names of the auxiliary parameters that a text need not write."""
    return tuple(Symbol(one.name, (0, 0)) for one in family.auxiliary if one.support == "positive")


def _column(match: re.Match[str], start: int, group: str = "outcome") -> Column:
    return Column(_unquoted(match[group]), (start + match.start(group), start + match.end(group)))


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _span(piece: re.Match[str]) -> Span:
    content = piece[0].strip()
    start = piece.start() + len(piece[0]) - len(piece[0].lstrip())
    return start, start + len(content)


def blank(text: str, span: Span) -> str:
    """The text with spaces in place of a span; line ends stay."""
    return text[: span[0]] + re.sub(r"[^\r\n]", " ", text[slice(*span)]) + text[span[1] :]
