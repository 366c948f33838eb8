"""What the rows of a unit say of its coefficients, given its place among nested groupings, draw by draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.gram import gram_roots, mean_squares
from bayeshlm.design.joint_products import JointProducts
from bayeshlm.design.nested_groupings import containing, rows_of_units
from bayeshlm.design.scaling import BoolArray, FloatArray, IntArray
from bayeshlm.design.units import parents
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget
from bayeshlm.likelihood.group_effects import covariance_factors
from bayeshlm.parameters.draws import Draws


@dataclass(frozen=True, eq=False)
class NestedInformation:
    """``A_j = Z_j' V_j^-1 Z_j`` of the units of a grouping, V the covariance of their rows given their own effects.

    V holds sigma^2 and the effects of the groupings nested inside, which are integrated out from the inside outward:
    with H the cross-products of a unit over its V, sigma^-2 Z'Z at first, the next grouping's are sums over the
    units within its own of ``H_oo - H_oi L (I + L'H_ii L)^-1 L'H_io``, where ``L L' = G_i``, i are the effects of
    the inner units and o those further out. A_j^-1 is the error covariance of the generalized least squares estimate
    of the unit's coefficients (Raudenbush & Bryk 2002, chapter 8).

    Attributes
    ----------
    posterior : Draws
    grouping : int
        Its position.
    inner : tuple of int
        The groupings nested in it, from the inside out.
    products : (J_0, Q, Q) array
        ``Z'Z`` of each unit of the innermost of these, over the columns of all of them and the grouping's, in the
        scaled columns of the cross-products.
    up : tuple of (J,) arrays of int
        Unit of the next grouping that each unit belongs to, of each of `inner`.
    exists : (J,) array of bool
        Whether the unit's rows determine its coefficients.
    """

    posterior: Draws
    grouping: int
    inner: tuple[int, ...]
    products: FloatArray
    up: tuple[IntArray, ...]
    exists: BoolArray

    @classmethod
    def of(cls, posterior: Draws, grouping: int) -> NestedInformation:
        """Form the cross-products.

        Raises
        ------
        OptionError
            Another grouping crosses this one, or two inside it cross.
        """
        design = posterior.design
        inner = _inner(design, grouping)
        rows, (innermost, *_) = design.kept_rows, (*inner, grouping)
        products = design.products
        assert isinstance(products, JointProducts)
        columns = np.column_stack([rows.standardized(rows.Z[k]) @ products.z_transforms[k] for k in (*inner, grouping)])
        ZtZ = np.empty((len(design.predictor.random[innermost].labels), columns.shape[1], columns.shape[1]))
        for a, left in enumerate(columns.T):
            for b, right in enumerate(columns.T[: a + 1]):
                ZtZ[:, a, b] = ZtZ[:, b, a] = np.bincount(rows.codes[innermost], left * right, len(ZtZ))
        up = []
        for k, above in pairwise((*inner, grouping)):
            found = parents(rows.codes[k], len(design.predictor.random[k].labels), rows.codes[above])
            assert found is not None
            up.append(found)
        own, n = products.ZtZ[grouping], rows_of_units(design, grouping)
        exists = gram_roots(own, n, mean_squares(own, n)).full
        return cls(posterior, grouping, inner, ZtZ, tuple(up), exists)

    @property
    def transform(self) -> FloatArray:
        """S, (q, q): effects of the scaled columns are ``S^-1 u``."""
        products = self.posterior.design.products
        assert isinstance(products, JointProducts)
        return products.z_transforms[self.grouping]

    def chunks(self) -> Iterator[tuple[slice, FloatArray]]:
        """A_j in the scaled columns, (s, J, q, q), of some draws after others."""
        posterior, products = self.posterior, self.posterior.design.products
        assert isinstance(products, JointProducts)
        factors = covariance_factors(posterior)
        roots = [np.linalg.solve(products.z_transforms[k], factors[k]) for k in self.inner]
        sigma2 = posterior.flat(posterior.scaled_sigma2)
        step = max(budget.BUDGET_BYTES // 8 // (8 * self.products.size), 1)
        for start in range(0, len(sigma2), step):
            part = slice(start, start + step)
            H = self.products / sigma2[part, None, None, None]
            for root, up in zip(roots, self.up, strict=True):
                H = _summed(_integrated(H, root[part, None]), up)
            yield part, H


def _integrated(H: FloatArray, L: FloatArray) -> FloatArray:
    """The cross-products (s, J, Q, Q) of the outer columns with the effects of the first ones integrated out."""
    q = L.shape[-1]
    inside = L.swapaxes(-1, -2) @ H[..., :q, :]
    M = inside[..., :q] @ L + np.eye(q)
    return np.asarray(H[..., q:, q:] - inside[..., q:].swapaxes(-1, -2) @ np.linalg.solve(M, inside[..., q:]))


def _summed(values: FloatArray, up: IntArray) -> FloatArray:
    """Sums (s, J', Q, Q) over the units within each outer unit of values (s, J, Q, Q)."""
    order = np.argsort(up, kind="stable")
    starts = np.flatnonzero(np.diff(up[order], prepend=-1))
    return np.asarray(np.add.reduceat(values[:, order], starts, axis=1))


def _inner(design: Design, grouping: int) -> tuple[int, ...]:
    """The groupings nested in one, from the inside out."""
    outer = [containing(design, k) for k in range(len(design.groupings))]
    inner = sorted((k for k in range(len(outer)) if grouping in outer[k]), key=lambda k: -len(outer[k]))
    across = [k for k in range(len(outer)) if k != grouping and k not in inner and k not in outer[grouping]]
    pairs = [(grouping, k) for k in across]
    pairs += [(k, m) for place, k in enumerate(inner) for m in inner[place + 1 :] if m not in outer[k]]
    if pairs:
        names: Sequence[str] = [design.groupings[k] for k in pairs[0]]
        raise OptionError(
            f"a reliability is that of estimates from a unit's own rows, and those of {' and '.join(map(repr, names))} "
            "cross, so that no unit has one: fit.group_coefficients(grouping=) has the SD of each unit's posterior"
        )
    return tuple(inner)
