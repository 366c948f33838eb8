"""`EstimateExplanations`: what REML and ML fits of any outcome say of a question, by the method names of `Fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayeshlm.design.asked_values import Values
from bayeshlm.design.counterfactual import Operation, Question, ask
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.within_between import KINDS, within_between
from bayeshlm.display.frame_tables import shown_plain
from bayeshlm.display.shown_effects import shown_effects, title_of
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.faces.estimate_quantities import EstimateQuantities
from bayeshlm.parameters.schema import Schema
from bayeshlm.parameters.statements import Statement, read_statements
from bayeshlm.quantities.contextual_effects import latent_notes
from bayeshlm.quantities.population_moments import row_shares
from bayeshlm.quantities.standardized import NOTES, standardized_weights
from bayeshlm.reml.average_effects import effects_table
from bayeshlm.reml.delta_method import ParameterCovariance, statement_tests
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.hypotheses import read_hypothesis, statements_of
from bayeshlm.reml.latent_means import fit_latent_means
from bayeshlm.reml.tests_of_effects import DfMethod


class EstimateExplanations[Found: Estimate](EstimateQuantities[Found]):
    """The answers of estimates to questions; made as `RemlFit` or `MlFit`."""

    def _covariance(self) -> ParameterCovariance:
        raise NotImplementedError

    def hypothesis(
        self, *statements: str, prob: float = 0.95, df: DfMethod = "satterthwaite", simultaneous: bool = False
    ) -> pd.DataFrame:
        """Test statements about parameters by their t: ``fit.hypothesis("g11 < 0", "tau[u1] > .5")``.

        Parameters
        ----------
        *statements : str
            As in `Fit.hypothesis`.
        prob : float
            Confidence of the intervals.
        df : {"satterthwaite", "kenward-roger"}
            Degrees of freedom of what is linear in the fixed effects of a normal outcome; all else is tested by the
            delta method and the normal distribution.
        simultaneous : bool
            Intervals that hold at once.

        Returns
        -------
        pandas.DataFrame
            Indexed by hypothesis: ``estimate``, ``se``, ``lower``, ``upper``, ``value``, ``df``, ``t``, ``p``, which is
            one-sided for an inequality.

        Examples
        --------
        >>> import bayeshlm as hlm
        >>> fit = hlm.open_model("hsb-slopes-as-outcomes-full").reml()
        >>> fit.hypothesis("g11 < 0", "g01 = 2")[["estimate", "value", "t", "p"]].round(4).to_numpy().tolist()
        [[-1.6426, 0.0, -6.8503, 0.0], [1.2265, 2.0, -2.5257, 0.0126]]
        """
        return self._tested(read_statements(statements, Schema.of(self._design)), prob, df, simultaneous)

    def contrast(
        self,
        hypotheses: str | Sequence[str] | npt.ArrayLike | None = None,
        *,
        pattern: str | None = None,
        value: npt.ArrayLike = 0.0,
        prob: float = 0.95,
        df: DfMethod = "satterthwaite",
        simultaneous: bool = False,
    ) -> pd.DataFrame:
        """Linear combinations of fixed effects, each by its t; `wald` tests them jointly.

        Parameters
        ----------
        hypotheses, pattern, value
            As in `Fit.contrast`.
        prob, df, simultaneous
            As in `hypothesis`.
        """
        found = read_hypothesis(hypotheses, self._estimate.fixed_labels, pattern, value)
        return self._tested(statements_of(found, self._estimate.fixed_labels), prob, df, simultaneous)

    def predictions(
        self,
        by: str | None = None,
        at: Mapping[str, Values] | Literal["mean"] | None = None,
        *,
        prob: float = 0.95,
        df: DfMethod = "satterthwaite",
    ) -> pd.DataFrame:
        """What is expected of the outcome in the population, averaged over the rows, at values of predictors.

        Parameters
        ----------
        by, at
            As in `Fit.predictions`.
        prob, df
            As in `hypothesis`; of outcomes that are not normal all is by the delta method.

        Returns
        -------
        pandas.DataFrame
            ``estimate``, ``se``, ``df``, ``t``, ``p``, ``lower``, ``upper``; of ordered categories a row each.

        Examples
        --------
        >>> import bayeshlm as hlm
        >>> fit = hlm.open_model("hsb-slopes-as-outcomes-full").reml()
        >>> fit.predictions(at={"sector": [0, 1]})["estimate"].round(3).to_dict()
        {0.0: 12.129, 1.0: 13.355}
        """
        return self._averaged(self._question(None, "prediction", by, at, None), prob, df)

    def comparisons(
        self,
        name: str,
        by: str | None = None,
        at: Mapping[str, Values] | Literal["mean"] | None = None,
        *,
        change: float | Literal["sd"] | tuple[float, float] | None = None,
        ratio: bool = False,
        prob: float = 0.95,
        df: DfMethod = "satterthwaite",
    ) -> pd.DataFrame:
        """How what is expected of the outcome differs where a predictor has another value in all rows.

        Parameters
        ----------
        name, by, at, change, ratio
            As in `Fit.comparisons`; t and p of a ratio are those of its difference from 1.
        prob, df
            As in `predictions`.
        """
        return self._averaged(self._question(name, "ratio" if ratio else "difference", by, at, change), prob, df)

    def slopes(
        self,
        name: str,
        by: str | None = None,
        at: Mapping[str, Values] | Literal["mean"] | None = None,
        *,
        prob: float = 0.95,
        df: DfMethod = "satterthwaite",
    ) -> pd.DataFrame:
        """Slope of what is expected of the outcome in a numeric predictor, averaged over the rows.

        Parameters
        ----------
        name, by, at
            As in `Fit.slopes`.
        prob, df
            As in `predictions`.
        """
        return self._averaged(self._question(name, "slope", by, at, None), prob, df)

    def contextual(
        self, name: str, prob: float = 0.95, df: DfMethod = "satterthwaite", *, latent: bool = False
    ) -> pd.DataFrame:
        """Slope of a level-1 variable within groups, between group means, and their difference, the contextual effect.

        Parameters
        ----------
        name : str
            As in `Fit.contextual`.
        prob, df
            As in `predictions`.
        latent : bool
            Slopes of the true group means, as in `Fit.contextual`: by maximum likelihood of the joint model of outcome
            and predictor, also after REML, with normal tests.

        Returns
        -------
        pandas.DataFrame
            ``within``, ``between``, ``contextual``: ``estimate``, ``se``, ``df``, ``t``, ``p``, ``lower``, ``upper``.
        """
        shares = None if self._design.weights is None else row_shares(self._design)
        found = within_between(self._design, shares, name)
        index = pd.Index(KINDS, name="slope")
        if latent:
            fitted = fit_latent_means(self._design, self._estimate, found)
            se = np.sqrt(np.diag(found.L @ fitted.vcov @ found.L.T))
            table = effects_table(found.L @ fitted.at.gamma[0], se, np.full(len(se), np.inf), index, prob)
            table.attrs["notes"] = (*latent_notes(found, fitted.reliability), "by maximum likelihood")
        else:
            table = self._combinations(found.L, index, prob, df)
            table.attrs["notes"] = found.notes
        title = f"Slopes within and between groups of {name}"
        return ShownFrame.of(self._stamped(table), partial(shown_effects, title=title))

    def standardized(self, prob: float = 0.95, df: DfMethod = "satterthwaite") -> pd.DataFrame:
        """Fixed effects in SDs of the outcome a SD of their column, both over the rows.

        Parameters
        ----------
        prob, df
            As in `predictions`.

        Returns
        -------
        pandas.DataFrame
            ``estimate``, ``se``, ``df``, ``t``, ``p``, ``lower``, ``upper`` of every effect that is no intercept.
        """
        labels, weights = standardized_weights(self._design)
        table = self._combinations(weights, pd.Index(labels, name="symbol"), prob, df)
        table.attrs["notes"] = NOTES
        return ShownFrame.of(self._stamped(table), partial(shown_effects, title="Standardized fixed effects"))

    def _combinations(self, L: FloatArray, index: pd.Index, prob: float, df: DfMethod) -> pd.DataFrame:
        raise NotImplementedError

    def _question(
        self,
        name: str | None,
        operation: Operation,
        by: str | None,
        at: Mapping[str, Values] | Literal["mean"] | None,
        change: float | Literal["sd"] | tuple[float, float] | None,
    ) -> Question:
        design = self._design
        shares = None if design.weights is None else row_shares(design)
        return ask(design, shares, name, operation, by, at, change)

    def _averages(self, question: Question, prob: float, df: DfMethod) -> pd.DataFrame:
        raise NotImplementedError

    def _averaged(self, question: Question, prob: float, df: DfMethod) -> pd.DataFrame:
        table = self._averages(question, prob, df)
        return ShownFrame.of(self._stamped(table), partial(shown_effects, title=title_of(question)))

    def _tested(self, statements: tuple[Statement, ...], prob: float, df: DfMethod, simultaneous: bool) -> pd.DataFrame:
        degrees = df if isinstance(self._estimate, RemlEstimate) else None
        estimate, covariance = self._estimate, self._covariance()
        table = statement_tests(estimate, covariance, statements, prob, degrees, simultaneous=simultaneous)
        return ShownFrame.of(self._stamped(table), partial(shown_plain, title="Tests of hypotheses"))
