"""Leaving out what a model says of its level-1 residuals, by its symbols."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bayeshlm.equations.log_spread import LOGARITHMS, PREDICTED
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.symbols import canonical
from bayeshlm.errors import OptionError

RHO = "rho"
"""Name of the correlation of the residuals."""

_WHOLE = re.compile(rf"\s*(?:{'|'.join(LOGARITHMS)})\s*\(\s*([^()^\s]+)\s*(\^\s*2)?\s*\)\s*", re.IGNORECASE)


def is_of_residuals(spec: ModelSpec, symbol: str) -> bool:
    """Whether the model has a symbol in the equation of the level-1 SD, as ``log(sigma)`` or as ``rho``."""
    if spec.correlation is not None and canonical(symbol) == RHO:
        return True
    spread = spec.log_spread
    return spread is not None and (_is_whole(symbol) or canonical(symbol) in (*spread.symbols, spread.effect))


def without_residual_symbols(spec: ModelSpec, symbols: Sequence[str]) -> ModelSpec:
    """The specification without them.

    Parameters
    ----------
    spec : ModelSpec
    symbols : sequence of str
        For which `is_of_residuals` holds.

    Raises
    ------
    OptionError
        The equation of the level-1 SD would be empty, or lose its constant.
    """
    for symbol in symbols:
        spread = spec.log_spread
        if spec.correlation is not None and canonical(symbol) == RHO:
            spec = replace(spec, correlation=None)
        elif _is_whole(symbol) or spread is None:
            spec = replace(spec.without_spread_effect(), log_spread=None)
        elif canonical(symbol) == spread.effect:
            spec = spec.without_spread_effect()
        else:
            kept = tuple(term for term in spread.terms if term.symbol != canonical(symbol))
            if not kept:
                raise OptionError(f"Without `{symbol}` the equation of the level-1 SD is empty: leave log(sigma) out.")
            spec = replace(spec, log_spread=replace(spread, terms=kept))
    return spec


def _is_whole(symbol: str) -> bool:
    found = _WHOLE.fullmatch(symbol)
    return found is not None and canonical(found[1]) in PREDICTED
