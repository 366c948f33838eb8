"""Posterior means of two HSB models by Gauss-Legendre quadrature: the numbers of ``test_posterior_values.py``.

``uv run python tests/references/quadrature.py`` prints them, from the data and the textbook's formulas alone: numpy
and scipy, nothing of the package but the CSV that it ships. Both models have a random effect in every level-2 line,
so that the data enter through each group's own least-squares line b_j and the residual sum of squares S around it::

    b_j ~ N(W_j gamma, V_j),  V_j = G + sigma^2 (Z_j'Z_j)^-1        S / sigma^2 ~ chi^2(N - J q)

gamma has a normal prior and is integrated out exactly (Lindley & Smith 1972, JRSS B 34, 1-41); the variance components
are integrated numerically. The priors are the defaults that the README states, computed here from the columns.
"""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

HSB = Path(__file__).parents[2] / "bayeshlm" / "datasets" / "hsb.csv.xz"
GAMMA = ("g00", "g01", "g02", "g10", "g11", "g12")


def nodes(*ends_and_counts):
    """Nodes and weights over the pieces ``(from, to, count)`` of an interval."""
    pieces = []
    for low, high, count in ends_and_counts:
        x, w = np.polynomial.legendre.leggauss(count)
        pieces.append(((high - low) / 2 * x + (high + low) / 2, (high - low) / 2 * w))
    return tuple(np.concatenate(part) for part in zip(*pieces, strict=True))


def half_student_t(x, scale):
    """Log density on x >= 0, up to log 2."""
    return stats.t.logpdf(x, 3, scale=scale)


def data():
    """The rows with the centered predictor ``cwc``, and their groups."""
    frame = pd.read_csv(HSB)
    group = frame.groupby("school")
    frame["cwc"] = frame["ses"] - group["ses"].transform("mean")
    return frame, group


