"""Specification and data to a `Design`."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from bayeshlm.design.by_levels import by_levels
from bayeshlm.design.checks import check_columns, check_counts, check_groups
from bayeshlm.design.design import Design
from bayeshlm.design.design_rows import DesignRows
from bayeshlm.design.grouping import Groups
from bayeshlm.design.joined_tables import GroupTables
from bayeshlm.design.naming import described
from bayeshlm.design.outcome_values import read_outcome
from bayeshlm.design.place_error import place_error
from bayeshlm.design.predictor import Predictor, RandomColumn, RandomTerm, intercept_position
from bayeshlm.design.read_known_covariance import read_known_covariance
from bayeshlm.design.read_known_sd import read_known_sd
from bayeshlm.design.read_level1_model import read_level1_model
from bayeshlm.design.residuals import Residuals
from bayeshlm.design.rows import Rows, gather_rows
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.design.terms import Terms, expand_terms, filled
from bayeshlm.design.unit_equations import unit_equations
from bayeshlm.design.units import Grouping, check_distinct, check_nested
from bayeshlm.design.weights_reading import read_weights, refuse_beside_spread
from bayeshlm.equations.rename import rename_columns
from bayeshlm.equations.spec import Blocks, ModelSpec


def build_design(
    spec: ModelSpec,
    data: pd.DataFrame,
    group: Groups = None,
    group_data: GroupTables = None,
    weights: SurveyWeights | None = None,
) -> Design:
    """Evaluate the equations on the data.

    Parameters
    ----------
    spec : ModelSpec
        What the equations say.
    data : DataFrame
        One row a level-1 unit; columns that the equations do not use are not looked at.
    group : str or sequence of str, optional
        Grouping column, or those of several levels from the inside out; may be left out when the equations name them
        (``u0[school]``). ``a:b`` is the cells of two columns.
    group_data : DataFrame or mapping of str to DataFrame, optional
        A level-2 file, one row a group, joined by the grouping column; of several groupings a file for each that has
        one, by its name.
    weights : SurveyWeights, optional
        Sampling weights; the design has none where all are the same.

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
    rows = gather_rows(spec, data, group, group_data, () if weights is None else weights.named)
    if weights is not None:
        refuse_beside_spread(spec)
    found = None if weights is None else read_weights(weights, rows)
    spec, rows = by_levels(spec, rows)
    spec = rename_columns(spec, rows.names)
    outcome, y, size = read_outcome(spec, rows)
    level1 = read_level1_model(spec, rows)
    outcome = replace(outcome, residuals=Residuals.of(spec, level1))
    check_groupings(spec, rows, rows.n_obs, outcome.scatter(max(y.max(), size.max())))

    terms = expand_terms(spec, rows)
    check_not_twice(spec, terms)
    fixed, random = tuple(terms.fixed), tuple(map(tuple, terms.random))
    check_counts(rows.n_obs, len(fixed))
    codes = tuple(grouping.codes for grouping in rows.groupings)
    X, Z = filled(terms.x_sources, codes), tuple(filled(sources, codes) for sources in terms.z_sources)
    expressions = {column.label: column.expression for column in terms.coefficients}
    names = [described(column.label, expressions[column.coefficient], column.term) for column in fixed]
    if spec.distribution.has_cutpoints:
        check_columns(np.column_stack([np.ones(len(X)), X]), ["the cutpoints", *names], 0)
    else:
        check_columns(X, names, intercept_position(fixed))
    in_x = {column.coefficient for column in fixed if column.term == "1"}
    predictor = Predictor(fixed, tuple(map(random_term, rows.groupings, random, spec.blocks_by_grouping)))
    for term, values in zip(predictor.random, Z, strict=True):
        columns = term.deviations
        if not in_x.issuperset(column.coefficient for column in columns):
            names = [described(column.label, column.expression, "1") for column in columns]
            check_columns(values[:, : len(columns)], names, intercept_position(columns))
    return Design.of(
        spec=spec,
        outcome=outcome,
        predictor=predictor,
        coefficients=tuple(terms.coefficients),
        equations=tuple(unit_equations(spec, rows, terms, k) for k in range(len(rows.groupings))),
        rows=DesignRows(
            y,
            size,
            terms.offset,
            X,
            Z,
            codes,
            rows.frame,
            sd=read_known_sd(spec, rows),
            level1=level1,
            covariance=read_known_covariance(spec, rows),
        ),
        rows_dropped=rows.rows_dropped,
        left_out=rows.left_out,
        weights=found,
    )


def check_not_twice(spec: ModelSpec, terms: Terms) -> None:
    """Refuse compound symmetry of one SD beside a random intercept: the same covariance of the rows of a group."""
    found = spec.correlation
    if found is None or found.pattern != "cs" or spec.log_spread is not None:
        return
    for column in (column for columns in terms.random for column in columns if column.is_intercept):
        raise place_error(
            f"cs says the same as the random intercept {column.label}, a covariance that all rows of a group share, and"
            f" the data do not tell one from the other: leave {column.label} or this line out",
            spec.text,
            found.span,
        )


def random_term(grouping: Grouping, columns: tuple[RandomColumn, ...], blocks: Blocks) -> RandomTerm:
    """The random term of a grouping; `blocks` are of symbols."""
    positions = (tuple(k for k, column in enumerate(columns) if column.symbol in block) for block in blocks)
    return RandomTerm(grouping.name, grouping.labels, columns, tuple(positions))


def check_groupings(spec: ModelSpec, rows: Rows, n_obs: int, scatter: str) -> None:
    """Refuse groupings that the data do not have: one unit, units of one row, units in two units of the level above."""
    intercept_only = [True] * len(rows.groupings)
    for path in spec.random_paths:
        if path.grouping is not None and not path.product.is_constant:
            intercept_only[path.grouping] = False
    for grouping, alone in zip(rows.groupings, intercept_only, strict=True):
        check_groups(grouping.name, grouping.labels, n_obs, scatter if alone else "")
    check_distinct(rows.groupings, intercept_only)
    for inner, outer in pairwise(positions for positions in spec.level_groupings if positions):
        if len(inner) == 1 and len(outer) == 1:
            check_nested(rows.groupings[inner[0]], rows.groupings[outer[0]])
