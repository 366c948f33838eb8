"""Moment estimates of the variance components: where the search starts, and whether there is anything to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.reml.criterion import ScaledProducts
from bayeshlm.reml.relative_factor import FactorPattern, lower_factor
from bayeshlm.reml.rotation import RotatedProducts

NO_RESIDUAL = (64 * np.finfo(np.float64).eps) ** 2
"""Share of the outcome's sum of squares below which float64 cannot tell residuals from rounding."""

NO_WITHIN = 1e-10
"""Share of the residual sum of squares below which what is left within groups counts as rounding."""

NOTHING_LEFT = (
    "Nothing is left of the outcome once the predictors and the random effects are taken out: the level-1 variance is "
    "zero. Is the outcome computed from the predictors, or constant within groups?"
)


@dataclass(frozen=True, eq=False, slots=True)
class Moments:
    """Where the search starts.

    Attributes
    ----------
    theta : ndarray, (k,)
        An interior starting value.
    scale : ndarray, (k,)
        Size at which an entry of theta begins to matter: one over the root of the mean of ``ZtZ``.
    """

    theta: FloatArray
    scale: FloatArray


def effect_scale(products: CrossProducts) -> FloatArray:
    """SD, relative to sigma, at which each random effect begins to matter, (q,)."""
    size = np.einsum("jaa->a", products.ZtZ) / len(products.n)
    return np.asarray(1 / np.sqrt(np.where(size > 0, size, 1.0)))


def within_residual_variance(products: CrossProducts, rotated: RotatedProducts) -> float:
    """Residual variance with every group's random coefficients left free.

    Returns NaN when no degrees of freedom are left for it.

    Raises
    ------
    DataError
        When nothing is left of the outcome: the residual variance is zero.
    """
    XtX, yty = products.XtX.sum(0), float(products.yty.sum())
    floor = residual_floor(products, XtX)
    roots, basis = np.linalg.eigh(rotated.XX)
    left = roots > 1e-9 * np.trace(XtX) / len(XtX)
    share = basis[:, left].T @ rotated.Xy
    rss = rotated.yy - float(np.sum(share**2 / roots[left]))
    dof = int(products.n.sum() - rotated.rank.sum() - left.sum())
    if dof <= 0:
        return float("nan")
    if rss <= max(floor, NO_WITHIN * yty):
        raise DataError(NOTHING_LEFT)
    return rss / dof


def residual_floor(products: ScaledProducts, XtX: FloatArray) -> float:
    """Sum of squares below which residuals of the outcome are rounding.

    Raises
    ------
    DataError
        When nothing more is left by the predictors alone.
    """
    fitted = np.linalg.lstsq(products.x_transform, products.ols, rcond=None)[0]
    floor = NO_RESIDUAL * float(fitted @ XtX @ fitted)
    if float(np.sum(products.yty)) <= floor:
        raise DataError("The outcome is an exact linear function of the predictors: there is no variance to divide.")
    return floor


@dataclass(frozen=True, eq=False, slots=True)
class Information:
    """The MINQUE(0) equations of (unique elements of G, sigma^2), and how large their parts are.

    Attributes
    ----------
    matrix, right : ndarray, (k + 1, k + 1) and (k + 1,)
        Entry (a, b) is ``tr(R V_a R V_b)`` with ``R = I - X (X'X)^-1 X'`` and V_a the derivative of the covariance
        matrix of y; the right side is ``y'R V_a R y`` (Rao 1971, J. Multivariate Analysis 1, 445-456).
    own : ndarray, (k,)
        What there is of the diagonal before X takes its share: ``tr(V_a V_a)``, of V_a divided by `effect_scale`.
    ZtZ : ndarray, (q, q)
        Mean over groups of ``Z'Z``.
    scale : ndarray, (q,)
        `effect_scale`.
    n_obs, p : int
        Rows and columns of X.
    groups : str
        The groups in words.
    single : str
        Of which grouping every group has one row; empty when of none.
    sigma_known : bool
        The level-1 variance is 1 in these units, and no unknown of the equations.
    """

    matrix: FloatArray
    right: FloatArray
    own: FloatArray
    ZtZ: FloatArray
    scale: FloatArray
    n_obs: int
    p: int
    groups: str
    single: str
    sigma_known: bool = False

    def scaled(self, pattern: FactorPattern) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The equations in the effects' own scales, their right side, and the scales (k+1,), or (k,)."""
        unit = np.append(self.scale[list(pattern.rows)] * self.scale[list(pattern.columns)], 1.0)
        if self.sigma_known:
            k = pattern.n_free
            return (self.matrix * np.outer(unit, unit))[:k, :k], self.right[:k] - self.matrix[:k, k], unit[:k]
        return self.matrix * np.outer(unit, unit), self.right, unit


