"""REML and ML estimates, in the user's columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.cross_products import CrossProducts
from bayeshlm.design.design import Design
from bayeshlm.design.joint_products import JointProducts
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError, OptionError
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.curvature import TwoLevelSolution
from bayeshlm.reml.deviance import Deviance
from bayeshlm.reml.enough_rows import check_rows, check_units
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.grouping_deviance import GroupingDeviance
from bayeshlm.reml.grouping_moments import grouping_start
from bayeshlm.reml.grouping_products import GroupingProducts
from bayeshlm.reml.moments import NO_WITHIN, Moments, starting_values
from bayeshlm.reml.optimize import AnyCriterion, Optimum, descend, minimize
from bayeshlm.reml.relative_factor import factor_pattern
from bayeshlm.reml.user_columns import correlations, user_factor, why_singular


@dataclass(frozen=True, eq=False)
class RemlEstimate(Estimate):
    """What REML or ML finds for a normal outcome; the numbers are in the units of the user's columns.

    Of `Estimate`, ``vcov`` is ``sigma^2 (X'V^-1 X)^-1``, the variance components taken as known, and ``n_parameters``
    p + k + 1, or p + k where sigma is known.

    Attributes
    ----------
    sigma : float
        Level-1 SD; 1 where the SDs are known and rows count by them, see `sigma_known`.
    theta : ndarray, (k,)
        Free entries of the relative factor of G, as lme4 orders them.
    deviance_function : Criterion
        The criterion as a function of theta, over the cross-products.
    optimum : Optimum
        Where it is smallest, in the columns of the cross-products.
    """

    sigma: float
    theta: FloatArray
    deviance_function: AnyCriterion
    optimum: Optimum

    @property
    def sigma_known(self) -> bool:
        """The level-1 SDs are known, a row each, and no sigma is estimated."""
        return self.deviance_function.sigma_known

    @property
    def converged(self) -> bool:
        """Whether the search ended at a minimum."""
        return self.optimum.converged


def fit_reml(design: Design, method: Method = "REML") -> RemlEstimate:
    """Estimate the model of a design by REML or ML; the rows enter through its cross-products only.

    Parameters
    ----------
    design : Design
        Numbers of the model.
    method : "REML" or "ML"
        Criterion.

    Returns
    -------
    RemlEstimate

    Raises
    ------
    DataError
        When the data do not determine a variance component, have no more rows than random effects, leave no residual
        variance, or let the likelihood grow without end.
    OptionError
        For another method, or an outcome that is not normal: of that REML has no meaning.

    References
    ----------
    Bates, Maechler, Bolker & Walker (2015), Fitting linear mixed-effects models using lme4, J. Statistical
    Software 67(1).
    """
    if method not in ("REML", "ML"):
        raise OptionError(f'method is "REML" or "ML", not {method!r}.')
    return fit_products(design, design.products, method)


def near_reml(design: Design) -> RemlEstimate:
    """A place near the REML estimate, to start sampling from.

    With several groupings, where every step may take a second, it is one search that ends with steps of one percent;
    with one grouping the estimate itself.

    Raises
    ------
    DataError
        As `fit_reml`.
    """
    return fit_products(design, design.products, search=_nearly)


def _nearly(deviance: AnyCriterion, start: Moments) -> Optimum:
    return minimize(deviance, start) if isinstance(deviance, Deviance) else descend(deviance, start, tolerance=0.01)


def fit_products(
    design: Design,
    products: CrossProducts | JointProducts,
    method: Method = "REML",
    search: Callable[[AnyCriterion, Moments], Optimum] = minimize,
) -> RemlEstimate:
    """As `fit_reml`, of cross-products of the design's columns over other rows or of another outcome.

    Parameters
    ----------
    design : Design
        Its labels and blocks are used.
    products : CrossProducts or JointProducts
        Of as many columns as it has.
    method : "REML" or "ML"
    search : function
        From a criterion and where to start to the optimum.
    """
    if not design.outcome.is_normal:
        raise OptionError(
            f"REML is defined for normal outcomes only, and {design.outcome.name!r} is"
            f" {design.outcome.family_name}: model.ml() estimates it by maximum likelihood"
        )
    pattern = factor_pattern(design.blocks)
    fixed_labels = tuple(column.label for column in design.fixed)
    random_labels = tuple(column.label for column in design.random)
    if isinstance(products, JointProducts):
        check_units(design, products)
        joint = GroupingDeviance(GroupingProducts.of(products), pattern, method)
        start = grouping_start(joint, random_labels)
        return estimate_of(joint, start, fixed_labels, random_labels, joint.products.n_groups, search)
    deviance = Deviance(products, pattern, method)
    start = starting_values(products, deviance.rotated, pattern, random_labels)
    check_rows(design, products)
    return estimate_of(deviance, start, fixed_labels, random_labels, (len(products.n),), search)


def estimate_of(
    deviance: AnyCriterion,
    start: Moments,
    fixed_labels: tuple[str, ...],
    random_labels: tuple[str, ...],
    n_groups: tuple[int, ...],
    search: Callable[[AnyCriterion, Moments], Optimum] = minimize,
) -> RemlEstimate:
    """Minimize a criterion, and say in the user's columns what it finds.

    Parameters
    ----------
    deviance : Criterion
        Of any groupings.
    start : Moments
        Where the search starts.
    fixed_labels, random_labels : tuple of str, (p,) and (q,)
        Names of the effects.
    n_groups : tuple of int
        Groups of each grouping.
    search : function
        As `fit_products` takes it.
    """
    method, pattern, scaled = deviance.method, deviance.pattern, deviance.scaled
    optimum = search(deviance, start)
    solution = optimum.solution
    sigma2 = deviance.sigma2(solution)
    least = (NO_WITHIN if optimum.converged else 1e-6) * float(np.sum(scaled.yty))
    if not deviance.sigma_known and solution.rss < least:
        raise DataError(
            f"{method} has no maximum: {', '.join(random_labels)} can follow these {deviance.n_obs} rows in "
            f"{' x '.join(map(str, n_groups))} groups so closely that the level-1 variance goes to zero. Remove a "
            "random effect."
        )
    T = scaled.x_transform
    with np.errstate(over="ignore"):
        vcov = sigma2 * T @ solution.XVX_inv @ T.T
    infinite = ~np.isfinite(np.diag(vcov))
    if infinite.any():
        names = ", ".join(label for label, there in zip(fixed_labels, infinite, strict=True) if there)
        raise DataError(
            f"The standard errors of {names} are beyond computing: rescale the columns they multiply, or the outcome."
        )
    Lambda = user_factor(deviance, solution.Lambda)
    tau = np.sqrt(sigma2) * np.linalg.norm(Lambda, axis=1)
    corr = correlations(Lambda)
    singular = bool(np.any(np.diag(solution.Lambda) == 0))
    return RemlEstimate(
        method=method,
        fixed_labels=fixed_labels,
        random_labels=random_labels,
        gamma=scaled.ols + T @ solution.gamma,
        vcov=vcov,
        G=sigma2 * Lambda @ Lambda.T,
        tau=tau,
        corr=corr,
        sigma=float(np.sqrt(sigma2)),
        theta=pattern.theta(Lambda),
        criterion=optimum.value,
        n_obs=deviance.n_obs,
        n_groups=n_groups,
        n_parameters=len(T) + pattern.n_free + (not deviance.sigma_known),
        singular=singular,
        reason=why_singular(tau, corr, Lambda, pattern, random_labels) if singular else "",
        deviance_function=deviance,
        optimum=optimum,
    )


def two_level(estimate: RemlEstimate, what: str) -> tuple[Deviance, TwoLevelSolution]:
    """The criterion of a model with one grouping, and its solution at the estimate.

    Parameters
    ----------
    estimate : RemlEstimate
        A fit.
    what : str
        What is asked for, for the message.

    Raises
    ------
    OptionError
        The model has several groupings.
    """
    deviance, solution = estimate.deviance_function, estimate.optimum.solution
    if not (isinstance(deviance, Deviance) and isinstance(solution, TwoLevelSolution)):
        raise OptionError(f"{what} is defined for models with one grouping; this one has several.")
    return deviance, solution
