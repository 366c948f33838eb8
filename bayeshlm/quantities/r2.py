"""Variance explained, draw by draw: shares of the model's own total, and reduction from a null model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.same_sums import difference_of_sums
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.without_weights import refuse_weights
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.icc import latent_note
from bayeshlm.quantities.level1_variance import level1_variance
from bayeshlm.quantities.predictor_variance import fixed_variance
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.r2_by_level import definition, shares_by_level
from bayeshlm.quantities.summary import summarize, with_interval

REDUCTION = "reduction"
"""Variable of the draws, and beginning of the table's rows, of the proportions reduced from a null model."""


@dataclass(frozen=True, eq=False)
class Parts:
    """The variance of the outcome that a model implies, in five parts, each (chains, draws).

    Attributes
    ----------
    f1, f2 : arrays
        Of X gamma, within groups and between the groups' means.
    v, m : arrays
        Of Z u, within groups and between the groups' means, averaged over rows.
    sigma2 : array
        Of level 1, as `level1_variance` defines it.
    """

    f1: FloatArray
    f2: FloatArray
    v: FloatArray
    m: FloatArray
    sigma2: FloatArray

    @property
    def within(self) -> FloatArray:
        """Variance within groups."""
        return self.f1 + self.v + self.sigma2

    @property
    def between(self) -> FloatArray:
        """Variance between the groups' means."""
        return self.f2 + self.m

    @property
    def total(self) -> FloatArray:
        """All of it."""
        return self.within + self.between


def r2(
    posterior: Draws,
    null: tuple[xr.Dataset, Design] | None = None,
    prob: float = 0.95,
    kind: str = "eti",
) -> Quantity:
    """Share of the outcome's variance that the model explains, in each draw.

    Parameters
    ----------
    posterior : Draws
    null : (xarray.Dataset, Design), optional
        The posterior (or one draw of estimates) and the design of a smaller model of the same rows, from whose
        variances the reduction is taken.
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.

    Returns
    -------
    Quantity
        Draws (chain, draw) of ``marginal``, ``fv``, ``conditional``; of the shares ``f1``, ``f2``, ``v``, ``m`` and
        ``residual`` of the total, whose sum is 1; of ``within_f1``, ``within_v``, ``within_residual``, the shares of
        the variance within groups, and ``within_f1v``; of ``between_f2`` and ``between_m``, those of the variance
        between the groups' means (NaN where there is none). With `null` also ``reduction`` (chain, draw, component),
        component ``sigma2`` or ``tau2[u0]``. The table has a row for each. With several groupings the shares are those
        of `bayeshlm.quantities.r2_by_level`.

    Raises
    ------
    OptionError
        `null` is a model of other rows, or the outcome's distribution has no `level1_variance`: where the level-1 SDs
        are known, or have an equation, there are reductions alone.

    Notes
    -----
    The total is ``f1 + f2 + v + m + sigma2``: f1 and f2 are the variance of X gamma over rows (divisor N - 1) within
    groups and between the groups' means; ``v + m = trace(G Z'Z / N)``, where m is that of the groups' means of Z. Then
    ``marginal = (f1 + f2) / total``, ``fv = (f1 + f2 + v) / total`` and ``conditional = (f1 + f2 + v + m) / total``
    (Nakagawa & Schielzeth 2013, with random slopes Johnson 2014); with the shares and the residuals they are the
    measures of Rights & Sterba (2019), whose predictors are centered within groups: then v belongs to the slopes and m
    is tau_0^2. ``conditional - marginal`` is the unadjusted ICC.
    Of outcomes that are not normal all are on the scale of the predictor, where `level1_variance` is sigma2 (Nakagawa,
    Johnson & Schielzeth 2017, J. Royal Society Interface 14(134)).

    Reduction is Raudenbush & Bryk's (2002, chapter 4) ``1 - sigma2 / sigma2_null``, likewise of tau2 of each effect
    that both models have. It may be negative. The null model's variance is its posterior mean: a ratio to its draws
    would have no mean where they come near zero, as those of a slope's variance do. The interval therefore holds the
    uncertainty of this model's variance, not of the null model's.

    References
    ----------
    Nakagawa & Schielzeth (2013). Methods in Ecology and Evolution 4(2). Johnson (2014). Ibid. 5(9). Rights & Sterba
    (2019). Quantifying explained variance in multilevel models. Psychological Methods 24(3).
    """
    design = posterior.design
    refuse_weights(
        design,
        "The variance explained",
        "the variances of the predictors are those of the sample, not of the population",
    )
    if not design.outcome.residuals.one_sd and null is not None:
        values: dict[str, FloatArray] = {}
    else:
        values = shares(posterior) if len(design.groupings) == 1 else shares_by_level(posterior)
    draws = xr.Dataset({name: posterior.labelled(value) for name, value in values.items()})
    tables = [summarize(draws[name], prob, kind) for name in draws]
    index = [str(name) for name in draws]
    if null is not None:
        reduction = reduced(posterior, *null)
        draws[REDUCTION] = reduction
        tables.append(summarize(reduction, prob, kind))
        index += [f"{REDUCTION} {component}" for component in reduction["component"].to_numpy()]
    table = pd.concat(tables)
    table.index = pd.Index(index, name="quantity")
    return Quantity("r2", draws, with_interval(table, prob, kind), _notes(design, null is not None))


