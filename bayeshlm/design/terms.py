"""The terms of a model's equations on some rows: labelled columns of X and Z, each with what it is a product of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.expression_columns import evaluate, first_categorical
from bayeshlm.design.naming import expression_text, labelled
from bayeshlm.design.predictor import CoefficientColumn, FixedColumn, RandomColumn
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import CHUNK_ROWS, FloatArray, IntArray
from bayeshlm.equations.spec import ModelSpec

type Source = tuple[FloatArray, FloatArray | None]
"""A column of X or Z: level-1 values, (N,), times level-2 values, (J,), or times one."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of the equations, evaluated on N rows.

    Attributes
    ----------
    coefficients : tuple of CoefficientColumn
        Level-1 coefficients.
    fixed : tuple of FixedColumn
        Columns of X.
    random : tuple of RandomColumn
        Columns of Z.
    x_sources, z_sources : tuple of Source
        What the columns of X and Z are products of.
    offset : (N,) array
    """

    coefficients: tuple[CoefficientColumn, ...]
    fixed: tuple[FixedColumn, ...]
    random: tuple[RandomColumn, ...]
    x_sources: tuple[Source, ...]
    z_sources: tuple[Source, ...]
    offset: FloatArray


def expand_terms(spec: ModelSpec, rows: Rows) -> Terms:
    """Evaluate every term of the equations; a categorical one expands to several columns.

    Parameters
    ----------
    spec : ModelSpec
        With the columns named as `rows` has them.
    rows : Rows

    Raises
    ------
    DataError
        See `bayeshlm.design.expression_columns.evaluate`.
    """
    coefficients: list[CoefficientColumn] = []
    fixed: list[FixedColumn] = []
    random: list[RandomColumn] = []
    x_sources: list[Source] = []
    z_sources: list[Source] = []
    every_level = first_categorical([term.expression for term in spec.level1], rows)
    for position, (term, line) in enumerate(zip(spec.level1, spec.level2, strict=True)):
        level1 = evaluate(term.expression, rows, "row", every_level=position == every_level)
        text, constant = expression_text(term.expression), term.expression.is_constant
        own = [labelled(term.coefficient, label) for label in level1.labels]
        coefficients += [
            CoefficientColumn(label, term.coefficient, text, parts)
            for label, parts in zip(own, level1.parts, strict=True)
        ]
        line_level = first_categorical([fixed_term.expression for fixed_term in line.fixed], rows)
        for number, fixed_term in enumerate(line.fixed):
            level2 = evaluate(fixed_term.expression, rows, "group", every_level=number == line_level)
            plain = fixed_term.expression.is_constant
            for a, outer in enumerate(level1.labels):
                for b, inner in enumerate(level2.labels):
                    label = labelled(fixed_term.symbol, outer, inner)
                    shown = expression_text(fixed_term.expression)
                    is_intercept = constant and plain
                    fixed.append(FixedColumn(label, fixed_term.symbol, own[a], shown, is_intercept, level2.parts[b]))
                    x_sources.append((level1.matrix[:, a], None if plain else level2.matrix[:, b]))
        if line.random is not None:
            for a, outer in enumerate(level1.labels):
                label, parts = labelled(line.random, outer), level1.parts[a]
                random.append(RandomColumn(label, line.random, own[a], text, constant, parts))
                z_sources.append((level1.matrix[:, a], None))
    return Terms(
        tuple(coefficients), tuple(fixed), tuple(random), tuple(x_sources), tuple(z_sources), _offset(spec, rows)
    )


def filled(sources: Sequence[Source], group_codes: IntArray) -> FloatArray:
    """Write the columns into one C-contiguous matrix, a chunk of rows at a time."""
    n_rows = len(group_codes)
    matrix = np.empty((n_rows, len(sources)))
    for start in range(0, n_rows, CHUNK_ROWS):
        window = slice(start, start + CHUNK_ROWS)
        for k, (level1, level2) in enumerate(sources):
            values = level1[window]
            with np.errstate(over="ignore"):  # refused by check_columns, with the name of the term
                matrix[window, k] = values if level2 is None else values * level2[group_codes[window]]
    return matrix


def _offset(spec: ModelSpec, rows: Rows) -> FloatArray:
    total = np.zeros(rows.n_obs)
    for expression in spec.offsets:
        total += evaluate(expression, rows, "row", inside="offset").matrix.sum(axis=1)
    return total
