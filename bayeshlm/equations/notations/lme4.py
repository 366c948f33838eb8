"""ModelSpec -> the formula of R's lme4 that fits the same model."""

from __future__ import annotations

from bayeshlm.equations.notations.r_formula import r_formula
from bayeshlm.equations.notations.writer import Asked, Writer

CALLS = {
    "Bernoulli": 'glmer({formula}, family = binomial("{link}"))',
    "Binomial": 'glmer({formula}, family = binomial("{link}"))',
    "Poisson": 'glmer({formula}, family = poisson("{link}"))',
    "Gamma": 'glmer({formula}, family = Gamma("{link}"))',
    "NegativeBinomial": "glmer.nb({formula})",
    "Beta": 'glmmTMB::glmmTMB({formula}, family = glmmTMB::beta_family("{link}"))',
    "Ordinal": 'ordinal::clmm({formula}, link = "{link}")',
    "StudentT": 'brms::brm({formula}, family = brms::student("{link}"))',
}
"""What fits a distribution in R, where that is not lmer: in lme4, or in the package that is named."""


def to_lme4(asked: Asked) -> str:
    """Write a specification as an lme4 formula.

    Each block of random effects is a bar, and ``||`` says that all of a grouping are independent (Bates et al. 2015, J.
    Stat. Software 67(1), table 2). It does not split a factor: with categories each block has a bar of its own, and
    their columns are written out where R would make others.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0")
    >>> to_lme4(Asked(spec, ("school",), {}))
    'math ~ ses + (1 + ses || school)'
    >>> spec = parse("math = b0 + b1*sex + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0")
    >>> to_lme4(Asked(spec, ("school",), {"sex": "text"}))
    'math ~ sex + (1 | school) + (0 + model.matrix(~ sex)[, -1, drop = FALSE] | school)'
    >>> spec = parse("y = p0 + p1*time + e; p0 = b00 + r0; p1 = b10 + r1; b00 = g00 + u00; b10 = g10 + g11*size")
    >>> to_lme4(Asked(spec, ("school:child", "school"), {}))
    'y ~ time + size:time + (1 + time | school:child) + (1 | school)'
    """
    parts, distribution = r_formula(asked), asked.spec.distribution
    outcome = f"factor({parts.outcome}, ordered = TRUE)" if distribution.has_cutpoints else parts.successes
    formula = f"{outcome} ~ {parts.right}"
    call = CALLS.get(distribution.family)
    return formula if call is None else call.format(formula=formula, link=distribution.link)


LME4 = Writer("lme4", "formula of R's lme4, in the call that fits it where that is not lmer", to_lme4)
