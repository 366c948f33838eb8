"""`Level1Model`: what the SDs and the correlations of the level-1 residuals depend on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.scaling import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Level1Model:
    """``r_i ~ N(0, D R D)``, ``D = diag(exp(A alpha + e v))`` or ``sigma I``, R the correlations within a group.

    Attributes
    ----------
    A : (N, k) array
        Columns of the logarithm of the SD in the user's units; k = 0 where the SD is one sigma. An equation of
        ``log(sigma2)`` has its columns halved, so that ``A alpha`` is the logarithm of the SD in either case.
    labels : tuple of str
        Symbols of alpha, (k,): ``"a0"``, ``"a1"``.
    correlation : {"", "ar1", "cs"}
        ``"ar1"``: ``rho ** |t_i - t_i'|`` within a group, ``"cs"``: rho of any two rows of a group; empty: none.
    previous : (N,) array of int
        Of ``"ar1"``: position of the row before, in time, in the same group; -1 of a group's first row, and everywhere
        without ``"ar1"``.
    gap : (N,) array
        Of ``"ar1"``: time since that row, above 0; 0 of first rows.
    lowest : float
        Lower bound of rho, whose upper one is 1: -1 where all gaps are whole numbers and one is odd, else 0, and
        ``-1 / (max n_j - 1)`` of ``"cs"``.
    effect : float
        e, what the deviation v of a row's group, the last random effect, counts for in the logarithm of its SD: 1, or
        1/2 where the equation is that of the variance; 0 where it has none.
    """

    A: FloatArray
    labels: tuple[str, ...]
    correlation: Literal["", "ar1", "cs"]
    previous: IntArray
    gap: FloatArray
    lowest: float
    effect: float = 0.0

    def at(self, kept: NDArray[np.bool_]) -> Level1Model:
        """That of some rows: times between rows are those that lie between the ones that stay; the bound of rho stays.

        Examples
        --------
        >>> A, times = np.ones((3, 1)), np.array([0.0, 1.0, 3.0])
        >>> model = Level1Model(A, ("a0",), "ar1", np.array([-1, 0, 1]), np.array([0.0, 1.0, 2.0]), -1.0)
        >>> part = model.at(np.array([True, False, True]))
        >>> part.previous.tolist(), part.gap.tolist()
        ([-1, 0], [0.0, 3.0])
        """
        previous, gap = self.previous.copy(), self.gap.copy()
        while (over := (previous >= 0) & ~kept[previous]).any():  # a row before that is gone: the one before it
            gone = previous[over]
            previous[over] = self.previous[gone]
            gap[over] += self.gap[gone]
        gap[previous < 0] = 0.0
        position = np.append(np.cumsum(kept) - 1, -1)  # of -1 it is -1
        return replace(self, A=self.A[kept], previous=position[previous[kept]], gap=gap[kept])

    def sds_of(self, rows: IntArray | slice) -> Level1Model:
        """That of some rows without their correlations: what their SDs depend on."""
        A = self.A[rows]
        return replace(self, A=A, correlation="", previous=np.full(len(A), -1), gap=np.zeros(len(A)))
