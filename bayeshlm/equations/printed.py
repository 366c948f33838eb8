"""What HLM and papers print beside the equations: centering sentences, the mixed model, distributions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bayeshlm.equations.product import Column, Span
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import equation_error

# A piece of a line without its comment; what is quoted stays together.
_PIECE = re.compile(r"#[^\r\n]*|(?:`[^`\r\n]*`|\"[^\"\r\n]*\"|'[^'\r\n]*'|[^;\r\n#`\"']++)+")
_CENTERED = re.compile(
    r"\s*+(?P<names>[^=`+*~]+?)\sha(?:s|ve)\s+been\s+(?:(?:group|grand)[\s-]*mean[\s-]*)?cent(?:ered|red)\s+"
    r"(?:around|at|about)\s+(?:the|its|their)\s+(?P<mean>group|grand)\s+means?\s*(?:\.(?!\w)|$)",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\s,]+")
_CENTERING = re.compile(r"\bcent(?:er|r)(?:ed|ing)\b", re.IGNORECASE)
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'")
_PROSE = re.compile(r"[^=+*]*\w\s+\w[^=+*]*")
_MIXED = re.compile(r"\s*mixed[ \t\u00a0-]+model[ \t\u00a0]*(?::|$)", re.IGNORECASE)
_FURNITURE = re.compile(r"\s*(?:summary of the model specified[^=]*|[-=_]{3,}\s*)", re.IGNORECASE)
_HEADING = re.compile(r"\s*(?:level[ \t\u00a0-]*[0-9]|mixed[ \t\u00a0-]+model)", re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")

_LINKED = re.compile(
    r"\s*(?:pr(?:ob)?\s*[(\[]|p\s*[(\[][^=)\]]*=|(?:logit|probit|cloglog)\s*[(\[]|log\s*\[|log\s*\([^)=]*/"
    r"|e\s*[(\[][^=]*?\|)",
    re.IGNORECASE,
)
_ONLY_NORMAL = (
    "of which outcome this is the distribution is not said: name it on a line of its own, such as"
    " `passed ~ Bernoulli(p)`, and predict its parameter, `logit(p) = b0 + b1*x`"
)
_STATES = re.compile(
    r"\s*[\[(]?(?P<names>[^\s,()~∼=+*]+(?:\s*,\s*[^\s,()~∼=+*]+)*)[\])]?\s*[~∼]\s*(?:i\.?\s?i\.?\s?d\.?\s*)?"
    r"(?P<family>[^\W\d_]+)\s*\((?P<arguments>[^~∼]*)\)\s*(?:[.,]\s*)?"
)
_NORMAL = frozenset(("n", "normal", "mvn", "mvnormal", "multivariatenormal", "gaussian", "nid"))
_OTHER = re.compile(
    r"bern|binom|poisson|negbin|negative|beta|gamma|student|ordinal|categorical|logistic", re.IGNORECASE
)
_ARGUMENTS = re.compile(
    r"\s*0\s*,\s*(?P<scale>\\?[^\W\d_](?:\w|[{}\\])*)(?:\s*\^\s*\{?2\}?(?P<behind>[\w{}]*))?(?:\s+I\w*)?\s*"
)
_PREDICTED = re.compile(r"\b(?:log|ln)\s*\(\s*(?:sigma|σ)", re.IGNORECASE)  # log(sigma) = ...
_OWN_VARIANCE = re.compile(r".*(?:[\W\d_]|[^\x00-\x7f]|sigma|tau)(?:t?i?jk?|i?k)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Centering:
    """A sentence that says how columns are centered; each name has its place in the text."""

    function: Literal["cwc", "cgm"]
    names: tuple[Column, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Normality:
    """``u0, u1 ~ N(0, G)``: canonical symbols whose distribution is the one that they have anyway."""

    symbols: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Printed:
    """A text taken apart.

    Attributes
    ----------
    equations : str
        The text with spaces in place of everything else, so that places in it are places in the text.
    mixed : str
        The same, of the equations under the heading "Mixed Model".
    centerings : tuple of Centering
    normalities : tuple of Normality
    """

    equations: str
    mixed: str
    centerings: tuple[Centering, ...]
    normalities: tuple[Normality, ...]


def read_printed(text: str, rest: str | None = None) -> Printed:
    r"""Take the level equations out of what HLM or a paper prints with them.

    Parameters
    ----------
    text : str
        The equations.
    rest : str, optional
        The same with spaces in place of what has been read already.

    Raises
    ------
    EquationError
        At a sentence about centering or a distribution that does not say what this model is.

    Examples
    --------
    >>> printed = read_printed("y = b0 + b1*(SES) + r\nSES has been centered around the group mean.")
    >>> printed.equations.split(), printed.centerings[0].function, printed.centerings[0].names[0].name
    (['y', '=', 'b0', '+', 'b1*(SES)', '+', 'r'], 'cwc', 'SES')
    """
    rest = text if rest is None else rest
    predicted = _PREDICTED.search(rest) is not None
    taken: list[Span] = []
    mixed: list[Span] = []
    centerings: list[Centering] = []
    normalities: list[Normality] = []
    behind = 0
    for piece in _PIECE.finditer(rest):
        if piece.start() < behind or piece[0].startswith("#"):
            continue
        if heading := _MIXED.match(piece[0]):
            behind = _end_of_mixed(text, piece.start() + heading.end())
            taken.append((piece.start(), behind))
            mixed.append((piece.start() + heading.end(), behind))
        elif found := list(_centerings(text, piece)):
            centerings += found
            taken.append(piece.span())
        elif _FURNITURE.fullmatch(piece[0]):
            taken.append(piece.span())
        elif linked := _LINKED.match(piece[0]):
            start = piece.start() + len(linked[0]) - len(linked[0].lstrip())
            raise equation_error(text, (start, piece.start() + linked.end()), _ONLY_NORMAL)
        elif stated := _STATES.fullmatch(piece[0]):
            normalities.append(_normality(text, piece.start(), stated, predicted))
            taken.append(piece.span())
    return Printed(_keep(rest, taken, False), _keep(rest, mixed, True), tuple(centerings), tuple(normalities))


def _centerings(text: str, piece: re.Match[str]) -> Iterator[Centering]:
    """Read the sentences of a piece, or say what to write in place of one that cannot be read."""
    position = 0
    while match := _CENTERED.match(piece[0], position):
        names = tuple(
            Column(name[0], (piece.start() + name.start(), piece.start() + name.end()))
            for name in _NAME.finditer(piece[0], match.start("names"), match.end("names"))
            if name[0] not in ("and", "&")
        )
        start = piece.start() + match.start("names")
        yield Centering(
            "cwc" if match["mean"].lower() == "group" else "cgm", names, (start, piece.start() + match.end())
        )
        position = match.end()
    rest = piece[0][position:]
    unquoted = _QUOTED.sub(lambda match: " " * len(match[0]), rest)
    if (word := _CENTERING.search(unquoted)) and _PROSE.fullmatch(unquoted):
        place = (piece.start() + position + word.start(), piece.start() + position + word.end())
        raise equation_error(
            text,
            place,
            "this sentence about centering cannot be read: write cwc(x) in the equation for a column centered around"
            " its group means, cgm(x) for the grand mean, and leave the sentence out",
        )


def _end_of_mixed(text: str, start: int) -> int:
    """Offset behind the equation that follows the heading: its lines up to a blank one or what is not part of it."""
    position, begun = start, False
    while position < len(text):
        line = _LINE.match(text, position)
        assert line is not None
        content = line[0].split("#")[0].strip()
        is_next = begun and not content.startswith("+") and ("=" in content or not content)
        if is_next or _HEADING.match(content) or _CENTERING.search(content):
            break
        begun = begun or bool(content)
        position = line.end()
    return position


def _normality(text: str, offset: int, stated: re.Match[str], predicted: bool) -> Normality:
    """Read ``r ~ N(0, sigma^2)``; anything else that a distribution may say is an error.

    A variance of each row's own is none where the text has an equation for it (`predicted`).
    """
    start = offset + stated.start("names")
    span = (start, offset + len(stated[0].rstrip()))
    family = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", stated["family"])).casefold()
    if _OTHER.match(family):
        raise equation_error(text, span, _ONLY_NORMAL)
    arguments = _ARGUMENTS.fullmatch(stated["arguments"]) if family in _NORMAL else None
    if arguments is None:
        raise equation_error(
            text,
            span,
            "an equation has `=`, not the `~` of R: write one equation a level, such as `y = b0 + r`; the one"
            " distribution that can be written is the default, `r ~ N(0, sigma^2)` and `u0 ~ N(0, tau00)`",
        )
    scale = unicodedata.normalize("NFKC", arguments["scale"].rstrip("²") + (arguments["behind"] or ""))
    own = _OWN_VARIANCE.fullmatch(re.sub(r"[{}\\]", "", scale))
    if own and not (predicted and canonical(scale.partition("^")[0]) in ("sigma", "sigma2")):
        message = f"`{arguments['scale']}` is a variance of each unit's own: one variance for all is estimated"
        raise equation_error(text, span, message)
    names = (name.strip() for name in stated["names"].split(","))
    return Normality(tuple(canonical(name) for name in names), span)


def _keep(text: str, spans: list[Span], inside: bool) -> str:
    """Write spaces over what lies outside of the spans, or inside; line ends stay."""
    parts, position = [], 0
    for start, end in [*spans, (len(text), len(text))]:
        for piece, kept in ((text[position:start], not inside), (text[start:end], inside)):
            parts.append(piece if kept else re.sub(r"[^\r\n]", " ", piece))
        position = end
    return "".join(parts)
