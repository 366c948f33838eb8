"""REML of the gallery's growth model with AR(1) residuals, from dense covariance matrices of the children by scipy.

``python tests/references/level1_growth.py`` prints the numbers of ``models/growth-autoregressive.toml``.
"""

import numpy as np
from scipy.optimize import minimize

import bayeshlm as hlm


def criterion(x, groups):
    """Minus twice the restricted log-likelihood without its constant, and gamma with its standard errors."""
    tau, sigma, rho = np.exp(x[0]), np.exp(x[1]), np.tanh(x[2])
    XVX, XVy, yVy, log_det = np.zeros((2, 2)), np.zeros(2), 0.0, 0.0
    for X, y, time in groups:
        V = tau**2 + sigma**2 * rho ** np.abs(time[:, None] - time)
        solved = np.linalg.solve(V, np.column_stack([X, y]))
        XVX += X.T @ solved[:, :2]
        XVy += X.T @ solved[:, 2]
        yVy += y @ solved[:, 2]
        log_det += np.linalg.slogdet(V)[1]
    gamma = np.linalg.solve(XVX, XVy)
    return log_det + np.linalg.slogdet(XVX)[1] + yVy - gamma @ XVy, gamma, np.sqrt(np.diag(np.linalg.inv(XVX)))


def estimates():
    """REML's estimates by the names of the model file, fixed effects with their standard errors."""
    data = hlm.load_dataset("growth")
    rows = ((part.year.to_numpy(), part.math.to_numpy()) for _, part in data.groupby("child"))
    groups = [(np.column_stack([np.ones(len(time)), time]), y, time) for time, y in rows]
    start = np.array([-0.2, -0.4, 0.2])
    found = minimize(
        lambda x: criterion(x, groups)[0], start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-9}
    )
    _, gamma, se = criterion(found.x, groups)
    tau, sigma, rho = np.exp(found.x[0]), np.exp(found.x[1]), np.tanh(found.x[2])
    fixed = {"b00": (gamma[0], se[0]), "b10": (gamma[1], se[1])}
    return fixed | {"tau_r0": (tau, None), "sigma": (sigma, None), "rho": (rho, None)}


if __name__ == "__main__":
    for name, (value, se) in estimates().items():
        print(name, f"{value:.6g}", "" if se is None else f"{se:.5g}")
