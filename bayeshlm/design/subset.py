"""A design without some of its rows, everything else left as the whole data made it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.cell_moments import OutcomeMoments, cell_moments
from bayeshlm.design.cell_products import DesignColumns, cell_products
from bayeshlm.design.cell_sums import CellColumns
from bayeshlm.design.cells import Cells
from bayeshlm.design.design import Design
from bayeshlm.design.predictor import Predictor
from bayeshlm.design.scaling import IntArray
from bayeshlm.design.summed_rows import SummedRows
from bayeshlm.design.unit_equations import UnitEquations
from bayeshlm.design.without_weights import refuse_weights


def without_rows(design: Design, left_out: NDArray[np.bool_]) -> Design:
    """Leave rows out of a design; a group that loses its last row is left out too.

    The columns are not made again: centering constants, scales, bases and codings stay those of the whole data, so
    that the effects keep their meaning and what was left out can be predicted.

    Parameters
    ----------
    design : Design
    left_out : (N,) or (M,) array of bool
        Rows to leave out; not all of them. Where the rows stay in a database the cells to leave out, and with them
        their rows.

    Returns
    -------
    Design

    Examples
    --------
    >>> import pandas as pd
    >>> from bayeshlm.design import build_design
    >>> from bayeshlm.equations import parse
    >>> data = pd.DataFrame({"school": [1, 1, 2, 2, 3, 3], "ses": [0, 2, 1, 5, 3, 4], "math": range(6)})
    >>> design = build_design(parse("math = b0 + b1*cgm(ses) + r; b0 = g00 + u0; b1 = g10"), data, group="school")
    >>> part = without_rows(design, design.group_codes == 0)
    >>> part.group_labels.tolist(), part.group_codes.tolist(), part.X[:, 1].tolist()
    ([2, 3], [0, 0, 1, 1], [-1.5, 2.5, 0.5, 1.5])
    """
    refuse_weights(design, "A model without some rows", "the weights of the others then stand for other shares")
    kept = ~left_out
    all_codes = design.cells.codes if design.summed is not None else design.kept_rows.codes
    of_term = [np.unique(codes[kept], return_inverse=True) for codes in all_codes]
    pairs = zip(design.predictor.random, of_term, strict=True)
    terms = tuple(replace(term, labels=term.labels[units]) for term, (units, _) in pairs)
    # positions that the units then have; those of units that are gone are never asked for
    moved = [np.zeros(len(term.labels), dtype=np.int64) for term in design.predictor.random]
    for positions, (units, _) in zip(moved, of_term, strict=True):
        positions[units] = np.arange(len(units))
    columns = [moved[k] for k, term in enumerate(terms) for _ in term.columns]
    predictor, codes = Predictor(design.fixed, terms), tuple(codes.astype(np.int64) for _, codes in of_term)
    equations = tuple(one.at(units, columns) for one, (units, _) in zip(design.equations, of_term, strict=True))
    if design.summed is not None:
        return _of_sums(design, design.summed, predictor, equations, kept, codes)
    return design.changed(predictor=predictor, equations=equations, rows=design.kept_rows.at(kept, codes))


def _of_sums(
    design: Design,
    summed: SummedRows,
    predictor: Predictor,
    equations: tuple[UnitEquations, ...],
    kept: NDArray[np.bool_],
    codes: tuple[IntArray, ...],
) -> Design:
    """The design of some cells; the outcome's extremes stay those of all."""
    sums, moments = summed.sums.at(kept, codes), design.moments
    weighted = None if summed.weighted is None else summed.weighted.at(kept, codes)
    X, y = summed.columns.X.at(kept), summed.columns.y.at(kept)
    columns = DesignColumns(X, tuple(own.at(kept) for own in summed.columns.Z), y)
    (mean,), (sd,), _ = CellColumns.of(sums, [summed.y_place], np.ones((len(sums.n), 1))).deviations(sums)
    outcome = OutcomeMoments(
        mean=float(mean),
        sd=float(sd),
        range=moments.y_range,
        two_values=moments.y_two_values,
        zeros=moments.y_zeros,
        skewness=moments.y_skewness,
        offset_mean=moments.offset_mean,
    )
    return replace(
        design,
        predictor=predictor,
        equations=equations,
        moments=cell_moments(outcome, sums, columns, equations, predictor.fixed, design.random),
        products=cell_products(predictor, sums, columns, weighted),
        cells=Cells(
            codes,
            design.cells.frame[kept],
            sums.n,
            design.cells.varying,
            None if weighted is None else weighted.sums.weight,
        ),
        summed=None,
    )
