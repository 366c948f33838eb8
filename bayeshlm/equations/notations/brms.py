"""ModelSpec -> the call of R's brms that samples the same model, under brms's own priors."""

from __future__ import annotations

from bayeshlm.equations.notations.r_code import r_name
from bayeshlm.equations.notations.r_formula import RFormula, r_data, r_formula
from bayeshlm.equations.notations.writer import ALL, Asked, Writer, group_columns, refused
from bayeshlm.equations.product import Column
from bayeshlm.equations.spec import ModelSpec

FAMILIES = {
    "Normal": "gaussian",
    "Bernoulli": "bernoulli",
    "Binomial": "binomial",
    "Poisson": "poisson",
    "NegativeBinomial": "negbinomial",
    "Gamma": "Gamma",
    "Beta": "Beta",
    "StudentT": "student",
    "Ordinal": "cumulative",
}
"""brms's names of families; their parameters mean what ours do."""


def to_brms(asked: Asked) -> str:
    """Write a specification as a call of ``brm``; priors are not written, so that brms takes its own.

    Raises
    ------
    EquationError
        For categories of which R would make other columns, and for names of columns that brms cannot have.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("well ~ Binomial(n, p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0")
    >>> to_brms(Asked(spec, ("school",), {}))
    'brm(bf(well | trials(n) ~ x + (1 + x || school)), data = d, family = binomial("logit"))'
    """
    parts, distribution = r_formula(asked, quoted=True), asked.spec.distribution
    for name in asked.used:
        if r_name(name) != name or "__" in name or name.endswith("_"):
            raise refused(asked.spec, "brms", f"has no column called `{name}`: rename it in the data")
    if "model.matrix(" in parts.right or "function(x)" in parts.right:
        reason = "makes other columns of the categories here than level equations have: make them in the data"
        raise refused(asked.spec, "brms", reason)
    outcome = f"{parts.outcome} | trials({parts.trials})" if parts.trials else parts.outcome
    if (spread := asked.spec.residual_spread) is not None:
        if spread.function == "cov":
            reason = "takes known covariances as a matrix beside the data, `fcor(V)`, which a formula does not hold"
            raise refused(asked.spec, "brms", reason, "", spread.span)
        if not isinstance(spread.value, Column):
            raise refused(asked.spec, "brms", "takes known SDs from a column: make one in the data", "", spread.span)
        value = r_name(spread.value.name)
        outcome = f"{parts.outcome} | se({value if spread.function == 'sd' else f'sqrt({value})'})"
    if distribution.has_cutpoints:
        outcome = f"factor({parts.outcome}, ordered = TRUE)"
    right, of_sd = _with_effect(asked.spec, parts)
    right = " + ".join((right, *_correlation(asked)))
    more = f", sigma ~ {' + '.join(of_sd)}" if of_sd else ""
    family = f'{FAMILIES[distribution.family]}("{distribution.link}")'
    return f"brm(bf({outcome} ~ {right}{more}), data = {r_data(asked)}, family = {family})"


def _with_effect(spec: ModelSpec, parts: RFormula) -> tuple[str, tuple[str, ...]]:
    """The right side, and the terms of sigma, whose random effect ``(1 |v| g)`` is marked as those it covaries with."""
    if not spec.spread_effect:
        return parts.right, parts.spread
    plain, bars, by = spec.without_spread_effect().blocks_by_grouping[0], parts.groupings[0].bars, parts.groupings[0].by
    own = next(block for block in spec.blocks_by_grouping[0] if spec.spread_effect in block)
    others = tuple(one for one in own if one != spec.spread_effect)
    if not others:
        return parts.right, (*parts.spread, f"(1 | {by})")
    if len(bars) != len(plain):
        reason = f"would keep `{spec.spread_effect}` apart from {', '.join(others)}, which a double bar keeps apart"
        raise refused(spec, "brms", reason, "", spec.level1_span)
    bar = bars[plain.index(others)]
    right = parts.right.replace(bar, bar.replace(f" | {by})", f" |v| {by})"))
    return right, (*parts.spread, f"(1 |v| {by})")


def _correlation(asked: Asked) -> list[str]:
    """The term of correlated residuals; that of ``ar()`` counts rows, and not the time between them."""
    found = asked.spec.correlation
    if found is None:
        return []
    if found.time is not None:
        reason = "counts rows in its ar(), and not the time between them: write `ar1()` where no occasion is missing"
        raise refused(asked.spec, "brms", reason, "nlme", found.span)
    group = ":".join(map(r_name, group_columns(asked.groups[0])))
    return [f"cosy(gr = {group})" if found.pattern == "cs" else f"ar(gr = {group}, p = 1, cov = TRUE)"]


BRMS = Writer("brms", "call of R's brms, without priors", to_brms, True, True, ALL)
