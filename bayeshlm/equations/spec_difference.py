"""What two specifications say differently, whatever their symbols and the order of their lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from bayeshlm.equations.one_line import TermKey, term_key
from bayeshlm.equations.path import Path
from bayeshlm.equations.product import Call, Product
from bayeshlm.equations.render import expression_text, render, spread_lines
from bayeshlm.equations.spec import ModelSpec

type Part = Literal[
    "outcome",
    "distribution",
    "link",
    "trials",
    "known level-1 SD",
    "level-1 SD",
    "correlation of the residuals",
    "grouping",
    "offset",
    "fixed effect",
    "random effect",
    "covariance",
]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that the specifications do not share.

    Attributes
    ----------
    part : str
        What it is, such as ``"fixed effect"``.
    first, second : str or None
        How each writes it; None where it has none.
    """

    part: Part
    first: str | None
    second: str | None


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line of the equations that is not in both: its left side, and the line in each, or None."""

    left: str
    first: str | None
    second: str | None


@dataclass(frozen=True, slots=True)
class SpecDifference:
    """What two models say differently.

    Attributes
    ----------
    changes : tuple of Change
        Terms, random effects, covariances and the rest, whatever their symbols; empty for the same model.
    lines : tuple of LineChange
        Lines of the level equations, by their left sides.
    nested : {"first", "second"} or None
        Which model is the other with parameters left out, where the equations alone make that certain.
    """

    changes: tuple[Change, ...]
    lines: tuple[LineChange, ...]
    nested: Literal["first", "second"] | None = None

    @property
    def same(self) -> bool:
        """Whether both are the same model, even if they are written differently."""
        return not self.changes

    @property
    def summary(self) -> str:
        """What differs, in words."""
        if self.same:
            return "The same model." if not self.lines else "The same model, written differently."
        added = [f"the {one.part} {one.second}" for one in self.changes if one.first is None]
        missing = [f"the {one.part} {one.first}" for one in self.changes if one.second is None]
        changed = [
            f"the {one.part} {one.second} in place of {one.first}" for one in self.changes if one.first and one.second
        ]
        said = [
            f"{verb} {_listed(things)}"
            for verb, things in (("has", changed), ("adds", added), ("lacks", missing))
            if things
        ]
        text = f"The second model {'; it '.join(said)}."
        if self.nested is not None:
            other = "second" if self.nested == "first" else "first"
            text += f" The {self.nested} is the {other} with parameters left out, on the same rows."
        return text


def _listed(things: list[str]) -> str:
    *others, last = things
    return f"{', '.join(others)} and {last}" if others else last


type _Key = tuple[object, ...]


def spec_difference(first: ModelSpec, second: ModelSpec) -> SpecDifference:
    """Compare what two specifications say.

    A term is what multiplies an effect in the combined equation. A function of a column counts as the same only at the
    same level, where it sees the same units. Where a line has no intercept, its categories may be coded otherwise:
    terms then count as the same only in lines of the same level.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> first = parse("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10")
    >>> found = spec_difference(first, parse("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1"))
    >>> found.changes
    (Change(part='random effect', first=None, second='u1*x'), Change(part='covariance', first=None, second='u0, u1'))
    >>> found.nested
    'first'
    >>> spec_difference(first, parse("y = a0 + a1*x + e; a1 = c1; a0 = c0 + v0")).summary
    'The same model, written differently.'
    """
    first, second = _named_alike(first, second)
    flat = _has_intercepts(first) and _has_intercepts(second)
    parts = [_parts(spec, flat) for spec in (first, second)]
    changes = list(_outcome_changes(first, second))
    for part in ("grouping", "offset", "fixed effect", "random effect", "covariance"):
        changes += _unshared(part, parts[0][part], parts[1][part])
    return SpecDifference(tuple(changes), _line_changes(first, second), _nested(changes, flat))


def _named_alike(first: ModelSpec, second: ModelSpec) -> tuple[ModelSpec, ModelSpec]:
    """A grouping that one text does not name is that of the same place in the other."""
    if len(first.groupings) != len(second.groupings):
        return first, second
    pairs = list(zip(first.groupings, second.groupings, strict=True))
    return (
        replace(first, groupings=tuple(a or b for a, b in pairs)),
        replace(second, groupings=tuple(b or a for a, b in pairs)),
    )


def _has_intercepts(spec: ModelSpec) -> bool:
    if not any(term.expression.is_constant for term in spec.level1):
        return False
    lines = (line for line in spec.equations if line.fixed)
    return all(any(term.expression.is_constant for term in line.fixed) for line in lines)


def _outcome_changes(first: ModelSpec, second: ModelSpec) -> Iterator[Change]:
    one, other = first.distribution, second.distribution
    if first.outcome != second.outcome:
        yield Change("outcome", first.outcome.name, second.outcome.name)
    if one.family != other.family:
        yield Change("distribution", one.family, other.family)
    if one.link != other.link:
        yield Change("link", one.link, other.link)
    if one.size != other.size:
        yield Change("trials", _trials(first), _trials(second))
    if first.residual_spread != second.residual_spread:
        yield Change("known level-1 SD", _known(first), _known(second))
    if _of_sd(first) != _of_sd(second):
        yield Change("level-1 SD", _predicted(first), _predicted(second))
    if first.correlation != second.correlation:
        yield Change("correlation of the residuals", _correlation(first), _correlation(second))


def _of_sd(spec: ModelSpec) -> tuple[str, frozenset[TermKey], bool]:
    """What the equation of the level-1 SD means, whatever its symbols."""
    spread = spec.log_spread
    if spread is None:
        return "", frozenset(), False
    return spread.predicted, frozenset(map(term_key, spread.expressions)), bool(spread.effect)


def _known(spec: ModelSpec) -> str | None:
    return next(iter(spread_lines(replace(spec, log_spread=None, correlation=None))), None)


def _predicted(spec: ModelSpec) -> str | None:
    return next(iter(spread_lines(replace(spec, residual_spread=None, correlation=None))), None)


def _correlation(spec: ModelSpec) -> str | None:
    return next(iter(spread_lines(replace(spec, residual_spread=None, log_spread=None))), None)


def _trials(spec: ModelSpec) -> str | None:
    columns = " + ".join(column.name for column in spec.distribution.size_columns)
    return columns or (None if spec.distribution.size is None else str(spec.distribution.size))


def _parts(spec: ModelSpec, flat: bool) -> dict[str, dict[_Key, str]]:
    """What a specification has of each part: how it is written, by what it means."""
    names = [name or f"number {position + 1}" for position, name in enumerate(spec.groupings)]
    offsets: dict[_Key, str] = {}
    for offset in spec.offsets:
        key: _Key = (term_key(offset),)
        while key in offsets:
            key = (*key, "again")
        offsets[key] = f"offset({expression_text(offset)})"
    random = {path.symbol: (names[path.grouping or 0], *_key(path, flat)) for path in spec.random_paths}
    random |= {spec.spread_effect: (names[0], "of the level-1 SD")} if spec.spread_effect else {}
    several = len(spec.groupings) > 1
    effects = {
        random[path.symbol]: _written(path) + (f" ({names[path.grouping or 0]})" if several else "")
        for path in spec.random_paths
    }
    covariances: dict[_Key, str] = {}
    for blocks in spec.blocks_by_grouping:
        for block in blocks:
            for a, b in combinations(block, 2):
                covariances[(frozenset((random[a], random[b])),)] = f"{a}, {b}"
    return {
        "grouping": {(name,): name for name in names},
        "offset": offsets,
        "fixed effect": {_key(path, flat): _written(path) for path in spec.fixed_paths},
        "random effect": effects,
        "covariance": covariances,
    }


def _key(path: Path, flat: bool) -> _Key:
    """What makes a term: its columns wherever they stand, its functions at their level."""
    if not flat:
        keys: list[TermKey] = [term_key(expression) for expression in path.expressions]
        while keys and not keys[-1]:
            keys.pop()
        return tuple(keys)
    columns = Product(tuple(one for one in path.product.factors if not isinstance(one, Call)))
    calls = sorted(
        (level, repr(one))
        for level, expression in enumerate(path.expressions)
        for one in expression.factors
        if isinstance(one, Call)
    )
    return (term_key(columns), *calls)


def _written(path: Path) -> str:
    return path.symbol if path.product.is_constant else f"{path.symbol}*{expression_text(path.product)}"


def _unshared(part: Part, first: Mapping[_Key, str], second: Mapping[_Key, str]) -> Iterator[Change]:
    yield from (Change(part, text, None) for key, text in first.items() if key not in second)
    yield from (Change(part, None, text) for key, text in second.items() if key not in first)


def _line_changes(first: ModelSpec, second: ModelSpec) -> tuple[LineChange, ...]:
    one, other = _lines(first), _lines(second)
    lefts = dict.fromkeys([*one, *other])
    return tuple(LineChange(left, one.get(left), other.get(left)) for left in lefts if one.get(left) != other.get(left))


def _lines(spec: ModelSpec) -> dict[str, str]:
    """The lines by their left sides."""
    found: dict[str, str] = {}
    for line in render(spec).split("\n"):
        sign = " ~ " if not found and not spec.residual else " = "
        found[line if line.startswith("cov(") else line.partition(sign)[0]] = line
    return found


def _nested(changes: list[Change], flat: bool) -> Literal["first", "second"] | None:
    """Which is the other with parameters left out: all that it has, the other has too."""
    may_differ = ("grouping", "fixed effect", "random effect", "covariance")
    if not flat or not changes or any(change.part not in may_differ for change in changes):
        return None
    if all(change.first is None for change in changes):
        return "first"
    if all(change.second is None for change in changes):
        return "second"
    return None
