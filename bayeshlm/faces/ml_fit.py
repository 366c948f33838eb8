"""`MlFit`: ML where cross-products do not say the likelihood, and REML of level-1 models; named as `RemlFit`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Never

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayeshlm.arguments import check_prob
from bayeshlm.checks.average_effects_of_estimates import effects_at_estimates
from bayeshlm.design.counterfactual import Question
from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.without_weights import refuse_weights
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.frame_tables import shown_groups, shown_plain
from bayeshlm.display.ml_tables import MlReport, ml_fixed_grid, ml_html, ml_text
from bayeshlm.display.reml_tables import INTERVALS, ShownLikelihoodRatio, ShownTest, reml_variance_grid
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.errors import OptionError
from bayeshlm.faces.estimate_explanations import EstimateExplanations
from bayeshlm.faces.reml_fit import RemlFit
from bayeshlm.quantities import at_estimates
from bayeshlm.quantities.at_family_estimates import (
    family_as_draw,
    family_group_estimates,
    family_reliability_estimates,
)
from bayeshlm.quantities.fixed_effects import require_ratio
from bayeshlm.reml.average_effects import effects_table
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.delta_method import ParameterCovariance
from bayeshlm.reml.estimate_tables import bounds_of, interval_table, normal_table
from bayeshlm.reml.family_estimate import FamilyEstimate, NodesOfEstimate, fit_family
from bayeshlm.reml.family_profile import family_intervals
from bayeshlm.reml.family_scalars import family_covariance
from bayeshlm.reml.hypotheses import read_hypothesis
from bayeshlm.reml.likelihood_ratio import compare_estimates
from bayeshlm.reml.profile import IntervalMethod
from bayeshlm.reml.tests_of_effects import DfMethod, normal_hypothesis

NO_CHI_SQUARE = "twice the difference of two log pseudo-likelihoods has no chi-square distribution"


class MlFit(EstimateExplanations[FamilyEstimate]):
    """Estimates of a `Model`, by `Model.ml`, whose likelihood cross-products do not say; no sampling.

    The outcome is not normal or weighted, the level-1 SD has an equation, or residuals are correlated. Random effects
    that are not normal given the outcomes are integrated out by adaptive quadrature with as many nodes as it takes, as
    lme4's ``glmer`` does with ``nAGQ``. Every table says in ``attrs`` how many rows were used and dropped, whether the
    search converged and whether the estimate is `singular`, with the `reason`. With sampling weights it is maximum
    pseudo-likelihood, and standard errors and Wald intervals are those of the sandwich.

    Parameters
    ----------
    design : Design
        Numbers of the model.
    method : "ML" or "REML"
        REML is that of a level-1 model: with an equation of the level-1 SD, or correlated residuals.
    """

    def __init__(self, design: Design, method: Method = "ML") -> None:
        super().__init__(design, fit_family(design, method))

    @property
    def auxiliary(self) -> pd.Series:
        """Parameters of the outcome's distribution beside its predictor, such as ``phi`` or the cutpoints."""
        effects = self._design.outcome.auxiliary_effects
        index = pd.MultiIndex.from_tuples(effects, names=["component", "effect"]) if effects else pd.Index([])
        return pd.Series(self._estimate.auxiliary, index=index, name="estimate")

    @property
    def nodes(self) -> NodesOfEstimate:
        """How many nodes of quadrature were used, and what twice as many would change."""
        return self._estimate.nodes

    def fixed_effects(self, prob: float = 0.95, *, exponentiate: bool = False) -> pd.DataFrame:
        """Fixed effects (gamma), a row a symbol, with Wald's normal tests.

        Standard errors come from the information about all parameters; ``glmer`` prints those with the variances taken
        as known, which are smaller.

        Parameters
        ----------
        prob : float
            Confidence of the intervals.
        exponentiate : bool
            Odds, rate or hazard ratios, as in `Fit.fixed_effects`, with their intervals exponentiated, and standard
            errors by the delta method; z and p are still those of no effect.

        Returns
        -------
        pandas.DataFrame
            Indexed by symbol; columns ``coefficient``, ``term``, ``estimate``, ``se``, ``z``, ``p``, ``lower``,
            ``upper``.

        Raises
        ------
        OptionError
            ``exp(gamma)`` means nothing under the outcome's link.
        """
        if exponentiate:
            require_ratio(self._design.outcome)
        table = normal_table(self._design, self._estimate, prob, exponentiate)
        return ShownFrame.of(self._stamped(table), partial(ml_fixed_grid, labels=ColumnLabels.of(self._design)))

    def variance_components(self, prob: float = 0.95, intervals: IntervalMethod | None = "wald") -> pd.DataFrame:
        """Tau (SDs), its squares, covariances and correlations, and parameters of the outcome's distribution.

        Parameters
        ----------
        prob, intervals
            As in `intervals`, or no intervals. Squares have the squared bounds, covariances none.

        Returns
        -------
        pandas.DataFrame
            Indexed by (component, effect): ``("tau", "u0")``, ``("corr", "u0,u1")``, ``("phi", "")``,
            ``("cutpoint", "1|2")``; ``estimate`` and, with intervals, ``lower`` and ``upper``.
        """
        table = at_estimates.variance_estimates(self._draws)
        table.attrs = {"intervals": intervals, "notes": ()}
        if intervals is not None:
            found = family_intervals(self._estimate, intervals, prob, fixed=False)
            table = table.join(bounds_of(found, list(table.index)))
            table.attrs = {"ci_prob": prob, "intervals": intervals, "notes": found.notes}
        return ShownFrame.of(self._stamped(table), reml_variance_grid)

    def intervals(self, method: IntervalMethod = "wald", prob: float = 0.95) -> pd.DataFrame:
        """Confidence intervals of gamma, tau, corr and the parameters of the outcome's distribution.

        Parameters
        ----------
        method : {"wald", "profile"}
            Wald: normal, for SDs and other positive parameters on the log scale, for correlations on the atanh scale.
            Profile: where the deviance has risen by a chi-square quantile, as lme4's ``confint``.
        prob : float
            Confidence.

        Returns
        -------
        pandas.DataFrame
            Indexed by (component, effect): ``estimate``, ``lower``, ``upper``; what must be said in ``attrs["notes"]``.
        """
        found = family_intervals(self._estimate, method, prob)
        title = f"{INTERVALS[method]} intervals".capitalize()
        return ShownFrame.of(self._stamped(interval_table(found, method)), partial(shown_plain, title=title))

    def _covariance(self) -> ParameterCovariance:
        return family_covariance(self._estimate)

    def _averages(self, question: Question, prob: float, df: DfMethod) -> pd.DataFrame:
        return effects_at_estimates(self._design, self._covariance(), question, prob)

    def _combinations(self, L: FloatArray, index: pd.Index, prob: float, df: DfMethod) -> pd.DataFrame:
        se = np.sqrt(np.diag(L @ self._estimate.vcov @ L.T))
        return effects_table(L @ self._estimate.gamma, se, np.full(len(L), np.inf), index, prob)

    def _as_draw(self) -> xr.Dataset:
        return family_as_draw(self._estimate)

    def group_coefficients(self, grouping: str | None = None) -> pd.DataFrame:
        """Coefficients of every group, ``beta_j = W_j gamma + u_j``, u the mode of its density given the outcomes.

        Parameters
        ----------
        grouping : str, optional
            The only one.

        Returns
        -------
        pandas.DataFrame
            Indexed by (group, coefficient): ``n`` (rows), ``estimate`` (of beta), ``u`` (the mode, lme4's ``ranef``),
            ``u_sd`` (by the curvature there, lme4's ``condVar``), ``posterior_mean`` and ``posterior_sd`` of u by
            quadrature, which differ from them as its density is skewed. Gamma, the variances and the distribution's
            parameters are taken as known.
        """
        self._design.position_of(grouping)
        return ShownFrame.of(self._stamped(family_group_estimates(self._draws, self._estimate)), shown_groups)

    def reliability(self, grouping: str | None = None) -> pd.DataFrame:
        """Reliability of the posterior means of u, averaged over groups: ``1 - Var(u | y) / tau^2``.

        Groups have no least squares of their own, whose reliability HLM prints for normal outcomes.

        Parameters
        ----------
        grouping : str, optional
            The only one.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``coefficient``: ``estimate``. Gamma, the variances and the distribution's parameters are taken
            as known.
        """
        self._design.position_of(grouping)
        table = self._stamped(family_reliability_estimates(self._estimate))
        return ShownFrame.of(table, partial(shown_plain, title="Reliability"))

    def wald(
        self,
        hypotheses: str | Sequence[str] | npt.ArrayLike | None = None,
        *,
        pattern: str | None = None,
        value: npt.ArrayLike = 0.0,
        prob: float = 0.95,
    ) -> ShownTest:
        """Test ``L gamma = c``: jointly by chi-square, and in ``table`` each row by the normal distribution.

        Parameters
        ----------
        hypotheses, pattern, value
            As in `RemlFit.wald`.
        prob : float
            Confidence of the rows' intervals.
        """
        check_prob(prob)
        hypothesis = read_hypothesis(hypotheses, self._estimate.fixed_labels, pattern, value)
        return ShownTest.of(normal_hypothesis(self._estimate, hypothesis), prob)

    def compare(self, other: MlFit | RemlFit) -> ShownLikelihoodRatio:
        """Likelihood-ratio test of this and another model, one of which contains the other.

        Parameters
        ----------
        other : MlFit or RemlFit
            A fit to the same rows, of more or of fewer parameters, by the same method. Of a level-1 model it may be
            that of the model without: HLM's test of homogeneous level-1 variances.

        Returns
        -------
        LikelihoodComparison
            ``statistic``, ``df``, ``p``, ``method``.
        """
        plain = isinstance(other, RemlFit) and self._design.outcome.is_normal
        if not isinstance(other, MlFit) and not plain:
            raise OptionError(
                f"compare() takes the fit of another model.ml() of {self._design.outcome.name!r}, not a"
                f" {type(other).__name__}."
            )
        refuse_weights(self._design, "A likelihood-ratio test", NO_CHI_SQUARE, "test effects by wald()")
        smaller, larger = sorted((self, other), key=lambda fit: fit.n_parameters)
        designs = smaller.design, larger.design
        return ShownLikelihoodRatio.of(compare_estimates(smaller.estimate, larger.estimate, designs))

    @property
    def sigma(self) -> float:
        """Level-1 scale of a Student t outcome; others have none, and say so."""
        if "sigma" not in self._draws.dataset:
            self._refuse("A level-1 standard deviation", "what its distribution has beside the mean is in `auxiliary`")
        return float(self._draws.dataset["sigma"].item())

    def anova(self) -> Never:
        """F tests are of normal outcomes: an error says what to do."""
        self._refuse("An F test of the terms", "test them by wald(), or compare() with the model without them")

    def chi_square(self) -> Never:
        """HLM's test is of normal outcomes: an error says what to do."""
        self._refuse("HLM's chi-square test", "compare() with the model without the effect")

    def robust_se(self) -> Never:
        """Not made for these outcomes, and with sampling weights those of `fixed_effects`: an error says so."""
        refuse_weights(self._design, "Another standard error", "all of them are the sandwich's", "see fixed_effects()")
        self._refuse("The cluster-robust standard error", 'look at intervals("profile")')

    def residuals(self) -> Never:
        """Level 1 has no residual: an error says what to do."""
        self._refuse("A scaled residual", "check the posterior of model.fit() by predictive_check()")

    def _refuse(self, what: str, instead: str) -> Never:
        outcome = self._design.outcome
        refuse_weights(self._design, what, "it is of independent rows", "test effects by wald()")
        outcome.require_one_sd(what)
        outcome.require_independent(what)
        raise OptionError(
            f"{what} is defined for normal outcomes only, and {outcome.name!r} is {outcome.family_name}: {instead}."
        )

    @property
    def _report(self) -> MlReport:
        return MlReport(
            design=self._design,
            estimate=self._estimate,
            fixed=self.fixed_effects(),
            variance=self.variance_components(),
            icc=self.icc() if self._design.outcome.residuals.one_sd else None,
        )

    def __repr__(self) -> str:
        return ml_text(self._report)

    def _repr_html_(self) -> str:
        return ml_html(self._report)
