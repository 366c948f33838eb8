"""The estimates of a fit with their labels."""

from __future__ import annotations

import pandas as pd

from bayeshlm.design.design import Design
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.without_weights import refuse_weights
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimates import Estimate

NO_PENALTY = "its penalty is that of a likelihood, and the log pseudo-likelihood is none"
INSTEAD = "test effects by wald()"


class LabelledEstimate[Found: Estimate]:
    """An `Estimate` by the names of the model's equations.

    Parameters
    ----------
    design : Design
        Numbers of the model.
    estimate : Estimate
        Its fit.
    """

    def __init__(self, design: Design, estimate: Found) -> None:
        self._design = design
        self._estimate = estimate

    @property
    def design(self) -> Design:
        """Numbers of the model."""
        return self._design

    @property
    def estimate(self) -> Found:
        """All estimates as arrays."""
        return self._estimate

    @property
    def method(self) -> Method:
        """Criterion: "REML" or "ML"."""
        return self._estimate.method

    @property
    def gamma(self) -> pd.Series:
        """Fixed effects by symbol."""
        return pd.Series(self._estimate.gamma, index=pd.Index(self._design.fixed_labels, name="symbol"), name="gamma")

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the fixed effects."""
        return _square(self._estimate.vcov, self._design.fixed_labels)

    @property
    def G(self) -> pd.DataFrame:
        """Covariance matrix of the random effects."""
        return _square(self._estimate.G, self._design.random_labels)

    @property
    def tau(self) -> pd.Series:
        """SDs of the random effects."""
        return pd.Series(self._estimate.tau, index=pd.Index(self._design.random_labels, name="effect"), name="tau")

    @property
    def corr(self) -> pd.DataFrame:
        """Correlations of the random effects; NaN beside an SD of 0."""
        return _square(self._estimate.corr, self._design.random_labels)

    @property
    def criterion(self) -> float:
        """REML criterion or ML deviance."""
        return self._estimate.criterion

    @property
    def deviance(self) -> float:
        """The criterion, under the name that HLM prints."""
        return self._estimate.deviance

    @property
    def log_likelihood(self) -> float:
        """Restricted (REML) or full (ML) log-likelihood."""
        return self._estimate.log_likelihood

    @property
    def aic(self) -> float:
        """Akaike's criterion, with `n_parameters` parameters."""
        refuse_weights(self._design, "AIC", NO_PENALTY, INSTEAD)
        return self._estimate.aic

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the number of rows, as lme4 counts."""
        refuse_weights(self._design, "BIC", NO_PENALTY, INSTEAD)
        return self._estimate.bic

    @property
    def n_parameters(self) -> int:
        """Fixed effects, variances and covariances, and sigma or what else the outcome's distribution has."""
        return self._estimate.n_parameters

    @property
    def singular(self) -> bool:
        """Whether the estimate of G lies on its boundary."""
        return self._estimate.singular

    @property
    def reason(self) -> str:
        """Which tau is 0 or which correlation is 1 or -1; empty when not singular."""
        return self._estimate.reason

    @property
    def converged(self) -> bool:
        """Whether the search ended at a minimum."""
        return self._estimate.converged

    @property
    def _attrs(self) -> dict[str, object]:
        design = self._design
        counts = {"n_obs": design.n_obs, "rows_dropped": design.rows_dropped}
        return counts | {"method": self.method, "converged": self.converged, "singular": self.singular}

    def _stamped(self, table: pd.DataFrame) -> pd.DataFrame:
        table.attrs |= self._attrs
        return table


def _square(matrix: FloatArray, labels: list[str]) -> pd.DataFrame:
    return pd.DataFrame(matrix, index=labels, columns=labels)