def posterior(b, inverse, W, rss, df, prior_mean, prior_sd, shift, grid, log_prior):
    """Weights of the grid's points, and the mean of gamma at each.

    Parameters
    ----------
    b, inverse, W : arrays (J, q), (J, q, q), (J, q, p)
        The groups' own coefficients, ``(Z_j'Z_j)^-1``, and level-2 predictors.
    rss, df : float
        Residual sum of squares around the groups' own lines, and its degrees of freedom.
    prior_mean, prior_sd : arrays (p,)
        Of ``C gamma``, where ``C`` is `shift`.
    grid : tuple (G, sigma, weight)
        Of shapes (K, q, q), (K,), (K,).
    log_prior : array (K,)
        Of tau, corr and sigma.
    """
    G, sigma, weight = grid
    C = np.linalg.inv(shift)
    precision0 = np.diag(prior_sd**-2.0)
    W = W @ C  # gamma = C (C^-1 gamma): predictors of what the priors are stated for
    e = b - W @ prior_mean
    log_density, means = np.empty(len(sigma)), np.empty((len(sigma), W.shape[2]))
    for part in np.array_split(np.arange(len(sigma)), max(len(sigma) // 2000, 1)):
        V = G[part, None] + sigma[part, None, None, None] ** 2 * inverse
        if V.shape[-1] == 1:
            determinant, P = V[..., 0, 0], 1 / V
        else:
            determinant = V[..., 0, 0] * V[..., 1, 1] - V[..., 0, 1] ** 2
            P = np.empty_like(V)
            P[..., 0, 0], P[..., 1, 1] = V[..., 1, 1], V[..., 0, 0]
            P[..., 0, 1] = P[..., 1, 0] = -V[..., 0, 1]
            P /= determinant[..., None, None]
        q, A, h, quadratic = b.shape[1], precision0[None].copy(), 0.0, 0.0
        for a, c in itertools.product(range(q), repeat=2):
            A = A + np.tensordot(P[..., a, c], W[:, a, :, None] * W[:, c, None, :], axes=1)
            h = h + P[..., a, c] @ (W[:, a] * e[:, c, None])
            quadratic = quadratic + P[..., a, c] @ (e[:, a] * e[:, c])
        step = np.linalg.solve(A, h[..., None])[..., 0]
        log_density[part] = -0.5 * (np.log(determinant).sum(axis=1) + np.linalg.slogdet(A)[1])
        log_density[part] += -0.5 * (quadratic - (h * step).sum(axis=1))
        means[part] = (prior_mean + step) @ C.T
    log_density += log_prior - df * np.log(sigma) - rss / (2 * sigma**2)
    weights = weight * np.exp(log_density - log_density.max())
    return weights / weights.sum(), means


def one_way_anova(fine=1):
    """``mathach = b0 + r; b0 = g00 + u0``: posterior means, and the SD of tau."""
    frame, group = data()
    n, b = group.size().to_numpy(), group["mathach"].mean().to_numpy()[:, None]
    rss = float(((frame["mathach"] - group["mathach"].transform("mean")) ** 2).sum())
    sd_y = frame["mathach"].std()
    (tau, w_tau), (sigma, w_sigma) = nodes((2.0, 4.2, 60 * fine)), nodes((5.9, 6.65, 40 * fine))
    tau, sigma = (axis.ravel() for axis in np.meshgrid(tau, sigma, indexing="ij"))
    weight = np.outer(w_tau, w_sigma).ravel()
    log_prior = half_student_t(tau, sd_y) + half_student_t(sigma, sd_y)
    weights, gamma = posterior(
        b,
        1 / n[:, None, None],
        np.ones((len(n), 1, 1)),
        rss,
        len(frame) - len(n),
        np.array([frame["mathach"].mean()]),
        np.array([2.5 * sd_y]),
        np.eye(1),
        (tau[:, None, None] ** 2, sigma, weight),
        log_prior,
    )
    mean_tau = weights @ tau
    return {
        "g00": weights @ gamma[:, 0],
        "tau": mean_tau,
        "sigma": weights @ sigma,
        "icc": weights @ (tau**2 / (tau**2 + sigma**2)),
        "sd of tau": np.sqrt(weights @ (tau - mean_tau) ** 2),
    }


def slopes_as_outcomes(fine=1):
    """``mathach = b0 + b1*cwc(ses) + r`` with sector and meanses in both level-2 lines and u0, u1: posterior means."""
    frame, group = data()
    y, x = frame["mathach"], frame["cwc"]
    n, sxx = group.size().to_numpy(), (x**2).groupby(frame["school"]).sum().to_numpy()
    b0 = group["mathach"].mean().to_numpy()
    b1 = (x * y).groupby(frame["school"]).sum().to_numpy() / sxx
    codes = frame["school"].map(pd.Series(range(len(n)), index=list(group.groups))).to_numpy()
    rss = float(((y - b0[codes] - b1[codes] * x) ** 2).sum())
    level2 = group[["sector", "meanses"]].first().to_numpy()
    row = np.column_stack([np.ones(len(n)), level2])
    W = np.zeros((len(n), 2, 6))
    W[:, 0, :3] = W[:, 1, 3:] = row
    columns = np.column_stack([row[codes], row[codes] * x.to_numpy()[:, None]])
    sd_y, sds = y.std(), columns.std(axis=0, ddof=1)
    shift = np.eye(6)
    shift[0] = columns.mean(axis=0)
    axes = [
        nodes((0.9, 2.5, 14 * fine)),
        nodes((0.0, 0.05, 4 * fine), (0.05, 1.5, 16 * fine)),
        nodes((-1.0, 1.0, 16 * fine)),
        nodes((5.7, 6.45, 18 * fine)),
    ]
    tau0, tau1, rho, sigma = (a.ravel() for a in np.meshgrid(*(a for a, _ in axes), indexing="ij"))
    weight = np.prod(np.meshgrid(*(w for _, w in axes), indexing="ij"), axis=0).ravel()
    G = np.empty((len(sigma), 2, 2))
    G[:, 0, 0], G[:, 1, 1] = tau0**2, tau1**2
    G[:, 0, 1] = G[:, 1, 0] = rho * tau0 * tau1
    log_prior = half_student_t(tau0, sd_y) + half_student_t(tau1, sd_y / x.std()) + half_student_t(sigma, sd_y)
    weights, gamma = posterior(
        np.column_stack([b0, b1]),
        np.stack([np.diag([1 / one, 1 / s]) for one, s in zip(n, sxx, strict=True)]),
        W,
        rss,
        len(frame) - 2 * len(n),
        np.array([y.mean(), 0, 0, 0, 0, 0]),
        2.5 * sd_y / np.array([1.0, *sds[1:]]),
        shift,
        (G, sigma, weight),
        log_prior + np.log1p(-(rho**2)),  # LKJ(2)
    )
    return dict(zip(GAMMA, weights @ gamma, strict=True)) | {
        ("tau", "u0"): weights @ tau0,
        ("tau", "u1"): weights @ tau1,
        ("corr", "u0,u1"): weights @ rho,
        ("sigma", ""): weights @ sigma,
        "P(tau u1 < 0.05)": weights @ (tau1 < 0.05),
    }


if __name__ == "__main__":
    for title, values in (("one-way ANOVA", one_way_anova()), ("slopes as outcomes", slopes_as_outcomes())):
        print(title)
        for name, value in values.items():
            print(f"  {name if isinstance(name, str) else ' '.join(name):18} {value:.4f}")
