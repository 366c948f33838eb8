"""Intraclass correlation, draw by draw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.level1 import source_column
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations import canonical
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.level1_variance import INSTEAD_OF_SHARES, has_level1_variance, level1_variance
from bayeshlm.quantities.level2_values import finite_number
from bayeshlm.quantities.observed_icc import has_observed_icc, observed_icc
from bayeshlm.quantities.population_moments import population_moments
from bayeshlm.quantities.predictor_variance import fixed_variance
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.slope_values import values_of_slopes
from bayeshlm.quantities.summary import with_interval, with_median
from bayeshlm.quantities.variance_partition import variance_partition


def icc(
    posterior: Draws,
    at: Mapping[str, float] | None = None,
    prob: float = 0.95,
    kind: str = "eti",
) -> Quantity:
    """Intraclass correlation ``v / (v + sigma2)`` of each draw; with several groupings see `variance_partition`.

    Parameters
    ----------
    posterior : Draws
    at : mapping of str to float, optional
        Values of the columns with a random slope, by expression (``"cwc(ses)"``), column (``"ses"``) or
        coefficient (``"b1"``), at which v is taken. Columns not named are at their means over rows.
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.

    Returns
    -------
    Quantity
        Draws ``icc``, ``icc_unadjusted`` and ``design_effect`` (chain, draw), under a link that is not the identity on
        the scale of the predictor, and ``icc_observed``, that of the outcome itself (`observed_icc`); of Beta outcomes
        this one alone. The table has a row for each, and the ``median`` beside the mean.

    Raises
    ------
    OptionError
        `at` names something that has no random slope; or, with several groupings, the outcome's distribution has no
        `level1_variance`.

    Notes
    -----
    ``v = tau_0^2`` with a random intercept only; with random slopes ``v = trace(G Z'Z / N)``, the variance of the
    random part averaged over rows (Johnson 2014), or ``z' G z`` given `at`. The unadjusted ICC adds the
    variance of X gamma over rows to the denominator (Nakagawa, Johnson & Schielzeth 2017). The design effect is
    ``1 + (sum_j n_j^2 / N - 1) ICC`` (Kish 1965, for groups of unequal size). With sampling weights means over rows are
    those of the population, and the design effect, here that of a design without weights, is left out.

    References
    ----------
    Johnson (2014). Extension of Nakagawa & Schielzeth's R2_GLMM to random slopes models. Methods in Ecology and
    Evolution 5(9). Nakagawa, Johnson & Schielzeth (2017). Journal of the Royal Society Interface 14(134).
    """
    design = posterior.design
    design.outcome.require_one_sd("The intraclass correlation", INSTEAD_OF_SHARES)
    if len(design.groupings) > 1:
        return variance_partition(posterior, at, prob, kind)
    v = between_variance(posterior.G, design, at)
    values = {}
    if has_level1_variance(design.outcome):
        sigma2, var_fixed = level1_variance(posterior), fixed_variance(posterior.gamma, design)
        values = {"icc": v / (v + sigma2), "icc_unadjusted": v / (v + var_fixed + sigma2)}
    if has_observed_icc(design.outcome):
        values["icc_observed"] = observed_icc(posterior, v)
    if "icc" in values and design.weights is None:
        size = float(np.sum(np.square(design.n_per_group, dtype=float)) / design.n_obs)
        values["design_effect"] = 1.0 + (size - 1.0) * values["icc"]
    draws = xr.Dataset({name: posterior.labelled(drawn) for name, drawn in values.items()})
    table = pd.concat([with_median(draws[name], prob, kind) for name in draws])
    table.index = pd.Index([str(name) for name in draws], name="quantity")
    return Quantity("icc", draws, with_interval(table, prob, kind), _notes(design, at))


def has_icc(design: Design) -> bool:
    """Whether `icc` has anything: level 1 has one variance, and with groupings it has one at all."""
    if not design.outcome.residuals.one_sd:
        return False
    return len(design.groupings) == 1 or has_level1_variance(design.outcome)


def between_variance(G: FloatArray, design: Design, at: Mapping[str, float] | None) -> FloatArray:
    """Variance between groups, as `icc` defines it, of covariance matrices (..., q, q): array (...)."""
    if at is None:
        return np.asarray(np.einsum("...qr,qr->...", G, population_moments(design).ZtZ))
    if len(design.groupings) > 1:
        z = values_of_slopes(design, at)
    else:
        z = population_moments(design).z_mean.copy()
        for key, value in at.items():
            z[_position(key, design)] = finite_number(key, value)
    return np.asarray(np.einsum("q,...qr,r->...", z, G, z))


def latent_note(design: Design) -> str:
    """That the scale is that of the predictor, and what level 1 is there."""
    outcome = design.outcome
    if outcome.family_name == "StudentT":
        return "level 1 has the variance sigma^2 nu/(nu - 2), infinite where nu is 2 or less"
    if outcome.link == "log":
        variance = {"Gamma": "trigamma(shape)", "Poisson": "log(1 + 1/m)"}.get(
            outcome.family_name, "log(1 + 1/m + 1/phi)"
        )
        mean = "" if outcome.family_name == "Gamma" else ", m the mean count"
        return f"on the scale of the log, where level 1 has the variance {variance}{mean} (Nakagawa et al. 2017)"
    variance = {"logit": "pi^2/3", "probit": "1", "cloglog": "pi^2/6"}[outcome.link]
    return f"on the latent scale of the {outcome.link}, where level 1 has the variance {variance}"


def _position(key: str, design: Design) -> int:
    """Position among the random effects of the column that `key` names."""
    names = [(r, name) for r in range(len(design.random)) for name in sorted(_names(r, design))]
    found = [r for r, name in names if name == key] or [r for r, name in names if name == canonical(key)]
    if len(found) == 1:
        return found[0]
    slopes = [column for column in design.random if column.is_slope]
    choices = ", ".join(f"{column.coefficient} ({column.expression})" for column in slopes)
    if found:
        raise OptionError(f"at={{{key!r}: ...}} could be any of {choices}: name the coefficient")
    has = f"the random slopes are {choices}" if slopes else "no random slope is in the model, so leave `at` out"
    raise OptionError(f"at={{{key!r}: ...}} names no column with a random slope; {has}")


def _names(r: int, design: Design) -> set[str]:
    """What a user may call the column of a random slope: its expression, coefficient, effect or only column."""
    random = design.random[r]
    if random.is_intercept:
        return set()
    names = {random.expression, random.coefficient, random.label}
    column = source_column(design, random.coefficient)
    if column is not None:
        names.add(column)
    return names


def _notes(design: Design, at: Mapping[str, float] | None) -> tuple[str, ...]:
    notes, outcome = [], design.outcome
    if not outcome.is_normal and has_level1_variance(outcome):
        notes.append(latent_note(design))
    if has_observed_icc(outcome):
        notes.append("observed: of the outcome itself, at the mean predictor (Goldstein, Browne & Rasbash 2002)")
    if has_level1_variance(outcome) and not all(column.is_intercept for column in design.fixed):
        notes.append("conditional on the predictors; the unadjusted ICC counts their variance in the total")
    if at is not None:
        notes.append("between-group variance at the given values, the other random slopes' columns at their means")
    elif any(column.is_slope for column in design.random):
        over = "rows" if design.weights is None else "the population, by the weights of the rows"
        notes.append(f"between-group variance averaged over {over} (Johnson 2014)")
    return tuple(notes)
