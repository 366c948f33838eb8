"""Group means, grand means and scales: learned once from the data, then applied to any rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.scaling import FloatArray, IntArray, column_moments


@dataclass(frozen=True, slots=True, eq=False)
class GroupMeans:
    """Means of columns within each group.

    Attributes
    ----------
    means : (J, k) array

    Examples
    --------
    >>> codes = np.array([0, 0, 1])
    >>> x = np.array([[1.0], [3.0], [10.0]])
    >>> learned = GroupMeans.learn(x, codes, 2)
    >>> learned.means.ravel(), learned.deviations(x, codes).ravel()
    (array([ 2., 10.]), array([-1.,  1.,  0.]))
    """

    means: FloatArray

    @classmethod
    def learn(cls, values: FloatArray, group_codes: IntArray, n_groups: int) -> GroupMeans:
        """Average the rows of each group; a second pass over the remainders takes the rounding out.

        Parameters
        ----------
        values : (N, k) array
        group_codes : (N,) array of int
        n_groups : int
        """
        n = np.bincount(group_codes, minlength=n_groups)
        means = np.empty((n_groups, values.shape[1]))
        for k, column in enumerate(values.T):
            mean = np.bincount(group_codes, weights=column, minlength=n_groups) / n
            rest = np.bincount(group_codes, weights=column - mean[group_codes], minlength=n_groups)
            means[:, k] = mean + rest / n
        return cls(means)

    def deviations(self, values: FloatArray, group_codes: IntArray) -> FloatArray:
        """Center within group: ``x_ij - mean_j``, an (N, k) array (HLM's group-mean centering)."""
        return values - self.means[group_codes]


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Means and standard deviations of columns: over rows in level 1, over groups in level 2.

    Attributes
    ----------
    mean, sd : (k,) arrays
        The SD divides by the number of values less one.

    Examples
    --------
    >>> learned = Scale.learn(np.array([[1.0], [2.0], [3.0]]))
    >>> learned.centered(np.array([[5.0]])), learned.standardized(np.array([[4.0]]))
    (array([[3.]]), array([[2.]]))
    """

    mean: FloatArray
    sd: FloatArray

    @classmethod
    def learn(cls, values: FloatArray) -> Scale:
        """Take the moments of an (n, k) array, one row a value."""
        return cls(*column_moments(values))

    def centered(self, values: FloatArray) -> FloatArray:
        """Center at the grand mean: ``x - mean``."""
        return values - self.mean

    def standardized(self, values: FloatArray) -> FloatArray:
        """Center and divide by the SD: ``(x - mean) / sd``."""
        return (values - self.mean) / self.sd


def first_rows(group_codes: IntArray, n_groups: int) -> IntArray:
    """First row of each group, a (J,) array.

    Examples
    --------
    >>> first_rows(np.array([1, 0, 1, 0]), 2)
    array([1, 0])
    """
    first = np.empty(n_groups, dtype=np.int64)
    first[group_codes[::-1]] = np.arange(len(group_codes) - 1, -1, -1)
    return first


def varying_rows(values: NDArray[np.generic], group_codes: IntArray, first: IntArray) -> NDArray[np.bool_]:
    """Rows whose value is not that of their group's first row; none when the column is constant within groups.

    Parameters
    ----------
    values : (N,) array
    group_codes : (N,) array of int
    first : (J,) array of int
        From `first_rows`.

    Examples
    --------
    >>> varying_rows(np.array([1.0, 2.0, 2.5]), np.array([0, 1, 1]), np.array([0, 1]))
    array([False, False,  True])
    """
    return np.asarray(values != values[first][group_codes], dtype=np.bool_)
