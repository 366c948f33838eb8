"""One symbol, one name: Greek, English and subscripted spellings in short Latin."""

from __future__ import annotations

import re
import unicodedata

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon",
    "ζ": "zeta", "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron",
    "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_SHORT = {"beta": "b", "gamma": "g", "epsilon": "e", "varepsilon": "e", "eps": "e"}
_NAMES = {*GREEK.values(), *_SHORT}
_SEVERAL = ("ijkl", "tijk", "ijk", "jkl", "tij", "ij", "jk", "kl", "ti")  # units of rows i (t of i), j in k in l
UNITS = "|".join((*_SEVERAL, "i", "j", "k"))
"""Regular expression of the subscripts of units."""
_SUBSCRIPT = re.compile(rf"(?:_(?:{UNITS}|ji)|(?<=\d)(?:{UNITS}|l)|_)$")
_UNIT = re.compile(rf"(.+)_(?:{UNITS})|(.+?)(?:ₜ?ᵢ?ⱼ?ₖ?ₗ?(?<=[ₜᵢⱼₖₗ]))|(.*[^_])ij|(.*?[^\W_])(?:{UNITS}|l)", re.DOTALL)
_LETTER = r"[^\W\d_₀-₉ₜᵢⱼₖₗ]"
_GREEK_DIGITS = "[α-ωϵΑ-Ω]_?[0-9]+"
_GLUED = re.compile(  # subscripts, then a letter; or a Greek letter, digits, and a letter that is no subscript
    rf"({_LETTER}+_?(?:[₀-₉]+[ₜᵢⱼₖₗ]*|[ₜᵢⱼₖₗ]+))({_LETTER}.*)"
    rf"|({_GREEK_DIGITS}(?:{UNITS}|l)?(?=[A-Z])|{_GREEK_DIGITS}(?!(?:{UNITS}|l)\Z|[ij]))({_LETTER}.*)",
    re.DOTALL,
)
_USUAL = frozenset("bgureav")  # and the Greek letters: what stands before a column without `*`
_BRACES = str.maketrans("", "", "{},")


def canonical(symbol: str) -> str:
    r"""Spell a symbol as the specification stores it: short Latin, no unit subscripts.

    Parameters
    ----------
    symbol : str
        Any spelling: ``γ00``, ``gamma_00``, ``\gamma_{00}``, ``U_0j``, ``β₀ⱼ``.

    Returns
    -------
    str
        Its short spelling; the spelling of a canonical symbol is itself.

    Examples
    --------
    >>> [canonical(symbol) for symbol in ("γ00", "gamma_00", "G00", r"\gamma_{00}")]
    ['g00', 'g00', 'g00', 'g00']
    >>> [canonical(symbol) for symbol in ("β_0j", "U_0j", "β₁ⱼ", "r_ij", "βj", "ε_ij", "δ")]
    ['b0', 'u0', 'b1', 'r', 'b', 'e', 'delta']
    """
    previous = None
    while symbol != previous:
        previous, symbol = symbol, _rewrite(symbol)
    return symbol


def is_usual(symbol: str) -> bool:
    """Whether a canonical symbol is what books call a parameter: one letter or a Greek one, and digits.

    Examples
    --------
    >>> [is_usual(symbol) for symbol in ("b1", "u0", "r", "tau00", "sector", "x")]
    [True, True, True, True, False, False]
    """
    letters = stem(symbol)
    return letters in _USUAL or letters in GREEK.values()


def without_subscript(name: str) -> str | None:
    """Drop the unit subscript of a column's name; None where it has none.

    Behind letters a subscript is ``ij``, or another such as ``j``, ``jk`` and ``ijk`` unless a small letter stands
    before it, so that ``taxi`` is no ``tax``.

    Examples
    --------
    >>> [without_subscript(name) for name in ("ses_ij", "SESij", "SECTORj", "SIZEjk", "Xᵢⱼ", "taxi", "ses")]
    ['ses', 'SES', 'SECTOR', 'SIZE', 'X', None, None]
    """
    match = _UNIT.fullmatch(name)
    if match is None or (match[4] is not None and match[4][-1].islower()):
        return None
    return str(next(filter(None, match.groups())))


def split_product(symbol: str) -> tuple[str, str] | None:
    """Split a symbol from the column that is written behind it without a sign; None where there is none.

    Examples
    --------
    >>> split_product("β₁ⱼXᵢⱼ"), split_product("γ01Wj"), split_product("b1x")
    (('β₁ⱼ', 'Xᵢⱼ'), ('γ01', 'Wj'), None)
    """
    match = _GLUED.fullmatch(symbol)
    return None if match is None else (match[1] or match[3], match[2] or match[4])


def stem(symbol: str) -> str:
    """Return the letters of a canonical symbol, without its digits: ``u0`` -> ``u``."""
    return symbol.rstrip("0123456789")


def _rewrite(symbol: str) -> str:
    """One pass of `canonical`: it never lengthens a symbol except by writing a Greek letter out."""
    text = unicodedata.normalize("NFKC", symbol).casefold().strip().lstrip("\\").translate(_BRACES)
    head, rest = _split_stem(text)
    rest = re.sub(r"(?<!_)_++(?=\d)", "", "".join(GREEK.get(letter, letter) for letter in rest))
    text = _SHORT.get(head, head) + rest
    end = len(text)
    while (match := _SUBSCRIPT.search(text[max(end - 5, 0) : end])) and len(match[0]) < end:
        end -= len(match[0])
    return text[:end]


def _split_stem(text: str) -> tuple[str, str]:
    """Split the letter of a symbol from what follows; ``betaj`` and ``rij`` are read as ``beta_j``, ``r_ij``."""
    if text[:1] in GREEK:
        head, rest = GREEK[text[0]], text[1:]
        return head, f"_{rest}" if rest in (*_SEVERAL, "i", "j", "k") else rest
    match = re.match(r"[^\W\d_]+", text)
    head = match[0] if match else ""
    rest = text[len(head) :]
    if head not in _NAMES:
        for subscript in (*_SEVERAL, "i", "j", "k"):
            letters = head.removesuffix(subscript)
            if letters != head and (letters in _NAMES or (len(letters) == 1 and subscript != "k")):
                return letters, f"_{subscript}{rest}"
    return head, rest
