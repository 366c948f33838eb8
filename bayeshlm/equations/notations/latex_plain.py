r"""Nodes of LaTeX -> the same in plain text, each character of which knows its place in the LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bayeshlm.equations.notations.latex_nodes import OPERANDS, Node
from bayeshlm.equations.product import Span
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import equation_error
from bayeshlm.errors import EquationError

_VALUE = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|True|False")
_OPTION = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*", re.DOTALL)


@dataclass(slots=True)
class Plain:
    """Plain text that is being written, and where each of its characters comes from.

    Attributes
    ----------
    latex, text : str
    places : list of tuple of int
        Of each character of the text its place in the LaTeX.
    groupings : dict of str to str
        What a note says of the letters of subscripts: whose units they count.
    lefts : set of str
        Symbols that have an equation, which are no random effects.
    under_bar : bool
        What is written stands under a bar, where no subscript says over which units the next mean is.
    """

    latex: str
    text: str = ""
    places: list[Span] = field(default_factory=list)
    groupings: dict[str, str] = field(default_factory=dict)
    lefts: set[str] = field(default_factory=set)
    under_bar: bool = False

    def write(self, text: str, span: Span) -> None:
        """Add text that stands for a piece of the LaTeX."""
        self.text += text
        self.places += [span] * len(text)

    def place(self, span: Span) -> Span:
        """The place in the LaTeX of a piece of the plain text."""
        if not self.places:
            return (0, len(self.latex))
        low = min(max(span[0], 0), len(self.places) - 1)
        high = min(max(span[1] - 1, low), len(self.places) - 1)
        if span[0] >= len(self.places):  # behind the end
            return (self.places[-1][1], self.places[-1][1] + 1)
        return (self.places[low][0], max(self.places[high][1], self.places[low][0] + 1))

    def error(self, node: Node, message: str) -> EquationError:
        """An error at a node."""
        return equation_error(self.latex, node.span, message)


def name_of(node: Node) -> str:
    """The name of a symbol with its subscript, as plain text has it: ``γ_00``; units behind digits say nothing."""
    subscript = re.sub(r"\W", "", node.subscript)
    if digits := re.match(r"[0-9]+", subscript):
        return f"{node.text}_{digits[0]}"
    is_unit, has_capital = canonical(f"x_{subscript}") == "x", subscript.lower() != subscript
    return f"{node.text}_{subscript}" if subscript and (is_unit or has_capital) else node.text


def write_nodes(plain: Plain, nodes: Sequence[Node]) -> None:
    """Write nodes, with a ``*`` between any two that stand side by side."""
    before: Node | None = None
    for node in nodes:
        if before is not None and before.kind in OPERANDS and node.kind in OPERANDS:
            plain.write("*", (before.span[1], node.span[0]) if before.span[1] < node.span[0] else node.span)
        _write_node(plain, node)
        before = node


def _write_node(plain: Plain, node: Node) -> None:
    if node.kind == "symbol":
        _write_symbol(plain, node)
    elif node.kind == "column":
        if re.search(r"\d", node.subscript):
            _write_symbol(plain, node)
        else:
            plain.write("`" + node.text.replace("`", "``") + "`", node.span)
    elif node.kind == "call":
        _write_call(plain, node)
    elif node.kind == "bar":
        if not (plain.under_bar or re.search("[a-z]", node.subscript)):
            raise plain.error(node, "a grand mean is one number: it belongs into a difference, `x - \\bar{x}`")
        outside, plain.under_bar = plain.under_bar, True
        plain.write("mean(", node.span)
        write_nodes(plain, node.inner)
        plain.write(")", node.span)
        plain.under_bar = outside
    elif node.kind == "(":
        _write_parentheses(plain, node)
    elif node.kind == "matrix":
        raise plain.error(node, "a matrix equation is not read: write one equation a coefficient")
    else:
        plain.write({"^": "^2", "=": " = ", "+": " + ", "~": " ~ "}.get(node.kind, node.text), node.span)


def _write_symbol(plain: Plain, node: Node) -> None:
    plain.write(name_of(node), node.span)


def _write_call(plain: Plain, node: Node) -> None:
    name = re.sub(r"\s", "", node.text)
    if name in ("1", "I") or not re.fullmatch(r"[^\W\d]\w*", name):
        raise plain.error(node, "an indicator of a category is not read: write the column, or C(x) for numbers")
    plain.write(f"{name}(", node.span)
    first, *options = split_commas(node.inner)
    write_nodes(plain, first)
    for option in options:
        words = option[0].text if len(option) == 1 and option[0].kind == "column" else ""
        match = _OPTION.fullmatch(words)
        plain.write(", ", option[0].span if option else node.span)
        if match is None:
            write_nodes(plain, option)
            continue
        if match[1] == "coding":
            plain.write(match[2], option[0].span)
            continue
        value = match[2] if _VALUE.fullmatch(match[2]) else '"' + match[2].replace('"', '""') + '"'
        plain.write(f"{match[1]}={value}", option[0].span)
    plain.write(")", node.span)


def split_commas(nodes: Sequence[Node]) -> list[list[Node]]:
    """What stands between commas."""
    parts: list[list[Node]] = [[]]
    for node in nodes:
        if node.kind == ",":
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def _write_parentheses(plain: Plain, node: Node) -> None:
    """Write ``(x - mean of x)`` as cwc(x) or cgm(x), other parentheses as they are."""
    inner = node.inner
    minus = [k for k, one in enumerate(inner) if one.kind == "-"]
    if len(minus) == 1 and minus[0] == len(inner) - 2 and inner[-1].kind == "bar":
        column, mean = inner[: minus[0]], inner[-1]
        if not _same(column, mean.inner):
            raise plain.error(node, "a column is centered around a mean of its own: both sides of `-` name one column")
        own, over = _last(column).subscript, re.sub(r"[^a-z]", "", mean.subscript)
        above = re.sub(r"[^a-z]", "", re.sub(r"^(?:\([a-z]+\)|[a-z])", "", own))
        if over and own and over != above and not (over == own and _last(column).kind == "bar"):
            raise plain.error(node, f"x is centered within the units above its own: write the mean of {above or 'all'}")
        if not (over or mean.subscript or plain.under_bar) and len(re.sub(r"[^a-z]", "", own)) > 1:
            message = (
                "over what this mean is taken is not said: write \\bar{x}_{.j} for that of the group, \\bar{x}_{..}"
            )
            raise plain.error(node, f"{message} for that of all rows")
        plain.write("cwc(" if over else "cgm(", node.span)
        write_nodes(plain, column)
        plain.write(")", node.span)
        return
    if len(inner) == 1 and inner[0].kind in ("symbol", "column"):
        _write_node(plain, inner[0])
        return
    plain.write("(", node.span)
    write_nodes(plain, inner)
    plain.write(")", node.span)


def _last(nodes: Sequence[Node]) -> Node:
    """The column of an expression whose subscript says whose values these are."""
    named = [node for node in nodes if node.kind in ("symbol", "column", "call", "bar")]
    one = named[-1] if named else nodes[-1]
    return _last(one.inner) if one.kind == "call" and one.inner else one


def _same(one: Sequence[Node], other: Sequence[Node]) -> bool:
    """Whether two expressions are the same but for their units."""
    first, second = ([node for node in nodes if node.kind != "*"] for nodes in (one, other))
    return len(first) == len(second) and all(
        (a.kind, a.text) == (b.kind, b.text) and _same(a.inner, b.inner) for a, b in zip(first, second, strict=True)
    )
