"""The joint density of a normal outcome and of a level-1 predictor whose group means are latent.

With x the predictor and mu_j its true mean in group j::

    x_ij = mu_j + e_ij            mu_j = A_j delta + v_j        v_j ~ N(0, tau_x^2)   e_ij ~ N(0, sigma_x^2)
    y_ij = F_ij gamma + within (x_ij - mu_j) + between mu_j + Z_ij u_j + r_ij

(Luedtke, Marsh, Robitzsch, Trautwein, Asparouhov & Muthen 2008, Psychological Methods 13, 203-229). What a mean over
n_j rows says of mu_j is ``mu_j | x_j ~ N(h_j, s_j^2)``, with the reliability
``lambda_j = tau_x^2 / (tau_x^2 + sigma_x^2 / n_j)``, ``h_j = A_j delta + lambda_j (mean_j - A_j delta)`` and
``s_j^2 = tau_x^2 (1 - lambda_j)``. The outcomes given x are therefore those of a two-level model with h_j in the place
of the group mean and a variance of the intercept that is larger by ``(between - within)^2 s_j^2``: the density of both
is exact, no integral is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayeshlm.design.centering import GroupMeans
from bayeshlm.design.columns import NumericColumn
from bayeshlm.design.counterfactual import predictor_columns
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.within_between import WithinBetween
from bayeshlm.errors import OptionError

LOG_2PI = float(np.log(2 * np.pi))

AT_A_TIME = 1 << 20
"""Pairs of a point and a group whose matrices are formed together."""


@dataclass(frozen=True, eq=False, slots=True)
class LatentPoints:
    """S points of the parameters.

    Attributes
    ----------
    gamma : (S, p) array
        Fixed effects by the symbols of the model; that of the group mean is of the latent one.
    root : (S, q, q) array
        Any L with ``L L' = G``.
    sigma : (S,) array
    delta : (S, a) array
        What the means of x are expected to be at, ``A delta``.
    tau_x, sigma_x : (S,) arrays
        SDs of the means of x around that, and of x within groups.
    """

    gamma: FloatArray
    root: FloatArray
    sigma: FloatArray
    delta: FloatArray
    tau_x: FloatArray
    sigma_x: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class LatentMeans:
    """Sums over the rows of each group that the joint density is made of; residuals e of y are those of least squares.

    Attributes
    ----------
    contextual : (p,) array
        Weights of the fixed effects in the coefficient of mu_j beside x as it is, between less within.
    n : (J,) array
    ols : (p,) array
        Where the residuals e are taken from.
    ee, eX, XX : float, (p,), (p, p) arrays
        Over all groups.
    Ze, ZX, ZZ : (J, q), (J, q, p), (J, q, q) arrays
        Z has a column of ones behind its own, unless one of these is one.
    ones : int
        Its place.
    means : (J,) array
        Observed means of x.
    A : (J, a) array
        Columns of the means of x: a constant, and means of the other predictors.
    within_ss : float
        Sum of squares of x within groups that the other predictors do not explain.
    within_df : int
        Its degrees of freedom.
    n_within : int
        Number of the predictors that vary within groups beside x.
    """

    contextual: FloatArray
    n: FloatArray
    ols: FloatArray
    ee: float
    eX: FloatArray
    XX: FloatArray
    Ze: FloatArray
    ZX: FloatArray
    ZZ: FloatArray
    ones: int
    means: FloatArray
    A: FloatArray
    within_ss: float
    within_df: int
    n_within: int

    @classmethod
    def of(cls, design: Design, found: WithinBetween) -> LatentMeans:
        """Form them.

        Raises
        ------
        OptionError
            The outcome is not normal with one sigma and independent rows; x has several columns, or means of several.
        """
        _check(design, found.name)
        X, codes, J = _columns(design, found), design.group_codes, design.n_groups
        x = numbers_of(design, found.name)
        learned = GroupMeans.learn(x[:, None], codes, J)
        others = design.X[:, ~found.moved.any(axis=0)]
        rest = GroupMeans.learn(others, codes, J)
        A = _independent(np.column_stack([np.ones(J), rest.means]))
        inside = rest.deviations(others, codes)
        inside = inside[:, np.abs(inside).max(axis=0, initial=0.0) > 1e-9 * np.abs(others).max(axis=0, initial=1.0)]
        inside = _independent(inside)
        deviations = learned.deviations(x[:, None], codes)[:, 0]
        left = deviations - inside @ np.linalg.lstsq(inside, deviations)[0] if inside.shape[1] else deviations
        Z = design.Z
        constant = [k for k in range(Z.shape[1]) if (Z[:, k] == 1).all()]
        if not constant:
            Z = np.column_stack([Z, np.ones(len(Z))])
        y = design.y - design.offset
        ols = np.linalg.lstsq(X, y)[0]
        e = y - X @ ols

        def sums(left: FloatArray, right: FloatArray) -> FloatArray:
            each = [[np.bincount(codes, a * b, J) for b in right.T] for a in left.T]
            return np.moveaxis(np.array(each), -1, 0)

        return cls(
            contextual=found.L[2],
            n=np.bincount(codes, minlength=J).astype(float),
            ols=ols,
            ee=float(e @ e),
            eX=e @ X,
            XX=X.T @ X,
            Ze=sums(Z, e[:, None])[..., 0],
            ZX=sums(Z, X),
            ZZ=sums(Z, Z),
            ones=constant[0] if constant else Z.shape[1] - 1,
            means=learned.means[:, 0],
            A=A,
            within_ss=float(left @ left),
            within_df=len(x) - J,
            n_within=inside.shape[1],
        )

    def log_densities(self, at: LatentPoints, *, flat: bool = False) -> FloatArray:
        """Log density of x and y at S points, (S,).

        The slopes of x in the other predictors within groups are where it is largest, or with `flat` integrated over,
        up to a constant.
        """
        step = max(1, AT_A_TIME // len(self.n))
        parts = [slice(start, start + step) for start in range(0, len(at.sigma), step)]
        names = at.__slots__
        each = [LatentPoints(*(getattr(at, name)[part] for name in names)) for part in parts]
        return np.concatenate([self._log_densities(one, self.n_within if flat else 0) for one in each])

    def reliabilities(self, tau_x: FloatArray, sigma_x: FloatArray) -> FloatArray:
        """Of the observed mean of each group, (S, J)."""
        between = (tau_x**2)[:, None]
        return np.asarray(between / (between + (sigma_x**2)[:, None] / self.n))

    def _log_densities(self, at: LatentPoints, lost: int) -> FloatArray:
        n, N = self.n, self.n.sum()
        tau2, sigma2 = at.tau_x**2, at.sigma_x**2
        # x: its means, and what is left within groups.
        gap = self.means - at.delta @ self.A.T
        total = sigma2[:, None] + n * tau2[:, None]
        of_x = (np.log(total) + n * gap**2 / total).sum(axis=1) + self.within_ss / sigma2
        of_x += (self.within_df - lost) * np.log(sigma2)
        # y given x: h_j in the place of the mean, and the spread around it in the intercept.
        effect = at.gamma @ self.contextual
        reliability = self.reliabilities(at.tau_x, at.sigma_x)
        h = self.means - (1 - reliability) * gap
        move, shift = at.gamma - self.ols, effect[:, None] * h
        ones_e = self.Ze[:, self.ones] - move @ self.ZX[:, self.ones].T
        rss = self.ee - 2 * move @ self.eX + ((move @ self.XX) * move).sum(axis=1)
        rss += (shift * (n * shift - 2 * ones_e)).sum(axis=1)
        c = self.Ze - np.einsum("jqp,sp->sjq", self.ZX, move) - shift[..., None] * self.ZZ[:, :, self.ones]
        q = self.ZZ.shape[1]
        G = np.zeros((len(rss), len(n), q, q))
        size = at.root.shape[1]
        G[:, :, :size, :size] = (at.root @ at.root.swapaxes(1, 2))[:, None]
        G[:, :, self.ones, self.ones] += (effect**2 * tau2)[:, None] * (1 - reliability)
        a = 1 / at.sigma**2
        M = np.eye(q) + a[:, None, None, None] * (G @ self.ZZ)
        Gc = np.einsum("sjqr,sjr->sjq", G, c)
        quadratic = (c * np.linalg.solve(M, Gc[..., None])[..., 0]).sum(axis=(1, 2))
        of_y = np.linalg.slogdet(M)[1].sum(axis=1) + N * np.log(at.sigma**2) + a * rss - a**2 * quadratic
        return np.asarray(-0.5 * (2 * N * LOG_2PI + of_x + of_y))


def numbers_of(design: Design, name: str) -> FloatArray:
    """The predictor, (N,)."""
    column = predictor_columns(design)[name]
    assert isinstance(column, NumericColumn)
    return np.asarray(column.numbers, dtype=float)


def _check(design: Design, name: str) -> None:
    what = f"The effect of latent means of {name!r}"
    if design.weights is not None:
        raise OptionError(f"{what} is not defined with sampling weights: leave latent out")
    if not design.outcome.is_normal:
        raise OptionError(f"{what} needs a normal outcome, and {design.outcome.name!r} is not: leave latent out")
    design.outcome.require_one_sd(what, "leave latent out")
    design.outcome.require_independent(what)


def _columns(design: Design, found: WithinBetween) -> FloatArray:
    """X with the predictor beside a latent mean: not centered within groups, and the mean's own column a constant."""
    inside = np.flatnonzero(found.moved[0])
    means = np.flatnonzero(found.moved.any(axis=0) & ~found.moved[0])
    codes, x = design.group_codes, numbers_of(design, found.name)
    if len(inside) == len(means) == 1:
        (w,), (m,) = inside, means
        both = np.column_stack([design.X[:, w], x])
        learned = GroupMeans.learn(both, codes, design.n_groups)
        own, straight = learned.deviations(both, codes).T
        X, slope = design.X.copy(), found.L[0, w]
        if np.abs(own - slope * straight).max() < 1e-8 * np.abs(own).max():
            if not found.moved[1, w]:  # centered within groups: the latent mean is taken off by the contextual effect
                X[:, w] = slope * x
            X[:, m] = float((X[:, m] - found.L[1, m] * learned.means[codes, 1]).mean())
            return X
    raise OptionError(
        f"latent means need one slope of {found.name!r} and one of its group mean, both linear: leave latent out, or "
        "the products and powers of it"
    )


def _independent(columns: FloatArray) -> FloatArray:
    """Columns that do not follow from those before them."""
    kept: list[int] = []
    for k in range(columns.shape[1]):
        own = columns[:, k]
        left = own - columns[:, kept] @ np.linalg.lstsq(columns[:, kept], own)[0] if kept else own
        if np.linalg.norm(left) > 1e-7 * np.linalg.norm(own) and np.linalg.norm(own) > 0:
            kept.append(k)
    return np.ascontiguousarray(columns[:, kept])