def information(products: CrossProducts, pattern: FactorPattern) -> Information:
    """The MINQUE(0) equations of a two-level model."""
    c = products
    n_groups, q, p = c.ZtX.shape
    E = pattern.elements()
    XtX_inv = np.linalg.pinv(c.XtX.sum(0), hermitian=True)
    ZtZ = c.ZtZ.reshape(n_groups, -1)
    R = c.ZtX @ XtX_inv @ c.ZtX.transpose(0, 2, 1)
    pairs = (ZtZ.T @ (ZtZ - 2 * R.reshape(n_groups, -1))).reshape(q, q, q, q)
    flat = c.ZtX.reshape(n_groups, -1)
    step = XtX_inv @ np.einsum("kab,aibj->kij", E, (flat.T @ flat).reshape(q, p, q, p))
    k = pattern.n_free
    matrix, right = np.zeros((k + 1, k + 1)), np.zeros(k + 1)
    G_part = np.einsum("kab,lcd,bcda->kl", E, E, pairs, optimize=True) + np.einsum("kij,lji->kl", step, step)
    matrix[:k, :k] = (G_part + G_part.T) / 2
    matrix[:k, k] = matrix[k, :k] = np.einsum("kab,ab->k", E, (c.ZtZ - R).sum(0))
    matrix[k, k] = c.n.sum() - p
    right[:k] = np.einsum("kab,ja,jb->k", E, c.Zty, c.Zty)
    right[k] = c.yty.sum()
    scale = effect_scale(c)
    E = E * np.outer(scale, scale)
    return Information(
        matrix=matrix,
        right=right,
        own=np.einsum("kab,jbc,kcd,jda->k", E, c.ZtZ, E, c.ZtZ, optimize=True),
        ZtZ=c.ZtZ.sum(0) / n_groups,
        scale=scale,
        n_obs=int(c.n.sum()),
        p=p,
        groups="1 group" if n_groups == 1 else f"{n_groups} groups",
        single="every group" if int(c.n.max()) == 1 else "",
        sigma_known=c.log_sd is not None,
    )


def starting_values(
    products: CrossProducts, rotated: RotatedProducts, pattern: FactorPattern, random_labels: Sequence[str]
) -> Moments:
    """Moment estimates of Lambda, pushed into the interior.

    Parameters
    ----------
    products : CrossProducts
        Products of the scaled columns.
    rotated : RotatedProducts
        The same in the groups' own bases.
    pattern : FactorPattern
        Free entries of Lambda.
    random_labels : sequence of str, (q,)
        Names of the random effects, for messages.

    Raises
    ------
    DataError
        When the data hold no information on a variance component, or no residual variance.
    """
    found = information(products, pattern)
    if reason := undetermined(found, pattern, random_labels):
        raise DataError(reason)
    within = 1.0 if found.sigma_known else within_residual_variance(products, rotated)
    return moment_estimates(found, pattern, within, float(products.yty.sum()))


def moment_estimates(found: Information, pattern: FactorPattern, sigma2: float, yty: float) -> Moments:
    """Solve the MINQUE(0) equations, and push G into the interior.

    Parameters
    ----------
    found : Information
        The equations.
    pattern : FactorPattern
        Free entries of Lambda.
    sigma2 : float
        Level-1 variance where it is known otherwise, else NaN.
    yty : float
        Sum of squares of the residuals of least squares.
    """
    scale, rows = found.scale, list(pattern.rows)
    scaled, right, unit = found.scaled(pattern)
    solution = unit * np.linalg.lstsq(scaled, unit * right, rcond=None)[0]
    if found.sigma_known:
        sigma2 = 1.0
    elif not sigma2 > 0:
        sigma2 = solution[-1] if solution[-1] > 0 else yty / (2 * (found.n_obs - found.p))
    G = np.einsum("k,kab->ab", solution[: pattern.n_free], pattern.elements()) / sigma2 / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(G)
    root = vectors * np.sqrt(np.maximum(values, 0.1))
    Lambda = scale[:, None] * lower_factor(root)
    return Moments(theta=pattern.theta(Lambda), scale=scale[rows])


def undetermined(found: Information, pattern: FactorPattern, random_labels: Sequence[str]) -> str:
    """Say which variance components the data leave undetermined, and why; empty where they determine all.

    Parameters
    ----------
    found : Information
        The equations of its variance components.
    pattern, random_labels
        As in `starting_values`.
    """
    if found.n_obs <= found.p:
        return f"{found.n_obs} rows cannot estimate {found.p} fixed effects and a variance: remove predictors."
    scaled, _, _ = found.scaled(pattern)
    mean = found.ZtZ * np.outer(found.scale, found.scale)  # with a diagonal of 1, or of 0
    values, vectors = np.linalg.eigh(mean)
    if values[0] < 1e-12:
        alike = [label for label, share in zip(random_labels, vectors[:, 0], strict=True) if abs(share) > 1e-3]
        return (
            f"The columns that {', '.join(alike)} multiply are collinear or zero: remove one of these random effects."
        )
    diagonal = np.diag(scaled)
    before = np.append(found.own, found.n_obs)[: len(diagonal)]  # what there is before X takes its share
    direction = (diagonal <= 1e-9 * before).astype(np.float64)
    if not direction.any():
        size = np.sqrt(diagonal)
        values, vectors = np.linalg.eigh(scaled / np.outer(size, size))
        if values[0] > 1e-10:
            return ""
        direction = np.abs(vectors[:, 0])
    named = [
        f"var({random_labels[a]})" if a == b else f"cov({random_labels[b]}, {random_labels[a]})"
        for a, b, share in zip(pattern.rows, pattern.columns, direction[: pattern.n_free], strict=True)
        if share > 1e-3
    ]
    if not found.sigma_known and direction[-1] > 1e-3:
        named.append("the level-1 variance")
    if found.single and not found.sigma_known:
        why = f"{found.single} has one row, so that variance between groups and within them is one"
    else:
        why = f"{found.groups} with these rows and predictors hold no information on it"
    return f"The data do not determine {', '.join(named)}: {why}. Remove a random effect or a predictor."
