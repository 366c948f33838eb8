"""How the draws were made, and the verdict on them, in sentences: NUTS, importance sampling, or one for the other."""

from __future__ import annotations

import math

from bayeshlm.display.digits import count, number
from bayeshlm.fitted import FittedModel
from bayeshlm.likelihood.quadrature_nodes import NodesCertificate
from bayeshlm.quantities.convergence import MAX_DIVERGENT_SHARE, MAX_R_HAT, MIN_ESS, Convergence
from bayeshlm.sampling.certificate import MAX_K, MAX_SHIFT, Certificate


def sampling_line(fitted: FittedModel, convergence: Convergence) -> str:
    """Which sampler ran, with what options and for how long; no full stop."""
    options, certificate = fitted.options, convergence.certificate
    times = f"seed {options.seed}; {fitted.compile_seconds:.1f} s to compile, {fitted.sample_seconds:.1f} s to sample"
    if certificate is not None and certificate.holds:
        chosen = f", chosen because a gradient takes {number(certificate.density_ms, 1)} ms"
        return (
            f"Importance sampling{chosen if options.sampler == 'auto' else ''}: {count(convergence.n_draws)} draws from"
            f" the last 2 of {len(certificate.shift)} rounds of {count(certificate.n_points)} points, {times}"
        )
    return (
        f"NUTS ({'pymc' if options.sampler == 'pymc' else 'nutpie'}): {options.chains} chains of {options.draws} draws"
        f" after {options.tune} of tuning, {times}"
    )


def verdict_lines(convergence: Convergence) -> tuple[str, ...]:
    """The verdict with its numbers, the reasons against, and why NUTS ran in the place of importance sampling."""
    certificate = convergence.certificate
    ess = f"smallest bulk ESS {convergence.min_ess_bulk:.0f}, tail {convergence.min_ess_tail:.0f}"
    if certificate is not None and certificate.holds:
        numbers = f"{_numbers(certificate)}; {ess}"
    else:
        numbers = (
            f"{convergence.divergences} of {convergence.n_draws} draws diverged; {ess}; largest R-hat"
            f" {convergence.max_r_hat:.3f}"
        )
    refused = () if certificate is None or certificate.holds else (refusal(certificate),)
    verdict = "Converged" if convergence.converged else "NOT CONVERGED"
    return (f"{verdict}: {numbers}.", *convergence.reasons, *refused)


def nodes_lines(certificate: NodesCertificate | None) -> tuple[str, ...]:
    """How the random effects were integrated out, and whether that was exact enough."""
    if certificate is None:
        return ()
    if certificate.holds:
        rounded_up = math.ceil(1000 * certificate.shift) / 1000
        moves = f"twice as many move no mean by more than {number(rounded_up, 3)} SD"
        return (f"Random effects are integrated out by quadrature with {certificate.n_nodes} nodes each: {moves}.",)
    return (
        f"NOT EXACT: random effects are integrated out by quadrature with {certificate.n_nodes} nodes each, and twice"
        f" as many move a mean by {number(certificate.shift, 2)} SD (Pareto k of the weights"
        f' {number(certificate.pareto_k, 2)}): fit with parameterization="noncentered", which samples them.',
    )


def refusal(certificate: Certificate) -> str:
    """One sentence on importance sampling that does not hold."""
    return (
        f"NUTS ran in place of importance sampling, which did not hold after {len(certificate.shift)} rounds:"
        f" {_numbers(certificate)}, where less than {MAX_K} and {MAX_SHIFT} are needed."
    )


def criteria(convergence: Convergence) -> str:
    """What the verdict is judged by."""
    if convergence.by_importance:
        return (
            f"Judged by Pareto k of the weights below {MAX_K} in two successive rounds whose means agree within"
            f" {MAX_SHIFT} SD, without which NUTS would have run, and over all fixed effects, SDs and correlations by"
            f" bulk and tail effective sample size of at least {MIN_ESS}."
        )
    return (
        f"Judged over all fixed effects, SDs and correlations: rank-normalized R-hat at most {MAX_R_HAT}, bulk and tail"
        f" effective sample size at least {MIN_ESS}, at most {MAX_DIVERGENT_SHARE:.1%} of the draws divergent."
    )


def _numbers(certificate: Certificate) -> str:
    last, before = certificate.pareto_k[-1], certificate.pareto_k[-2]
    return (
        f"Pareto k {number(before, 2)} and {number(last, 2)} in the last two rounds, means"
        f" {number(certificate.shift[-1], 2)} SD apart, ESS of their weights {sum(certificate.ess_weights[-2:]):.0f}"
    )
