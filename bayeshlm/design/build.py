"""Specification and data to a `Design`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayeshlm.design.checks import check_columns, check_counts, check_groups
from bayeshlm.design.columns import CategoricalColumn, numbers_as_text
from bayeshlm.design.design import Design
from bayeshlm.design.design_rows import DesignRows
from bayeshlm.design.naming import described
from bayeshlm.design.predictor import Predictor, RandomTerm, intercept_position
from bayeshlm.design.rows import Rows, gather_rows, place_error
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.terms import Source, expand_terms, filled
from bayeshlm.equations.rename import rename_columns
from bayeshlm.equations.spec import ModelSpec

SMALLEST_OUTCOME, LARGEST_OUTCOME = 1e-70, 1e70
"""SDs of an outcome between which the squares of its sums of squares stay within float64, at any number of rows."""

FEW_DIGITS = 1e-13
"""SD of an outcome, as a share of its mean, of which rounding leaves less than three digits."""


def build_design(
    spec: ModelSpec, data: pd.DataFrame, group: str | None = None, group_data: pd.DataFrame | None = None
) -> Design:
    """Evaluate the equations on the data.

    Parameters
    ----------
    spec : ModelSpec
        What the equations say.
    data : DataFrame
        One row a level-1 unit; columns that the equations do not use are not looked at.
    group : str, optional
        Grouping column; may be left out when the equations name it (``u0[school]``).
    group_data : DataFrame, optional
        A level-2 file, one row a group, joined by the grouping column.

    Returns
    -------
    Design

    Raises
    ------
    DataError
        A column is missing, of the wrong kind, constant, collinear or of the wrong level; groups are
        missing, doubled or too few; the message names the place and says what to do.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*cwc(ses) + r;  b0 = g00 + g01*sector + u0;  b1 = g10")
    >>> data = pd.DataFrame(
    ...     {"school": [1, 1, 2, 2, 3, 3], "sector": [0, 0, 1, 1, 1, 1], "ses": [0, 2, 1, 5, 3, 4], "math": range(6)}
    ... )
    >>> design = build_design(spec, data, group="school")
    >>> design
    Design(6 rows in 3 groups of 'school', 3 fixed and 1 random effects)
    >>> design.fixed_labels, design.X[:3].tolist()
    (['g00', 'g01', 'g10'], [[1.0, 0.0, -1.0], [1.0, 0.0, 1.0], [1.0, 1.0, -2.0]])
    """
    rows = gather_rows(spec, data, group, group_data)
    spec = rename_columns(spec, rows.names)
    y = _outcome(spec, rows)
    random_terms = [term for term, line in zip(spec.level1, spec.level2, strict=True) if line.random is not None]
    intercept_only = all(term.expression.is_constant for term in random_terms)
    check_groups(rows.group, rows.group_labels, rows.group_codes, intercept_only)

    terms = expand_terms(spec, rows)
    fixed, random = terms.fixed, terms.random
    check_counts(rows.n_obs, len(fixed))
    X = filled(terms.x_sources, rows.group_codes)
    Z = filled(terms.z_sources, rows.group_codes)
    expressions = {column.label: column.expression for column in terms.coefficients}
    names = [described(column.label, expressions[column.coefficient], column.term) for column in fixed]
    check_columns(X, names, intercept_position(fixed))
    in_x = {column.coefficient for column in fixed if column.term == "1"}
    if not in_x.issuperset(column.coefficient for column in random):
        names = [described(column.label, column.expression, "1") for column in random]
        check_columns(Z, names, intercept_position(random))
    blocks = tuple(tuple(k for k, column in enumerate(random) if column.symbol in block) for block in spec.blocks)
    return Design.of(
        spec=spec,
        predictor=Predictor(fixed, (RandomTerm(rows.group, rows.group_labels, random, blocks),)),
        coefficients=terms.coefficients,
        W=_level2_matrix(terms.x_sources, rows.n_groups),
        rows=DesignRows(y, terms.offset, X, (Z,), (rows.group_codes,), rows.frame),
        rows_dropped=rows.rows_dropped,
        left_out=rows.left_out,
    )


def _outcome(spec: ModelSpec, rows: Rows) -> FloatArray:
    column = rows.columns[rows.names[spec.outcome.name]]
    if isinstance(column, CategoricalColumn):
        levels = ", ".join(map(repr, column.levels[:3])) + ("..." if len(column.levels) > 3 else "")
        problem = numbers_as_text(column, rows.frame.index) or f"the outcome {column.name!r} is text ({levels})"
        raise place_error(f"{problem}; the outcome must be coded as numbers", rows.text, spec.outcome.span)
    with np.errstate(all="ignore"):
        sd, mean = float(column.numbers.std()), float(column.numbers.mean())
        varies = np.ptp(column.numbers) > 0
    if not (np.isfinite(mean) and sd < LARGEST_OUTCOME) or (varies and sd < SMALLEST_OUTCOME):
        message = f"the outcome {column.name!r} has values like {column.numbers[0]:g}, beyond computing: rescale it"
        raise place_error(message, rows.text, spec.outcome.span)
    if varies and sd < FEW_DIGITS * abs(mean):
        message = (
            f"the outcome {column.name!r} has values around {mean:g} that vary by an SD of {sd:.2g}: numbers of that "
            "size are rounded too coarsely; subtract a constant before they are stored"
        )
        raise place_error(message, rows.text, spec.outcome.span)
    if column.numbers.max() == column.numbers.min():
        message = f"the outcome {column.name!r} is {column.numbers[0]:g} in every row: there is nothing to explain"
        raise place_error(message, rows.text, spec.outcome.span)
    return column.numbers.copy()


def _level2_matrix(sources: Sequence[Source], n_groups: int) -> FloatArray:
    """W, (J, p): the level-2 expression of each column of X."""
    W = np.ones((n_groups, len(sources)))
    for k, (_, level2) in enumerate(sources):
        if level2 is not None:
            W[:, k] = level2
    return W
