"""Statements about the parameters of a model, ``"g01 - 2*g10 = 0"`` or ``"tau[u1] > .5"``: read, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import quote
from bayeshlm.errors import OptionError
from bayeshlm.parameters.expressions import FUNCTIONS, Binary, Call, Expression, Number, Symbol, symbols, value_of
from bayeshlm.parameters.possible_values import possible_values
from bayeshlm.parameters.schema import Schema

type Relation = Literal["=", "<", ">"]

EXAMPLE = '"g11 < 0", "g01 - 2*g10 = 0" or "tau[u1] > .5"'
MOST_NESTED = 40

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)(?P<effect>\s*\[[^\]]*\])?"
    r"|(?P<relation>==|<=|>=|[=<>≤≥])|(?P<mark>[-+*/()−·×])"
)
_SPELLED = {"−": "-", "·": "*", "×": "*", "==": "=", "<=": "<", "≤": "<", ">=": ">", "≥": ">"}


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said about an expression in the parameters.

    Attributes
    ----------
    text : str
        As it was written.
    expression : Expression
        Left side, less the right side where that has parameters too.
    relation : {"=", "<", ">"}
        A bound belongs to it or not, which is the same for numbers that have a density.
    value : float
        The number that the expression is compared with.
    """

    text: str
    expression: Expression
    relation: Relation
    value: float


def read_statements(texts: Sequence[str], schema: Schema) -> tuple[Statement, ...]:
    """Read statements about the parameters of a schema.

    Parameters
    ----------
    texts : sequence of str
        Each one or, parted by ``;`` or line ends, several. Numbers, parameters by their labels, as ``g10``,
        ``tau[u0]``, ``corr[u0,u1]``, ``sigma``, their squares ``tau2[u0]`` and ``sigma2``, ``cov[u0,u1]``; ``+ - * /``,
        parentheses and ``exp``, ``log``, ``sqrt``, ``abs``. Without a relation the expression is said to be 0.
    schema : Schema

    Raises
    ------
    OptionError
        A text cannot be read, names no parameter, compares numbers only, or is true or false whatever the data say,
        such as ``tau[u0] = -1``.

    Examples
    --------
    >>> from bayeshlm.parameters.schema import Parameter
    >>> schema = Schema((Parameter("gamma", "g10", (0,)), Parameter("tau", "u1", (0,))))
    >>> (found,) = read_statements(["tau2[u1] > 0.5"], schema)
    >>> found.relation, found.value, found.expression == Binary("*", Symbol("tau[u1]"), Symbol("tau[u1]"))
    ('>', 0.5, True)
    """
    if not all(isinstance(text, str) for text in texts):
        raise OptionError(f"A hypothesis is a text such as {EXAMPLE}.")
    pieces = [piece.strip() for text in texts for piece in re.split(r"[;\n]", text) if piece.strip()]
    if not pieces:
        raise OptionError(f"There is no hypothesis: write for example {EXAMPLE}.")
    return tuple(_Reader(piece, schema).statement() for piece in pieces)


