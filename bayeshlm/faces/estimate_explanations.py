"""`EstimateExplanations`: what REML and ML fits of any outcome say of a question, by the method names of `Fit`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy.typing as npt
import pandas as pd

from bayeshlm.display.frame_tables import shown_plain
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.faces.estimate_quantities import EstimateQuantities
from bayeshlm.parameters.schema import Schema
from bayeshlm.parameters.statements import Statement, read_statements
from bayeshlm.reml.delta_method import ParameterCovariance, statement_tests
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.hypotheses import read_hypothesis, statements_of
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

    def _tested(self, statements: tuple[Statement, ...], prob: float, df: DfMethod, simultaneous: bool) -> pd.DataFrame:
        degrees = df if isinstance(self._estimate, RemlEstimate) else None
        estimate, covariance = self._estimate, self._covariance()
        table = statement_tests(estimate, covariance, statements, prob, degrees, simultaneous=simultaneous)
        return ShownFrame.of(self._stamped(table), partial(shown_plain, title="Tests of hypotheses"))
