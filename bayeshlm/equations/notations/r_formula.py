"""ModelSpec -> the parts of a formula as R has them, which the formulas of its packages are put together from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bayeshlm.equations.distribution import Total
from bayeshlm.equations.functions import has_several_columns
from bayeshlm.equations.notations.r_code import (
    Atom,
    Coding,
    Place,
    is_categorical,
    r_atoms,
    r_expression,
    r_name,
    r_string,
)
from bayeshlm.equations.notations.writer import Asked, group_columns
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import Blocks, ModelSpec

type RTerm = tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class RGrouping:
    """The random effects of a grouping.

    Attributes
    ----------
    by : str
        The grouping as it stands behind a bar: a column, or those of a cell joined by ``:``.
    blocks : tuple of tuple of str
        The summands of each block of effects, with ``1`` or ``0`` first.
    independent : tuple of str
        The summands of all effects together, where all are independent and none is of categories; else empty.
    one_column_each : bool
        No effect stands for several columns, which covary.
    """

    by: str
    blocks: tuple[tuple[str, ...], ...]
    independent: tuple[str, ...]
    one_column_each: bool

    @property
    def bars(self) -> tuple[str, ...]:
        """One bar a block, or one double bar that keeps all effects apart, whatever columns they stand for."""
        if self.independent and self.one_column_each:
            return (f"({' + '.join(self.independent)} || {self.by})",)
        return tuple(f"({' + '.join(block)} | {self.by})" for block in self.blocks)


@dataclass(frozen=True, slots=True)
class RFormula:
    """The parts of a formula.

    Attributes
    ----------
    outcome : str
    successes : str
        The outcome with its failures, ``cbind(y, n - y)``, where it has a number of trials; else the outcome.
    trials : str
        Their number, empty where the outcome has none.
    fixed : tuple of str
        Summands, with ``0`` first where there is no intercept, ``1`` where there is nothing else.
    offsets : tuple of str
        Each ``offset(...)``.
    groupings : tuple of RGrouping
        From the inside out.
    spread : tuple of str
        Summands of the equation of the logarithm of the level-1 SD, as `fixed`; empty where there is none.
    """

    outcome: str
    successes: str
    trials: str
    fixed: tuple[str, ...]
    offsets: tuple[str, ...]
    groupings: tuple[RGrouping, ...]
    spread: tuple[str, ...] = ()

    @property
    def right(self) -> str:
        """What stands behind ``~``."""
        return " + ".join((*self.fixed, *self.offsets, *(bar for one in self.groupings for bar in one.bars)))


def r_formula(asked: Asked, quoted: bool = False) -> RFormula:
    """Write the parts of a formula.

    A fixed effect is the product of the expressions of its path, the highest level first. With cutpoints there is no
    intercept that could be left out.

    Parameters
    ----------
    asked : Asked
    quoted : bool
        See `Place`.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + g11*size + u1; cov(u0, u1) = 0")
    >>> found = r_formula(Asked(spec, ("school",), {}))
    >>> found.fixed, found.groupings[0].blocks, found.groupings[0].bars
    (('ses', 'size:ses'), (('1',), ('0', 'ses')), ('(1 + ses || school)',))
    """
    spec, groups, coded = asked.spec, asked.groups, asked.coded
    level1, *higher = _stands(spec, groups, quoted)
    atoms = dict(zip(spec.coefficients, _line(spec.expressions_by_level[0], level1, coded), strict=True))
    for level, stands in zip(spec.levels[1:], higher, strict=True):
        for equation in level:
            line = _line([term.expression for term in equation.fixed], stands, coded)
            atoms |= dict(zip((term.symbol for term in equation.fixed), line, strict=True))

    def product(symbols: Sequence[str]) -> RTerm:
        return tuple(atom for symbol in reversed(symbols) for atom in atoms[symbol])

    random = {path.symbol: product(path.symbols[:-1]) for path in spec.random_paths}
    fixed = _sum([product(path.symbols) for path in spec.fixed_paths], write_intercept=False)
    if spec.distribution.has_cutpoints:
        fixed = [part for part in fixed if part != "0"]
    return RFormula(
        outcome=r_name(spec.outcome.name),
        successes=_successes(spec),
        trials=" + ".join(r_name(one.name) for one in spec.distribution.size_columns)
        or str(spec.distribution.size or ""),
        fixed=tuple(fixed),
        offsets=tuple(f"offset({r_expression(offset, level1)})" for offset in spec.offsets),
        groupings=tuple(
            _grouping(spec, blocks, random, ":".join(_columns(group)))
            for group, blocks in zip(groups, spec.without_spread_effect().blocks_by_grouping, strict=True)
        ),
        spread=tuple(_sum(_line(spec.spread_expressions, level1, coded), write_intercept=False))
        if spec.log_spread is not None
        else (),
    )


def rows_place(asked: Asked) -> Place:
    """Where expressions of rows stand."""
    return _stands(asked.spec, asked.groups, True)[0]


def _successes(spec: ModelSpec) -> str:
    outcome, size = r_name(spec.outcome.name), spec.distribution.size
    if size is None:
        return outcome
    columns = [r_name(column.name) for column in spec.distribution.size_columns]
    failures = f"{columns[0] if columns else size} - {outcome}"
    if isinstance(size, Total):
        others = [column for column in columns if column != outcome]
        failures = others[0] if len(others) == 1 == len(columns) - 1 else f"{' + '.join(columns)} - {outcome}"
    return f"cbind({outcome}, {failures})"


def r_data(asked: Asked) -> str:
    """The data as R code: where rows miss values, without them, as the means of groups are taken over the others."""
    if not asked.incomplete:
        return "d"
    return f"na.omit(d[c({', '.join(map(r_string, asked.used))})])"


def _columns(group: str) -> list[str]:
    """The columns of a grouping as R code: several are a cell."""
    return [r_name(column) for column in group_columns(group)]


def _stands(spec: ModelSpec, groups: Sequence[str], quoted: bool) -> list[Place]:
    """The units of each level, from level 1; of a level with several groupings there is no one kind."""
    units = [_code(groups[level[0]]) if len(level) == 1 else None for level in spec.level_groupings]
    rows = Place(None, units[0], units[0], None, quoted)
    return [
        rows,
        *(Place(unit, above, unit, rows, quoted) for unit, above in zip(units, [*units[1:], None], strict=True)),
    ]


def _code(group: str) -> str:
    columns = _columns(group)
    return columns[0] if len(columns) == 1 else f"interaction({', '.join(columns)}, drop = TRUE)"


def _line(expressions: Sequence[Product], place: Place, coded: Mapping[str, Coding]) -> list[RTerm]:
    """Write the expressions of a line; without a constant, its first ``C(x)`` has a column for every level."""
    single = [
        len(expression.factors) == 1 and is_categorical(expression.factors[0], coded) for expression in expressions
    ]
    has_constant = any(expression.is_constant for expression in expressions)
    first = None if has_constant or True not in single else single.index(True)
    return [r_atoms(expression, place, coded, position == first) for position, expression in enumerate(expressions)]


def _grouping(spec: ModelSpec, blocks: Blocks, random: Mapping[str, RTerm], by: str) -> RGrouping:
    effects = [effect for block in blocks for effect in block]
    apart = len(blocks) > 1 and all(len(block) == 1 for block in blocks)
    split = apart and not any(atom.categorical for effect in effects for atom in random[effect])
    paths = spec.paths
    return RGrouping(
        by=by,
        blocks=tuple(tuple(_sum([random[effect] for effect in block], write_intercept=True)) for block in blocks),
        independent=tuple(_sum([random[effect] for effect in effects], write_intercept=True)) if split else (),
        one_column_each=not any(has_several_columns(part) for one in effects for part in paths[one].product.factors),
    )


def _sum(terms: list[RTerm], write_intercept: bool) -> list[str]:
    """Write terms as the summands of a formula, with ``0`` if none is the intercept."""
    matrices = _terms_as_matrices(terms)
    written = [_product(term, term in matrices) for term in terms if term]
    if () not in terms:
        return ["0", *written]
    return ["1", *written] if write_intercept or not written else written


def _terms_as_matrices(terms: list[RTerm]) -> set[RTerm]:
    """Find the terms whose categories R would code in another way than the level equations.

    R gives a factor contrasts where the term without it is in the formula too, else a column for every
    level (Chambers & Hastie 1992, section 2.4.1); what is written as a matrix is no margin of others.
    """
    matrices: set[RTerm] = set()
    while True:
        margins = {frozenset(atom.code for atom in term) for term in terms if term not in matrices}
        found = {
            term
            for term in terms
            for atom in term
            if atom.categorical
            and atom.every_level == (frozenset(other.code for other in term if other != atom) in margins)
        }
        if found <= matrices:
            return matrices
        matrices |= found


def _product(term: RTerm, as_matrix: bool) -> str:
    """Join the variables of a term; a repeated one becomes a power, as ``x:x`` is ``x`` to R."""
    parts = []
    for atom, times in Counter(term).items():
        if atom.categorical:
            parts.append(atom.matrix if as_matrix else atom.code)
        else:
            parts.append(atom.code if times == 1 else f"I({atom.code}^{times})")
    return ":".join(parts)
