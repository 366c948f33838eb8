r"""Rows of LaTeX, as nodes -> lines of plain text: equations, offsets, distributions and covariances."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bayeshlm.equations.notations.latex_nodes import OPERANDS, Node
from bayeshlm.equations.notations.latex_plain import Plain, name_of, split_commas, write_nodes
from bayeshlm.equations.tokens import bracketed

_NORMAL = frozenset(("N", "Normal", "MVN", "Gaussian", "NID"))


def write_row(plain: Plain, nodes: Sequence[Node]) -> None:
    """Write one row: an equation, the distribution of the outcome, or of effects and residual; or several of them."""
    relations = [k for k, node in enumerate(nodes) if node.kind in ("=", "~")]
    commas = [k for k, node in enumerate(nodes) if node.kind == ","]
    if len(relations) > 1 and (between := [k for k in commas if relations[0] < k < relations[1]]):
        write_row(plain, nodes[: between[-1]])
        write_row(plain, nodes[between[-1] + 1 :])
        return
    tilde = next((k for k, node in enumerate(nodes) if node.kind == "~"), None)
    if tilde is not None and _is_normal(nodes[tilde + 1 :]):
        _write_normality(plain, nodes[:tilde], nodes[tilde + 1 :], nodes[tilde])
    elif nodes and nodes[0].kind == "call" and nodes[0].text.lower() in ("var", "cov", "corr", "e"):
        _write_moment(plain, nodes)
    else:
        left = tilde if tilde is not None else next((k for k, node in enumerate(nodes) if node.kind == "="), 0)
        write_nodes(plain, nodes[: left + 1])
        _write_terms(plain, nodes[left + 1 :], tilde is not None)
    plain.write("\n", nodes[-1].span)


def _write_terms(plain: Plain, nodes: Sequence[Node], is_distribution: bool) -> None:
    """Write the terms of a right side; one of quoted columns alone is an offset."""
    for term in _split(nodes, "+"):
        operands = [node for node in term if node.kind in OPERANDS]
        is_offset = operands and not is_distribution and all(map(_is_of_columns, operands))
        if is_offset:
            plain.write("offset(", term[0].span)
        effect = operands[0] if operands and operands[0].kind == "symbol" and not is_distribution else None
        letters = re.sub(r"[^a-z]", "", effect.subscript) if effect is not None else ""
        if effect is not None and letters in plain.groupings and name_of(effect) not in plain.lefts:
            plain.write(name_of(effect) + bracketed(plain.groupings[letters]), effect.span)
            rest = term[term.index(effect) + 1 :]
            plain.write("*" if rest and rest[0].kind in OPERANDS else "", effect.span)
            write_nodes(plain, rest)
        else:
            write_nodes(plain, term)
        if is_offset:
            plain.write(")", term[-1].span)


def _split(nodes: Sequence[Node], operator: str) -> list[list[Node]]:
    """The pieces of nodes that begin with an operator; what stands before the first is one, too."""
    parts: list[list[Node]] = [[]]
    for node in nodes:
        if node.kind == operator:
            parts.append([])
            parts[-1].append(node)
            parts.append([])
        else:
            parts[-1].append(node)
    return [part for part in parts if part]


def _is_of_columns(node: Node) -> bool:
    """Whether a node holds columns that are written as words, and no symbol."""
    if node.kind in ("call", "bar", "("):
        inner = [one for one in node.inner if one.kind in OPERANDS]
        return bool(inner) and all(map(_is_of_columns, inner))
    return node.kind == "column" and not re.search(r"\d", node.subscript)


def _is_normal(right: Sequence[Node]) -> bool:
    return bool(right) and right[0].kind == "call" and right[0].text.strip() in _NORMAL


def _write_normality(plain: Plain, left: Sequence[Node], right: Sequence[Node], tilde: Node) -> None:
    """Write ``u0, u1 ~ N(0, G)``, and that effects are independent where the matrix has a zero.

    The scale of a single effect or residual is left to the grammar of plain text to judge.
    """
    normal, *behind = right
    for node in behind:
        if node.kind != ",":
            raise plain.error(node, "nothing stands behind the distribution: leave this out")
    if any(node.kind in ("=", "+", "-") for node in left):
        raise plain.error(normal, "a distribution stands on a row of its own, or behind a comma")
    effects = _entries(left)
    if len(effects) == 1 and effects[0].kind == "symbol" and effects[0].bold:
        return  # all effects at once, as they are anyway
    mean, *covariance = split_commas(normal.inner)
    if not all(node.kind == "," or node.text in ("0", "𝟎") or node.kind == "matrix" for node in mean):
        if len(effects) == 1 and effects[0].kind in ("symbol", "column"):
            raise plain.error(
                normal, "the mean of a distribution stands in the equations: write `= ... + r` in place of N"
            )
        raise plain.error(normal, "effects and residuals have mean 0")
    for k, effect in enumerate(effects):
        plain.write(", " if k else "", effect.span)
        plain.write(name_of(effect), effect.span)
    plain.write(" ~ ", tilde.span)
    flat = [node for part in covariance for node in part]
    if len(effects) == 1:
        plain.write("N(0, ", normal.span)
        write_nodes(plain, flat)
        plain.write(")", normal.span)
        return
    plain.write("N(0, G)", normal.span)
    if len(flat) == 1 and flat[0].kind == "matrix":
        _write_zeros(plain, effects, flat[0])
    elif len(flat) != 1 or flat[0].kind != "symbol":
        raise plain.error(normal, "the covariance matrix is a letter, N(0, G), or written out: all of it is estimated")


def _entries(left: Sequence[Node]) -> list[Node]:
    """The symbols of a vector, in parentheses, in a matrix or side by side."""
    found: list[Node] = []
    for node in left:
        if node.kind in ("(", "matrix"):
            found += _entries(node.inner)
        elif node.kind in ("symbol", "column"):
            found.append(node)
    return found


def _write_zeros(plain: Plain, effects: Sequence[Node], matrix: Node) -> None:
    """Write ``cov(u0, u1) = 0`` for each pair of zeros in a covariance matrix, of which all else is estimated."""
    rows = [_split_cells(row) for row in split_commas(matrix.inner)]
    n = len(effects)
    if len(rows) != n or any(len(row) != n for row in rows):
        raise plain.error(matrix, f"the covariance matrix of {n} effects has {n} rows and {n} columns")
    zero = [[[node.text for node in cell] == ["0"] for cell in row] for row in rows]
    for node in (node for row in rows for cell in row for node in cell):
        if node.kind == "number" and node.text != "0":
            raise plain.error(node, "variances and covariances are estimated, or a covariance is 0: write a symbol")
    variances = [[(node.text, node.subscript) for node in rows[i][i] if node.kind == "symbol"] for i in range(n)]
    if any(one and one in variances[:i] for i, one in enumerate(variances)):
        raise plain.error(matrix, "each effect has a variance of its own: equal ones cannot be written")
    for i in range(n):
        for k in range(i):
            if zero[i][k] != zero[k][i]:
                raise plain.error(
                    matrix, "a covariance matrix is symmetric: a zero stands on both sides of the diagonal"
                )
            if zero[i][k]:
                names = (name_of(effects[m]) for m in (k, i))
                plain.write(f"\ncov({', '.join(names)}) = 0", matrix.span)


def _split_cells(row: Sequence[Node]) -> list[list[Node]]:
    cells: list[list[Node]] = [[]]
    for node in row:
        if node.kind == "&":
            cells.append([])
        else:
            cells[-1].append(node)
    return cells


def _write_moment(plain: Plain, nodes: Sequence[Node]) -> None:
    """Write ``cov(u0, u1) = 0``; other variances and covariances only name what is estimated anyway."""
    call, *rest = nodes
    right = [node for node in rest if node.kind != "="]
    if call.text.lower() in ("var", "cov") and right and right[-1].kind == "matrix":
        _write_zeros(plain, _entries(call.inner), right[-1])
        return
    if any(node.kind == "number" and node.text != "0" for node in right):
        raise plain.error(call, "a variance or covariance is estimated, or `cov(u0, u1) = 0`: leave this line out")
    if call.text.lower() in ("cov", "corr") and [node.text for node in right] == ["0"]:
        plain.write("cov(", call.span)
        for k, effect in enumerate(_entries(call.inner)):
            plain.write((", " if k else "") + name_of(effect), effect.span)
        plain.write(") = 0", call.span)
    elif call.text == "E" and [node.text for node in right] != ["0"]:
        raise plain.error(call, "what is expected stands in the equations: write level 1 with its residual")
    elif not all(node.kind in ("symbol", "number", "^", "column") for node in right):
        raise plain.error(call, "a variance or covariance is estimated, or `cov(u0, u1) = 0`: leave this line out")
