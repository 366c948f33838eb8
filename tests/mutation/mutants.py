"""Copies of a source text that are wrong in one place: operators, integers, signs, conditions and statements."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of a text: from its byte ``start`` to ``end``, in line ``line``, ``before`` becomes ``after``.

    It keeps its name when other lines come and go: the function or class it is in (empty outside of them), the text
    of its line, the change, and ``nth`` of those that have all of these in common.
    """

    line: int
    start: int
    end: int
    before: str
    after: str
    within: str
    text: str
    nth: int

    @property
    def name(self) -> tuple[str, str, str, str, int]:
        """What makes it the same mutant in a text whose other lines have changed."""
        return self.within, self.text, self.before, self.after, self.nth

    def of(self, text: str) -> str:
        """The text with the change; all other lines stay where they are."""
        written = text.encode()
        return (written[: self.start] + self.after.encode() + written[self.end :]).decode()


def mutants(text: str) -> list[Mutant]:
    """All mutants of a module that compile, in the order of the text."""
    module = ast.parse(text)
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    scopes = list(_scopes(module, ""))
    found = []
    seen: Counter[tuple[str, ...]] = Counter()
    for node, after in _changes(module):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        before = text.encode()[start:end].decode()
        within = [name for first, last, name in scopes if first <= node.lineno <= last]
        name = (within[-1] if within else "", lines[node.lineno - 1].decode().strip(), before, after)
        mutant = Mutant(node.lineno, start, end, before, after, name[0], name[1], seen[name])
        seen[name] += 1
        try:
            compile(mutant.of(text), "mutant", "exec")
        except SyntaxError:  # such as a quote inside an f-string
            continue
        found.append(mutant)
    return found


def _scopes(node: ast.AST, name: str) -> Iterator[tuple[int, int, str]]:
    """First and last line and dotted name of functions and classes, the inner ones behind the outer ones."""
    for child in ast.iter_child_nodes(node):
        inner = name
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = f"{name}.{child.name}" if name else child.name
            yield child.lineno, child.end_lineno, inner
        yield from _scopes(child, inner)


def _changes(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Nodes and what is written in their place; annotations and blocks for type checkers are left as they are."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _changes(child)
    if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        yield node, "pass"
    elif isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS:
        yield node, _with(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPERATORS and not _joins_texts(node):
        yield node, f"({_with(node, op=OPERATORS[type(node.op)]())})"
    elif isinstance(node, ast.Compare):
        yield node, f"({_with(node, ops=[OPERATORS[type(node.ops[0])](), *node.ops[1:]])})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node, f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield node, str(node.value + 1)


def _with(node: ast.AST, **fields: object) -> str:
    """The text of a node with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return ast.unparse(changed)


def _joins_texts(node: ast.BinOp | ast.BoolOp) -> bool:
    """Whether a term is a literal text, whose sum has no other sign."""
    terms = [node.left, node.right] if isinstance(node, ast.BinOp) else []
    literal = [term for term in terms if isinstance(term, ast.Constant) and isinstance(term.value, str)]
    return bool(literal) or any(isinstance(term, ast.JoinedStr) for term in terms)
