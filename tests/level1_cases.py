"""Level-1 models of variances and correlations put on small designs, and their dense covariance matrices."""

from dataclasses import replace

import numpy as np
import pandas as pd

import bayeshlm as hlm
from bayeshlm.design.design import Design
from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.residuals import Residuals


def frame(seed: int = 1, n_groups: int = 14, whole: bool = True) -> pd.DataFrame:
    """Rows in groups of 1 to 7, in shuffled order: times with gaps, a category, a covariate with a mean far from 0."""
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 8, n_groups)
    n[:2] = 1, 7
    g = np.repeat(np.arange(n_groups), n)
    time = np.concatenate([np.sort(rng.choice(12, k, replace=False)) for k in n]).astype(float)
    if not whole:
        time = time + np.round(rng.uniform(0.0, 0.9, len(time)), 3)
    table = pd.DataFrame(
        {
            "g": g,
            "time": time,
            "kind": rng.integers(0, 3, len(g)),
            "x": 5 + 3 * rng.normal(size=len(g)),
            "w": rng.normal(size=n_groups)[g],
        }
    )
    table["y"] = 10 + 0.3 * table.x + rng.normal(size=n_groups)[g] + rng.normal(size=len(g)) * (1 + table.kind)
    return table.sample(frac=1.0, random_state=seed).reset_index(drop=True)


def before(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Position of the row before in time in the same group, or -1, and the time since."""
    previous, gap = np.full(len(table), -1), np.zeros(len(table))
    for _, rows in table.groupby("g"):
        order = rows.sort_values("time").index.to_numpy()
        previous[order[1:]] = order[:-1]
        gap[order[1:]] = np.diff(table.time.to_numpy()[order])
    return previous, gap


def level1(table: pd.DataFrame, spread: str = "", correlation: str = "") -> Level1Model:
    """A level-1 model: `spread` is "", "kind" (categories) or "x" (a continuous column)."""
    ones = np.ones(len(table))
    A = {
        "": np.empty((len(table), 0)),
        "kind": np.column_stack([ones, table.kind == 1, table.kind == 2]).astype(float),
        "x": np.column_stack([ones, (table.x - 5) / 3]),
    }[spread]
    previous, gap = before(table) if correlation == "ar1" else (np.full(len(table), -1), np.zeros(len(table)))
    whole = bool((gap == np.round(gap)).all())
    largest = table.groupby("g").size().max()
    lowest = {"": 0.0, "ar1": -1.0 if whole else 0.0, "cs": -1.0 / (largest - 1)}[correlation]
    labels = tuple(f"a{k}" for k in range(A.shape[1]))
    return Level1Model(A, labels, correlation, previous.astype(np.int64), gap, lowest)  # type: ignore[arg-type]


EQUATIONS = {
    1: "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10",
    2: "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + u1",
    3: "y = b0 + b1*x + b2*time + r; b0 = g00 + g01*w + u0; b1 = g10 + u1; b2 = g20 + u2",
}


def design_of(table: pd.DataFrame, q: int, spread: str = "", correlation: str = "") -> Design:
    """A design with q random effects and a level-1 model."""
    design = hlm.Model(EQUATIONS[q], table, group="g").design
    model = level1(table, spread, correlation)
    outcome = replace(design.outcome, residuals=Residuals.of(design.spec, model))
    return replace(design, outcome=outcome, rows=replace(design.kept_rows, level1=model))


def dense_correlations(table: pd.DataFrame, correlation: str, rho: float) -> np.ndarray:
    """R of all rows, (N, N)."""
    same = table.g.to_numpy()[:, None] == table.g.to_numpy()[None, :]
    if correlation == "ar1":
        time = table.time.to_numpy()
        return np.where(same, np.asarray(rho) ** np.where(same, abs(time[:, None] - time[None, :]), 1.0), 0.0)
    R = np.eye(len(table))
    return np.where(same & (R == 0), rho, R) if correlation == "cs" else R


def dense_residuals(table: pd.DataFrame, model: Level1Model, phi: np.ndarray) -> np.ndarray:
    """Covariance matrix of the level-1 residuals of all rows, (N, N)."""
    k = model.A.shape[1]
    sd = np.exp(model.A @ phi[:k]) if k else np.full(len(table), phi[0])
    return sd[:, None] * dense_correlations(table, model.correlation, float(phi[-1])) * sd
