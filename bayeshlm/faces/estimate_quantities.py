"""`EstimateQuantities`: what REML and ML fits of any outcome say of groups and variances, at the estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from bayeshlm.display.frame_tables import shown_plain
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.display.shown_ranks import ShownRanks
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.quantities import at_estimates
from bayeshlm.quantities.groups_at_estimates import KNOWN, groups_at_estimates
from bayeshlm.quantities.ranks import ranks
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.labelled_estimate import LabelledEstimate

if TYPE_CHECKING:
    from bayeshlm.display.plots.estimate_plots import EstimatePlots


class EstimateQuantities[Found: Estimate](LabelledEstimate[Found]):
    """The posterior's own formulas at the estimates; made as `RemlFit` or `MlFit`."""

    def _as_draw(self) -> xr.Dataset:
        raise NotImplementedError

    @cached_property
    def _draws(self) -> Draws:
        return Draws(self._as_draw(), self._design)

    @property
    def as_draw(self) -> xr.Dataset:
        """The estimates as a posterior of one chain and one draw, u the empirical Bayes estimates."""
        return self._draws.dataset

    def icc(self, at: Mapping[str, float] | None = None) -> pd.Series:
        """Intraclass correlation at the estimates, and the design effect; as `Fit.icc` defines them.

        Parameters
        ----------
        at : mapping, optional
            As in `Fit.icc`.

        Returns
        -------
        pandas.Series
            ``icc``, ``icc_unadjusted``, ``design_effect``, under a link ``icc_observed``, or of several groupings
            shares; see ``attrs["notes"]``.
        """
        series = at_estimates.icc_estimates(self._draws, at)
        series.attrs |= self._attrs
        return series

    def heterogeneity(self) -> pd.Series:
        """How far true effects differ beside their known errors, as `Fit.heterogeneity` defines it, with Cochran's Q.

        Returns
        -------
        pandas.Series
            ``i2``, ``h2`` (with several groupings ``i2[<grouping>]`` of each), ``q``, ``q_df`` and ``q_p``: the sum of
            squares of the residuals of the fixed effects alone, each over its known SD, which is chi-square if there
            is nothing between groups.

        Raises
        ------
        OptionError
            The level-1 variance is estimated: see `icc`.
        """
        series = at_estimates.heterogeneity_estimates(self._draws)
        series.attrs |= self._attrs
        return series

    def plausible_ranges(
        self,
        prob: float = 0.95,
        at: Mapping[str, float] | None = None,
        z: float | None = None,
        *,
        grouping: str | None = None,
    ) -> pd.DataFrame:
        """Range ``W gamma -+ z tau`` that holds `prob` of the groups' coefficients: ``lower``, ``upper``.

        Parameters
        ----------
        prob, at, z, grouping
            As in `Fit.plausible_ranges`.
        """
        table = self._stamped(at_estimates.range_estimates(self._draws, prob, at, z, grouping))
        return ShownFrame.of(table, partial(shown_plain, title="Plausible ranges of the groups"))

    def r2(self, null: EstimateQuantities[Any] | None = None) -> pd.Series:
        """Variance explained at the estimates, as `Fit.r2` defines it; with `null` ``"reduction sigma2"`` and so on.

        Parameters
        ----------
        null : RemlFit or MlFit, optional
            Fit of a smaller model to the same rows, from whose variances the reduction is taken.
        """
        other = None if null is None else (null.as_draw, null.design)
        series = at_estimates.r2_estimates(self._draws, other)
        series.attrs |= self._attrs
        return series

    @cached_property
    def plot(self) -> EstimatePlots:
        """The figures of the estimates: ``fit.plot.ranks("b0")``, of what `ranks` returns."""
        from bayeshlm.display.plots.drawn_fit import DrawnFit
        from bayeshlm.display.plots.estimate_plots import EstimatePlots

        return EstimatePlots(DrawnFit(self._groups, make_priors(self._design), xr.DataTree()))

    @cached_property
    def _groups(self) -> Draws:
        return groups_at_estimates(self._draws)

    def ranks(
        self,
        coefficient: str | None = None,
        at: Mapping[str, float] | None = None,
        prob: float = 0.95,
        kind: str = "eti",
        *,
        grouping: str | None = None,
        deviations: bool = False,
        highest_first: bool = True,
    ) -> ShownRanks:
        """Ranks of the groups, with what their outcomes leave open of them.

        4,000 draws of u from its distribution given the outcomes, with gamma, the variances and the distribution's
        parameters at their estimates (of normal outcomes lme4's ``ranef`` with ``condVar``). The uncertainty of the
        estimates is not in it: where groups are few, or differences come from predictors of the groups, ranks are less
        certain than this says, and those of `Fit.ranks` say by how much.

        Parameters
        ----------
        coefficient, at, prob, kind, grouping, deviations, highest_first
            As in `Fit.ranks`.

        Returns
        -------
        Ranks
            As `Fit.ranks`.

        Raises
        ------
        OptionError
            As `Fit.ranks`; or the estimate leaves no difference between groups that is not known.
        """
        found = ranks(
            self._groups, coefficient, at, prob, kind, grouping, deviations=deviations, highest_first=highest_first
        )
        if not (found.table["sd"] > 0).any():
            raise OptionError(
                f"the estimates leave nothing of {found.what} to rank, its variance between groups being 0: the "
                "posterior, model.fit().ranks(), holds other values of it"
            )
        self._stamped(found.table)
        return ShownRanks.of(replace(found, notes=(*found.notes, KNOWN)))
