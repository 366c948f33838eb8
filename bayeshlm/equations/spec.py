"""The specification of a model: what the level equations say, without any data.

All types are frozen values: two specifications are equal when they say the same thing, wherever
the text was laid out differently. Spans point back into the text, for error messages, and do not
take part in comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from bayeshlm.equations.distribution import NORMAL, Distribution
from bayeshlm.equations.log_spread import LogSpread
from bayeshlm.equations.path import Path
from bayeshlm.equations.product import Column, Product, Span
from bayeshlm.equations.residual_correlation import ResidualCorrelation
from bayeshlm.equations.residual_spread import KnownSpread
from bayeshlm.errors import EquationError


@dataclass(frozen=True, slots=True)
class Level1Term:
    """``coefficient*expression`` of the level-1 equation."""

    coefficient: str
    expression: Product
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FixedTerm:
    """``symbol*expression`` above level 1: a fixed effect (gamma), or a coefficient with a line of its own."""

    symbol: str
    expression: Product
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RandomEffect:
    """A random effect (u) at the end of a line.

    Attributes
    ----------
    symbol : str
        Such as ``u0``.
    grouping : int
        Position in `ModelSpec.groupings` of the grouping whose units it varies over.
    """

    symbol: str
    grouping: int = 0


@dataclass(frozen=True, slots=True)
class LevelEquation:
    """``coefficient = fixed terms + random effects``, a line above level 1: at least one of the two is there."""

    coefficient: str
    fixed: tuple[FixedTerm, ...]
    random_effects: tuple[RandomEffect, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def random(self) -> str | None:
        """Symbol of the random effect, if there is one, in a model that `ModelSpec.check_one_grouping` lets pass."""
        return self.random_effects[0].symbol if self.random_effects else None


type Written = Literal["levels", "formula", "combined"]

type Blocks = tuple[tuple[str, ...], ...]
"""Random effects of one grouping, partitioned into blocks that are independent of each other."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as its equations state it.

    Attributes
    ----------
    outcome : Column
        Left side of the level-1 equation.
    levels : tuple
        The terms of the level-1 equation (tuple of Level1Term), then the equations of each higher level (tuple of
        LevelEquation), one a coefficient of the level below that has a line, in the order of the coefficients. All
        coefficients of level 1 have one; a symbol above without a line is a fixed effect.
    groupings : tuple of (str or None)
        The groupings of the random effects from the inside out, those of one level in the order in which they appear:
        the column that the text names (``u0[school]``), ``"primary:secondary"`` for a cell, or None.
    residual : str
        Symbol of the level-1 residual.
    blocks_by_grouping : tuple of tuple of tuple of str
        Of each grouping its random effects, partitioned into blocks that are independent of each other
        (``cov(u0, u1) = 0``): one block when all may covary. Effects of different groupings are independent. The last
        effect of the only grouping may be that of the level-1 SD.
    offsets : tuple of Product
        Expressions of the level-1 equation whose coefficient is fixed at one: ``offset(x)``.
    distribution : Distribution
        Of the outcome given the level-1 equation.
    residual_spread : KnownSpread or None
        How large the level-1 residuals are, where the text says that it is known: ``sd(r) = se``. Else they have one
        SD, sigma, which is estimated.
    log_spread : LogSpread or None
        What the SD of the residuals depends on: ``log(sigma) = a0 + a1*x``, and the deviation ``v0`` of each group.
    correlation : ResidualCorrelation or None
        How the residuals of a group are correlated: ``corr(r) = ar1(week)``.
    text : str
        The text that was read; not compared.
    written : {"levels", "formula", "combined"}
        How it was written; not compared. A formula and a combined equation say nothing of levels: all their terms stand
        in level 1, until the data sort them (`bayeshlm.design.by_levels`), after which this is ``"levels"``.
    """

    outcome: Column
    levels: tuple[tuple[Level1Term, ...], *tuple[tuple[LevelEquation, ...], ...]]
    groupings: tuple[str | None, ...]
    residual: str
    blocks_by_grouping: tuple[Blocks, ...]
    offsets: tuple[Product, ...] = ()
    distribution: Distribution = NORMAL
    residual_spread: KnownSpread | None = None
    log_spread: LogSpread | None = None
    correlation: ResidualCorrelation | None = None
    text: str = field(default="", compare=False, repr=False)
    written: Written = field(default="levels", compare=False)

    @property
    def level1(self) -> tuple[Level1Term, ...]:
        """Terms of the level-1 equation in the order of the text."""
        return self.levels[0]

    @property
    def equations(self) -> tuple[LevelEquation, ...]:
        """The equations of all levels above the first."""
        return tuple(equation for level in self.levels[1:] for equation in level)

    @property
    def spread_columns(self) -> tuple[Column, ...]:
        """The columns that say how large the residuals are, where that is known, and in which order they come."""
        known = () if self.residual_spread is None else self.residual_spread.columns
        return (*known, *(() if self.correlation is None else self.correlation.columns))

    @property
    def spread_expressions(self) -> tuple[Product, ...]:
        """The expressions of the equation of the level-1 SD."""
        return () if self.log_spread is None else self.log_spread.expressions

    @property
    def spread_effect(self) -> str:
        """Symbol of the random effect of the level-1 SD, which is in the blocks but in no line; empty without one."""
        return "" if self.log_spread is None else self.log_spread.effect

    def without_spread_effect(self) -> ModelSpec:
        """The specification without that effect."""
        if self.log_spread is None or not self.log_spread.effect:
            return self
        stay = (tuple(one for one in block if one != self.spread_effect) for block in self.blocks_by_grouping[0])
        blocks = tuple(block for block in stay if block)
        return replace(self, log_spread=replace(self.log_spread, effect=""), blocks_by_grouping=(blocks,))

    @property
    def has_level1_model(self) -> bool:
        """Whether the residuals have an equation of their SD or correlations."""
        return self.log_spread is not None or self.correlation is not None

    @property
    def level1_span(self) -> Span | None:
        """The place of the equation of the level-1 SD, or of the correlations."""
        found = self.log_spread or self.correlation
        return None if found is None else found.span

    @property
    def expressions_by_level(self) -> tuple[tuple[Product, ...], ...]:
        """The expressions of the terms of each level; offsets are none."""
        higher = (tuple(term.expression for line in level for term in line.fixed) for level in self.levels[1:])
        return (tuple(term.expression for term in self.level1), *higher)

    @property
    def expressions(self) -> tuple[Product, ...]:
        """The expressions of the terms of all levels; offsets are none."""
        return tuple(expression for level in self.expressions_by_level for expression in level)

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Symbols of the level-1 coefficients (beta)."""
        return tuple(term.coefficient for term in self.level1)

    @property
    def fixed(self) -> tuple[str, ...]:
        """Symbols of the fixed effects (gamma) in the order of the equations: those without a line of their own."""
        with_line = {equation.coefficient for equation in self.equations}
        symbols = (term.symbol for equation in self.equations for term in equation.fixed)
        return tuple(symbol for symbol in symbols if symbol not in with_line)

    @property
    def random(self) -> tuple[str, ...]:
        """Symbols of the random effects (u), in the order of the equations."""
        return tuple(effect.symbol for equation in self.equations for effect in equation.random_effects)

    @property
    def paths(self) -> dict[str, Path]:
        """The path of each symbol: coefficients with a line, fixed and random effects."""
        found = {term.coefficient: Path((term.coefficient,), (term.expression,)) for term in self.level1}
        for equation in self.equations:
            below = found[equation.coefficient]
            for term in equation.fixed:
                found[term.symbol] = Path((*below.symbols, term.symbol), (*below.expressions, term.expression))
            for effect in equation.random_effects:
                found[effect.symbol] = Path((*below.symbols, effect.symbol), below.expressions, effect.grouping)
        return found

    @property
    def fixed_paths(self) -> tuple[Path, ...]:
        """The path of each fixed effect, in the order of ``fixed``."""
        return tuple(map(self.paths.__getitem__, self.fixed))

    @property
    def random_paths(self) -> tuple[Path, ...]:
        """The path of each random effect, in the order of ``random``."""
        return tuple(map(self.paths.__getitem__, self.random))

    @property
    def level_groupings(self) -> tuple[tuple[int, ...], ...]:
        """Of each level from the second up, the positions of its groupings: those that no higher level has.

        ``((0,), (1,))`` are children in schools, ``((0, 1),)`` primary crossed with secondary schools.
        """
        highest = {
            effect.grouping: number
            for number, level in enumerate(self.levels[1:])
            for effect in (one for line in level for one in line.random_effects)
        }
        positions = range(len(self.groupings))
        return tuple(tuple(k for k in positions if highest.get(k) == n) for n in range(len(self.levels) - 1))

    def check_one_grouping(self) -> None:
        """Refuse what is no model of two levels and one grouping; whatever assumes one asks here.

        Raises
        ------
        EquationError
            If the model has more levels or groupings.
        """
        if len(self.levels) != 2 or len(self.groupings) != 1:
            raise EquationError(
                f"these equations have {len(self.levels)} levels, and random effects of {len(self.groupings)}"
                " groupings: only models of two levels with one grouping are estimated"
            )

    @property
    def group(self) -> str | None:
        """The grouping column that the text names (``u0[school]``), if any; see `check_one_grouping`."""
        self.check_one_grouping()
        return self.groupings[0]

    @property
    def level2(self) -> tuple[LevelEquation, ...]:
        """One equation a level-1 term, in the order of ``level1``; see `check_one_grouping`."""
        self.check_one_grouping()
        (level2,) = self.levels[1:]
        return level2

    @property
    def blocks(self) -> Blocks:
        """The blocks of random effects; see `check_one_grouping`."""
        self.check_one_grouping()
        return self.blocks_by_grouping[0]

    def map_expressions(self, change: Callable[[Product], Product]) -> ModelSpec:
        """Change the expression of every term of all levels and of the level-1 SD; offsets stay."""
        level1 = tuple(replace(term, expression=change(term.expression)) for term in self.level1)
        higher = tuple(
            tuple(
                replace(line, fixed=tuple(replace(term, expression=change(term.expression)) for term in line.fixed))
                for line in level
            )
            for level in self.levels[1:]
        )
        spread = self.log_spread
        if spread is not None:
            terms = (replace(term, expression=change(term.expression)) for term in spread.terms)
            spread = replace(spread, terms=tuple(terms))
        return replace(self, levels=(level1, *higher), log_spread=spread)
