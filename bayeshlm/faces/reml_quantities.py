"""The derived quantities of a REML or ML fit, by the names that `Fit` has for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial

import pandas as pd
import xarray as xr

from bayeshlm.display.frame_tables import shown_groups, shown_plain
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities import at_estimates
from bayeshlm.reml.labelled_estimate import LabelledEstimate


class RemlQuantities(LabelledEstimate):
    """Quantities at the estimates: the formulas of the posterior's quantities on one draw."""

    @cached_property
    def as_draw(self) -> xr.Dataset:
        """The estimates as a posterior of one chain and one draw, u the empirical Bayes estimates."""
        return at_estimates.estimates_as_draw(self._design, self._estimate)

    def group_coefficients(self) -> pd.DataFrame:
        """Level-1 coefficients of every group: ``beta_j = W_j gamma + u_j``, u its empirical Bayes estimate.

        Returns
        -------
        pandas.DataFrame
            Indexed by (group, coefficient): ``n`` (rows), ``estimate`` (of beta), ``u``, ``u_sd`` (conditional SD
            with gamma and the variances taken as known, as lme4's) and ``ols``, the group's own least squares.
        """
        table = self._stamped(at_estimates.group_estimates(Draws(self.as_draw, self._design), self._estimate))
        return ShownFrame.of(table, shown_groups)

    def icc(self, at: Mapping[str, float] | None = None) -> pd.Series:
        """Intraclass correlation at the estimates, and the design effect; as `Fit.icc` defines them.

        Parameters
        ----------
        at : mapping, optional
            Values of the columns with a random slope at which it is taken.

        Returns
        -------
        pandas.Series
            ``icc``, ``icc_unadjusted``, ``design_effect``; definitions in ``attrs["notes"]``.
        """
        series = at_estimates.icc_estimates(Draws(self.as_draw, self._design), at)
        series.attrs |= self._attrs
        return series

    def plausible_ranges(
        self, prob: float = 0.95, at: Mapping[str, float] | None = None, z: float | None = None
    ) -> pd.DataFrame:
        """Range ``W gamma -+ z tau`` that holds `prob` of the groups' coefficients.

        Parameters
        ----------
        prob : float
            Share of the groups.
        at : mapping, optional
            Values of level-2 columns; by default their means over groups.
        z : float, optional
            Multiplier of tau in place of the normal quantile.

        Returns
        -------
        pandas.DataFrame
            Indexed by coefficient: ``lower``, ``upper``.
        """
        table = self._stamped(at_estimates.range_estimates(Draws(self.as_draw, self._design), prob, at, z))
        return ShownFrame.of(table, partial(shown_plain, title="Plausible ranges of the groups"))

    def reliability(self) -> pd.DataFrame:
        """Reliability of the groups' own estimates, averaged over groups, as HLM prints it.

        Returns
        -------
        pandas.DataFrame
            Indexed by coefficient: ``estimate``; ``attrs["n_groups_with_ols"]`` groups enter.
        """
        table = self._stamped(at_estimates.reliability_estimates(Draws(self.as_draw, self._design)))
        return ShownFrame.of(table, partial(shown_plain, title="Reliability"))

    def r2(self, null: RemlQuantities | None = None) -> pd.Series:
        """Variance explained at the estimates, as `Fit.r2` defines it.

        Parameters
        ----------
        null : RemlFit, optional
            Fit of a smaller model to the same rows, from whose variances the reduction is taken.

        Returns
        -------
        pandas.Series
            ``marginal``, ``conditional`` and the shares; with `null` ``"reduction sigma2"`` and so on.

        Raises
        ------
        OptionError
            `null` is a fit to other rows.
        """
        other = None if null is None else (null.as_draw, null.design)
        series = at_estimates.r2_estimates(Draws(self.as_draw, self._design), other)
        series.attrs |= self._attrs
        return series
