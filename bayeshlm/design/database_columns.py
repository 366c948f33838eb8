"""The complete rows of a table of a database, to which columns are added that it computes row by row."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bayeshlm.design.coding import MOST_LEVELS
from bayeshlm.design.columns import read_categories
from bayeshlm.design.place_error import place_error
from bayeshlm.equations.product import Column
from bayeshlm.source.database_table import Kind, ask
from bayeshlm.source.labels import factorize

NUMBERS: tuple[Kind, ...] = ("number", "logical")


def as_number(column: Any, kind: Kind) -> Any:
    """A column of numbers, or of logical values, as float64."""
    return (column.cast("int32") if kind == "logical" else column).cast("float64")


@dataclass(frozen=True, slots=True)
class Location:
    """Where the values of a column lie, over all rows: their mean, and the smallest and the largest if known."""

    mean: float
    ends: tuple[float, float] | None = None


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
    varies : function of str and int
        Whether a column of the user's varies within units of a grouping.

    Attributes
    ----------
    centered : dict of str to (str, int)
        Columns that are another one less its means in the units of a grouping.
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
        varies: Callable[[str, int], bool],
    ) -> None:
        self.text, self.table, self.keys, self.varies = text, table, keys, varies
        self.names, self._stands_for, self.kinds, self._known = names, stands_for, kinds, known
        self.centered: dict[str, tuple[str, int]] = {}
        self._without_means, self._of_means = table, set[str]()
        self._located: dict[str, Location] = {}
        self._center: dict[str, float] = {}
        self._made: dict[Any, str] = {}
        self._levels: dict[str, Any] = {}
        self._number = itertools.count()

    def own(self, column: Column) -> tuple[str, str]:
        """A column of the user's table, and its name in the query."""
        found = self.names[column.name]
        if found not in self._stands_for:
            raise place_error(
                f"column {found!r} of group_data stands where the database computes one value a row: put it in a "
                "level-2 line, or join group_data to the table in the database",
                self.text,
                column.span,
            )
        return found, self._stands_for[found]

    def numbers(self, column: Column) -> str:
        """A column of the user's as float64."""
        found, own = self.own(column)

        def value(table: Any) -> Any:
            return as_number(table[own], self.kinds[found])

        return self.add(("column", found), value, self._known.get(found))

    def number_of(self, name: str) -> str | None:
        """Name of a column of the user's as numbers; None where no expression needed it."""
        return self._made.get(("column", name))

    def add(
        self,
        key: Any,
        value: Callable[[Any], Any],
        location: Location | None = None,
        center: float | None = None,
    ) -> str:
        """Add a column, unless it is there; `key` says what it is."""
        if key not in self._made:
            name, seen = f"v{next(self._number)}", _Watched(self.table)
            self.table = self.table.mutate(**{name: value(seen)})
            self._made[key] = name
            if seen.names & self._of_means:
                self._of_means.add(name)
            else:
                self._without_means = self._without_means.mutate(**{name: value(self._without_means)})
            if location is not None:
                self._located[name] = location
            if center is not None:
                self._center[name] = center
        return self._made[key]

    def locations(self, names: Sequence[str], *, ends: bool = False) -> list[Location]:
        """Where the values of columns lie, with their smallest and largest, asked for where it does not follow."""
        unknown = [
            name
            for name in dict.fromkeys(names)
            if name not in self._located or (ends and self._located[name].ends is None)
        ]
        if unknown:
            wanted: dict[str, Any] = {}
            for k, name in enumerate(unknown):
                column = self.table[name]
                wanted[f"mean{k}"] = column.mean()
                wanted |= {f"low{k}": column.min(), f"high{k}": column.max()} if ends else {}
            found = ask(self.table.aggregate(**wanted)).iloc[0]
            for k, name in enumerate(unknown):
                both = (float(found[f"low{k}"]), float(found[f"high{k}"])) if ends else None
                self._located[name] = Location(float(found[f"mean{k}"]), both)
        return [self._located[name] for name in names]

    def without_means(self, names: Sequence[str]) -> tuple[Any, dict[str, tuple[str, int]]] | None:
        """A table for sums of columns that needs no means of groups, where columns less theirs follow from sums.

        Returns
        -------
        table : ibis.Table
        centered : dict of str to (str, int)
            The columns that are others less their means, with these and the grouping.
        None
            Another column needs the means, or none does.
        """
        centered = {name: self.centered[name] for name in names if name in self.centered}
        plain = [*(base for base, _ in centered.values()), *(name for name in names if name not in centered)]
        if not centered or self._of_means.intersection(plain):
            return None
        return self._without_means, centered

    def centers(self, names: Sequence[str]) -> list[float]:
        """A number near the mean of each column, from which its squares keep their digits."""
        unknown = [name for name in names if name not in self._center]
        for name, place in zip(unknown, self.locations(unknown), strict=True):
            self._center[name] = place.mean
        return [self._center[name] for name in names]

    def means(self, names: Sequence[str], grouping: int) -> list[str]:
        """Add the means of columns within the units of a grouping, summed about the means of all rows."""
        wanted = [name for name in dict.fromkeys(names) if ("mean", name, grouping) not in self._made]
        if wanted:
            keys, places = list(self.keys[grouping]), self.locations(wanted)
            made = {name: f"v{next(self._number)}" for name in wanted}
            sums = {
                made[name]: (self.table[name] - place.mean).mean() for name, place in zip(wanted, places, strict=True)
            }
            self.table = self.table.join(self.table.group_by(keys).aggregate(**sums), keys)
            self._of_means |= set(sums)
            for name, place in zip(wanted, places, strict=True):
                key, own = ("mean", name, grouping), made[name]
                self._made[key] = self.add(("plus", own), partial(_plus, own, place.mean), None, place.mean)
        return [self._made["mean", name, grouping] for name in names]

    def categories(self, found: str) -> Any:
        """A column as categories, one row a level, and the values of the levels."""
        if found not in self._levels:
            own = self.table[self._stands_for[found]].name("level")
            distinct = ask(self.table.select(own).distinct().limit(MOST_LEVELS + 1))["level"].rename(found)
            self._levels[found] = read_categories(distinct), factorize(distinct, in_category_order=True)[1]
        return self._levels[found]


class _Watched:
    """A table that notes which of its columns are looked at."""

    def __init__(self, table: Any) -> None:
        self._table, self.names = table, set[str]()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return self._table[name]


def _plus(name: str, number: float, table: Any) -> Any:
    return table[name] + number
