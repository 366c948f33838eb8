"""Leave-one-out cross-validation: a row of known groups, or a whole group of any grouping."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayeshlm.checks.loo_refits import exact_unit
from bayeshlm.checks.loo_units import units_left_out
from bayeshlm.checks.psis import (
    Pointwise,
    check_draws,
    error_of_sum,
    leave_out,
    relative_efficiency,
    threshold,
)
from bayeshlm.checks.sampled_rows import SampledRows, sampled_rows
from bayeshlm.design.design import Design
from bayeshlm.design.predictor import RandomTerm
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.fitted import FittedModel
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.likelihood import Unit as Unit
from bayeshlm.likelihood.likelihood import grouping_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.progress import steps

type Exact = bool | Literal["auto"]

SAMPLED = (
    ", by their differences from the log density at the posterior means, whose sum over all rows is known; subsampling "
    "SE: what other rows would have changed"
)
MOST_REFITS = 10
"""With ``exact="auto"`` so many units are refitted, and none when there are more."""


@dataclass(frozen=True, eq=False, repr=False)
class Loo:
    """A leave-one-out estimate of how well a model predicts.

    Attributes
    ----------
    unit : {"row", "group"} or str
        What was left out at a time; with several groupings the name of one, or "row".
    group : str
        Grouping column; of rows with several groupings all of them, joined by " and ".
    pointwise : xarray.Dataset
        ``elpd``, ``p_loo``, ``pareto_k``, ``mcse`` and ``refitted`` of every unit: over ``obs_id``, with each row's
        group of every grouping as a coordinate, or over the groups.
    n_draws : int
        Draws over all chains.
    threshold : float
        Largest Pareto k that counts as good.
    together : float
        Monte Carlo error of the sum of ``elpd``, whose units err together because the same draws make them.
    notes : tuple of str
        What must be said beside the numbers.
    sample : SampledRows or None
        Rows that stay in a database: those of `pointwise` are a random sample, from which sums over all are estimated.
    """

    unit: Unit
    group: str
    pointwise: xr.Dataset
    n_draws: int
    threshold: float
    together: float
    notes: tuple[str, ...] = ()
    sample: SampledRows | None = None

    @property
    def by_row(self) -> bool:
        """Whether rows were left out."""
        return self.unit == "row"

    @property
    def elpd(self) -> float:
        """Expected log predictive density, summed over units: the higher, the better the model predicts."""
        elpd = self.pointwise["elpd"].to_numpy()
        return float(elpd.sum()) if self.sample is None else self.sample.sum_of(elpd)

    @property
    def se(self) -> float:
        """Standard error of `elpd` over units, ``sqrt(n Var(elpd_i))``."""
        return self.spread(self.pointwise["elpd"].to_numpy())

    @property
    def subsampling_se(self) -> float:
        """Standard error of `elpd` that the choice of the rows of a random sample makes; 0 where there is none."""
        if self.sample is None:
            return 0.0
        return self.sample.error_of_sum(self.pointwise["elpd"].to_numpy() - self.sample.close)

    def spread(self, values: FloatArray) -> float:
        """Standard error over all units of a sum that `pointwise` has the values (n,) of."""
        return spread_of_sum(values) * (1.0 if self.sample is None else float(np.sqrt(self.sample.scale)))

    @property
    def p_loo(self) -> float:
        """Effective number of parameters: what each unit's own data add to its log density, summed."""
        return float(self.pointwise["p_loo"].sum()) * (1.0 if self.sample is None else self.sample.scale)

    @property
    def looic(self) -> float:
        """``-2 elpd``, on the scale of a deviance."""
        return -2 * self.elpd

    @property
    def mcse(self) -> float:
        """Monte Carlo error of `elpd`; NaN while a Pareto k is bad."""
        return float("nan") if len(self.bad) else self.together

    @property
    def n_units(self) -> int:
        """Number of rows or of groups that `elpd` is a sum over."""
        return int(self.pointwise["elpd"].size) if self.sample is None else self.sample.n_rows

    @property
    def bad(self) -> pd.DataFrame:
        """Units whose Pareto k is too large and that were not refitted, the worst first."""
        frame = self.pointwise.to_dataframe()
        unknown = ~(frame["pareto_k"] <= self.threshold) & ~frame["refitted"]
        return frame[unknown].sort_values("pareto_k", ascending=False)

    @property
    def table(self) -> pd.DataFrame:
        """``estimate`` and ``se`` of elpd, p_loo and looic; ``subsampling_se`` too where rows are a random sample."""
        p_loo = self.pointwise["p_loo"].to_numpy()
        rows = {
            "elpd": (self.elpd, self.se),
            "p_loo": (self.p_loo, self.spread(p_loo)),
            "looic": (self.looic, 2 * self.se),
        }
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "se"])
        if self.sample is not None and self.sample.is_part:
            errors = (self.subsampling_se, self.sample.error_of_sum(p_loo), 2 * self.subsampling_se)
            table["subsampling_se"] = errors
        table.attrs |= {"unit": self.unit, "n_units": self.n_units, "n_bad": len(self.bad), "mcse": self.mcse}
        return table


