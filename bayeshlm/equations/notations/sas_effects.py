"""The effects of SAS's statements, ``a b a*b``, ``a|b@2``, ``b(a)``, and the CLASS statement."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bayeshlm.equations.notations.formula_parts import Variables
from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.notations.program_tokens import joined, skip_value, word
from bayeshlm.equations.product import Call, Column, Factor, Option, Product, Span

_LAST: tuple[tuple[str, Option], ...] = (("coding", "last"),)
_MOST_EFFECTS = 500
_CLASS_OPTIONS = ("truncate", "missing", "ref", "cpredicate")


@dataclass
class SasVariables:
    """The columns of a program, in the spelling that the text gives them first: SAS does not tell capitals.

    Attributes
    ----------
    spelled : dict of str to str
    coded : dict of str to tuple
        The variables of CLASS in small letters, with the options of ``C(x)``.
    """

    spelled: dict[str, str] = field(default_factory=dict)
    coded: dict[str, tuple[tuple[str, Option], ...]] = field(default_factory=dict)

    def name(self, token: FormulaToken) -> str:
        """The column that a token names."""
        return self.spelled.setdefault(token.value.casefold(), token.value)

    def is_class(self, token: FormulaToken) -> bool:
        """Whether a variable is one of CLASS."""
        return token.value.casefold() in self.coded

    def factor(self, token: FormulaToken) -> Factor:
        """The column, or its categories."""
        column = Column(self.name(token), token.span)
        if not self.is_class(token):
            return column
        return Call("C", Product((column,)), self.coded[token.value.casefold()], token.span)


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect: its variables, none of the intercept; a continuous one may stand twice."""

    variables: tuple[FormulaToken, ...]
    span: Span

    def split(self, known: SasVariables) -> tuple[list[FormulaToken], list[FormulaToken]]:
        """Its continuous variables, and those of CLASS."""
        continuous = [token for token in self.variables if not known.is_class(token)]
        return continuous, [token for token in self.variables if known.is_class(token)]

    def key(self, known: SasVariables) -> frozenset[tuple[str, int]]:
        """What makes it the effect that it is."""
        return frozenset(Counter(known.name(token).casefold() for token in self.variables).items())

    def as_term(self, known: SasVariables) -> Variables:
        """Its product, of the columns and categories."""
        return Variables(tuple(Product((known.factor(token),)) for token in self.variables), self.span)


def at_variable(cursor: FormulaCursor) -> bool:
    """Whether the name of a variable comes next."""
    return cursor.at("name", "column")


def take_variable(cursor: FormulaCursor, message: str) -> FormulaToken:
    """Move over the name of a variable."""
    token = cursor.take("column" if cursor.at("column") else "name", message)
    after = cursor.peek()
    if after is not None and (after.kind in ("-", ":", "[", "{") or token.value == "_all_"):
        raise cursor.error("lists of variables are not read: write the name of each", (token.span[0], after.span[1]))
    return token


def read_class(cursor: FormulaCursor, known: SasVariables) -> None:
    """Read the CLASS statement: ``class school race(ref='White') / ref=first``.

    Raises
    ------
    EquationError
        At options that code categories in another way.
    """
    cursor.take_next()
    own: dict[str, tuple[tuple[str, Option], ...]] = {}
    while at_variable(cursor):
        token = take_variable(cursor, "a variable is missing")
        known.name(token)
        own[token.value.casefold()] = _LAST
        if cursor.take_if("("):
            own[token.value.casefold()] = _read_reference(cursor, _LAST)
            cursor.take(")", "the parenthesis of this CLASS variable is not closed")
    if cursor.take_if("/"):
        overall = _read_reference(cursor, _LAST)
        own = {name: overall if options == _LAST else options for name, options in own.items()}
    known.coded |= own


