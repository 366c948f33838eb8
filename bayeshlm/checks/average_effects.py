"""Average predictions, comparisons and slopes, on the scale of the outcome, draw by draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_interval
from bayeshlm.checks.prediction import Groups, group_effects, linear_predictor, thinned
from bayeshlm.checks.response import expected
from bayeshlm.design.counterfactual import Question
from bayeshlm.design.design import Design
from bayeshlm.design.line_units import takes_group_means
from bayeshlm.design.new_rows import NewRows
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.quadrature_rule import hermite_rule
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.simple_slopes import regions_without_zero
from bayeshlm.quantities.summary import summarize

type Effects = Literal["population", "same"]

NODES = 32
AT_A_TIME = 1 << 22
"""Numbers of one pass."""
MOST_WORK = 4 * 10**8
"""Numbers of one average beyond which draws are thinned."""


@dataclass(frozen=True, eq=False)
class AverageEffects:
    """Averages over rows, of what is expected of the outcome or of how it changes.

    Attributes
    ----------
    question : Question
    draws : xarray.DataArray
        (chain, draw, case), the cases in the order of the table.
    table : pandas.DataFrame
        Indexed by the values that the average is taken at: mean, sd, lower, upper and diagnostics.
    regions : tuple of (float, float)
        Of comparisons and slopes along the values of one numeric column: where the interval leaves zero out, its ends
        interpolated (Johnson & Neyman 1936, of the posterior).
    notes : tuple of str
    """

    question: Question
    draws: xr.DataArray
    table: pd.DataFrame
    regions: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()


def average_effects(
    posterior: Draws,
    question: Question,
    groups: Effects = "population",
    prob: float = 0.95,
    kind: str = "eti",
    n_draws: int | None = None,
) -> AverageEffects:
    """Averages of each draw, then their summary.

    Parameters
    ----------
    posterior : Draws
    question : Question
    groups : {"population", "same"}
        ``"population"``: over rows and over groups, u integrated out over N(0, G), which of normal outcomes is u = 0.
        ``"same"``: the groups of the rows, with their u.
    prob, kind : float, {"eti", "hdi"}
        The interval, pointwise.
    n_draws : int, optional
        Draws used, evenly spaced over the chains.

    Raises
    ------
    OptionError
        Another word, or a ratio of an outcome that may be negative.
    """
    check_interval(prob, kind)
    if groups not in ("population", "same"):
        raise OptionError(f'groups={groups!r}: write "population" (over all groups) or "same" (those of the rows)')
    design = posterior.design
    if question.operation == "ratio" and (design.outcome.is_normal or design.outcome.family_name == "StudentT"):
        raise OptionError("a ratio of expected outcomes has no meaning where they may be negative: take the difference")
    if n_draws is None and not _is_linear(design, groups):
        n_draws = _affordable(posterior, question)
    kept = thinned(posterior.shape, n_draws)
    some = posterior.at(kept)
    values = averages(some, question, groups)
    flat = values.reshape(len(values), -1)
    draws = some.labelled(flat, ("case",), {"case": np.arange(flat.shape[1])}, question.operation)
    table = summarize(draws, prob, kind)
    table.index = index_of(design, question)
    notes = (*notes_of(design, question, groups), *_thinning(posterior, some))
    return AverageEffects(question, draws, table, _regions(question, table), notes)


def index_of(design: Design, question: Question) -> pd.Index:
    """What each average is of: the values it is taken at and, of ordered outcomes, the category."""
    if design.outcome.family.mean is not None:
        return question.index
    categories = list(design.outcome.categories)
    if not question.names:
        return pd.Index(categories, name="category")
    keys = [(*key, one) for key in question.keys for one in categories]
    return pd.MultiIndex.from_tuples(keys, names=[*question.names, "category"])


def averages(posterior: Draws, question: Question, groups: Effects = "population") -> FloatArray:
    """The averages of each draw, (S, M, K): K categories of ordered outcomes, else 1."""
    if groups == "population" and posterior.design.outcome.is_normal:
        L, constant = question.linear()
        return np.asarray(posterior.flat(posterior.gamma) @ L.T + constant)[..., None]
    found = []
    for entry in question.entries:
        first, *others = (_averaged(posterior, rows, question.weights, groups) for rows in entry.arms)
        if question.operation == "ratio":
            found.append(first / others[0])
        else:
            found.append((first - others[0]) / question.step if others else first)
    return np.concatenate(found, axis=1)


def _averaged(posterior: Draws, rows: NewRows, weights: FloatArray, groups: Effects) -> FloatArray:
    """Average of what is expected of rows, (S, B, K), over sets with weights (B, N)."""
    if groups == "population":
        return _over_groups(posterior, rows, weights)
    words: list[Groups] = ["same"] * len(rows.groups)
    found = []
    step = max(1, AT_A_TIME // (rows.n_obs * posterior.shape[0]))
    one = np.ones(rows.n_obs)
    for start in range(0, posterior.shape[1], step):
        kept = np.arange(start, min(start + step, posterior.shape[1]))
        some = posterior.at(kept)
        u = group_effects(posterior, rows, kept, words, np.random.default_rng(0))
        eta = linear_predictor(rows, some.flat(some.gamma), u)
        outcome = posterior.design.outcome
        mu = eta if outcome.is_normal else expected(outcome, eta, some.flat(some.auxiliary), one)
        mu = mu if mu.ndim == 3 else mu[..., None]
        found.append(np.einsum("bn,snk->sbk", weights, mu, optimize=True).reshape(*some.shape, len(weights), -1))
    return np.concatenate(found, axis=1).reshape(posterior.n_draws, len(weights), -1)


def _over_groups(posterior: Draws, rows: NewRows, weights: FloatArray) -> FloatArray:
    """As `_averaged`, over u from N(0, G): its part of the predictor of a row is normal, z'u, with variance z'G z."""
    Z = np.hstack([of.Z for of in rows.groups])
    X, Z, offset, weights = _distinct(rows.X, Z, rows.offset, weights)
    nodes, log_weights = hermite_rule(NODES, 1)
    mass = np.exp(log_weights - nodes[0] ** 2 / 2) / np.sqrt(2 * np.pi)
    outcome, found = posterior.design.outcome, []
    gamma, G, auxiliary = (posterior.flat(one) for one in (posterior.gamma, posterior.G, posterior.auxiliary))
    one = np.ones(len(X) * NODES)
    step = max(1, AT_A_TIME // len(one))
    for start in range(0, len(gamma), step):
        part = slice(start, start + step)
        v = np.einsum("nq,sqr,nr->sn", Z, G[part], Z, optimize=True)
        eta = (gamma[part] @ X.T + offset)[..., None] + np.sqrt(np.maximum(v, 0.0))[..., None] * nodes[0]
        mu = expected(outcome, eta.reshape(len(eta), -1), auxiliary[part], one)
        mu = mu.reshape(len(eta), len(X), NODES, -1)
        found.append(np.einsum("bn,snmk,m->sbk", weights, mu, mass, optimize=True))
    return np.concatenate(found)


def _distinct(
    X: FloatArray, Z: FloatArray, offset: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Rows that have the same predictor once, with the sum of their weights."""
    joined = np.column_stack([X, Z, offset])
    rows, position = np.unique(joined, axis=0, return_inverse=True)
    p, q = X.shape[1], Z.shape[1]
    summed = np.array([np.bincount(position.ravel(), one, len(rows)) for one in weights])
    return rows[:, :p], rows[:, p : p + q], rows[:, -1], summed


