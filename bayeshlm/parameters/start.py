"""Where sampling starts when nothing better is known: from the least-squares residuals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design

SHARE = 0.3  # of the residual SD that the random effects start with


def residual_sd_start(design: Design) -> float:
    """The SD of the least-squares residuals, weighted as the rows are, in units of the outcome; 1 for a perfect fit."""
    weight = design.cells.weight
    total = design.n_obs if weight is None else float(weight.sum())
    return float(np.sqrt(np.sum(design.products.yty) / total)) or 1.0


def tau_start(design: Design) -> NDArray[np.float64]:
    """SDs of the random effects, (q,), each of which explains a share of the residual SD, or moves it by one."""
    square = design.moments.z_square
    of_spread = np.array([not column.is_deviation for column in design.random])
    start = SHARE * residual_sd_start(design) / np.sqrt(np.where(of_spread, 1.0, square))
    return np.where(of_spread, SHARE, start)
