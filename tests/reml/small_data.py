"""Small random data, and the model's matrices without any cleverness."""

import numpy as np
import pandas as pd

from bayeshlm.design import Design, build_design
from bayeshlm.equations import parse

EQUATIONS = {
    "intercept": "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10",
    "slope": "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10 + g11*w + u1",
    "parallel": "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10 + u1",
    "independent": "y = b0 + b1*x + r\nb0 = g00 + g01*w + u0\nb1 = g10 + u1\ncov(u0, u1) = 0",
    "three": "y = b0 + b1*x + b2*v + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + g21*w + u2",
    "blocks": "y = b0 + b1*x + b2*v + r\nb0 = g00 + u0\nb1 = g10 + u1\nb2 = g20 + u2\ncov(u0, u1) = 0\ncov(u1, u2) = 0",
    "only slope": "y = b1*x + r\nb1 = g10 + g11*w + u1",
}


def small_frame(
    seed: int = 1, n_groups: int = 10, largest: int = 6, tau: float = 1.0, sigma: float = 1.0
) -> pd.DataFrame:
    """Groups of 1 to `largest` rows with an outcome that varies between them."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(n_groups), rng.integers(1, largest + 1, n_groups))
    n = len(school)
    x, v = rng.normal(2, 3, n), rng.normal(-1, 0.5, n)
    u = tau * rng.normal(size=(n_groups, 3))
    w = rng.normal(size=n_groups)[school]
    y = 1 + 0.5 * w + 2 * x + u[school, 0] + u[school, 1] * x + u[school, 2] * v + sigma * rng.normal(size=n)
    return pd.DataFrame({"school": school, "x": x, "v": v, "w": w, "y": y})


def small_design(name: str, frame: pd.DataFrame | None = None) -> Design:
    return build_design(parse(EQUATIONS[name]), small_frame() if frame is None else frame, group="school")


def blocks_of(design: Design, G: np.ndarray) -> np.ndarray:
    """``Z G Z'`` with rows of different groups independent, (N, N)."""
    same = design.group_codes[:, None] == design.group_codes[None, :]
    return np.where(same, design.Z @ G @ design.Z.T, 0.0)


def covariance(design: Design, G: np.ndarray, sigma: float) -> np.ndarray:
    """Covariance matrix of y, (N, N)."""
    return blocks_of(design, G) + sigma**2 * np.eye(design.n_obs)
