"""`RemlTests`: hypotheses about the estimates of a `RemlFit`, and its comparison with another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayeshlm.arguments import check_prob
from bayeshlm.design.counterfactual import Question
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.frame_tables import shown_plain
from bayeshlm.display.reml_tables import (
    ShownLikelihoodRatio,
    ShownTest,
)
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.errors import OptionError
from bayeshlm.faces.estimate_explanations import EstimateExplanations
from bayeshlm.faces.estimate_quantities import EstimateQuantities
from bayeshlm.reml.average_effects import linear_effects
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.delta_method import ParameterCovariance, reml_covariance
from bayeshlm.reml.empirical_bayes import scaled_residuals
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimate_tables import anova_table, chi_square_table
from bayeshlm.reml.hlm_statistics import robust_vcov
from bayeshlm.reml.hypotheses import read_hypothesis
from bayeshlm.reml.likelihood_ratio import compare_likelihood
from bayeshlm.reml.tests_of_effects import DfMethod, linear_hypothesis


class RemlTests(EstimateExplanations[RemlEstimate]):
    """The tests of a REML or ML fit of a normal outcome; made as `RemlFit`."""

    def _covariance(self) -> ParameterCovariance:
        return reml_covariance(self._estimate)

    def _averages(self, question: Question, prob: float, df: DfMethod) -> pd.DataFrame:
        if question.operation == "ratio":
            raise OptionError("a ratio of expected outcomes has no meaning where they may be negative: leave ratio out")
        return linear_effects(self._estimate, *question.linear(), question.index, prob, df)

    def _combinations(self, L: FloatArray, index: pd.Index, prob: float, df: DfMethod) -> pd.DataFrame:
        return linear_effects(self._estimate, L, np.zeros(len(L)), index, prob, df)

    @property
    def sigma(self) -> float:
        """Level-1 SD.

        Raises
        ------
        OptionError
            The SDs are known, one a row.
        """
        self._design.outcome.require_one_sd("sigma")
        return self._estimate.sigma

    @property
    def theta(self) -> FloatArray:
        """Free entries of the relative factor of G, as lme4 orders them, (k,)."""
        return self._estimate.theta

    def robust_se(self) -> pd.Series:
        """Cluster-robust (sandwich) standard errors of gamma, without small-sample factor, as HLM prints."""
        return pd.Series(
            np.sqrt(np.diag(robust_vcov(self._design, self._estimate))), index=self.gamma.index, name="robust_se"
        )

    def residuals(self) -> pd.Series:
        """Smallest, quartiles and largest of the scaled residuals ``(y - X gamma - Z u) / sigma``, as lme4 prints.

        Of rows that stay in a database those of a random sample, as the name of the series says.
        """
        design = self._design.with_sample()
        quartiles = np.quantile(scaled_residuals(design, self._estimate), [0, 0.25, 0.5, 0.75, 1])
        name = "scaled residuals"
        if design.summed is not None:
            name += f" of {design.summed.sample.said}"
        return pd.Series(quartiles, index=["min", "q1", "median", "q3", "max"], name=name)

    def anova(self, df: DfMethod = "satterthwaite") -> pd.DataFrame:
        """F test of every term given all others (type III), whatever the coding of categories.

        A main effect is averaged over the categories that it interacts with, each with the same weight, and taken
        where numeric variables that it interacts with are 0, as lmerTest's ``anova`` does.

        Parameters
        ----------
        df : {"satterthwaite", "kenward-roger"}
            Denominator degrees of freedom.

        Returns
        -------
        pandas.DataFrame
            Indexed by symbol: ``coefficient``, ``term``, ``numerator_df``, ``denominator_df``, ``F``, ``p``. Where the
            model itself depends on the coding ``attrs["notes"]`` says what is tested.
        """
        table = self._stamped(anova_table(self._design, self._estimate, df))
        return ShownFrame.of(table, partial(shown_plain, title="F tests of the terms, each given all others"))

    def wald(
        self,
        hypotheses: str | Sequence[str] | npt.ArrayLike | None = None,
        *,
        pattern: str | None = None,
        value: npt.ArrayLike = 0.0,
        df: DfMethod = "satterthwaite",
        prob: float = 0.95,
    ) -> ShownTest:
        """Test ``L gamma = c``: jointly by F and chi-square, and in ``table`` each row by its t.

        Parameters
        ----------
        hypotheses : str, sequence of str or array_like, (m, p)
            Equations such as ``"g01 = g02; g11 = 0"``, or the matrix L.
        pattern : str, optional
            In place of hypotheses: every fixed effect whose symbol matches this regular expression is zero.
        value : array_like, (m,) or scalar
            c, where L is a matrix.
        df, prob
            As in `anova` and `fixed_effects`.
        """
        check_prob(prob)
        hypothesis = read_hypothesis(hypotheses, self._estimate.fixed_labels, pattern, value)
        return ShownTest.of(linear_hypothesis(self._estimate, hypothesis, df), prob)

    def chi_square(self) -> pd.DataFrame:
        """HLM's chi-square test that an effect does not vary: ``chi2``, ``df``, ``p``, ``attrs["n_groups_used"]``."""
        table = self._stamped(chi_square_table(self._design, self._estimate))
        return ShownFrame.of(table, partial(shown_plain, title="Chi-square tests that an effect does not vary"))

    def compare(self, other: RemlTests, n_boot: int | None = None, seed: int | None = None) -> ShownLikelihoodRatio:
        """Likelihood-ratio test of this and another model, one of which contains the other.

        Parameters
        ----------
        other : RemlFit
            A fit to the same rows, of more or of fewer parameters.
        n_boot : int, optional
            Draws of a parametric bootstrap in place of chi-square distributions.
        seed : int, optional

        Returns
        -------
        LikelihoodComparison
            ``statistic``, ``df``, ``p``, ``method``; both are refitted by ML where their fixed parts differ, or one of
            the two was fitted by it.
        """
        if isinstance(other, EstimateQuantities) and other.design.outcome.residuals.modeled and n_boot is None:
            return other.compare(self)
        if not isinstance(other, RemlTests):
            raise OptionError(f"compare() takes the fit of another model.reml(), not a {type(other).__name__}.")
        smaller, larger = sorted((self, other), key=lambda fit: fit.n_parameters)
        method: Method = "REML" if self.method == other.method == "REML" else "ML"
        return ShownLikelihoodRatio.of(compare_likelihood(smaller.design, larger.design, method, n_boot, seed))
