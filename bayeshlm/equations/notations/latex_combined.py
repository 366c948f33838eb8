r"""The combined equation that a text in LaTeX prints beside its levels: found, multiplied out, compared with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.equations.mixed import check_combined
from bayeshlm.equations.notations.latex_document import Statement
from bayeshlm.equations.notations.latex_equations import EquationWriter
from bayeshlm.equations.notations.latex_nodes import Node
from bayeshlm.equations.product import Span
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.translated import Translation, places_of


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement and the position of its relation; -1 where it has none, as a row that goes on or a plain line."""

    statement: Statement
    relation: int

    @property
    def goes_on(self) -> bool:
        """Whether it is a row that adds terms to the equation above."""
        return self.relation < 0 and self.statement.kind == "row"

    def left(self, text: str) -> str:
        """Its left side as it is written, without blanks."""
        if self.relation <= 0:
            return ""
        nodes = self.statement.nodes
        return re.sub(r"\s", "", text[nodes[0].span[0] : nodes[self.relation].span[0]])


def apart(text: str, equations: Sequence[Placed]) -> tuple[list[Placed], list[list[Placed]]]:
    """Take equations that repeat the levels in one out of the others, each with the rows that go on with it.

    Such an equation has the left side of another. It stands under a label such as "Combined", or names none of the
    coefficients whose equations the levels are.
    """
    runs: list[list[Placed]] = []
    for one in equations:
        if one.goes_on and runs:
            runs[-1].append(one)
        else:
            runs.append([one])
    lefts = [run[0].left(text) for run in runs]
    unlabeled = {left for left, run in zip(lefts, runs, strict=True) if left and not run[0].statement.mixed}
    levels: list[Placed] = []
    combined: list[list[Placed]] = []
    for left, run in zip(lefts, runs, strict=True):
        if run[0].statement.mixed:
            repeats = left in unlabeled
        else:
            repeats = lefts.count(left) > 1 and bool(left) and not _names_any(text, run, unlabeled - {left})
        if repeats and len(unlabeled) > 1:
            combined.append(run)
        else:
            levels += run
    return levels, combined


def _names_any(text: str, run: Sequence[Placed], lefts: set[str]) -> bool:
    """Whether an equation has one of these left sides in its terms."""
    nodes = [node for one in run for node in one.statement.nodes[one.relation + 1 :]]
    return any(re.sub(r"\s", "", text[slice(*node.span)]).strip("()") in lefts for node in nodes)


def compare(text: str, run: Sequence[Placed], writer: EquationWriter, spec: ModelSpec, as_written: bool) -> None:
    """Refuse a combined equation that is not that of the levels.

    Parameters
    ----------
    text : str
        The user's text.
    run : sequence of Placed
        The equation and the rows that go on with it.
    writer : EquationWriter
        What writes its terms.
    spec : ModelSpec
        What the levels say.
    as_written : bool
        Columns are centered in the equations, not by a sentence beside them.

    Raises
    ------
    EquationError
        At the first term that the levels do not have, if one of theirs is missing, or if it cannot be read.
    """
    first = run[0].statement.nodes
    into = Translation()
    into.add("y = ", (first[0].span[0], first[run[0].relation].span[1]))
    right = [node for one in run for node in one.statement.nodes[one.relation + 1 :]]
    writer.writing(into).sum(multiplied_out(right))
    with places_of(text, into):
        check_combined(into.text, spec, as_written)


def multiplied_out(nodes: Sequence[Node]) -> list[Node]:
    r"""The terms of ``(\gamma_{10} + u_{1j}) X_{ij}``, one by one."""
    found: list[Node] = []
    for term in _terms(nodes):
        sums = [node for node in term if node.kind == "paren" and any(one.is_sign("+") for one in node.parts[0])]
        if len(sums) != 1:
            found += [_plus(term[0].span), *term]
            continue
        others = [node for node in term if node is not sums[0] and not node.is_sign("*")]
        for inner in _terms(multiplied_out(sums[0].parts[0])):
            found += [_plus(inner[0].span), *inner, *others]
    return found[1:]


def _terms(nodes: Sequence[Node]) -> list[list[Node]]:
    terms: list[list[Node]] = [[]]
    for node in nodes:
        if node.is_sign("+"):
            terms.append([])
        else:
            terms[-1].append(node)
    return [term for term in terms if term]


def _plus(span: Span) -> Node:
    return Node("sign", "+", span)
