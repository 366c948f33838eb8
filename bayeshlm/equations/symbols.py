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
_SUBSCRIPT = re.compile(r"(?:_(?:ij|ji|i|j)|(?<=\d)(?:ij|i|j)|_)$")
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


def stem(symbol: str) -> str:
    """Return the letters of a canonical symbol, without its digits: ``u0`` -> ``u``."""
    return symbol.rstrip("0123456789")


def _rewrite(symbol: str) -> str:
    """One pass of `canonical`: it never lengthens a symbol except by writing a Greek letter out."""
    text = unicodedata.normalize("NFKC", symbol).casefold().strip().lstrip("\\").translate(_BRACES)
    head, rest = _split_stem(text)
    rest = re.sub(r"_+(?=\d)", "", "".join(GREEK.get(letter, letter) for letter in rest))
    text = _SHORT.get(head, head) + rest
    while (match := _SUBSCRIPT.search(text[-4:])) and len(match[0]) < len(text):
        text = text[: -len(match[0])]
    return text


def _split_stem(text: str) -> tuple[str, str]:
    """Split the letter of a symbol from what follows; ``betaj`` and ``rij`` are read as ``beta_j``, ``r_ij``."""
    if text[:1] in GREEK:
        head, rest = GREEK[text[0]], text[1:]
        return head, f"_{rest}" if rest in ("i", "j", "ij") else rest
    match = re.match(r"[^\W\d_]+", text)
    head = match[0] if match else ""
    rest = text[len(head) :]
    if head not in _NAMES:
        for subscript in ("ij", "i", "j"):
            letters = head.removesuffix(subscript)
            if letters != head and (letters in _NAMES or len(letters) == 1):
                return letters, f"_{subscript}{rest}"
    return head, rest
