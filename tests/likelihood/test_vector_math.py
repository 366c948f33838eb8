"""Exponentials and logarithms of several numbers at a time are those of numpy to a double's last two digits."""

import numba
import numpy as np
import pytest

import bayeshlm.likelihood.vector_math as vector_math

EPS = np.finfo(float).eps
EDGES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 800.0, -800.0, 5e-324])
SMALL = 10.0 ** np.linspace(-300, 0, 1000)
ANY = np.concatenate([np.linspace(-707, 708.9, 20001), SMALL, -SMALL])
POSITIVE = np.concatenate([10.0 ** np.linspace(-323, 308, 20001), 1 + np.linspace(-0.5, 0.5, 1001)])
ABOVE = np.concatenate([POSITIVE, SMALL, -0.999 * SMALL])


@pytest.mark.parametrize(("name", "x"), [("exp", ANY), ("log", POSITIVE), ("log1p", ABOVE), ("expm1", ANY)])
def test_it_is_what_numpy_has(name, x):
    one = getattr(vector_math, name)

    @numba.njit
    def every(x):
        found = np.empty_like(x)
        for i in range(len(x)):
            found[i] = one(x[i])
        return found

    with np.errstate(all="ignore"):
        exact, at_edges = getattr(np, name)(x), getattr(np, name)(EDGES)
    np.testing.assert_allclose(every(x), exact, rtol=3 * EPS, atol=0)
    np.testing.assert_allclose(every(EDGES), at_edges, rtol=3 * EPS, atol=1e-307)
