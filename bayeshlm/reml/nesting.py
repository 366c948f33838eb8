"""Whether one model is a special case of another on the same rows, and how their columns map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design import Design
from bayeshlm.design.joint_products import JointProducts
from bayeshlm.design.same_sums import SAME, difference_of_sums
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.reml.level1_nesting import AddedLevel1, added_level1
from bayeshlm.reml.relative_factor import factor_pattern

WITHIN = 1e-8
"""Share of a column's length that may be left outside of the larger model's columns."""

OTHER_SDS = "The models do not take the same level-1 SDs as known: they are not nested."


@dataclass(frozen=True, eq=False, slots=True)
class Nesting:
    """How the smaller model's columns follow from the larger one's.

    Attributes
    ----------
    X_map, Z_map : ndarray, (p_larger, p_smaller), (q_larger, q_smaller)
        ``Xs = Xl X_map`` and ``Zs = Zl Z_map``, of the scaled columns.
    same_fixed : bool
        Whether both models have the same fixed part.
    reml_shift : float
        What the smaller model's REML criterion has more only because its columns of X combine those of the larger one:
        ``2 log|B|`` with ``Xs = Xl B`` of the user's columns; 0 where the fixed parts differ.
    added_fixed, added_effects, added_components : int
        Fixed effects, random effects, and variances and covariances that the larger model has more.
    level1 : AddedLevel1
        Parameters of the level-1 residuals that it has more.
    """

    X_map: FloatArray
    Z_map: FloatArray
    same_fixed: bool
    reml_shift: float
    added_fixed: int
    added_effects: int
    added_components: int
    level1: AddedLevel1


def nesting(smaller: Design, larger: Design) -> Nesting:
    """Check that the smaller model is the larger one with parameters left out.

    Raises
    ------
    OptionError
        When the rows differ, a column of the smaller model is no combination of the larger one's, the larger one
        keeps independent what the smaller one lets covary, or both are the same model.
    """
    _check_rows(smaller, larger)
    counterparts = _counterparts(smaller, larger)
    if _have_rows(smaller, larger):
        X_map = _map(smaller.X, larger.X, smaller.fixed_labels, "fixed effects")
    else:
        keys = _fixed_expressions(smaller), _fixed_expressions(larger)
        X_map = _found_in(*keys, smaller.fixed_labels, "fixed effects")
    Z_map = _random_map(smaller, larger, counterparts)
    Z_user = np.where(np.abs(Z_map) < WITHIN * np.abs(Z_map).max(axis=0), 0.0, Z_map)
    patterns = factor_pattern(smaller.blocks), factor_pattern(larger.blocks)
    apart = patterns[1].mask() == 0
    for element in patterns[0].elements():
        if np.any((Z_user @ element @ Z_user.T)[apart] != 0):
            raise OptionError(
                "The models are not nested: the larger one keeps random effects independent that the smaller one"
                " lets covary. Leave out its cov(...) = 0, or add it to the smaller model."
            )
    added = (
        len(larger.fixed) - len(smaller.fixed),
        len(larger.random) - len(smaller.random),
        patterns[1].n_free - patterns[0].n_free,
    )
    level1 = added_level1(smaller, larger)
    if not any(added) and not any(level1):
        raise OptionError("Both models have the same fixed and random effects: there is nothing to test.")
    scaled, other = larger.products, smaller.products
    return Nesting(
        X_map=np.linalg.solve(scaled.x_transform, X_map @ other.x_transform),
        Z_map=np.linalg.solve(_z_transform(scaled), Z_map @ _z_transform(other)),
        same_fixed=added[0] == 0,
        reml_shift=2 * float(np.linalg.slogdet(X_map)[1]) if added[0] == 0 else 0.0,
        added_fixed=added[0],
        added_effects=added[1],
        added_components=added[2],
        level1=level1,
    )


def _check_rows(smaller: Design, larger: Design) -> None:
    advice = "Fit both to the same rows: drop those with missing values in any column of either model first."
    if smaller.n_obs != larger.n_obs:
        raise OptionError(f"The models use {smaller.n_obs} and {larger.n_obs} rows. {advice}")
    if not _have_rows(smaller, larger):
        common = [(n, k) for n, k in enumerate(_counterparts(smaller, larger))]
        differs = difference_of_sums(smaller, larger, common)
        if differs in ("groups", "outcome"):
            raise OptionError(f"The models do not have the same {differs} in the same rows. {advice}")
        if differs:
            raise OptionError("The models have different offsets: they are not nested.")
        apart = abs(smaller.sum_of_log_sd - larger.sum_of_log_sd)
        if smaller.outcome.residuals.known != larger.outcome.residuals.known or apart > SAME * smaller.n_obs:
            raise OptionError(OTHER_SDS)
        return
    if smaller.spec.outcome.name != larger.spec.outcome.name or not np.array_equal(smaller.y, larger.y):
        raise OptionError(f"The models do not have the same outcome in the same rows. {advice}")
    if not np.array_equal(smaller.offset, larger.offset):
        raise OptionError("The models have different offsets: they are not nested.")
    if not np.array_equal(smaller.kept_rows.unit, larger.kept_rows.unit) or (
        smaller.outcome.residuals.known != larger.outcome.residuals.known
    ):
        raise OptionError(OTHER_SDS)
    own, other = smaller.kept_rows.covariance, larger.kept_rows.covariance
    if own is not other and (own is None or not own.same_as(other)):
        raise OptionError(OTHER_SDS)


def _counterparts(smaller: Design, larger: Design) -> list[int]:
    """Position in the larger model of each grouping of the smaller one."""
    found = []
    for n, term in enumerate(smaller.predictor.random):
        if _have_rows(smaller, larger):
            own = smaller.kept_rows.codes[n]
            same = [k for k, codes in enumerate(larger.kept_rows.codes) if np.array_equal(own, codes)]
        else:
            same = [k for k, other in enumerate(larger.groupings) if other == term.grouping]
        if not same:
            raise OptionError("The models group the rows differently: they are not nested.")
        found.append(same[0])
    return found


def _random_map(smaller: Design, larger: Design, counterparts: list[int]) -> FloatArray:
    """Weights of the larger model's random effects in each of the smaller one's, of the same grouping."""
    ends = np.cumsum([0, *(len(term.columns) for term in larger.predictor.random)])
    columns = []
    for n, (term, k) in enumerate(zip(smaller.predictor.random, counterparts, strict=True)):
        own = np.zeros((int(ends[-1]), len(term.columns)))
        labels = [column.label for column in term.columns]
        if _have_rows(smaller, larger):
            mapped = _map(smaller.kept_rows.Z[n], larger.kept_rows.Z[k], labels, "random effects")
        else:
            keys = _random_expressions(smaller, n), _random_expressions(larger, k)
            mapped = _found_in(*keys, labels, "random effects")
        own[ends[k] : ends[k + 1]] = mapped
        columns.append(own)
    return np.hstack(columns)


def _have_rows(smaller: Design, larger: Design) -> bool:
    return smaller.rows is not None and larger.rows is not None


def _found_in(inner: Sequence[object], outer: Sequence[object], labels: list[str], what: str) -> FloatArray:
    """Weights A with ``inner = outer A`` of columns that are the same expressions, where rows are not at hand."""
    A = np.zeros((len(outer), len(inner)))
    for k, key in enumerate(inner):
        if key not in outer:
            raise OptionError(
                f"Of models of a database those are known to be nested whose columns are the same expressions: the "
                f"{what} of the larger one have none like {labels[k]} of the smaller one."
            )
        A[outer.index(key), k] = 1.0
    return A


def _fixed_expressions(design: Design) -> list[object]:
    """What each column of X is the product of, level by level."""
    of_coefficient = {column.label: (column.expression, column.parts) for column in design.coefficients}
    paths = design.spec.paths
    return [
        (of_coefficient[column.coefficient], paths[column.symbol].expressions, column.parts) for column in design.fixed
    ]


def _random_expressions(design: Design, grouping: int) -> list[object]:
    """What each column of Z of a grouping is the product of, level by level."""
    paths = design.spec.paths
    columns = design.predictor.random[grouping].columns
    return [
        (paths[column.symbol].expressions if column.is_deviation else column.expression, column.parts)
        for column in columns
    ]


def _z_transform(products: CrossProducts | JointProducts) -> FloatArray:
    """S of the random effects of all groupings, (q, q)."""
    if isinstance(products, JointProducts):
        return np.asarray(block_diag(*products.z_transforms))
    return products.z_transform


def _map(inner: FloatArray, outer: FloatArray, labels: list[str], what: str) -> FloatArray:
    """Weights A with ``inner = outer A``."""
    scale = np.linalg.norm(outer, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    A = np.linalg.lstsq(outer / scale, inner, rcond=None)[0] / scale[:, None]
    left = np.linalg.norm(inner - outer @ A, axis=0)
    spread = np.linalg.norm(inner - inner.mean(axis=0), axis=0)
    size = np.where(spread > 0, spread, np.linalg.norm(inner, axis=0))
    outside = [label for label, share in zip(labels, left / size, strict=True) if share > WITHIN * 100]
    if outside:
        raise OptionError(
            f"The models are not nested: the {what} of the larger one cannot make up {', '.join(outside)} of the"
            " smaller one."
        )
    return np.asarray(A)
