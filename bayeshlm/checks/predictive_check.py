"""Posterior predictive checks in the same groups and in new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval, checked_seed
from bayeshlm.checks.prediction import group_effects, linear_predictor, thinned
from bayeshlm.checks.predictive_modes import MODES, Mode, modes_of
from bayeshlm.checks.predictive_statistics import predictive_statistics, sortings
from bayeshlm.checks.replicates import Projection, Replicates, SortedRows
from bayeshlm.checks.response import outcomes
from bayeshlm.checks.statistics_of_replicates import Statistic
from bayeshlm.checks.summed_engine import SummedEngine
from bayeshlm.design.design import Design
from bayeshlm.design.new_rows import fitted_rows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.without_weights import NOT_AT_RANDOM, refuse_weights
from bayeshlm.likelihood import budget
from bayeshlm.parameters.draws import SAMPLE, Draws
from bayeshlm.quantities.group_draws import check_budget, fewer_draws

DEFAULT_DRAWS = 500
NUMBERS_AT_A_TIME = 1 << 21


@dataclass(frozen=True, eq=False)
class PredictiveCheck:
    """Statistics of replicated outcomes beside those of the observed ones.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by ``mode`` (those of `bayeshlm.checks.predictive_modes.modes_of`) and ``statistic``: ``observed``;
        ``mean``, ``sd``, ``lower`` and ``upper`` of the replicates; ``p``, the share of them above the observed value;
        ``p_two_sided``; ``meaning``.
    draws : xarray.Dataset
        ``replicated`` (mode, sample, statistic) and ``observed`` (statistic).
    idata : xarray.DataTree
        ``posterior_predictive`` (new rows in the same groups) and ``posterior_predictive_new_groups`` with replicated
        ``y`` (chain, draw, obs_id), and ``observed_data``; with several groupings ``posterior_predictive_new_child``
        where the groups of ``child`` are new, with those nested inside.
    notes : tuple of str
    """

    table: pd.DataFrame
    draws: xr.Dataset
    idata: xr.DataTree
    notes: tuple[str, ...]


def predictive_check(
    posterior: Draws, n_draws: int | None = None, seed: int | None = None, prob: float = 0.95
) -> PredictiveCheck:
    """Compare the observed outcomes with replicates, in the same groups and in new ones.

    A replicate takes one draw of the parameters. In the same groups, u is that of the draw, and only the
    residuals are new; in new groups u is drawn from N(0, G), which asks whether the model knows how groups differ
    (the posterior and the mixed predictive distribution of Gelman, Meng & Stern 1996, Statistica Sinica 6, 733-807).
    With several groupings the groups of all are new, and of one alone with those nested inside, the others being those
    of the data.

    Parameters
    ----------
    posterior : Draws
    n_draws : int, optional
        Replicates, one for each of so many draws spaced evenly over the chains; 500, or as many as there are.
    seed : int, optional
    prob : float
        Probability of the interval of the replicates.

    Returns
    -------
    PredictiveCheck

    Raises
    ------
    OptionError
        An option is out of range, or u of the draws is beyond the memory budget.

    Notes
    -----
    With R of n replicates above the observed value and E equal to it, ``p = (R + E/2 + 1/2)/(n + 1)`` and
    ``p_two_sided = 2 min(p, 1 - p)``. The observed data were fitted too, so p lies nearer to 1/2 than a p-value
    would: under the model p_two_sided < a in at most a share 2a of data sets, mostly in less than a (Meng
    1994, Annals of Statistics 22, 1142-1160). How much less depends on whether the model has a parameter for what is
    looked at (Bayarri & Berger 2000, J. American Statistical Association 95, 1127-1142; Gelman 2013, Electronic J.
    Statistics 7, 2595-2602): tau follows ``between_variance``, nothing follows the residuals' spread, skewness and
    kurtosis. A small p says more, and a large one less, than it seems to.
    """
    design = posterior.design
    refuse_weights(design, "A predictive check", NOT_AT_RANDOM)
    check_interval(prob, "eti")
    if n_draws is None:
        n_draws = min(DEFAULT_DRAWS, posterior.n_draws)
    kept, seed = thinned(posterior.shape, n_draws), checked_seed(seed)
    some = posterior.at(kept)
    gamma, auxiliary = some.flat(some.gamma), some.flat(some.auxiliary)
    size = len(gamma)
    check_budget(size * sum(design.n_unit_coefficients), fewer_draws(sum(design.n_unit_coefficients)))
    modes = modes_of(design)
    engine = engine_of(design)
    statistics, observed, at_hand = engine.statistics, engine.observed(), engine.design.kept_rows
    n_stored = max(1, min(size, budget.BUDGET_BYTES // (8 * at_hand.n_rows)))
    stored = np.linspace(0, size - 1, n_stored).round().astype(np.int64)
    replicated = np.empty((len(modes), size, len(statistics)))
    shown = np.empty((len(modes), n_stored, at_hand.n_rows))
    rows = fitted_rows(engine.design)
    for m, mode in enumerate(modes.values()):
        of_effects, of_outcomes = np.random.default_rng([seed, m]).spawn(2)
        u = group_effects(posterior, rows, kept, mode.words, of_effects)
        for window, values, y in engine.replicates(gamma, auxiliary, u, of_outcomes):
            replicated[m, window] = values
            here = (stored >= window.start) & (stored < window.stop)
            shown[m, here] = y[stored[here] - window.start]
    names = [statistic.name for statistic in statistics]
    chain, draw = (axis.ravel() for axis in np.meshgrid(*some.coords.values(), indexing="ij"))
    draws = xr.Dataset(
        {"replicated": (("mode", "sample", "statistic"), replicated), "observed": ("statistic", observed)},
        {
            "mode": list(modes),
            "statistic": names,
            "chain": ("sample", chain),
            "draw": ("sample", draw),
        },
        {"seed": seed},
    )
    return PredictiveCheck(
        table=_table(draws, statistics, prob),
        draws=draws,
        idata=_tree(shown, modes, replace(some, design=engine.design), stored, seed),
        notes=(*_notes(modes, size, n_stored), *engine.notes),
    )


def engine_of(design: Design) -> RowEngine | SummedEngine:
    """What makes replicates of a design, from its rows or from sums over those in a database.

    Raises
    ------
    DataError
        The rows are in a database and have known SDs, of which no sums tell the sum of squares of a replicate; unless
        they are few enough to be fetched.
    """
    if design.rows is not None or design.outcome.residuals.known:
        return RowEngine.of(design.with_all_rows())
    return SummedEngine.of(design.with_sample())


@dataclass(frozen=True, eq=False)
class RowEngine:
    """Makes replicates of rows that are at hand.

    Attributes
    ----------
    design : Design
    projection : Projection
    statistics : list of Statistic
        What is computed of each replicate.
    sorted_rows : list of SortedRows
        By the groups of each grouping, see `bayeshlm.checks.predictive_statistics.sortings`.
    notes : tuple of str
        What must be said of them.
    """

    design: Design
    projection: Projection
    statistics: list[Statistic]
    sorted_rows: list[SortedRows]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, design: Design) -> RowEngine:
        """Of a design with its rows."""
        projection = Projection.of(design)
        return cls(design, projection, predictive_statistics(design, projection), sortings(design, projection))

    def observed(self) -> FloatArray:
        """The statistics of the outcomes themselves, (T,)."""
        return np.asarray(self._values(self.design.y[None])[0])

    def _values(self, y: FloatArray) -> FloatArray:
        made = [Replicates(np.ascontiguousarray(y[:, r.order]), r, self.projection) for r in self.sorted_rows]
        return np.column_stack([statistic.compute(made[statistic.sorting]) for statistic in self.statistics])

    def replicates(
        self, gamma: FloatArray, auxiliary: FloatArray, u: Sequence[FloatArray], rng: np.random.Generator
    ) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
        """Some draws at a time: which they are, the statistics (B, T), and outcomes (B, N)."""
        rows = fitted_rows(self.design)
        step = max(1, NUMBERS_AT_A_TIME // rows.n_obs)
        for start in range(0, len(gamma), step):
            window = slice(start, min(start + step, len(gamma)))
            effects = [of[:, window] for of in u]
            eta = linear_predictor(rows, gamma[window], effects)
            y = outcomes(self.design.outcome, rows, eta, effects, auxiliary[window], rng)
            yield window, self._values(y), y


def predictive_p(observed: FloatArray, replicated: FloatArray) -> FloatArray:
    """Share of replicates (..., n, T) above the observed values (T,), ties counted half; see `predictive_check`.

    NaN where the observed value is.

    Examples
    --------
    >>> predictive_p(np.array([2.0]), np.array([[1.0], [2.0], [3.0], [4.0]]))
    array([0.6])
    """
    above = (replicated > observed).sum(axis=-2) + 0.5 * (replicated == observed).sum(axis=-2)
    return np.where(np.isnan(observed), np.nan, (above + 0.5) / (replicated.shape[-2] + 1))


def _table(draws: xr.Dataset, statistics: list[Statistic], prob: float) -> pd.DataFrame:
    replicated, observed = draws["replicated"].to_numpy(), draws["observed"].to_numpy()
    modes = draws["mode"].to_numpy().tolist()
    p = predictive_p(observed, replicated)
    lower, upper = np.quantile(replicated, [(1 - prob) / 2, (1 + prob) / 2], axis=1)
    columns = {
        "observed": np.tile(observed, len(modes)),
        "mean": replicated.mean(axis=1).ravel(),
        "sd": (replicated.std(axis=1, ddof=1) if replicated.shape[1] > 1 else np.full(p.shape, np.nan)).ravel(),
        "lower": lower.ravel(),
        "upper": upper.ravel(),
        "p": p.ravel(),
        "p_two_sided": 2 * np.minimum(p, 1 - p).ravel(),
        "meaning": [statistic.meaning for statistic in statistics] * len(modes),
    }
    index = pd.MultiIndex.from_product([modes, draws["statistic"].to_numpy()], names=["mode", "statistic"])
    table = pd.DataFrame(columns, index)
    table.attrs.update(ci_kind="eti", ci_prob=prob, n_draws=replicated.shape[1], seed=draws.attrs["seed"])
    return table


def _tree(
    y: FloatArray, modes: Mapping[str, Mode], some: Draws, stored: np.ndarray[tuple[int], np.dtype[np.int64]], seed: int
) -> xr.DataTree:
    """Replicated outcomes as ArviZ takes them; as one chain, where some only are stored."""
    design, whole = some.design, len(stored) == some.n_draws
    shape = some.shape if whole else (1, len(stored))
    rows = {"obs_id": pd.RangeIndex(design.kept_rows.n_rows)} | {
        term.grouping: ("obs_id", term.labels.to_numpy()[codes])
        for term, codes in zip(design.predictor.random, design.kept_rows.codes, strict=True)
    }
    of_draws = some.coords if whole else {dim: np.arange(size) for dim, size in zip(SAMPLE, shape, strict=True)}
    nodes = {
        mode.node: xr.Dataset({"y": ((*SAMPLE, "obs_id"), values.reshape(*shape, -1))}, {**of_draws, **rows})
        for mode, values in zip(modes.values(), y, strict=True)
    }
    tree = xr.DataTree.from_dict({**nodes, "observed_data": xr.Dataset({"y": ("obs_id", design.y)}, rows)})
    tree.attrs = {"seed": seed}
    return tree


def _notes(modes: Mapping[str, Mode], size: int, n_stored: int) -> tuple[str, ...]:
    notes = [
        f"{size} replicates; p: share of them above the observed value, two-sided in the last column",
        "same: new rows in the groups of the data; new: new groups of the same sizes and predictors",
    ]
    between = [name for name in modes if name not in MODES]
    if between:
        notes.append(
            f"{', '.join(between)}: new groups of this grouping and those nested inside; new: of every grouping"
        )
    notes.append(
        "where a parameter follows a statistic, as tau does between_variance, p is near 1/2: it was fitted too"
    )
    if n_stored < size:
        notes.append(f"idata holds {n_stored} of the {size} replicated outcomes, which is what memory allows")
    return tuple(notes)