class _Reader:
    """Recursive descent over the tokens of one statement."""

    def __init__(self, text: str, schema: Schema) -> None:
        self.text, self.schema, self.depth, self.at = text, schema, 0, 0
        self.tokens: list[re.Match[str]] = []
        place = 0
        while place < len(text):
            if text[place].isspace():
                place += 1
                continue
            token = _TOKEN.match(text, place)
            if token is None:
                raise self._wrong("this has no meaning in a hypothesis", (place, place + 1))
            self.tokens.append(token)
            place = token.end()

    def statement(self) -> Statement:
        left = self._sum()
        relation, right = "=", None
        if self._next("relation"):
            relation = self._take()
            right = self._sum()
        if self.at < len(self.tokens):
            again = self.tokens[self.at]["relation"] is not None
            raise self._wrong(
                "one relation makes a hypothesis: write two of them" if again else "an operator is missing here"
            )
        moved: Expression = Number(0.0) if right is None else right
        if symbols(moved):
            left, moved = Binary("-", left, moved), Number(0.0)
        if not symbols(left):
            raise self._wrong("there is no parameter on the left side", (0, len(self.text)))
        word: Relation = "<" if relation == "<" else ">" if relation == ">" else "="
        value = float(value_of(moved, {}))
        self._check_open(left, word, value)
        return Statement(self.text, left, word, value)

    def _check_open(self, expression: Expression, relation: Relation, value: float) -> None:
        """Refuse what parameters can only obey, or cannot, because of what they are."""
        low, high = possible_values(expression, {one.label: one.support for one in self.schema.parameters})
        below, above = high <= value, low >= value
        always, never = {"<": (below, above), ">": (above, below), "=": (False, value < low or value > high)}[relation]
        if always or never:
            verdict = "true" if always else "false"
            ends = f"at least {low:g}" if high == inf else f"at most {high:g}"
            ends = ends if inf in (high, -low) else f"from {low:g} to {high:g}"
            raise OptionError(
                f"The hypothesis {self.text!r} is {verdict} whatever the data say: what is compared with {value:g} is"
                f" {ends} by definition. Write a value inside of that."
            )

    def _sum(self) -> Expression:
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise self._wrong("parentheses and signs are nested too deep")
        found = self._product()
        while (operator := self._mark("+-")) is not None:
            found = Binary("+" if operator == "+" else "-", found, self._product())
        self.depth -= 1
        return found

    def _product(self) -> Expression:
        found = self._signed()
        while (operator := self._mark("*/")) is not None:
            found = Binary("*" if operator == "*" else "/", found, self._signed())
        return found

    def _signed(self) -> Expression:
        negative = False
        while (sign := self._mark("+-")) is not None:
            negative ^= sign == "-"
        found = self._operand()
        return Binary("*", Number(-1.0), found) if negative else found

    def _operand(self) -> Expression:
        if self._next("number"):
            return Number(float(self._take()))
        if self._next("name"):
            token = self.tokens[self.at]
            self.at += 1
            if token["effect"] is None and token["name"] in FUNCTIONS and self._mark("(") is not None:
                return Call(token["name"], self._closed())
            return self._parameter(token)
        if self._mark("(") is not None:
            return self._closed()
        raise self._wrong("a number or a parameter is missing here")

    def _closed(self) -> Expression:
        found = self._sum()
        if self._mark(")") is None:
            raise self._wrong("a parenthesis is not closed: `)` is missing here")
        return found

    def _parameter(self, token: re.Match[str]) -> Expression:
        symbol = canonical(token["name"])
        effects = None if token["effect"] is None else token["effect"].strip()[1:-1]
        labels = self.schema.labels
        if (label := _label(symbol, effects, labels)) is not None:
            return Symbol(label)
        by_key = {one.prior_key: one.label for one in self.schema.parameters if one.component == "tau"}
        if token["name"] in by_key:
            return Symbol(by_key[token["name"]])
        root = _label(symbol[:-1], effects, labels) if symbol in ("tau2", "sigma2") else None
        if root is not None:
            return Binary("*", Symbol(root), Symbol(root))
        if symbol == "cov" and (corr := _label("corr", effects, labels)) is not None:
            first, second = (Symbol(f"tau[{one}]") for one in corr[len("corr[") : -1].split(","))
            return Binary("*", Symbol(corr), Binary("*", first, second))
        several = [one for one in labels if one.startswith(f"{symbol}[")]
        if effects is None and several:
            raise self._wrong(f"write which of {', '.join(several)}", token.span())
        raise self._wrong(f"there is no such parameter; there are {', '.join(labels)}", token.span())

    def _next(self, kind: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][kind] is not None

    def _take(self) -> str:
        text = self.tokens[self.at][0]
        self.at += 1
        return _SPELLED.get(text, text)

    def _mark(self, marks: str) -> str | None:
        if self._next("mark") and _SPELLED.get(self.tokens[self.at][0], self.tokens[self.at][0]) in marks:
            return self._take()
        return None

    def _wrong(self, reason: str, span: tuple[int, int] | None = None) -> OptionError:
        if span is None:
            token = self.tokens[self.at] if self.at < len(self.tokens) else None
            span = (len(self.text), len(self.text) + 1) if token is None else token.span()
        return OptionError(f"The hypothesis cannot be read, {reason}:\n{quote(self.text, span)}")


def _label(symbol: str, effects: str | None, labels: Sequence[str]) -> str | None:
    """The label of a parameter however its effects are spelled, and in whichever order a pair of them stands."""
    if effects is None:
        return symbol if symbol in labels else None
    parts = [part.strip() for part in effects.split(",")]
    spellings = [effects.strip(), ",".join(parts), ",".join(map(canonical, parts))]
    spellings += [",".join(reversed(one.split(","))) for one in spellings[1:]]
    return next((f"{symbol}[{one}]" for one in spellings if f"{symbol}[{one}]" in labels), None)
