"""The output of the HLM program, versions 5 to 8, read from pasted text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from bayeshlm.errors import DataError
from bayeshlm.hlm_program.hlm_matrices import INDEX, NAME, NUMBER, PAIR, one_name, read_matrices
from bayeshlm.hlm_program.hlm_tables import HlmComponent, HlmEffect, HlmOutput, Printed

_P = rf"<?\s*{NUMBER}"
_FOR = rf"(?:^|(?<=\s))For\s+({NAME})(?:\s+slope)?\s*,\s*(?:(P|π|pi)|B|β|beta){INDEX}"
_FIXED = {"g": "G", "γ": "G", "gamma": "G", "b": "B", "β": "B", "beta": "B", "theta": "THETA", "θ": "THETA"}
_EFFECT = (
    rf"({NAME})\s*,\s*(gamma|beta|theta|[GBγβθ]){INDEX}\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})\s+({_P})"
)
_COMPONENT = (
    rf"({PAIR})(?:\s+slope)?\s*,\s*(?:([URBC]){INDEX}|([RE]))\s+({NUMBER})\s+({NUMBER})"
    rf"(?:\s+({NUMBER})\s+({NUMBER})\s+({_P}))?"
)
_OUTER = r"level-3|column"
_SIGMA2 = rf"(?:sigma[\s_^-]*(?:squared|2)|σ\s*\^?\s*(?:2|²))\s*=\s*({NUMBER})"
_UNITS = r"maximum number of (?:level-[23]|row|column) units\s*=\s*(\d+)"


def parse_hlm_output(text: str) -> HlmOutput:
    """Read pasted output of HLM 5 to 8 for a two-level (HLM2), three-level (HLM3) or crossed model (HCM2).

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
    text = text.encode("utf-8", "replace").decode("utf-8")  # of bytes that were no text lone surrogates are left
    text = text.replace("−", "-").replace("–", "-").replace("\xa0", " ")
    effects: dict[bool, tuple[HlmEffect, ...]] = {False: (), True: ()}
    for _, section in _sections(text, "(fixed) effects"):
        robust = re.match(r"[\s:]*\(?\s*with\s+robust\s+standard\s+errors", section, re.IGNORECASE) is not None
        effects[robust] = _effects(section) or effects[robust]
    tables: dict[bool, tuple[HlmComponent, ...]] = {False: (), True: ()}
    for of, section in _sections(text, r"([\w\s-]{0,80}?)variance components"):
        outer = re.search(_OUTER, of, re.IGNORECASE) is not None
        tables[outer] = _components(section, int(outer)) or tables[outer]
    components = (*tables[False], *tables[True])
    first, second = read_matrices(text)
    sigma2 = _last(_SIGMA2, text, unless=r"errors?\s+of\s*$")
    if sigma2 is None:
        sigma2 = next((row.variance for row in components if row.is_residual), None)
    output = HlmOutput(
        outcome=_word(r"outcome variable is\s+(\S+)", text),
        method=_method(text),
        n_groups=tuple(map(int, re.findall(_UNITS, text, re.IGNORECASE)))[:2],
        sigma2=sigma2,
        tau_labels=first.labels,
        tau=first.covariances,
        tau_correlations=first.correlations,
        reliability_labels=first.reliability_labels,
        reliability=first.reliability,
        second=second,
        fixed=effects[False],
        robust=effects[True],
        components=components,
        deviance=_last(rf"\bdeviance\s*=\s*({NUMBER})", text),
        n_parameters=_last(r"number of estimated parameters\s*=\s*(\d+)", text),
    )
    before = (output.tau, output.reliability, second.covariances, second.reliability)
    numbers = (output.sigma2, output.deviance, *before, output.fixed, output.robust, components)
    if all(found is None or found == () for found in numbers):
        raise DataError(
            'this is no output of HLM that could be read. Looked for: "Sigma_squared =" or "σ2 =", "Tau" or "τ" '
            'followed by rows such as "INTRCPT1,B0  8.61431", "Reliability estimate", "Final estimation of fixed '
            'effects", "Final estimation of variance components", "Deviance =". Paste the text of the output of a '
            "two-level, three-level or crossed model."
        )
    return output


def _sections(text: str, title: str) -> Iterator[tuple[str, str]]:
    """Final tables of this title: what the title's group says, and the table."""
    starts = [match.start() for match in re.finditer(r"final\s+estimation\s+of", text, re.IGNORECASE)]
    for start, end in pairwise([*starts, len(text)]):
        section = text[start:end]
        heading = re.match(rf"final\s+estimation\s+of\s+{title.replace(' ', r'\s+')}", section, re.IGNORECASE)
        if heading:
            yield heading[1], section[heading.end() :]


def _effects(section: str) -> tuple[HlmEffect, ...]:
    """Rows of a table; ``For INTRCPT2, B00`` inside ``For YEAR slope, P1`` names the variable of level 2."""
    coefficient = level2 = ""
    three_levels = False
    rows = []
    for match in re.finditer(rf"{_FOR}|{_EFFECT}", section, re.IGNORECASE):
        if match[1] and (match[2] or not three_levels):
            coefficient, level2, three_levels = match[1], "", match[2] is not None
        elif match[1]:
            level2 = match[1]
        elif coefficient:
            symbol = f"{_FIXED[match[5].lower()]}{match[6]}"
            estimate, se, t, df, p = map(Printed, match.groups()[6:])
            rows.append(HlmEffect(coefficient, match[4], symbol, estimate, se, t, df, p, level2))
    return tuple(rows)


def _components(section: str, grouping: int) -> tuple[HlmComponent, ...]:
    rows = []
    for match in re.finditer(_COMPONENT, section, re.IGNORECASE):
        name, letter, index, residual, *numbers = match.groups()
        sd, variance, df, chi2, p = (None if number is None else Printed(number) for number in numbers)
        assert sd is not None
        assert variance is not None
        symbol = (residual or f"{letter}{index}").upper()
        rows.append(HlmComponent(one_name(name), symbol, sd, variance, df, chi2, p, grouping))
        if residual:
            break
    return tuple(rows)


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
