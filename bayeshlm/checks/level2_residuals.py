"""Residuals of every group, of level 2 and above: empirical Bayes, least squares, Mahalanobis distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.checks.effect_moments import block_effects, effect_moments, interval_draws
from bayeshlm.checks.hlm_residual_file import NO_FILE, hlm_columns, hlm_columns_of_level
from bayeshlm.checks.joint_units import JointUnits
from bayeshlm.checks.mahalanobis import distances, holm
from bayeshlm.design.coefficient_means import coefficient_means
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import is_chain, rows_of_units
from bayeshlm.design.scaling import FloatArray, IntArray
from bayeshlm.design.without_weights import NOT_AT_RANDOM, refuse_weights
from bayeshlm.errors import OptionError
from bayeshlm.foreign_text import no_formulas
from bayeshlm.likelihood.blocks import over_blocks
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.group_ols import group_ols
from bayeshlm.quantities.summary import interval, with_interval


@dataclass(frozen=True, eq=False)
class LevelTwoResiduals:
    """Residuals u of the groups.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by (group, ``random``): posterior ``mean`` (empirical Bayes), ``sd``, ``lower``, ``upper`` of u,
        ``standardized`` (standard normal under the model) and ``ols``, the group's own least-squares residual, NaN
        where its rows do not determine it.
    distances : pandas.DataFrame
        Indexed by group: ``n``, Mahalanobis ``distance`` (posterior mean) with ``lower`` and ``upper``, ``plug_in`` (at
        the posterior means), ``df``, ``p`` (posterior predictive), ``p_chi2`` (of `plug_in`), ``p_holm`` (p adjusted
        for the number of groups).
    data : xarray.Dataset
        The same with dims (<group>, random), and ``cov`` (<group>, random, random_), the posterior covariance of u.
    group : str
        The grouping column.
    level : int
        The level that the random effects stand at.
    file : pandas.DataFrame or None
        As `hlm_file` gives it; None where it is not defined.
    notes : tuple of str
    """

    table: pd.DataFrame
    distances: pd.DataFrame
    data: xr.Dataset
    group: str
    level: int
    file: pd.DataFrame | None
    notes: tuple[str, ...]

    def hlm_file(self) -> pd.DataFrame:
        """The level-2 residual file as the HLM program writes it, a row a group.

        Returns
        -------
        pandas.DataFrame
            ``L2ID``, ``NJ`` (rows), ``CHIPCT`` (chi-square quantiles for the ordered distances), ``MDIST``
            (Mahalanobis distance), ``LNTOTVAR`` (log of the SD of the outcome in the group), ``OLSRSVAR`` (log of the
            residual SD of its own regression), ``MDRSVAR`` (log of the SD of ``y - X gamma`` in the group) and, b0 a
            level-1 coefficient: ``EBb0`` and ``OLb0`` (empirical Bayes and least-squares residuals), ``FVb0`` (the
            level-2 equation's fitted value), ``ECb0`` (``FVb0 + EBb0``), ``PV0_0``, ``PV1_0``, ... (posterior
            covariances of u). HLM's estimates are posterior means here. Text that a spreadsheet would take for a
            formula has a ``'`` in front: it begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break, and is no
            number. With several groupings the coefficients are those of the level below the group's own line, ``ECb0``
            holds the effects of the groups around too, and the logs of SDs are there for the finest groups.

        Raises
        ------
        OptionError
            Groupings are crossed.
        """
        if self.file is None:
            raise OptionError(NO_FILE)
        return no_formulas(self.file)


def level2_residuals(
    posterior: Draws, prob: float = 0.95, kind: str = "eti", grouping: str | None = None
) -> LevelTwoResiduals:
    """Residuals of every group of a grouping.

    Parameters
    ----------
    posterior : Draws
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.
    grouping : str, optional
        Whose groups, where there are several groupings.

    Raises
    ------
    OptionError
        `prob` or `kind` is not what it may be; no grouping is named where there are several.

    Notes
    -----
    Means and SDs come from the exact conditional normals of u, intervals from draws of u. `standardized` is the
    residual at the posterior means of the parameters over the SD that it has over data sets, see `effect_moments`.
    With several groupings u of all units is jointly normal given the parameters, and ``ols`` is the mode of the
    likelihood of the unit's effects, those of all other units integrated out
    (`bayeshlm.checks.joint_units.JointUnits.least_squares`).
    """
    design = posterior.design
    check_interval(prob, kind)
    design.outcome.require_normal("A level-2 residual with its distance")
    if design.outcome.residuals.spread:
        design.outcome.require_one_sd("A level-2 residual with its distance")
    design.outcome.require_independent("A level-2 residual with its distance")
    refuse_weights(design, "A level-2 residual with its distance", NOT_AT_RANDOM)
    k = design.position_of(grouping)
    term = design.predictor.random[k]
    file: pd.DataFrame | None = None
    if len(design.groupings) == 1:
        moments, found = effect_moments(posterior), distances(posterior, prob, kind)
        fitted = coefficient_means(design, moments.gamma)
        ols = group_ols(design, moments.gamma) - fitted[:, design.random_coefficients]
        file = hlm_columns(design, moments, found, fitted, ols)
    else:
        units = JointUnits.of(posterior)
        moments, found, ols = units.moments(k), units.distances(k, prob, kind), units.least_squares(k)
        if is_chain(design):
            file = hlm_columns_of_level(design, k, moments, [u.mean(axis=0) for u in units.means], found, ols)
    n_draws = posterior.n_draws
    draws = interval_draws(n_draws, len(term.labels) * len(term.columns))
    bounds = _intervals(posterior, k, draws, prob, kind)
    columns = {
        "mean": moments.mean,
        "sd": np.sqrt(np.einsum("jaa->ja", moments.cov)),
        "lower": bounds[..., 0],
        "upper": bounds[..., 1],
        "standardized": moments.standardized,
        "ols": ols,
    }
    labels, random = pd.Index(term.labels, name=term.grouping), [column.label for column in term.columns]
    index = pd.MultiIndex.from_product([labels, pd.Index(random, name="random")])
    table = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index)
    by_group = {
        "distance": found.mean,
        "distance_lower": found.lower,
        "distance_upper": found.upper,
        "plug_in": found.plug_in,
        "df": found.df,
        "p": found.p,
        "p_chi2": found.p_chi2,
        "p_holm": holm(found.p),
    }
    names = {"distance_lower": "lower", "distance_upper": "upper"}
    n = rows_of_units(design, k)
    of_group = pd.DataFrame({"n": n, **by_group}, labels).rename(columns=names)
    data = xr.Dataset(
        {name: ((term.grouping, "random"), values) for name, values in columns.items()}
        | {name: (term.grouping, values) for name, values in by_group.items()}
        | {"cov": ((term.grouping, "random", "random_"), moments.cov)},
        {term.grouping: term.labels.to_numpy(), "random": random, "random_": random},
    )
    notes = ["p: of a new group of the same size, over the posterior; p Holm: adjusted for the number of groups"]
    if len(draws) < n_draws:
        notes.append(f"intervals of u from {len(draws)} of {n_draws} draws")
    if found.n_draws < n_draws:
        notes.append(f"distances from {found.n_draws} of {n_draws} draws")
    return LevelTwoResiduals(
        table=with_interval(table, prob, kind),
        distances=with_interval(of_group, prob, kind),
        data=data,
        group=term.grouping,
        level=level_of(design, k),
        file=file,
        notes=tuple(notes),
    )


def level_of(design: Design, grouping: int) -> int:
    """The level at which the random effects of a grouping stand: the second, with one grouping."""
    return 2 + next(n for n, positions in enumerate(design.spec.level_groupings) if grouping in positions)


def grouping_of_level(design: Design, level: int | None, grouping: str | None) -> str | None:
    """The grouping whose groups a user asks for, by its level or its name; None for the rows.

    Raises
    ------
    OptionError
        There is no such level or grouping, both are given and differ, or the level has several groupings.
    """
    if grouping is not None:
        k = design.position_of(grouping)
        if level is not None and level != level_of(design, k):
            raise OptionError(f"level={level!r} is not that of {grouping!r}: give one of the two")
        return grouping
    if level is None or level == 1:
        return None
    levels = {n: [design.groupings[k] for k in of] for n, of in enumerate(design.spec.level_groupings, start=2) if of}
    if level not in levels:
        known = [f"{n} ({' and '.join(names) if len(levels) > 1 else 'groups'})" for n, names in levels.items()]
        raise OptionError(f"level is 1 (rows) or {' or '.join(known)}, not {level!r}.")
    if len(levels[level]) > 1:
        names = " and ".join(map(repr, levels[level]))
        raise OptionError(f"level {level} has the groupings {names}: say which, as in grouping={levels[level][0]!r}")
    return levels[level][0]


def _intervals(posterior: Draws, grouping: int, draws: IntArray, prob: float, kind: str) -> FloatArray:
    """Bounds of u, (J, q, 2)."""

    def of_block(groups: slice) -> FloatArray:
        u = np.moveaxis(block_effects(posterior, groups, grouping)[draws], 0, -1)
        flat = u.reshape(-1, 1, u.shape[-1])
        return np.swapaxes(interval(flat, prob, kind).reshape(*u.shape[:2], 2), 0, 1)

    n_groups = len(posterior.design.predictor.random[grouping].labels)
    return np.concatenate(over_blocks(of_block, n_groups, "Residuals of groups"))
