"""Makes replicates of rows that stay in a database, draw by draw, and computes their statistics.

Sums of products of normal errors with the columns A of a cell are normal with covariance ``sigma^2 A'A``, and what the
columns leave of their sum of squares is ``sigma^2`` times chi-square. So the sums of replicates are drawn as replicates
of all rows would have them, without their rows. The errors of the rows of a random sample are drawn one by one, and
with them the sums over the rest of each cell: all statistics of a replicate are of one outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bayeshlm.checks.statistics_of_replicates import Statistic
from bayeshlm.checks.summed_replicates import SummedProjection, SummedReplicates, units_of
from bayeshlm.checks.summed_statistics import summed_statistics
from bayeshlm.design.design import Design
from bayeshlm.design.gram import gram_roots, mean_squares
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.summed_rows import SummedRows

if TYPE_CHECKING:
    from scipy import sparse

NUMBERS_AT_A_TIME = 1 << 21


@dataclass(frozen=True, eq=False)
class SummedEngine:
    """Makes replicates of rows that stay in a database.

    Attributes
    ----------
    design : Design
    summed : SummedRows
    projection : SummedProjection
    """

    design: Design
    summed: SummedRows
    projection: SummedProjection

    @classmethod
    def of(cls, design: Design) -> SummedEngine:
        """Of a design with a sample of its rows."""
        assert design.summed is not None
        return cls(design, design.summed, SummedProjection.of(design, design.summed))

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said of replicates of a sample."""
        sample = self.summed.sample
        if len(sample.y) == sample.n_rows:
            return ()
        of_rows = [statistic.name for statistic in self.statistics if statistic.of_rows]
        return (f"{', '.join(of_rows)}: from {sample.said}; all else from sums over all rows",)

    @cached_property
    def statistics(self) -> list[Statistic]:
        """What is computed of each replicate."""
        return summed_statistics(self.design, self.summed, self.projection)

    @cached_property
    def _units(self) -> list[sparse.csr_array]:
        return units_of(self.design)

    def observed(self) -> FloatArray:
        """The statistics of the outcomes themselves, (T,)."""
        y = self.summed.sample.y
        return np.asarray(self._values(self.summed.with_outcome[None], self.summed.squares[None], y[None])[0])

    def _values(self, products: FloatArray, squares: FloatArray, y: FloatArray) -> FloatArray:
        made = [SummedReplicates(self.summed, self.projection, units, products, squares, y) for units in self._units]
        return np.column_stack([statistic.compute(made[statistic.sorting]) for statistic in self.statistics])

    def replicates(
        self, gamma: FloatArray, auxiliary: FloatArray, u: Sequence[FloatArray], rng: np.random.Generator
    ) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
        """Some draws at a time: which they are, the statistics (B, T), and outcomes (B, n) of the sample.

        Errors of the rows of the sample are drawn one by one, and sums over the rest of each cell as sums.
        """
        from scipy import sparse

        summed, sample = self.summed, self.summed.sample
        M, K, n = len(summed.sums.n), summed.n_basis, len(sample.y)
        basis = summed.basis_of(sample)
        of_cell = sparse.csr_array((np.ones(n), (sample.cells, np.arange(n))), shape=(M, n))
        taken = (of_cell @ (basis[:, :, None] * basis[:, None, :]).reshape(n, -1)).reshape(M, K, K)
        rest = summed.sums.n - np.bincount(sample.cells, minlength=M)
        roots = gram_roots(summed.gram - taken, rest, mean_squares(summed.gram, summed.sums.n))
        free = (rest - roots.rank) / 2.0
        step = max(1, NUMBERS_AT_A_TIME // (M * K + n))
        for start in range(0, len(gamma), step):
            window = slice(start, min(start + step, len(gamma)))
            sigma, B = auxiliary[window, 0], window.stop - window.start
            c = summed.coefficients(gamma[window], [of[:, window] for of in u])
            z = rng.standard_normal((B, M, K)) * roots.counts
            errors = np.einsum("mab,smb->sma", roots.root, z) * sigma[:, None, None]
            squares = ((z**2).sum(axis=2) + 2 * rng.standard_gamma(free, (B, M))) * sigma[:, None] ** 2
            r = rng.standard_normal((B, n)) * sigma[:, None]
            for k in range(K):
                errors[..., k] += (of_cell @ (r * basis[:, k]).T).T
            squares += (of_cell @ (r**2).T).T
            of_mean = np.einsum("mkl,sml->smk", summed.gram, c)
            y = summed.y_center + np.einsum("nk,snk->sn", basis, c[:, sample.cells]) + r
            squares += np.einsum("smk,smk->sm", c, of_mean + 2 * errors)
            yield window, self._values(of_mean + errors, squares, y), y
