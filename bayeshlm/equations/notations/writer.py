"""`Writer`: a notation that is written, and `Asked`: what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bayeshlm.equations.notations.r_code import Coding
from bayeshlm.equations.product import Column, Product, Span
from bayeshlm.equations.residual_correlation import Pattern
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error
from bayeshlm.errors import EquationError


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be written.

    Attributes
    ----------
    spec : ModelSpec
        What the equations say.
    groups : tuple of str
        The column of each grouping, or the columns of a cell joined by ``:``.
    coded : mapping of str to Coding
        Columns of the data that are no numbers, though the equations do not say ``C(x)``.
    written_out : ModelSpec or None
        The specification with a term a column, where the data are known.
    incomplete : bool
        The data have rows that miss a value in a column of the model, which are left out.
    """

    spec: ModelSpec
    groups: tuple[str, ...]
    coded: Mapping[str, Coding]
    written_out: ModelSpec | None = None
    incomplete: bool = False

    @property
    def used(self) -> tuple[str, ...]:
        """The columns of the model, each once: outcome, number of trials, known SD, groupings, predictors."""
        spec = self.spec
        named = [
            spec.outcome.name,
            *(column.name for column in (*spec.distribution.size_columns, *spec.spread_columns)),
        ]
        named += [column for group in self.groups for column in group_columns(group)]
        products = (*spec.expressions, *spec.offsets, *spec.spread_expressions)
        named += [name for product in products for name in _names(product)]
        return tuple(dict.fromkeys(named))


ALL: tuple[Pattern, ...] = ("ar1", "cs")
"""All patterns of correlations."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A notation that is written.

    Attributes
    ----------
    name : str
        By which `bayeshlm.equations.render.render` and the command line know it.
    what : str
        What is written, in one line.
    writes : function of what is asked
        The text; raises an EquationError where the notation cannot say the model.
    known_spread : bool
        Whether it can say that the SDs of the level-1 residuals are known.
    log_spread : bool
        Whether it has an equation of the level-1 SD.
    correlations : tuple of {"ar1", "cs"}
        The patterns of correlations of level-1 residuals that it has.
    """

    name: str
    what: str
    writes: Callable[[Asked], str]
    known_spread: bool = False
    log_spread: bool = False
    correlations: tuple[Pattern, ...] = ()

    @property
    def program(self) -> str:
        """What a sentence calls it."""
        names = {"sas": "PROC MIXED", "stata": "Stata", "hlm": "The form of HLM", "mplus": "Mplus"}
        return names.get(self.name, self.name)


def group_columns(group: str) -> tuple[str, ...]:
    """The columns of a grouping: several are those of a cell."""
    columns = tuple(group.split(":"))
    return columns if all(columns) else (group,)


def refused(spec: ModelSpec, program: str, reason: str, instead: str = "", span: Span | None = None) -> EquationError:
    """Build the error for a model that a program cannot say, in one sentence that quotes the equations.

    Parameters
    ----------
    spec : ModelSpec
    program : str
        Its name, which begins the sentence.
    reason : str
        How the sentence goes on.
    instead : str, optional
        The form that can say it.
    span : Span, optional
        The place; by default the outcome.
    """
    message = f"{program} {reason}" + (f': use the form "{instead}"' if instead else "")
    place = span or spec.outcome.span
    return equation_error(spec.text, place, message) if spec.text and place else EquationError(message)


def _names(product: Product) -> Iterator[str]:
    for factor in product.factors:
        if isinstance(factor, Column):
            yield factor.name
        else:
            yield from _names(factor.argument)
