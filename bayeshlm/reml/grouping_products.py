"""Cross-products of a model with any number of groupings: sums over rows, sparse where groups do not meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import block_diag

from bayeshlm.design.joint_products import JointProducts
from bayeshlm.design.scaling import FloatArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from bayeshlm.likelihood.elimination import Elimination


@dataclass(frozen=True, eq=False)
class GroupingProducts:
    """The cross-products of several groupings, n effects of all groups of all groupings in a row.

    The effects of grouping k stand together, and of it those of each group.

    Attributes
    ----------
    joint : JointProducts
        Sums over rows of the scaled columns.
    elimination : Elimination
        Their order in the factor.
    """

    joint: JointProducts
    elimination: Elimination

    @classmethod
    def of(cls, joint: JointProducts) -> GroupingProducts:
        """Find the order of elimination."""
        from bayeshlm.likelihood.elimination import Elimination  # numba, which two-level models do without

        return cls(joint, Elimination.of(joint))

    @property
    def n_obs(self) -> int:
        """N."""
        return self.joint.n_obs

    @property
    def XtX(self) -> FloatArray:
        """``X'X``, (p, p)."""
        return self.joint.XtX

    @property
    def Xty(self) -> FloatArray:
        """``X'y``, (p,)."""
        return self.joint.Xty

    @property
    def yty(self) -> FloatArray:
        """``y'y``, ()."""
        return np.asarray(self.joint.yty)

    @property
    def ols(self) -> FloatArray:
        """Least squares of y on X in the user's columns, (p,)."""
        return self.joint.ols

    @property
    def log_sd(self) -> float | None:
        """Sum over rows of the logarithms of the known level-1 SDs; None where sigma is estimated."""
        return self.joint.log_sd

    @property
    def x_transform(self) -> FloatArray:
        """T, (p, p)."""
        return self.joint.x_transform

    @cached_property
    def z_transform(self) -> FloatArray:
        """S, (q, q), zero between groupings."""
        return np.asarray(block_diag(*self.joint.z_transforms))

    @property
    def n_groups(self) -> tuple[int, ...]:
        """J_k of each grouping."""
        return tuple(len(Zty) for Zty in self.joint.Zty)

    @property
    def sizes(self) -> tuple[int, ...]:
        """q_k of each grouping."""
        return tuple(Zty.shape[1] for Zty in self.joint.Zty)

    @cached_property
    def ZtX(self) -> FloatArray:
        """``Z'X``, (n, p)."""
        return np.concatenate([own.reshape(-1, own.shape[2]) for own in self.joint.ZtX])

    @cached_property
    def Zty(self) -> FloatArray:
        """``Z'y``, (n,)."""
        return np.concatenate([own.ravel() for own in self.joint.Zty])

    @cached_property
    def ZtZ(self) -> csr_array:
        """``Z'Z``, (n, n)."""
        from scipy.sparse import csr_array

        parts = []
        for k, own in enumerate(self.joint.ZtZ):
            unit = np.arange(len(own))
            parts.append(self._entries(k, k, unit, unit, own))
        for pair in self.joint.pairs:
            first, second = pair.units.T
            parts.append(self._entries(pair.first, pair.second, first, second, pair.ZtZ))
            parts.append(self._entries(pair.second, pair.first, second, first, pair.ZtZ.transpose(0, 2, 1)))
        values, rows, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
        return csr_array((values, (rows, columns)), shape=(len(self.Zty), len(self.Zty)))

    def _entries(
        self, k: int, m: int, first: IntArray, second: IntArray, blocks: FloatArray
    ) -> tuple[FloatArray, IntArray, IntArray]:
        """Values, rows and columns of blocks (., q_k, q_m) of units of two groupings."""
        rows = self.parts[k].start + first[:, None] * self.sizes[k] + np.arange(self.sizes[k])
        columns = self.parts[m].start + second[:, None] * self.sizes[m] + np.arange(self.sizes[m])
        full = np.broadcast_arrays(blocks, rows[:, :, None], columns[:, None, :])
        return full[0].ravel(), full[1].ravel(), full[2].ravel()

    @cached_property
    def parts(self) -> tuple[slice, ...]:
        """Where the effects of each grouping stand among the n."""
        ends = np.cumsum([J * q for J, q in zip(self.n_groups, self.sizes, strict=True)])
        return tuple(
            slice(int(end) - J * q, int(end)) for end, J, q in zip(ends, self.n_groups, self.sizes, strict=True)
        )

    @cached_property
    def effects(self) -> tuple[slice, ...]:
        """Where the effects of each grouping stand among the q."""
        ends = np.cumsum(self.sizes)
        return tuple(slice(int(end) - q, int(end)) for end, q in zip(ends, self.sizes, strict=True))

    @cached_property
    def own_ZtZ(self) -> FloatArray:
        """Sum over the groups of each grouping of their own ``Z'Z``, (q, q), zero between groupings."""
        return np.asarray(block_diag(*(own.sum(0) for own in self.joint.ZtZ)))

    def by_group(self, values: FloatArray) -> list[FloatArray]:
        """Values of the n effects, (n, ...), as an array (J_k, q_k, ...) of each grouping."""
        shapes = zip(self.parts, self.n_groups, self.sizes, strict=True)
        return [values[part].reshape(J, q, *values.shape[1:]) for part, J, q in shapes]

    def times(self, matrix: FloatArray, values: FloatArray) -> FloatArray:
        """A block-diagonal (q, q) matrix times the effects of every group, (n, m)."""
        found = [matrix[e, e] @ own for e, own in zip(self.effects, self.by_group(values), strict=True)]
        return np.concatenate([own.reshape(-1, values.shape[1]) for own in found])

    def gram(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """Sum over groups of ``left_j right_j'`` of values of the n effects, (n, m): (q, q), zero between groupings."""
        total = np.zeros(self.z_transform.shape)
        for effect, a, b in zip(self.effects, self.by_group(left), self.by_group(right), strict=True):
            total[effect, effect] = np.tensordot(a, b, ([0, 2], [0, 2]))
        return total
