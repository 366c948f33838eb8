"""Data expressions -> columns that are made before the model: for programs whose models have columns only."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bayeshlm.equations.distribution import Total
from bayeshlm.equations.notations.writer import Asked, group_columns, refused
from bayeshlm.equations.product import LEVEL, PART, Call, Column, Factor, Option, Product
from bayeshlm.equations.spec import FixedTerm, Level1Term, ModelSpec

type Operation = Literal["log", "exp", "sqrt", "product", "center", "scale", "mean", "level", "number", "sum", "less"]


@dataclass(frozen=True, slots=True)
class Made:
    """A column that is made of others.

    Attributes
    ----------
    name : str
    operation : str
        ``center`` is a column less a mean, ``scale`` divides that by the standard deviation (n - 1), ``mean`` is the
        mean of the rows of each of `within`, ``level`` the column of a category, ``number`` a logical column as 0 and
        1, ``sum`` adds columns, ``less`` takes the later columns from the first.
    of : tuple of str
        The columns, made before or in the data.
    unit : tuple of str
        Columns that name the units of which each counts once in a mean; empty where each row does.
    within : tuple of str
        Columns of the groups whose means are taken; empty for the mean of all.
    level, reference : str, int or float
        The category that the column of a ``level`` is 1 in; with `sums` the one that it is -1 in.
    sums : bool
    """

    name: str
    operation: Operation
    of: tuple[str, ...]
    unit: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    level: Option = ""
    reference: Option = ""
    sums: bool = False


@dataclass(frozen=True, slots=True)
class _Stand:
    """Where an expression stands: its units, the groups of ``cwc`` and of ``mean``, None where they are not known."""

    unit: tuple[str, ...]
    center: tuple[str, ...] | None
    mean: tuple[str, ...] | None


class Preparation:
    """The columns that a model needs, made one after another.

    Parameters
    ----------
    asked : Asked
    program : str
        Which errors name.
    accepts : function of a name
        Whether the program can have a column of that name; columns of the data have to be renamed otherwise.
    longest : int
        Characters of a name that is made.
    makes_numbers : bool
        Logical columns are made 0 and 1; other programs are given data in which they are.

    Attributes
    ----------
    spec : ModelSpec
        The model of plain columns: every factor of every expression is one.
    made : list of Made
        In the order in which they are made.
    outcome : str
    trials : str or int
        Their number: a column, or the same of all rows; 0 where the outcome has none.
    offset : str
        A column, or empty.
    groups : tuple of tuple of str
        The columns of each grouping.
    """

    def __init__(
        self,
        asked: Asked,
        program: str,
        accepts: Callable[[str], bool],
        longest: int = 32,
        makes_numbers: bool = False,
    ) -> None:
        self._asked, self._program, self._longest = asked, program, longest
        self._makes_numbers = makes_numbers
        self.made: list[Made] = []
        for name in asked.used:
            if not accepts(name):
                raise refused(asked.spec, program, f"has no column called `{name}`: rename it in the data")
        folded = [name.casefold() for name in asked.used]
        twins = [name for name in asked.used if folded.count(name.casefold()) > 1]
        if twins:
            both = " and ".join(f"`{name}`" for name in twins)
            raise refused(asked.spec, program, f"takes {both} for one column: rename one of them in the data")
        self._taken = set(folded)
        self.groups = tuple(map(group_columns, asked.groups))
        given = asked.written_out or asked.spec
        level1, *higher = self._stands(given)
        self.spec = _plain(given, [level1, *higher], self._column_of)
        self.outcome = given.outcome.name
        self.trials = self._trials(given)
        offsets = [self.one(Product(tuple(self._column_of(f, level1) for f in one.factors))) for one in given.offsets]
        self.offset = "" if not offsets else offsets[0] if len(offsets) == 1 else self._make("offset", "sum", offsets)

    def one(self, product: Product) -> str:
        """The one column of a product of plain columns; empty for the constant."""
        names = column_names(product)
        return names[0] if len(names) == 1 else self._make("_by_".join(names), "product", names) if names else ""

    def joined(self) -> ModelSpec:
        """The specification with one column a term: products are made."""

        def join(product: Product) -> Product:
            return product if product.is_constant else Product((Column(self.one(product)),))

        return self.spec.map_expressions(join)

    def less_offset(self) -> str:
        """The outcome, less the offset for a program that has none where the outcome is normal."""
        if not self.offset:
            return self.outcome
        return self._make(f"{self.outcome}_less_offset", "less", (self.outcome, self.offset))

    def name(self, wanted: str) -> str:
        """A name that no other column has, for one that the program makes in a way of its own."""
        return self._named(wanted)

    def _stands(self, spec: ModelSpec) -> list[_Stand]:
        units = [self.groups[level[0]] if len(level) == 1 else None for level in spec.level_groupings]
        rows = _Stand((), units[0], units[0])
        higher = [_Stand(unit or (), up, unit) for unit, up in zip(units, [*units[1:], None], strict=True)]
        return [rows, *higher]

    def _trials(self, spec: ModelSpec) -> str | int:
        size = spec.distribution.size
        if isinstance(size, Total):
            return self._make("trials", "sum", [column.name for column in size.columns])
        return size.name if isinstance(size, Column) else size or 0

    def _column_of(self, factor: Factor, stand: _Stand) -> Column:
        return Column(self._column(factor, stand))

    def _column(self, factor: Factor, stand: _Stand) -> str:
        spec, coded = self._asked.spec, self._asked.coded
        if isinstance(factor, Column):
            kind = coded.get(factor.name)
            if kind in ("text", "numbers"):
                raise self._needs_data(factor)
            as_number = kind == "logical" and self._makes_numbers
            return self._make(f"{factor.name}_01", "number", [factor.name]) if as_number else factor.name
        options = dict(factor.options)
        if factor.function == LEVEL:
            return self._level(factor, options)
        if factor.function == PART:
            (basis,) = factor.argument.factors
            if isinstance(basis, Call) and basis.function == "poly" and dict(basis.options).get("raw"):
                inner = self._inner(basis, stand)
                return self.one(Product((Column(inner),) * int(str(options["column"]))))
            name = basis.function if isinstance(basis, Call) else "this"
            reason = f"has no {name}() of ours: make its columns in the data, or write poly(x, 2, raw=True)"
            raise refused(spec, self._program, reason, span=basis.span)
        if factor.function in ("C", "poly", "bs"):
            raise self._needs_data(factor)
        at = _Stand((), stand.center, stand.mean) if factor.function == "mean" else stand
        inner = self._inner(factor, at)
        match factor.function:
            case "log" | "exp" | "sqrt":
                return self._make(f"{factor.function}_{inner}", factor.function, [inner])
            case "cgm":
                return self._make(f"{inner}_cgm", "center", [inner], stand.unit)
            case "scale":
                return self._make(f"{inner}_z", "scale", [inner], stand.unit)
        within = stand.mean if factor.function == "mean" else stand.center
        if within is None:
            reason = f"cannot know whose means {factor.function}(x) takes: make the column in the data first"
            raise refused(spec, self._program, reason, span=factor.span)
        if factor.function == "mean":
            return self._make(f"{inner}_mean", "mean", [inner], (), within)
        return self._make(f"{inner}_cwc", "center", [inner], stand.unit, within)

    def _inner(self, call: Call, stand: _Stand) -> str:
        return self.one(Product(tuple(self._column_of(factor, stand) for factor in call.argument.factors)))

    def _level(self, call: Call, options: dict[str, Option]) -> str:
        (column,) = call.argument.factors
        if not isinstance(column, Column):
            reason = "has no means or scales of categories: make a column for each in the data"
            raise refused(self._asked.spec, self._program, reason, span=column.span)
        level, reference = (self._category(column.name, str(options[key])) for key in ("level", "reference"))
        base, sums = f"{column.name}_{options['level']}", options["coding"] == "sum"
        return self._make(base, "level", [column.name], level=level, reference=reference if sums else "", sums=sums)

    def _category(self, column: str, label: str) -> Option:
        """A category as the data hold it: text, or a number, which logical values are too."""
        kind = self._asked.coded.get(column)
        if kind == "text" or not label:
            return label
        return int(label == "True") if kind == "logical" else float(label) if "." in label else int(label)

    def _needs_data(self, factor: Factor) -> Exception:
        text = factor.name if isinstance(factor, Column) else f"{factor.function}(...)"
        reason = (
            f"is given a column for each category or part of `{text}`, which the data say: ask a Model for its form"
        )
        if self._asked.written_out is not None:  # of levels 1 and up, not of the level-1 SD
            reason = f"takes no categories of `{text}` in the equation of the level-1 SD: make columns of 0 and 1"
        return refused(self._asked.spec, self._program, reason, span=factor.span)

    def _make(
        self,
        name: str,
        operation: Operation,
        of: Sequence[str],
        unit: tuple[str, ...] = (),
        within: tuple[str, ...] = (),
        level: Option = "",
        reference: Option = "",
        sums: bool = False,
    ) -> str:
        made = Made("", operation, tuple(of), unit, within, level, reference, sums)
        for other in self.made:
            if replace(other, name="") == made:
                return other.name
        self.made.append(replace(made, name=self._named(name)))
        return self.made[-1].name

    def _named(self, wanted: str) -> str:
        """A name of letters, digits and underscores that no other column has."""
        base = re.sub(r"[^A-Za-z0-9]+", "_", wanted).strip("_") or "column"
        base = base if base[0].isalpha() else f"c_{base}"
        name, number = base[: self._longest], 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{base[: self._longest - len(str(number)) - 1]}_{number}"
        self._taken.add(name.casefold())
        return name


def column_names(product: Product) -> tuple[str, ...]:
    """The names of a product of plain columns."""
    return tuple(factor.name for factor in product.factors if isinstance(factor, Column))


def _plain(spec: ModelSpec, stands: list[_Stand], column: Callable[[Factor, _Stand], Column]) -> ModelSpec:
    """The specification with a plain column in place of every factor."""

    def product(expression: Product, stand: _Stand) -> Product:
        return Product(tuple(column(factor, stand) for factor in expression.factors))

    first, *lines = spec.levels
    level1 = tuple(Level1Term(one.coefficient, product(one.expression, stands[0])) for one in first)
    higher = tuple(
        tuple(
            replace(line, fixed=tuple(FixedTerm(one.symbol, product(one.expression, stand)) for one in line.fixed))
            for line in level
        )
        for level, stand in zip(lines, stands[1:], strict=True)
    )
    spread = spec.log_spread
    if spread is not None:
        terms = tuple(replace(one, expression=product(one.expression, stands[0])) for one in spread.terms)
        spread = replace(spread, terms=terms)
    return replace(spec, levels=(level1, *higher), log_spread=spread)
