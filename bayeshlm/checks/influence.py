"""Influence of each group: the posterior and the REML or ML estimates without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.checks.conflict import ERROR_RATE
from bayeshlm.checks.influence_draws import Shifts, parameter_draws, put_refit, shifts_without_groups
from bayeshlm.checks.influence_reml import LEVERAGES, MEASURES, ml_dataset, no_reml, reml_dataset
from bayeshlm.checks.loo_refits import refit_without, rows_left_out
from bayeshlm.checks.psis import check_draws, threshold
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import rows_of_units
from bayeshlm.design.predictor import RandomTerm
from bayeshlm.design.scaling import IntArray
from bayeshlm.design.without_weights import refuse_weights
from bayeshlm.errors import DataError, OptionError
from bayeshlm.fitted import FittedModel
from bayeshlm.progress import steps
from bayeshlm.reml.classical import classical_estimate, classical_method
from bayeshlm.reml.estimate import RemlEstimate

MOST_REML_FITS, MOST_JOINT_FITS, MOST_ML_FITS = 500, 100, 25
"""Up to so many groups REML is fitted without each unasked; of several groupings a fit takes a tenth of a second, and
ML of an outcome that is not normal up to a second."""


@dataclass(frozen=True, eq=False, repr=False)
class Influence:
    """What the results would be without each group.

    Attributes
    ----------
    group : str
        Grouping column.
    posterior : xarray.Dataset
        ``mean``, ``sd``, ``change`` (mean without the group less mean with it, in posterior SDs) and ``mcse`` (Monte
        Carlo error of the change), over (<group>, parameter); ``cooks_distance``, ``pareto_k``, ``refitted`` and
        ``conflict_p``, over <group>. Parameters are gamma (``g00``), tau (``tau[u0]``) and ``sigma``, or what else the
        distribution of the outcome has. ``conflict_p`` is of normal outcomes, and NaN of others.
    reml : xarray.Dataset
        ``value`` (the estimate without the group) and ``change`` (its change; gamma's in standard errors), over
        (estimate, <group>, parameter); ``rvc``, the relative change of each variance; ``cooks_distance``, ``mdffits``,
        ``covtrace``, ``covratio``, over (estimate, <group>); ``leverage_fixed``, ``leverage_random``. ``estimate`` is
        "one_step" (variance components kept) or "exact" (all estimated anew). NaN where there is no estimate. Of an
        outcome that is not normal it is ML by quadrature, which has no one-step estimates and no leverages; with
        several groupings there is none.
    table : pandas.DataFrame
        A row a group, the most influential first. Measures of REML begin with ``reml_``, of ML with ``ml_``; what an
        outcome that is not normal has not is left out. ``attrs["method"]`` is "REML" or "ML".
    threshold : float
        Largest Pareto k that counts as good.
    notes : tuple of str
        What must be said beside the numbers.
    """

    group: str
    posterior: xr.Dataset
    reml: xr.Dataset
    table: pd.DataFrame
    threshold: float
    notes: tuple[str, ...] = ()

    @property
    def bad(self) -> pd.DataFrame:
        """Rows of the table whose Pareto k is too large and that were not refitted."""
        return self.table[~(self.table["pareto_k"] <= self.threshold) & ~self.table["refitted"]]

    @property
    def has_conflict(self) -> bool:
        """Whether groups are compared with what the others let expect: of normal outcomes."""
        return "conflict_p" in self.table

    @property
    def outlying(self) -> pd.DataFrame:
        """Rows of the table that the other groups do not let expect: ``conflict_p`` below 0.05 over their number.

        In data that follow the model there is one in 5 % of the data sets (Bonferroni). None where there is no
        ``conflict_p``, as of outcomes that are not normal.
        """
        if not self.has_conflict:
            return self.table.iloc[:0]
        return self.table[self.table["conflict_p"] < ERROR_RATE / len(self.table)]


def influence(fitted: FittedModel, exact: bool = False, grouping: str | None = None) -> Influence:
    """Influence of each group on gamma, tau and sigma.

    Parameters
    ----------
    fitted : FittedModel
    exact : bool
        Sample the posterior anew without each group whose Pareto k is bad, and fit REML or ML without each however
        many.
    grouping : str, optional
        Whose groups, where there are several groupings; groups within a group are left out along with it.

    Returns
    -------
    Influence

    Raises
    ------
    OptionError
        The draws are too few, it is not said which of several groupings is meant, or they cross too much for it; of
        outcomes that are not normal as in `bayeshlm.checks.loo.leave_one_out`.
    SamplingError
        If a fit without a group fails.

    Notes
    -----
    The posterior without group j has the weights ``1 / p(y_j | other rows, theta)``, the random effects integrated out,
    whose tail is smoothed (`bayeshlm.checks.loo`, ``unit="group"``), whatever the distribution of the outcome.
    Influence and outlying are two things: a group may fit well and still decide a slope. REML's measures:
    `bayeshlm.reml.reml_influence`, `.grouping_influence`.
    """
    posterior, design = fitted.draws, fitted.design
    refuse_weights(design, "The influence of a group", "without it the others stand for other shares of the population")
    position_of_grouping = design.position_of(grouping)
    term, n_draws = design.predictor.random[position_of_grouping], posterior.n_draws
    check_draws(n_draws)
    limit, notes = threshold(n_draws), []
    shifts = shifts_without_groups(posterior, position_of_grouping)
    refitted = ~(shifts.pareto_k <= limit) & exact
    named = [f"{term.grouping} {label}" for label in term.labels]
    for position in steps(np.flatnonzero(refitted).tolist(), named.__getitem__, "Fitting without"):
        refit = refit_without(fitted, rows_left_out(fitted, term.grouping, position))
        put_refit(shifts, posterior, position, refit, position_of_grouping)
        if not refit.convergence.converged:
            notes.append(f"the fit without {named[position]} has not converged")
    names, _ = parameter_draws(posterior)
    draws = _posterior_dataset(shifts, refitted, term, names)
    reml, said = _classical(design, position_of_grouping, exact)
    n = rows_of_units(design, position_of_grouping)
    table = _table(draws, reml, n, design.outcome.has_closed_forms, classical_method(design))
    return Influence(term.grouping, draws, reml, table, limit, (*notes, *said))


def _classical(design: Design, grouping: int, exact: bool) -> tuple[xr.Dataset, list[str]]:
    """What groups do to REML's estimates, or to ML's of an outcome that is not normal, and what must be said of it."""
    term, normal = design.predictor.random[grouping], design.outcome.has_closed_forms
    method, n_groups = classical_method(design), len(term.labels)
    most = (MOST_REML_FITS if len(design.groupings) == 1 else MOST_JOINT_FITS) if normal else MOST_ML_FITS
    with_fits = exact or n_groups <= most
    try:
        estimate = classical_estimate(design)
        if isinstance(estimate, RemlEstimate):
            found = reml_dataset(design, estimate, with_fits, grouping)
        else:
            found = ml_dataset(design, estimate, with_fits)
    except DataError as error:
        return no_reml(term), [f"{method} has no estimate: {error}"]
    except OptionError:  # of several groupings, or many effects, of an outcome that is not normal
        return no_reml(term), []
    if with_fits:
        return found, []
    done = (
        "REML without each is the one-step estimate; exact=True fits each"
        if normal
        else f"exact=True fits {method} without each"
    )
    return found, [f"{n_groups} groups: {done}"]


def _posterior_dataset(shifts: Shifts, refitted: np.ndarray, term: RandomTerm, names: list[str]) -> xr.Dataset:
    group, dims = term.grouping, (term.grouping, "parameter")
    return xr.Dataset(
        {
            **{name: (dims, getattr(shifts, name)) for name in ("mean", "sd", "change", "mcse")},
            "cooks_distance": (group, shifts.distance),
            "pareto_k": (group, shifts.pareto_k),
            "refitted": (group, refitted),
            "conflict_p": (group, shifts.conflict_p),
        },
        {group: term.labels.to_numpy(), "parameter": names},
    )


def _table(draws: xr.Dataset, reml: xr.Dataset, n: IntArray, normal: bool, method: str) -> pd.DataFrame:
    """One row a group, sorted by the largest change of a parameter."""
    change = draws["change"].to_numpy()
    most = np.abs(change).argmax(axis=1)
    rows = np.arange(len(change))
    has_fits = int(reml["cooks_distance"].sel(estimate="exact").count()) > 0
    estimate = reml.sel(estimate="exact" if has_fits else "one_step")
    table = pd.DataFrame(
        {
            "n": n,
            "parameter": draws["parameter"].to_numpy()[most],
            "change": change[rows, most],
            "mcse": draws["mcse"].to_numpy()[rows, most],
            **{name: draws[name].to_numpy() for name in ("cooks_distance", "pareto_k", "refitted")},
            **({"conflict_p": draws["conflict_p"].to_numpy()} if normal else {}),
            **{f"{method.lower()}_{name}": estimate[name].to_numpy() for name in MEASURES if normal or has_fits},
            **{name: reml[name].to_numpy() for name in LEVERAGES if normal},
        },
        index=draws.indexes[draws["pareto_k"].dims[0]],
    )
    table.attrs |= {"method": method, "reml_estimate": str(estimate["estimate"].item())}
    return table.iloc[np.argsort(-np.abs(table["change"].to_numpy()), kind="stable")]
