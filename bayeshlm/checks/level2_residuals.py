"""Level-2 residuals of every group: empirical Bayes, least squares, Mahalanobis distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.checks.effect_moments import EffectMoments, block_effects, effect_moments, interval_draws
from bayeshlm.checks.level1_variance import own_residuals
from bayeshlm.checks.mahalanobis import Distances, distances, expected_order, holm
from bayeshlm.design.coefficient_means import coefficient_means
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray, IntArray
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
    file : pandas.DataFrame
        As `hlm_file` gives it.
    notes : tuple of str
    """

    table: pd.DataFrame
    distances: pd.DataFrame
    data: xr.Dataset
    group: str
    file: pd.DataFrame
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
            number.
        """
        return no_formulas(self.file)


def level2_residuals(
    posterior: Draws, prob: float = 0.95, kind: str = "eti", grouping: str | None = None
) -> LevelTwoResiduals:
    """Residuals of every group.

    Parameters
    ----------
    posterior : Draws
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.
    grouping : str, optional
        Whose groups.

    Raises
    ------
    OptionError
        `prob` or `kind` is not what it may be.

    Notes
    -----
    Means and SDs come from the exact conditional normals of u, intervals from draws of u. `standardized` is the
    residual at the posterior means of the parameters over the SD that it has over data sets, see `effect_moments`.
    """
    design = posterior.design
    design.position_of(grouping)
    check_interval(prob, kind)
    moments = effect_moments(posterior)
    fitted = coefficient_means(design, moments.gamma)
    of_random = fitted[:, design.random_coefficients]
    n_draws = posterior.n_draws
    draws = interval_draws(n_draws, design.n_groups * len(design.random))
    bounds = _intervals(posterior, draws, prob, kind)
    columns = {
        "mean": moments.mean,
        "sd": np.sqrt(np.einsum("jaa->ja", moments.cov)),
        "lower": bounds[..., 0],
        "upper": bounds[..., 1],
        "standardized": moments.standardized,
        "ols": group_ols(design, moments.gamma) - of_random,
    }
    labels = pd.Index(design.group_labels, name=design.group)
    index = pd.MultiIndex.from_product([labels, pd.Index(design.random_labels, name="random")])
    table = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index)
    found = distances(posterior, prob, kind)
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
    of_group = pd.DataFrame({"n": design.n_per_group, **by_group}, labels).rename(columns=names)
    random = design.random_labels
    data = xr.Dataset(
        {name: ((design.group, "random"), values) for name, values in columns.items()}
        | {name: (design.group, values) for name, values in by_group.items()}
        | {"cov": ((design.group, "random", "random_"), moments.cov)},
        {design.group: design.group_labels.to_numpy(), "random": random, "random_": random},
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
        group=design.group,
        file=hlm_columns(design, moments, found, fitted, columns["ols"]),
        notes=tuple(notes),
    )


def hlm_columns(
    design: Design, moments: EffectMoments, found: Distances, fitted: FloatArray, ols: FloatArray
) -> pd.DataFrame:
    """The columns that `LevelTwoResiduals.hlm_file` names.

    Parameters
    ----------
    design, moments, found
        The groups, their posterior moments and distances.
    fitted : array (J, C)
        ``W_j gamma``.
    ols : array (J, q)
        Least-squares residuals.
    """
    n, codes = design.n_per_group, design.group_codes
    rss, df = own_residuals(design)
    file = pd.DataFrame({"L2ID": np.asarray(design.group_labels), "NJ": n})
    file["CHIPCT"] = expected_order(found.plug_in, len(design.random))
    file["MDIST"] = found.plug_in
    residual = design.y - design.offset - design.X @ moments.gamma
    spread = {
        "LNTOTVAR": (_squares_within(design.y, codes, n), n - 1),
        "OLSRSVAR": (rss, df),
        "MDRSVAR": (_squares_within(residual, codes, n), n - 1),
    }
    for name, (squares, count) in spread.items():
        some = (count > 0) & (squares > 0)
        file[name] = np.nan
        file.loc[some, name] = 0.5 * np.log(squares[some] / count[some])
    random = design.random_coefficients
    for prefix, values in (("EB", moments.mean), ("OL", ols)):
        for a, c in enumerate(random):
            file[f"{prefix}{design.coefficient_labels[c]}"] = values[:, a]
    for c, label in enumerate(design.coefficient_labels):
        file[f"FV{label}"] = fitted[:, c]
    for c, label in enumerate(design.coefficient_labels):
        file[f"EC{label}"] = fitted[:, c] + (moments.mean[:, random.index(c)] if c in random else 0.0)
    for a in range(len(random)):
        for b in range(a + 1):
            file[f"PV{a}_{b}"] = moments.cov[:, a, b]
    return file


def _squares_within(values: FloatArray, codes: IntArray, n: IntArray) -> FloatArray:
    """Sum of squares of each group about its mean, (J,)."""
    means = np.bincount(codes, weights=values, minlength=len(n)) / n
    return np.bincount(codes, weights=(values - means[codes]) ** 2, minlength=len(n))


def _intervals(posterior: Draws, draws: IntArray, prob: float, kind: str) -> FloatArray:
    """Bounds of u, (J, q, 2)."""

    def of_block(groups: slice) -> FloatArray:
        u = np.moveaxis(block_effects(posterior, groups)[draws], 0, -1)
        flat = u.reshape(-1, 1, u.shape[-1])
        return np.swapaxes(interval(flat, prob, kind).reshape(*u.shape[:2], 2), 0, 1)

    return np.concatenate(over_blocks(of_block, posterior.design.n_groups, "Residuals of groups"))
