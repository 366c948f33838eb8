"""How far true effects differ beside the errors that are known: I^2 and H^2, draw by draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.predictor_variance import random_variances
from bayeshlm.quantities.quantity import Quantity
from bayeshlm.quantities.summary import with_interval, with_median


def heterogeneity(posterior: Draws, prob: float = 0.95, kind: str = "eti") -> Quantity:
    """Share of the variance of the outcomes that is one of their groups, not of their known errors.

    Parameters
    ----------
    posterior : Draws
        Of a model whose level-1 SDs are known, such as a meta-analysis.
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.

    Returns
    -------
    Quantity
        Draws ``i2`` and ``h2`` (chain, draw), and with several groupings ``i2[<grouping>]`` of each; the table has a
        row for each, and the ``median`` beside the mean.

    Raises
    ------
    OptionError
        Sigma is estimated: `bayeshlm.quantities.icc.icc` is the share then.

    Notes
    -----
    ``I^2 = v/(v + s2)`` and ``H^2 = (v + s2)/s2``: v is the sum over groupings of ``tau^2``, with random slopes of
    ``trace(G Z'Z / N)``, and s2 the `typical_variance` of the rows (Higgins & Thompson 2002, Statistics in Medicine 21,
    1539-1558, eqs. 9 and 10).
    """
    design = posterior.design
    parts, typical = random_variances(posterior), typical_variance(design)
    v = np.sum(parts, axis=0)
    values = {"i2": v / (v + typical), "h2": (v + typical) / typical}
    if len(parts) > 1:
        values |= {f"i2[{name}]": own / (v + typical) for name, own in zip(design.groupings, parts, strict=True)}
    draws = xr.Dataset({name: posterior.labelled(drawn) for name, drawn in values.items()})
    table = pd.concat([with_median(draws[name], prob, kind) for name in draws])
    table.index = pd.Index([str(name) for name in draws], name="quantity")
    table = with_interval(table, prob, kind)
    table.attrs["typical_variance"] = typical
    return Quantity("heterogeneity", draws, table, _notes(design, typical))


def typical_variance(design: Design) -> float:
    """One variance in the place of the known variances v_i of the rows.

    ``(N - p) / trace(P)`` with ``P = W - W X (X'W X)^-1 X'W`` and ``W = diag(1/v_i)``; with an intercept alone that is
    ``(N - 1) sum w_i / ((sum w_i)^2 - sum w_i^2)`` (Higgins & Thompson 2002, Statistics in Medicine 21, 1539-1558, eq.
    9). Of errors with known covariances W is the inverse of their matrix.

    Raises
    ------
    OptionError
        Sigma is estimated.
    """
    if not design.outcome.residuals.known:
        raise OptionError(
            "heterogeneity() sets the variance of true effects against known variances of their errors, and the"
            f" level-1 variance of {design.outcome.name!r} is estimated: icc() is the share of the groups then"
        )
    return (design.n_obs - len(design.fixed)) / _trace(design)


def _trace(design: Design) -> float:
    """``trace(P)``: by rows ``sum w_i (1 - h_i)``, by sums ``sum w_i - trace((X'W X)^-1 X'W^2 X)``."""
    transform = design.products.x_transform
    if design.rows is None and design.summed is not None and design.summed.known_sd is not None:
        summed, X = design.summed, design.summed.columns.X
        sums = summed.counted.sums, design.summed.known_sd.squared(summed.sums)
        once, twice = (transform.T @ X.products(X, one).sum(axis=0) @ transform for one in sums)
        return float(sums[0].count.sum() - np.trace(np.linalg.solve(once, twice)))
    rows = design.kept_rows
    basis = np.linalg.qr(rows.standardized(design.X @ transform))[0]  # of W^1/2 X
    if rows.covariance is not None:
        return rows.covariance.trace_beside(basis)
    weights = rows.row_weights
    assert weights is not None
    return float((weights * (1.0 - np.sum(basis**2, axis=1))).sum())


def _notes(design: Design, typical: float) -> tuple[str, ...]:
    notes = [
        f"I^2 against a typical sampling variance of {typical:.4g} (SD {typical**0.5:.4g}; Higgins & Thompson 2002)"
    ]
    if not all(column.is_intercept for column in design.fixed):
        notes.append("of what the predictors leave")
    if any(column.is_slope for column in design.random):
        notes.append("variance of random slopes averaged over rows")
    return tuple(notes)
