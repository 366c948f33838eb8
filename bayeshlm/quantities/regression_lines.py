"""Regression lines on one level-1 variable: the average group's, draw by draw, and those of the groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayeshlm.design.above_level1 import AboveLevel1, above_level1
from bayeshlm.design.cell_sums import together
from bayeshlm.design.centering import first_rows
from bayeshlm.design.design import Design
from bayeshlm.design.level1 import level1_column
from bayeshlm.design.nested_groupings import containing
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.coefficient_draws import group_moments
from bayeshlm.parameters.draws import Draws


@dataclass(frozen=True, eq=False, slots=True)
class GroupRegressions:
    """The groups' lines at the posterior means of their coefficients.

    Attributes
    ----------
    x, y : (J, 2) arrays
        Both ends of each line: the smallest and the largest x of the group, and the expected outcome there; NaN where
        a sample of rows has none of the group.
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
    a = np.repeat(expression_means(design, coefficient)[None], len(x), axis=0)
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
    of = design.only if grouping is None else grouping
    low, high, codes = _extremes(design, coefficient, of)
    ends = np.empty((len(beta), 2))
    ends[:, 0], ends[:, 1] = np.inf, -np.inf
    np.minimum.at(ends[:, 0], codes, low)
    np.maximum.at(ends[:, 1], codes, high)
    ends[ends[:, 0] > ends[:, 1]] = np.nan
    a = expression_means(design, coefficient)
    a[position] = 0.0
    return GroupRegressions(ends, (beta @ a + design.moments.offset_mean)[:, None] + beta[:, [position]] * ends)


def _extremes(design: Design, coefficient: str, grouping: int) -> tuple[FloatArray, FloatArray, IntArray]:
    """Smallest and largest value of an expression in parts of the rows, and their groups.

    The parts are rows, or the cells of rows in a database, which told the extremes of what random slopes multiply.
    """
    names = [column.coefficient for column in design.random]
    if design.summed is not None and coefficient in names:
        sums, columns = design.summed.sums, together(design.summed.columns.Z)
        low, high = (ends[:, 0] for ends in columns.one(names.index(coefficient)).extremes_of_cells(sums))
        return low, high, sums.codes[grouping]
    values = expression_values(design, coefficient)
    return values, values, design.kept_rows.codes[grouping]


def posterior_means(posterior: Draws) -> FloatArray:
    """Posterior means of the coefficients of every group, (J, C), from draws of beta or else from their moments."""
    if posterior.has_groups:
        return np.asarray(posterior.beta.mean(axis=(0, 1)))
    design = posterior.design
    mean = group_moments(posterior)["beta_mean"].sel(coefficient=design.coefficient_labels)
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
    codes = design.cells.codes
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
        raise no_line(coefficient)
    return values


def no_line(coefficient: str) -> OptionError:
    """The error of a coefficient whose expression is no column."""
    return OptionError(
        f"{coefficient} has neither an intercept nor a random effect in its level-2 line, so that there is no line"
        " to draw along its expression"
    )


def expression_means(design: Design, coefficient: str) -> FloatArray:
    """Mean over rows of every level-1 expression but that of `coefficient`, which may be anything, (C,)."""
    labels, moments = design.coefficient_labels, design.moments
    found = {column.coefficient: float(moments.z_mean[r]) for r, column in reversed(list(enumerate(design.random)))}
    found |= {
        column.coefficient: float(moments.x_mean[k])
        for k, column in reversed(list(enumerate(design.fixed)))
        if column.term == "1"
    }
    found[coefficient] = 0.0
    for label in labels:
        if label not in found:
            raise no_line(label)
    return np.array([found[label] for label in labels])
