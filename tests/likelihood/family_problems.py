"""Small problems for the kernels of families, and their densities by brute force."""

import itertools

import numpy as np

from bayeshlm.likelihood.compiled_rows import compiled_row, compiled_slope
from bayeshlm.likelihood.quadrature_kernel import quadrature_density
from bayeshlm.likelihood.quadrature_room import Rows
from bayeshlm.likelihood.quadrature_rule import hermite_rule

LINKS = {"Bernoulli": "logit", "Normal": "identity"}
AUXILIARY = {"Bernoulli": np.zeros(0), "Normal": np.array([0.7])}
GAMMA = np.array([-0.4, 0.8])


def problem(family, q, n_groups=7, seed=1):
    """Rows of groups of 1 to 12 with an intercept and a slope, and where each group begins."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 13, n_groups)
    first = np.concatenate([[0], np.cumsum(sizes)])
    n = int(first[-1])
    X = np.vstack([np.ones(n), rng.normal(size=n)])
    weight = rng.integers(1, 4, n).astype(float)
    eta = GAMMA @ X + np.repeat(rng.normal(size=n_groups), sizes)
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float) if family == "Bernoulli" else eta + rng.normal(size=n)
    return Rows(y, np.ones(n), 0.1 * rng.normal(size=n), weight, X, X[:q].copy()), first


def density(family, chol, rows, first, n_nodes, gamma=GAMMA, auxiliary=None, origin=0.0, group_weights=None):
    """The kernel's log density and gradient."""
    function = quadrature_density(compiled_row(family, LINKS[family]), compiled_slope(family, LINKS[family]))
    auxiliary = AUXILIARY[family] if auxiliary is None else auxiliary
    nodes, log_weights = hermite_rule(n_nodes, len(chol))
    origin = np.full((len(first) - 1, len(chol)), origin)
    weights = np.ones(len(first) - 1) if group_weights is None else group_weights
    return function(np.asarray(gamma), np.asarray(chol), auxiliary, rows, first, nodes, log_weights, origin, weights)


def log_probabilities(family, rows, eta, auxiliary):
    """Log probability of each row at predictors ``eta (..., N)``, by the formula."""
    if family == "Bernoulli":
        return rows.y * eta - np.logaddexp(0.0, eta)
    z = (rows.y - eta) / auxiliary[0]
    return -0.5 * z * z - np.log(auxiliary[0] * np.sqrt(2 * np.pi))


def dense_log_terms(family, chol, rows, first, grid, gamma=GAMMA, auxiliary=None):
    """``log p(y_j, b)`` of every group on the points of a grid (q, n) of b: (J, n)."""
    auxiliary = AUXILIARY[family] if auxiliary is None else auxiliary
    u = np.asarray(chol) @ grid
    found = []
    for low, high in itertools.pairwise(first):
        of = Rows(*(values[..., low:high] for values in rows))
        eta = (of.offset + np.asarray(gamma) @ of.X) + u.T @ of.Z
        terms = log_probabilities(family, of, eta, auxiliary) @ of.weight
        found.append(terms - 0.5 * (grid**2).sum(axis=0) - 0.5 * len(grid) * np.log(2 * np.pi))
    return np.array(found)


def dense_grid(q, step, edge=9.0):
    """Points of an even grid of b, (q, n), on which a sum times ``step^q`` is an integral to all digits."""
    line = np.arange(-edge, edge + step / 2, step)
    return np.stack(np.meshgrid(*[line] * q, indexing="ij")).reshape(q, -1)


def dense_log_density(family, chol, rows, first, step=0.02, edge=9.0, **parameters):
    """The log density by a sum over a dense grid; analytic integrands make it exact to all digits."""
    terms = dense_log_terms(family, chol, rows, first, dense_grid(len(chol), step, edge), **parameters)
    top = terms.max(axis=1, keepdims=True)
    return float((top[:, 0] + np.log(np.exp(terms - top).sum(axis=1)) + len(chol) * np.log(step)).sum())
