"""The terms of a model's equations on some rows: labelled columns of X and Z, each with what it is a product of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.beneath import Expanded
from bayeshlm.design.expression_columns import evaluate, first_categorical
from bayeshlm.design.line_units import check_one_mean, evaluate_in_units, groupings_of_level, groupings_of_line
from bayeshlm.design.naming import Part, expression_text, labelled
from bayeshlm.design.predictor import OF_SPREAD, CoefficientColumn, FixedColumn, RandomColumn
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import CHUNK_ROWS, FloatArray, IntArray
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import ModelSpec

type Factor = tuple[FloatArray, int | None]
"""Values (J,) of the units of a grouping, by its position; or (N,) of rows, and None."""

type Source = tuple[Factor | None, ...]
"""What a column of X or Z is the product of: a factor a level, from level 1 upward; None is the constant one."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of the equations, evaluated on N rows.

    Attributes
    ----------
    coefficients : list of CoefficientColumn
        Level-1 coefficients.
    fixed : list of FixedColumn
        Columns of X.
    random : list of list of RandomColumn
        Columns of Z, of each grouping; that of an effect of the level-1 SD is zero.
    x_sources : list of Source
    z_sources : list of list of Source
        What the columns of X and Z are products of.
    offset : (N,) array
    """

    coefficients: list[CoefficientColumn]
    fixed: list[FixedColumn]
    random: list[list[RandomColumn]]
    x_sources: list[Source]
    z_sources: list[list[Source]]
    offset: FloatArray


@dataclass(frozen=True, eq=False)
class _Path:
    """One column that a coefficient is multiplied with: what it is a product of, from level 1 up to the coefficient's.

    Attributes
    ----------
    labels : tuple of str
        Of the columns that its expressions expand to.
    source : Source
    coefficients : tuple of str
        Labels of the coefficients that it belongs to, from level 1 upward; the last is the coefficient.
    texts : tuple of str
        Its expressions, one a level.
    parts : tuple of tuple of Part
        Of the expressions.
    """

    labels: tuple[str, ...] = ()
    source: Source = ()
    coefficients: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    parts: tuple[tuple[Part, ...], ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether its column is the constant 1."""
        return all(text == "1" for text in self.texts)

    def times(self, symbol: str, expression: Product, found: Expanded, grouping: int | None) -> Iterator[_Path]:
        """The columns of the coefficient `symbol` of the next level, which multiplies an expression's columns."""
        plain = expression.is_constant and bool(self.source)  # level 1 has its column of ones
        for k, label in enumerate(found.labels):
            labels = (*self.labels, label)
            yield _Path(
                labels,
                (*self.source, None if plain else (found.matrix[:, k], grouping)),
                (*self.coefficients, labelled(symbol, *labels)),
                (*self.texts, expression_text(expression)),
                (*self.parts, found.parts[k]),
            )


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
    empty: list[list[RandomColumn]] = [[] for _ in spec.groupings]
    terms = Terms([], [], empty, [], [[] for _ in spec.groupings], _offset(spec, rows))
    below = groupings_of_level(spec, 2)
    every_level = _every_level(spec, [term.expression for term in spec.level1], rows, multiplies_one=True)
    for position, term in enumerate(spec.level1):
        check_one_mean(term.expression, below, rows)
        level1 = evaluate(term.expression, rows.of(below[0]), "row", every_level=position == every_level)
        paths = list(_Path().times(term.coefficient, term.expression, level1, None))
        terms.coefficients.extend(
            CoefficientColumn(path.coefficients[0], term.coefficient, path.texts[0], path.parts[0]) for path in paths
        )
        _add(terms, spec, rows, term.coefficient, 2, paths)
    if effect := spec.spread_effect:
        terms.random[0].append(RandomColumn(effect, effect, OF_SPREAD, OF_SPREAD, False))
        terms.z_sources[0].append(((np.zeros(rows.n_obs), None),))
    return terms


def _every_level(spec: ModelSpec, expressions: list[Product], rows: Rows, multiplies_one: bool) -> int | None:
    """As `first_categorical`; none beside cutpoints, the constant of a line that multiplies the number one."""
    return None if spec.distribution.has_cutpoints and multiplies_one else first_categorical(expressions, rows)


def _add(terms: Terms, spec: ModelSpec, rows: Rows, symbol: str, level: int, paths: list[_Path]) -> None:
    """Add what a coefficient, of which these are the columns, is made of: its line in a level, or itself."""
    lines = {line.coefficient: line for line in spec.equations}
    if symbol not in lines:
        for path in paths:
            term = "*".join(text for text in path.texts[1:] if text != "1") or "1"
            parts = tuple(part for of_level in path.parts[1:] for part in of_level)
            own, first = path.coefficients[-1], path.coefficients[0]
            terms.fixed.append(FixedColumn(own, symbol, first, term, path.is_constant, parts, path.coefficients))
            terms.x_sources.append(path.source)
        return
    line = lines[symbol]
    units = groupings_of_line(spec, line, level)
    multiplies_one = all(path.is_constant for path in paths)
    every_level = _every_level(spec, [given.expression for given in line.fixed], rows, multiplies_one)
    for number, given in enumerate(line.fixed):
        found, unit = evaluate_in_units(given.expression, rows, units, every_level=number == every_level)
        longer = [one for path in paths for one in path.times(given.symbol, given.expression, found, unit)]
        _add(terms, spec, rows, given.symbol, level + 1, longer)
    for effect in line.random_effects:
        for path in paths:
            text = "*".join(one for one in path.texts if one != "1") or "1"
            parts = tuple(part for of_level in path.parts for part in of_level)
            label = labelled(effect.symbol, *path.labels)
            own = path.coefficients[-1]
            terms.random[effect.grouping].append(
                RandomColumn(label, effect.symbol, own, text, path.is_constant, parts, path.coefficients)
            )
            terms.z_sources[effect.grouping].append(path.source)


def filled(sources: Sequence[Source], codes: Sequence[IntArray]) -> FloatArray:
    """Write the columns into one C-contiguous matrix, a chunk of rows at a time.

    Parameters
    ----------
    sources : sequence of Source
    codes : sequence of (N,) arrays of int
        Position of each row's unit, of each grouping.
    """
    n_rows = len(codes[0])
    matrix = np.empty((n_rows, len(sources)))
    for start in range(0, n_rows, CHUNK_ROWS):
        window = slice(start, start + CHUNK_ROWS)
        for k, source in enumerate(sources):
            with np.errstate(over="ignore"):  # refused by check_columns, with the name of the term
                matrix[window, k] = product(source, codes, window)
    return matrix


def product(source: Source, codes: Sequence[IntArray], window: slice = slice(None)) -> FloatArray | float:
    """Values of a product of factors in some rows; 1.0 of the empty product."""
    total: FloatArray | float = 1.0
    for k, (values, grouping) in enumerate(factor for factor in source if factor is not None):
        here = values[window] if grouping is None else values[codes[grouping][window]]
        total = here if k == 0 else total * here
    return total


def _offset(spec: ModelSpec, rows: Rows) -> FloatArray:
    total = np.zeros(rows.n_obs)
    for expression in spec.offsets:
        total += evaluate(expression, rows, "row", inside="offset").matrix.sum(axis=1)
    return total
