"""Posterior predictions: of rows of known groups, of new groups, and of the average group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import checked_count, checked_seed
from bayeshlm.checks.response import expected, outcomes
from bayeshlm.design.centering import first_rows
from bayeshlm.design.columns import shown
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import outer_groupings
from bayeshlm.design.new_rows import NewGroups, NewRows
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.errors import DataError, OptionError
from bayeshlm.likelihood.blocks import BLOCK
from bayeshlm.likelihood.coefficient_draws import regenerated
from bayeshlm.likelihood.group_effects import covariance_factors
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.group_draws import check_budget, fewer_draws

type Groups = Literal["same", "new", "average"]
"""Where u of the groups comes from."""

type Choice = Groups | Mapping[str, Groups]
"""Of all groupings, or of each; those that a mapping does not name are "same"."""

GROUPS_AT_A_TIME = 8 * BLOCK
NUMBERS_AT_A_TIME = 1 << 20


def predict(
    posterior: Draws,
    rows: NewRows,
    groups: Choice = "same",
    n_draws: int | None = None,
    seed: int | None = None,
) -> xr.Dataset:
    """Draws of the mean and of the outcome of rows, ``mu = offset + X gamma + Z u``, ``y ~ N(mu, sigma^2)``.

    Where the level-1 SD has an equation, each row's own stands for sigma; correlated residuals are drawn together for
    the rows that are predicted, but not given those of the rows that were fitted.

    Parameters
    ----------
    posterior : Draws
    rows : NewRows
        N rows.
    groups : {"same", "new", "average"} or mapping of str to these
        ``"same"``: a group that was fitted has its own u, draw by draw, and any other a u drawn from N(0, G).
        ``"new"``: every group has a u drawn from N(0, G). ``"average"``: u = 0, the average group. With several
        groupings also of each by its name.
    n_draws : int, optional
        Draws used, evenly spaced over every chain; all by default.
    seed : int, optional

    Returns
    -------
    xarray.Dataset
        ``mu``, what is expected of the outcome, and ``y`` (chain, draw, obs_id); where the outcome is not normal the
        linear predictor ``eta`` too, and of ordered categories, whose ``y`` are positions from 0, in place of mu
        ``probability`` (chain, draw, obs_id, category); ``obs_id`` being the rows' index, with the group of each row
        and whether its u was drawn from N(0, G) (``is_new``; with several groupings ``is_new_<grouping>``) as
        coordinates. ``attrs``: ``groups``, ``seed``, and summed over the groupings ``n_groups``, ``n_new_groups``.

    Raises
    ------
    OptionError
        An option is out of range, or the draws are beyond the memory budget.
    DataError
        A group that was fitted is inside of another group than it was.
    """
    design = posterior.design
    words = words_of(design, groups)
    _check_places(design, rows, words)
    kept = thinned(posterior.shape, n_draws)
    some = posterior.at(kept)
    check_budget(some.n_draws * rows.n_obs, f"predict fewer rows at a time, or {fewer_draws(rows.n_obs)}")
    seed = checked_seed(seed)
    of_effects, of_outcomes = np.random.default_rng(seed).spawn(2)
    new = [new_groups(of, word) for of, word in zip(rows.groups, words, strict=True)]
    u = group_effects(posterior, rows, kept, words, of_effects)
    eta, auxiliary = linear_predictor(rows, some.flat(some.gamma), u), some.flat(some.auxiliary)
    mu = eta if design.outcome.is_normal else expected(design.outcome, eta, auxiliary, rows.size)
    y = outcomes(design.outcome, rows, eta.copy(), u, auxiliary, of_outcomes)
    index = pd.RangeIndex(rows.n_obs) if isinstance(rows.index, pd.MultiIndex) else rows.index
    coords: dict[str, Any] = {"obs_id": ("obs_id", index.to_numpy())}
    for name, of, is_new in zip(design.groupings, rows.groups, new, strict=True):
        if of.labels is not None:
            coords[name] = ("obs_id", of.labels.to_numpy()[of.codes])
            coords["is_new" if len(new) == 1 else f"is_new_{name}"] = ("obs_id", is_new[of.codes])
    said = [f"{name}: {word}" for name, word in zip(design.groupings, words, strict=True)]
    attrs = {
        "groups": groups if isinstance(groups, str) else ", ".join(said),
        "seed": seed,
        "n_groups": sum(of.n_groups for of in rows.groups),
        "n_new_groups": int(sum(is_new.sum() for is_new in new)),
    }
    found = {"mu": some.labelled(mu, ("obs_id",))} if mu.ndim == y.ndim else {}
    if mu.ndim > y.ndim:
        coords["category"] = list(design.outcome.categories)
        found["probability"] = some.labelled(mu, ("obs_id", "category"))
    if not design.outcome.is_normal:
        found["eta"] = some.labelled(eta, ("obs_id",))
    return xr.Dataset(found | {"y": some.labelled(y, ("obs_id",))}, coords, attrs)


def words_of(design: Design, groups: Choice) -> tuple[Groups, ...]:
    """Where u of each grouping comes from.

    Raises
    ------
    OptionError
        A word or a grouping is unknown, or groups keep their u inside of groups that do not.
    """
    if not isinstance(groups, Mapping):
        check_groups_option(groups)
        return (groups,) * len(design.groupings)
    for name, word in groups.items():
        design.position_of(name)
        check_groups_option(word, name)
    words = tuple(groups.get(name, "same") for name in design.groupings)
    for k, outside in enumerate(outer_groupings(design) if "same" in words else ()):
        for m in sorted(outside):
            if words[k] == "same" and words[m] != "same":
                inner, outer = design.groupings[k], design.groupings[m]
                raise OptionError(
                    f"groups: a group of {inner!r} is known with the {outer!r} that it is in, so it cannot be known in "
                    f'one that is {words[m]}: write {{{outer!r}: "{words[m]}", {inner!r}: "new"}}, or "average"'
                )
    return words


def _check_places(design: Design, rows: NewRows, words: Sequence[Groups]) -> None:
    """Refuse groups that keep their u, but are inside of other groups than they were fitted in."""
    if "same" not in words or len(words) == 1:
        return
    terms, codes = design.predictor.random, design.cells.codes
    for k, outside in enumerate(outer_groupings(design)):
        known = rows.groups[k].known[rows.groups[k].codes]
        for m in sorted(outside) if words[k] == "same" else ():
            first = first_rows(codes[k], len(terms[k].labels))
            here = rows.groups[m].known[rows.groups[m].codes]
            moved = (known >= 0) & (here != codes[m][first][known])
            if moved.any():
                row = int(moved.argmax())
                inner, outer = terms[k].grouping, terms[m].grouping
                raise DataError(
                    f"{inner} {shown(terms[k].labels[known[row]])} was fitted in {outer} "
                    f"{shown(terms[m].labels[codes[m][first][known[row]]])}, and in row {shown(rows.index[row])} it is "
                    f'in another: give new groups ids of their own, or write groups={{{inner!r}: "new"}}'
                )


def check_groups_option(groups: object, grouping: str | None = None) -> None:
    """Refuse a word that does not say where u comes from."""
    if not isinstance(groups, str) or groups not in get_args(Groups.__value__):
        given = f"groups={groups!r}" if grouping is None else f"groups={{{grouping!r}: {groups!r}}}"
        raise OptionError(
            f'{given}: write "same" (fitted groups keep their u, others draw one), "new" (every group '
            'draws one) or "average" (u = 0)'
        )


def thinned(shape: tuple[int, int], n_draws: int | None) -> IntArray:
    """Positions along the chains, of this number and length, of so many draws in all, evenly spaced, rounded up.

    Examples
    --------
    >>> thinned((4, 101), 12)
    array([  0,  50, 100])
    """
    chains, length = shape
    if n_draws is None:
        return np.arange(length)
    if checked_count("n_draws", n_draws, 1) > chains * length:
        raise OptionError(f"n_draws={n_draws}: the fit has {chains * length} draws")
    each = math.ceil(n_draws / chains)
    return np.linspace(0, length - 1, each).round().astype(np.int64)


def new_groups(of: NewGroups, groups: Groups) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of the K groups of a grouping have a u that is drawn from N(0, G)."""
    if groups == "same":
        return np.asarray(of.known < 0)
    return np.full(of.n_groups, groups == "new")


