"""Level-1 residuals of every row: their moments exact, their intervals from draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.checks.effect_moments import block_effects, effect_moments, interval_draws
from bayeshlm.checks.hlm_residual_file import NO_FILE
from bayeshlm.checks.joint_rows import joint_draws_of_rows, joint_moments_of_rows
from bayeshlm.checks.level1_variance import LevelOneVariance, level1_variance
from bayeshlm.checks.residual_shape import Normality, normality
from bayeshlm.design.level1_spread import row_sds
from bayeshlm.design.nested_groupings import is_chain
from bayeshlm.design.scaling import CHUNK_ROWS, FloatArray, IntArray
from bayeshlm.design.without_weights import NOT_AT_RANDOM, refuse_weights
from bayeshlm.errors import OptionError
from bayeshlm.foreign_text import no_formulas
from bayeshlm.likelihood.blocks import over_blocks, rows_of_groups
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.summary import interval, with_interval

_PIECE = 2_000_000


@dataclass(frozen=True, eq=False)
class LevelOneResiduals:
    """Residuals ``r = y - offset - X gamma - Z u`` of the rows.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a level-1 unit, indexed as the data are: the groups' columns, ``y``, ``fitted``, ``mean``, ``sd``,
        ``lower``, ``upper`` of the residual and ``standardized``, which is standard normal under the model.
    data : xarray.Dataset
        The same, dim ``obs_id``, the groups coordinates.
    normality : Normality
        Skewness and kurtosis of the errors.
    variance : LevelOneVariance
        HLM's test that the level-1 variance is the same in all groups.
    sigma : float or array
        Posterior mean of the level-1 SD, or one a row.
    predictors : pandas.DataFrame
        The used columns of the data, for `hlm_file`.
    groupings : tuple of str
        The grouping columns, from the inside out.
    nested : bool
        Whether each is nested in the next.
    notes : tuple of str
    """

    table: pd.DataFrame
    data: xr.Dataset
    normality: Normality
    variance: LevelOneVariance
    sigma: float | FloatArray
    predictors: pd.DataFrame
    groupings: tuple[str, ...]
    nested: bool
    notes: tuple[str, ...]

    def hlm_file(self) -> pd.DataFrame:
        """The level-1 residual file as the HLM program writes it.

        Returns
        -------
        pandas.DataFrame
            ``L2ID`` (with three levels ``L3ID`` before it), ``L1RESID`` (the residual), ``FITVAL`` (the fitted value),
            ``SIGMA`` and the used columns of the
            data. Residual and fitted value are posterior means where HLM has empirical Bayes estimates. Text that a
            spreadsheet would take for a formula has a ``'`` in front: it begins with ``=``, ``+``, ``-``, ``@``, a tab
            or a line break, and is no number.

        Raises
        ------
        OptionError
            Groupings are crossed.
        """
        if not self.nested:
            raise OptionError(NO_FILE)
        table = self.table
        ids = {f"L{k + 2}ID": table[name] for k, name in reversed(list(enumerate(self.groupings)))}
        front = pd.DataFrame(
            {**ids, "L1RESID": table["mean"], "FITVAL": table["fitted"], "SIGMA": self.sigma}, table.index
        )
        others = self.predictors.drop(columns=list(self.groupings), errors="ignore")  # cells have no column
        return no_formulas(pd.concat([front, others], axis=1))


def level1_residuals(posterior: Draws, prob: float = 0.95, kind: str = "eti", min_df: int = 10) -> LevelOneResiduals:
    """Residuals of every row.

    Parameters
    ----------
    posterior : Draws
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.
    min_df : int
        As in `level1_variance`.

    Raises
    ------
    OptionError
        `prob`, `kind` or `min_df` is not what it may be.

    Notes
    -----
    Given the parameters theta, ``u_j | y ~ N(m_j, V_j)``, so that ``E[r] = y - offset - X E[gamma] - Z E[m]`` and
    ``Var[r]`` is the quadratic form of the row in the posterior covariance of (gamma, u_j): exact in u, averaged over
    the draws of theta. Over data sets ``E[r | y, theta]`` has the variance ``sigma^2 - z' V_j z`` by the law of total
    variance, gamma taken as known: `standardized` divides by the square root of its posterior mean (Goldstein 2011,
    Multilevel Statistical Models, 4th ed., section 2.9: the diagnostic standard error). With several groupings u and V
    are those of the units of all groupings that the row is in. Of rows that stay in a database a random sample is
    looked at, u and V being those that all rows give.
    """
    refuse_weights(posterior.design, "A level-1 residual with its tests", NOT_AT_RANDOM)
    model, posterior = posterior.design, replace(posterior, design=posterior.design.with_sample())
    design, n_rows = posterior.design, posterior.design.kept_rows.n_rows
    check_interval(prob, kind)
    sigma2, unit = row_variances(posterior), design.kept_rows.unit
    draws = interval_draws(posterior.n_draws, n_rows)
    if len(design.groupings) == 1:
        fitted, variance, within = _moments_of_rows(posterior)
        bounds, sums = _from_draws(posterior, draws, prob, kind)
    else:
        fitted, variance, within = joint_moments_of_rows(posterior)
        fitted += design.offset
        bounds, sums = joint_draws_of_rows(posterior, draws, prob, kind)
    left = sigma2 - within > 1e-10 * sigma2
    scale = np.divide(1.0, np.sqrt(np.where(left, sigma2 - within, 1.0)), out=np.full(len(left), np.nan), where=left)
    residual = design.y - fitted
    columns = {
        "y": design.y,
        "fitted": fitted,
        "mean": residual,
        "sd": np.sqrt(np.maximum(variance, 0.0)),
        "lower": bounds[:, 0],
        "upper": bounds[:, 1],
        "standardized": scale * residual,
    }
    labels = {
        term.grouping: np.asarray(term.labels[codes])
        for term, codes in zip(design.predictor.random, design.kept_rows.codes, strict=True)
    }
    table = pd.DataFrame(columns, design.frame.index)
    for place, (name, of_rows) in enumerate(labels.items()):
        table.insert(place, name, of_rows)
    data = xr.Dataset(
        {name: ("obs_id", values) for name, values in columns.items()},
        {"obs_id": pd.RangeIndex(n_rows)} | {name: ("obs_id", of_rows) for name, of_rows in labels.items()},
    )
    notes = ["standardized: divided by the SD that the residual has over data sets"]
    if design.outcome.residuals.known == "cov":
        notes.append("normality and variances within groups: of residuals made independent by their known covariances")
    elif design.outcome.residuals.known:
        notes.append("normality and variances within groups: of residuals over their known SDs")
    if design.outcome.residuals.spread:
        notes.append("normality: of residuals over their SDs; the test of equal variance looks at them as they are")
    if len(draws) < posterior.n_draws:
        notes.append(f"intervals and normality from {len(draws)} of {posterior.n_draws} draws")
    if model.rows is None and model.summed is not None and n_rows < model.n_obs:
        notes.append(f"rows: {model.summed.sample.said}; the test of equal variance is of all rows")
    return LevelOneResiduals(
        table=with_interval(table, prob, kind),
        data=data,
        normality=normality(sums, n_rows),
        variance=level1_variance(model, min_df),
        sigma=_sigma_of_file(posterior, sigma2, unit),
        predictors=design.frame,
        groupings=design.groupings,
        nested=is_chain(model),
        notes=tuple(notes),
    )


def row_variances(posterior: Draws) -> FloatArray:
    """Posterior mean of the level-1 variance of each row, (N,), a chunk of rows at a time."""
    design = posterior.design
    rows = design.kept_rows
    if rows.level1 is None:
        return np.asarray(np.mean(posterior.scaled_sigma2) * rows.unit**2)
    if design.outcome.residuals.spread_effect:
        return _varying_variances(posterior)
    auxiliary, found = posterior.flat(posterior.auxiliary), np.empty(rows.n_rows)
    step = max(_PIECE // len(auxiliary), 1)
    for start in range(0, rows.n_rows, step):
        window = slice(start, start + step)
        found[window] = np.mean(row_sds(rows.level1.sds_of(window), auxiliary) ** 2, axis=0)
    return found


def _varying_variances(posterior: Draws) -> FloatArray:
    """As `row_variances`, where the level-1 SD varies between groups: some groups at a time."""
    design, auxiliary = posterior.design, posterior.flat(posterior.auxiliary)
    level1, rows_of, codes = design.kept_rows.modeled, rows_of_groups(design), design.group_codes
    found, step = np.empty(design.kept_rows.n_rows), max(_PIECE // len(auxiliary), 1)

    def of_block(groups: slice) -> None:
        rows, v = rows_of(groups), block_effects(posterior, groups)[:, -1]
        for start in range(0, len(rows), step):
            piece = rows[start : start + step]
            found[piece] = np.mean(
                row_sds(level1.sds_of(piece), auxiliary, v[:, codes[piece] - groups.start]) ** 2, axis=0
            )

    over_blocks(of_block, design.n_groups, "Variances of rows")
    return found


def _sigma_of_file(posterior: Draws, sigma2: FloatArray, unit: FloatArray) -> float | FloatArray:
    """The level-1 SD as HLM's file has it: one, or one a row."""
    outcome = posterior.design.outcome
    if outcome.residuals.spread:
        return np.sqrt(sigma2)
    return unit if outcome.residuals.known else float(posterior.sigma.mean())


