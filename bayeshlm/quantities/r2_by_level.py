"""Shares of the outcome's variance with several groupings: of the fixed part by level, and of each random part."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import chain, rows_of_units
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.level1_variance import level1_variance
from bayeshlm.quantities.predictor_variance import fixed_variance, random_variances

ROWS = "rows"
"""What the level of the rows is called, where another level has the name of its grouping."""


def shares_by_level(posterior: Draws) -> dict[str, FloatArray]:
    """Shares of the variance that a model of several groupings implies, each (chain, draw).

    Parameters
    ----------
    posterior : Draws

    Returns
    -------
    dict of str to array
        ``marginal`` and ``conditional``; ``v[<grouping>]``, the share of each random part, and ``residual``, that of
        level 1, which make 1 with the fixed part. Of nested groupings also
        ``f[<level>]``, the share of the fixed part that varies at the level, and ``explained[<level>]``, how much of
        the level's own variance the fixed part is (NaN where there is none); a level is ``rows`` or a grouping.

    Notes
    -----
    The total is ``f + sum_k v_k + sigma2``: f is the variance of X gamma over rows (divisor N - 1) and
    ``v_k = trace(G_k Z_k'Z_k / N)`` (Nakagawa & Schielzeth 2013; Johnson 2014). ``marginal = f / total``,
    ``conditional = (f + sum v) / total``. Nested groupings split both by level, from the rows outward: of X gamma, and
    of the columns of Z_k, what varies within units of the first grouping belongs to the rows, what varies between its
    units within units of the next to the first grouping, and so on. What does not vary within units of k belongs to k,
    whose effects are independent between its units. The level's variance is the sum of these parts, with sigma2 at the
    rows; with one grouping they are the within and between parts of Rights & Sterba (2019).

    References
    ----------
    Nakagawa & Schielzeth (2013). Methods in Ecology and Evolution 4(2). Johnson (2014). Ibid. 5(9). Rights & Sterba
    (2019). Quantifying explained variance in multilevel models. Psychological Methods 24(3).
    """
    design = posterior.design
    names, order = design.groupings, chain(design)
    f, v = fixed_variance(posterior.gamma, design), random_variances(posterior)
    sigma2 = level1_variance(posterior)
    total = f + np.sum(v, axis=0) + sigma2
    values = {"marginal": f / total, "conditional": (f + np.sum(v, axis=0)) / total}
    if order is None:
        values |= {f"v[{name}]": v[k] / total for k, name in enumerate(names)}
        return values | {"residual": sigma2 / total}
    fixed = _fixed_by_level(posterior, f, order)
    levels = [part.copy() for part in fixed]
    levels[0] += sigma2
    for place, k in enumerate(order):
        for level, part in enumerate(_random_by_level(posterior, v[k], order, place)):
            levels[level] += part
    called = [ROWS, *(names[k] for k in order)]
    values |= {f"f[{name}]": part / total for name, part in zip(called, fixed, strict=True)}
    values |= {f"v[{names[k]}]": v[k] / total for k in order} | {"residual": sigma2 / total}
    with np.errstate(invalid="ignore"):
        parts = zip(called, fixed, levels, strict=True)
        return values | {f"explained[{name}]": part / level for name, part, level in parts}


def definition(design: Design) -> str:
    """What the shares are, in a sentence."""
    nested = "; f and explained by level, explained: of the level's own variance (Rights & Sterba 2019)"
    crossed = "; not by level, because the groupings cross"
    return (
        "shares of f + v + sigma2, the variance that the model implies: marginal f, conditional f + v"
        f"{crossed if chain(design) is None else nested}"
    )


def _fixed_by_level(posterior: Draws, total: FloatArray, order: tuple[int, ...]) -> list[FloatArray]:
    """Variance of X gamma at the rows and at each level of nested groupings."""
    design = posterior.design
    transform = design.products.x_transform
    scaled = np.linalg.solve(transform, posterior.gamma[..., None])[..., 0]
    between = [total]
    for k in order:
        n, means = rows_of_units(design, k), design.moments.x_group_mean[k]
        deviations = (means - np.average(means, axis=0, weights=n)) @ transform
        between.append(((scaled @ deviations.T) ** 2 @ n) / (design.n_obs - 1))
    return _differences([*between, np.zeros_like(total)], total)


def _random_by_level(posterior: Draws, total: FloatArray, order: tuple[int, ...], place: int) -> list[FloatArray]:
    """Variance of the random part of a grouping at the rows and at each level up to its own."""
    design, own = posterior.design, posterior.design.predictor.effects_of(order[place])
    G, between = posterior.G[..., own, own], [total]
    for k in order[: place + 1]:
        n, means = rows_of_units(design, k), design.moments.z_group_mean[k][:, own]
        between.append(np.einsum("...qr,qr->...", G, (means.T * n) @ means / design.n_obs))
    return _differences([*between, np.zeros_like(total)], total)


def _differences(between: list[FloatArray], total: FloatArray) -> list[FloatArray]:
    """What each has more than the next; rounding error is zero."""
    parts = [one - other for one, other in pairwise(between)]
    return [np.where(part > 1e-12 * total, part, 0.0) for part in parts]
