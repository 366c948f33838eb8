"""Specification and a table of a database to a `Design`; the rows stay where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.design.build import check_groupings, random_term
from bayeshlm.design.by_levels import by_levels
from bayeshlm.design.cell_moments import cell_moments
from bayeshlm.design.cell_products import DesignColumns, cell_products
from bayeshlm.design.cell_sums import CellColumns, CellSums
from bayeshlm.design.cells import Cells
from bayeshlm.design.checks import check_counts, check_sizes, check_triangle
from bayeshlm.design.columns import coding
from bayeshlm.design.database_cells import DatabaseCells, gather_cells
from bayeshlm.design.database_sums import SummedCells, sums_of_cells
from bayeshlm.design.database_weights import WeightColumn, columns_of_weights, weights_in_database
from bayeshlm.design.design import Design
from bayeshlm.design.grouping import Groups
from bayeshlm.design.joined_tables import GroupTables
from bayeshlm.design.known_sd_in_database import SummedKnownSd, known_sd_in_database
from bayeshlm.design.naming import described
from bayeshlm.design.outcome import Outcome
from bayeshlm.design.outcome_values import check_size, nothing_to_explain
from bayeshlm.design.place_error import place_error
from bayeshlm.design.predictor import Predictor, intercept_position
from bayeshlm.design.residuals import Residuals
from bayeshlm.design.row_sample import RowsThere
from bayeshlm.design.rows import Rows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.summed_rows import SummedRows
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.design.terms import Source, Terms, expand_terms, product
from bayeshlm.design.unit_equations import unit_equations
from bayeshlm.design.weights_reading import refuse_beside_spread
from bayeshlm.equations.rename import rename_columns
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.source.database_table import DatabaseTable


def build_design_from_database(
    spec: ModelSpec,
    data: DatabaseTable,
    group: Groups = None,
    group_data: GroupTables = None,
    weights: SurveyWeights | None = None,
) -> Design:
    """Evaluate the equations on a table of a database, of which grouped sums come back.

    Parameters
    ----------
    spec : ModelSpec
        Of a normal outcome.
    data : DatabaseTable
        One row a level-1 unit.
    group, group_data, weights
        As in `bayeshlm.design.build_design`.

    Returns
    -------
    Design
        Without rows; else as that of the same rows in a DataFrame.

    Raises
    ------
    DataError
        As `bayeshlm.design.build_design`; the likelihood needs rows; a query fails.

    Notes
    -----
    One query gives counts, extremes and sums of the used columns by cell, a combination of units, and where rows
    are incomplete another what they miss. The other gives sums of products of the level-1 columns and the outcome,
    less their means. Both group the table by its ids; expressions such as ``cgm(log(x))`` and categories take a
    query more each. Where rows do not all count the same, by known SDs or sampling weights, another gives the sums that
    these weight; each replicate weight takes one more whenever the spread over samples is estimated.
    """
    if weights is not None:
        refuse_beside_spread(spec)
    carried = {f"x{k}": data.expression[name] for k, name in enumerate(data.names)}
    spec, cells, found = summed(spec, data, group, group_data, carried, () if weights is None else weights.named)
    rows, sums, moments = found.rows, found.sums, found.outcome
    n_obs, name = int(cells.n.sum()), rows.names[spec.outcome.name]
    check_size(spec, moments.mean, moments.sd, moments.range[0] < moments.range[1])
    if moments.range[0] == moments.range[1]:
        raise nothing_to_explain(spec, f"{moments.range[0]:g}")
    outcome = Outcome(name, residuals=Residuals.of(spec))
    check_groupings(spec, rows, n_obs, outcome.scatter(2.0))

    terms = expand_terms(spec, rows)
    fixed, random = tuple(terms.fixed), tuple(map(tuple, terms.random))
    check_counts(n_obs, len(fixed))
    columns = columns_of_cells(terms, sums)
    _check_columns(terms, sums, columns)
    predictor = Predictor(fixed, tuple(map(random_term, rows.groupings, random, spec.blocks_by_grouping)))
    equations = tuple(unit_equations(spec, rows, terms, k) for k in range(len(rows.groupings)))
    known_sd = known_sd_in_database(spec, found)
    beside = {} if weights is None else columns_of_weights(weights.named, data, found)
    sampling = None if weights is None else weights_in_database(weights, beside, found)
    kept = _Frame.of(found.rows, cells, beside)
    weighted = next((one.weighted for one in (known_sd, sampling) if one is not None), None)
    every = tuple(column for of_one in random for column in of_one)
    return Design(
        spec=spec,
        outcome=outcome,
        predictor=predictor,
        coefficients=tuple(terms.coefficients),
        equations=equations,
        moments=cell_moments(moments, sums, columns, equations, fixed, every),
        products=cell_products(predictor, sums, columns, weighted),
        rows=None,
        rows_dropped=rows.rows_dropped,
        left_out=rows.left_out,
        weights=None if sampling is None else sampling.design,
        cells=kept.cells(sums, None if known_sd is None else known_sd.weighted.sums.weight),
        summed=SummedRows(
            sums=sums,
            weighted=weighted,
            known_sd=known_sd,
            sampling=sampling,
            columns=columns,
            constant=tuple(not name for name in found.names),
            column_sums={**{name: column.total for name, column in beside.items() if column.there}, **cells.sums},
            rows=_rows_there(data, cells, found, kept, known_sd),
            known=rows,
        ),
    )


def summed(
    spec: ModelSpec,
    data: DatabaseTable,
    group: Groups = None,
    group_data: GroupTables = None,
    carried: Mapping[str, Any] = MappingProxyType({}),
    beside: Sequence[str] = (),
) -> tuple[ModelSpec, DatabaseCells, SummedCells]:
    """Ask both queries; the specification is sorted into levels, its columns named as the table has them.

    Parameters
    ----------
    spec, data, group, group_data
        As in `build_design_from_database`.
    carried, beside
        As in `gather_cells`.
    """
    _check_normal(spec)
    cells = gather_cells(spec, data, group, group_data, carried, beside)
    spec, rows = by_levels(spec, cells.rows)
    spec = rename_columns(spec, rows.names)
    name = rows.names[spec.outcome.name]
    if cells.kinds[name] == "text":
        message = f"the outcome {name!r} is text; the outcome must be coded as numbers"
        raise place_error(message, spec.text, spec.outcome.span)
    return spec, cells, sums_of_cells(cells, rows, spec)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """The columns used, one row a cell; those that vary within cells, which `varying` names in the table, are empty."""

    frame: pd.DataFrame
    varying: dict[str, str]

    @classmethod
    def of(cls, rows: Rows, cells: DatabaseCells, beside: Mapping[str, WeightColumn]) -> _Frame:
        assert rows.beneath is not None
        varying = {str(name): cells.stands_for[name] for name in rows.frame if name in rows.beneath.not_at_hand}
        new = {name: column for name, column in beside.items() if name not in rows.frame}
        values = {name: np.nan if column.varies else column.low.to_numpy() for name, column in new.items()}
        return cls(rows.frame.assign(**values), varying | {name: one.there for name, one in new.items() if one.varies})

    def cells(self, sums: CellSums, weight: FloatArray | None) -> Cells:
        varying = {name: coding(self.frame[name]) for name in self.varying}
        return Cells(sums.codes, self.frame.drop(columns=list(varying)), sums.n, varying, weight)


def _rows_there(
    data: DatabaseTable, cells: DatabaseCells, found: SummedCells, kept: _Frame, known_sd: SummedKnownSd | None
) -> RowsThere:
    return RowsThere(
        table=found.table,
        ids=cells.ids,
        names=found.names,
        net=found.net,
        y=found.y,
        identity=tuple(f"x{k}" for k, name in enumerate(data.names) if data.kind(name) != "other"),
        frame=kept.frame,
        varying=kept.varying,
        sd=None if known_sd is None else known_sd.of_rows or known_sd.of_cells,
    )


def _check_normal(spec: ModelSpec) -> None:
    found, known = spec.distribution, spec.residual_spread
    if known is not None and known.function == "cov":
        raise place_error(
            "known covariances need the rows in their order, and those of a database stay there in none: take the "
            "columns and rows that the model needs to memory, data=table.select(...).to_pandas()",
            spec.text,
            known.span,
        )
    if spec.has_level1_model:
        raise place_error(
            "an equation of the level-1 SD and correlations of residuals need the rows, and those of a database stay "
            "there: take the columns and rows that the model needs to memory, data=table.select(...).to_pandas()",
            spec.text,
            spec.level1_span,
        )
    if not Outcome(spec.outcome.name, found.family, found.link).is_normal:
        raise place_error(
            f"the likelihood of a {found.family} outcome needs its rows, and those of a database stay there: take the "
            "columns and rows that the model needs to memory, data=table.select(...).to_pandas()",
            spec.text,
            spec.outcome.span,
        )


def columns_of_cells(terms: Terms, sums: CellSums) -> DesignColumns:
    """The columns of X and Z, and the outcome, each in the cells a level-1 column times a number."""
    position = {column.label: k for k, column in enumerate(terms.coefficients)}
    n_cells, last = len(sums.n), len(sums.center) - 1

    def made(labels: list[str], sources: list[Source]) -> CellColumns:
        factor = np.empty((n_cells, len(labels)))
        for k, source in enumerate(sources):
            factor[:, k] = product(source[1:], sums.codes)
        return CellColumns.of(sums, [position[label] for label in labels], factor)

    X = made([column.coefficient for column in terms.fixed], terms.x_sources)
    pairs = zip(terms.random, terms.z_sources, strict=True)
    Z = tuple(made([column.path[0] for column in columns], sources) for columns, sources in pairs)
    return DesignColumns(X, Z, CellColumns.of(sums, [last], np.ones((n_cells, 1))))


def _check_columns(terms: Terms, sums: CellSums, columns: DesignColumns) -> None:
    """Refuse constant and collinear columns, as `bayeshlm.design.build_design` does."""
    expressions = {column.label: column.expression for column in terms.coefficients}
    names = [described(column.label, expressions[column.coefficient], column.term) for column in terms.fixed]
    _check(sums, columns.X, names, intercept_position(terms.fixed))
    in_x = {column.coefficient for column in terms.fixed if column.term == "1"}
    for of_one, Z in zip(terms.random, columns.Z, strict=True):
        if not in_x.issuperset(column.coefficient for column in of_one):
            names = [described(column.label, column.expression, "1") for column in of_one]
            _check(sums, Z, names, intercept_position(of_one))


def _check(sums: CellSums, columns: CellColumns, names: list[str], intercept: int | None) -> None:
    mean, sd, deviations = columns.deviations(sums)
    check_sizes(mean, sd, names, intercept)
    scale = np.where(sd > 0, sd, 1.0)
    if intercept is not None:
        scale[intercept] = 1.0
        deviations.shift[:, intercept] = 1.0  # the intercept itself
    scaled = (columns if intercept is None else deviations).scaled(scale)
    gram = scaled.products(scaled, sums).sum(axis=0)
    values, vectors = np.linalg.eigh(gram)
    triangle = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    check_triangle(triangle, mean, scale, names, intercept)
