"""ModelSpec -> the call of R's glmmTMB that fits the same model."""

from __future__ import annotations

from bayeshlm.equations.notations.r_formula import r_data, r_formula
from bayeshlm.equations.notations.writer import Asked, Writer, refused

FAMILIES = {
    "Bernoulli": "binomial",
    "Binomial": "binomial",
    "Poisson": "poisson",
    "NegativeBinomial": "nbinom2",
    "Gamma": "Gamma",
    "Beta": "beta_family",
    "StudentT": "t_family",
}
"""glmmTMB's names of families; ``t_family`` is one of versions from 1.1.8."""


def to_glmmtmb(asked: Asked) -> str:
    """Write a specification as a call of ``glmmTMB``.

    A normal outcome is estimated by REML, others by maximum likelihood, whose integral glmmTMB takes by Laplace's
    approximation.

    Raises
    ------
    EquationError
        For ordered categories, which glmmTMB has not.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1")
    >>> to_glmmtmb(Asked(spec, ("school",), {}))
    'glmmTMB(math ~ ses + (1 + ses | school), data = d, REML = TRUE)'
    >>> spec = parse("y ~ Beta(mu, phi); logit(mu) = b0 + b1*x; b0 = g00 + u0; b1 = g10")
    >>> to_glmmtmb(Asked(spec, ("school",), {}))
    'glmmTMB(y ~ x + (1 | school), data = d, family = beta_family("logit"))'
    """
    spec, distribution = asked.spec, asked.spec.distribution
    parts, data = r_formula(asked, quoted=True), r_data(asked)
    formula = f"{parts.successes} ~ {parts.right}"
    if distribution.family == "Normal":
        spread = f", dispformula = ~ {' + '.join(parts.spread)}" if parts.spread else ""
        return f"glmmTMB({formula}{spread}, data = {data}, REML = TRUE)"
    if distribution.family not in FAMILIES:
        raise refused(spec, "glmmTMB", f"has no {distribution.family} outcomes", "brms")
    return f'glmmTMB({formula}, data = {data}, family = {FAMILIES[distribution.family]}("{distribution.link}"))'


GLMMTMB = Writer("glmmTMB", "call of R's glmmTMB", to_glmmtmb, log_spread=True)
