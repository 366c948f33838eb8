r"""A text with LaTeX -> its statements: what stands in mathematics, a row at a time, without labels and layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from bayeshlm.equations.notations.latex_nodes import Node, split_nodes
from bayeshlm.equations.notations.latex_text import matching_brace
from bayeshlm.equations.notations.latex_tree import read_tree
from bayeshlm.equations.product import Span
from bayeshlm.equations.tokens import equation_error

_ENVIRONMENTS = (
    "equation|eqnarray|align|aligned|alignat|flalign|gather|gathered|multline|split|array|cases|displaymath|math"
)
_OPENING = re.compile(
    rf"\\(?P<escaped>[$\\])|(?P<dollars>\$\$?)|\\(?P<bracket>[\[(])|\\begin\s*\{{(?P<name>(?:{_ENVIRONMENTS})\*?)\}}"
)
_MARKUP = re.compile(r"[\\{}$^&]|_\s|``")
_RELATION = re.compile(r"[=~∼]|\\sim(?![A-Za-z])")
CENTERING = re.compile(r"\bcent(?:er|r)(?:ed|ing)\b", re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]+")
_BARE_LABEL = re.compile(r"[^:=\\&$~_^{}\r\n]*:(?!=)")
_IS_LABEL = re.compile(r"\W*(?:level|combined|mixed|full|composite|reduced|within|between)\b", re.IGNORECASE)
_MIXED = re.compile(r"\b(?:combined|mixed|full|composite|reduced(?:[ -]form)?)\b", re.IGNORECASE)
_JOINS = re.compile(
    r"[ ,.]*(?:where|with|and|for(?: .*)?|so that|such that|if|assuming|assume|let|or)[ ,.]*", re.DOTALL
)
_CENTER = (
    r"centering has to stand in the equations: write `(X_{ij} - \bar{X}_{.j})` around the group mean or"
    r" `(X_{ij} - \bar{X}_{..})` around the grand mean, and leave the sentence out"
)
_REMARK = re.compile(r"\(.*\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """An equation, a distribution, or a line that is plain text already.

    Attributes
    ----------
    kind : {"row", "plain"}
    nodes : tuple of Node
        What stands there; empty where it is plain text.
    span : tuple of int
    mixed : bool
        It stands under a label such as "Combined", so that it repeats the levels.
    """

    kind: Literal["row", "plain"]
    nodes: tuple[Node, ...]
    span: Span
    mixed: bool = False


def statements(text: str) -> list[Statement]:
    """Take the statements out of a text: of its mathematics, or of all of it where nothing marks that.

    Raises
    ------
    EquationError
        If something is not closed, or says in words what equations have to say.
    """
    segments = list(_segments(text))
    found: list[Statement] = []
    if not segments:
        for line in _LINE.finditer(text):
            found += _bare_line(text, line.span())
        return found
    behind, label = 0, ""
    for start, first, last, end, inline in [*segments, (len(text), 0, 0, len(text), True)]:
        between = list(_prose(text, (behind, start), bool(found), start < len(text)))
        found += between
        label = _last_words(text[behind:start]) or ("" if between else label)
        if first < last:
            rows, label = _rows(text, read_tree(text, first, last), label, inline)
            found += rows
        behind = end
    return found


def _segments(text: str) -> Iterator[tuple[int, int, int, int, bool]]:
    """Where mathematics begins, what it holds, where it ends, and whether it stands inside of a line."""
    position = 0
    while match := _OPENING.search(text, position):
        position = match.end()
        if match["escaped"]:
            continue
        start, first = match.span()
        if name := match["name"]:
            last = _end_of_environment(text, start, name)
            yield start, start, last, last, False
            position = last
            continue
        closing = match["dollars"] or {"[": "\\]", "(": "\\)"}[match["bracket"]]
        last = _closing(text, closing, first)
        if last < 0:
            message = f"`{match[0]}` is not closed: put `{closing}` behind the equation"
            raise equation_error(text, match.span(), message)
        position = last + len(closing)
        yield start, first, last, position, closing in ("$", "\\)")


def _closing(text: str, closing: str, first: int) -> int:
    """Offset of what closes mathematics, outside of words; -1 if nothing does."""
    position = first
    pattern = re.compile(r"\\(?:text|mbox|textrm|textit|intertext)\s*(?=\{)|" + re.escape(closing) + r"|\\.", re.DOTALL)
    while match := pattern.search(text, position):
        if match[0] == closing:
            return match.start()
        words = match[0].startswith(("\\text", "\\mbox", "\\intertext")) and match[0] != "\\t"
        position = matching_brace(text, match.end(), len(text)) if words else match.end()
    return -1


def _end_of_environment(text: str, start: int, name: str) -> int:
    depth = 0
    for match in re.compile(rf"\\(begin|end)\s*\{{{re.escape(name)}\}}").finditer(text, start):
        depth += 1 if match[1] == "begin" else -1
        if depth == 0:
            return match.end()
    raise equation_error(text, (start, start + 6), f"this environment is not closed: `\\end{{{name}}}` is missing")


def _prose(text: str, span: Span, before: bool, behind: bool) -> Iterator[Statement]:
    """What words between mathematics say: equations written plainly, and sentences that center a column."""
    for line in re.compile(r"[^\r\n]+").finditer(text, *span):
        beside = (before and line.start() == span[0]) or (behind and line.end() == span[1])
        word = CENTERING.search(line[0])
        if word and beside:
            place = (line.start() + word.start(), line.start() + word.end())
            raise equation_error(text, place, _CENTER)
        if word or _RELATION.search(line[0].replace("~~", "")):
            yield from _bare_line(text, line.span())


def _bare_line(text: str, span: Span) -> list[Statement]:
    """Read a line outside of marked mathematics: plain text as it is, LaTeX as rows."""
    line = text[slice(*span)]
    if not _MARKUP.search(line):
        return [Statement("plain", (), span)] if line.strip() else []
    label = _BARE_LABEL.match(line)
    first = span[0] + (label.end() if label else 0)
    return _rows(text, read_tree(text, first, span[1]), label[0] if label else "", False)[0]


def _last_words(prose: str) -> str:
    """The last line of words before mathematics, which may say what it is."""
    lines = [line for line in re.split(r"[\r\n]+", prose) if re.search(r"\w", line)]
    return lines[-1] if lines else ""


def _rows(text: str, nodes: list[Node], label: str, inline: bool) -> tuple[list[Statement], str]:
    """The statements of a stretch of mathematics, and the last label."""
    found: list[Statement] = []
    for row in split_nodes([_as_break(node) for node in _checked(text, nodes)], "break"):
        words, rest = _label(row)
        label = words or label
        for piece in _pieces(rest):
            relates = any(node.is_sign("=", "~") for node in piece)
            if not piece or (inline and not relates and not found and not piece[0].is_sign("+")):
                continue
            mixed = bool(_MIXED.search(label))
            found.append(Statement("row", tuple(piece), (piece[0].span[0], piece[-1].span[1]), mixed))
    return found, label


def _as_break(node: Node) -> Node:
    return replace(node, kind="break") if node.kind == "prose" else node


def _checked(text: str, nodes: list[Node]) -> list[Node]:
    for node in nodes:
        if node.kind in ("prose", "roman") and not node.below and CENTERING.search(node.value):
            raise equation_error(text, node.span, _CENTER)
    return nodes


def _label(row: list[Node]) -> tuple[str, list[Node]]:
    r"""Take the label off a row, ``\text{Level 1:} &``."""
    rest = list(row)
    while rest and rest[0].kind in ("cell", "quad"):
        rest.pop(0)
    if not rest or rest[0].kind != "roman" or rest[0].below or rest[0].above:
        return "", rest
    behind = [node for node in rest[1:] if node.kind not in ("cell", "quad")]
    relation = bool(behind) and behind[0].is_sign("=", "~", "(")
    separated = len(rest) > 1 and rest[1].kind in ("cell", "quad")
    words = rest[0].value
    if words.rstrip().endswith(":") or not behind or (not relation and (separated or _IS_LABEL.match(words))):
        return words, rest[1:]
    if behind[0].is_sign(":"):
        return words, rest[rest.index(behind[0]) + 1 :]
    return "", rest


def _pieces(row: list[Node]) -> Iterator[list[Node]]:
    """Take a row apart into statements: behind a comma or a wide space another may begin."""
    kept: list[Node] = []
    before, in_range = "", False
    for separator, chunk in _chunks([node for node in row if node.kind != "cell"]):
        relates = any(node.is_sign("=", "~") for node in chunk)
        alone = len(chunk) == 1 and chunk[0].kind in ("letters", "greek", "roman", "bold") and separator == ","
        words = chunk[0].value if chunk and chunk[0].kind == "roman" and not chunk[0].below else ""
        if before == "~" and words.startswith("for"):
            in_range = True
        elif before and (relates or (alone and not in_range)):
            yield _trimmed(kept)
            kept, before, in_range = [], "", False
        elif kept and separator and chunk:
            kept.append(Node("sign", separator, (kept[-1].span[1], kept[-1].span[1] + 1)))
        kept += chunk
        before = before or next((node.value for node in chunk if node.is_sign("=", "~")), "")
        in_range = in_range or any(node.kind == "dots" for node in chunk)
    yield _trimmed(kept)


def _chunks(row: list[Node]) -> Iterator[tuple[str, list[Node]]]:
    separator = ""
    chunk: list[Node] = []
    for node in row:
        if node.kind == "quad" or node.is_sign(",", ";", ":"):
            if chunk:
                yield separator, chunk
                separator, chunk = "", []
            separator = separator or ("," if node.kind == "sign" else "")
        else:
            chunk.append(node)
    yield separator, chunk


def _trimmed(piece: list[Node]) -> list[Node]:
    """Leave out words that join statements, remarks, the number of an equation and what ends a sentence."""
    kept = list(piece)
    while kept and kept[0].kind == "roman" and not kept[0].below and _JOINS.fullmatch(kept[0].value.lower()):
        if len(kept) > 1 and kept[1].is_sign("=", "~"):
            break
        kept.pop(0)
    while kept and (
        kept[-1].is_sign(".", ",", ";")
        or (kept[-1].kind == "roman" and not kept[-1].below and _REMARK.fullmatch(kept[-1].value))
        or _is_number_of_equation(kept)
        or (kept[-1].kind == "roman" and _JOINS.fullmatch(kept[-1].value.lower()) and not kept[-1].below)
    ):
        kept.pop()
    return kept


def _is_number_of_equation(piece: list[Node]) -> bool:
    """Whether ``(3)`` ends an equation that is complete before it."""
    last = piece[-1]
    if last.kind != "paren" or last.value != "(" or len(last.parts[0]) != 1 or last.parts[0][0].kind != "number":
        return False
    return len(piece) == 1 or piece[-2].kind not in ("sign", "roman")
