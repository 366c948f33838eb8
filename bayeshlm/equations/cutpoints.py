"""Ordered categories have cutpoints, which are their intercepts: the predictor has none."""

from __future__ import annotations

from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error


def check_cutpoints(text: str, spec: ModelSpec) -> None:
    """Refuse an intercept beside cutpoints: only their difference is in the data.

    Raises
    ------
    EquationError
    """
    if not spec.distribution.has_cutpoints:
        return
    for path in spec.fixed_paths:
        if path.product.is_constant:
            line = next(one for one in spec.equations if path.symbol in [term.symbol for term in one.fixed])
            term = next(term for term in line.fixed if term.symbol == path.symbol)
            left = [term.symbol for term in line.fixed if term.symbol != path.symbol]
            effects = [effect.symbol for effect in line.random_effects]
            rest = " + ".join([*left, *effects])
            advice = f"write `{line.coefficient} = {rest}`" if rest else f"leave `{line.coefficient}` out"
            message = f"the cutpoints between categories are the intercepts, and `{path.symbol}` is one more: {advice}"
            raise equation_error(text, term.span or (0, 1), message)
