"""The commands of LaTeX that have a meaning in equations."""

from __future__ import annotations

import re

from bayeshlm.equations.symbols import GREEK

GREEK_COMMANDS = {name: letter for letter, name in GREEK.items()} | {
    "varepsilon": "ε", "vartheta": "θ", "varphi": "φ", "varrho": "ρ", "varpi": "π", "varsigma": "σ",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "Upsilon": "Υ", "Pi": "Π", "Xi": "Ξ",
}  # fmt: skip
SIGNS = {
    "times": "*", "cdot": "*", "ast": "*", "bullet": "*", "sim": "~", "thicksim": "~", "mid": "|", "vert": "|",
    "colon": ":", "ne": "≠", "neq": "≠", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥",
    "approx": "≈", "equiv": "≡", "propto": "∝", "pm": "±", "to": "→", "rightarrow": "→", "perp": "⊥", "in": "∈",
    "top": "T", "prime": "'", "_": "_", "%": "%", "#": "#", "&": "＆", "$": "$",
    "|": "|",
}  # fmt: skip
TYPED = {"∼": "~", "∗": "*", "·": "*", "⋅": "*", "×": "*", "−": "-", "–": "-", "’": "'"}
DOTS = ("dots", "ldots", "cdots", "vdots", "ddots", "dotsc", "dotsb")
FUNCTIONS = ("log", "ln", "exp", "Pr", "det", "max", "min")
TEXT = ("text", "textrm", "textit", "textsf", "texttt", "textnormal", "textup", "mbox", "hbox", "emph", "textsc")
ROMAN = ("mathrm", "operatorname", "operatorname*", "mathsf", "mathtt", "mathcal", "mathscr")
BOLD = ("mathbf", "boldsymbol", "bm", "textbf", "mathbb", "vec", "pmb")
HOLDERS = {  # the kind of node, and the number of arguments
    "bar": ("bar", 1), "overline": ("bar", 1), "sqrt": ("root", 1),
    "frac": ("frac", 2), "dfrac": ("frac", 2), "tfrac": ("frac", 2),
} | dict.fromkeys(
    ("hat", "widehat", "tilde", "widetilde", "dot", "ddot", "check", "breve", "underline"), ("accent", 1)
)  # fmt: skip
NO_SIZE = re.compile(r"(?:left|right|middle|[bB]igg?[lrm]?)")
SKIPPED = {  # with the number of arguments
    "displaystyle": 0, "textstyle": 0, "limits": 0, "nolimits": 0, "nonumber": 0, "notag": 0, "hline": 0, "rm": 0,
    "it": 0,
    "noindent": 0, "centering": 0, "hfill": 0, "toprule": 0, "midrule": 0, "bottomrule": 0, "allowbreak": 0, "small": 0,
    "label": 1, "tag": 1, "tag*": 1, "vspace": 1, "phantom": 1, "hphantom": 1, "vphantom": 1, "displaybreak": 0,
}  # fmt: skip
REFUSED = dict.fromkeys(("sum", "prod", "int"), "sums are not read: make the column in the data first") | dict.fromkeys(
    ("{", "}", "lbrace", "rbrace"), "braces that are printed are not read here: write parentheses, `(` and `)`"
)
SPACES = (",", ";", ":", "!", ">", " ", "\n", "/", "thinspace", "enspace", "medspace", "thickspace")
