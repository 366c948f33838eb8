"""Data expressions of level 1 as columns that a database computes, row by row, and gives sums of."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np

from bayeshlm.design.by_levels import calls_of
from bayeshlm.design.coding import CategoricalCoding, Contrast
from bayeshlm.design.columns import CategoricalColumn, level_label, numbers_as_text
from bayeshlm.design.constant_within import named, zero_everywhere
from bayeshlm.design.database_columns import Location, RowsInDatabase
from bayeshlm.design.expression_columns import ELEMENTWISE
from bayeshlm.design.naming import Part, factor_text
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import walk_columns
from bayeshlm.equations.product import Call, Column, Factor, Option, Product
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import ask

LARGEST_EXPONENT = float(np.log(np.finfo(np.float64).max))

IN_RANGE: dict[str, Callable[[float, float], float | None]] = {
    "log": lambda low, high: low if low <= 0 else None,
    "sqrt": lambda low, high: low if low < 0 else None,
    "exp": lambda low, high: high if high > LARGEST_EXPONENT else None,
}
"""Of a smallest and a largest value the one that a function cannot take."""


@dataclass(frozen=True, slots=True)
class DatabaseColumns:
    """The columns of an expression: their names in the query, and what `Expanded` says of them."""

    names: tuple[str, ...]
    labels: tuple[str, ...] = ("",)
    parts: tuple[tuple[Part, ...], ...] = ((),)


class LevelOneColumns:
    """Evaluates expressions of level 1 on rows in a database.

    Parameters
    ----------
    rows : RowsInDatabase
        To which columns are added.
    """

    def __init__(self, rows: RowsInDatabase) -> None:
        self._rows = rows

    @property
    def table(self) -> Any:
        """The complete rows with all columns that were added."""
        return self._rows.table

    def centers(self, names: Sequence[str]) -> list[float]:
        """A number near the mean of each column."""
        return self._rows.centers(names)

    def levels(self, found: str) -> CategoricalColumn:
        """A column of the user's as categories, one row a level."""
        read: CategoricalColumn = self._rows.categories(found)[0]
        return read

    def of_outcome(self, outcome: Column, offsets: Sequence[Product], grouping: int) -> tuple[str, str]:
        """Name of the outcome less its offsets, and of the outcome."""
        y = self._rows.numbers(outcome)
        net = y
        for offset in offsets:
            for one in self.evaluate(offset, grouping, inside="offset").names:
                net = self._rows.add(("less", net, one), partial(_less, net, one))
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
        numbers = [factor for factor in plain.values() if self._rows.kinds[self._rows.own(factor)[0]] != "text"]
        self._rows.means([self._rows.numbers(factor) for factor in numbers], grouping)

    def _times(self, left: DatabaseColumns, right: DatabaseColumns) -> DatabaseColumns:
        pairs = list(itertools.product(left.names, right.names))
        return DatabaseColumns(
            tuple(self._rows.add(("times", a, b), partial(_product, a, b)) for a, b in pairs),
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
            raise place_error(str(error), self._rows.text, factor.span) from error
        text = factor_text(factor)
        return DatabaseColumns(
            names, labels, tuple((Part(text, label, "basis") if label else Part(text),) for label in labels)
        )

    def _column(self, column: Column, every_level: bool, inside: str | None) -> DatabaseColumns:
        found, _ = self._rows.own(column)
        if self._rows.kinds[found] != "text":
            return DatabaseColumns((self._rows.numbers(column),), parts=((Part(column.name),),))
        read = self._rows.categories(found)[0]
        if problem := numbers_as_text(read):
            advice = f"; make it numbers in the database, or write C({column.name}) if these are categories"
            raise place_error(problem + advice, self._rows.text, column.span)
        if inside is not None:
            message = f"column {found!r} holds text ({read.levels[0]!r}), {inside}() needs numbers"
            raise place_error(message, self._rows.text, column.span)
        return self._coded(column, "indicators" if every_level else "treatment", None, False)

    def _coded(self, column: Column, contrast: Contrast, reference: Option | None, last: bool) -> DatabaseColumns:
        import ibis

        found, own = self._rows.own(column)
        read, values = self._rows.categories(found)
        try:
            coding = CategoricalCoding.learn(read, contrast, read.levels[-1] if last else reference)
        except DataError as error:
            raise place_error(str(error), self._rows.text, column.span) from error
        names = []
        for label, weights in zip(coding.labels, coding.matrix.T, strict=True):
            codes = [(values[k], int(weight)) for k, weight in enumerate(weights) if weight]

            def value(table: Any, codes: Any = codes) -> Any:
                cases = [(table[own] == (v.item() if isinstance(v, np.generic) else v), code) for v, code in codes]
                return ibis.cases(*cases, else_=0).cast("float64")

            names.append(self._rows.add(("level", found, label, tuple(weights)), value, center=0.0))
        parts = tuple((Part(column.name, label, coding.contrast, coding.reference),) for label in coding.labels)
        return DatabaseColumns(tuple(names), coding.labels, parts)

    def _call(self, call: Call, grouping: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names and labels of the columns of a call."""
        function = call.function
        if function in ("poly", "bs"):
            raise DataError(
                f"{function}() learns its columns from all values, which stay in the database: write powers as "
                f"products, {named(call)}*{named(call)}, or make the columns of {function}() in the table"
            )
        argument = self.evaluate(call.argument, grouping, inside=function)
        if function == "cwc" and not any(
            self._rows.varies(self._rows.names[column.name], grouping) for column, _ in walk_columns(call.argument)
        ):
            raise zero_everywhere(call)
        if function in ("cwc", "mean"):
            means = self._rows.means(argument.names, grouping)
            if function == "mean":
                return tuple(means), argument.labels
            pairs = list(zip(argument.names, means, strict=True))
            made = [self._rows.add(("less", a, m), partial(_less, a, m), center=0.0) for a, m in pairs]
            self._rows.centered |= {one: (a, grouping) for one, a in zip(made, argument.names, strict=True)}
            return tuple(made), argument.labels
        places = self._rows.locations(argument.names, ends=function in ELEMENTWISE)
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
        bad = IN_RANGE[call.function](*(place.ends or (np.nan, np.nan)))
        if bad is not None:
            needed = ELEMENTWISE[call.function][1]
            raise DataError(f"{call.function}() needs {needed}, but {named(call)} is {level_label(bad)} in some row")
        methods: dict[str, Callable[[Any], Any]] = {
            "log": lambda column: column.ln(),
            "exp": lambda column: column.exp(),
            "sqrt": lambda column: column.sqrt(),
        }
        return self._rows.add((call.function, name), lambda t: methods[call.function](t[name]))

    def _centered(self, name: str, place: Location) -> str:
        mean = place.mean
        return self._rows.add(("centered", name), lambda t: t[name] - mean, Location(0.0))

    def _scaled(self, call: Call, name: str) -> str:
        sd = float(ask(self._rows.table.aggregate(sd=self._rows.table[name].std(how="sample")))["sd"].iloc[0])
        if not sd > 0:
            raise DataError(f"scale() divides by the SD, but {named(call)} is constant")
        return self._rows.add(("over", name), lambda t: t[name] / sd, Location(0.0))


def _less(name: str, other: str, table: Any) -> Any:
    return table[name] - table[other]


def _product(name: str, other: str, table: Any) -> Any:
    return table[name] * table[other]
