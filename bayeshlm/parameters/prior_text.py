"""Prior text such as ``"Normal(0, 1)"`` to a prior family, by a whitelist; nothing is evaluated."""

from __future__ import annotations

import re
from dataclasses import fields

from bayeshlm.errors import PriorError
from bayeshlm.parameters.prior_families import CORR_FAMILIES, GAMMA_FAMILIES, RHO_FAMILIES, SCALE_FAMILIES, Prior

FAMILIES = {family.__name__: family for family in (*GAMMA_FAMILIES, *SCALE_FAMILIES, *CORR_FAMILIES, *RHO_FAMILIES)}

_CALL = re.compile(r"\s*([A-Za-z]\w*)\s*\(([^()]*)\)\s*")
_ARGUMENT = re.compile(r"\s*(?:([A-Za-z]\w*)\s*=)?\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")


def parse_prior(text: str) -> Prior:
    """Read a prior as a user writes it.

    Parameters
    ----------
    text : str
        A family and its parameters, by position or by name: ``"Normal(0, 1)"``,
        ``"HalfStudentT(nu=3, sigma=5)"``.

    Raises
    ------
    PriorError
        If the text is not a family of the list with finite numbers as parameters.

    Examples
    --------
    >>> parse_prior("Normal(0, sigma=2)")
    Normal(mu=0.0, sigma=2.0)
    """
    call = _CALL.fullmatch(text)
    if call is None:
        raise PriorError(f"The prior {text!r} is not of the form Family(number, ...), such as Normal(0, 1).")
    name, inside = call.groups()
    family = FAMILIES.get(name)
    if family is None:
        raise PriorError(f"The prior family {name!r} is unknown; there are {', '.join(FAMILIES)}.")
    names = [parameter.name for parameter in fields(family)]
    values: dict[str, float] = {}
    by_name = False
    for position, piece in enumerate(inside.split(",") if inside.strip() else []):
        argument = _ARGUMENT.fullmatch(piece)
        if argument is None:
            raise PriorError(f"{piece.strip()!r} in the prior {text!r} is not a number.")
        by_name = by_name or argument[1] is not None
        if argument[1] is None and by_name:
            raise PriorError(f"The prior {text!r} has a parameter by position after one by name.")
        key = argument[1] or (names[position] if position < len(names) else f"parameter {position + 1}")
        if key not in names or key in values:
            raise PriorError(f"The prior {text!r}: write {_signature(family)}.")
        values[key] = float(argument[2])
    if len(values) < len(names):
        raise PriorError(f"The prior {text!r} lacks a parameter: write {_signature(family)}.")
    return family(**values)


def _signature(family: type[Prior]) -> str:
    return f"{family.__name__}({', '.join(parameter.name for parameter in fields(family))})"
