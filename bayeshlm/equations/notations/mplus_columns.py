"""The columns of a model as Mplus has them: names of eight characters, and what DEFINE can make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.equations.notations.made_in_words import needed
from bayeshlm.equations.notations.prepared import Made, Preparation, column_names
from bayeshlm.equations.notations.writer import refused
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import ModelSpec

_LONGEST = 8


@dataclass(frozen=True, slots=True)
class MplusColumns:
    """The columns of a model.

    Attributes
    ----------
    short : dict of str to str
        The name in Mplus of each column.
    shown : dict of str to str
        The column that a centered one is, where CENTER changes it in place.
    outcome : str
    offset : str
    variable : list of str
        The lines of the VARIABLE command, without the kind of the outcome.
    define : list of str
        The lines of the DEFINE command.
    in_file : list of Made
        Columns that DEFINE cannot make.
    """

    short: dict[str, str]
    shown: dict[str, str]
    outcome: str
    offset: str
    variable: list[str]
    define: list[str]
    in_file: list[Made]

    @property
    def taken(self) -> frozenset[str]:
        """Names that slopes cannot have."""
        return frozenset(name.casefold() for name in self.short.values())

    def of(self, expression: Product) -> str:
        """The one column of an expression of plain columns, which was made before."""
        (name,) = column_names(expression)
        return self.short[self.shown.get(name, name)]


def mplus_columns(columns: Preparation, spec: ModelSpec, clusters: Sequence[str]) -> MplusColumns:
    """Name the columns, and say what is made by DEFINE and what has to be in the file.

    Parameters
    ----------
    columns : Preparation
    spec : ModelSpec
        Of one plain column a term.
    clusters : sequence of str
        The cluster variables from the inside out.

    Raises
    ------
    EquationError
        If a column stands at two levels, which Mplus cannot have.
    """
    two = len(clusters) == 1
    by_level = [[name for one in level for name in column_names(one)] for level in spec.expressions_by_level]
    by_level[0] += [columns.offset] if columns.offset else []
    used = list(dict.fromkeys(name for level in by_level for name in level))
    made = {one.name: one for one in needed(columns.made, used)}
    in_place = {name: one for name, one in made.items() if _in_place(one, list(made.values()), used)}
    early = [one for one in made.values() if one.name not in in_place and not _depends(one, made, in_place)]
    late = [one for one in made.values() if one.name not in in_place and one not in early]
    written = {one.name: text for one in (*early, *late) if (text := _define(one, two)) is not None}
    in_file = _with_parts([one for one in made.values() if one.name not in in_place and one.name not in written], made)
    shown = {name: one.of[0] for name, one in in_place.items() if name not in {other.name for other in in_file}}
    levels = [list(dict.fromkeys(shown.get(name, name) for name in level)) for level in by_level]
    for number, level in enumerate(levels):
        for name in level:
            if any(name in other for other in levels[number + 1 :]):
                raise refused(spec, "Mplus", f"has each column at one level, and `{name}` stands at two")
    outcome = columns.outcome
    made_there = [one.name for one in in_file]
    raw = [outcome, *reversed(clusters), *(name for level in levels for name in level if name not in made)]
    raw += [part for one in made.values() if one not in in_file for part in one.of if part not in made]
    names = list(dict.fromkeys([*raw, *made_there]))
    defined = [one for one in (*early, *late) if one not in in_file]
    short = _short(list(dict.fromkeys([*names, *(one.name for one in defined)])))
    use = [outcome, *(name for level in levels for name in level)]
    use = [*[name for name in use if name in names], *[name for name in use if name not in names]]
    define = [_shortened(one, short, two, {}) for one in early if one in defined]
    for name, one in in_place.items():
        if name in shown:
            how = "GRANDMEAN" if not one.within else "GROUPMEAN" if two else f"GROUPMEAN {short[clusters[0]]}"
            define.append(f"CENTER {short[one.of[0]]} ({how});")
    define += [_shortened(one, short, two, shown) for one in late if one in defined]
    return MplusColumns(
        short=short,
        shown=shown,
        outcome=short[outcome],
        offset=short[columns.offset] if columns.offset else "",
        variable=_variable(short, names, use, levels, clusters),
        define=define,
        in_file=in_file,
    )


def _variable(
    short: dict[str, str], names: list[str], use: list[str], levels: list[list[str]], clusters: Sequence[str]
) -> list[str]:
    def listed(names: Sequence[str]) -> str:
        return " ".join(short[name] for name in names)

    lines = [f"NAMES = {listed(names)};", f"USEVARIABLES = {listed(use)};"]
    lines.append(f"CLUSTER = {listed(list(reversed(clusters)))};")
    lines += [f"WITHIN = {listed(levels[0])};"] if levels[0] else []
    if len(clusters) == 1:
        return lines + ([f"BETWEEN = {listed(levels[1])};"] if levels[1] else [])
    higher = [f"({short[unit]}) {listed(level)}" for unit, level in zip(clusters, levels[1:], strict=True) if level]
    return lines + ([f"BETWEEN = {' '.join(higher)};"] if higher else [])


def _in_place(one: Made, made: Sequence[Made], used: Sequence[str]) -> bool:
    """Whether CENTER can change the column itself: nothing else needs it as it was but what is made before."""
    if one.operation != "center" or one.unit or one.of[0] in used or any(one.of[0] == other.name for other in made):
        return False
    ways = [other for other in made if other.operation == "center" and other.of == one.of]
    return len(ways) == 1


def _depends(one: Made, made: dict[str, Made], on: dict[str, Made]) -> bool:
    return any(name in on or (name in made and _depends(made[name], made, on)) for name in one.of)


def _with_parts(found: list[Made], made: dict[str, Made]) -> list[Made]:
    """Columns that the file has to have, with those that they are made of."""
    return needed(list(made.values()), [one.name for one in found])


def _define(one: Made, two: bool) -> str | None:
    """The statement that makes a column, with its names in braces; None where there is none."""
    first, *others = (f"{{{name}}}" for name in one.of)
    target = f"{{{one.name}}}"
    match one.operation:
        case "product":
            return f"{target} = {'*'.join((first, *others))};"
        case "sum":
            return f"{target} = {' + '.join((first, *others))};"
        case "log" | "exp" | "sqrt":
            return f"{target} = {one.operation.upper()}({first});"
        case "mean" if two:
            return f"{target} = CLUSTER_MEAN({first});"
        case "level" if not isinstance(one.level, str) and not one.sums:
            no = f"IF ({first} NE {one.level}) THEN {target} = 0;"
            return f"IF ({first} EQ {one.level}) THEN {target} = 1; {no}"
    return None


def _shortened(one: Made, short: dict[str, str], two: bool, shown: dict[str, str]) -> str:
    text = _define(one, two) or ""
    names = {name: short[shown.get(name, name)] for name in (one.name, *one.of)}
    return text.format(**names)


def _short(names: Sequence[str]) -> dict[str, str]:
    """Names of up to eight characters, each once, whatever case."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        short, number = name[:_LONGEST], 1
        while short.casefold() in taken:
            number += 1
            short = f"{name[: _LONGEST - len(str(number))]}{number}"
        taken.add(short.casefold())
        found[name] = short
    return found
