"""`Conditionals`: random effects of the groups given outcomes and parameters, which are normal, and their draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.likelihood.blocks import BLOCK, in_threads
from bayeshlm.likelihood.group_structure import GroupStructure
from bayeshlm.likelihood.kernel_products import ColumnScaling, EffectProducts
from bayeshlm.parameters.draws import Draws

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupBlock:
    """Some groups at every draw (S draws, B groups, q effects), u in the user's columns.

    Attributes
    ----------
    groups : slice
        Which groups.
    log_likelihood : array, shape (S, B)
        ``log p(y_j | gamma, G, sigma)``; (0, B) when it was not asked for.
    mean : array, shape (S, q, B)
        Mean of ``u_j | y, gamma, G, sigma``.
    root : array, shape (S, q, q, B)
        R with ``R R'`` its covariance matrix.
    """

    groups: slice
    log_likelihood: Array
    mean: Array
    root: Array

    def draw(self, seed: int) -> Array:
        """One u for each draw and group, (S, q, B); the same for a seed whatever other groups are drawn."""
        noise = np.random.default_rng([seed, self.groups.start]).standard_normal(self.mean.shape)
        u: Array = np.einsum("sqrb,srb->sqb", self.root, noise)
        u += self.mean
        return u


@dataclass(frozen=True, eq=False)
class BlockMoments:
    """Moments over S draws of ``E[u | theta]`` (q rows) and ``E[beta | theta]`` (C rows) of some groups.

    Attributes
    ----------
    mean, variance : arrays, shape (q + C, B)
        The variance has divisor S - 1.
    error : array, shape (q + C, B)
        Monte Carlo error of the mean, by means of batches of the square root of a chain's length (Flegal & Jones
        2010, Annals of Statistics 38, 1034-1070).
    within : array, shape (q, B)
        Mean of ``Var[u | theta]``.
    """

    mean: Array
    variance: Array
    error: Array
    within: Array


@dataclass(frozen=True, eq=False)
class Conditionals:
    """Every group's likelihood and conditional normal at S draws of the parameters, made block by block.

    With ``L L' = G``, ``M_j = I + L' Z_j'Z_j L / sigma^2``, ``e_j = y_j - X_j gamma`` and ``w_j = L' Z_j'e_j``::

        log p(y_j) = -1/2 [n_j log(2 pi sigma^2) + log|M_j| + (e_j'e_j - w_j' M_j^-1 w_j / sigma^2) / sigma^2]
        u_j | y ~ N(L M_j^-1 w_j / sigma^2, L M_j^-1 L')

    by the Woodbury identity (Lindstrom & Bates 1988, JASA 83, 1014-1022). The rows are not touched.

    Attributes
    ----------
    products : CrossProducts
        Per-group cross-products; J groups, p fixed effects, q random effects.
    gamma : array, shape (S, p)
        Draws of the fixed effects in the user's columns.
    chol : array, shape (S, q, q)
        Any L with ``L L' = G``.
    sigma : array, shape (S,)
        Draws of the level-1 standard deviation, in units of the outcome; 1 where it is known, and the rows are counted
        by it.
    structure : GroupStructure, optional
        Which of the products follow from others; none by default.
    """

    products: CrossProducts
    gamma: Array
    chol: Array
    sigma: Array
    structure: GroupStructure | None = field(default=None, kw_only=True)

    @classmethod
    def of(cls, draws: Draws) -> Conditionals:
        """From draws of gamma, tau, corr and sigma, dims (chain, draw, ...); S runs through the chains in turn."""
        products, (factor,) = draws.design.cross_products, covariance_factors(draws)
        structure = GroupStructure.of(draws.design)
        return cls(products, draws.flat(draws.gamma), factor, draws.flat(draws.scaled_sigma), structure=structure)

    def each_block[Result](
        self, function: Callable[[GroupBlock], Result], doing: str | None = None, likelihood: bool = False
    ) -> list[Result]:
        """Results of a function of every block of groups, in threads; `doing` is said beside a bar if it takes long."""
        return in_threads(lambda start: function(self.block(start, likelihood)), self.starts, doing)

    @property
    def starts(self) -> range:
        """First group of each block."""
        return range(0, len(self.products.n), BLOCK)

    @cached_property
    def arguments(self) -> tuple[Any, ...]:
        """What every block's kernel takes first: the draws, and the scaling of the columns."""
        products = self.products
        transforms = (np.linalg.inv(products.x_transform), np.linalg.inv(products.z_transform))
        scaling = ColumnScaling(products.ols, *transforms)
        return (*map(np.ascontiguousarray, (self.gamma, self.chol, self.sigma)), scaling, products.z_transform)

    @cached_property
    def _structure(self) -> GroupStructure:
        n_groups, n_fixed = self.products.Xty.shape
        return GroupStructure.none(n_groups, n_fixed) if self.structure is None else self.structure

    def groups_from(self, start: int) -> slice:
        """The groups of the block that begins with group `start`."""
        return slice(start, min(start + BLOCK, len(self.products.n)))

    def block(self, start: int, likelihood: bool = True) -> GroupBlock:
        """The block of groups that begins with group `start`, one of `starts`."""
        n_draws, q, groups = len(self.sigma), self.chol.shape[-1], self.groups_from(start)
        size = groups.stop - start
        made = GroupBlock(
            groups=groups,
            log_likelihood=np.empty((n_draws if likelihood else 0, size)),
            mean=np.empty((n_draws, q, size)),
            root=np.empty((n_draws, q, q, size)),
        )
        self._fill(groups, made.mean, made.root, made.log_likelihood)
        return made

    def densities(self, start: int) -> Array:
        """``log p(y_j | gamma, G, sigma)`` of the block of groups that begins with group `start`, (B, S)."""
        q, groups = self.chol.shape[-1], self.groups_from(start)
        size = groups.stop - start
        log_likelihood = np.empty((len(self.sigma), size))
        self._fill(groups, np.empty((1, q, size)), np.empty((1, q, q, size)), log_likelihood)
        return np.ascontiguousarray(log_likelihood.T)

    def _fill(self, groups: slice, mean: Array, root: Array, log_likelihood: Array) -> None:
        from bayeshlm.likelihood.conditional_kernel import conditional_normals

        products, q = self.products, self.chol.shape[-1]
        needed = groups if len(self._structure.direct) else slice(0)
        totals = groups_last(needed, products.XtX, products.Xty) + groups_last(groups, products.yty, products.counts)
        conditional_normals(q)(*self.arguments, self._effects(groups), totals, mean, root, log_likelihood)
        if products.log_sd is not None:
            log_likelihood -= products.log_sd[groups]

    def _effects(self, groups: slice) -> EffectProducts:
        """The products of some groups that their effects take, and their level-2 columns."""
        products, structure = self.products, self._structure
        read = products.ZtX[groups][:, :, structure.direct]
        W = np.ascontiguousarray(structure.W[:, groups])
        ZtZ, Zty = groups_last(groups, products.ZtZ, products.Zty)
        (ZtX,) = groups_last(slice(None), read)
        return EffectProducts(ZtZ, ZtX, Zty, W, structure.to_parts)

    def moments(self, start: int, design: Design, chain_length: int) -> BlockMoments:
        """Moments over the draws of ``E[u | theta]``, ``E[beta | theta]`` and ``Var[u | theta]`` of a block."""
        from bayeshlm.likelihood.moments_kernel import conditional_moments

        groups, n_draws = self.groups_from(start), len(self.sigma)
        q, n_coefficients = len(design.random), len(design.coefficients)
        size = (q + n_coefficients, groups.stop - start)
        first, sums, within = np.empty(size), np.zeros((4, *size)), np.zeros((q, size[1]))
        batch = math.isqrt(chain_length)
        conditional_moments(q)(
            *self.arguments,
            self._effects(groups),
            np.ascontiguousarray(design.W[groups].T),
            design.coefficient_of,
            np.array(design.random_coefficients),
            n_coefficients,
            chain_length,
            batch,
            first,
            sums,
            within,
        )
        n_batches = n_draws // chain_length * (chain_length // batch)
        return BlockMoments(
            mean=first + sums[0] / n_draws,
            variance=_variance(sums[0], sums[1], n_draws),
            error=np.sqrt(_variance(sums[2], sums[3], n_batches) / n_batches),
            within=within / n_draws,
        )


def block_moments(block: GroupBlock, gamma: Array, design: Design, chain_length: int) -> BlockMoments:
    """Moments of a block from its means and roots at every draw, where no kernel sums them up on the way."""
    beta, random = fixed_part(design, gamma, block.groups), design.random_coefficients
    beta[:, random] += block.mean[:, : len(random)]
    values = np.concatenate([block.mean, beta], axis=1)
    length = math.isqrt(chain_length)
    chains = values.reshape(-1, chain_length, *values.shape[1:])[:, : chain_length // length * length]
    batches = chains.reshape(-1, length, *values.shape[1:]).mean(axis=1)
    return BlockMoments(
        mean=values.mean(axis=0),
        variance=values.var(axis=0, ddof=1),
        error=np.sqrt(batches.var(axis=0, ddof=1) / len(batches)),
        within=(block.root**2).sum(axis=2).mean(axis=0),
    )


def fixed_part(design: Design, gamma: Array, groups: slice) -> Array:
    """The part of beta that is fixed, ``W_j gamma`` of some groups at each draw: (S, C, B)."""
    from bayeshlm.likelihood.conditional_kernel import fixed_part as fill_fixed_part

    W = np.ascontiguousarray(design.W[groups].T)
    values = np.empty((len(gamma), len(design.coefficients), W.shape[1]))
    fill_fixed_part(np.ascontiguousarray(gamma), W, design.coefficient_of, values)
    return values


def _variance(total: Array, squares: Array, count: int) -> Array:
    """Variance, divisor count - 1, from sums of numbers and of their squares."""
    return np.asarray(np.maximum(squares - total * total / count, 0.0) / (count - 1))


def groups_last(groups: slice, *products: NDArray[Any]) -> tuple[Array, ...]:
    """Per-group arrays (J, ...) of some groups as (..., B), which is how the kernel walks through them."""
    return tuple(np.ascontiguousarray(np.moveaxis(values[groups], 0, -1), dtype=np.float64) for values in products)


def covariance_factors(draws: Draws) -> list[Array]:
    """Matrices L with ``L L' = G`` at each draw, (S, q, q) of each grouping, also where G is singular."""
    factors, start = [], 0
    for term in draws.design.predictor.random:
        own = slice(start, start + len(term.columns))
        start, root = own.stop, np.eye(len(term.columns))
        if "corr" in draws.dataset:
            values, vectors = np.linalg.eigh(draws.corr[..., own, own])
            root = vectors * np.sqrt(np.maximum(values, 0))[..., None, :]
        factors.append(draws.flat(draws.tau[..., own, None] * root))
    return factors
