"""u and beta of the groups from the draws of the parameters: all of them, some, or their exact moments."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.design import Design
from bayeshlm.design.coefficient_means import unit_coefficients
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.blocks import BLOCK, in_threads
from bayeshlm.likelihood.group_effects import GroupBlock, fixed_part
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.layout_of_groupings import layout_of_groupings

type Array = NDArray[np.float64]

_MOMENTS: WeakKeyDictionary[Draws, xr.Dataset] = WeakKeyDictionary()
"""Those that were asked for, as long as their draws are in use."""


def drawn_groups(draws: xr.Dataset, design: Design, seed: int) -> tuple[Array | None, list[Array], list[Array]]:
    """Marginal log likelihood (S, J), u (S, J, q) and beta (S, J, C) of all groups, u and beta of every grouping.

    u is taken from the draws when it was sampled, and else drawn from its conditional distribution. With several
    groupings there is no log likelihood of a group, nor where u was sampled with an outcome that is not normal, whose
    integrals may take more nodes than there are.
    """
    labels = {"fixed": design.fixed_labels, "random": design.random_labels, "random_": design.random_labels}
    labelled = draws.assign_coords({dim: names for dim, names in labels.items() if dim in draws.dims})
    likelihood, parameters = likelihood_of(design), Draws(labelled, design)
    sampled_any = not design.outcome.is_normal and bool(_sampled_effects(draws, design))
    if sampled_any or not likelihood.can("independent groups"):
        effects = _sampled_effects(draws, design) or likelihood.drawn_effects(parameters, seed)
        gamma = parameters.flat(parameters.gamma)
        return None, effects, [unit_coefficients(design, k, gamma, effects) for k in range(len(effects))]
    given = likelihood.group_effects(parameters)
    n_draws, J = len(given.sigma), design.n_groups
    log_likelihood = np.empty((n_draws, J))
    u, beta = np.empty((n_draws, J, len(design.random))), np.empty((n_draws, J, len(design.coefficients)))
    kept = _sampled_effects(draws, design)
    sampled = kept[0] if kept else None

    def fill(block: GroupBlock) -> None:
        groups = block.groups
        effects = block.draw(seed) if sampled is None else np.moveaxis(sampled[:, groups], 1, 2)
        log_likelihood[:, groups] = block.log_likelihood
        u[:, groups] = np.moveaxis(effects, 2, 1)
        beta[:, groups] = np.moveaxis(_coefficients(design, given.gamma, groups, effects), 2, 1)

    given.each_block(fill, likelihood=True)
    return log_likelihood if likelihood.can("group densities") else None, [u], [beta]


def _sampled_effects(draws: xr.Dataset, design: Design) -> list[Array]:
    """U of every grouping, (S, J, q), where it was sampled; else none."""
    names = [layout.u for layout in layout_of_groupings(design.groupings)]
    if names[0] not in draws:
        return []
    values = [draws[name].transpose("chain", "draw", ...).to_numpy() for name in names]
    return [u.reshape(-1, *u.shape[2:]) for u in values]


def regenerated(posterior: Draws, positions: NDArray[np.int64]) -> xr.Dataset:
    """Draws of u and beta of the groups at `positions`, (chain, draw, <group>, ...), as `drawn_groups` has them."""
    design = posterior.design
    given, seed = likelihood_of(design).group_effects(posterior), int(posterior.dataset.attrs["seed"])
    positions = np.asarray(positions, dtype=np.int64)
    n_draws = len(given.sigma)
    u = np.empty((n_draws, len(positions), len(design.random)))
    beta = np.empty((n_draws, len(positions), len(design.coefficients)))

    def fill(start: int) -> None:
        block = given.block(start, likelihood=False)
        effects = block.draw(seed)
        here = np.flatnonzero(positions // BLOCK * BLOCK == start)
        within = positions[here] - start
        u[:, here] = np.moveaxis(effects[..., within], 2, 1)
        beta[:, here] = np.moveaxis(_coefficients(design, given.gamma, block.groups, effects)[..., within], 2, 1)

    in_threads(fill, np.unique(positions // BLOCK * BLOCK).tolist())
    sample = ("chain", "draw")
    shape = tuple(posterior.dataset.sizes[dim] for dim in sample)
    return xr.Dataset(
        {
            "u": ((*sample, design.group, "random"), u.reshape(*shape, *u.shape[1:])),
            "beta": ((*sample, design.group, "coefficient"), beta.reshape(*shape, *beta.shape[1:])),
        },
        {
            **{dim: posterior.dataset[dim].to_numpy() for dim in sample},
            design.group: design.group_labels[positions].to_numpy(),
            "random": design.random_labels,
            "coefficient": design.coefficient_labels,
        },
    )


def reduced_draws[Result](posterior: Draws, reduce: Callable[[Array], Result]) -> list[Result]:
    """Results of a function of the regenerated draws of beta, (S, C, B), of one block of groups after another."""
    design = posterior.design
    given, seed = likelihood_of(design).group_effects(posterior), int(posterior.dataset.attrs["seed"])

    def of_block(block: GroupBlock) -> Result:
        return reduce(_coefficients(design, given.gamma, block.groups, block.draw(seed)))

    return given.each_block(of_block, "Coefficients of groups")


def group_moments(draws: Draws) -> xr.Dataset:
    """Posterior means and SDs of u and beta of every group, no draw of u being made; worked out once.

    Parameters
    ----------
    draws : Draws

    Returns
    -------
    xarray.Dataset
        ``u_mean``, ``u_sd`` (<group>, random); ``beta_mean``, ``beta_sd``, ``beta_mcse`` (<group>, coefficient), the
        last one the Monte Carlo error of ``beta_mean``.

    Notes
    -----
    ``E[u] = E[E[u | theta]]`` and ``Var[u] = Var[E[u | theta]] + E[Var[u | theta]]`` over the draws of theta, with
    divisor S - 1: the SD that draws of u given theta would have on average.
    """
    if draws not in _MOMENTS:
        _MOMENTS[draws] = _group_moments(draws)
    return _MOMENTS[draws]


def _group_moments(draws: Draws) -> xr.Dataset:
    design = draws.design
    given, length = likelihood_of(design).group_effects(draws), draws.dataset.sizes["draw"]
    found = in_threads(lambda start: given.moments(start, design, length), given.starts, "Coefficients of groups")
    mean, variance, error = (
        np.concatenate([getattr(block, name) for block in found], axis=1).T for name in ("mean", "variance", "error")
    )
    within = np.concatenate([block.within for block in found], axis=1).T
    q, random = len(design.random), design.random_coefficients
    variance[:, :q] += within
    variance[:, [q + c for c in random]] += within[:, : len(random)]
    sd = np.sqrt(variance)
    return xr.Dataset(
        {
            "u_mean": ((design.group, "random"), mean[:, :q]),
            "u_sd": ((design.group, "random"), sd[:, :q]),
            "beta_mean": ((design.group, "coefficient"), mean[:, q:]),
            "beta_sd": ((design.group, "coefficient"), sd[:, q:]),
            "beta_mcse": ((design.group, "coefficient"), error[:, q:]),
        },
        {
            design.group: design.group_labels.to_numpy(),
            "random": design.random_labels,
            "coefficient": design.coefficient_labels,
        },
    )


def _coefficients(design: Design, gamma: Array, groups: slice, u: Array) -> Array:
    """``beta_j = W_j gamma + u_j``, (S, C, B), of u (S, q, B)."""
    beta, random = fixed_part(design, gamma, groups), design.random_coefficients
    beta[:, random] += u[:, : len(random)]
    return beta
