"""A design without some of its rows, everything else left as the whole data made it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design.design import Design
from bayeshlm.design.predictor import Predictor
from bayeshlm.design.without_weights import refuse_weights


def without_rows(design: Design, left_out: NDArray[np.bool_]) -> Design:
    """Leave rows out of a design; a group that loses its last row is left out too.

    The columns are not made again: centering constants, scales, bases and codings stay those of the whole data, so
    that the effects keep their meaning and what was left out can be predicted.

    Parameters
    ----------
    design : Design
    left_out : (N,) array of bool
        Rows to leave out; not all of them.

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
    of_term = [np.unique(codes[kept], return_inverse=True) for codes in design.kept_rows.codes]
    pairs = zip(design.predictor.random, of_term, strict=True)
    terms = tuple(replace(term, labels=term.labels[units]) for term, (units, _) in pairs)
    # positions that the units then have; those of units that are gone are never asked for
    moved = [np.zeros(len(term.labels), dtype=np.int64) for term in design.predictor.random]
    for positions, (units, _) in zip(moved, of_term, strict=True):
        positions[units] = np.arange(len(units))
    columns = [moved[k] for k, term in enumerate(terms) for _ in term.columns]
    return design.changed(
        predictor=Predictor(design.fixed, terms),
        equations=tuple(one.at(units, columns) for one, (units, _) in zip(design.equations, of_term, strict=True)),
        rows=design.kept_rows.at(kept, tuple(codes.astype(np.int64) for _, codes in of_term)),
    )
