"""Standardized fixed effects: in standard deviations of the outcome a standard deviation of their column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.population_moments import fixed_covariance, outcome_sd
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import summarize

NOTES = (
    "gamma sd(x) / sd(y), both over the rows, x the column that the effect multiplies, of an interaction the product",
    "the SDs are those of these data, taken as known: compare them across samples with care",
)


def standardized_weights(design: Design) -> tuple[list[str], FloatArray]:
    """Labels of the effects that are no intercepts, (m,), and the weights of all effects in each, (m, p).

    Raises
    ------
    OptionError
        The outcome is not normal, or there is no effect but the intercept.

    Notes
    -----
    ``gamma_k sd(x_k) / sd(y)`` with the SDs of rows, or with weights of the population (Hox, Moerbeek & van de Schoot
    2018, Multilevel Analysis, section 2.2).

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> labels, weights = standardized_weights(hlm.open_model("hsb-slopes-as-outcomes-full").design)
    >>> labels, weights.shape
    (['g01', 'g02', 'g10', 'g11', 'g12'], (5, 6))
    """
    design.outcome.require_normal("A standardized effect")
    T = np.linalg.inv(design.products.x_transform)
    sd = np.sqrt(np.maximum(np.diag(T.T @ fixed_covariance(design) @ T), 0.0))
    kept = [k for k, column in enumerate(design.fixed) if not column.is_intercept]
    if not kept:
        raise OptionError("the model has no effect but the intercept, which has nothing to be standardized by")
    weights = np.diag(sd / outcome_sd(design))
    return [design.fixed[k].label for k in kept], weights[kept]


def standardized(posterior: Draws, prob: float = 0.95, kind: str = "eti") -> Quantity:
    """Standardized fixed effects of each draw.

    Parameters
    ----------
    posterior : Draws
    prob, kind : float, {"eti", "hdi"}
        The interval.

    Returns
    -------
    Quantity
        ``draws["standardized"]`` (chain, draw, fixed); a row of the table an effect.
    """
    labels, weights = standardized_weights(posterior.design)
    values = posterior.labelled(np.asarray(posterior.gamma @ weights.T), ("fixed",), {"fixed": labels}, "standardized")
    table = summarize(values, prob, kind)
    table.index = pd.Index(labels, name="symbol")
    return Quantity("standardized", xr.Dataset({"standardized": values}), table, NOTES)
