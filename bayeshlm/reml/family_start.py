"""Where the search for the maximum of a likelihood starts: least squares of the outcome behind its link."""

from __future__ import annotations

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.families.links import LINKS
from bayeshlm.reml.family_problem import FamilyProblem, outcome_unit

SDS = (0.4, 1.5)
"""SDs of the random effects at the starts, on the scale of the predictor."""

RHO = 0.3
"""Correlation of level-1 residuals at the start, of times that differ by the median gap."""

AUXILIARY = {"sigma": 0.5, "nu": 8.0, "phi": 3.0, "shape": 2.0}
"""Auxiliary parameters at the start; of a sigma in units of the outcome's SD."""


def starts(problem: FamilyProblem) -> list[FloatArray]:
    """Numbers to start from, with small and with large random effects, (D,) each."""
    rows, design = problem.rows, problem.design
    family, link = design.outcome.family, LINKS[design.outcome.link]
    if family.probabilities is not None:
        shares = np.bincount(rows.y.astype(np.int64), rows.weight, len(design.outcome.categories))
        below = np.cumsum((shares + 0.5) / (shares + 0.5).sum())[:-1]
        gamma, auxiliary = np.zeros(problem.sizes[0]), np.asarray(link.link(below))
    else:
        size = np.sqrt(rows.weight)
        goal = _behind_link(problem) - rows.offset
        gamma = np.linalg.lstsq((rows.X * size).T, goal * size, rcond=None)[0]
        unit = outcome_unit(design)
        names = [one.name for one, _ in design.outcome.auxiliary]
        if design.outcome.residuals.modeled:
            auxiliary = _level1_start(design, AUXILIARY["sigma"] * unit)
        else:
            auxiliary = np.array([AUXILIARY[name] * (unit if name == "sigma" else 1.0) for name in names])
    diagonal = np.einsum("kqq->k", problem.elements)
    numbers = problem.auxiliary.numbers(auxiliary)
    return [np.concatenate([gamma, sd * diagonal, numbers]) for sd in SDS]


def _level1_start(design: Design, sigma: float) -> FloatArray:
    """SDs of all rows about sigma, and a correlation of some size."""
    level1 = design.kept_rows.modeled
    A = level1.A
    sd = np.linalg.lstsq(A, np.full(len(A), np.log(sigma)), rcond=None)[0] if A.shape[1] else np.array([sigma])
    if not level1.correlation:
        return np.asarray(sd)
    gaps = level1.gap[level1.gap > 0]
    return np.append(sd, RHO ** (1 / np.median(gaps)) if len(gaps) and np.median(gaps) > 1 else RHO)


def _behind_link(problem: FamilyProblem) -> FloatArray:
    """The rows' outcomes on the scale of the predictor, (N,), moved inside of their range."""
    rows, outcome = problem.rows, problem.design.outcome
    link = LINKS[outcome.link]
    if outcome.family_name in ("Bernoulli", "Binomial"):
        return np.asarray(link.link((rows.y + 0.5) / (rows.size + 1.0)))
    if outcome.link == "log":
        return np.asarray(link.link(rows.y + 0.5 * outcome.family.discrete))
    if outcome.family_name == "Beta":
        return np.asarray(link.link(np.clip(rows.y, 0.01, 0.99)))
    return rows.y
