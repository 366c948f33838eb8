"""`LeftOutDensities`: the rows of a unit given all other rows, with several groupings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.joint_products import JointProducts
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import DataError, OptionError
from bayeshlm.likelihood.blocks import in_threads
from bayeshlm.likelihood.elimination import Elimination
from bayeshlm.likelihood.group_effects import covariance_factors
from bayeshlm.likelihood.joint_effects import CHUNK_DRAWS, JointEffects
from bayeshlm.likelihood.lapack import one_blas_thread
from bayeshlm.likelihood.left_out_kernel import left_out_densities
from bayeshlm.likelihood.left_out_units import inside, left_out_units, work
from bayeshlm.parameters.draws import Draws

MOST_WORK = 3e13
"""Products in LAPACK that leaving units out may take: half an hour or an hour of one core."""

ROOM_BYTES = 2**30
"""Bytes of the densities of all units that are filled together."""

CHUNK_NUMBERS = 1 << 19
"""Units times draws that are reduced at a time: 4 MiB."""

RANK = 1e-10
"""Smallest share of a unit's largest eigenvalue of ``Z'Z`` that counts as another direction."""


@dataclass(frozen=True, eq=False)
class LeftOutDensities:
    """Units of one grouping, or rows, each left out alone at S draws of the parameters.

    Attributes
    ----------
    design : Design
    grouping : int or None
        Whose units; None: rows.
    effects : JointEffects
        The draws, with the order of elimination that knows the covariances of what a unit touches.
    """

    design: Design
    grouping: int | None
    effects: JointEffects

    @classmethod
    def of(cls, draws: Draws, grouping: int | None) -> LeftOutDensities:
        """At draws of the parameters of their design."""
        return cls.at(
            draws.design, grouping, draws.flat(draws.gamma), covariance_factors(draws), draws.flat(draws.scaled_sigma)
        )

    @classmethod
    def at(
        cls, design: Design, grouping: int | None, gamma: FloatArray, chols: Sequence[FloatArray], sigma: FloatArray
    ) -> LeftOutDensities:
        """At values of the parameters, (S, p), K arrays (S, q_k, q_k) and (S,), as `JointEffects` has them.

        Raises
        ------
        OptionError
            Other groupings' units cross with those of this one so much that their factor is too large.
        """
        products = design.products
        assert isinstance(products, JointProducts)
        try:
            elimination = Elimination.of(products, () if grouping is None else inside(products, grouping))
        except DataError as error:
            assert grouping is not None  # the model has this order
            name = design.groupings[grouping]
            raise OptionError(
                f"units of {name!r} cannot be left out one at a time, because what they share ties too many effects "
                'together: leave out rows (unit="row") or units of another grouping'
            ) from error
        return cls(design, grouping, JointEffects(elimination, gamma, chols, sigma))

    @property
    def n_units(self) -> int:
        """Number of units, or of rows."""
        if self.grouping is None:
            return self.design.kept_rows.n_rows
        return len(self.design.predictor.random[self.grouping].labels)

    def densities(self, units: IntArray, doing: str | None = None) -> FloatArray:
        """``log p(y_A | y_-A, theta)`` of units A, (n, S)."""
        return self._filled(units, doing, densities=True)[0]

    def reduced[Result](
        self, reduce: Callable[..., Result], doing: str | None = None, lengths: bool = False
    ) -> list[Result]:
        """Results of a function of positions and `densities` of all units, some at a time, in threads.

        As many units at a time as `ROOM_BYTES` have room for; each time all draws are factorized again.

        Parameters
        ----------
        reduce : function of arrays (n,) and (n, S)
        doing : str, optional
            Said beside a bar if it takes long.
        lengths : bool
            The function gets a second array (n, S): how far a unit's own effects are from where the other rows expect
            them, ``s'W^-1 s`` of ``s = Q'(y_A - E[y_A | y_-A, theta])``, Q an orthonormal basis of the columns of the
            unit's Z, and W the covariance matrix of s. Under the model it is chi-square with `ranks` as degrees of
            freedom.
        """
        n_draws, found = len(self.effects.sigma), []
        together = max(ROOM_BYTES // (8 * n_draws * (1 + lengths)), 1)
        passes = -(-self.n_units // together)
        chunk = max(CHUNK_NUMBERS // n_draws, 1)
        for start in range(0, self.n_units, together):
            units = np.arange(start, min(start + together, self.n_units))
            arrays = self._filled(units, doing, passes, densities=True, lengths=lengths)[: 1 + lengths]

            def reduced(at: int, arrays: Sequence[Any] = (units, *arrays)) -> Result:
                return reduce(*(values[at : at + chunk] for values in arrays))

            found += in_threads(reduced, range(0, len(units), chunk), doing)
        return found

    def lengths(self, units: IntArray) -> FloatArray:
        """The lengths of some units that `reduced` explains, (n, S)."""
        return self._filled(units, lengths=True)[1]

    def shares_kept(self, rows: IntArray) -> FloatArray:
        """``sigma^2 [V^-1]_ii`` of rows, (n, S): the share of the variance of a row that the others do not tell."""
        assert self.grouping is None
        return np.asarray(np.exp(self._filled(rows, log_free=True)[2]))

    def ranks(self, units: IntArray) -> IntArray:
        """Rank of Z of each unit, (n,)."""
        return np.asarray(np.abs(self._basis(units)).max(axis=1) > 0).sum(axis=1)

    def _basis(self, units: IntArray) -> FloatArray:
        """K with orthonormal columns ``Z_A K``, in the user's columns, or zero ones; (n, q, q)."""
        assert self.grouping is not None
        elimination, k = self.effects.elimination, self.grouping
        products, q = elimination.products, elimination.blocks.own.shape[1]
        values, vectors = np.linalg.eigh(products.ZtZ[k][units])
        kept = values > RANK * np.maximum(values[:, -1:], np.finfo(np.float64).tiny)
        scale = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
        basis = np.zeros((len(units), q, q))
        own = products.z_transforms[k] @ (vectors * scale[:, None, :])
        basis[:, : own.shape[1], : own.shape[2]] = own
        return basis

    def _filled(
        self,
        units: IntArray,
        doing: str | None = None,
        passes: int = 1,
        densities: bool = False,
        lengths: bool = False,
        log_free: bool = False,
    ) -> list[FloatArray]:
        """What is wanted of densities, lengths and logs of shares, a chunk of draws in each thread."""
        elimination, n_draws = self.effects.elimination, len(self.effects.sigma)
        given = left_out_units(self.design, elimination, self.grouping, units)
        self._check_work(passes * n_draws * work(elimination, given), n_draws)
        shape = (len(units), n_draws)
        out = [np.empty(shape if wanted else (0, 0)) for wanted in (densities, lengths, log_free)]
        basis = self._basis(units) if lengths else np.empty((0, 0, 0))
        arguments, grouping = self.effects.arguments, self.grouping or 0

        def fill(first: int) -> None:
            last = min(first + CHUNK_DRAWS, n_draws)
            left_out_densities(first, last, *arguments, given, grouping, basis, *out)

        with one_blas_thread():
            in_threads(fill, range(0, n_draws, CHUNK_DRAWS), doing)
        if densities:
            out[0] -= given.log_sd[:, None]
        return out

    def _check_work(self, products: float, n_draws: int) -> None:
        if products <= MOST_WORK:
            return
        what = "rows" if self.grouping is None else f"units of {self.design.groupings[self.grouping]!r}"
        fewer = int(n_draws * MOST_WORK / products)
        raise OptionError(
            f"leaving out {what} takes {products:.0e} multiplications at {n_draws:,} draws, and at most "
            f"{MOST_WORK:.0e} are done: fit with {fewer:,} draws or fewer, or leave out units of another grouping"
        )
