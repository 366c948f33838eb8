"""The relative factor Lambda of the random effects: its pattern and its vector theta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.scaling import FloatArray


@dataclass(frozen=True, slots=True)
class FactorPattern:
    """Which entries of the lower-triangular Lambda are free, in lme4's order.

    ``G = sigma^2 Lambda Lambda'``; effects of different blocks are independent, so Lambda is zero
    between them. Theta lists the free entries block by block, columns first (Bates et al. 2015,
    Fitting linear mixed-effects models using lme4, eq. 4 and section 2.2).

    Attributes
    ----------
    size : int
        q, the number of random effects.
    rows, columns : tuple of int, (k,)
        Position of each entry of theta.
    """

    size: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def n_free(self) -> int:
        """Length of theta."""
        return len(self.rows)

    @property
    def is_diagonal(self) -> tuple[bool, ...]:
        """Whether each entry of theta stands on the diagonal of Lambda, (k,)."""
        return tuple(row == column for row, column in zip(self.rows, self.columns, strict=True))

    def factor(self, theta: FloatArray) -> FloatArray:
        """Lambda, (q, q), of a theta, (k,)."""
        Lambda = np.zeros((self.size, self.size))
        Lambda[self.rows, self.columns] = theta
        return Lambda

    def theta(self, Lambda: FloatArray) -> FloatArray:
        """The free entries, (k,), of a Lambda, (q, q)."""
        return Lambda[self.rows, self.columns].copy()

    def mask(self) -> FloatArray:
        """One where two effects are in one block, else zero, (q, q)."""
        same = np.eye(self.size)
        same[self.rows, self.columns] = 1.0
        same[self.columns, self.rows] = 1.0
        return same

    def elements(self) -> FloatArray:
        """The symmetric matrices dG/dg of the unique elements g of G, (k, q, q), in theta's order."""
        basis = np.zeros((self.n_free, self.size, self.size))
        index = np.arange(self.n_free)
        basis[index, self.rows, self.columns] = 1.0
        basis[index, self.columns, self.rows] = 1.0
        return basis


def factor_pattern(blocks: tuple[tuple[int, ...], ...]) -> FactorPattern:
    """Pattern of Lambda for effects partitioned into independent blocks.

    Parameters
    ----------
    blocks : tuple of tuple of int
        Positions of the random effects in each block.

    Examples
    --------
    >>> factor_pattern(((0, 1),)).rows
    (0, 1, 1)
    >>> factor_pattern(((0,), (1,))).columns
    (0, 1)
    """
    ordered = [sorted(block) for block in blocks]
    pairs = [(row, column) for block in ordered for i, column in enumerate(block) for row in block[i:]]
    rows, columns = zip(*pairs, strict=True)
    return FactorPattern(size=sum(map(len, blocks)), rows=rows, columns=columns)


def lower_factor(root: FloatArray, tolerance: float = 1e-9) -> FloatArray:
    """The lower-triangular factor with a nonnegative diagonal of ``root root'``, semidefinite or not.

    Gram-Schmidt on the rows of the root loses no digits where the product is singular, as a
    Cholesky factor of the product itself would.

    Parameters
    ----------
    root : ndarray, (q, m)
        Any root of the matrix.
    tolerance : float
        A row whose part outside of the rows before it is smaller than this share of its length
        depends on them: its diagonal entry is zero.

    Examples
    --------
    >>> lower_factor(np.array([[0.0, 2.0], [0.0, 1.0]]))
    array([[2., 0.],
           [1., 0.]])
    """
    size = len(root)
    lower = np.zeros((size, size))
    directions = np.zeros((size, root.shape[1]))
    for k, row in enumerate(root):
        rest = row
        for _ in range(2):  # a second pass restores orthogonality lost to rounding
            projection = directions @ rest
            lower[k] += projection
            rest = rest - projection @ directions
        length = float(np.linalg.norm(rest))
        if length > tolerance * float(np.linalg.norm(row)):
            lower[k, k] = length
            directions[k] = rest / length
    return lower
