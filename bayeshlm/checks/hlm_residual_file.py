"""The columns of the HLM program's file of the residuals of groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayeshlm.checks.effect_moments import EffectMoments
from bayeshlm.checks.level1_variance import own_residuals
from bayeshlm.checks.mahalanobis import Distances, expected_order
from bayeshlm.design.centering import first_rows
from bayeshlm.design.coefficient_means import unit_coefficients
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import rows_of_units
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.unit_products import UnitProducts

NO_FILE = "the HLM program's residual files are of nested groupings, and these are crossed: take `table` or `data`"


def hlm_columns(
    design: Design, moments: EffectMoments, found: Distances, fitted: FloatArray, ols: FloatArray
) -> pd.DataFrame:
    """The columns that `bayeshlm.checks.level2_residuals.LevelTwoResiduals.hlm_file` names.

    Parameters
    ----------
    design, moments, found
        The groups, their posterior moments and distances.
    fitted : array (J, C)
        ``W_j gamma``.
    ols : array (J, q)
        Least-squares residuals.
    """
    file = pd.DataFrame({"L2ID": np.asarray(design.group_labels), "NJ": design.n_per_group})
    file["CHIPCT"] = expected_order(found.plug_in, len(design.random))
    file["MDIST"] = found.plug_in
    _add_spread(file, design, moments, UnitProducts.of(design))
    random = design.random_coefficients
    for prefix, values in (("EB", moments.mean), ("OL", ols)):
        for a, c in enumerate(random):
            file[f"{prefix}{design.coefficient_labels[c]}"] = values[:, a]
    for c, label in enumerate(design.coefficient_labels):
        file[f"FV{label}"] = fitted[:, c]
    for c, label in enumerate(design.coefficient_labels):
        file[f"EC{label}"] = fitted[:, c] + (moments.mean[:, random.index(c)] if c in random else 0.0)
    for a in range(len(random)):
        for b in range(a + 1):
            file[f"PV{a}_{b}"] = moments.cov[:, a, b]
    return file


def hlm_columns_of_level(
    design: Design,
    grouping: int,
    moments: EffectMoments,
    means: Sequence[FloatArray],
    found: Distances,
    ols: FloatArray,
) -> pd.DataFrame:
    """The same of the units of one of several groupings, nested in each other, with the ids of the units around them.

    Parameters
    ----------
    design : Design
    grouping : int
        Position of the grouping.
    moments, found, ols
        Of its J units, as in `hlm_columns`.
    means : sequence of (J_k, q_k) arrays
        Posterior means of u of each grouping.
    """
    terms, codes = design.predictor.random, design.cells.codes
    first = first_rows(codes[grouping], len(moments.mean))
    outward = range(len(terms) - 1, grouping - 1, -1)
    file = pd.DataFrame({f"L{k + 2}ID": np.asarray(terms[k].labels[codes[k][first]]) for k in outward})
    file["NJ"] = rows_of_units(design, grouping)
    file["CHIPCT"] = expected_order(found.plug_in, len(terms[grouping].columns))
    file["MDIST"] = found.plug_in
    made = UnitProducts.of(design)
    if made.units.grouping == grouping:
        _add_spread(file, design, moments, made)
    u = [values[None] for values in means]
    none = [np.zeros_like(values) for values in u]
    (fitted,), (whole,) = (unit_coefficients(design, grouping, moments.gamma[None], effects) for effects in (none, u))
    for prefix, values in (("EB", moments.mean), ("OL", ols)):
        for a, column in enumerate(terms[grouping].columns):
            file[f"{prefix}{column.coefficient}"] = values[:, a]
    for prefix, values in (("FV", fitted), ("EC", whole)):
        for c, label in enumerate(design.equations[grouping].coefficients):
            file[f"{prefix}{label}"] = values[:, c]
    for a in range(len(terms[grouping].columns)):
        for b in range(a + 1):
            file[f"PV{a}_{b}"] = moments.cov[:, a, b]
    return file


def _add_spread(file: pd.DataFrame, design: Design, moments: EffectMoments, made: UnitProducts) -> None:
    """Add the logs of the SDs within the finest units, which are no one number where rows have known SDs."""
    if design.outcome.residuals.known:
        return
    n, (rss, df) = made.products.n, own_residuals(made.products)
    total, unexplained = _squares_of_units(design, moments.gamma, made)
    spread = {"LNTOTVAR": (total, n - 1), "OLSRSVAR": (rss, df), "MDRSVAR": (unexplained, n - 1)}
    for name, (squares, count) in spread.items():
        some = (count > 0) & (squares > 0)
        file[name] = np.nan
        file.loc[some, name] = 0.5 * np.log(squares[some] / count[some])


def _squares_of_units(design: Design, gamma: FloatArray, made: UnitProducts) -> tuple[FloatArray, FloatArray]:
    """Sums of squares within each finest unit of the outcome, and of what gamma leaves of it, (J,) each."""
    codes = made.units.codes
    if design.rows is None and design.summed is not None:
        zeros = [np.zeros((len(term.columns), 1, len(term.labels))) for term in design.predictor.random]
        (expected,) = design.summed.coefficients(gamma[None], zeros)
        order = np.argsort(codes)  # a cell is a unit
        total, unexplained = (design.summed.squares_within(c)[order] for c in (np.zeros_like(expected), expected))
        return total, unexplained
    residual = design.y - design.offset - design.X @ gamma
    return _squares_within(design.y, codes, made.products.n), _squares_within(residual, codes, made.products.n)


def _squares_within(values: FloatArray, codes: IntArray, n: IntArray) -> FloatArray:
    """Sum of squares of each group about its mean, (J,)."""
    means = np.bincount(codes, weights=values, minlength=len(n)) / n
    return np.bincount(codes, weights=(values - means[codes]) ** 2, minlength=len(n))
