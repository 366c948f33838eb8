"""What the MODEL command of Mplus says level by level: which coefficients vary, and what they are regressed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bayeshlm.equations.notations.mplus_columns import MplusColumns
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import FixedTerm, LevelEquation, ModelSpec


@dataclass(frozen=True, slots=True)
class Node:
    """What a level above the first says.

    Attributes
    ----------
    names : list of str
        The variables that the level is about: the outcome, whose part at this level is the intercept, and slopes.
    lines : list of str
        Their regressions, ``y ON w;``, and slopes of these that vary at the level above, ``s2 | y ON w;``.
    random : dict of str to str
        The random effect of each that varies here.
    means : set of str
        Those that have a fixed intercept.
    """

    names: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    random: dict[str, str] = field(default_factory=dict)
    means: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Nodes:
    """The lines of level 1, and the levels above."""

    within: list[str]
    levels: list[Node]


def mplus_nodes(spec: ModelSpec, columns: MplusColumns) -> Nodes:
    """Find what varies at which level.

    Parameters
    ----------
    spec : ModelSpec
        Of plain columns.
    columns : MplusColumns
        Their names in Mplus.
    """
    with_line = {line.coefficient: line for line in spec.equations}
    found = Nodes([], [Node() for _ in spec.levels[1:]])
    slopes = _Slopes(columns.taken)
    current: list[tuple[str, LevelEquation]] = []
    for one in spec.level1:
        line = with_line[one.coefficient]
        if one.expression.is_constant:
            current.append((columns.outcome, line))
        elif _varies(line, with_line):
            current.append((slopes.new(), line))
            found.within.append(f"{current[-1][0]} | {columns.outcome} ON {columns.of(one.expression)};")
        else:
            found.within.append(f"{columns.outcome} ON {columns.of(one.expression)};")
    if not any(one.expression.is_constant for one in spec.level1):
        current.insert(0, (columns.outcome, LevelEquation("", ())))
    if spec.residual:
        found.within.append(f"{columns.outcome};")
    if columns.offset:
        found.within.append(f"{columns.outcome} ON {columns.offset}@1;")
    for number, level in enumerate(found.levels):
        above: list[tuple[str, LevelEquation]] = []
        for name, line in current:
            level.names.append(name)
            for effect in line.random_effects:
                found.levels[effect.grouping].random[name] = effect.symbol
            constant = LevelEquation("", ())
            for term in line.fixed:
                after = with_line.get(term.symbol, LevelEquation("", _own(term.symbol)))
                if term.expression.is_constant:
                    constant = after
                    level.means.add(name)
                elif number + 1 < len(found.levels) and _varies(after, with_line):
                    above.append((slopes.new(), after))
                    level.lines.append(f"{above[-1][0]} | {name} ON {columns.of(term.expression)};")
                else:
                    level.lines.append(f"{name} ON {columns.of(term.expression)};")
            above.insert(sum(one in level.names for one, _ in above), (name, constant))
        current = above
    return found


def _own(symbol: str) -> tuple[FixedTerm, ...]:
    return (FixedTerm(symbol, Product()),)


class _Slopes:
    """Names of slopes, s1, s2, ..., that no column has."""

    def __init__(self, taken: frozenset[str]) -> None:
        self._taken, self._number = taken, 0

    def new(self) -> str:
        self._number += 1
        while f"s{self._number}" in self._taken:
            self._number += 1
        return f"s{self._number}"


def _varies(line: LevelEquation, with_line: Mapping[str, LevelEquation]) -> bool:
    """Whether a coefficient is more than one fixed number."""
    if line.random_effects or any(not term.expression.is_constant for term in line.fixed) or not line.fixed:
        return True
    return any(term.symbol in with_line and _varies(with_line[term.symbol], with_line) for term in line.fixed)
