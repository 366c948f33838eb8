"""What kernels take of a design: cross-products of one grouping, and how parameters become those of their columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.parameters.priors import Priors

type Array = NDArray[np.float64]


class ColumnScaling(NamedTuple):
    """From parameters of the user's columns, or in other coordinates, to those of the columns of the cross-products.

    Attributes
    ----------
    gamma_origin, gamma_to_scaled : (p,), (p, p) arrays
        ``gamma_to_scaled (gamma - gamma_origin)`` are the fixed effects of these columns.
    u_to_scaled : (q, q) array
        ``u_to_scaled L`` is their factor of G; of several groupings (K, q, q).
    """

    gamma_origin: Array
    gamma_to_scaled: Array
    u_to_scaled: Array


def scaling_of(products: CrossProducts, priors: Priors) -> ColumnScaling:
    """From the coordinates of the priors to the columns of a design's cross-products."""
    return ColumnScaling(
        gamma_origin=priors.at_means(products.ols),
        gamma_to_scaled=np.linalg.inv(priors.basis @ products.x_transform),
        u_to_scaled=np.linalg.inv(products.z_transform),
    )


class GroupProducts(NamedTuple):
    """Cross-products of p fixed and q random effects in the blocks of `bayeshlm.likelihood.gaussian_groups`.

    Attributes
    ----------
    ZtZ, ZtX, Zty : (n, q, q, B), (n, q, d, B), (n, q, B) arrays
        Of each group, those with X of d columns only.
    W, to_parts : (n, L - 1, B), (q L + d, p) arrays
        What the products with the other columns are made of, see `bayeshlm.likelihood.group_structure`.
    XtX, Xty, totals : (p, p), (p,), (2,) arrays
        Over all rows; ``y'y`` and the number of rows N.
    """

    ZtZ: Array
    ZtX: Array
    Zty: Array
    W: Array
    to_parts: Array
    XtX: Array
    Xty: Array
    totals: Array


class EffectProducts(NamedTuple):
    """Cross-products of B groups, as `bayeshlm.likelihood.gaussian_pieces.residual_products` takes them.

    Attributes
    ----------
    ZtZ, ZtX, Zty : (q, q, B), (q, d, B), (q, B) arrays
    W, to_parts : (L - 1, B), (q L + d, p) arrays
    """

    ZtZ: Array
    ZtX: Array
    Zty: Array
    W: Array
    to_parts: Array


class WeightedProducts(NamedTuple):
    """Cross-products with the weights of the rows.

    Attributes
    ----------
    ZtZ, ZtX, Zty : (q, q, J), (q, p, J), (q, J) arrays
        Of each group.
    XtX, Xty, totals : (p, p), (p,), (2,) arrays
        Sums over the groups, times their weights, of ``X_j'W_j X_j``, ``X_j'W_j y_j``, and of ``y_j'W_j y_j`` and n*_j.
    group_weights : (J,) array
    """

    ZtZ: Array
    ZtX: Array
    Zty: Array
    XtX: Array
    Xty: Array
    totals: Array
    group_weights: Array
