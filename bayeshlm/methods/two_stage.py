"""The two-stage method: a line in each group, then the lines' coefficients as data of level 2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.errors import DataError
from bayeshlm.methods.group_lines import GroupLines, level2_columns
from bayeshlm.methods.least_squares import FTest, LeastSquares, independent_columns, least_squares


@dataclass(frozen=True, eq=False, slots=True)
class Manova:
    """Test that a level-2 term predicts none of the coefficients.

    Attributes
    ----------
    term : str
        Level-2 term.
    wilks : float
        Wilks' lambda.
    test : FTest
        Its exact F, which is Hotelling's T squared.
    """

    term: str
    wilks: float
    test: FTest


@dataclass(frozen=True, eq=False, slots=True)
class TwoStage:
    """Second stage of the two-stage method.

    Attributes
    ----------
    regressions : tuple of LeastSquares
        A regression a coefficient, on the terms of its level-2 line; every group has the same weight.
    coefficients : tuple of str
        Coefficients that were regressed.
    manova : tuple of Manova
        A test a term; none where the lines of the coefficients have different terms.
    n_groups_used : int
        Groups whose rows determine a line.
    """

    coefficients: tuple[str, ...]
    regressions: tuple[LeastSquares, ...]
    manova: tuple[Manova, ...]
    n_groups_used: int

    def of(self, coefficient: str) -> LeastSquares:
        """Regression of one coefficient."""
        return self.regressions[self.coefficients.index(coefficient)]


def two_stage(design: Design, lines: GroupLines) -> TwoStage:
    """Regress the groups' own coefficients on level-2 variables.

    Raises
    ------
    DataError
        When too few groups have a line of their own.
    """
    used = lines.used
    regressions: dict[str, LeastSquares] = {}
    terms: dict[str, tuple[str, ...]] = {}
    for position, coefficient in enumerate(lines.labels):
        labels, W = level2_columns(design, coefficient)
        if not labels:
            continue
        W = W[used]
        if len(independent_columns(W)) < len(labels) or len(W) <= len(labels):
            raise DataError(f"{len(W)} groups with a line of their own do not determine {', '.join(labels)}.")
        columns = [next(f for f in design.fixed if f.label == label) for label in labels]
        own = tuple(column.term + column.label.removeprefix(column.symbol) for column in columns)
        intercept = own.index("1") if "1" in own else None
        regressions[coefficient] = least_squares(W, lines.coef[used, position], labels, intercept=intercept)
        terms[coefficient] = own
    shared = terms and len(set(terms.values())) == 1
    manova = _manova(tuple(regressions.values()), next(iter(terms.values()))) if shared else ()
    return TwoStage(tuple(regressions), tuple(regressions.values()), manova, int(used.sum()))


def _manova(regressions: tuple[LeastSquares, ...], terms: tuple[str, ...]) -> tuple[Manova, ...]:
    """Wilks' lambda of each single term: ``T2/df_e = b'E^-1 b / c`` with E the residual cross-products."""
    q, df = len(regressions), regressions[0].df
    if df < q:
        return ()
    residuals = np.column_stack([fit.residuals for fit in regressions])
    E = residuals.T @ residuals
    tests = []
    for k, term in enumerate(terms):
        b = np.array([fit.coef[k] for fit in regressions])
        ratio = float(b @ np.linalg.solve(E, b)) / float(regressions[0].unscaled[k, k])
        tests.append(Manova(term, 1 / (1 + ratio), FTest.of(ratio * (df - q + 1) / q, q, df - q + 1)))
    return tuple(tests)
