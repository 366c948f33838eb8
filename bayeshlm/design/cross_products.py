"""Cross-products of the design, group by group: all that the marginal likelihood needs of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.known_covariance import KnownCovariance
from bayeshlm.design.scaling import CHUNK_ROWS, FloatArray, IntArray, ScaledColumns, column_moments


@dataclass(frozen=True, slots=True, eq=False)
class CrossProducts:
    """Sums over the rows of each group j of ``Zs = Z S``, ``Xs = X T`` and ``ys = y - offset - X ols``.

    The transforms keep float64 exact enough whatever the columns' means and scales. Effects of the
    transformed columns map back by ``gamma = ols + T gamma_s``, ``u = S u_s`` and ``G = S G_s S'``.

    Attributes
    ----------
    n : (J,) array of int
        Rows of each group.
    ZtZ : (J, q, q) array
        ``Zs_j' Zs_j``.
    ZtX : (J, q, p) array
        ``Zs_j' Xs_j``.
    Zty : (J, q) array
        ``Zs_j' ys_j``.
    XtX : (J, p, p) array
        ``Xs_j' Xs_j``.
    Xty : (J, p) array
        ``Xs_j' ys_j``.
    yty : (J,) array
        ``ys_j' ys_j``.
    ols : (p,) array
        Least squares fit of ``y - offset`` on X, in the units of X, weighted as the rows are.
    x_transform : (p, p) array
        T: centers the columns of X by the intercept column, where there is one, and scales them to SD 1.
    z_transform : (q, q) array
        S: the same for Z; centers only columns whose effect may covary with the intercept's.
    weight : (J,) array or None
        Sum of the weights of the rows in each group, which multiply each product: ``Zs_j' W_j Zs_j``.
    log_sd : (J,) array or None
        Where the level-1 SDs are known, the sum of their logarithms over the rows of each group: the rows then count
        for one over their variance, sigma is 1, and nothing of it is estimated.
    """

    n: IntArray
    ZtZ: FloatArray
    ZtX: FloatArray
    Zty: FloatArray
    XtX: FloatArray
    Xty: FloatArray
    yty: FloatArray
    ols: FloatArray
    x_transform: FloatArray
    z_transform: FloatArray
    weight: FloatArray | None = None
    log_sd: FloatArray | None = None

    @property
    def counts(self) -> FloatArray:
        """What the rows of each group count together, (J,): their number, or the sum of their weights."""
        return self.n.astype(np.float64) if self.weight is None else self.weight


def cross_products(
    y: FloatArray,
    X: FloatArray,
    Z: FloatArray,
    group_codes: IntArray,
    n_groups: int,
    *,
    x_intercept: int | None = None,
    z_intercept: int | None = None,
    z_centered: Sequence[int] = (),
    row_weights: FloatArray | None = None,
    covariance: KnownCovariance | None = None,
) -> CrossProducts:
    """Form the per-group cross-products; rows are read in chunks, so memory is a few vectors of length N.

    Parameters
    ----------
    y : (N,) array
        Outcome minus offset.
    X, Z : (N, p) and (N, q) arrays
        Columns of the fixed and the random effects.
    group_codes : (N,) array of int
        Group of each row, 0 to ``n_groups - 1``.
    n_groups : int
        Number of groups J.
    x_intercept, z_intercept : int or None
        Position of the column of ones in X and in Z.
    z_centered : sequence of int
        Columns of Z that may be centered by its intercept (same independent block of G).
    row_weights : (N,) array, optional
        What each row counts for in every sum but `CrossProducts.n`; 1 by default.
    covariance : KnownCovariance, optional
        In the place of weights, of rows that are correlated within groups: the sums are those of white rows, ``L^-1``
        times the columns. All rows are then read at once.

    Examples
    --------
    >>> ones = np.ones((4, 1))
    >>> cp = cross_products(np.array([1.0, 3.0, 5.0, 7.0]), ones, ones, np.array([0, 0, 1, 1]), 2,
    ...                     x_intercept=0, z_intercept=0)
    >>> cp.ols, cp.Zty.ravel(), cp.yty
    (array([4.]), array([-4.,  4.]), array([10., 10.]))
    """
    rows = TransformedRows.of(y, X, Z, x_intercept, z_intercept, tuple(z_centered), row_weights, covariance)
    order = sorting_order(group_codes)
    n_random, n_fixed = Z.shape[1], X.shape[1]
    last = n_random + n_fixed
    pairs = [(a, b) for a in range(last + 1) for b in range(a, last + 1)]
    distinct = {tuple(sorted((rows.same[a], rows.same[b]))): None for a, b in pairs}
    sums = {pair: np.zeros(n_groups) for pair in distinct}
    step = CHUNK_ROWS if covariance is None else len(y)
    for start in range(0, len(y), step):
        window = slice(start, start + step)
        index = window if order is None else order[window]
        codes = group_codes[index]
        starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        groups = codes[starts]
        columns = rows.columns(index) if covariance is None else rows.white_columns(index, covariance)
        for (a, b), total in sums.items():
            products = columns[a] * columns[b]
            if row_weights is not None:
                products *= row_weights[index]
            total[groups] += np.add.reduceat(products, starts)

    full = np.empty((n_groups, last + 1, last + 1))
    for a, b in pairs:
        first, second = sorted((rows.same[a], rows.same[b]))
        full[:, a, b] = full[:, b, a] = sums[first, second]
    z, x = slice(0, n_random), slice(n_random, last)
    return CrossProducts(
        n=np.bincount(group_codes, minlength=n_groups).astype(np.int64),
        ZtZ=np.ascontiguousarray(full[:, z, z]),
        ZtX=np.ascontiguousarray(full[:, z, x]),
        Zty=np.ascontiguousarray(full[:, z, last]),
        XtX=np.ascontiguousarray(full[:, x, x]),
        Xty=np.ascontiguousarray(full[:, x, last]),
        yty=np.ascontiguousarray(full[:, last, last]),
        ols=rows.ols,
        x_transform=rows.x.transform,
        z_transform=rows.z.transform,
        weight=None if row_weights is None else np.bincount(group_codes, row_weights, n_groups),
    )


def sorting_order(group_codes: IntArray) -> IntArray | None:
    """Stable order that sorts the rows by group; None when they are sorted already.

    Examples
    --------
    >>> sorting_order(np.array([1, 0, 1]))
    array([1, 0, 2])
    """
    if bool(np.all(group_codes[1:] >= group_codes[:-1])):
        return None
    small = group_codes.astype(np.min_scalar_type(int(group_codes.max())))  # 16 bits or less: radix sort
    return np.argsort(small, kind="stable").astype(np.int64, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class TransformedRows:
    """Columns of ``[Z S, X T, y - X ols]``, made chunk by chunk; `same` names the column that each one equals."""

    x: ScaledColumns
    z: ScaledColumns
    y: FloatArray
    y_shift: float
    slopes: FloatArray
    ols: FloatArray
    same: tuple[int, ...]

    @classmethod
    def of(
        cls,
        y: FloatArray,
        X: FloatArray,
        Z: FloatArray,
        x_intercept: int | None,
        z_intercept: int | None,
        z_centered: tuple[int, ...],
        row_weights: FloatArray | None,
        covariance: KnownCovariance | None = None,
    ) -> TransformedRows:
        """Find the transforms, and least squares of y; arguments as those of `cross_products`."""
        x = ScaledColumns.of(X, column_moments(X), x_intercept, range(X.shape[1]) if x_intercept is not None else ())
        z = ScaledColumns.of(Z, column_moments(Z), z_intercept, z_centered if z_intercept is not None else ())
        y_shift = 0.0 if x_intercept is None else float(column_moments(y[:, None])[0][0])
        n_random, n_fixed = Z.shape[1], X.shape[1]
        slopes = least_squares(x, y, y_shift, row_weights, covariance)
        ols = x.transform @ slopes
        if x_intercept is not None:
            ols[x_intercept] += y_shift
        twins = [next((n_random + k for k in range(n_fixed) if x.equal(k, z, a)), a) for a in range(n_random)]
        same = (*twins, *range(n_random, n_random + n_fixed + 1))
        return cls(x, z, y, y_shift, slopes, ols, same)

    def columns(self, index: slice | IntArray) -> list[FloatArray]:
        """Contiguous columns of some rows: Z S, X T, residual; Z S is left out where X T has it all."""
        x = self.x.rows(index)
        n_random = self.z.source.shape[1]
        repeated = all(self.same[a] != a for a in range(n_random))
        z = np.empty((n_random, 0)) if repeated else self.z.rows(index)
        residual = (self.y[index] - self.y_shift) - self.slopes @ x
        return [*z, *x, residual]

    def white_columns(self, index: slice | IntArray, covariance: KnownCovariance) -> list[FloatArray]:
        """`columns` of all rows, in the order of `index`, times ``L^-1``."""
        every = self.columns(slice(None))
        return [covariance.whitened(column)[index] if len(column) else column for column in every]


def least_squares(
    x: ScaledColumns,
    y: FloatArray,
    y_shift: float,
    row_weights: FloatArray | None = None,
    covariance: KnownCovariance | None = None,
) -> FloatArray:
    """Least squares of y on the scaled columns: normal equations, refined once from the residuals."""
    step = CHUNK_ROWS if covariance is None else len(y)
    n_fixed = x.source.shape[1]
    gram, slopes = np.zeros((n_fixed, n_fixed)), np.zeros(n_fixed)
    for refinement in (False, True):
        moments = np.zeros(n_fixed)
        for start in range(0, len(y), step):
            window = slice(start, start + step)
            columns = x.rows(window)
            left = y[window] - y_shift - slopes @ columns
            if covariance is not None:
                columns, left = covariance.whitened(columns.T).T, covariance.whitened(left)
            weighted = columns if row_weights is None else columns * row_weights[window]
            moments += weighted @ left
            if not refinement:
                gram += weighted @ columns.T
        slopes = slopes + np.linalg.lstsq(gram, moments, rcond=None)[0]
    return slopes
