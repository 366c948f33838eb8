r"""Names with subscripts, as LaTeX sets them -> symbols and columns of the plain notation.

A subscript holds the number of a symbol, units, or both: ``\gamma_{01}``, ``\text{ses}_{ij}``, ``\beta_{0j}``. It is no
part of a name in text: ``\text{ses}_{ij}`` is the column ``ses``. ``ses_{ij}``, set in italics, is ``ses_ij``, from
which a `bayeshlm.Model` drops the subscript unless the data have such a column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.equations.notations.latex_nodes import Node
from bayeshlm.equations.symbols import UNITS, canonical
from bayeshlm.equations.tokens import equation_error, is_plain_name
from bayeshlm.families.links import LINKS

NAMES = ("letters", "greek", "roman", "column", "bold")
"""Kinds of nodes that are names."""

_KEPT = re.compile(rf"(?:{UNITS})")
_DIGITS_UNITS = re.compile(r"(?P<digits>\d+)(?P<units>[i-z()]*)")
_UNITS = re.compile(r"(?P<units>[i-nopqt()]*)(?P<digits>\d*)")
_OF_UNIT = re.compile(r"(.*?)\[[i-t]+\]")  # Gelman and Hill's j[i]
_GROUPED = re.compile(r"(?P<digits>\d*)\[(?P<group>.+)\]")


@dataclass(frozen=True, slots=True)
class Subscript:
    """A subscript taken apart: the number of a symbol, units, a dot for each level averaged over, words, a grouping."""

    digits: str = ""
    units: str = ""
    dots: bool = False
    words: str = ""
    group: str = ""


def subscript(text: str, node: Node) -> Subscript:
    """Take the subscript of a node apart.

    Raises
    ------
    EquationError
        If it holds what no subscript of a name does.
    """
    written = _flat(text, node.below)
    if "." in written:
        letters = written.replace(".", "")
        return Subscript(units=letters, dots=True)
    if match := _OF_UNIT.fullmatch(written):
        written = match[1] if len(match[1].lstrip("0123456789")) == 1 else re.sub(r"\D+", "", match[1]) + "j"
    for pattern in (_DIGITS_UNITS, _UNITS):
        if match := pattern.fullmatch(written):
            return Subscript(match["digits"], match["units"])
    if match := _GROUPED.fullmatch(written):
        return Subscript(match["digits"], group=match["group"])
    if "[" in written:
        message = "this is the coefficient of one column of a category: write the category as a whole,"
        message += r" `\operatorname{C}(\text{race})`, with one coefficient"
        raise equation_error(text, node.span, message)
    digits = re.match(r"\d*", written)
    return Subscript(digits[0] if digits else "", words=written[digits.end() if digits else 0 :])


def symbol_text(text: str, node: Node) -> str:
    r"""Spell a symbol plainly: ``\beta_{0j}`` -> ``β_0j``, ``u_{0j}`` -> ``u_0j``.

    Raises
    ------
    EquationError
        If it has a superscript, or letters of another alphabet stand for a matrix.
    """
    _check_plain(text, node)
    parts = subscript(text, node)
    name = node.value if is_plain_name(node.value) else _backticks(node.value)
    kept = parts.units if _KEPT.fullmatch(parts.units) else ""
    tail = parts.digits + kept + ("_" if parts.digits and parts.words else "") + parts.words
    if canonical(f"{name}_{tail}") != canonical(f"{name}_{parts.digits}{parts.words}"):
        tail = parts.digits + parts.words
    return f"{name}_{tail}" if tail else name


def column_text(text: str, node: Node) -> str:
    r"""Spell a column plainly, in backticks where it needs them: ``\text{a b}_{ij}`` -> `` `a b` ``.

    Raises
    ------
    EquationError
        If it has a superscript, or is set as a matrix is.
    """
    _check_plain(text, node)
    parts = subscript(text, node)
    value = node.value
    if node.kind == "roman" and value.startswith("(") and value.endswith(")"):  # `\mathrm{(SES)}_{ij}`
        value = value[1:-1].strip()
    name = value + parts.digits + (f"_{parts.words}" if parts.words else "")
    if node.kind in ("letters", "greek") and parts.units and (_KEPT.fullmatch(parts.units) or len(parts.units) == 1):
        name += f"_{parts.units}"
    if parts.group:
        raise equation_error(text, node.span, "only a random effect names its group: `u_{0[school]}`")
    return name if is_plain_name(name) else _backticks(name)


def grouping_text(name: str) -> str:
    """Name a grouping in brackets."""
    return f"[{_backticks(name)}]"


def units_of(text: str, node: Node) -> str:
    """The letters of the units of a name."""
    return subscript(text, node).units.replace("(", "").replace(")", "")


def _check_plain(text: str, node: Node) -> None:
    if node.kind == "bold":
        message = "vectors and matrices are not read in equations: write one equation for each coefficient, as in"
        message += r" `\beta_{0j} = \gamma_{00} + u_{0j}`"
        raise equation_error(text, node.span, message)
    if node.value in LINKS and [one.value for one in node.above] == ["-", "1"]:
        message = "the inverse of a link is not read: write the link on the left side of level 1, "
        message += (
            rf"`\operatorname{{{node.value}}}(p_{{ij}}) = ...`, and `y_{{ij}} \sim \mathrm{{Bernoulli}}(p_{{ij}})`"
        )
        raise equation_error(text, node.span, message)
    if node.above:
        message = f"powers are not read, and a symbol has no superscript: write `{node.value}` with a subscript alone,"
        message += r" or a square as `x \cdot x`"
        raise equation_error(text, node.span, message)


def _flat(text: str, nodes: Sequence[Node]) -> str:
    """The characters of a subscript, without blanks and commas."""
    parts = []
    for node in nodes:
        if node.kind == "paren":
            closing = ")" if node.value == "(" else "]"
            inside = node.parts[0]
            is_label = node.value == "[" and len(inside) == 1 and inside[0].kind in ("roman", "column")
            parts.append(f"{node.value}{inside[0].value if is_label else _flat(text, inside)}{closing}")
        elif node.kind in NAMES or node.kind == "number":
            parts.append(node.value + _flat(text, node.below))
        elif node.is_sign(",", "'"):
            continue
        elif node.is_sign(".", "*"):
            parts.append(".")
        elif node.is_sign(":", "_"):
            parts.append(node.value)
        elif node.kind != "quad":
            raise equation_error(text, node.span, r"a subscript is digits and units, such as `\beta_{0j}`")
    return "".join(parts)


def _backticks(name: str) -> str:
    return "`{}`".format(name.replace("`", "``"))
