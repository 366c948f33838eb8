"""The density with a level-1 model as nutpie's C callback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from bayeshlm.likelihood.callback_arrays import (
    cube,
    from_layout,
    in_layout,
    matrix,
    prior_data_at,
    vector,
    whole_vector,
)
from bayeshlm.likelihood.level1_bank import Level1Bank
from bayeshlm.likelihood.level1_weights import Level1Weights
from bayeshlm.likelihood.prior_data import Level1Priors


def level1_callback(version: float, posterior: Any) -> Callable[..., int]:
    """The C callback of `level1_posterior`; `version` is in numba's cache key because the function closes over it."""

    def level1_density(dim, x_, gradient_, log_density_, buffer_):  # type: ignore[no-untyped-def]
        x, gradient, log_density = numba.carray(x_, dim), numba.carray(gradient_, dim), numba.carray(log_density_, 1)
        if vector(buffer_, 0)[0] != version:
            return 1
        scale, factor, slope = vector(buffer_, 2), matrix(buffer_, 3), np.empty(dim)
        weights = Level1Weights(
            whole_vector(buffer_, 16),
            vector(buffer_, 17),
            matrix(buffer_, 18),
            vector(buffer_, 19),
            vector(buffer_, 20),
            vector(buffer_, 21),
            whole_vector(buffer_, 22),
        )
        bank = Level1Bank(
            cube(buffer_, 23),
            cube(buffer_, 24),
            matrix(buffer_, 25),
            cube(buffer_, 26),
            matrix(buffer_, 27),
            vector(buffer_, 28),
            whole_vector(buffer_, 29),
            whole_vector(buffer_, 30),
            whole_vector(buffer_, 31),
            whole_vector(buffer_, 32),
            whole_vector(buffer_, 33),
        )
        log_density[0] = posterior(
            from_layout(x, vector(buffer_, 1), scale, factor),
            slope,
            prior_data_at(buffer_, 4),
            Level1Priors(matrix(buffer_, 9), vector(buffer_, 10), vector(buffer_, 11), vector(buffer_, 12)),
            vector(buffer_, 13),
            matrix(buffer_, 14),
            matrix(buffer_, 15),
            weights,
            bank,
            vector(buffer_, 34),
        )
        return in_layout(log_density[0], slope, gradient, scale, factor)

    return level1_density
