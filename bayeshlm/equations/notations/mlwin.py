"""MLwiN's equations window -> ModelSpec; so are written Goldstein's and Rasbash's models too."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bayeshlm.equations.distribution import NORMAL, Distribution
from bayeshlm.equations.notations.formula_lines import formula_spec
from bayeshlm.equations.notations.formula_tokens import FormulaToken
from bayeshlm.equations.notations.mlwin_effects import Effects, Spread, as_variables, read_spread
from bayeshlm.equations.notations.mlwin_lines import (
    Part,
    Piece,
    column_of,
    is_constant,
    left_coefficient,
    number_of,
    parts_of,
    pieces,
    plain,
)
from bayeshlm.equations.notations.program_family import distribution
from bayeshlm.equations.product import Column, Product, Span
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import check_length, equation_error

_NAME = r"`[^`]+`|[^\W\d][\w.]*"
_XB = re.compile(rf"\s*(?P<name>{_NAME})\s*[~∼]\s*N\s*\(\s*X\s*[BΒβ]\w*\s*,\s*[ΩΩ\w]+\s*\)\s*", re.IGNORECASE)
_STATED = re.compile(
    rf"\s*(?P<name>{_NAME})\s*[~∼]\s*(?P<family>bin(?:omial)?|bernoulli|poisson|negbin(?:omial)?)\s*"
    rf"\(\s*(?:(?P<size>{_NAME}|[0-9]+)\s*,\s*)?(?P<mean>[^\W\d]\w*)(?:\s*,[^()]*)?\)\s*",
    re.IGNORECASE,
)
_LINKED = re.compile(
    r"\s*(?P<link>logit|probit|cloglog|log|ln)\s*[(\[]?\s*(?P<mean>[^\W\d]\w*)\s*[)\]]?\s*=", re.IGNORECASE
)
_BESIDE = re.compile(
    r"\s*(?:var\s*\(|cov\s*\(|[-−–]?2\s*\*?\s*log|deviance|\(?\s*[0-9]+ (?:of|out of) [0-9]+ cases|units:|"
    r"the (?:number|data)\b)",
    re.IGNORECASE,
)
_OUTCOME = re.compile(rf"\s*(?P<name>{_NAME})\s*=")
_RECOGNIZED = re.compile(
    r"^[ \t]*(?:β|beta|b)_?([0-9]{1,3}|[₀-₉]{1,3})(?:_?[ijkl]{1,4}|[ᵢⱼₖₗ]{1,4})[ \t]*=[ \t]*"
    r"(?:(?:β|beta|b)_?\1(?![\w.])|[-−–]?[0-9]*\.[0-9]+[ \t]*\()",
    re.IGNORECASE | re.MULTILINE,
)
_ONE_OUTCOME = "a model has one outcome: leave this equation out"
_FAMILIES = {"b": "Bernoulli", "p": "Poisson", "n": "NegativeBinomial"}


def is_mlwin(text: str) -> bool:
    """Whether a text is MLwiN's: it has ``y ~ N(XB, Ω)``, or a coefficient that is its own mean, ``β_0j = β_0 + u_0j``.

    Examples
    --------
    >>> is_mlwin("y_ij ~ N(XB, Ω)"), is_mlwin("y = β_0j + e; β_0j = β_0 + u_0j")
    (True, True)
    >>> is_mlwin("y = β_0j + r; β_0j = γ_00 + u_0j"), is_mlwin("y ~ N(mu, sigma); mu = b0; b0 = g00 + u0")
    (False, False)
    """
    simple = plain(text).replace(";", "\n")
    return any(_XB.match(line) for line in simple.splitlines()) or _RECOGNIZED.search(simple) is not None


@dataclass
class _Read:
    """What has been read of the lines."""

    text: str
    outcome: Column | None = None
    place: Span = (0, 1)
    terms: list[Part] = field(default_factory=list)
    lines: dict[str, tuple[Piece, list[Part]]] = field(default_factory=dict)
    stated: tuple[re.Match[str], Piece] | None = None
    link: FormulaToken | None = None
    spreads: list[Spread] = field(default_factory=list)


def read_mlwin(text: str) -> ModelSpec:
    """Read the equations as MLwiN shows them, by names or symbols, with or without estimates.

    ``β_0ij = β_0 + u_0j + e_0ij``: the effect ``e`` is the residual, those of fewer units vary over groups. The columns
    of the groups are not said: ``group=`` names them from the inside out. Estimates and the lines about variances are
    passed over, but for a covariance of zero.

    Parameters
    ----------
    text : str

    Returns
    -------
    ModelSpec
        With all terms in level 1; the data sort them by level.

    Raises
    ------
    EquationError
        With the place in the text, where the variance of level 1 is no constant, and at what cannot be read.

    Examples
    --------
    >>> from bayeshlm.equations.render import render
    >>> print(render(read_mlwin('''
    ...     normexam_ij ~ N(XB, Ω)
    ...     normexam_ij = β_0ij cons + β_1j standlrt_ij
    ...     β_0ij = β_0 + u_0j + e_0ij
    ...     β_1j = β_1 + u_1j''')))
    normexam_ij = b0 + b1*standlrt_ij + r
    b0 = g00 + u0
    b1 = g10 + u1
    """
    check_length(text, "text")
    found = _Read(text)
    for piece in pieces(text):
        _read_piece(found, piece)
    if found.outcome is None and found.link is not None:
        message = "of which outcome this is the predictor is not said: add `y_ij ~ Binomial(n_ij, π_ij)`"
        raise equation_error(text, found.link.span, message)
    if found.outcome is None or not found.terms:
        raise equation_error(text, (0, 1), "the equation of the outcome is missing: `y_ij = β_0ij cons + β_1 x_ij`")
    return _specification(found)


def _read_piece(found: _Read, piece: Piece) -> None:
    text, content = found.text, piece.content
    if _BESIDE.match(content):
        return
    if match := _XB.fullmatch(content):
        found.place = piece.whole
    elif match := _STATED.fullmatch(content):
        if found.stated is not None:
            raise equation_error(text, piece.whole, "the outcome has one distribution: leave this line out")
        found.stated = (match, piece)
        found.outcome, found.place = column_of(piece, match), piece.whole
    elif (spread := read_spread(piece)) is not None:
        found.spreads.append(spread)
    elif match := left_coefficient(piece):
        if (number := number_of(match)) in found.lines:
            message = "this coefficient has two lines: put all its terms into one"
            raise equation_error(text, piece.whole, message, found.lines[number][0].whole)
        found.lines[number] = (piece, list(parts_of(text, piece, match.end())))
    elif match := _LINKED.match(content):
        if found.terms:
            raise equation_error(text, piece.whole, _ONE_OUTCOME)
        name = match["link"].casefold()
        found.link = FormulaToken("name", {"ln": "log"}.get(name, name), piece.span(*match.span("link")))
        found.terms = list(parts_of(text, piece, match.end()))
    elif match := _OUTCOME.match(content):
        if found.terms:
            raise equation_error(text, piece.whole, _ONE_OUTCOME)
        found.outcome, found.place = column_of(piece, match), piece.span(*match.span("name"))
        found.terms = list(parts_of(text, piece, match.end()))
    else:
        message = "this line of MLwiN's window is not read: leave it out"
        if re.match(r"\s*(?:prior|p\s*\()", content, re.IGNORECASE):
            message = "priors are given as priors=, not in the text: leave this line out"
        raise equation_error(text, piece.whole, message)


def _specification(found: _Read) -> ModelSpec:
    text, effects = found.text, Effects(found.text)
    fixed: list[tuple[Product, Span]] = []
    offsets: list[Product] = []
    left = dict(found.lines)
    for term in found.terms:
        if term.kind == "effect":
            effects.add(term, Product())
            continue
        if term.kind == "offset":
            offsets.append(term.product)
            continue
        line = left.pop(term.number, None) if term.number else None
        if line is None:
            if term.units:
                message = (
                    f"this coefficient varies and has no line: add `β_{term.number}{term.units} = β_{term.number} +"
                )
                raise equation_error(text, term.span, f"{message} u_{term.number}j`")
            fixed.append((term.product, term.span))
            continue
        for part in line[1]:
            if part.kind == "effect":
                effects.add(part, term.product)
            elif not part.product.is_constant:
                message = "columns stand in the equation of the outcome: in MLwiN a coefficient's line has none"
                raise equation_error(text, part.span, message)
            else:
                fixed.append((term.product, part.span))
    if left:
        piece, _ = next(iter(left.values()))
        raise equation_error(text, piece.whole, "this coefficient does not stand in the equation of the outcome")
    given = _distribution(found)
    effects.take_residual(found.place, given == NORMAL)
    if not effects.of_units:
        message = "no random effect, so this is an ordinary regression: end a coefficient's line with one, `+ u_0j`"
        raise equation_error(text, found.place, message)
    assert found.outcome is not None
    bars = effects.bars(found.spreads)
    terms = [as_variables(product, span) for product, span in fixed]
    spec = formula_spec(text, found.outcome, terms, bars, offsets, given, found.place)
    return replace(spec, groupings=(None,) * len(spec.groupings))


def _distribution(found: _Read) -> Distribution:
    """The distribution that a line names; ``Binomial(cons, π)`` is of single trials."""
    if found.stated is None:
        return NORMAL
    match, piece = found.stated
    family = _FAMILIES[match["family"][0].casefold()]
    size: Column | int | None = None
    given = match["size"] if family == "Bernoulli" else None
    if given is not None and given != "1" and not is_constant(given):
        span = (piece.start + match.start("size"), piece.start + match.end("size"))
        size = int(given) if given.isdigit() else Column(given.strip("`"), span)
    if found.link is None:
        message = f"the equation of its parameter is missing: `logit({match['mean']}) = β_0j + β_1 x_ij`"
        raise equation_error(found.text, piece.whole, message)
    return distribution(found.text, family, piece.whole, found.link, size)
