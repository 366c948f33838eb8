"""Models, and the texts that SAS, Stata, Mplus and HLM are to have of them, from what these programs document."""

import re
from pathlib import Path

REFERENCES = Path(__file__).parents[1] / "references"

MODELS = {
    "blocks": (
        "y = b0 + b1*x + b2*z + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2; cov(u0, u1) = 0; cov(u0, u2) = 0",
        "g",
    ),
    "no intercept": ("y = b1*x + r; b1 = g10 + g11*w + u1", "g"),
    "products": ("y = b0 + b1*x*z + b2*x*x + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20", "g"),
    "units": (
        "y = p0 + p1*cwc(x) + e; p0 = b00 + b01*cwc(w) + r0[c]; p1 = b10; b00 = g000 + g001*scale(z) + u00[s];"
        " b01 = g010; b10 = g100 + u10[s]",
        None,
    ),
    "one cell": ("y = b0 + r; b0 = g00 + u0[s:c]", None),
    "crossed": ("y = b0 + b1*x + r; b0 = g00 + u0[a] + v0[b]; b1 = g10 + v1[b]", None),
    "counts": ("y ~ Poisson(mu); log(mu) = b0 + b1*x + offset(log(n)); b0 = g00 + u0; b1 = g10", "g"),
    "binomial": ("y ~ Binomial(12, p); probit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10", "g"),
    "total": ("y ~ Binomial(y + f, p); logit(p) = b0; b0 = g00 + u0", "g"),
    "ordinal": ("y ~ Ordinal(eta); eta = b0 + b1*x; b0 = u0; b1 = g10", "g"),
    "slope of a slope": (
        "y = p0 + p1*x + e; p0 = b00 + r0[c]; p1 = b10 + b11*w + r1[c]; b00 = g000 + u00[s];"
        " b10 = g100; b11 = g110 + g111*z + u11[s]",
        None,
    ),
}
"""Equations, and their grouping column where they do not name it."""

_BLOCK = re.compile(r"## (\w+), (.+)\n((?:(?!## ).*\n)+)")
EXPECTED = {
    (form, name): text.strip()
    for form, name, text in _BLOCK.findall((REFERENCES / "program_texts.txt").read_text(encoding="utf-8"))
}
