"""Standard errors of expressions in the parameters of an estimate, by the delta method, and tests of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr, stdtrit

from bayeshlm.arguments import check_prob
from bayeshlm.design.naming import parameter_label
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.expressions import gradient_of, linear_weights, value_of
from bayeshlm.parameters.statements import Statement
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.intervals import NORMAL, component_derivatives, component_estimates, parameter_keys
from bayeshlm.reml.satterthwaite import satterthwaite
from bayeshlm.reml.tests_of_effects import DfMethod, basis_of

SIMULATED = 400_000

ONE_SIDED = "p of an inequality is one-sided: how likely a t as large is where the truth is on its bound"
DELTA = (
    "df inf: the delta method's standard error and the normal distribution, where fixed effects are not alone or linear"
)
WITHOUT = "no standard error on the boundary, where an SD is 0 or a correlation 1 or -1"
AS_ONE = "the intervals hold at once with this confidence, by the distribution of the largest |t|"


@dataclass(frozen=True, eq=False, slots=True)
class ParameterCovariance:
    """Estimates of all parameters with their covariance matrix, in the order of their labels.

    Attributes
    ----------
    labels : tuple of str, (m,)
        As `bayeshlm.parameters.schema.Schema` has them.
    values : ndarray, (m,)
    covariance : ndarray, (m, m)
        NaN in the rows of parameters on the boundary.
    """

    labels: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray


def reml_covariance(estimate: RemlEstimate) -> ParameterCovariance:
    """Covariance matrix of all parameters that REML or ML estimates, gamma independent of the others."""
    p = len(estimate.gamma)
    values = np.concatenate([estimate.gamma, component_estimates(estimate)])
    D, inside = component_derivatives(estimate)
    covariance = np.zeros((len(values), len(values)))
    covariance[:p, :p] = estimate.vcov
    covariance[p:, p:] = D.T @ satterthwaite(estimate).parameter_vcov @ D
    edge = p + np.flatnonzero(~inside)
    covariance[edge] = covariance[:, edge] = np.nan
    return ParameterCovariance(tuple(parameter_label(*key) for key in parameter_keys(estimate)), values, covariance)


def statement_tests(
    estimate: Estimate,
    found: ParameterCovariance,
    statements: Sequence[Statement],
    prob: float = 0.95,
    df: DfMethod | None = "satterthwaite",
    *,
    simultaneous: bool = False,
) -> pd.DataFrame:
    """Test statements about parameters, each by its t.

    Parameters
    ----------
    estimate : Estimate
    found : ParameterCovariance
        Its, by `reml_covariance` or `bayeshlm.reml.family_scalars.family_covariance`.
    statements : sequence of Statement
    prob : float
        Confidence of the intervals.
    df : {"satterthwaite", "kenward-roger"} or None
        Degrees of freedom of expressions that are linear in fixed effects; None, and for any other expression, is the
        normal distribution.
    simultaneous : bool
        Intervals that hold at once; their t have a joint distribution with the smallest of the degrees of freedom
        (Hothorn, Bretz & Westfall 2008, Biometrical Journal 50, 346-363).

    Returns
    -------
    pandas.DataFrame
        Indexed by hypothesis: ``estimate``, ``se``, ``lower``, ``upper``, ``value``, ``df``, ``t``, ``p``, which is
        one-sided for an inequality; with ``attrs["notes"]``.

    Raises
    ------
    OptionError
        An expression has no finite value at the estimates.
    """
    check_prob(prob)
    at = dict(zip(found.labels, map(np.asarray, found.values), strict=True))
    known = [k for k, label in enumerate(found.labels) if np.isfinite(found.covariance[k, k])]
    D = np.array([gradient_of(one.expression, at, found.labels) for one in statements])
    values = np.array([float(value_of(one.expression, at)) for one in statements])
    for one, value in zip(statements, values, strict=True):
        if not np.isfinite(value):
            raise OptionError(f"{one.text!r} has no finite value at the estimates.")
    outside = np.delete(D, known, axis=1).any(axis=1) | ~np.isfinite(D).all(axis=1)
    covariance = D[:, known] @ found.covariance[np.ix_(known, known)] @ D[:, known].T
    linear = [linear_weights(one.expression, estimate.fixed_labels) for one in statements]
    degrees = np.full(len(statements), np.inf)
    rows = [h for h, weights in enumerate(linear) if weights is not None]
    for h in rows:
        if not np.any(D[h]):
            raise OptionError(
                f"{statements[h].text!r} is the same whatever the parameters are: there is nothing to ask."
            )
    if df is not None and rows:
        assert isinstance(estimate, RemlEstimate)
        basis, L = basis_of(estimate, df), np.array([weights[:-1] for weights in linear if weights is not None])
        covariance[np.ix_(rows, rows)], degrees[rows] = basis.covariance(L), basis.df(L)
    se = np.where(outside, np.nan, np.sqrt(np.maximum(np.diag(covariance), 0.0)))
    right = np.array([one.value for one in statements])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (values - right) / se
    finite = np.minimum(degrees, NORMAL)
    half = stdtrit(finite, 0.5 + prob / 2) * se
    inside = np.flatnonzero(~outside & (se > 0))
    if simultaneous and len(inside):
        smallest = float(finite[inside].min())
        half = largest_quantile(covariance[np.ix_(inside, inside)], smallest, prob) * se
    relation = np.array([one.relation for one in statements])
    p = np.where(relation == "=", 2 * stdtr(finite, -np.abs(t)), stdtr(finite, np.where(relation == "<", t, -t)))
    columns = {"estimate": values, "se": se, "lower": values - half, "upper": values + half, "value": right}
    index = pd.Index([one.text for one in statements], name="hypothesis")
    table = pd.DataFrame(columns | {"df": degrees, "t": t, "p": p}, index=index)
    notes = [ONE_SIDED] if (relation != "=").any() else []
    notes += [DELTA] if df is not None and len(rows) < len(statements) else []
    notes += [WITHOUT] if outside.any() else []
    notes += [AS_ONE] if simultaneous else []
    table.attrs = {"ci_prob": prob, "notes": tuple(notes)}
    return table


def largest_quantile(covariance: FloatArray, df: float, prob: float) -> float:
    """Quantile of the largest |t| of several with this covariance matrix, (m, m), and common degrees of freedom.

    Simulated with a fixed seed, to about two places behind the point; of one t its own quantile.

    Examples
    --------
    >>> abs(largest_quantile(np.eye(3), np.inf, 0.95) - 2.3877) < 0.01  # Sidak's
    True
    """
    if len(covariance) == 1:
        return float(ndtri(0.5 + prob / 2) if df >= NORMAL else stdtrit(df, 0.5 + prob / 2))
    sd = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(sd, sd))
    rng = np.random.default_rng(0)
    z = rng.standard_normal((SIMULATED, len(sd))) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    largest = np.abs(z).max(axis=1)
    if df < NORMAL:
        largest /= np.sqrt(rng.chisquare(df, SIMULATED) / df)
    return float(np.quantile(largest, prob))