def shares(posterior: Draws) -> dict[str, FloatArray]:
    """The shares of a model with one grouping at each draw, by the names that `r2` states."""
    parts = variance_parts(posterior)
    with np.errstate(invalid="ignore"):
        return {
            "marginal": (parts.f1 + parts.f2) / parts.total,
            "fv": (parts.f1 + parts.f2 + parts.v) / parts.total,
            "conditional": (parts.f1 + parts.f2 + parts.v + parts.m) / parts.total,
            **{name: getattr(parts, name) / parts.total for name in ("f1", "f2", "v", "m")},
            "residual": parts.sigma2 / parts.total,
            "within_f1": parts.f1 / parts.within,
            "within_v": parts.v / parts.within,
            "within_f1v": (parts.f1 + parts.v) / parts.within,
            "within_residual": parts.sigma2 / parts.within,
            "between_f2": parts.f2 / parts.between,
            "between_m": parts.m / parts.between,
        }


def variance_parts(posterior: Draws) -> Parts:
    """The five parts of the outcome's variance at each draw; parameters as in `r2`."""
    design = posterior.design
    gamma = posterior.gamma
    G = posterior.G
    n = design.n_per_group
    (x_means,), (z_means,) = design.moments.x_group_mean, design.moments.z_group_mean
    # In the scaled coordinates of the cross-products, where columns of very different sizes lose no digits.
    transform = design.cross_products.x_transform
    deviations = (x_means - np.average(x_means, axis=0, weights=n)) @ transform
    scaled = np.linalg.solve(transform, gamma[..., None])[..., 0]
    f2 = ((scaled @ deviations.T) ** 2 @ n) / (design.n_obs - 1)
    m = np.einsum("...qr,qr->...", G, (z_means.T * n) @ z_means / design.n_obs)
    random = np.einsum("...qr,qr->...", G, design.moments.ZtZ)
    f1, f2 = _split(fixed_variance(gamma, design), f2)
    v, m = _split(random, m)
    return Parts(f1, f2, v, m, level1_variance(posterior))


def reduced(posterior: Draws, null_posterior: xr.Dataset, null_design: Design) -> xr.DataArray:
    """Proportion by which each variance is smaller than in a null model, (chain, draw, component).

    Raises
    ------
    OptionError
        The null model is one of other rows.
    """
    design = posterior.design
    _check_same_rows(design, null_design)
    variances = _variances(posterior)
    null_variances = _variances(Draws(null_posterior, null_design))
    names, values = [], []
    for key, (name, own) in variances.items():
        if key in null_variances:
            names.append(name)
            with np.errstate(divide="ignore", invalid="ignore"):
                values.append(1.0 - own / null_variances[key][1].mean())
    return posterior.labelled(np.stack(values, axis=-1), ("component",), {"component": names}, REDUCTION)


def _variances(posterior: Draws) -> dict[tuple[str, str, str], tuple[str, FloatArray]]:
    """Name and draws of each variance, by what varies where: an expression and, of several columns, its label."""
    design = posterior.design
    has_sigma = design.outcome.has_sigma
    found = {("", "", ""): ("sigma2", posterior.sigma2)} if has_sigma else {}
    grouping_of = [term.grouping for term in design.predictor.random for _ in term.columns]
    for k, column in enumerate(design.random):
        key = (grouping_of[k], column.expression, column.label.removeprefix(column.symbol))
        found[key] = (f"tau2[{column.label}]", posterior.tau[..., k] ** 2)
    return found


def _check_same_rows(design: Design, null: Design) -> None:
    if len(design.groupings) == len(null.groupings) == 1:
        pairs = [(0, 0)]
    else:
        pairs = [(k, null.groupings.index(name)) for k, name in enumerate(design.groupings) if name in null.groupings]
    same = bool(pairs) and design.n_obs == null.n_obs
    if same and (design.rows is None or null.rows is None):
        same = not difference_of_sums(design, null, pairs)
    elif same:
        same = np.array_equal(design.y, null.y) and all(
            design.predictor.random[k].labels.equals(null.predictor.random[m].labels)
            and np.array_equal(design.kept_rows.codes[k], null.kept_rows.codes[m])
            for k, m in pairs
        )
    if not same:
        theirs, own = (" and ".join(str(len(term.labels)) for term in one.predictor.random) for one in (null, design))
        raise OptionError(
            f"the null model is one of other rows ({null.n_obs} rows in {theirs} groups, this model"
            f" {design.n_obs} in {own}): fit it to the same outcome and the same rows. Where a predictor"
            " misses values, drop those rows from the data of both."
        )


def _split(total: FloatArray, between: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What is within and what is between groups; a part that is rounding error is zero."""
    within = total - between
    least = 1e-12 * total
    return np.where(within > least, within, 0.0), np.where(between > least, between, 0.0)


def _notes(design: Design, reduction: bool) -> tuple[str, ...]:
    notes = []
    if design.outcome.residuals.one_sd:
        notes.append(
            "shares of f1 + f2 + v + m + sigma2, the variance that the model implies (Rights & Sterba 2019); marginal"
            " f1 + f2, conditional f1 + f2 + v + m"
            if len(design.groupings) == 1
            else definition(design)
        )
    if not design.outcome.is_normal:
        notes.append(latent_note(design))
    if design.spec.offsets:
        notes.append("of the outcome less its offset" if design.outcome.is_normal else "without the offset")
    if reduction:
        notes.append("reduction: 1 - variance / variance of the null model (Raudenbush & Bryk 2002); may be negative")
    return tuple(notes)
