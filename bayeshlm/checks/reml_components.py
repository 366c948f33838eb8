"""The classical side of the cross-check: REML's estimates and their standard errors, and draws beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.checks.component import Component
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.level1_variance import LATENT, has_level1_variance
from bayeshlm.quantities.summary import summarize
from bayeshlm.quantities.variance_components import variance_draws
from bayeshlm.quantities.variance_partition import rows_in_common
from bayeshlm.reml.estimate import RemlEstimate, two_level
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.fixed_value import held_component
from bayeshlm.reml.intervals import covariance_gradient
from bayeshlm.reml.satterthwaite import satterthwaite


def components(estimate: Estimate, design: Design) -> tuple[Component, ...]:
    """The estimates of gamma, tau, corr, sigma and ICC, or with several groupings shares, in this order.

    Of an outcome that is not normal, by maximum likelihood, see `bayeshlm.checks.ml_components`.

    Parameters
    ----------
    estimate : Estimate
        Fit of the design.
    design : Design
        Names the effects and the independent blocks.

    Notes
    -----
    The standard errors of tau, corr, sigma and the ICC are those of the delta method: twice the inverse Hessian of
    the REML criterion in (theta, sigma), which Satterthwaite's degrees of freedom rest on too, mapped through
    ``G = sigma^2 Lambda Lambda'``. The ICC is ``v / (v + sigma^2)`` with ``v = trace(G Z'Z / N)`` (Johnson 2014),
    that of `bayeshlm.quantities.icc.icc` without `at`; with several groupings see `shares_of_groupings`.
    """
    if not isinstance(estimate, RemlEstimate):
        from bayeshlm.checks.ml_components import ml_components  # imports numba

        return ml_components(estimate, design)
    e, labels = estimate, design.random_labels
    dG = covariance_gradient(e)
    dsigma = np.eye(len(dG))[-1]
    vcov = satterthwaite(e).parameter_vcov

    def se(gradient: FloatArray) -> float:
        variance = float(gradient @ vcov @ gradient)
        return float(np.sqrt(max(variance, 0.0)))

    found = [
        Component("gamma", label, float(value), float(error))
        for label, value, error in zip(design.fixed_labels, e.gamma, e.se, strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        dtau = np.einsum("kii->ki", dG) / (2 * e.tau)
        relative = dtau / e.tau
        dcorr = dG / np.outer(e.tau, e.tau) - e.corr * (relative[:, :, None] + relative[:, None, :])
    for i, label in enumerate(labels):
        error = se(dtau[:, i]) if e.tau[i] > 0 else np.nan
        found.append(Component("tau", label, float(e.tau[i]), error, lowest=0.0))
    varies = [row.regular for row in found[len(e.gamma) :]]
    pairs = [pair for block in design.blocks for pair in combinations(sorted(block), 2)]
    for i, j in pairs:
        inside = abs(e.corr[i, j]) < 1 - 1e-9
        error = se(dcorr[:, i, j]) if inside else np.nan
        found.append(
            Component(
                "corr", f"{labels[i]},{labels[j]}", float(e.corr[i, j]), error, -1.0, 1.0, varies[i] and varies[j]
            )
        )
    if e.sigma_known:  # nor is there a share of the variance of level 1
        return tuple(found)
    found.append(Component("sigma", "", e.sigma, se(dsigma), lowest=0.0))
    if len(design.groupings) > 1:
        return (*found, *_shares(e, design, dG, dsigma, se))
    products = two_level(e, "The ICC")[0].products
    inverse = np.linalg.inv(products.z_transform)
    mean_square = inverse.T @ products.ZtZ.sum(axis=0) @ inverse / e.n_obs
    v, sigma2 = float(np.sum(e.G * mean_square)), e.sigma**2
    gradient = (np.sum(dG * mean_square, axis=(1, 2)) * sigma2 - v * 2 * e.sigma * dsigma) / (v + sigma2) ** 2
    found.append(Component("icc", "", v / (v + sigma2), se(gradient) if v > 0 else np.nan, 0.0, 1.0))
    return tuple(found)


def shares_of_groupings(design: Design) -> list[tuple[str, str, tuple[int, ...]]]:
    """Component and effect of each share of the variance, and of each ICC that is a sum of several: its groupings."""
    shares = [("share", name, (k,)) for k, name in enumerate(design.groupings)]
    sums = [("icc", name, together) for name, together in rows_in_common(design) if len(together) > 1]
    return [*shares, *sums]


def _shares(
    e: RemlEstimate, design: Design, dG: FloatArray, dsigma: FloatArray, se: Callable[[FloatArray], float]
) -> Iterator[Component]:
    """Shares of `shares_of_groupings`, from G and its derivatives: v over v and sigma^2 of all."""
    moment, parts = design.moments.ZtZ, []
    for k in range(len(design.groupings)):
        own = design.predictor.effects_of(k)
        gradient = np.sum(dG[:, own, own] * moment[own, own], axis=(1, 2))
        parts.append((float(np.sum(e.G[own, own] * moment[own, own])), gradient))
    total, dtotal = sum(v for v, _ in parts) + e.sigma**2, sum(dv for _, dv in parts) + 2 * e.sigma * dsigma
    for component, name, together in shares_of_groupings(design):
        v, dv = sum(parts[k][0] for k in together), sum(parts[k][1] for k in together)
        error = se((dv * total - v * dtotal) / total**2) if v > 0 else np.nan
        yield Component(component, name, v / total, error, 0.0, 1.0)


def draws_of_components(posterior: Draws) -> tuple[pd.DataFrame, FloatArray]:
    """Summaries, and draws (R, S), of gamma, tau, corr, sigma or the like and shares, in the order of `components`."""
    design = posterior.design
    variances = variance_draws(posterior)
    names = [name for name in ("tau", "corr") if name in variances]
    names += [one.name for one, _ in design.outcome.auxiliary]
    outcome = design.outcome
    has_shares = has_level1_variance(outcome) and (outcome.is_normal or outcome.family_name in LATENT)
    shares = icc(posterior).draws if has_shares else xr.Dataset()
    parts = [posterior.dataset["gamma"].sel(fixed=design.fixed_labels), *(variances[name] for name in names)]
    several = [f"{component}[{name}]" for component, name, _ in shares_of_groupings(design)]
    parts += [shares[name] for name in (several if len(design.groupings) > 1 else ["icc"]) if name in shares]
    stacked = [part.transpose(..., "chain", "draw").to_numpy() for part in parts]
    draws = np.concatenate([values.reshape(-1, values.shape[-2] * values.shape[-1]) for values in stacked])
    return pd.concat([summarize(part) for part in parts]), draws


@dataclass(frozen=True, slots=True)
class HeldCorrelation:
    """A tau of REML with a correlation held.

    Attributes
    ----------
    effects : str
        Of the correlation, such as ``"u0,u1"``.
    estimate, value : float
        REML's estimate of it, on the boundary, and the value at which it is held.
    tau : float
        What REML then estimates.
    """

    effects: str
    estimate: float
    value: float
    tau: float


def held_correlations(
    estimate: Estimate, rows: Sequence[Component], means: FloatArray
) -> dict[str, tuple[HeldCorrelation, ...]]:
    """Every tau with each correlation on the boundary held at its posterior mean, by effect.

    Parameters
    ----------
    estimate : Estimate
    rows : sequence of Component, length R
        As `components` makes them.
    means : array (R,)
        Posterior means of the rows.

    Returns
    -------
    dict of str to tuple of HeldCorrelation
        Empty where no correlation is 1 or -1, and of outcomes that are not normal.

    Notes
    -----
    A tau and a correlation of 1 or -1 are estimated together: the deviance is smallest outside of what a correlation
    may be, and on the boundary a tau gives way to keep the covariance that the data ask for. The estimate of tau with
    the correlation held is the minimum of the same deviance over all other parameters.
    """
    if not isinstance(estimate, RemlEstimate):
        return {}
    labels = [row.effect for row in rows if row.component == "tau"]
    pairs = {f"{a},{b}": (i, j) for i, a in enumerate(labels) for j, b in enumerate(labels)}
    found: dict[str, tuple[HeldCorrelation, ...]] = {}
    for row, mean in zip(rows, means, strict=True):
        if row.component != "corr" or not row.on_boundary or np.isnan(row.estimate):
            continue
        taus = held_component(estimate, "corr", pairs[row.effect]).taus(float(mean))
        for label, tau in zip(labels, taus, strict=True):
            found[label] = (*found.get(label, ()), HeldCorrelation(row.effect, row.estimate, float(mean), float(tau)))
    return found
