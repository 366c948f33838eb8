"""Coding of categories, polynomials and splines through formulaic.

formulaic sees levels called ``L0``, ``L1``, ... and arrays of numbers, never the user's text; nothing
is evaluated. What a coding learned from the data is a frozen value that codes other rows alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeshlm.design.columns import CategoricalColumn, level_label, shown
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.product import Option
from bayeshlm.errors import DataError

type Contrast = Literal["treatment", "sum", "indicators"]

MOST_LEVELS = 1000
"""More levels than this are an identifier, not a predictor."""


@dataclass(frozen=True, slots=True, eq=False)
class CategoricalCoding:
    """Columns that stand for the levels of a categorical column.

    Attributes
    ----------
    levels : tuple of str
        All levels of the column (L of them).
    labels : tuple of str
        Level that names each generated column (k of them).
    matrix : (L, k) array
        Value of each generated column for each level.
    contrast : {"treatment", "sum", "indicators"}
    reference : str
        Level that has no column of its own; empty where every level has one.
    """

    levels: tuple[str, ...]
    labels: tuple[str, ...]
    matrix: FloatArray
    contrast: Contrast
    reference: str

    @classmethod
    def learn(
        cls, column: CategoricalColumn, contrast: Contrast = "treatment", reference: Option | None = None
    ) -> CategoricalCoding:
        """Choose the coding of a column.

        Parameters
        ----------
        column : CategoricalColumn
        contrast : {"treatment", "sum", "indicators"}
            Difference from the reference level; deviation from the mean of the levels (the last level
            has -1 throughout); one indicator for every level, for a line without an intercept.
        reference : optional
            Reference level of the treatment coding; the first by default.

        Raises
        ------
        DataError
            One level, more than `MOST_LEVELS`, or a reference that is not a level.

        Examples
        --------
        >>> race = CategoricalColumn("race", np.array([0, 2, 1]), ("Asian", "Black", "White"))
        >>> coding = CategoricalCoding.learn(race, reference="Black")
        >>> coding.labels, coding.matrix[race.codes].tolist()
        (('Asian', 'White'), [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
        """
        from formulaic.transforms.contrasts import SumContrasts, TreatmentContrasts

        levels = column.levels
        if len(levels) < 2:
            raise DataError(f"column {column.name!r} has one level only, {levels[0]!r}: it cannot be a predictor")
        if len(levels) > MOST_LEVELS:
            raise DataError(
                f"column {column.name!r} has {len(levels)} levels, each would be a coefficient: "
                "it looks like an identifier; if it holds numbers, make them numbers in the data"
            )
        names = [f"L{position}" for position in range(len(levels))]
        base = 0
        if reference is not None:
            if level_label(reference) not in levels:
                raise DataError(
                    f"{level_label(reference)!r} is not a level of column {column.name!r}; "
                    f"its levels are: {', '.join(levels[:30])}"
                )
            base = levels.index(level_label(reference))
        contrasts = SumContrasts() if contrast == "sum" else TreatmentContrasts(base=names[base])
        table = contrasts.get_coding_matrix(names, reduced_rank=contrast != "indicators")
        labels = tuple(levels[names.index(name)] for name in table.columns)
        left_out = next((level for level in levels if level not in labels), "")
        return cls(levels, labels, np.ascontiguousarray(table.to_numpy(dtype=np.float64)), contrast, left_out)

    def apply(self, codes: NDArray[np.int64]) -> FloatArray:
        """Code rows by the position of their level in `levels`: an (n, k) array."""
        return self.matrix[codes]


def in_levels(column: CategoricalColumn, levels: tuple[str, ...], labels: pd.Index) -> CategoricalColumn:
    """Code a column by the levels that a model knows.

    Parameters
    ----------
    column : CategoricalColumn of N rows
    levels : tuple of str
    labels : Index of N row labels

    Raises
    ------
    DataError
        A value is none of the levels.

    Examples
    --------
    >>> race = CategoricalColumn("race", np.array([1, 0]), ("b", "c"))
    >>> in_levels(race, ("a", "b", "c"), pd.RangeIndex(2)).codes
    array([2, 1])
    """
    position = {level: k for k, level in enumerate(levels)}
    codes = np.array([position.get(level, -1) for level in column.levels], dtype=np.int64)[column.codes]
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        listed = ", ".join(map(repr, levels[:30])) + (f" and {len(levels) - 30} more" if len(levels) > 30 else "")
        raise DataError(
            f"column {column.name!r} is {column.levels[column.codes[row]]!r} in row {shown(labels[row])}, "
            f"a level that the fitted data do not have, so nothing is known of it; the levels are: {listed}"
        )
    return CategoricalColumn(column.name, codes, levels)


@dataclass(frozen=True, slots=True, eq=False)
class BasisCoding:
    """Polynomial or B-spline columns of one numeric column.

    Attributes
    ----------
    function : {"poly", "bs"}
        ``poly`` is orthogonal over the values it learned from (R's ``poly``) unless ``raw``; ``bs`` is a
        B-spline basis without intercept (R's ``splines::bs``).
    options : mapping
        ``degree`` and ``raw`` of poly, ``df`` and ``degree`` of bs.
    state : mapping
        Norms or knots, as formulaic keeps them.
    """

    function: Literal["poly", "bs"]
    options: Mapping[str, Option]
    state: Mapping[str, Any] = field(repr=False)

    @classmethod
    def learn(cls, function: Literal["poly", "bs"], values: FloatArray, options: Mapping[str, Option]) -> BasisCoding:
        """Learn the basis from the values of a column, an (n,) array.

        Raises
        ------
        DataError
            Too few different values, or options that no basis can have.

        Examples
        --------
        >>> x = np.array([1.0, 2.0, 3.0, 4.0])
        >>> BasisCoding.learn("poly", x, {"degree": 2}).apply(x).round(3).T.tolist()
        [[-0.671, -0.224, 0.224, 0.671], [0.5, -0.5, -0.5, 0.5]]
        """
        if function == "poly":
            degree = int(options.get("degree", 1))
            n_values = len(pd.unique(values))
            if n_values <= degree:
                raise DataError(
                    f"poly() of degree {degree} needs at least {degree + 1} different values, there are {n_values}"
                )
        state: dict[str, Any] = {}
        try:
            _basis(function, values, options, state)
        except (ValueError, TypeError) as error:
            raise DataError(f"{function}() cannot be formed: {error}") from error
        return cls(function, dict(options), state)

    def apply(self, values: FloatArray) -> FloatArray:
        """Evaluate the basis at an (n,) array of values: an (n, k) array.

        Raises
        ------
        DataError
            A value lies outside of the range of those that a B-spline learned from.
        """
        if self.function == "bs":
            lower, upper = self.state["lower_bound"], self.state["upper_bound"]
            outside = (values < lower) | (values > upper)
            if outside.any():
                raise DataError(
                    f"bs() knows values from {lower:g} to {upper:g}, {values[outside][0]:g} lies outside of them: "
                    "a spline says nothing there"
                )
        return _basis(self.function, values, self.options, dict(self.state))


def _basis(
    function: Literal["poly", "bs"], values: FloatArray, options: Mapping[str, Option], state: dict[str, Any]
) -> FloatArray:
    from formulaic.transforms import basis_spline, poly

    if function == "poly":
        return np.asarray(poly(values, **options, _state=state), dtype=np.float64)
    columns = basis_spline(values, **options, _state=state)
    return np.column_stack([np.asarray(columns[key], dtype=np.float64) for key in columns])
