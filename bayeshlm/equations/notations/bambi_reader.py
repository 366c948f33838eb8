"""Programs of bambi -> ModelSpec: the formula, family and link of ``bmb.Model(...)``."""

from __future__ import annotations

import re
from dataclasses import replace

from bayeshlm.equations.notations.formula import read_formula, with_family
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import check_length, equation_error
from bayeshlm.equations.translated import Translation, read_translated
from bayeshlm.errors import EquationError

_MODEL = re.compile(r"\b(?:bmb|bambi)\.Model\s*\(\s*")
_TEXT = re.compile(r"\"[^\"\r\n]*\"|'[^'\r\n]*'")
_VALUE = r"\"[^\"\r\n]*\"|'[^'\r\n]*'|[^,()\"'=]+"
_NAMED = re.compile(rf"(\w+)\s*=\s*({_VALUE})")
_ARGUMENTS = re.compile(rf"(?:\s*,\s*[A-Za-z_]\w*(?=\s*[,)]))?(?P<named>(?:\s*,\s*\w+\s*=\s*(?:{_VALUE}))*)\s*,?\s*\)")
_STATEMENT = re.compile(r"^(?!\s*(?:#|import\b|from\b|\w+\.(?:fit|build)\(|[\w, ]+=\s*\w+\.fit\(|$)).+$", re.MULTILINE)


def is_bambi(text: str) -> bool:
    """Whether a text has a call of bambi's Model.

    Examples
    --------
    >>> is_bambi('model = bmb.Model("y ~ x + (1 | g)", data)'), is_bambi("y ~ x + (1 | g)")
    (True, False)
    """
    return _MODEL.search(text) is not None


def read_bambi(text: str) -> ModelSpec:
    """Read ``bmb.Model("math ~ ses + (1 + ses | school)", data)``, in which random effects are independent.

    Raises
    ------
    EquationError
        At a statement that makes columns, and as a formula does.

    Examples
    --------
    >>> from bayeshlm.equations.render import render
    >>> print(render(read_bambi('model = bmb.Model("math ~ ses + (1 + ses | school)", data)')))
    math = b0 + b1*ses + r
    b0 = g00 + u0[school]
    b1 = g10 + u1[school]
    cov(u0, u1) = 0
    """
    check_length(text, "program")
    call = _MODEL.search(text)
    if call is None:
        raise EquationError('the text has no call of bambi\'s Model: write bmb.Model("y ~ x + (1 | g)", data)')
    begin = text.rfind("\n", 0, call.start()) + 1
    if other := _STATEMENT.search(text, 0, max(begin - 1, 0)):
        message = "only bmb.Model(...) is read: leave this statement out, and make its columns in the data"
        raise equation_error(text, other.span(), message)
    formula = _TEXT.match(text, call.end())
    arguments = _ARGUMENTS.match(text, formula.end()) if formula else None
    if formula is None or arguments is None:
        message = (
            "bmb.Model is read with a formula in quotes, data, and family= and link= in quotes:"
            ' bmb.Model("y ~ x + (1 | g)", data, family="gaussian")'
        )
        raise equation_error(text, call.span(), message)
    said = {}
    for one in _NAMED.finditer(arguments["named"]):
        if one[1] not in ("family", "link", "data", "dropna", "noncentered", "auto_scale"):
            place = (arguments.start("named") + one.start(1), arguments.start("named") + one.end(1))
            own = ", and give Model its own, priors={...}" if one[1] == "priors" else ""
            raise equation_error(text, place, f"`{one[1]}` is not read: leave it out{own}")
        said[one[1]] = one[2].strip("\"' ")
    link = f'(link = "{said["link"]}")' if "link" in said else ""
    family = said.get("family", "gaussian") + link
    start, end = formula.start() + 1, formula.end() - 1
    into = Translation()
    into.copy(text, (start, end))
    into.add(with_family(into.text, family)[end - start :], arguments.span())
    spec = read_translated(text, into, read_formula)
    return replace(
        spec,
        blocks_by_grouping=tuple(
            tuple((effect,) for block in blocks for effect in block) for blocks in spec.blocks_by_grouping
        ),
    )
