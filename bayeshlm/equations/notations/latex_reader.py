r"""LaTeX, as a paper prints the model -> ModelSpec, by way of plain text."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

from bayeshlm.equations.combined import is_combined, read_combined
from bayeshlm.equations.grammar import parse_levels
from bayeshlm.equations.notations.latex_nodes import NodeReader
from bayeshlm.equations.notations.latex_plain import Plain, name_of
from bayeshlm.equations.notations.latex_rows import write_row
from bayeshlm.equations.notations.latex_tokens import LatexToken, latex_rows
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import check_length, equation_error
from bayeshlm.errors import EquationError

_LABEL = re.compile(r"\s*level[\s-]*\d.*", re.IGNORECASE | re.DOTALL)
_UNITS = re.compile(r"\s*[a-z()]+\s*:\s*.+", re.DOTALL)
_NOTE = re.compile(r"\s*reference of .*", re.DOTALL)


def read_latex(text: str) -> ModelSpec:
    r"""Read the equations of a model as LaTeX.

    Environments such as ``aligned`` and ``eqnarray``, math between dollars or brackets, ``\text{ses}_{ij}`` and
    ``\mathrm``, a coefficient and its column side by side, ``(X_{ij} - \bar{X}_{.j})`` for ``cwc(X)``, matrices of
    effects in a distribution: what `bayeshlm.equations.render` writes, and what papers print. Words outside of math
    are prose. It is one equation a level, or a combined equation.

    Parameters
    ----------
    text : str
        Up to 100,000 characters.

    Returns
    -------
    ModelSpec
        Places in it are places in the LaTeX.

    Raises
    ------
    EquationError
        The message quotes the line of LaTeX.

    Examples
    --------
    >>> from bayeshlm.equations.render import render
    >>> print(render(read_latex(r'''
    ...     \begin{eqnarray}
    ...     Y_{ij} &=& \beta_{0j} + \beta_{1j}(X_{ij} - \bar{X}_{.j}) + r_{ij} \\
    ...     \beta_{0j} &=& \gamma_{00} + \gamma_{01} W_j + u_{0j} \\
    ...     \beta_{1j} &=& \gamma_{10} + u_{1j}
    ...     \end{eqnarray}
    ... ''')))
    Y_ij = b0 + b1*cwc(X_ij) + r
    b0 = g00 + g01*W_j + u0
    b1 = g10 + u1
    """
    check_length(text, "LaTeX")
    plain = plain_text(text)
    try:
        spec = read_combined(plain.text) if is_combined(plain.text) else parse_levels(plain.text)
    except EquationError as error:
        if error.place is None:
            raise
        message, span, first = error.place
        raise equation_error(text, plain.place(span), message, first and plain.place(first)) from None
    moved: ModelSpec = _moved(spec, plain)
    return replace(moved, text=text)


def plain_text(text: str) -> Plain:
    """The same equations in the notation of `bayeshlm.equations.grammar.parse_levels`."""
    rows, sentences = latex_rows(text)
    plain = Plain(text)
    kept = []
    for row in rows:
        row, label = _without_label(row)
        words = row[0].value if len(row) == 1 and row[0].kind == "text" else None
        if words is not None and _UNITS.fullmatch(words) and not _NOTE.fullmatch(words):
            plain.groupings |= _groupings(words)
        elif row and words is None and (kept_row := _equation(text, row)):
            kept.append((label, kept_row))
    nodes = [NodeReader(text, row).read() for _, row in kept]
    plain.lefts |= {name_of(row[0]) for row in nodes if len(row) > 1 and row[1].kind == "="}
    for (label, _), of_row in zip(kept, nodes, strict=True):
        if label is not None:
            plain.write(f"Level {label[0]}: ", label[1])
        write_row(plain, of_row)
    for start, end in sentences:
        for k, char in enumerate(text[start:end]):
            plain.write(char, (start + k, start + k + 1))
        plain.write("\n", (end - 1, end))
    return plain


def _without_label(row: list[LatexToken]) -> tuple[list[LatexToken], tuple[str, tuple[int, int]] | None]:
    r"""A row without ``\text{Level 1:}`` or ``Level 1:``, and the level that it names."""
    if not row:
        return row, None
    if row[0].kind == "text" and len(row) > 1 and row[1].kind == "_":
        return row, None
    if row[0].kind == "text" and (match := re.match(r"\s*level[\s-]*(\d)", row[0].value, re.IGNORECASE)):
        return row[1:], (match[1], row[0].span)
    if row[0].kind == "word" and row[0].value.lower() == "level" and len(row) > 1:
        at = 2 if row[1].value in "-–" else 1
        if len(row) > at and row[at].kind == "number":
            end = next((k for k, one in enumerate(row) if one.value == ":"), at)
            return row[end + 1 :], (row[at].value, row[0].span)
    return row, None


def _equation(text: str, row: list[LatexToken]) -> list[LatexToken]:
    """A row that says something, without the words and the full stop behind it; a mention of a symbol says nothing."""
    while row and (row[-1].value in (".", ",", ";") or (row[-1].kind == "text" and _is_prose(row[-1].value))):
        row = row[:-1]
    relation = any(token.value in ("=", "sim", "thicksim", "+") for token in row)
    if not relation and len(row) > 12:
        raise equation_error(text, row[0].span, "this is no equation: `=` is missing")
    return row if relation else []


def _is_prose(words: str) -> bool:
    return re.fullmatch(r"\s*(?:where|and|with|for|if)\b.*|\s*\(.*\)\s*|\s*[.,;]?\s*", words, re.DOTALL) is not None


def _groupings(words: str) -> dict[str, str]:
    """``jk: child; k: school``: which grouping the letters of a subscript stand for."""
    pairs = (part.partition(":") for part in words.split("; "))
    return {re.sub(r"[^a-z]", "", letters): name.strip() for letters, _, name in pairs}


def _moved(value: Any, plain: Plain) -> Any:
    """A specification whose places are places in the LaTeX."""
    if isinstance(value, tuple):
        return tuple(_moved(one, plain) for one in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes = {}
    for one in fields(value):
        inner = getattr(value, one.name)
        changes[one.name] = plain.place(inner) if one.name == "span" and inner is not None else _moved(inner, plain)
    return replace(value, **changes)
