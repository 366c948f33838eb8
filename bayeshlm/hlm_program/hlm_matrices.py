"""The matrices and reliabilities that HLM prints before its final tables, for each grouping."""

from __future__ import annotations

import re

from bayeshlm.hlm_program.hlm_tables import HlmMatrices, Printed

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])"
NAME = r"[^\s,;:=()/]+"
PAIR = rf"{NAME}(?:\s*/\s*{NAME})?"
"""A variable, or that of level 1 and that of level 2: ``YEAR/INTRCPT2``."""

INDEX = r"[_\s]?(\d+)"
LETTER = r"(?:P|π|pi|B|β|beta|G|γ|gamma|C)"  # HLM 7.00: reliability of "INTRCPT1, G0"
_ROW = rf"({PAIR})\s*,\s*{LETTER}{INDEX}((?:\s+{NUMBER})+)"
_HEADED = rf"((?:{NAME}\s+){{1,60}})((?:{NAME}\s*,\s*{LETTER}[_\s]?\d+\s+){{1,30}})({NUMBER}(?:\s+{NUMBER})*)"
_MATRIX = (
    r"(?:\b(?P<inner>tau)|(?P<Inner>τ)|\b(?P<outer>omega|delta)|(?P<Outer>Ω|Δ))"
    r"(?:\s*\(\s*(?:pi|π|(?P<level3>beta|β))\s*\)|[_\s]?(?:π|(?P<Level3>β)))?"
    r"(?![\w(,]|\s*\((?!\s*as\s))\s*(?P<corr>\(\s*as\s+correlations\s*\))?[\s:]*"
)
_RELIABILITY = r"(?:random\s+level-(\d)\s+coefficients?\s+)?reliability\s+estimates?"
type _Matrix = tuple[tuple[Printed, ...], ...]


def read_matrices(text: str) -> tuple[HlmMatrices, HlmMatrices]:
    """Read covariance matrices, their correlations, and reliabilities.

    Parameters
    ----------
    text : str
        Output of the program.

    Returns
    -------
    inner, outer : HlmMatrices
        Those of level 2, or of the rows of a crossed model; those of level 3, or of its columns.
    """
    labels: list[tuple[str, ...]] = [(), ()]
    found: list[dict[bool, _Matrix]] = [{False: (), True: ()}, {False: (), True: ()}]
    for heading in re.finditer(_MATRIX, text, re.IGNORECASE):
        if re.search(r"errors?\s+of\s*$", text[max(heading.start() - 40, 0) : heading.start()], re.IGNORECASE):
            continue
        names, matrix = _matrix(text, heading.end())
        if matrix:
            outer = any(heading[name] for name in ("outer", "Outer", "level3", "Level3"))
            found[outer][heading["corr"] is not None] = matrix
            labels[outer] = names
    reliability = _reliability(text)
    inner, outer_ = (
        HlmMatrices(labels[k], found[k][False], found[k][True], reliability[k][0], reliability[k][1]) for k in (0, 1)
    )
    return inner, outer_


def _matrix(text: str, position: int) -> tuple[tuple[str, ...], _Matrix]:
    """The matrix that begins here: rows with their labels, or labels in two lines and the rows below; else empty."""
    rows = _rows(text, position)
    wide = [[Printed(number) for number in numbers] for _, numbers in rows]
    if rows and all(len(row) == len(wide) for row in wide):
        return tuple(name for name, _ in rows), tuple(map(tuple, wide))
    if rows and all(len(row) == k for k, row in enumerate(wide, 1)):  # the lower triangle alone
        full = (tuple(wide[max(a, b)][min(a, b)] for b in range(len(wide))) for a in range(len(wide)))
        return tuple(name for name, _ in rows), tuple(full)
    match = re.compile(_HEADED, re.IGNORECASE).match(text, position)
    if rows or match is None:
        return (), ()
    above, numbers = match[1].replace(" slope", "").split(), [Printed(number) for number in match[3].split()]
    below = re.findall(rf"({NAME})\s*,", match[2])
    q = len(above)
    if len(below) != q or len(numbers) != q * q:
        return (), ()
    names = tuple(f"{first}/{second}" for first, second in zip(above, below, strict=True))
    return names, tuple(tuple(numbers[a * q : (a + 1) * q]) for a in range(q))


def _reliability(text: str) -> list[tuple[tuple[str, ...], tuple[Printed, ...]]]:
    found: list[tuple[tuple[str, ...], tuple[Printed, ...]]] = [((), ()), ((), ())]
    for heading in re.finditer(_RELIABILITY, text, re.IGNORECASE):
        rows = [(name, numbers) for name, numbers in _rows(text, heading.end()) if len(numbers) == 1]
        if rows:
            values = tuple(Printed(numbers[0]) for _, numbers in rows)
            found[heading[1] == "2"] = (tuple(name for name, _ in rows), values)
    return found


def _rows(text: str, position: int) -> list[tuple[str, list[str]]]:
    """Rows ``SES,B1  0.19  0.15`` that follow each other from a position on."""
    rows = []
    pattern = re.compile(rf"[\s=_-]*{_ROW}", re.IGNORECASE)
    while match := pattern.match(text, position):
        rows.append((one_name(match[1]), match[3].split()))
        position = match.end()
    return rows


def one_name(text: str) -> str:
    """A name without the blanks around its slash.

    Examples
    --------
    >>> one_name("YEAR / INTRCPT2")
    'YEAR/INTRCPT2'
    """
    return re.sub(r"\s*/\s*", "/", text)
