"""The level-1 SDs and correlations of rows: ``log(sigma) = a0 + a1*x`` and ``corr(r) = ar1(week)`` as numbers."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.checks import check_columns
from bayeshlm.design.columns import CategoricalColumn, level_label, shown
from bayeshlm.design.expression_columns import evaluate, first_categorical
from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.naming import described, expression_text, labelled
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.equations.residual_correlation import ResidualCorrelation
from bayeshlm.equations.spec import ModelSpec

WHOLE = 1e-9
"""Distance from a whole number up to which a gap between two times is one."""


def read_level1_model(spec: ModelSpec, rows: Rows) -> Level1Model | None:
    """What the SDs and correlations of the residuals of rows depend on; None where they have one SD and none.

    Parameters
    ----------
    spec : ModelSpec
        With the columns named as `rows` has them.
    rows : Rows

    Raises
    ------
    DataError
        Several groupings; columns that are constant or collinear; times that are text, or the same twice in a group;
        the message names the place.
    """
    if not spec.has_level1_model:
        return None
    if len(rows.groupings) > 1:
        names = ", ".join(map(repr, (one.name for one in rows.groupings)))
        message = (
            "an equation of the level-1 SD and correlations of residuals are estimated with one grouping, and this"
        )
        raise place_error(f"{message} model has several: {names}", rows.text, spec.level1_span)
    A, labels = _columns(spec, rows)
    none = np.full(rows.n_obs, -1), np.zeros(rows.n_obs)
    if (correlation := spec.correlation) is None:
        halved = spec.log_spread is not None and spec.log_spread.predicted == "sigma2"
        effect = (0.5 if halved else 1.0) if spec.spread_effect else 0.0
        return Level1Model(A, labels, "", *none, -1.0, effect)
    sizes = np.bincount(rows.group_codes, minlength=rows.n_groups)
    if rows.fitted is None and sizes.max() < 2:
        message = f"no {rows.group} has two rows, so that no residuals are correlated: leave this line out"
        raise place_error(message, rows.text, correlation.span)
    if correlation.pattern == "cs":
        return Level1Model(A, labels, "cs", *none, -1.0 / max(int(sizes.max()) - 1, 1))
    previous, gap = lags(_times(correlation, rows), rows.group_codes)
    near = np.abs(gap - np.round(gap)) < WHOLE
    gap = np.where(near, np.round(gap), gap)  # powers of a negative rho are those of whole numbers
    return Level1Model(A, labels, "ar1", previous, gap, lowest_of_gaps(gap))


def lags(times: FloatArray, codes: IntArray) -> tuple[IntArray, FloatArray]:
    """The row before each row, in time, in the same group, and the time since; -1 and 0 of a group's first row.

    Parameters
    ----------
    times : (N,) array
        Distinct within groups.
    codes : (N,) array of int
        Position of each row's group.

    Examples
    --------
    >>> previous, gap = lags(np.array([3.0, 1.0, 2.0, 5.0]), np.array([0, 0, 1, 1]))
    >>> previous.tolist(), gap.tolist()
    ([1, -1, -1, 2], [2.0, 0.0, 0.0, 3.0])
    """
    order = np.lexsort((times, codes))
    previous, gap = np.full(len(order), -1), np.zeros(len(order))
    same = np.flatnonzero(codes[order][1:] == codes[order][:-1])
    later, earlier = order[same + 1], order[same]
    previous[later] = earlier
    gap[later] = times[later] - times[earlier]
    return previous, gap


def lowest_of_gaps(gap: FloatArray) -> float:
    """Lower bound of rho: -1 where all gaps are whole numbers and one is odd, else 0.

    A negative number has no other powers, and even ones do not tell it from a positive one.

    Examples
    --------
    >>> [lowest_of_gaps(np.array(gap)) for gap in ([0.0, 1.0, 2.0], [0.0, 2.0, 2.0], [0.0, 0.5])]
    [-1.0, 0.0, 0.0]
    """
    whole = (np.abs(gap - np.round(gap)) < WHOLE).all()
    return -1.0 if whole and (np.round(gap) % 2 == 1).any() else 0.0


def _columns(spec: ModelSpec, rows: Rows) -> tuple[FloatArray, tuple[str, ...]]:
    """Columns (N, k) of the logarithm of the SD, and their labels."""
    spread = spec.log_spread
    if spread is None:
        return np.empty((rows.n_obs, 0)), ()
    every_level = first_categorical(spread.expressions, rows)
    parts: list[FloatArray] = []
    labels: list[str] = []
    names: list[str] = []
    constant = None
    for position, term in enumerate(spread.terms):
        found = evaluate(term.expression, rows, "row", every_level=position == every_level)
        if term.expression.is_constant:
            constant = len(labels)
        parts.append(found.matrix)
        own = [labelled(term.symbol, label) for label in found.labels]
        labels += own
        names += [described(label, expression_text(term.expression)) for label in own]
    A = np.hstack(parts)
    if rows.fitted is None:
        check_columns(A, names, constant)
    return A if spread.predicted == "sigma" else A / 2, tuple(labels)


def _times(correlation: ResidualCorrelation, rows: Rows) -> FloatArray:
    """The times of rows (N,), distinct within groups; without a column the order of the rows of a group."""
    if correlation.time is None:
        order = np.argsort(rows.group_codes, kind="stable")
        n = np.bincount(rows.group_codes)
        times = np.empty(rows.n_obs)
        times[order] = np.arange(rows.n_obs) - np.repeat(np.cumsum(n) - n, n)
        return times
    column, span = rows.columns[rows.names[correlation.time.name]], correlation.time.span
    if isinstance(column, CategoricalColumn):
        message = f"the times {column.name!r} are text: they are a column of numbers"
        raise place_error(message, rows.text, span)
    times, codes = column.numbers, rows.group_codes
    order = np.lexsort((times, codes))
    same = (codes[order][1:] == codes[order][:-1]) & (times[order][1:] == times[order][:-1])
    if same.any():
        row = int(order[int(same.argmax()) + 1])
        raise place_error(
            f"{rows.group} {shown(rows.group_labels[codes[row]])} has two rows at {column.name} ="
            f" {level_label(float(times[row]))}: times are distinct within a group; leave one of the rows out",
            rows.text,
            span,
        )
    return times