def _moments_of_rows(posterior: Draws) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fitted values, variances of the residuals and means of ``z' V z``, each (N,)."""
    design, moments = posterior.design, effect_moments(posterior)
    fitted, variance, within = np.empty((3, design.kept_rows.n_rows))
    for start in range(0, len(fitted), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        X, Z, codes = design.X[rows], design.Z[rows], design.group_codes[rows]
        fitted[rows] = design.offset[rows] + X @ moments.gamma + np.einsum("iq,iq->i", Z, moments.mean[codes])
        variance[rows] = np.einsum("ip,ip->i", X @ moments.gamma_cov, X)
        for a, z in enumerate(Z.T):
            variance[rows] += 2 * z * np.einsum("ip,ip->i", X, moments.cross[codes, :, a])
            variance[rows] += z * np.einsum("iq,iq->i", Z, moments.cov[codes, a])
        within[rows] = np.einsum("ia,iab,ib->i", Z, moments.within[codes], Z)
    return fitted, variance, within


def _from_draws(posterior: Draws, draws: IntArray, prob: float, kind: str) -> tuple[FloatArray, FloatArray]:
    """Bounds (N, 2) of the residuals' intervals, and sums of the powers 1 to 4 of the errors at each draw, (4, S).

    Errors whose SDs are known, or have an equation, are taken over these in the sums.
    """
    design = posterior.design
    gamma = posterior.gamma
    gamma = np.ascontiguousarray(gamma.reshape(-1, gamma.shape[-1])[draws].T)
    scale_of = _scales(posterior, draws)
    bounds, rows_of = np.empty((design.kept_rows.n_rows, 2)), rows_of_groups(design)

    def of_block(groups: slice) -> FloatArray:
        rows = rows_of(groups)
        u = block_effects(posterior, groups)[draws]
        sums = np.zeros((4, len(draws)))
        known = design.kept_rows.covariance
        step = max(_PIECE // len(draws), 1) if known is None else max(len(rows), 1)  # of known covariances whole groups
        for first in range(0, len(rows), step):
            piece = rows[first : first + step]
            r = (design.y - design.offset)[piece, None] - design.X[piece] @ gamma
            of_row = u[:, :, design.group_codes[piece] - groups.start]
            for a in range(u.shape[1]):
                r -= design.Z[piece, a, None] * of_row[:, a].T
            bounds[piece] = interval(r[:, None], prob, kind)
            r = r / scale_of(piece, of_row[:, -1]) if known is None else known.of_rows(piece).whitened(r)
            power = np.ones_like(r)
            for k in range(4):
                power *= r
                sums[k] += power.sum(axis=0)
        return sums

    return bounds, np.sum(over_blocks(of_block, design.n_groups, "Residuals of rows"), axis=0)


def _scales(posterior: Draws, draws: IntArray) -> Callable[[IntArray, FloatArray], FloatArray]:
    """The function that gives the SDs of some rows in units of sigma, (B, 1), or with an equation (B, S).

    It takes positions of rows, and draws of the last effect of their groups, (S, B).
    """
    rows = posterior.design.kept_rows
    if not posterior.design.outcome.residuals.spread:
        return lambda piece, _: rows.unit_of(piece)[:, None]
    level1, auxiliary = rows.modeled, posterior.flat(posterior.auxiliary)[draws]
    varies = posterior.design.outcome.residuals.spread_effect
    return lambda piece, v: row_sds(level1.sds_of(piece), auxiliary, v if varies else None).T
