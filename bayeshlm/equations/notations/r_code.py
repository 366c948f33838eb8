"""Data expressions as R code, for the lme4 formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bayeshlm.equations.functions import SEVERAL_COLUMNS, has_several_columns
from bayeshlm.equations.spec import Call, Factor, Option, Product

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


def r_name(name: str) -> str:
    """Write a name as R reads it, in backticks unless it is syntactic."""
    plain = re.fullmatch(r"(?:[A-Za-z]|\.(?![0-9]))[A-Za-z0-9._]*", name)
    if plain and name not in _RESERVED:
        return name
    return "`{}`".format(name.replace("\\", "\\\\").replace("`", "\\`"))


def r_atoms(
    product: Product, level: int, group: str, coded: Mapping[str, Coding], every_level: bool = False
) -> tuple[Atom, ...]:
    """Write the factors of a product as variables of a formula, to be joined by ``:``.

    Parameters
    ----------
    product : Product
        A data expression.
    level : int
        1 or 2: in a level-2 line, means and standard deviations are taken over groups, one value a group.
    group : str
        The grouping column as R code.
    coded : mapping of str to Coding
        Columns that are no numbers.
    every_level : bool
        Whether categories have a column each, as they do in a line without an intercept.
    """
    return tuple(
        Atom(
            _variable(factor, level, group, coded),
            is_categorical(factor, coded) or (not isinstance(factor, Call) and factor.name in coded),
            every_level and is_categorical(factor, coded),
        )
        for factor in product.factors
    )


def r_expression(product: Product, level: int, group: str) -> str:
    """Write a product as R arithmetic, as it stands in the argument of a function."""
    if len(product.factors) == 1:
        return _arithmetic(product.factors[0], level, group)
    parts = []
    for factor in product.factors:
        code = _arithmetic(factor, level, group)
        is_difference = isinstance(factor, Call) and factor.function in ("cwc", "cgm")
        parts.append(f"({code})" if is_difference else code)
    return " * ".join(parts)


def is_categorical(factor: Factor, coded: Mapping[str, Coding]) -> bool:
    """Whether a factor is ``C(x)`` itself, or a column of categories."""
    if isinstance(factor, Call):
        return factor.function == "C"
    return coded.get(factor.name) in ("text", "numbers")


def _variable(factor: Factor, level: int, group: str, coded: Mapping[str, Coding]) -> str:
    """Write a factor as a variable of a formula: arithmetic needs ``I()``."""
    if not isinstance(factor, Call):
        name = r_name(factor.name)
        return f"factor({name})" if coded.get(factor.name) == "numbers" else name
    if factor.function == "C":
        return _categories(factor)
    code = _arithmetic(factor, level, group)
    if code.startswith("apply("):
        return code
    if factor.function == "scale" and level == 1:
        return code.removeprefix("c(").removesuffix(")")
    return f"I({code})" if factor.function in ("cwc", "cgm", "scale") else code


def _arithmetic(factor: Factor, level: int, group: str) -> str:
    if not isinstance(factor, Call):
        return r_name(factor.name)
    if factor.function == "C":
        return Atom(_categories(factor)).matrix
    over_rows = 1 if factor.function in ("cwc", "mean") else level
    inner = r_expression(factor.argument, over_rows, group)
    if any(has_several_columns(part) for part in factor.argument.factors):
        return f"apply({inner}, 2, function(x) {_called(factor, 'x', level, group)})"
    return _called(factor, inner, level, group)


def _called(call: Call, inner: str, level: int, group: str) -> str:
    by_group = f"tapply({inner}, {group}, mean)"
    match call.function:
        case "cwc":
            return f"{inner} - ave({inner}, {group})"
        case "cgm":
            return f"{inner} - mean({by_group if level == 2 else inner})"
        case "mean":
            return f"ave({inner}, {group})"
        case "scale":
            return f"({inner} - mean({by_group})) / sd({by_group})" if level == 2 else f"c(scale({inner}))"
    if call.function in SEVERAL_COLUMNS:
        return _basis(call, inner, by_group if level == 2 else None)
    return f"{call.function}({inner})"


def _categories(call: Call) -> str:
    (inner,) = (r_name(factor.name) for factor in call.argument.factors if not isinstance(factor, Call))
    options = dict(call.options)
    if "ref" in options:
        return f"relevel(factor({inner}), ref = {_string(options['ref'])})"
    return f"C(factor({inner}), sum)" if "coding" in options else f"factor({inner})"


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


def _string(value: Option) -> str:
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))
