"""Cross-products of a design with any number of groupings: all that its likelihood needs of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bayeshlm.design.cross_products import least_squares
from bayeshlm.design.scaling import FloatArray, IntArray, ScaledColumns, column_moments


@dataclass(frozen=True, slots=True, eq=False)
class GroupingRows:
    """The random effects of one grouping, row by row.

    Attributes
    ----------
    name : str
        The grouping's column, for messages.
    Z : (N, q) array
        Columns of the random effects.
    codes : (N,) array of int
        Unit of each row, 0 to ``n_units - 1``.
    n_units : int
        Number of units J.
    intercept : int or None
        Position of the column of ones in Z.
    centered : sequence of int
        Columns of Z that may be centered by the intercept (same independent block of G).
    """

    name: str
    Z: FloatArray
    codes: IntArray
    n_units: int
    intercept: int | None = None
    centered: Sequence[int] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PairProducts:
    """``Z_k'Z_l`` of two groupings, where units of both have rows in common.

    Attributes
    ----------
    first, second : int
        The groupings k < l.
    units : (n, 2) array of int
        Unit of k and of l.
    ZtZ : (n, q_k, q_l) array
        Sums over the rows that they share.
    """

    first: int
    second: int
    units: IntArray
    ZtZ: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class JointProducts:
    """Sums over rows of products of ``Zs_k = Z_k S_k``, ``Xs = X T`` and ``ys = y - offset - X ols``.

    The transforms keep float64 exact enough whatever the columns' means and scales. Effects of the
    transformed columns map back by ``gamma = ols + T gamma_s`` and ``u_k = S_k u_ks``.

    Attributes
    ----------
    names : tuple of str
        The K groupings.
    n_obs : int
        Number of rows N.
    ZtZ : tuple of (J_k, q_k, q_k) arrays
        Of each unit of each grouping.
    pairs : tuple of PairProducts
        Of every two groupings.
    ZtX, Zty : tuples of (J_k, q_k, p) and (J_k, q_k) arrays
        Of each unit of each grouping.
    XtX, Xty, yty : (p, p) array, (p,) array, float
        Over all rows.
    ols : (p,) array
        Least squares fit of ``y - offset`` on X, in the units of X.
    x_transform : (p, p) array
        T: centers the columns of X by the intercept column, where there is one, and scales them to SD 1.
    z_transforms : tuple of (q_k, q_k) arrays
        S_k: the same for Z_k; centers only the columns of `GroupingRows.centered`.
    log_sd : float or None
        Where the level-1 SDs are known, the sum of their logarithms over all rows; see `CrossProducts`.
    """

    names: tuple[str, ...]
    n_obs: int
    ZtZ: tuple[FloatArray, ...]
    pairs: tuple[PairProducts, ...]
    ZtX: tuple[FloatArray, ...]
    Zty: tuple[FloatArray, ...]
    XtX: FloatArray
    Xty: FloatArray
    yty: float
    ols: FloatArray
    x_transform: FloatArray
    z_transforms: tuple[FloatArray, ...]
    log_sd: float | None = None


def joint_products(
    y: FloatArray,
    X: FloatArray,
    groupings: Sequence[GroupingRows],
    *,
    x_intercept: int | None = None,
    row_weights: FloatArray | None = None,
) -> JointProducts:
    """Form the cross-products; the rows are not needed afterwards.

    Parameters
    ----------
    y : (N,) array
        Outcome minus offset.
    X : (N, p) array
        Columns of the fixed effects.
    groupings : sequence of GroupingRows
        At least one.
    x_intercept : int or None
        Position of the column of ones in X.
    row_weights : (N,) array, optional
        What each row counts for in every sum; 1 by default.

    Examples
    --------
    >>> ones = np.ones((4, 1))
    >>> rows = GroupingRows("a", ones, np.array([0, 0, 1, 1]), 2), GroupingRows("b", ones, np.array([0, 1, 0, 1]), 2)
    >>> made = joint_products(np.array([1.0, 3.0, 5.0, 7.0]), ones, rows, x_intercept=0)
    >>> made.ols, made.Zty[0].ravel(), made.pairs[0].units.tolist()
    (array([4.]), array([-4.,  4.]), [[0, 0], [0, 1], [1, 0], [1, 1]])
    """
    everything = slice(None)
    x = ScaledColumns.of(X, column_moments(X), x_intercept, range(X.shape[1]) if x_intercept is not None else ())
    y_shift = 0.0 if x_intercept is None else float(column_moments(y[:, None])[0][0])
    slopes = least_squares(x, y, y_shift, row_weights)
    ols = x.transform @ slopes
    if x_intercept is not None:
        ols[x_intercept] += y_shift
    x_columns = x.rows(everything)
    residual = (y - y_shift) - slopes @ x_columns
    xy = _Columns.of([*x_columns, residual])

    ZtZ, ZtXy, z_columns, transforms = [], [], [], []
    for rows in groupings:
        z = ScaledColumns.of(rows.Z, column_moments(rows.Z), rows.intercept, rows.centered)
        columns = _Columns.of([*z.rows(everything)], known=xy)
        ZtZ.append(columns.products(columns, rows.codes, rows.n_units, row_weights))
        ZtXy.append(columns.products(xy, rows.codes, rows.n_units, row_weights))
        z_columns.append(columns)
        transforms.append(z.transform)
    pairs = []
    for k, m in combinations(range(len(groupings)), 2):
        cells = groupings[k].codes.astype(np.int64) * groupings[m].n_units + groupings[m].codes
        found, codes = np.unique(cells, return_inverse=True)
        units = np.column_stack([found // groupings[m].n_units, found % groupings[m].n_units])
        pairs.append(PairProducts(k, m, units, z_columns[k].products(z_columns[m], codes, len(found), row_weights)))
    weighted = (x_columns, residual) if row_weights is None else (x_columns * row_weights, residual * row_weights)
    return JointProducts(
        names=tuple(rows.name for rows in groupings),
        n_obs=len(y),
        ZtZ=tuple(ZtZ),
        pairs=tuple(pairs),
        ZtX=tuple(np.ascontiguousarray(products[..., :-1]) for products in ZtXy),
        Zty=tuple(np.ascontiguousarray(products[..., -1]) for products in ZtXy),
        XtX=weighted[0] @ x_columns.T,
        Xty=weighted[0] @ residual,
        yty=float(weighted[1] @ residual),
        ols=ols,
        x_transform=x.transform,
        z_transforms=tuple(transforms),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Columns of the rows; those that are equal number by number, as intercepts are, are one object."""

    columns: list[FloatArray]

    @classmethod
    def of(cls, columns: list[FloatArray], known: _Columns | None = None) -> _Columns:
        seen = list(known.columns) if known else []
        for column in columns:
            seen.append(next((other for other in seen if np.array_equal(other, column)), column))
        return cls(seen[len(seen) - len(columns) :])

    def products(self, other: _Columns, codes: IntArray, n_units: int, row_weights: FloatArray | None) -> FloatArray:
        """Sums of products within each unit: (n_units, own columns, columns of `other`)."""
        sums: dict[frozenset[int], FloatArray] = {}
        out = np.empty((n_units, len(self.columns), len(other.columns)))
        for r, left in enumerate(self.columns):
            for s, right in enumerate(other.columns):
                pair = frozenset((id(left), id(right)))
                if pair not in sums:
                    product = left * right if row_weights is None else left * right * row_weights
                    sums[pair] = np.bincount(codes, weights=product, minlength=n_units)
                out[:, r, s] = sums[pair]
        return out
