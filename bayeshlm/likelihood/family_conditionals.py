"""Random effects of groups given outcomes of any family, at draws of the parameters: moments and draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import SamplingError
from bayeshlm.likelihood.compiled_rows import compiled_row
from bayeshlm.likelihood.family_rows import FamilyRows
from bayeshlm.likelihood.group_effects import BlockMoments, Conditionals, GroupBlock, block_moments
from bayeshlm.likelihood.quadrature_effects import (
    PROPOSAL_DF,
    effect_draws,
    group_moments,
    rows_left_out,
    standardized_modes,
)
from bayeshlm.likelihood.quadrature_room import Rows
from bayeshlm.likelihood.quadrature_rule import hermite_rule

STEPS = (12, 24, 96, 384)
"""Steps of the chains that draw effects: the next number where the one before leaves a trace of the start."""

TRACE = 1e-4
"""Largest chance that a chain did not move in the second half of its steps."""

DRAWS = 256
"""Draws of the parameters at which effects are drawn at a time."""


@dataclass(frozen=True, eq=False)
class FamilyBlock(GroupBlock):
    """As `GroupBlock`, of effects that are not normal: `mean` and `root` are their moments, draws are exact."""

    drawn: Callable[[int], FloatArray] = field(repr=False)

    def draw(self, seed: int) -> FloatArray:
        """One u for each draw and group, (S, q, B), by independence Metropolis."""
        return self.drawn(seed)


@dataclass(frozen=True, eq=False)
class FamilyConditionals(Conditionals):
    """Every group's likelihood and moments of its effects at S draws of the parameters, made block by block.

    Attributes
    ----------
    design : Design
    found : FamilyRows
    auxiliary : (S, a) array
        Auxiliary parameters of the distribution; `sigma` is the first, or nan where there is none.
    n_nodes : int
        Nodes in each dimension.
    """

    design: Design
    found: FamilyRows
    auxiliary: FloatArray
    n_nodes: int

    @cached_property
    def row(self) -> Any:
        """The row's machine code."""
        return compiled_row(self.design.outcome.family_name, self.design.outcome.link)

    @cached_property
    def parameters(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draws of gamma, of lower triangular L and of the auxiliary parameters."""
        return np.ascontiguousarray(self.gamma), triangular(self.chol), np.ascontiguousarray(self.auxiliary)

    @cached_property
    def ends(self) -> IntArray:
        """Where the rows of each group begin."""
        return self.found.first(self.design.n_groups)

    def rows_of(self, groups: slice) -> tuple[Rows, IntArray]:
        """The rows of neighboring groups, and where those of each begin among them."""
        low, high = self.ends[groups.start], self.ends[groups.stop]
        rows = Rows(*(np.ascontiguousarray(values[..., low:high]) for values in self.found.rows))
        return rows, self.ends[groups.start : groups.stop + 1] - low

    def block(self, start: int, likelihood: bool = True) -> GroupBlock:
        """The block of groups that begins with group `start`."""
        groups = self.groups_from(start)
        rows, first = self.rows_of(groups)
        n_draws, q, size = len(self.gamma), self.chol.shape[-1], groups.stop - start
        log_likelihood, mean = np.empty((n_draws, size)), np.empty((n_draws, q, size))
        root = np.empty((n_draws, q, q, size))
        self.fill_moments(rows, first, log_likelihood, mean, root)
        return FamilyBlock(groups, log_likelihood, mean, root, lambda seed: self.draws_of(groups, seed))

    def fill_moments(
        self, rows: Any, first: IntArray, log_likelihood: FloatArray, mean: FloatArray, root: FloatArray
    ) -> None:
        """Fill the log likelihoods, (S, B), the means of u, (S, q, B), and factors of their covariance matrices."""
        nodes = hermite_rule(self.n_nodes, mean.shape[1])
        group_moments(self.row)(*self.parameters, rows, first, *nodes, log_likelihood, mean, root)

    def modes_at(self, d: int) -> FloatArray:
        """Modes of the standardized effects of all groups at one of the draws, (J, q)."""
        gamma, chol, auxiliary = self.parameters
        return np.asarray(standardized_modes(self.row)(gamma[d], chol[d], auxiliary[d], self.found.rows, self.ends))

    def draws_of(self, groups: slice, seed: int) -> FloatArray:
        """One u of each draw and of some groups, (S, q, B).

        Raises
        ------
        SamplingError
            A group's effects are so far from any t distribution around their mode that the chains do not move.
        """
        rows, first = self.rows_of(groups)
        q, size = self.chol.shape[-1], groups.stop - groups.start
        u = np.empty((len(self.gamma), q, size))
        for start in range(0, len(u), DRAWS):
            part = slice(start, start + DRAWS)
            taken = np.zeros(size)
            for n_steps in STEPS:
                rng = np.random.default_rng([seed, groups.start, start, n_steps])
                draws = (np.ascontiguousarray(values[part]) for values in self.parameters)
                taken = self.chains(draws, rows, first, rng, n_steps, u[part])
                if ((1 - taken) ** (n_steps / 2)).max() < TRACE:
                    break
            else:
                raise not_drawn(self.design, groups, taken)
        return u

    def chains(
        self,
        draws: Iterable[FloatArray],
        rows: Any,
        first: IntArray,
        rng: np.random.Generator,
        n_steps: int,
        u: FloatArray,
    ) -> FloatArray:
        """Fill u, (S, q, B), by a chain of so many steps each; the share of proposals that each group took, (B,)."""
        n_draws, q, size = u.shape
        proposals = t_proposals(rng, n_draws, size, q, n_steps)
        return np.asarray(effect_draws(self.row)(*draws, rows, first, *proposals, u))

    def row_densities(self, groups: slice) -> FloatArray:
        """``log p(y_i | the other rows, theta)`` of the distinct rows of some groups, (n, S)."""
        rows, first = self.rows_of(groups)
        rows = rows._replace(weight=rows.weight.copy())  # where rows are taken out in turn
        densities = np.empty((len(rows.y), len(self.gamma)))
        nodes = hermite_rule(self.n_nodes, self.chol.shape[-1])
        rows_left_out(self.row)(*self.parameters, rows, first, *nodes, densities)
        return densities

    def moments(self, start: int, design: Design, chain_length: int) -> BlockMoments:
        """Moments over the draws of ``E[u | theta]``, ``E[beta | theta]`` and ``Var[u | theta]`` of a block."""
        return block_moments(self.block(start, likelihood=False), self.gamma, design, chain_length)


def t_proposals(
    rng: np.random.Generator, n_draws: int, n_groups: int, q: int, n_steps: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Noise (S, B, q, T) of t distributed proposals, minus the log of its density (S, B, T), logs of uniform draws."""
    normal = rng.standard_normal((n_draws, n_groups, q, n_steps))
    spread = rng.chisquare(PROPOSAL_DF, (n_draws, n_groups, n_steps)) / PROPOSAL_DF
    noise = normal / np.sqrt(spread)[:, :, None]
    weights = 0.5 * (PROPOSAL_DF + q) * np.log1p((noise * noise).sum(axis=2) / PROPOSAL_DF)
    return noise, weights, np.log1p(-rng.random((n_draws, n_groups, n_steps)))


def not_drawn(design: Design, groups: slice, taken: FloatArray) -> SamplingError:
    """The error where the chains of one of some groups do not move, of which they took these shares of steps."""
    worst = design.group_labels[groups.start + int(taken.argmin())]
    return SamplingError(
        f"the random effects of group {worst!r} cannot be drawn given the outcomes: of {STEPS[-1]} "
        f"proposals {taken.min():.1%} were taken"
    )


def triangular(chol: FloatArray) -> FloatArray:
    """Lower triangular factors of the same ``L L'``, (S, q, q), from any factors."""
    return np.ascontiguousarray(np.linalg.qr(chol.swapaxes(-1, -2), mode="r").swapaxes(-1, -2))
