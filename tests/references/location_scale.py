"""ML of the gallery's location-scale model: normal groups given v in closed form, v by a fine grid, scipy's search.

``python tests/references/location_scale.py`` prints the numbers of ``models/hsb-location-scale.toml``.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

import bayeshlm as hlm

Z = np.linspace(-6.0, 6.0, 121)  # v in SDs; the trapezoidal rule on it is exact to rounding for what is as smooth
NAMES = "g00", "g01", "g10", "a0", "a1", "tau_u0", "tau_v0", "corr_u0_v0"


def prepared():
    data = hlm.load_dataset("hsb").sort_values("school")
    starts = np.flatnonzero(np.r_[True, data.school.to_numpy()[1:] != data.school.to_numpy()[:-1]])
    within = data.ses - data.groupby("school").ses.transform("mean")
    X = np.column_stack([np.ones(len(data)), data.meanses, within])
    return X, data.mathach.to_numpy(), data.female.to_numpy(float), starts


def log_likelihood(x, X, y, female, starts):
    """At gamma, alpha, logs of tau_u0 and tau_v0 and the inverse tanh of their correlation."""
    gamma, alpha, (tau, tau_v), rho = x[:3], x[3:5], np.exp(x[5:7]), np.tanh(x[7])
    log_sigma, e = alpha[0] + alpha[1] * female, y - X @ gamma
    precision = np.exp(-2.0 * log_sigma)
    A, B, C, logs = (
        np.add.reduceat(part, starts)[:, None] for part in (e**2 * precision, e * precision, precision, log_sigma)
    )
    n = np.diff(np.r_[starts, len(y)])[:, None]
    v = tau_v * Z
    shrink = np.exp(-2.0 * v)  # of the precisions at v
    mean, variance = rho * tau * Z, tau**2 * (1.0 - rho**2)  # of u0 given v
    a, b, c = shrink * (A - 2.0 * mean * B + mean**2 * C), shrink * (B - mean * C), shrink * C
    inside = 1.0 + variance * c
    given = -0.5 * (n * np.log(2.0 * np.pi) + np.log(inside) + a - variance * b**2 / inside) - logs - n * v
    weights = -0.5 * Z**2 - 0.5 * np.log(2.0 * np.pi) + np.log(Z[1] - Z[0])
    return logsumexp(given + weights, axis=1).sum()


def _second(data, x, one, other):
    """Second difference of minus the log-likelihood along two steps, per unit of both."""
    up, down = (log_likelihood(x + one + sign * other, *data) for sign in (1, -1))
    low, lower = (log_likelihood(x - one + sign * other, *data) for sign in (1, -1))
    return (down + low - up - lower) / (4.0 * one.sum() * other.sum())


def estimates():
    """ML's estimates by the names of the model file, fixed effects and alpha with their standard errors."""
    data = prepared()
    start = np.array([12.7, 5.9, 2.2, 1.8, 0.0, 0.4, -2.5, 0.0])
    found = minimize(lambda x: -log_likelihood(x, *data), start, method="BFGS", options={"gtol": 1e-4})
    x = minimize(
        lambda x: -log_likelihood(x, *data),
        found.x,
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-9, "maxfev": 20_000},
    ).x

    steps = np.diag(0.1 * np.sqrt(np.diag(found.hess_inv)))
    curvature = np.array([[_second(data, x, one, other) for other in steps] for one in steps])
    se = np.sqrt(np.diag(np.linalg.inv(curvature)))
    values = np.r_[x[:5], np.exp(x[5:7]), np.tanh(x[7])]
    return {name: (value, se[k] if k < 5 else None) for k, (name, value) in enumerate(zip(NAMES, values, strict=True))}


if __name__ == "__main__":
    for name, (value, se) in estimates().items():
        print(name, f"{value:.6g}", "" if se is None else f"{se:.5g}")