def _read_reference(cursor: FormulaCursor, otherwise: tuple[tuple[str, Option], ...]) -> tuple[tuple[str, Option], ...]:
    """Read ``ref=first``, ``ref=last`` or ``ref='White'`` among the options of CLASS."""
    found = otherwise
    while not cursor.at(")", ";") and (token := cursor.peek()) is not None:
        option = word(token)
        if option == "param" and word(cursor.peek(2)) == "glm":
            cursor.take_next()
            skip_value(cursor)
            continue
        if option not in _CLASS_OPTIONS:
            raise cursor.error(f"`{token.value}` of CLASS is not read: only a reference is, race(ref='White')")
        cursor.take_next()
        if option != "ref":
            skip_value(cursor)
            continue
        cursor.take("=", "a reference is written ref='White', ref=first or ref=last")
        value = cursor.take_next()
        if value.kind == "string":
            found = (("ref", value.value),)
        elif word(value) in ("first", "last"):
            found = () if word(value) == "first" else _LAST
        else:
            raise cursor.error("a reference is written ref='White', ref=first or ref=last", value.span)
    return found


def read_effects(cursor: FormulaCursor, known: SasVariables) -> list[Effect]:
    """Read effects up to what is none; one that stands twice is kept once, as SAS does.

    Raises
    ------
    EquationError
        At what has no meaning there.
    """
    found: dict[frozenset[tuple[str, int]], Effect] = {}
    while at_variable(cursor):
        for effect in _read_bars(cursor, known):
            found.setdefault(effect.key(known), effect)
        if len(found) > _MOST_EFFECTS:
            raise cursor.error(f"this stands for more than {_MOST_EFFECTS} effects: write those that are meant")
    return list(found.values())


def _read_bars(cursor: FormulaCursor, known: SasVariables) -> list[Effect]:
    """Read ``a|b|c@2``: all products of up to two."""
    start = cursor.span[0]
    found = [_read_effect(cursor, known)]
    parts = 1
    while cursor.take_if("|"):
        right = _read_effect(cursor, known)
        parts += 1
        if parts > 9:
            raise cursor.error("up to nine effects are joined by `|`: write the products that are meant", right.span)
        span = (start, right.span[1])
        found += [right, *(_times(left, right, known, span) for left in found)]
    if cursor.take_if("@"):
        most = cursor.take("number", "`@` is followed by the highest number of variables of a product, a|b|c@2")
        if not most.value.isdigit() or most.value == "0":
            raise cursor.error("`@` is followed by a whole number above 0", most.span)
        found = [effect for effect in found if len(effect.variables) <= int(most.value)]
    return found


def _times(left: Effect, right: Effect, known: SasVariables, span: Span) -> Effect:
    """A product of two effects, in which a category stands once."""
    names = {known.name(token) for token in left.variables}
    more = [token for token in right.variables if not (known.is_class(token) and known.name(token) in names)]
    return Effect((*left.variables, *more), span)


def _read_effect(cursor: FormulaCursor, known: SasVariables) -> Effect:
    """Read ``a*b`` and ``b(a)``, which is the product with the categories of a."""
    effect = _read_variable(cursor)
    while cursor.take_if("*"):
        right = _read_variable(cursor)
        effect = _times(effect, right, known, (effect.span[0], right.span[1]))
    if not cursor.at("("):
        return effect
    opening = cursor.take("(")
    nested: list[FormulaToken] = []
    while at_variable(cursor) or (nested and cursor.take_if("*")):
        token = take_variable(cursor, "a variable of CLASS is missing")
        if not known.is_class(token):
            message = (
                f"effects are nested within categories: name `{token.value}` in CLASS, or write a product with `*`"
            )
            raise cursor.error(message, token.span)
        nested.append(token)
    cursor.take(")", "this parenthesis closes behind the variables within which the effect is nested: class(school)")
    if not nested:
        raise cursor.error("a variable is missing in these parentheses", opening.span)
    return _times(effect, Effect(tuple(nested), joined(nested)), known, (effect.span[0], cursor.last_end))


def _read_variable(cursor: FormulaCursor) -> Effect:
    token = take_variable(cursor, "a variable is missing here")
    return Effect((token,), token.span)
