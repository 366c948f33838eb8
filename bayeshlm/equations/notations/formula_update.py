"""R's ``update``: a formula in which ``.`` stands for what the old one has there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.equations.notations.formula import read_formula, read_opening
from bayeshlm.equations.notations.formula_family import read_left_side
from bayeshlm.equations.notations.formula_terms import read_right_side
from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken, formula_tokens
from bayeshlm.equations.product import Span
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error

_UPDATE = re.compile(r"\s*(?:\.\s*)?~|[^~=;\r\n]*~\s*(?:.*[\s+(*-])?\.(?![\w.])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Summand:
    """A summand of a right side: its sign, its tokens and its text."""

    minus: bool
    tokens: tuple[FormulaToken, ...]
    written: str

    @property
    def special(self) -> bool:
        """Random effects or an offset, which stand at the top of a formula only."""
        kinds = [token.kind for token in self.tokens]
        is_offset = [token.value for token in self.tokens[:2]] == ["offset", "("]
        return is_offset or "|" in kinds or "||" in kinds

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two of them the same; the intercept of random effects may be written or not."""
        values = tuple(token.value for token in self.tokens)
        return (values[0], *values[3:]) if values[:3] == ("(", "1", "+") else values


def is_update(text: str) -> bool:
    """Whether a text is an update of a formula.

    Examples
    --------
    >>> is_update("~ . + x"), is_update(". ~ . - x"), is_update("log(y) ~ ."), is_update("b1 = g10 + u1")
    (True, True, True, False)
    >>> is_update("y ~ Poisson(mu)")
    False
    """
    return _UPDATE.match(text) is not None


def updated_formula(old: str, change: str) -> ModelSpec:
    """Change a formula as R's ``update`` does.

    Parameters
    ----------
    old : str
        The formula, alone or in the call that fits it.
    change : str
        Such as ``. ~ . + x - w + (0 + x | g)``; ``.`` is the old left side, or the old terms. Random effects and
        offsets are taken out as they are written, ``- (1 | g)``.

    Raises
    ------
    EquationError
        With the place in the change, or in the formula that it makes.

    Examples
    --------
    >>> updated_formula("y ~ x + (1 | g)", "~ . + w - x").text
    'y ~ x + (1 | g) + w - x'
    >>> updated_formula("y ~ x + (1 | g)", ". ~ . - (1 | g) + (1 + x | g)").text
    'y ~ x + (1 + x | g)'
    """
    opening, left, right, tail = _parts(old)
    cursor = FormulaCursor(change, formula_tokens(change))
    before: list[FormulaToken] = []
    while not cursor.at("~"):
        before.append(cursor.take_next())
    start = cursor.take("~").span
    new_left = change[: start[0]].strip() or "."
    summands = _summands(change, formula_tokens(change)[len(before) + 1 :])
    olds = _summands(old, right)
    specials = [one for one in olds if one.special]
    plain = _joined([one for one in olds if not one.special])
    parts: list[_Summand] = []
    keeps_old = False
    for one in summands:
        dots = [token for token in one.tokens if token.kind == "name" and token.value == "."]
        if dots and one.special:
            raise equation_error(change, dots[0].span, "`.` stands for terms of fixed effects: write the columns here")
        keeps_old = keeps_old or bool(dots)
        if one.minus and one.special:
            specials, taken = _taken_out(change, specials, one)
            parts = [part for part in parts if part.key not in taken]
        elif len(dots) == len(one.tokens) == 1 and not one.minus:
            parts += [*(part for part in olds if not part.special), *(_DOT,)]
        else:
            written = re.sub(r"(?<![\w.])\.(?![\w.])", lambda _: f"({plain or 1})", one.written)
            parts.append(_Summand(one.minus, one.tokens, written))
    found: list[_Summand] = []
    for part in parts:
        found += specials if part is _DOT else [part]
    if keeps_old and _DOT not in parts:
        found += specials
    written = f"{left if new_left == '.' else new_left} ~ {_joined(found) or '1'}"
    return read_formula(f"{opening}{written}{tail}")


_DOT = _Summand(False, (), "")


def _taken_out(
    change: str, specials: list[_Summand], one: _Summand
) -> tuple[list[_Summand], frozenset[tuple[str, ...]]]:
    left = [special for special in specials if special.key != one.key]
    if len(left) == len(specials):
        there = ", ".join(f"`{special.written}`" for special in specials) or "none"
        place = (one.tokens[0].span[0], one.tokens[-1].span[1])
        raise equation_error(change, place, f"the formula has no such term to take out; it has {there}")
    return left, frozenset((one.key,))


def _parts(text: str) -> tuple[str, str, list[FormulaToken], str]:
    """What opens a formula's call, its left side, the tokens of its right side, and what stands behind."""
    tokens = formula_tokens(text)
    cursor = FormulaCursor(text, tokens)
    read_opening(cursor)
    start = cursor.span[0]
    read_left_side(cursor)
    sign = cursor.take("~").span
    read_right_side(cursor)
    end = cursor.last_end
    right = [token for token in tokens if sign[1] <= token.span[0] < end]
    return text[:start], text[start : sign[0]].strip(), right, text[end:]


def _summands(text: str, tokens: Sequence[FormulaToken]) -> list[_Summand]:
    """Split a right side at the signs outside of parentheses."""
    found: list[_Summand] = []
    own: list[FormulaToken] = []
    minus, depth = False, 0
    for token in [*tokens, FormulaToken("+", "+", _END)]:
        if token.kind in ("+", "-") and depth == 0:
            if own:
                written = text[own[0].span[0] : own[-1].span[1]]
                found.append(_Summand(minus, tuple(own), written))
            own, minus = [], token.kind == "-"
            continue
        depth += (token.kind in "([{") - (token.kind in ")]}")
        own.append(token)
    return found


_END: Span = (0, 0)


def _joined(summands: Sequence[_Summand]) -> str:
    signs = (("- " if one.minus else "+ ") + one.written for one in summands)
    return " ".join(signs).removeprefix("+ ")