def leave_one_out(fitted: FittedModel, unit: Unit = "row", exact: Exact = "auto") -> Loo:
    """Leave every row or every group out in turn.

    Parameters
    ----------
    fitted : FittedModel
    unit : {"row", "group"} or str
        "row": a new row of known groups; "group": all rows of a new group. With several groupings the name of one in
        place of "group": all rows of a new group of it, and the groups within it left out along.
    exact : {"auto", True, False}
        Whether units with a bad Pareto k are left out by a new fit without them; "auto": where there are at most 10.

    Returns
    -------
    Loo

    Raises
    ------
    OptionError
        For another unit, draws too few, an exact answer for a row that is not at hand, groupings that cross too much
        for it, or, of outcomes that are not normal, groups with other groups inside or with more than two random
        effects.
    SamplingError
        If a fit without a unit fails.

    Notes
    -----
    The random effects are integrated out in all of them, so that small groups do not break the importance weights, and
    `p_loo` counts the parameters gamma, tau, corr and sigma only (Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84,
    802-829). Constants of the design, such as the means that `cwc` and `cgm` subtract, and the priors stay those of all
    rows.

    Of rows that stay in a database a random sample is left out, row by row, and the sums over all are estimated from it
    (`bayeshlm.checks.sampled_rows`). Groups are left out by sums over their rows, all of them.

    Of outcomes that are not normal in several groupings the effects of the grouping whose unit is left out are
    integrated out, for rows those of the grouping with the most units, and the draws of all others held. The weights
    then are those of parameters and held effects together, and `p_loo` counts both.
    """
    posterior, design = fitted.draws, fitted.design
    unit, sample = checked_unit(unit, design), None
    if unit == "row":
        sample, design = sampled_rows(posterior), design.with_sample()
        posterior = replace(posterior, design=design)
    if not (isinstance(exact, bool) or exact == "auto"):
        raise OptionError(f'exact must be True, False or "auto", not {exact!r}.')
    n_draws = posterior.n_draws
    check_draws(n_draws)
    left_out = units_left_out(posterior, unit)
    limit = threshold(n_draws)
    bad = np.flatnonzero(~(left_out.pareto_k <= limit))
    refit_them = len(bad) <= MOST_REFITS if exact == "auto" else exact
    if sample is not None and len(bad):
        if exact is True:
            raise OptionError(
                "the model is fitted anew without a row where the rows are at hand, and those of this model are not: "
                f"{len(bad)} of {len(sample.y)} rows have a bad Pareto k, which exact=False says in its table"
            )
        refit_them = False
    refitted = np.zeros(len(left_out.elpd), dtype=np.bool_)
    unconverged: list[object] = []
    for position in steps(bad.tolist() if refit_them else [], lambda k: _name(design, unit, k), "Fitting without"):
        numbers, refit = exact_unit(fitted, unit, position)
        left_out.elpd[position], left_out.p_loo[position], left_out.mcse[position] = numbers
        refitted[position] = True
        left_out.moved[:] -= _moved_by_one(posterior, unit, position)
        if not refit.convergence.converged:
            unconverged.append(_name(design, unit, position))
    notes = [f"the fit without {name} has not converged" for name in unconverged]
    if len(bad) and not refit_them and exact == "auto" and sample is None:
        notes.append(f"{len(bad)} units have a bad Pareto k, too many to be refitted unasked: exact=True fits each")
    weighted = error_of_sum(left_out.moved, posterior.shape[0])
    together = float(np.hypot(weighted, np.sqrt(np.sum(left_out.mcse[refitted] ** 2))))
    if sample is not None:
        together *= sample.scale
        assert design.summed is not None
        notes += [f"from {design.summed.sample.said}{SAMPLED}"] if sample.is_part else []
    group = " and ".join(design.groupings) if grouping_of(design, unit) is None else _term(design, unit).grouping
    return Loo(unit, group, _labelled(left_out, refitted, design, unit), n_draws, limit, together, tuple(notes), sample)


def checked_unit(unit: Unit, design: Design) -> Unit:
    """The unit by its usual name: "row", "group" of the only grouping, or one of several groupings.

    Raises
    ------
    OptionError
        The design has no such units.
    """
    grouping = grouping_of(design, unit)
    if grouping is None:
        return "row"
    return "group" if len(design.groupings) == 1 else design.groupings[grouping]


def _term(design: Design, unit: Unit) -> RandomTerm:
    grouping = grouping_of(design, unit)
    assert grouping is not None
    return design.predictor.random[grouping]


def spread_of_sum(values: FloatArray) -> float:
    """Standard error of a sum of n values, ``sqrt(n Var)``; NaN for a single one.

    Examples
    --------
    >>> round(spread_of_sum(np.array([1.0, 2.0, 3.0])) ** 2, 12)
    3.0
    """
    return float(np.sqrt(len(values) * values.var(ddof=1))) if len(values) > 1 else float("nan")


def _labelled(left_out: Pointwise, refitted: NDArray[np.bool_], design: Design, unit: Unit) -> xr.Dataset:
    if unit == "row":
        dim = "obs_id"
        coords = {dim: np.arange(design.kept_rows.n_rows)} | {
            term.grouping: (dim, term.labels.to_numpy()[codes])
            for term, codes in zip(design.predictor.random, design.kept_rows.codes, strict=True)
        }
    else:
        term = _term(design, unit)
        dim, coords = term.grouping, {term.grouping: term.labels.to_numpy()}
    names = ("elpd", "p_loo", "pareto_k", "mcse")
    return xr.Dataset({**{name: (dim, getattr(left_out, name)) for name in names}, "refitted": (dim, refitted)}, coords)


def _moved_by_one(posterior: Draws, unit: Unit, position: int) -> FloatArray:
    """What a unit adds to `Pointwise.moved`, (S,)."""
    density = likelihood_of(posterior.design).pointwise(posterior, unit, np.array([position]))
    return leave_out(density, relative_efficiency(posterior)).moved


def _name(design: Design, unit: Unit, position: int) -> str:
    if unit != "row":
        term = _term(design, unit)
        return f"{term.grouping} {term.labels[position]}"
    terms = zip(design.predictor.random, design.kept_rows.codes, strict=True)
    return f"row {position} ({', '.join(f'{term.grouping} {term.labels[codes[position]]}' for term, codes in terms)})"
