"""The known covariances of the level-1 residuals: ``cov(r) = [v1, v2]`` of the equations, columns of the data."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.columns import CategoricalColumn, shown
from bayeshlm.design.known_covariance import KnownCovariance
from bayeshlm.design.place_error import place_error
from bayeshlm.design.read_known_sd import LARGEST_RATIO
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError

SAME = 1e-6
"""Gap between the two entries of a covariance beyond which they are not one number rounded, over its two SDs."""


def read_known_covariance(spec: ModelSpec, rows: Rows) -> KnownCovariance | None:
    """Known covariances of the residuals of rows; None where the equations name none.

    Raises
    ------
    DataError
        There are several groupings, a column is text, a group has more rows than there are columns, or numbers in the
        columns behind its rows, or a matrix that is not symmetric or positive definite; the message names the group.
    """
    spread = spec.residual_spread
    if spread is None or spread.function != "cov":
        return None
    if len(rows.groupings) > 1:
        names = " and ".join(repr(one.name) for one in rows.groupings)
        raise _at_line(
            spec,
            f"known covariances are those of the rows of one grouping, and this model has several ({names}): leave all"
            " but one out, or make the errors independent, `var(r) = v`",
        )
    columns = [rows.columns[rows.names[column.name]] for column in spread.columns]
    for column in columns:
        if isinstance(column, CategoricalColumn):
            raise _at_line(spec, f"the known covariances {column.name!r} are text: they are numbers")
    values = np.column_stack([column.numbers for column in columns if not isinstance(column, CategoricalColumn)])
    (grouping,) = rows.groupings
    order = np.argsort(grouping.codes, kind="stable")
    n = np.bincount(grouping.codes, minlength=len(grouping.labels))
    first, matrices = np.cumsum(n) - n, []
    for size in np.unique(n[n > 0]):
        groups = np.flatnonzero(n == size)
        labels = [shown(label) for label in grouping.labels[groups]]
        of_rows = order[first[groups][:, None] + np.arange(size)]
        V = values[of_rows]
        _check_size(spec, labels, V, int(size))
        V = V[:, :, :size]
        _check_matrices(spec, labels, V)
        matrices.append((of_rows, (V + V.transpose(0, 2, 1)) / 2))
    found = KnownCovariance.of(matrices, len(values))
    sizes = np.concatenate([np.linalg.eigvalsh(block.V).ravel() for block in found.blocks])
    if sizes.max() / sizes.min() > LARGEST_RATIO**2:
        raise _at_line(
            spec,
            f"the eigenvalues of the known covariance matrices lie between {sizes.min():g} and {sizes.max():g}, too far"
            " apart for float64: correct them, or leave rows out that say nothing beside the others",
        )
    return found


def _check_size(spec: ModelSpec, names: list[str], V: FloatArray, size: int) -> None:
    """Refuse groups with more rows than columns, or with numbers in the columns behind their rows."""
    count = f"{size} row{'s' if size > 1 else ''}"
    if size > V.shape[2]:
        raise _at_line(
            spec,
            f"group {names[0]} has {count}, and its covariances have {V.shape[2]} column(s): name one for each of its"
            " rows",
        )
    behind = (V[:, :, size:] != 0).any(axis=(1, 2))
    if behind.any():
        raise _at_line(
            spec,
            f"group {names[int(behind.argmax())]} has {count} with all values, but its covariances go on behind column"
            f" {size}: column k belongs to the k-th row of a group, counted without rows that miss a value; move the"
            " columns of these rows up, and fill the rest with 0",
        )


def _check_matrices(spec: ModelSpec, names: list[str], V: FloatArray) -> None:
    """Refuse matrices that are no covariances."""
    variances = np.diagonal(V, axis1=1, axis2=2)
    if (low := (variances <= 0).any(axis=1)).any():
        j = int(low.argmax())
        raise _at_line(
            spec,
            f"the known covariance matrix of group {names[j]} has the variance {variances[j].min():g}, which is not"
            " above 0: column k holds the covariance with the k-th row of the group",
        )
    sd = np.sqrt(variances)
    R = V / sd[:, :, None] / sd[:, None, :]
    gap = np.abs(R - R.transpose(0, 2, 1)).max(axis=(1, 2))
    if (apart := gap > SAME).any():
        raise _at_line(
            spec,
            f"the known covariance matrix of group {names[int(apart.argmax())]} is not symmetric: column k holds the"
            " covariance with the k-th row of the group, in the order of the data",
        )
    smallest = np.linalg.eigvalsh((R + R.transpose(0, 2, 1)) / 2)[:, 0]
    if (low := smallest <= R.shape[1] * np.finfo(float).eps).any():
        raise _at_line(
            spec,
            f"the known covariance matrix of group {names[int(low.argmax())]} is not positive definite: some contrast"
            " of its rows would be known without error; correct it, or leave a row out",
        )


def _at_line(spec: ModelSpec, message: str) -> DataError:
    return place_error(message, spec.text, None if spec.residual_spread is None else spec.residual_spread.span)
