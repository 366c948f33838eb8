"""Causes of a difference between posterior and REML: each is computed, and named when it matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.checks.component import Component
from bayeshlm.checks.prior_pulls import MAX_K, PriorPulls
from bayeshlm.checks.reml_components import HeldCorrelation
from bayeshlm.checks.verdicts import MAX_DIFFERENCE, MAX_ERROR
from bayeshlm.design.naming import prior_label
from bayeshlm.design.scaling import FloatArray
from bayeshlm.reml.criterion import Method

MIN_SHARE = 1 / 4
"""A cause is named when it makes up so much of the difference: of up to four at work, the largest always does."""

MEDIAN_ERROR = 0.756
"""Monte Carlo error of mean minus median over that of the mean, for a normal posterior: ``sqrt(pi / 2 - 1)``."""

BOUNDARY, SKEW, FOLLOWS, UNEXPLAINED = "boundary", "skew", "follows", "unexplained"
FEW_DRAWS, NOT_CONVERGED, PRIOR = "too few draws", "not converged", "prior"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of a difference.

    Attributes
    ----------
    name : str
        ``"prior g10"`` (of that parameter), ``"boundary"``, ``"skew"``, ``"follows"``, ``"too few draws"``,
        ``"not converged"`` or ``"unexplained"``.
    text : str
        What was computed, in words.
    size : float
        How much of the difference it makes, in the row's unit; NaN where that is not a number.
    """

    name: str
    text: str
    size: float = np.nan


@dataclass(frozen=True, eq=False, slots=True)
class RowOfDraws:
    """A row that differs, and what its causes are computed from.

    Attributes
    ----------
    row : Component
        REML's estimate.
    draws : array (S,)
    difference, error, unit : float
        Posterior mean minus the estimate, in units, its Monte Carlo error, and the unit.
    method : "REML" or "ML"
        Whose estimate it is.
    """

    row: Component
    draws: FloatArray
    difference: float
    error: float
    unit: float
    method: Method = "REML"

    def explains(self, size: float) -> bool:
        """Whether a cause of this size is in the direction of the difference and large enough to be named."""
        return bool(size * np.sign(self.difference) >= MIN_SHARE * abs(self.difference))


def no_estimate(singular: str, method: Method) -> Cause:
    """Say why REML or ML has no estimate of a correlation."""
    return Cause(BOUNDARY, f"{method} has none ({singular})")


def few_draws(error: float) -> Cause:
    """Name too few draws where chance may account for a difference, or hide one."""
    if error <= MAX_ERROR:
        return Cause(FEW_DRAWS, f"the Monte Carlo error, {error:.2f}, leaves open on which side of the limit it lies")
    if np.isnan(error):
        return Cause(FEW_DRAWS, "so few draws have no Monte Carlo error")
    factor = (error / MAX_ERROR) ** 2
    return Cause(FEW_DRAWS, f"the Monte Carlo error is {error:.2f}; take about {factor:.1f} times as many draws")


def boundary(found: RowOfDraws, singular: str) -> Cause | None:
    """Name the boundary where REML's estimate is on it, or where it cuts off enough of the likelihood.

    Parameters
    ----------
    found : RowOfDraws
    singular : str
        Why REML's G is singular; empty when it is not.

    Notes
    -----
    The difference that the boundary alone makes is the mean of a likelihood, normal around the estimate but cut off
    at the bounds, minus the estimate. It is normal in the correlation, ``N(estimate, se^2)`` on (-1, 1), in the ICC
    and in tau squared, ``exp(-(tau^2 - estimate^2)^2 / (2 (2 estimate se)^2))``, the latter two with a prior that is
    flat in tau.
    """
    row = found.row
    if singular and (row.on_boundary or (row.component == "beta" and np.isnan(row.se))):
        return Cause(
            BOUNDARY, f"{found.method} is singular ({singular}), where a posterior mean cannot be", found.difference
        )
    if row.component not in ("tau", "corr", "icc", "share") or row.regular or not row.se > 0:
        return None
    size = (_mean_within_bounds(row) - row.estimate) / found.unit
    if not found.explains(size):
        return None
    distance, bound = row.distance
    square = "'s square" if row.component == "tau" else ""
    text = (
        f"{found.method}'s estimate{square} is {distance:.1f} se from {bound:g}; that boundary alone moves a mean by"
        f" {size:+.2f}"
    )
    return Cause(BOUNDARY, text, size)


def boundary_of_another(found: RowOfDraws, moves: Sequence[HeldCorrelation]) -> Cause | None:
    """Name a correlation on its boundary that REML's estimate of a tau belongs to.

    Parameters
    ----------
    found : RowOfDraws
        Of a tau.
    moves : sequence of HeldCorrelation
        What REML would estimate with each such correlation where the posterior has it.
    """
    sizes = [(move.tau - found.row.estimate) / found.unit for move in moves]
    if not sizes:
        return None
    k = int(np.argmax(np.array(sizes) * np.sign(found.difference)))
    if not found.explains(sizes[k]):
        return None
    text = (
        f"REML's estimate goes with a correlation of {moves[k].effects} of {moves[k].estimate:g}, on its boundary; with"
        f" that held at its posterior mean, {moves[k].value:.2f}, REML's estimate moves by {sizes[k]:+.2f}"
    )
    return Cause(BOUNDARY, text, sizes[k])


