"""What the fixed effects would be if all categories were coded by their deviations from the mean: type III tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.rows import Rows, gather_rows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.terms import expand_terms, filled
from bayeshlm.errors import DataError

SAME = 1e-8
"""Share of a column's length that two codings may differ by in what they span."""


def sum_coded_effects(design: Design) -> FloatArray | None:
    """Matrix B, (p, p), with which ``B gamma`` are the effects of the same model under sum coding.

    Row k belongs to the symbol of ``design.fixed[k]``; without categories B is the identity. That the effects of a
    symbol are zero is then one statement whatever the coding and the reference: a main effect is averaged over the
    categories that it interacts with, each with the same weight, and taken where numeric partners are 0. With a
    category for every combination these are SAS's and lmerTest's type III hypotheses (Kuznetsova, Brockhoff &
    Christensen 2017, J. Statistical Software 82(13), section 3).

    Returns
    -------
    ndarray or None
        None where the model itself depends on the coding, as with a product of categories without its parts.
    """
    if not any(part.label for column in design.fixed for part in column.parts):
        return np.eye(len(design.fixed))
    X, own = _of_sample(design) if design.rows is None else (_columns(design, _coded(design, "sum")), design.X)
    changed = np.any(own != X, axis=0)
    if not changed.any():
        return np.eye(X.shape[1])
    length = np.linalg.norm(X, axis=0)
    given = np.linalg.norm(own, axis=0)
    scaled, target = X / length, own / given
    B = np.linalg.lstsq(scaled, target, rcond=None)[0]
    if np.any(np.linalg.norm(target - scaled @ B, axis=0) > SAME):
        return None
    B = B * given / length[:, None]
    B[np.abs(B) < SAME * np.abs(B).max(axis=1, keepdims=True)] = 0.0
    return np.asarray(B)


def _coded(design: Design, coding: Literal["sum"] | None) -> Rows:
    return replace(gather_rows(design.spec, design.frame, list(design.groupings)), coding=coding)


def _of_sample(design: Design) -> tuple[FloatArray, FloatArray]:
    """X of a sample of rows in a database under sum coding and as it is: what makes one of the other holds for all."""
    sampled = design.with_sample()
    try:
        X, own = (_columns(design, _coded(sampled, coding)) for coding in ("sum", None))
        told = X.shape == own.shape == (len(X), len(design.fixed)) and np.linalg.matrix_rank(own) == len(design.fixed)
    except DataError:  # of rows that are too few
        told = False
    if not told:
        raise DataError(
            "a random sample of the rows does not tell what sum coding makes of the categories, because it has not all "
            "of them or too few rows a group: make the model from a DataFrame for tests of terms"
        )
    return X, own


def _columns(design: Design, rows: Rows) -> FloatArray:
    """X of rows, as their categories are coded."""
    codes = tuple(grouping.codes for grouping in rows.groupings)
    return filled(expand_terms(design.spec, rows).x_sources, codes)
