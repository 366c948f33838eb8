"""ModelSpec -> the call of R's nlme that fits the same model."""

from __future__ import annotations

from bayeshlm.equations.notations.nested_names import is_nested, own_columns
from bayeshlm.equations.notations.nlme_level1 import level1_arguments
from bayeshlm.equations.notations.r_code import r_name
from bayeshlm.equations.notations.r_formula import RGrouping, r_data, r_formula
from bayeshlm.equations.notations.writer import ALL, Asked, Writer, group_columns, refused

_PROGRAM = "lme() of nlme"


def to_nlme(asked: Asked) -> str:
    """Write a specification as a call of ``lme``.

    The random effects of nested groupings are a list from the outside in (Pinheiro & Bates 2000, section 4.2);
    ``pdDiag`` has all of a grouping independent, ``pdBlocked`` in blocks. The estimates are REML's.

    Raises
    ------
    EquationError
        For what ``lme`` does not fit: outcomes that are not normal, crossed groupings, offsets.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1")
    >>> to_nlme(Asked(spec, ("school",), {}))
    'lme(fixed = math ~ ses, random = ~ 1 + ses | school, data = d, method = "REML")'
    >>> spec = parse("y = p0 + p1*time + e; p0 = b00 + r0; p1 = b10 + r1; b00 = g00 + u00; b10 = g10; cov(r0, r1) = 0")
    >>> to_nlme(Asked(spec, ("school:child", "school"), {})).split("random = ")[1]
    'list(school = ~ 1, child = pdDiag(~ 1 + time)), data = d, method = "REML")'
    """
    spec = asked.spec
    if spec.distribution.family != "Normal":
        raise refused(spec, _PROGRAM, f"fits normal outcomes only, not {spec.distribution.family} ones", "glmmTMB")
    if not is_nested(spec):
        raise refused(spec, _PROGRAM, "fits nested groupings only, and these are crossed", "lme4")
    if spec.offsets:
        raise refused(spec, _PROGRAM, "leaves offsets out without a word", "lme4")
    parts = r_formula(asked, quoted=True)
    names = _names(asked)
    written = [
        (name, _effects(grouping)) for name, grouping in zip(reversed(names), reversed(parts.groupings), strict=True)
    ]
    if len(written) == 1 and written[0][1].startswith("~"):
        random = f"{written[0][1]} | {written[0][0]}"
    else:
        random = f"list({', '.join(f'{name} = {effects}' for name, effects in written)})"
    fixed = f"{parts.outcome} ~ {' + '.join(parts.fixed)}"
    more = "".join(f", {argument}" for argument in level1_arguments(asked, names))
    return f'lme(fixed = {fixed}, random = {random}{more}, data = {r_data(asked)}, method = "REML")'


def _effects(grouping: RGrouping) -> str:
    if len(grouping.blocks) == 1:
        return f"~ {' + '.join(grouping.blocks[0])}"
    if grouping.independent and grouping.one_column_each:
        return f"pdDiag(~ {' + '.join(grouping.independent)})"
    blocks = ", ".join(f"pdSymm(~ {' + '.join(block)})" for block in grouping.blocks)
    return f"pdBlocked(list({blocks}))"


def _names(asked: Asked) -> list[str]:
    """The column of each grouping from the inside out: a cell is a unit within those of the columns above it."""
    own = own_columns([group_columns(group) for group in asked.groups])
    for columns in own:
        if len(columns) != 1:
            code = f"interaction({', '.join(map(r_name, columns))})"
            reason = f"has no cells as units: make a column of them in the data, {code}"
            raise refused(asked.spec, _PROGRAM, reason, "lme4")
    return [r_name(column) for (column,) in own]


NLME = Writer("nlme", "call of R's nlme: nested groupings, a normal outcome", to_nlme, False, True, ALL)