def _mean_within_bounds(row: Component) -> float:
    """Mean of the likelihood that `boundary` describes, by quadrature over x, the quantity or its root."""
    corr, tau = row.component == "corr", row.component == "tau"
    center, se = (row.estimate**2, 2 * row.estimate * row.se) if tau else (row.estimate, row.se)
    x = np.linspace(-1 if corr else 0, np.sqrt(center + 8 * se) if tau else 1, 4001)
    log_density = -0.5 * (((x if corr else x * x) - center) / se) ** 2
    value = x if corr or tau else x * x
    weights = np.exp(log_density - log_density.max())
    return float(weights @ value / weights.sum())


def skew(found: RowOfDraws) -> Cause | None:
    """Name skewness where the mode would differ less than the mean.

    Notes
    -----
    REML's estimate is a mode. By Pearson's relation a mode lies near ``mean - 3 (mean - median)``, exact enough for
    gamma-like shapes and steadier than the peak of a kernel density; it is no farther than the quantity may be. Shifts
    within two of its Monte Carlo errors are not named.
    """
    draws, row = found.draws, found.row
    mean = float(draws.mean())
    mode = min(max(mean - 3 * (mean - float(np.median(draws))), row.lowest), row.highest)
    size = (mean - mode) / found.unit
    if abs(size) <= 2 * 3 * MEDIAN_ERROR * found.error or not found.explains(size):
        return None
    z = (draws - draws.mean()) / draws.std()
    median = (float(np.median(draws)) - found.row.estimate) / found.unit
    return Cause(
        SKEW,
        f"the posterior is skewed (skewness {float(np.mean(z**3)):+.2f}): its median differs by {median:+.2f}, its mode"
        f" by about {found.difference - size:+.2f}",
        size,
    )


def prior_causes(found: RowOfDraws, pulls: PriorPulls, position: int) -> list[Cause]:
    """Name the priors that move the row's mean towards where it is."""
    named = []
    for k, key in enumerate(pulls.keys):
        size = pulls.shift[position, k] / found.unit
        if found.explains(size):
            how = (
                f"Pareto k {pulls.pareto_k[k]:.2f}"
                if pulls.pareto_k[k] <= MAX_K
                else f"from {found.method}'s likelihood"
            )
            text = f"the prior of {prior_label(key)} moves the mean by {size:+.2f} ({how})"
            named.append(Cause(f"{PRIOR} {key}", text, size))
    return sorted(named, key=lambda cause: -abs(cause.size))


def follows(found: RowOfDraws, others: Sequence[RowOfDraws]) -> Cause | None:
    """Name the variance components whose own differences carry over to the row.

    Notes
    -----
    ``b_k (mean(phi_k) - REML's phi_k)``, b the least-squares slopes of the row's draws on those of tau, corr and
    sigma together. Slopes within three of their standard errors are taken for zero: the differences that they
    multiply can be large.
    """
    others = [other for other in others if np.isfinite(other.difference) and other.row.key != found.row.key]
    if not others:
        return None
    centered = np.array([(other.draws - other.draws.mean()) / other.unit for other in others])
    own = found.draws - found.draws.mean()
    inverse = np.linalg.pinv(centered @ centered.T)
    slopes = inverse @ (centered @ own)
    errors = np.sqrt(np.diag(inverse) * np.mean((own - slopes @ centered) ** 2))
    slopes = np.where(np.abs(slopes) > 3 * errors, slopes, 0.0)
    sizes = slopes * np.array([other.difference for other in others]) / found.unit
    largest = int(np.argmax(sizes * np.sign(found.difference)))
    size = float(sizes[largest])
    if not found.explains(size):
        return None
    return Cause(FOLLOWS, f"it follows {others[largest].row.name}, whose own difference carries over {size:+.2f}", size)


def follows_conflict(pulls: PriorPulls, position: int) -> Cause | None:
    """Name a prior in conflict with the data where its effect on the row itself cannot be computed."""
    own = np.where(np.isnan(pulls.shift[position]), np.abs(np.nan_to_num(pulls.own)), 0.0)
    k = int(np.argmax(own))
    if not own[k] > MAX_DIFFERENCE:
        return None
    return Cause(
        FOLLOWS,
        f"the prior of {prior_label(pulls.keys[k])} moves that parameter by {pulls.own[k]:+.2f} se, too far to"
        f" compute what it does here (Pareto k {pulls.pareto_k[k]:.2f})",
    )


def causes(
    found: RowOfDraws,
    position: int,
    pulls: PriorPulls,
    variances: Sequence[RowOfDraws],
    singular: str,
    converged: bool,
    moves: Sequence[HeldCorrelation] = (),
) -> tuple[Cause, ...]:
    """All causes of a row that differs, the largest first.

    Parameters
    ----------
    found : RowOfDraws
    position : int
        The row's place in `pulls`.
    pulls : PriorPulls
    variances : sequence of RowOfDraws
        tau, corr and sigma.
    singular : str
        Why REML's G is singular; empty when it is not.
    converged : bool
        The verdict on the sampler.
    moves : sequence of HeldCorrelation
        As in `boundary_of_another`, for the row.
    """
    named = [*prior_causes(found, pulls, position), *filter(None, (boundary(found, singular), skew(found)))]
    named.sort(key=lambda cause: -abs(cause.size))
    if sum(abs(cause.size) for cause in named) < abs(found.difference) / 2:
        carried = follows(found, variances) if found.row.component in ("gamma", "icc", "share", "beta") else None
        named += filter(None, (carried, boundary_of_another(found, moves)))
    if not named and (cause := follows_conflict(pulls, position)):
        named.append(cause)
    if not converged:
        named.append(Cause(NOT_CONVERGED, "the sampler has not converged"))
    if not named:
        text = "neither a prior, the boundary, skewness nor Monte Carlo error accounts for it"
        named.append(Cause(UNEXPLAINED, text))
    return tuple(named)
