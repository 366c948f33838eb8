"""The output of the HLM program, versions 5 to 8, read from pasted text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from bayeshlm.errors import DataError
from bayeshlm.hlm_program.hlm_tables import HlmComponent, HlmEffect, HlmOutput, Printed

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])"
_P = rf"<?\s*{_NUMBER}"
_NAME = r"[^\s,;:=]+"
_INDEX = r"[_\s]?(\d+)"
_FOR = rf"(?:^|(?<=\s))For\s+({_NAME})(?:\s+slope)?\s*,\s*(?:B|β|beta){_INDEX}"
_EFFECT = rf"({_NAME})\s*,\s*(?:G|γ|gamma){_INDEX}\s+({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})\s+({_P})"
_COMPONENT = (
    rf"({_NAME})(?:\s+slope)?\s*,\s*(U{_INDEX}|R|E)\s+({_NUMBER})\s+({_NUMBER})"
    rf"(?:\s+({_NUMBER})\s+({_NUMBER})\s+({_P}))?"
)
_ROW = rf"({_NAME})\s*,\s*(?:B|β|beta|G|γ|gamma){_INDEX}((?:\s+{_NUMBER})+)"  # HLM 7.00: reliability of "INTRCPT1, G0"
_SIGMA2 = rf"(?:sigma[\s_^-]*(?:squared|2)|σ\s*\^?\s*(?:2|²))\s*=\s*({_NUMBER})"
_TAU = rf"(?:\btau\b|τ)\s*(?P<corr>\(\s*as\s+correlations\s*\))?[\s:]*(?={_NAME}\s*,\s*(?:B|β|beta)[_\s]?\d)"


def parse_hlm_output(text: str) -> HlmOutput:
    """Read pasted output of HLM 5 to 8 for a two-level model.

    Layout does not matter: columns may be parted by spaces, tabs or line breaks, and other text may stand around
    them. Of results that are printed after several iterations the last ones count.

    Parameters
    ----------
    text : str
        The output, or any part of it.

    Raises
    ------
    DataError
        When nothing in the text is HLM's.

    Examples
    --------
    >>> output = parse_hlm_output('''
    ...  Sigma_squared =     39.14831
    ...  Tau
    ...  INTRCPT1,B0      8.61431
    ... ''')
    >>> output.sigma2, output.tau
    (39.14831, ((8.61431,),))
    """
    if not isinstance(text, str):
        raise DataError(f"the output of HLM must be text, not {type(text).__name__}: read the file first")
    text = text.replace("−", "-").replace("–", "-").replace("\xa0", " ")
    effects: dict[bool, tuple[HlmEffect, ...]] = {False: (), True: ()}
    for robust, section in _sections(text, "fixed effects"):
        effects[robust] = _effects(section) or effects[robust]
    components: tuple[HlmComponent, ...] = ()
    for _, section in _sections(text, "variance components"):
        components = _components(section) or components
    tau_labels, tau, correlations = _tau(text)
    reliability_labels, reliability = _reliability(text)
    sigma2 = _last(_SIGMA2, text, unless=r"errors?\s+of\s*$")
    if sigma2 is None:
        sigma2 = next((row.variance for row in components if row.symbol == "R"), None)
    output = HlmOutput(
        outcome=_word(r"outcome variable is\s+(\S+)", text),
        method=_method(text),
        sigma2=sigma2,
        tau_labels=tau_labels,
        tau=tau,
        tau_correlations=correlations,
        reliability_labels=reliability_labels,
        reliability=reliability,
        fixed=effects[False],
        robust=effects[True],
        components=components,
        deviance=_last(rf"\bdeviance\s*=\s*({_NUMBER})", text),
        n_parameters=_last(r"number of estimated parameters\s*=\s*(\d+)", text),
    )
    numbers = (output.sigma2, output.deviance, output.tau, output.reliability, output.fixed, output.robust, components)
    if all(found is None or found == () for found in numbers):
        raise DataError(
            'this is no output of HLM that could be read. Looked for: "Sigma_squared =" or "σ2 =", "Tau" or "τ" '
            'followed by rows such as "INTRCPT1,B0  8.61431", "Reliability estimate", "Final estimation of fixed '
            'effects", "Final estimation of variance components", "Deviance =". Paste the text of the output of a '
            "two-level model."
        )
    return output


def _sections(text: str, title: str) -> Iterator[tuple[bool, str]]:
    """Final tables of this title, each with whether it is the one with robust standard errors."""
    starts = [match.start() for match in re.finditer(r"final\s+estimation\s+of", text, re.IGNORECASE)]
    for start, end in pairwise([*starts, len(text)]):
        section = text[start:end]
        heading = re.match(rf"final\s+estimation\s+of\s+{title.replace(' ', r'\s+')}", section, re.IGNORECASE)
        if heading:
            rest = section[heading.end() :]
            robust = re.match(r"[\s:]*\(?\s*with\s+robust\s+standard\s+errors", rest, re.IGNORECASE) is not None
            yield robust, rest


def _effects(section: str) -> tuple[HlmEffect, ...]:
    coefficient = ""
    rows = []
    for match in re.finditer(rf"{_FOR}|{_EFFECT}", section, re.IGNORECASE):
        if match[1]:
            coefficient = match[1]
        elif coefficient:
            rows.append(HlmEffect(coefficient, match[3], f"G{match[4]}", *map(Printed, match.groups()[4:])))
    return tuple(rows)


def _components(section: str) -> tuple[HlmComponent, ...]:
    rows = []
    for match in re.finditer(_COMPONENT, section, re.IGNORECASE):
        name, _, index, *numbers = match.groups()
        sd, variance, df, chi2, p = (None if number is None else Printed(number) for number in numbers)
        assert sd is not None
        assert variance is not None
        rows.append(HlmComponent(name, f"U{index}" if index else "R", sd, variance, df, chi2, p))
        if not index:
            break
    return tuple(rows)


type _Matrix = tuple[tuple[Printed, ...], ...]


def _tau(text: str) -> tuple[tuple[str, ...], _Matrix, _Matrix]:
    labels: tuple[str, ...] = ()
    found: dict[bool, _Matrix] = {False: (), True: ()}
    for heading in re.finditer(_TAU, text, re.IGNORECASE):
        if re.search(r"errors?\s+of\s*$", text[: heading.start()], re.IGNORECASE):
            continue
        rows = _rows(text, heading.end())
        wide = [[Printed(number) for number in numbers] for _, numbers in rows]
        if all(len(row) == len(wide) for row in wide):
            matrix = tuple(map(tuple, wide))
        elif all(len(row) == k for k, row in enumerate(wide, 1)):  # the lower triangle alone
            matrix = tuple(tuple(wide[max(a, b)][min(a, b)] for b in range(len(wide))) for a in range(len(wide)))
        else:
            continue
        found[heading["corr"] is not None] = matrix
        labels = tuple(name for name, _ in rows)
    return labels, found[False], found[True]


def _reliability(text: str) -> tuple[tuple[str, ...], tuple[Printed, ...]]:
    labels: tuple[str, ...] = ()
    values: tuple[Printed, ...] = ()
    for heading in re.finditer(r"reliability\s+estimates?", text, re.IGNORECASE):
        rows = [(name, numbers) for name, numbers in _rows(text, heading.end()) if len(numbers) == 1]
        if rows:
            labels = tuple(name for name, _ in rows)
            values = tuple(Printed(numbers[0]) for _, numbers in rows)
    return labels, values


def _rows(text: str, position: int) -> list[tuple[str, list[str]]]:
    """Rows ``SES,B1  0.19  0.15`` that follow each other from a position on."""
    rows = []
    pattern = re.compile(rf"[\s=_-]*{_ROW}", re.IGNORECASE)
    while match := pattern.match(text, position):
        rows.append((match[1], match[3].split()))
        position = match.end()
    return rows


def _last(pattern: str, text: str, unless: str = r"(?!)") -> Printed | None:
    """Last number that a pattern finds, unless what stands before it matches `unless`."""
    numbers = [
        match[1]
        for match in re.finditer(pattern, text, re.IGNORECASE)
        if not re.search(unless, text[max(0, match.start() - 40) : match.start()], re.IGNORECASE)
    ]
    return Printed(numbers[-1]) if numbers else None


def _word(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.IGNORECASE)
    return match[1].rstrip(".:,") if match else ""


def _method(text: str) -> Literal["REML", "ML"] | None:
    match = re.search(r"\b(restricted|full)\s+maximum\s+likelihood", text, re.IGNORECASE)
    if match is None:
        return None
    return "REML" if match[1].lower() == "restricted" else "ML"
