"""Data expressions as R code, for the lme4 formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bayeshlm.equations.functions import SEVERAL_COLUMNS, has_several_columns
from bayeshlm.equations.product import Call, Factor, Option, Product
from bayeshlm.errors import EquationError

_RESERVED = frozenset(
    ("if", "else", "repeat", "while", "function", "for", "next", "break", "in", "TRUE", "FALSE", "NULL")
) | {"Inf", "NaN", "NA", "NA_integer_", "NA_real_", "NA_complex_", "NA_character_"}


type Coding = Literal["text", "numbers", "logical"]
"""What R makes several columns of: text, categories that are numbers, logical values."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A variable of an R formula; ``categorical`` is a factor, with a column for ``every_level`` or contrasts."""

    code: str
    categorical: bool = False
    every_level: bool = False

    @property
    def matrix(self) -> str:
        """The columns of a categorical variable, however R would code it."""
        if self.every_level:
            return f"model.matrix(~ 0 + {self.code})"
        return f"model.matrix(~ {self.code})[, -1, drop = FALSE]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands, with groupings as R code.

    Attributes
    ----------
    unit : str or None
        What an expression has one value of, each of which counts once; None for a row.
    center : str or None
        The groups around whose means ``cwc`` centers.
    mean : str or None
        The groups of rows whose means ``mean`` takes.
    rows : Place or None
        Where the argument of ``mean`` stands; None if here.
    quoted : bool
        Functions that are given to others are named by text, for programs that look for columns of their names.
    """

    unit: str | None
    center: str | None
    mean: str | None
    rows: Place | None = None
    quoted: bool = False

    def function(self, name: str) -> str:
        """A function as it is given to another."""
        return f'"{name}"' if self.quoted else name


def r_name(name: str) -> str:
    """Write a name as R reads it, in backticks unless it is syntactic."""
    plain = re.fullmatch(r"(?:[A-Za-z]|\.(?![0-9]))[A-Za-z0-9._]*", name)
    if plain and name not in _RESERVED:
        return name
    return "`{}`".format(name.replace("\\", "\\\\").replace("`", "\\`"))


def r_atoms(product: Product, place: Place, coded: Mapping[str, Coding], every_level: bool = False) -> tuple[Atom, ...]:
    """Write the factors of a product as variables of a formula, to be joined by ``:``.

    Parameters
    ----------
    product : Product
        A data expression.
    place : Place
        Where it stands: above level 1, means and standard deviations are taken over units, one value a unit.
    coded : mapping of str to Coding
        Columns that are no numbers.
    every_level : bool
        Whether categories have a column each, as they do in a line without an intercept.
    """
    return tuple(
        Atom(
            _variable(factor, place, coded),
            is_categorical(factor, coded) or (not isinstance(factor, Call) and factor.name in coded),
            every_level and is_categorical(factor, coded),
        )
        for factor in product.factors
    )


def r_expression(product: Product, place: Place) -> str:
    """Write a product as R arithmetic, as it stands in the argument of a function."""
    if len(product.factors) == 1:
        return _arithmetic(product.factors[0], place)
    parts = []
    for factor in product.factors:
        code = _arithmetic(factor, place)
        is_difference = isinstance(factor, Call) and factor.function in ("cwc", "cgm")
        parts.append(f"({code})" if is_difference else code)
    return " * ".join(parts)


def is_categorical(factor: Factor, coded: Mapping[str, Coding]) -> bool:
    """Whether a factor is ``C(x)`` itself, or a column of categories."""
    if isinstance(factor, Call):
        return factor.function == "C"
    return coded.get(factor.name) in ("text", "numbers")


def _variable(factor: Factor, place: Place, coded: Mapping[str, Coding]) -> str:
    """Write a factor as a variable of a formula: arithmetic needs ``I()``."""
    if not isinstance(factor, Call):
        name = r_name(factor.name)
        return f"factor({name})" if coded.get(factor.name) == "numbers" else name
    if factor.function == "C":
        return _categories(factor, place)
    code = _arithmetic(factor, place)
    if code.startswith("apply("):
        return code
    if factor.function == "scale" and place.unit is None:
        return code.removeprefix("c(").removesuffix(")")
    return f"I({code})" if factor.function in ("cwc", "cgm", "scale") else code


def _arithmetic(factor: Factor, place: Place) -> str:
    if not isinstance(factor, Call):
        return r_name(factor.name)
    if factor.function == "C":
        return Atom(_categories(factor, place)).matrix
    inner = r_expression(factor.argument, (place.rows or place) if factor.function == "mean" else place)
    if any(has_several_columns(part) for part in factor.argument.factors):
        return f"apply({inner}, 2, function(x) {_called(factor, 'x', place)})"
    return _called(factor, inner, place)


def _called(call: Call, inner: str, place: Place) -> str:
    by_unit = None if place.unit is None else f"tapply({inner}, {place.unit}, {place.function('mean')})"
    match call.function:
        case "cwc":
            return f"{inner} - {_center(inner, place, _one_grouping(call, place.center))}"
        case "cgm":
            return f"{inner} - mean({by_unit or inner})"
        case "mean":
            return f"ave({inner}, {_one_grouping(call, place.mean)})"
        case "scale":
            return f"({inner} - mean({by_unit})) / sd({by_unit})" if by_unit else f"c(scale({inner}))"
    if call.function in SEVERAL_COLUMNS:
        return _basis(call, inner, by_unit)
    return f"{call.function}({inner})"


def _center(inner: str, place: Place, groups: str) -> str:
    """Write the means of groups; above level 1, of one value a unit: the first row of each."""
    if place.unit is None:
        return f"ave({inner}, {groups})"
    first, add = f"!duplicated({place.unit})", f"FUN = {place.function('sum')}"
    return f"ave(({inner}) * {first}, {groups}, {add}) / ave(+{first}, {groups}, {add})"


def _one_grouping(call: Call, groups: str | None) -> str:
    if groups is None:
        raise EquationError(f"{call.function}(x) has no one grouping whose means it takes: make the column in the data")
    return groups


def _categories(call: Call, place: Place) -> str:
    (inner,) = (r_name(factor.name) for factor in call.argument.factors if not isinstance(factor, Call))
    options = dict(call.options)
    if "ref" in options:
        return f"relevel(factor({inner}), ref = {r_string(options['ref'])})"
    if "coding" not in options:
        return f"factor({inner})"
    bare, quoted = {"sum": ("sum", '"contr.sum"'), "last": ("contr.SAS", '"contr.SAS"')}[str(options["coding"])]
    return f"C(factor({inner}), {quoted if place.quoted else bare})"


def _basis(call: Call, inner: str, by_group: str | None) -> str:
    """Write ``poly`` or ``bs``; in level 2 the basis is made from one value a group, then evaluated."""
    options = dict(call.options)
    if call.function == "poly":
        raw = ", raw = TRUE" if options.get("raw") else ""
        function, given = "poly", f", {options['degree']}{raw}"
        by_group = None if raw else by_group
    else:
        function, given = "splines::bs", "".join(f", {name} = {value}" for name, value in call.options)
    if by_group is None:
        return f"{function}({inner}{given})"
    return f"predict({function}(c({by_group}){given}), {inner})"


def r_string(value: Option) -> str:
    """Write a value as a text of R."""
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
