"""Average predictions, comparisons and slopes at maximum likelihood estimates, by the delta method."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.checks.average_effects import averages, index_of
from bayeshlm.design.counterfactual import Question
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.parameters.schema import Schema
from bayeshlm.reml.average_effects import effects_table
from bayeshlm.reml.delta_method import ParameterCovariance

STEP = 1e-3
"""Of a standard error, for derivatives."""


def effects_at_estimates(
    design: Design, found: ParameterCovariance, question: Question, prob: float = 0.95
) -> pd.DataFrame:
    """Averages over rows and groups at the estimates, with the delta method's standard errors.

    Parameters
    ----------
    design : Design
    found : ParameterCovariance
        Of all parameters of the design's schema.
    question : Question
    prob : float
        Confidence of the normal intervals.

    Returns
    -------
    pandas.DataFrame
        As `effects_table`; of ordered outcomes a row a category.
    """
    free = np.flatnonzero(np.isfinite(np.diag(found.covariance)))
    se = np.sqrt(np.diag(found.covariance)[free])
    values = np.nan_to_num(np.tile(found.values, (2 * len(free) + 1, 1)))
    for k, (position, error) in enumerate(zip(free, se, strict=True)):
        values[1 + 2 * k : 3 + 2 * k, position] += np.array([1, -1]) * STEP * error
    around = averages(Draws(_as_draws(design, found.labels, values), design), question).reshape(len(values), -1)
    derivatives = (around[1::2] - around[2::2]) / (2 * STEP * se[:, None])
    covariance = found.covariance[np.ix_(free, free)]
    error = np.sqrt(np.einsum("fm,fg,gm->m", derivatives, covariance, derivatives))
    null = 1.0 if question.operation == "ratio" else 0.0
    return effects_table(around[0], error, np.full(len(error), np.inf), index_of(design, question), prob, null)


def _as_draws(design: Design, labels: tuple[str, ...], values: FloatArray) -> xr.Dataset:
    """Parameters (S, m) by their labels as draws of one chain."""
    n, q = len(values), len(design.random)
    arrays = {"gamma": np.zeros((n, len(design.fixed))), "tau": np.zeros((n, q)), "corr": np.tile(np.eye(q), (n, 1, 1))}
    auxiliary = []
    for one in Schema.of(design).parameters:
        column = values[:, labels.index(one.label)]
        if one.component == "corr":
            (a, b) = one.position
            arrays["corr"][:, a, b] = arrays["corr"][:, b, a] = column
        elif one.component in arrays:
            arrays[one.component][:, one.position[0]] = column
        else:
            auxiliary.append(column)
    others = np.stack(auxiliary, axis=-1) if auxiliary else np.empty((n, 0))
    corr = arrays["corr"][None] if q > 1 else None
    return labelled_posterior(design, arrays["gamma"][None], arrays["tau"][None], others[None], corr)