def _is_linear(design: Design, groups: Effects) -> bool:
    return design.outcome.is_normal and groups == "population"


def _affordable(posterior: Draws, question: Question) -> int | None:
    """Number of draws that an average can be made of in some seconds; None for all."""
    n_arms = sum(len(entry.arms) for entry in question.entries)
    most = MOST_WORK // (question.weights.shape[1] * n_arms * NODES)
    return None if most >= posterior.n_draws else max(int(most), min(200, posterior.n_draws))


def _thinning(posterior: Draws, some: Draws) -> Sequence[str]:
    if some.n_draws == posterior.n_draws:
        return ()
    return (f"{some.n_draws:,} of {posterior.n_draws:,} draws, evenly spaced; n_draws= takes more",)


def notes_of(design: Design, question: Question, groups: Effects) -> tuple[str, ...]:
    """What an average is an average of."""
    over = "the rows" if design.weights is None else "the population, by the weights of the rows"
    notes = [f"averaged over {over}, the other predictors as they are there unless they are set"]
    if groups == "same":
        notes.append("of the groups of the rows, with their own random effects")
    elif design.outcome.is_normal:
        notes.append("population: of the average group, u = 0")
    else:
        notes.append("population: averaged over groups, u from N(0, G), on the scale of the outcome")
    if design.outcome.family.has_size:
        notes.append("of one trial")
    if any(map(takes_group_means, (*design.spec.expressions, *design.spec.offsets))):
        notes.append("means of groups in the equations stay as they are in the data")
    return tuple(notes)


def _regions(question: Question, table: pd.DataFrame) -> tuple[tuple[float, float], ...]:
    """Where the interval leaves zero out along one numeric column with three values or more."""
    index = table.index
    if question.operation not in ("slope", "difference") or len(question.names) > 2:
        return ()
    if isinstance(index, pd.MultiIndex):
        if question.names[0] != "contrast" or len(index.unique(0)) > 1 or index.nlevels > 2:
            return ()
        index = index.droplevel(0)
    x = index.to_numpy()
    if len(question.shares) > 1 or len(x) < 3 or not all(isinstance(one, float) for one in x):
        return ()
    if np.any(np.diff(x.astype(float)) <= 0):
        return ()
    return regions_without_zero(x.astype(float), table["lower"].to_numpy(), table["upper"].to_numpy())
