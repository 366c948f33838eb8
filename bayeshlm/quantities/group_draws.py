"""Draws of u and beta of chosen groups: those that were kept, or the same ones made again from the seed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import IntArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget
from bayeshlm.likelihood.coefficient_draws import regenerated
from bayeshlm.parameters.draws import Draws


def group_draws(posterior: Draws, groups: Sequence[Hashable] | None = None, grouping: str | None = None) -> xr.Dataset:
    """Draws of the random effects and coefficients of groups.

    Parameters
    ----------
    posterior : Draws
    groups : sequence of group labels, optional
        All groups by default.
    grouping : str, optional
        Whose groups, where there are several groupings.

    Returns
    -------
    xarray.Dataset
        ``u`` (chain, draw, <group>, random) and ``beta`` (chain, draw, <group>, coefficient); with several groupings
        variables and dims are named as in the posterior.

    Raises
    ------
    OptionError
        A group is unknown, or the draws would have to be made and take more than the budget.
    """
    design = posterior.design
    position = design.position_of(grouping)
    positions, layout = group_positions(design, groups, position), posterior.layouts[position]
    if posterior.has_groups:
        kept = posterior.dataset[[layout.u, layout.beta]]
        return kept if groups is None else kept.isel({layout.grouping: positions})
    check_budget(posterior.n_draws * len(positions) * len(design.coefficients))
    return regenerated(posterior, positions)


def group_positions(design: Design, groups: Sequence[Hashable] | None, grouping: int = 0) -> IntArray:
    """Positions of groups, named by their labels, among those of a grouping of the design.

    Raises
    ------
    OptionError
        A group is unknown.
    """
    term = design.predictor.random[grouping]
    if groups is None:
        return np.arange(len(term.labels))
    if isinstance(groups, str) or not isinstance(groups, Sequence | np.ndarray | pd.Index | pd.Series):
        raise OptionError(f"groups must be a list of groups, such as [{groups!r}], not {groups!r}")
    positions = term.labels.get_indexer(pd.Index(list(groups)))
    if (positions < 0).any():
        unknown = next(group for group, position in zip(groups, positions, strict=True) if position < 0)
        raise OptionError(f"groups: {unknown!r} is no {term.grouping} of the data")
    return np.asarray(positions)


def fewer_draws(n_numbers: int) -> str:
    """What to do instead where so many doubles a draw are beyond the budget: how many draws are not.

    Examples
    --------
    >>> fewer_draws(100_000)
    'use fewer draws, `n_draws=335`'
    """
    return f"use fewer draws, `n_draws={max(budget.BUDGET_BYTES // (8 * n_numbers), 1)}`"


def check_budget(n_numbers: int, advice: str = "name fewer `groups`") -> None:
    """Refuse to make an array of so many doubles when it is beyond the budget; `advice` says what to do instead.

    Raises
    ------
    OptionError
    """
    if not budget.within_budget(n_numbers):
        limit = budget.BUDGET_BYTES / 2**20
        raise OptionError(f"these draws would take {8 * n_numbers / 2**20:.0f} MiB, more than {limit:.0f}: {advice}")
