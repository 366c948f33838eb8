"""Data expressions of level 1 as columns that a database computes, row by row, and gives sums of."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from bayeshlm.design.by_levels import calls_of
from bayeshlm.design.coding import MOST_LEVELS, CategoricalCoding, Contrast
from bayeshlm.design.columns import level_label, numbers_as_text, read_categories
from bayeshlm.design.expression_columns import ELEMENTWISE, named
from bayeshlm.design.naming import Part, factor_text
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import walk_columns
from bayeshlm.equations.product import Call, Column, Factor, Option, Product
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import Kind, ask
from bayeshlm.source.labels import factorize

IN_RANGE: dict[str, Callable[[float, float], float | None]] = {
    "log": lambda low, high: low if low <= 0 else None,
    "sqrt": lambda low, high: low if low < 0 else None,
    "exp": lambda low, high: high if np.isinf(np.exp(np.float64(high))) else None,
}
"""Of a smallest and a largest value the one that a function cannot take."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where the values of a column lie, over all rows."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DatabaseColumns:
    """The columns of an expression: their names in the query, and what `Expanded` says of them."""

    names: tuple[str, ...]
    labels: tuple[str, ...] = ("",)
    parts: tuple[tuple[Part, ...], ...] = ((),)


class RowsInDatabase:
    """The complete rows of a table, to which expressions add columns.

    Parameters
    ----------
    text : str
        The equations, for error messages.
    table : ibis.Table
        The rows; its columns are `stands_for` and `keys`.
    names : mapping of str to str
        Column of the user's table for each name in the equations.
    stands_for : mapping of str to str
        Name in `table` of each column of the user's.
    kinds : mapping of str to Kind
    known : mapping of str to Location
        Of the user's columns of numbers.
    keys : sequence of sequence of str
        Names in `table` of the columns of ids of each grouping.
    """

    def __init__(
        self,
        text: str,
        table: Any,
        names: Mapping[str, str],
        stands_for: Mapping[str, str],
        kinds: Mapping[str, Kind],
        known: Mapping[str, Location],
        keys: Sequence[Sequence[str]],
    ) -> None:
        self.text, self.table, self.keys = text, table, keys
        self._names, self._stands_for, self._kinds, self._known = names, stands_for, kinds, known
        self._located: dict[str, Location] = {}
        self._center: dict[str, float] = {}
        self._made: dict[Any, str] = {}
        self._levels: dict[str, Any] = {}
        self._number = itertools.count()

    def of_outcome(self, outcome: Column, offsets: Sequence[Product], grouping: int) -> tuple[str, str]:
        """Name of the outcome less its offsets, and of the outcome."""
        y = self._numbers(outcome)
        net = y
        for offset in offsets:
            for one in self.evaluate(offset, grouping, inside="offset").names:
                net = self._add(("less", net, one), lambda t, a=net, b=one: t[a] - t[b])
        return net, y

    def evaluate(
        self, expression: Product, grouping: int, *, every_level: bool = False, inside: str | None = None
    ) -> DatabaseColumns:
        """Add the columns of an expression that is not the constant.

        Parameters
        ----------
        expression : Product
        grouping : int
            Position of the grouping within whose units `cwc` and `mean` take means.
        every_level, inside
            As in `bayeshlm.design.expression_columns.evaluate`.
        """
        made = (self._factor(factor, grouping, every_level, inside) for factor in expression.factors)
        return reduce(self._times, made)

    def take_means(self, expressions: Sequence[Product], grouping: int) -> None:
        """Take all means of plain columns within units that expressions name, in one query."""
        calls = [call for one in expressions for factor in one.factors for call in calls_of(factor)]
        plain = {
            factor.name: factor
            for call in calls
            if call.function in ("cwc", "mean")
            for factor in call.argument.factors
            if isinstance(factor, Column) and len(call.argument.factors) == 1
        }
        numbers = [factor for factor in plain.values() if self._kinds[self._own(factor)[0]] != "text"]
        self._means([self._numbers(factor) for factor in numbers], grouping)

    def number_of(self, name: str) -> str | None:
        """Name of a column of the user's as numbers; None where no expression needed it."""
        return self._made.get(("column", name))

    def locations(self, names: Sequence[str]) -> list[Location]:
        """Where the values of columns lie, asked for where it does not follow."""
        unknown = [name for name in dict.fromkeys(names) if name not in self._located]
        if unknown:
            wanted = {}
            for k, name in enumerate(unknown):
                column = self.table[name]
                wanted |= {f"mean{k}": column.mean(), f"low{k}": column.min(), f"high{k}": column.max()}
            found = ask(self.table.aggregate(**wanted)).iloc[0]
            for k, name in enumerate(unknown):
                self._located[name] = Location(*(float(found[f"{what}{k}"]) for what in ("mean", "low", "high")))
        return [self._located[name] for name in names]

    def centers(self, names: Sequence[str]) -> list[float]:
        """A number near the mean of each column, from which its squares keep their digits."""
        unknown = [name for name in names if name not in self._center]
        for name, place in zip(unknown, self.locations(unknown), strict=True):
            self._center[name] = place.mean
        return [self._center[name] for name in names]

    def _add(
        self,
        key: Any,
        value: Callable[[Any], Any],
        location: Location | None = None,
        center: float | None = None,
    ) -> str:
        """Add a column, unless it is there; `key` says what it is."""
        if key not in self._made:
            name = f"v{next(self._number)}"
            self.table = self.table.mutate(**{name: value(self.table)})
            self._made[key] = name
            if location is not None:
                self._located[name] = location
            if center is not None:
                self._center[name] = center
        return self._made[key]

    def _own(self, column: Column) -> tuple[str, str]:
        """A column of the user's table, and its name in the query."""
        found = self._names[column.name]
        if found not in self._stands_for:
            raise place_error(
                f"column {found!r} of group_data stands where the database computes one value a row: put it in a level-2 "
                "line, or join group_data to the table in the database",
                self.text,
                column.span,
            )
        return found, self._stands_for[found]

    def _numbers(self, column: Column) -> str:
        """A column of the user's as float64."""
        found, own = self._own(column)

        def value(table: Any) -> Any:
            if self._kinds[found] == "logical":
                return table[own].ifelse(1, 0).cast("float64")
            return table[own].cast("float64")

        return self._add(("column", found), value, self._known.get(found))

    def _times(self, left: DatabaseColumns, right: DatabaseColumns) -> DatabaseColumns:
        pairs = list(itertools.product(left.names, right.names))
        return DatabaseColumns(
            tuple(self._add(("times", a, b), lambda t, a=a, b=b: t[a] * t[b]) for a, b in pairs),
            tuple(",".join(filter(None, pair)) for pair in itertools.product(left.labels, right.labels)),
            tuple(one + other for one in left.parts for other in right.parts),
        )

    def _factor(self, factor: Factor, grouping: int, every_level: bool, inside: str | None) -> DatabaseColumns:
        if isinstance(factor, Column):
            return self._column(factor, every_level, inside)
        if factor.function == "C":
            (column,) = (column for column, _ in walk_columns(factor.argument))
            options = dict(factor.options)
            contrast: Contrast = "sum" if options.get("coding") == "sum" else "treatment"
            last = options.get("coding") == "last"
            return self._coded(column, "indicators" if every_level else contrast, options.get("ref"), last)
        try:
            names, labels = self._call(factor, grouping)
        except DataError as error:
            if "\n" in str(error):
                raise
            raise place_error(str(error), self.text, factor.span) from error
        text = factor_text(factor)
        return DatabaseColumns(
            names, labels, tuple((Part(text, label, "basis") if label else Part(text),) for label in labels)
        )

    def _column(self, column: Column, every_level: bool, inside: str | None) -> DatabaseColumns:
        found, _ = self._own(column)
        if self._kinds[found] != "text":
            return DatabaseColumns((self._numbers(column),), parts=((Part(column.name),),))
        read = self._categories(found)[0]
        if problem := numbers_as_text(read):
            advice = f"; make it numbers in the database, or write C({column.name}) if these are categories"
            raise place_error(problem + advice, self.text, column.span)
        if inside is not None:
            message = f"column {found!r} holds text ({read.levels[0]!r}), {inside}() needs numbers"
            raise place_error(message, self.text, column.span)
        return self._coded(column, "indicators" if every_level else "treatment", None, False)

    def _categories(self, found: str) -> Any:
        """A column as categories, one row a level, and the values of the levels."""
        if found not in self._levels:
            own = self.table[self._stands_for[found]].name("level")
            distinct = ask(self.table.select(own).distinct().limit(MOST_LEVELS + 1))["level"].rename(found)
            self._levels[found] = read_categories(distinct), factorize(distinct, in_category_order=True)[1]
        return self._levels[found]

    def _coded(self, column: Column, contrast: Contrast, reference: Option | None, last: bool) -> DatabaseColumns:
        import ibis

        found, own = self._own(column)
        read, values = self._categories(found)
        try:
            coding = CategoricalCoding.learn(read, contrast, read.levels[-1] if last else reference)
        except DataError as error:
            raise place_error(str(error), self.text, column.span) from error
        names = []
        for label, weights in zip(coding.labels, coding.matrix.T, strict=True):
            codes = [(values[k], int(weight)) for k, weight in enumerate(weights) if weight]

            def value(table: Any, codes: Any = codes) -> Any:
                cases = [(table[own] == (v.item() if isinstance(v, np.generic) else v), code) for v, code in codes]
                return ibis.cases(*cases, else_=0).cast("float64")

            names.append(self._add(("level", found, label, tuple(weights)), value, center=0.0))
        parts = tuple((Part(column.name, label, coding.contrast, coding.reference),) for label in coding.labels)
        return DatabaseColumns(tuple(names), coding.labels, parts)

    def _call(self, call: Call, grouping: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names and labels of the columns of a call."""
        function = call.function
        if function in ("poly", "bs"):
            raise DataError(
                f"{function}() learns its columns from all values, which stay in the database: write powers as products, "
                f"{named(call)}*{named(call)}, or make the columns of {function}() in the table"
            )
        argument = self.evaluate(call.argument, grouping, inside=function)
        if function in ("cwc", "mean"):
            means = self._means(argument.names, grouping)
            if function == "mean":
                return tuple(means), argument.labels
            pairs = list(zip(argument.names, means, strict=True))
            made = [self._add(("less", a, m), lambda t, a=a, m=m: t[a] - t[m], center=0.0) for a, m in pairs]
            return tuple(made), argument.labels
        places = self.locations(argument.names)
        pairs_of_places = list(zip(argument.names, places, strict=True))
        if function in ELEMENTWISE:
            return tuple(self._elementwise(call, name, place) for name, place in pairs_of_places), argument.labels
        if function == "cgm":
            return tuple(self._centered(name, place) for name, place in pairs_of_places), argument.labels
        if function == "scale":
            return tuple(self._scaled(call, self._centered(name, place)) for name, place in pairs_of_places), (
                argument.labels
            )
        raise DataError(f"{function}() cannot stand in an expression")

    def _elementwise(self, call: Call, name: str, place: Location) -> str:
        bad = IN_RANGE[call.function](place.low, place.high)
        if bad is not None:
            needed = ELEMENTWISE[call.function][1]
            raise DataError(f"{call.function}() needs {needed}, but {named(call)} is {level_label(bad)} in some row")
        methods: dict[str, Callable[[Any], Any]] = {
            "log": lambda column: column.ln(),
            "exp": lambda column: column.exp(),
            "sqrt": lambda column: column.sqrt(),
        }
        return self._add((call.function, name), lambda t: methods[call.function](t[name]))

    def _centered(self, name: str, place: Location) -> str:
        mean = place.mean
        location = Location(0.0, place.low - mean, place.high - mean)
        return self._add(("centered", name), lambda t: t[name] - mean, location)

    def _scaled(self, call: Call, name: str) -> str:
        sd = float(ask(self.table.aggregate(sd=self.table[name].std(how="sample")))["sd"].iloc[0])
        if not sd > 0:
            raise DataError(f"scale() divides by the SD, but {named(call)} is constant")
        place = self._located[name]
        return self._add(("over", name), lambda t: t[name] / sd, Location(0.0, place.low / sd, place.high / sd))

    def _means(self, names: Sequence[str], grouping: int) -> list[str]:
        """Add the means of columns within the units of a grouping, summed about the means of all rows."""
        wanted = [name for name in dict.fromkeys(names) if ("mean", name, grouping) not in self._made]
        if wanted:
            keys, places = list(self.keys[grouping]), self.locations(wanted)
            made = {name: f"v{next(self._number)}" for name in wanted}
            sums = {
                made[name]: (self.table[name] - place.mean).mean() for name, place in zip(wanted, places, strict=True)
            }
            self.table = self.table.join(self.table.group_by(keys).aggregate(**sums), keys)
            for name, place in zip(wanted, places, strict=True):
                key, own = ("mean", name, grouping), made[name]
                self._made[key] = self._add(("plus", own), lambda t, own=own, m=place.mean: t[own] + m, None, place.mean)
        return [self._made["mean", name, grouping] for name in names]
