"""Regression lines on one level-1 variable: the average group's, draw by draw, and those of the groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayeshlm.design.above_level1 import AboveLevel1, above_level1
from bayeshlm.design.centering import first_rows
from bayeshlm.design.design import Design
from bayeshlm.design.level1 import level1_column
from bayeshlm.design.nested_groupings import containing
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws


@dataclass(frozen=True, eq=False, slots=True)
class GroupRegressions:
    """The groups' lines at the posterior means of their coefficients.

    Attributes
    ----------
    x, y : (J, 2) arrays
        Both ends of each line: the smallest and the largest x of the group, and the expected outcome there.
    """

    x: FloatArray
    y: FloatArray


def average_lines(posterior: Draws, coefficient: str, x: FloatArray, rows: FloatArray) -> xr.DataArray:
    """Expected outcome of an average group (u = 0) along a level-1 expression, in each draw.

    Parameters
    ----------
    posterior : Draws
    coefficient : str
        Label of the coefficient whose expression runs along `x`.
    x : (n,) array
        Values of the expression.
    rows : (V, C, p) array
        Rows of W, as `bayeshlm.quantities.level2_variables.level2_rows` makes them.

    Returns
    -------
    xarray.DataArray
        (chain, draw, row, x): ``sum_c a_c W_c gamma`` plus the mean offset, where a is the vector of the level-1
        expressions, the others at their means over rows.
    """
    design = posterior.design
    position = design.coefficient_labels.index(coefficient)
    a = np.repeat(_means(design, coefficient)[None], len(x), axis=0)
    a[:, position] = x
    weights = np.einsum("nc,vcp->vnp", a, rows)
    values = np.einsum("sdp,vnp->sdvn", posterior.gamma, weights, optimize=True) + design.moments.offset_mean
    return posterior.labelled(values, ("row", "x"), {"x": x}, "expected")


def group_regressions(
    design: Design, coefficient: str, beta: FloatArray, grouping: int | None = None
) -> GroupRegressions:
    """Line of each group over the range of its own rows.

    Parameters
    ----------
    design : Design
    coefficient : str
        Label of the coefficient whose expression runs along x.
    beta : (J, C) array
        Level-1 coefficients of the groups, such as their posterior means.
    grouping : int, optional
        Position of their grouping; of the only one by default.
    """
    position = design.coefficient_labels.index(coefficient)
    values = expression_values(design, coefficient)
    codes = design.kept_rows.codes[design.only if grouping is None else grouping]
    ends = np.empty((len(beta), 2))
    ends[:, 0], ends[:, 1] = np.inf, -np.inf
    np.minimum.at(ends[:, 0], codes, values)
    np.maximum.at(ends[:, 1], codes, values)
    a = _means(design, coefficient)
    a[position] = 0.0
    return GroupRegressions(ends, (beta @ a + design.moments.offset_mean)[:, None] + beta[:, [position]] * ends)


def posterior_means(posterior: Draws) -> FloatArray:
    """Posterior means of the coefficients of every group, (J, C), from draws of beta or else from their moments."""
    if posterior.moments is None:
        return np.asarray(posterior.beta.mean(axis=(0, 1)))
    design = posterior.design
    mean = posterior.moments["beta_mean"].sel(coefficient=design.coefficient_labels)
    return np.asarray(mean.transpose(design.group, "coefficient").to_numpy())


def level1_means(posterior: Draws, grouping: int) -> FloatArray:
    """Posterior means of the level-1 coefficients of every group of a grouping, (J, C).

    Of several groupings the effects of those that the grouping is not nested in are zero, and terms that vary within
    its groups are at their means over the units that they are measured in: what an average row of the group has.
    """
    design = posterior.design
    if len(design.groupings) == 1:
        return posterior_means(posterior)
    labels, n_groups = design.coefficient_labels, len(design.predictor.random[grouping].labels)
    codes = design.kept_rows.codes
    first = first_rows(codes[grouping], n_groups)
    x_factors, z_factors = above_level1(design)
    beta = np.zeros((n_groups, len(labels)))
    for k, (column, factor) in enumerate(zip(design.fixed, x_factors, strict=True)):
        gamma = float(posterior.gamma[..., k].mean())
        beta[:, labels.index(column.coefficient)] += gamma * _or_mean(factor, design, grouping)
    for position in (grouping, *containing(design, grouping)):
        own = design.predictor.effects_of(position)
        means = posterior.u_of(position).mean(axis=(0, 1))[codes[position][first]]
        for effect, factor, u in zip(design.random[own], z_factors[own], means.T, strict=True):
            beta[:, labels.index(effect.path[0])] += _or_mean(factor, design, grouping) * u
    return beta


def _or_mean(factor: AboveLevel1, design: Design, grouping: int) -> FloatArray | float:
    """A factor in the units of a grouping, or its mean where it varies within them."""
    values = factor.in_units(design, grouping)
    return float(factor.numbers.mean()) if values is None else values


def expression_values(design: Design, coefficient: str) -> FloatArray:
    """Values of the expression of a coefficient, (N,).

    Raises
    ------
    OptionError
        It stands in the model only in products with level-2 terms.
    """
    values = level1_column(design, coefficient)
    if values is None:
        raise OptionError(
            f"{coefficient} has neither an intercept nor a random effect in its level-2 line, so that there is no line"
            " to draw along its expression"
        )
    return values


def _means(design: Design, coefficient: str) -> FloatArray:
    """Mean over rows of every level-1 expression but that of `coefficient`, which may be anything, (C,)."""
    labels = design.coefficient_labels
    return np.array([0.0 if c == coefficient else float(expression_values(design, c).mean()) for c in labels])
