"""Sums over all rows of a database from a random sample of them, and from what sums of squares say of all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.checks.effect_moments import effect_moments, mean_effects
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws


@dataclass(frozen=True, eq=False, slots=True)
class SampledRows:
    """n of N rows, drawn at random without replacement, that stand for all.

    Attributes
    ----------
    n_rows : int
        N.
    y : (n,) array
        Outcomes of the sample.
    close : (n,) array
        Something near to the values that are summed: what the posterior means give in their place.
    total : float
        The sum of `close` over all N rows.
    """

    n_rows: int
    y: FloatArray
    close: FloatArray
    total: float

    @property
    def scale(self) -> float:
        """``N/n``: what a sum over the sample is multiplied with."""
        return self.n_rows / len(self.y)

    @property
    def is_part(self) -> bool:
        """Whether there are rows that are not in the sample."""
        return len(self.y) < self.n_rows

    def error_of_sum(self, values: FloatArray) -> float:
        """Standard error of ``N/n`` times the sum of values (n,), which the choice of the rows makes.

        ``N sqrt((1 - n/N) Var / n)``; zero where all rows were taken.

        Examples
        --------
        >>> half = SampledRows(4, np.zeros(2), np.zeros(2), 0.0)
        >>> round(half.error_of_sum(np.array([1.0, 2.0])) ** 2, 12)
        2.0
        """
        n = len(values)
        if not self.is_part:
            return 0.0
        return float(self.n_rows * np.sqrt((1 - n / self.n_rows) * values.var(ddof=1) / n))

    def sum_of(self, values: FloatArray) -> float:
        """The sum over all rows of what the sample has the `values` (n,) of, by their differences from `close`.

        ``sum_N close_i + N/n sum_n (values_i - close_i)``, the difference estimator (Magnusson, Vehtari, Jonasson &
        Andersen 2020, Leave-one-out cross-validation for Bayesian model comparison in large data, AISTATS,
        PMLR 108, 341-351). Its error is that of the differences, `error_of_sum`.
        """
        return self.total + self.scale * float((values - self.close).sum())


def sampled_rows(posterior: Draws) -> SampledRows | None:
    """The sample of rows that stay in a database, with their log densities given the others at the posterior means.

    Parameters
    ----------
    posterior : Draws
        Of the design as the model has it.

    Returns
    -------
    SampledRows or None
        None where all rows are at hand.

    Raises
    ------
    DataError
        The database does not answer.
    OptionError
        Of several groupings no draws of u were kept.

    Notes
    -----
    At posterior means of gamma, u and sigma a row has the residual e_i, and given the other rows of its group the log
    density ``log N(e_i / (1 - h_i); 0, sigma^2 / (1 - h_i))`` with ``h_i = z_i' Var(u | y) z_i / sigma^2``, as
    `bayeshlm.likelihood.gaussian_rows` has it. With the mean of h_i in the row's cell in its place, or 0 where there
    are several groupings, the sum over a cell follows from its residual sum of squares, and so from sums of products.
    Where the SDs are known they stand in the place of sigma, and rows count for one over their squares in the sums.
    """
    design = posterior.design
    if design.rows is not None or design.summed is None:
        return None
    summed, sample, n = design.summed.counted, design.summed.sample, design.summed.sums.n
    (gamma, effects), shares = mean_effects(posterior), np.zeros(len(n))
    sigma2 = float(posterior.scaled_sigma.mean()) ** 2
    if len(design.groupings) == 1:
        Z, within = summed.in_basis(summed.columns.Z[0]), effect_moments(posterior).within[summed.sums.codes[0]]
        ZtZ = np.einsum("mka,mkl,mlb->mab", Z, summed.gram, Z, optimize=True)
        shares = np.einsum("mab,mab->m", ZtZ, within) / (n * sigma2)
    free = np.maximum(1 - shares, 0.5)  # any number makes sums without bias
    (own,) = summed.coefficients(gamma[None], [u.T[:, None] for u in effects])
    products = np.einsum("mk,mkl,ml->m", own, summed.gram, own) - 2 * np.einsum("mk,mk->m", own, summed.with_outcome)
    squares = summed.squares + products
    residual = sample.y - summed.y_center - np.einsum("nk,nk->n", summed.basis_of(sample), own[sample.cells])
    residual = sample.rows.standardized(residual)
    constant = 0.5 * np.log(free / (2 * np.pi * sigma2))
    close = constant[sample.cells] - np.log(sample.rows.unit) - residual**2 / (2 * sigma2 * free[sample.cells])
    total = float((n * constant - squares / (2 * sigma2 * free)).sum()) - design.sum_of_log_sd
    return SampledRows(sample.n_rows, sample.y, close, total)


def check_one_sample(samples: dict[str, SampledRows | None]) -> None:
    """Refuse models whose rows cannot be paired.

    Raises
    ------
    OptionError
        Some models have all rows and others a sample, or their samples are of different rows.
    """
    (first, one), *others = samples.items()
    for name, other in others:
        if (one is None) != (other is None):
            here, there = (first, name) if one is None else (name, first)
            raise OptionError(
                f"the rows of {here!r} are at hand, and those of {there!r} stay in a database, of which a random "
                "sample is left out: make both models from one table."
            )
        if one is not None and other is not None and not np.array_equal(one.y, other.y):
            raise OptionError(
                f"{first!r} and {name!r} have different random samples of rows: they are drawn by the content of all "
                "columns, so that both models have to be made from one table."
            )