def group_effects(
    posterior: Draws, rows: NewRows, kept: IntArray, words: Sequence[Groups], rng: np.random.Generator
) -> list[FloatArray]:
    """Draws of u of the groups of rows: the posterior's, new ones from N(0, G) of the same draw, or zeros.

    Parameters
    ----------
    posterior, rows
        As in `predict`.
    kept : array of int
        Positions along ``draw`` of the draws that are used.
    words : sequence of {"same", "new", "average"}
        Of each grouping.
    rng : Generator

    Returns
    -------
    list of arrays (q, S, K)
        Of each grouping.
    """
    found = []
    factors = covariance_factors(posterior.at(kept))
    for position, (of, word, factor) in enumerate(zip(rows.groups, words, factors, strict=True)):
        q, new = of.Z.shape[1], new_groups(of, word)
        u = np.zeros((q, len(factor), of.n_groups))
        if new.any():
            noise = rng.standard_normal((q, len(factor), int(new.sum())))
            u[:, :, new] = np.einsum("sqr,rsk->qsk", factor, noise)
        if word != "average" and not new.all():
            u[:, :, ~new] = _posterior_effects(posterior, position, of.known[~new], kept)
        found.append(u)
    return found


def _posterior_effects(posterior: Draws, grouping: int, positions: IntArray, kept: IntArray) -> FloatArray:
    """Draws of u of fitted groups, (q, S, K); made again, some groups at a time, where they were not kept."""
    if posterior.has_groups:
        return _effects_first(posterior.u_of(grouping)[np.ix_(range(posterior.shape[0]), kept, positions)])
    pieces = [positions[start : start + GROUPS_AT_A_TIME] for start in range(0, len(positions), GROUPS_AT_A_TIME)]
    made = (replace(posterior, dataset=regenerated(posterior, piece)).u[:, kept] for piece in pieces)
    return np.concatenate([_effects_first(u) for u in made], axis=2)


def _effects_first(u: FloatArray) -> FloatArray:
    """Draws (chain, draw, K, q) as (q, S, K)."""
    return np.moveaxis(u, -1, 0).reshape(u.shape[3], -1, u.shape[2])


def linear_predictor(rows: NewRows, gamma: FloatArray, u: Sequence[FloatArray]) -> FloatArray:
    """``mu = offset + X gamma + Z u`` of N rows at S draws, (S, N).

    Parameters
    ----------
    rows : NewRows
    gamma : array (S, p)
    u : sequence of arrays (q, S, K)
        Of each grouping.
    """
    mu = np.empty((len(gamma), rows.n_obs))
    step = max(1, NUMBERS_AT_A_TIME // len(gamma))
    for start in range(0, rows.n_obs, step):
        window = slice(start, start + step)
        mu[:, window] = gamma @ rows.X[window].T
        mu[:, window] += rows.offset[window]
        for of, effects in zip(rows.groups, u, strict=True):
            for effect, column in zip(effects, of.Z[window].T, strict=True):
                mu[:, window] += effect[:, of.codes[window]] * column
    return mu
