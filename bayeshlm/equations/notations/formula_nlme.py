"""The ``random`` argument of nlme's ``lme``: one formula, or a list of one for each nested grouping."""

from __future__ import annotations

from bayeshlm.equations.notations.formula_parts import Bar
from bayeshlm.equations.notations.formula_terms import read_effects, read_random
from bayeshlm.equations.notations.formula_tokens import FormulaCursor

_JOINT = ("pdSymm", "pdLogChol", "pdNatural")
_USAGE = "random effects are written `random = ~ 1 + x | g`, or `random = list(g = ~ 1 + x, h = pdDiag(~ 1 + x))`"


def read_nlme_random(cursor: FormulaCursor) -> list[Bar]:
    """Read ``~ 1 + x | g`` or ``list(g = ~ 1 + x, h = ~ 1)``, whose groupings are nested, the outermost first.

    ``pdSymm`` has effects that covary, ``pdDiag`` independent ones, ``pdBlocked`` blocks of them (Pinheiro & Bates
    2000, section 4.2).

    Raises
    ------
    EquationError
        At another structure of covariances.
    """
    if cursor.take_if("~"):
        return read_random(cursor)
    word = cursor.peek()
    if word is None or word.value != "list" or not cursor.at_call():
        raise cursor.error(_USAGE)
    cursor.take("name")
    cursor.take("(")
    bars: list[Bar] = []
    names: list[str] = []
    while True:
        names.append(cursor.take("column" if cursor.at("column") else "name", _USAGE).value)
        cursor.take("=", _USAGE)
        bars = [*_read_structure(cursor, ":".join(names)), *bars]
        if not cursor.take_if(","):
            break
    cursor.take(")", "the parenthesis of list() is not closed")
    return bars


def _read_structure(cursor: FormulaCursor, grouping: str) -> list[Bar]:
    """Read the effects of one grouping: a formula, alone or within a structure of covariances."""
    start = cursor.span[0]
    if cursor.take_if("~"):
        return [Bar(read_effects(cursor), grouping, True, (start, cursor.last_end))]
    word = cursor.peek()
    if word is None or not cursor.at_call() or word.value not in (*_JOINT, "pdDiag", "pdBlocked"):
        raise cursor.error("effects are `~ 1 + x`, pdSymm(~ 1 + x), pdDiag(~ 1 + x) or pdBlocked(list(...))")
    cursor.take("name")
    cursor.take("(")
    if word.value == "pdBlocked":
        bars = _read_blocks(cursor, grouping)
    else:
        cursor.take("~", f"write {word.value}(~ 1 + x)")
        terms = read_effects(cursor)
        bars = [Bar(terms, grouping, word.value in _JOINT, (start, cursor.last_end))]
    cursor.take(")", f"the parenthesis of {word.value}() is not closed")
    return bars


def _read_blocks(cursor: FormulaCursor, grouping: str) -> list[Bar]:
    word = cursor.take("name", "write pdBlocked(list(~ 1, ~ 0 + x))")
    if word.value != "list":
        raise cursor.error("write pdBlocked(list(~ 1, ~ 0 + x))", word.span)
    cursor.take("(")
    bars = _read_structure(cursor, grouping)
    while cursor.take_if(","):
        bars += _read_structure(cursor, grouping)
    cursor.take(")", "the parenthesis of list() is not closed")
    return bars
