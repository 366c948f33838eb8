r"""What LaTeX says of distributions -> lines of the plain notation, or an error where the model says otherwise.

``u_{0j} \sim N(0, \tau_{00})`` is what a random effect has anyway; of a matrix the zeros count, and a grouping that is
named, ``\text{for school } j``. Two effects whose distributions stand apart need a word on whether they covary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from bayeshlm.equations.notations.latex_covariances import check_estimated, zero_covariances
from bayeshlm.equations.notations.latex_known_spread import known_spread, of_residuals
from bayeshlm.equations.notations.latex_names import NAMES, subscript, symbol_text, units_of
from bayeshlm.equations.notations.latex_nodes import Node, at_commas
from bayeshlm.equations.notations.latex_text import NO_GROUPING
from bayeshlm.equations.notations.latex_vectors import is_zero, vector
from bayeshlm.equations.product import Span
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import equation_error, is_plain_name

_NORMAL = ("n", "normal", "mvn", "mvnormal", "gaussian", "nid", "multivariatenormal")
_MOMENTS = {
    "var": "var",
    "variance": "var",
    "v": "var",
    "cov": "cov",
    "covariance": "cov",
    "corr": "cov",
    "cor": "cov",
    "e": "e",
}
_DEFAULT = "N(0, G)"


@dataclass
class Distributions:
    """What is said of distributions, line by line.

    Attributes
    ----------
    lines : list of (str, tuple of int)
        Lines of the plain notation, each with its place.
    groupings : dict of str to (str, tuple of int)
        Grouping of a random effect by its canonical symbol, and where it is named.
    outcome : list of (list of Node, list of Node)
        Left and right sides that are no normal distribution around zero: they name that of the outcome.
    """

    text: str
    lines: list[tuple[str, Span]] = field(default_factory=list)
    groupings: dict[str, tuple[str, Span]] = field(default_factory=dict)
    outcome: list[tuple[list[Node], list[Node]]] = field(default_factory=list)
    _alone: list[Node] = field(default_factory=list)
    _settled: dict[str, set[str]] = field(default_factory=dict)
    _vectors: dict[str, list[Node]] = field(default_factory=dict)
    _matrices: list[tuple[Node, Node]] = field(default_factory=list)

    def read(self, left: list[Node], right: list[Node], effects: Sequence[str]) -> None:
        r"""Read ``left \sim right``; ``effects`` are the symbols of the equations, for vectors in bold."""
        family, arguments, behind = self._family(right)
        if family.value.casefold() not in _NORMAL or not is_zero(arguments[0]):
            self._check_mean(left, family, arguments)
            self.outcome.append((left, right))
            return
        symbols = vector(self.text, left, effects)
        if len(arguments) != 2:
            message = "a normal distribution has a mean and a variance: `N(0, \\sigma^2)`"
            raise equation_error(self.text, family.span, message)
        span = (left[0].span[0], right[-1].span[1])
        self._grouping(symbols, behind)
        self._scale(symbols, arguments[1], span)

    def moment(self, left: list[Node], right: list[Node]) -> bool:
        r"""Read ``\operatorname{Cov}(u_{0j}, u_{1j}) = 0`` and the like; False where this is none."""
        kind = _MOMENTS.get(left[0].value.casefold()) if left[0].kind in ("roman", "letters") else None
        if len(left) == 1 and right and right[-1].kind == "matrix":
            return self._matrix_of(left[0], right)
        if kind == "cov" and (said := of_residuals(self.text, left, right)) is not None:
            self.lines.append((said, (left[0].span[0], right[-1].span[1])))
            return True
        if kind is None or len(left) != 2 or left[1].kind not in ("paren", "matrix") or any(_is_bar(left)):
            return False
        holder = left[1].parts[0] if left[1].kind == "paren" else (left[1],)
        names = vector(self.text, [left[1]] if len(holder) != 1 or left[1].kind == "matrix" else list(holder), ())
        span = (left[0].span[0], right[-1].span[1])
        if kind == "e":
            if not is_zero(right):
                return False
            self._state(names, "N(0, s)", span)
        elif kind == "var":
            self._scale(names, right[-1:] if right[-1].kind == "matrix" else right, span)
        else:
            self._pairs(names)
            zero = [node.value for node in right] == ["0"]
            if zero and len({units_of(self.text, name) for name in names}) > 1:
                return True  # effects of different units are independent
            if zero:
                self.lines.append((f"cov({self._names(names)}) = 0", span))
            else:
                check_estimated(self.text, right)
                self._state(names, _DEFAULT, span)
        return True

    def independent(self, nodes: Sequence[Node]) -> None:
        r"""Read ``u_{0j}, (u_{1j}, u_{2j}) \text{ independent}``."""
        blocks = [vector(self.text, list(part), ()) for part in at_commas(nodes)]
        span = (nodes[0].span[0], nodes[-1].span[1])
        self._pairs([symbol for block in blocks for symbol in block])
        if all(len(block) == 1 for block in blocks):
            self.lines.append((f"cov({self._names([block[0] for block in blocks])}) = 0", span))
            return
        for one, other in combinations(blocks, 2):
            for first in one:
                for second in other:
                    self.lines.append((f"cov({self._names([first, second])}) = 0", span))

    def finish(self) -> None:
        """Settle matrices that are defined apart, and refuse effects of which it is not said whether they covary."""
        for name, matrix in self._matrices:
            symbols = self._vectors.get(_key(name))
            if symbols is None:
                message = (
                    r"of which random effects this is the covariance matrix is not said: write"
                    r" `\begin{pmatrix} u_{0j} \\ u_{1j} \end{pmatrix} \sim N(\mathbf{0}, " + name.value + ")`"
                )
                raise equation_error(self.text, name.span, message)
            self._entries(symbols, matrix, (name.span[0], matrix.span[1]))
        self._check_settled()

    def _check_settled(self) -> None:
        """Refuse two effects of the same units that have a distribution each, and no word on their covariance."""
        together: dict[tuple[str, str], dict[str, Node]] = {}
        for node in self._alone:
            name = self._name(node)
            grouping = self.groupings.get(name, ("",))[0]
            others = together.setdefault((units_of(self.text, node), grouping), {})
            left = others.keys() - self._settled.get(name, set()) - {name}
            if left:
                one, other = (self._written(others[min(left)]), self._written(node))
                message = (
                    f"whether `{one}` and `{other}` covary is not said, as each has a distribution of its own: add"
                    rf" `\operatorname{{Cov}}({one}, {other}) = 0` if they are independent, else `= \tau_{{01}}`"
                )
                raise equation_error(self.text, node.span, message, others[min(left)].span)
            others[name] = node

    def _family(self, right: list[Node]) -> tuple[Node, list[list[Node]], list[Node]]:
        """The name of a distribution, its arguments, and what stands behind them."""
        nodes = list(right)
        while nodes and nodes[0].kind == "roman" and nodes[0].value.replace(".", "").lower() in ("iid", "ind", "i i d"):
            nodes.pop(0)
        if len(nodes) < 2 or nodes[0].kind not in NAMES or nodes[1].kind != "paren":
            message = (
                r"a distribution is written `u_{0j} \sim N(0, \tau_{00})` or `y_{ij} \sim \mathrm{Bernoulli}(p_{ij})`"
            )
            raise equation_error(self.text, (right or nodes)[0].span, message)
        arguments = at_commas(nodes[1].parts[0])
        return nodes[0], arguments, nodes[2:]

    def _check_mean(self, left: list[Node], family: Node, arguments: list[list[Node]]) -> None:
        """Refuse a normal distribution whose mean is an equation, as Gelman and Hill write levels."""
        if family.value.casefold() not in _NORMAL:
            return
        is_symbol = len(arguments[0]) == 1 and arguments[0][0].kind in ("letters", "greek") and len(arguments) == 2
        if is_symbol and not self.outcome:
            return
        span = (arguments[0][0].span[0], arguments[0][-1].span[1]) if arguments[0] else family.span
        name = self._written(left[0]) if left and left[0].kind in NAMES else "..."
        message = (
            f"write the mean as an equation of its own, `{name} = ...`, which ends in a residual or random effect, and"
            " leave this distribution out"
        )
        raise equation_error(self.text, span, message)

    def _grouping(self, symbols: Sequence[Node], behind: Sequence[Node]) -> None:
        r"""Read ``\text{for school } j`` behind a distribution."""
        words = [node for node in behind if node.kind in ("roman", "column") and not node.below]
        rest = [node for node in behind if node not in words]
        if words and words[0].kind == "roman" and words[0].value.startswith("for"):
            name = words[0].value.removeprefix("for").strip()
            parts = [part for part in name.split() if part.lower() not in NO_GROUPING]
            place = words[0].span
            if not parts and len(words) > 1:
                parts, place = [words[1].value], words[1].span
            if len(parts) == 1 and (is_plain_name(parts[0]) or len(words) > 1):
                for symbol in symbols:
                    self.groupings[self._name(symbol)] = (parts[0], place)
                return
        if rest and rest[0].kind not in NAMES:
            raise equation_error(self.text, rest[0].span, "a distribution ends here: begin a new line behind it")

    def _scale(self, symbols: list[Node], scale: list[Node], span: Span) -> None:
        """Read a variance, or a covariance matrix and what of it is zero."""
        last = scale[-1] if scale else None
        if last is None:
            raise equation_error(self.text, span, "the variance is missing")
        if last.kind == "paren" and len(scale) == 1 and len(last.parts[0]) == 1:
            last = last.parts[0][0]
        if last.kind == "matrix":
            self._entries(symbols, last, span)
            return
        first = scale[0]
        times_identity = len(scale) == 2 and last.kind in ("letters", "bold") and last.value == "I"
        if len(symbols) == 1:
            if (known := known_spread(self.text, symbols[0], scale)) is not None:
                self.lines.append((known, span))
                return
            own = [node for node in (first,) if node.kind in NAMES]
            if not own or (len(scale) > 1 and not times_identity):
                check_estimated(self.text, scale)
                raise equation_error(self.text, first.span, "a variance is one symbol here, which is estimated")
            self._state(symbols, f"N(0, {self._variance(first)})", span)
            self._alone.append(symbols[0])
            return
        if times_identity or len(scale) > 1 or first.kind not in NAMES:
            message = "one variance for several random effects is not estimated: each has its own, `N(0, G)`"
            raise equation_error(self.text, (first.span[0], scale[-1].span[1]), message)
        self._vectors[_key(first)] = symbols
        self._pairs(symbols)
        self._state(symbols, _DEFAULT, span)

    def _entries(self, symbols: list[Node], matrix: Node, span: Span) -> None:
        """Read a covariance matrix: its zeros are covariances that are not estimated."""
        zeros = list(zero_covariances(self.text, symbols, matrix))
        self._state(symbols, _DEFAULT if len(symbols) > 1 else "N(0, s)", span)
        self._pairs(symbols)
        self.lines += [(f"cov({self._names(pair)}) = 0", place) for pair, place in zeros]

    def _matrix_of(self, name: Node, right: list[Node]) -> bool:
        r"""``\mathbf{G} = \begin{pmatrix} ...``, whose vector another line names."""
        if len(right) != 1 or name.kind not in NAMES:
            return False
        self._matrices.append((name, right[0]))
        return True

    def _state(self, symbols: Sequence[Node], distribution: str, span: Span) -> None:
        self.lines.append((f"{self._names(symbols)} ~ {distribution}", span))

    def _pairs(self, symbols: Sequence[Node]) -> None:
        names = set(map(self._name, symbols))
        for name in names:
            known = self._settled.setdefault(name, names)
            if known is not names:
                self._settled[name] = known | names

    def _variance(self, node: Node) -> str:
        name = node.value if is_plain_name(node.value) else "s"
        below = subscript(self.text, node)
        return name + (f"_{below.digits}{below.units}" if below.units and not below.digits else "")

    def _names(self, symbols: Sequence[Node]) -> str:
        return ", ".join(map(self._name, symbols))

    def _name(self, node: Node) -> str:
        return canonical(symbol_text(self.text, node))

    def _written(self, node: Node) -> str:
        return self.text[slice(*node.span)]


def _is_bar(nodes: Sequence[Node]) -> Iterator[bool]:
    for node in nodes:
        yield from (one.is_sign("|") for part in node.parts for one in part)


def _key(node: Node) -> str:
    return node.value + "".join(one.value for one in node.below)
