"""The null model of a specification: its random intercepts, and no predictors."""

from __future__ import annotations

from dataclasses import replace

from bayeshlm.equations.leaving_out import read_again
from bayeshlm.equations.one_line import EFFECT_LETTERS
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import FixedTerm, Level1Term, LevelEquation, ModelSpec, RandomEffect
from bayeshlm.equations.symbols import stem


def null_spec(spec: ModelSpec) -> ModelSpec:
    """Leave out all predictors: what stays is a random intercept of every grouping, and the intercept or cutpoints.

    Offsets, the distribution and its link stay, as in lme4's ``y ~ 1 + offset(x) + (1 | g)``, and so do known SDs of
    the residuals; these have one SD and no correlations else. Symbols of the model are kept where it has such an
    intercept.

    Examples
    --------
    >>> from bayeshlm.equations import parse, render
    >>> print(render(null_spec(parse("math = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10 + u1"))))
    math = b0 + r
    b0 = g00 + u0
    """
    symbols = _Symbols(spec)
    below = symbols.intercept(symbols.of_level1(), "b0")
    level1 = (Level1Term(below, Product()),)
    levels: list[tuple[LevelEquation, ...]] = []
    for number, positions in enumerate(spec.level_groupings, 1):
        is_last = number == len(spec.level_groupings)
        found = symbols.above(below)
        effects = tuple(RandomEffect(symbols.effect(k), k) for k in positions)
        if is_last and spec.distribution.has_cutpoints:
            levels.append((LevelEquation(below, (), effects),))
            break
        above = symbols.intercept(found, ("g" if is_last else "b") + "0" * (number + 1))
        levels.append((LevelEquation(below, (FixedTerm(above, Product()),), effects),))
        below = above
    named = {effect.grouping: effect.symbol for level in levels for line in level for effect in line.random_effects}
    blocks = tuple(((named[k],),) for k in range(len(spec.groupings)))
    return read_again(
        replace(
            spec,
            levels=(level1, *levels),
            blocks_by_grouping=blocks,
            log_spread=None,
            correlation=None,
            written="levels",
        ),
        "With intercepts alone",
    )


class _Symbols:
    """The symbols of the model's intercepts, and new ones where it has none."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self._taken = {*spec.paths, spec.residual, *spec.distribution.symbols}

    def intercept(self, found: str | None, otherwise: str) -> str:
        """A coefficient or fixed effect: that which was found, or a new one."""
        return self._new(otherwise) if found is None else found

    def of_level1(self) -> str | None:
        """The intercept of level 1."""
        return next((term.coefficient for term in self._spec.level1 if term.expression.is_constant), None)

    def above(self, coefficient: str) -> str | None:
        """The intercept of a coefficient's line."""
        terms = [term for line in self._spec.equations if line.coefficient == coefficient for term in line.fixed]
        return next((term.symbol for term in terms if term.expression.is_constant), None)

    def effect(self, grouping: int) -> str:
        """The random intercept of a grouping."""
        spec = self._spec
        for path in spec.random_paths:
            alone = spec.distribution.has_cutpoints and stem(path.symbol) not in ("u", "v")
            if path.grouping == grouping and path.product.is_constant and not alone:
                return path.symbol
        return self._new(f"{EFFECT_LETTERS[grouping]}0")

    def _new(self, symbol: str) -> str:
        while symbol in self._taken:
            symbol += "0"
        self._taken.add(symbol)
        return symbol
