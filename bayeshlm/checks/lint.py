"""All remarks on a model and its data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from bayeshlm.checks.level1_variance import level1_variance
from bayeshlm.checks.lint_design import Remark, lint_design
from bayeshlm.design.design import Design

UNLIKELY = 0.001
"""p below which a test of the data is remarked on."""
FEWEST_GROUPS = 20


@dataclass(frozen=True, slots=True)
class Lint:
    """What deserves a second look before a model is fitted.

    Attributes
    ----------
    remarks : tuple of Remark
    """

    remarks: tuple[Remark, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Short names of the rules that fired, in their order."""
        return tuple(remark.code for remark in self.remarks)


def lint(design: Design) -> Lint:
    """Look at a model, and at its data by two tests: of equal level-1 variances, and of group sizes that tell nothing.

    Parameters
    ----------
    design : Design
    """
    return Lint((*lint_design(design), *_unequal_variances(design), *_informative_size(design)))


def _unequal_variances(design: Design) -> Iterator[Remark]:
    outcome = design.outcome
    if not outcome.is_normal or outcome.residuals.known or outcome.residuals.spread or design.weights is not None:
        return  # no single sigma, or one of the weighted sample
    found = level1_variance(design)
    varies = " Or let it differ: log(sigma) = a0 + v0." if len(design.groupings) == 1 else ""
    if found.p_exact < UNLIKELY:
        yield Remark(
            "unequal-variances",
            f"The level-1 variance differs between groups (chi-square {found.chi2:.4g}, df {found.df}, p below"
            f" {UNLIKELY}): one sigma is an average, and standard errors of single groups are off.",
            f"Look at residuals().variance and at what the groups with much variance have in common.{varies}",
        )


def _informative_size(design: Design) -> Iterator[Remark]:
    """Group means of what least squares leaves, against group sizes."""
    outcome = design.outcome
    if len(design.groupings) > 1 or design.rows is None or outcome.residuals.known or outcome.family.mean is None:
        return
    n = design.n_per_group.astype(float)
    if len(n) < FEWEST_GROUPS or n.std() == 0:
        return
    y = design.y / design.size - (design.offset if outcome.is_normal else 0.0)
    residual = y - design.X @ np.linalg.lstsq(design.X, y, rcond=None)[0]
    means = np.bincount(design.group_codes, residual, len(n)) / n
    if means.std() <= 1e-12 * max(float(np.abs(y).max()), 1e-300):
        return
    r, df = float(np.corrcoef(n, means)[0, 1]), len(n) - 2
    p = 2 * float(stdtr(df, -abs(r) * np.sqrt(df / max(1 - r * r, 1e-300))))
    if p < UNLIKELY:
        yield Remark(
            "informative-size",
            f"Larger groups have {'higher' if r > 0 else 'lower'} outcomes than the predictors say (correlation"
            f" {r:.2f}, p below {UNLIKELY}): averages over rows and over groups then differ.",
            "Add the number of rows as a level-2 variable.",
        )
