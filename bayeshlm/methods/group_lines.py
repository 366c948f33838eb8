"""A line of its own for every group, by least squares; what they are when all are averaged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.centering import GroupMeans
from bayeshlm.design.design import Design
from bayeshlm.design.gram import gram_roots, mean_squares
from bayeshlm.design.level1 import level1_column
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.methods.least_squares import LinearEstimates, independent_columns
from bayeshlm.methods.slope import Slope


@dataclass(frozen=True, eq=False, slots=True)
class GroupLines:
    """Least-squares coefficients of every group.

    Attributes
    ----------
    labels : tuple of str, (c,)
        Coefficients; the first one is the intercept, under its name in the model or as ``(Intercept)``.
    used : ndarray, (J,)
        Groups whose rows determine all their coefficients.
    coef : ndarray, (J, c)
        Coefficients; NaN in the other groups.
    unscaled : ndarray, (J, c, c)
        ``(A_j'A_j)^-1``; NaN in the other groups.
    rss : float
        Sum of squared residuals of the groups used.
    df : int
        Their rows less their coefficients.
    """

    labels: tuple[str, ...]
    used: NDArray[np.bool_]
    coef: FloatArray
    unscaled: FloatArray
    rss: float
    df: int


def group_lines(design: Design, slope: Slope) -> GroupLines:
    """Regress the outcome on the level-1 variables, in each group by itself.

    Raises
    ------
    DataError
        When no group has enough rows.
    """
    names, columns = _level1_columns(design, slope)
    codes, n_groups, n = design.group_codes, design.n_groups, design.n_per_group
    learned = GroupMeans.learn(np.column_stack([columns, design.y - design.offset]), codes, n_groups)
    centered = learned.deviations(np.column_stack([columns, design.y - design.offset]), codes)
    kept = independent_columns(centered[:, :-1], size=np.sqrt(np.einsum("ik,ik->k", columns, columns)))
    names, centered = [names[k] for k in kept], centered[:, [*kept, -1]]
    means = learned.means[:, [*kept, -1]]
    k = len(kept)
    products = np.empty((n_groups, k + 1, k + 1))
    for a in range(k + 1):
        for b in range(a + 1):
            summed = np.bincount(codes, weights=centered[:, a] * centered[:, b], minlength=n_groups)
            products[:, a, b] = products[:, b, a] = summed
    S, s = products[:, :k, :k], products[:, :k, k]
    roots = gram_roots(S, n, mean_squares(S, n))
    used = roots.full & (n > k)
    if not used.any():
        raise DataError(
            f"No group has enough rows for a line of its own: {k + 1} coefficients ({', '.join(names)} and an "
            f"intercept) are estimated in each, and the largest group has {int(n.max())} rows."
        )
    inverse = roots.whiten[used].transpose(0, 2, 1) @ roots.whiten[used]
    slopes = np.einsum("jab,jb->ja", inverse, s[used])
    coef = np.full((n_groups, k + 1), np.nan)
    coef[used, 1:] = slopes
    coef[used, 0] = means[used, k] - np.einsum("ja,ja->j", means[used, :k], slopes)
    lean = np.einsum("jab,jb->ja", inverse, means[used, :k])
    unscaled = np.full((n_groups, k + 1, k + 1), np.nan)
    unscaled[used, 1:, 1:] = inverse
    unscaled[used, 0, 1:] = unscaled[used, 1:, 0] = -lean
    unscaled[used, 0, 0] = 1 / n[used] + np.einsum("ja,ja->j", means[used, :k], lean)
    left = products[used, k, k] - np.einsum("ja,ja->j", slopes, s[used])
    intercept = next((c.label for c in design.coefficients if c.expression == "1"), "(Intercept)")
    return GroupLines(
        labels=(intercept, *names),
        used=used,
        coef=coef,
        unscaled=unscaled,
        rss=float(np.maximum(left, 0).sum()),
        df=int(n[used].sum() - used.sum() * (k + 1)),
    )


def average_lines(design: Design, lines: GroupLines) -> LinearEstimates:
    """Level-2 equations fitted to the groups' lines with equal weights, the groups taken as fixed.

    With an indicator as level-2 variable this is the difference of the averages of two sets of groups. The standard
    errors come from the residual variance within groups alone, so that they hold for new rows of these groups.

    Returns
    -------
    LinearEstimates
        A value a fixed effect of the coefficients in `lines`; ``df`` is that of the pooled residual variance.

    Raises
    ------
    DataError
        When the groups that have a line of their own do not determine a level-2 equation, or leave no degrees of
        freedom.
    """
    if lines.df <= 0:
        raise DataError("The groups' own lines leave no residual variance: they have as many coefficients as rows.")
    used = lines.used
    labels: list[str] = []
    weights: list[FloatArray] = []
    of: list[int] = []
    for position, coefficient in enumerate(lines.labels):
        names, W = level2_columns(design, coefficient)
        if not names:
            continue
        inverse = np.linalg.pinv(W[used])
        if len(independent_columns(W[used])) < len(names):
            raise DataError(f"The groups with a line of their own do not determine {', '.join(names)}.")
        labels += names
        weights += list(inverse)
        of += [position] * len(names)
    C = np.array(weights)
    coef = np.einsum("kj,jk->k", C, lines.coef[used][:, of])
    shared = lines.unscaled[used][:, of][:, :, of]
    vcov = lines.rss / lines.df * np.einsum("kj,lj,jkl->kl", C, C, shared)
    return LinearEstimates(tuple(labels), coef, vcov, lines.df)


def level2_columns(design: Design, coefficient: str) -> tuple[list[str], FloatArray]:
    """Fixed effects of a coefficient's level-2 line: their labels, and their values, (J, m)."""
    if coefficient not in design.coefficient_labels:
        return [], np.empty((design.n_groups, 0))
    own = [k for k, column in enumerate(design.fixed) if column.coefficient == coefficient]
    values = design.W[:, own]
    return [design.fixed[k].label for k in own], values


def _level1_columns(design: Design, slope: Slope) -> tuple[list[str], FloatArray]:
    """The level-1 expressions but the constant, that of the slope first: their coefficients, and (N, k)."""
    order = sorted(design.coefficients, key=lambda column: column.label != slope.coefficient)
    names: list[str] = []
    columns: list[FloatArray] = []
    for coefficient in order:
        if coefficient.expression == "1":
            continue
        values = level1_column(design, coefficient.label)
        if values is None:
            raise DataError(
                f"{coefficient.label} has neither an intercept nor a random effect in its level-2 line, so that no "
                "group can have a value of its own."
            )
        columns.append(values)
        names.append(coefficient.label)
    return names, np.column_stack(columns)
