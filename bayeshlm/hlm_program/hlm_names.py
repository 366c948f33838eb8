"""Which effect of a model a name in HLM's output stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bayeshlm.design.design import Design
from bayeshlm.design.naming import expression_text
from bayeshlm.equations.product import Product
from bayeshlm.errors import OptionError
from bayeshlm.hlm_program.hlm_tables import HlmEffect, HlmOutput

_CENTERED = re.compile(r"(cwc|cgm|mean)\((.*)\)")
_CONSTANTS = {"intercept", "icptrow", "icptcol"}
"""What HCM2 calls the constant above level 1."""


@dataclass(frozen=True, slots=True)
class Names:
    """Which expression a name in the output stands for.

    Attributes
    ----------
    given : mapping of str to str
        What the user says that HLM's names stand for, the names case folded.
    """

    given: Mapping[str, str]

    def match(self, name: str, expression: str, label: str = "") -> bool:
        """Whether HLM's name stands for an expression, or for the label of one of its columns."""
        name = name.casefold()
        known = _aliases(expression, label)
        if name in self.given:
            return self.given[name].casefold() in known
        return name in known or (len(name) == 8 and any(alias[:8] == name for alias in known))


def fixed_position(effect: HlmEffect, design: Design, names: Names) -> int | None:
    """Position in ``design.fixed`` of HLM's effect; None where the model has no such effect.

    Raises
    ------
    OptionError
        When it may be any of several.
    """
    above = (effect.level2, effect.term) if effect.level2 else (effect.term,)
    paths = design.spec.paths
    expressions = {column.label: (column.expression, column.symbol) for column in design.coefficients}
    found = []
    for k, column in enumerate(design.fixed):
        expression, symbol = expressions[column.coefficient]
        own = paths[column.symbol].expressions[1:]
        label = column.label.removeprefix(column.symbol)
        if (
            len(own) == len(above)
            and names.match(effect.coefficient, _constant(expression, 1), column.coefficient.removeprefix(symbol))
            and all(
                names.match(name, _constant(expression_text(product), level), label)
                for level, (name, product) in enumerate(zip(above, own, strict=True), 2)
            )
        ):
            found.append(k)
    return _only(found, effect.name, [design.fixed[k].label for k in found])


def random_position(name: str, design: Design, names: Names, grouping: int | None) -> int | None:
    """Position in ``design.random`` of HLM's random effect, one of a grouping; None where there is no such effect.

    Raises
    ------
    OptionError
        When it may be any of several.
    """
    parts, found = name.split("/"), []
    for k, column in enumerate(design.random):
        path = design.spec.paths[column.symbol]
        first, above = path.expressions[0], path.expressions[1:]
        label = column.label.removeprefix(column.symbol)
        if (
            path.grouping == grouping
            and names.match(parts[0], _constant(expression_text(first), 1), label)
            and len(above) < len(parts)
            and all(
                names.match(part, _constant(expression_text(product), 2))
                for part, product in zip(parts[1:], (*above, Product()), strict=False)
            )
        ):
            found.append(k)
    return _only(found, name, [design.random[k].label for k in found])


def grouping_positions(output: HlmOutput, design: Design, names: Names) -> tuple[int, ...]:
    """Positions of HLM's level 2 and level 3, or rows and columns, among the model's groupings.

    Raises
    ------
    OptionError
        When ``names`` calls the rows or columns by what is no grouping.
    """
    groupings = design.groupings
    for at, key in enumerate(("row", "column")):
        if key in names.given and len(groupings) == 2:
            position = design.position_of(names.given[key])
            return (1 - position, position) if at else (position, 1 - position)
    counts = tuple(len(term.labels) for term in design.predictor.random)
    crossed = len(groupings) == 2 and len(design.spec.levels) == 2
    if crossed and output.n_groups == counts[::-1] != counts:
        return (1, 0)
    return tuple(range(len(groupings)))


def _only(found: list[int], name: str, labels: list[str]) -> int | None:
    if len(found) > 1:
        raise OptionError(
            f"HLM's {name} may be any of {', '.join(labels)}: say which one with names={{HLM's name: expression}}."
        )
    return found[0] if found else None


def _constant(expression: str, level: int) -> str:
    return f"intrcpt{level}" if expression == "1" else expression


def _aliases(expression: str, label: str) -> set[str]:
    """What HLM's users may have called an expression: ``ses`` for ``cwc(ses)``, ``meanses`` for ``mean(ses)``."""
    known = {expression, label.strip("[]")} - {""} | (_CONSTANTS if expression == "intrcpt2" else set())
    inner = expression
    while match := _CENTERED.fullmatch(inner):
        inner = match[2]
        known |= {inner}
        if match[1] == "mean":
            known |= {f"mean{inner}", f"mean_{inner}", f"{inner}mean", f"{inner}_mean"}
    return {name.casefold() for name in known}
