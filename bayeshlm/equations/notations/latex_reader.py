r"""LaTeX of the equations, as papers print them -> ModelSpec, by way of the plain notation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bayeshlm.equations.combined import is_combined, read_combined
from bayeshlm.equations.grammar import parse_levels
from bayeshlm.equations.notations.latex_combined import Placed, apart, compare
from bayeshlm.equations.notations.latex_distributions import Distributions
from bayeshlm.equations.notations.latex_document import CENTERING, Statement, statements
from bayeshlm.equations.notations.latex_equations import EquationWriter
from bayeshlm.equations.notations.latex_names import NAMES, column_text, symbol_text
from bayeshlm.equations.notations.latex_nodes import Node
from bayeshlm.equations.product import Span
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import check_length, equation_error
from bayeshlm.equations.translated import Translation, read_translated
from bayeshlm.errors import EquationError

_QUOTED = re.compile(r"`[^`\r\n]+`|\"[^\"\r\n]*\"|#[^\r\n]*")
_LATEX = re.compile(r"\\[A-Za-z]{2,}|\\[\[\](),;:!{}\\_]|\^\{|\$\$|(?<![\w.\])])\$|&\s*[=~]")
_RANGE = re.compile(r"[ijklmnpqrst]")


def is_latex(text: str) -> bool:
    r"""Whether a text is LaTeX: commands, subscripts in braces, mathematics in ``$`` or ``&=``, outside of backticks.

    Examples
    --------
    >>> is_latex(r"Y_{ij} = \beta_{0j} + r_{ij}"), is_latex("y = b0 + r; b0 = g00 + u0"), is_latex("lmer(d$y ~ d$x)")
    (True, False, False)
    """
    bare = _QUOTED.sub("", text)
    return _LATEX.search(bare) is not None or bare.count("_{") > 1


def read_latex(text: str) -> ModelSpec:
    r"""Read equations in LaTeX: one a level, or the combined equation.

    Parameters
    ----------
    text : str
        Environments such as ``aligned`` and ``eqnarray``, ``$...$``, ``$$...$$`` and ``\[...\]`` among words, or lines
        without them. ``\text{ses}_{ij}`` is the column ``ses``, ``ses_{ij}`` the column ``ses_ij`` or ``ses``;
        ``(X_{ij} - \bar{X}_{.j})`` centers around the mean of a group, ``(X_{ij} - \bar{X}_{..})`` around that of all,
        and ``\bar{X}_{.j}`` is the mean of the group. Distributions of residuals and random effects may stand there; a
        zero in their covariance matrix counts.

    Returns
    -------
    ModelSpec
        What the equations say; its places point into this text.

    Raises
    ------
    EquationError
        If the text cannot be read, or says what a model here cannot be; the message quotes it with a caret.

    Examples
    --------
    >>> spec = read_latex(r'''
    ... \begin{eqnarray*}
    ...   Y_{ij}     &=& \beta_{0j} + \beta_{1j}(X_{ij} - \bar{X}_{.j}) + r_{ij} \\
    ...   \beta_{0j} &=& \gamma_{00} + \gamma_{01}\text{sector}_j + u_{0j} \\
    ...   \beta_{1j} &=& \gamma_{10}
    ... \end{eqnarray*}
    ... ''')
    >>> from bayeshlm.equations.render import render
    >>> print(render(spec))
    Y_ij = b0 + b1*cwc(X_ij) + r
    b0 = g00 + g01*sector + u0
    b1 = g10
    """
    check_length(text, "LaTeX")
    found = statements(text)
    if not found:
        raise EquationError(
            r"the text holds no equation; write one equation a level, such as `Y_{ij} = \beta_{0j} + r_{ij}` and"
            r" `\beta_{0j} = \gamma_{00} + u_{0j}`"
        )
    said, levels, combined = _sorted(text, found)
    translation = Translation()
    writer = EquationWriter(text, translation, said.groupings)
    _write(writer, translation, said, levels)
    spec = read_translated(text, translation, _reads(translation.text))
    as_written = not any(one.kind == "plain" and CENTERING.search(text, *one.span) for one in found)
    for run in combined:
        compare(text, run, writer, spec, as_written)
    return spec


def _reads(text: str) -> Callable[[str], ModelSpec]:
    return read_combined if is_combined(text) else parse_levels


def _sorted(
    text: str, found: Sequence[Statement]
) -> tuple[Distributions, Sequence[Placed], Sequence[Sequence[Placed]]]:
    """What distributions say, the equations of the model, and those that repeat its levels."""
    said = Distributions(text)
    effects = _symbols(text, found)
    equations: list[Placed] = []
    for statement in found:
        relation = _relation(text, statement)
        if statement.kind == "row" and _is_independence(statement.nodes):
            said.independent(statement.nodes[:-1])
        elif relation is None or statement.kind == "plain":
            equations.append(Placed(statement, -1))
        elif not _is_said(text, said, statement, relation, effects):
            equations.append(Placed(statement, relation))
    said.finish()
    return said, *apart(text, equations)


def _write(writer: EquationWriter, into: Translation, said: Distributions, levels: Sequence[Placed]) -> None:
    """Write the text in the plain notation: equations, and what distributions say."""
    for left, right in said.outcome:
        _distribution(writer, into, left, right)
        _end(into, right[-1].span)
    for one in levels:
        _equation(writer, into, one.statement, one.relation)
    for line, span in said.lines:
        into.add(line, span)
        _end(into, span)


def _equation(writer: EquationWriter, into: Translation, statement: Statement, number: int) -> None:
    nodes = statement.nodes
    if statement.kind == "plain":
        into.copy(writer.text, statement.span)
    elif number < 0:
        writer.sum(nodes)
    else:
        writer.equation(nodes[:number], nodes[number], nodes[number + 1 :])
    _end(into, statement.span)


def _end(into: Translation, span: Span) -> None:
    into.add("\n", (span[1], span[1] + 1))


def _distribution(writer: EquationWriter, into: Translation, left: list[Node], right: list[Node]) -> None:
    """Write ``outcome ~ family(...)``."""
    if len(left) != 1 or left[0].kind not in NAMES:
        raise equation_error(writer.text, left[0].span, "a distribution is that of one outcome, a column")
    writer.outcome(left[0])
    family = right[0].value.replace("-", "").replace(" ", "")
    into.add(f" ~ {'Normal' if family == 'N' else family}(", right[0].span)
    for node in right[1].parts[0]:
        if node.is_sign(",", "+"):
            into.add(f"{node.value} ", node.span)
        elif node.kind in ("roman", "column"):
            into.add(column_text(writer.text, node), node.span)
        elif node.kind in NAMES:
            into.add(symbol_text(writer.text, _without_square(node)), node.span)
        elif node.kind in ("number", "sign"):
            into.add(node.value, node.span)
        else:
            raise equation_error(writer.text, node.span, "an argument of a distribution is a symbol or a column")
    into.add(")", (right[1].span[1] - 1, right[1].span[1]))
    if len(right) > 2 and right[2].kind not in ("roman", "sign"):
        raise equation_error(writer.text, right[2].span, "a distribution ends here: begin a new line behind it")


def _without_square(node: Node) -> Node:
    return Node(node.kind, node.value, node.span, below=node.below)


def _relation(text: str, statement: Statement) -> int | None:
    """Position of the relation of a row; a distribution comes before what stands in its equation."""
    places = [k for k, node in enumerate(statement.nodes) if node.is_sign("=", "~")]
    if not places:
        return None
    first = places[0]
    more = [k for k in places[1:] if statement.nodes[k].is_sign("=")]
    if more and statement.nodes[first].is_sign("=") and statement.nodes[more[0] + 1 : more[0] + 2] != ():
        last = statement.nodes[-1]
        if last.kind == "matrix" and len(more) == 1:
            return more[0]
        message = (
            "a second `=` in one equation: write each equation once, on a line of its own, one for each coefficient"
        )
        raise equation_error(text, statement.nodes[more[0]].span, message, statement.nodes[first].span)
    return first


def _is_said(text: str, said: Distributions, statement: Statement, relation: int, effects: Sequence[str]) -> bool:
    """Whether a row says something of distributions, or numbers units, and is no equation of the model."""
    nodes = statement.nodes
    left, right = list(nodes[:relation]), list(nodes[relation + 1 :])
    if not left or not right:
        return False
    if nodes[relation].is_sign("~"):
        said.read(left, right, effects)
        return True
    earlier = next((k for k, node in enumerate(left) if node.is_sign("=")), None)
    if earlier is not None:  # `\operatorname{Var}(u_j) = \mathbf{T} = \begin{pmatrix} ...`
        left = left[:earlier]
    is_unit = len(left) == 1 and left[0].kind == "letters" and _RANGE.fullmatch(left[0].value) and not left[0].below
    if is_unit and right[0].kind == "number":
        return True
    return said.moment(left, right)


def _is_independence(nodes: Sequence[Node]) -> bool:
    words = nodes[-1] if nodes else None
    return words is not None and words.kind == "roman" and words.value.strip(" .").endswith("independent")


def _symbols(text: str, found: Sequence[Statement]) -> list[str]:
    """The symbols that stand alone in terms of right sides."""
    names = []
    for statement in found:
        nodes = statement.nodes
        for k, node in enumerate(nodes[1:], 1):
            alone = k + 1 == len(nodes) or nodes[k + 1].is_sign("+")
            if node.kind in ("letters", "greek") and not node.above and nodes[k - 1].is_sign("+") and alone:
                names.append(canonical(symbol_text(text, node)))
    return names
