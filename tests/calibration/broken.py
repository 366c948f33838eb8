"""Copies of the package that are broken in one place each, as context managers, and the model types that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from calibrated_types import LINES, NORMAL, ROWS, TYPES, Array, ModelType, in_groups, normal_around, one_effect
from ranks import rank_counts

from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.likelihood.group_effects import GroupBlock
from bayeshlm.sampling.points import Points

FEW_ROWS = ModelType(f"y = b0 + b1*x + r; {LINES}", "group", NORMAL, in_groups(3, 2), normal_around(one_effect))
"""A level-1 SD that six rows leave wide open, so that its prior and its Jacobian count."""

FAR_SLOPES = replace(TYPES["random slopes"], predictors=in_groups(12, 6, 3.0))
"""Slopes of a predictor far from zero: intercept and slope of a group have correlated errors."""

PAIRS = replace(TYPES["Bernoulli"], predictors=in_groups(30, 2), priors=ROWS | {"tau_u0": "HalfNormal(3)"})
"""Binary pairs that differ much, where one node of quadrature is known to be too few."""

NARROW = replace(TYPES["known SDs"], priors=ROWS | {"tau_u0": "HalfNormal(0.3)"})
"""To be fitted to data of ``HalfNormal(1)``: a prior of tau with a wrong scale."""


@contextmanager
def replaced(owner: Any, name: str, function: Any) -> Iterator[None]:
    """Another function in the place of a method."""
    original = getattr(owner, name)
    setattr(owner, name, function)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextmanager
def without_jacobian() -> Iterator[None]:
    """The density of log sigma without the Jacobian ``sigma``."""
    whole = Points.log_densities

    def broken(points: Points, x: Array) -> Array:
        sigma: Array = points.target.expand(x[None])["sigma"].to_numpy()[0]
        return whole(points, x) - np.log(sigma)

    with replaced(Points, "log_densities", broken):
        yield


@contextmanager
def without_covariance() -> Iterator[None]:
    """Random effects of a group drawn with their conditional variances, but independently of each other."""

    def broken(block: GroupBlock, seed: int) -> Array:
        noise = np.random.default_rng([seed, block.groups.start]).standard_normal(block.mean.shape)
        return block.mean + np.sqrt(np.einsum("sqrb,sqrb->sqb", block.root, block.root)) * noise

    with replaced(GroupBlock, "draw", broken):
        yield


@contextmanager
def with_one_node() -> Iterator[None]:
    """Laplace's approximation in place of quadrature."""
    with replaced(FamilyQuadrature, "log_density", lambda self, priors: self.density_with(priors, 1)):
        yield


@dataclass(frozen=True)
class Error:
    """An error, and where it shows.

    Attributes
    ----------
    kind : ModelType
        What the data are made of.
    shows_in : str
        The quantity whose ranks it makes uneven most.
    broken : callable
        The context in which the package has the error.
    fit_as : ModelType, optional
        What is fitted in place of `kind`, if that is the error.
    """

    kind: ModelType
    shows_in: str
    broken: Callable[[], AbstractContextManager[None]] = nullcontext
    fit_as: ModelType | None = None

    def counts(self, replications: int) -> dict[str, Array]:
        """Counts of the ranks with the error."""
        with self.broken():
            return rank_counts(self.kind, range(replications), self.fit_as)


ERRORS = {
    "the prior of tau a third as wide": Error(TYPES["known SDs"], "tau[u0]", fit_as=NARROW),
    "log sigma without its Jacobian": Error(FEW_ROWS, "sigma", without_jacobian),
    "u drawn without its covariance": Error(FAR_SLOPES, "predictor", without_covariance),
    "Laplace in place of quadrature": Error(PAIRS, "tau[u0]", with_one_node),
}
