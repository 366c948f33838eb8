"""Ratio of the posterior and the prior density of an expression at a value (Savage & Dickey)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.expressions import Symbol, linear_weights
from bayeshlm.parameters.prior_families import LOG_2PI, Normal
from bayeshlm.parameters.priors import Priors
from bayeshlm.parameters.statements import Statement
from bayeshlm.quantities.diagnostics import diagnose
from bayeshlm.quantities.prior_density import component_prior

PRIOR_DRAWS = 200_000
FEWEST = 20
"""So many draws near the value are needed for a density there."""

MEANING = "density ratio: posterior over prior density at the value, a Bayes factor for =, which depends on the prior"
UNDEFINED = "no density ratio unless the expression is linear in fixed effects, or one SD or correlation alone"
FAR = "no density ratio where fewer than 20 draws are near the value: the data speak against it"
PSEUDO = "no density ratio with sampling weights: the pseudo-posterior has no Bayes factor"


@dataclass(frozen=True, slots=True)
class DensityRatio:
    """Posterior over prior density.

    Attributes
    ----------
    ratio, mcse : float
        NaN where it is not defined; the Monte Carlo error is that of the posterior density.
    note : str
    """

    ratio: float = np.nan
    mcse: float = np.nan
    note: str = ""


def density_ratio(posterior: Draws, priors: Priors, statement: Statement, drawn: FloatArray) -> DensityRatio:
    """Density ratio of an equality; without a ratio for an inequality.

    Parameters
    ----------
    posterior : Draws
    priors : Priors
        What other parameters have as their priors given the equality is what the model says they are, as the
        equality leaves it: the condition of Dickey (1971), Annals of Mathematical Statistics 42, 204-223.
    statement : Statement
    drawn : (chain, draw) array
        Its expression.
    """
    if statement.relation != "=":
        return DensityRatio()
    if posterior.design.weights is not None:
        return DensityRatio(note=PSEUDO)
    prior = _prior_density(posterior, priors, statement)
    if not (np.isfinite(prior) and prior > 0):
        return DensityRatio(note=UNDEFINED)
    positive = isinstance(statement.expression, Symbol) and statement.expression.label.startswith(("tau[", "sigma"))
    density, error = density_at(drawn, statement.value, reflected=positive)
    return DensityRatio(density / prior, error / prior, MEANING if np.isfinite(density) else FAR)


def density_at(drawn: FloatArray, value: float, *, reflected: bool = False) -> tuple[float, float]:
    """Density of draws (chain, draw) at a value, with its Monte Carlo error; NaN where there are too few draws nearby.

    Parameters
    ----------
    drawn : (chain, draw) array
    value : float
    reflected : bool
        The draws are positive, and their density has no slope at 0, as that of an SD.

    Notes
    -----
    A kernel estimate, times what a normal density of the draws' mean and SD loses by the same kernel, so that it has
    no bias where the draws are normal (after Hjort & Glad 1995, Annals of Statistics 23, 882-904); reflected at 0 the
    kernel alone.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(4, 2000))
    >>> density, error = density_at(x, 1.0)
    >>> bool(abs(density - 0.24197) < 3 * error), bool(error < 0.01)
    (True, True)
    """
    mean, sd = float(drawn.mean()), float(drawn.std(ddof=1))
    if not sd > 0:
        return np.nan, np.nan
    width = 1.06 * sd * drawn.size**-0.2
    near = np.abs(drawn - value) < 2 * width
    if reflected:
        near |= np.abs(drawn + value) < 2 * width
    if near.sum() < FEWEST:
        return np.nan, np.nan
    kernel = np.exp(_log_normal(drawn, value, width))
    if reflected:
        kernel += np.exp(_log_normal(drawn, -value, width))
        correction = 1.0
    else:
        smoothed = float(np.hypot(sd, width))
        correction = float(np.exp(_log_normal(value, mean, sd) - _log_normal(value, mean, smoothed)))
    return float(kernel.mean()) * correction, float(diagnose(kernel[None])[3][0]) * correction


def _prior_density(posterior: Draws, priors: Priors, statement: Statement) -> float:
    expression, value = statement.expression, statement.value
    weights = linear_weights(expression, priors.fixed)
    if weights is not None:
        return _gamma_density(priors, weights[:-1], value - float(weights[-1]))
    if not isinstance(expression, Symbol):
        return np.nan
    one = next(one for one in posterior.schema.parameters if one.label == expression.label)
    if one.component not in ("tau", "sigma", "corr"):
        return np.nan
    if one.support == "correlation" and abs(value) >= 1:
        return np.nan
    density = component_prior(priors, posterior.design, one.component, one.effect, np.array([value]))
    return float(density[0])


def _gamma_density(priors: Priors, weights: FloatArray, value: float) -> float:
    """Prior density of ``w' gamma``: that of the coordinates ``C gamma`` with the weights ``C^-T w``."""
    moved = np.linalg.solve(priors.basis.T, weights)
    moved[np.abs(moved) < 1e-12 * np.abs(moved).max()] = 0.0
    used = [(weight, prior) for weight, prior in zip(moved, priors.gamma, strict=True) if weight]
    if len(used) == 1:
        ((weight, prior),) = used
        return float(np.exp(prior.log_density(np.array(value / weight)))) / abs(float(weight))
    if all(isinstance(prior, Normal) for _, prior in used):
        mean = sum(weight * prior.parameters["mu"] for weight, prior in used)
        sd = float(np.sqrt(sum((weight * prior.parameters["sigma"]) ** 2 for weight, prior in used)))
        return float(np.exp(_log_normal(value, mean, sd)))
    rng = np.random.default_rng(0)
    drawn = sum(weight * prior.random(rng, (PRIOR_DRAWS,)) for weight, prior in used[1:])
    weight, prior = used[0]  # the density of the sum is the mean of the first one's density at what the others leave
    density = np.exp(prior.log_density((value - np.asarray(drawn)) / weight))
    return float(density.mean()) / abs(float(weight))


def _log_normal(x: FloatArray | float, mean: float, sd: float) -> FloatArray:
    z = (np.asarray(x) - mean) / sd
    return np.asarray(-0.5 * (LOG_2PI + z * z) - np.log(sd))
