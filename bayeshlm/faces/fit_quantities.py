"""`FitQuantities`: what is read off the draws of a `Fit`, tables and quantities with their intervals.

`FitDraws` holds the draws, `FitChecks` sets them beside data, priors and REML, `Fit` adds predictions, figures and
files: several, because one with the docstrings of all its methods is as long as several files may be.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.fit_tables import Shown
from bayeshlm.display.frame_tables import shown_fixed, shown_groups, shown_variance
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.faces.fit_draws import FitDraws
from bayeshlm.quantities.coefficient_names import find_slope_of_groups
from bayeshlm.quantities.fixed_effects import fixed_effects
from bayeshlm.quantities.group_coefficients import group_coefficients
from bayeshlm.quantities.group_draws import group_draws
from bayeshlm.quantities.group_sd import group_sd
from bayeshlm.quantities.heterogeneity import heterogeneity
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.plausible_ranges import plausible_ranges
from bayeshlm.quantities.reliability import eb_weights, group_reliability, reliability
from bayeshlm.quantities.variance_components import variance_components


class FitQuantities(FitDraws):
    """The results that the draws of a `Fit` give.

    Parameters
    ----------
    model : Model
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it.
    """

    def fixed_effects(self, prob: float = 0.95, kind: str = "eti", *, exponentiate: bool = False) -> pd.DataFrame:
        """Fixed effects (gamma), a row a symbol.

        Parameters
        ----------
        prob : float
            Probability of the interval.
        kind : {"eti", "hdi"}
            Equal-tailed or highest-density interval.
        exponentiate : bool
            Of ``exp(gamma)``: odds ratios under the logit, rate ratios or ratios of means under the log, hazard ratios
            under the cloglog; of the intercept the odds or the mean where all terms are 0.

        Returns
        -------
        pandas.DataFrame
            Indexed by symbol; columns ``coefficient``, ``term``, the summary and, with sampling weights, ``deft``.

        Raises
        ------
        OptionError
            ``exp(gamma)`` means nothing under the outcome's link.
        """
        table = self._stamped(fixed_effects(self._fitted.draws, prob, kind, exponentiate=exponentiate))
        return ShownFrame.of(table, partial(shown_fixed, labels=ColumnLabels.of(self.model.design)))

    def variance_components(self, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
        """Variance components: tau and sigma (SDs), their squares, covariances and correlations.

        Parameters
        ----------
        prob, kind
            As in `fixed_effects`.

        Returns
        -------
        pandas.DataFrame
            Indexed by (component, effect): ``("tau", "u0")``, ``("corr", "u0,u1")``, ``("sigma", "")``.
        """
        table = self._stamped(variance_components(self._fitted.draws, prob, kind))
        return ShownFrame.of(table, shown_variance)

    def group_coefficients(self, prob: float = 0.95, kind: str = "eti", *, grouping: str | None = None) -> pd.DataFrame:
        """Coefficients of every group: ``beta_j = W_j gamma + u_j``.

        Parameters
        ----------
        prob, kind
            As in `fixed_effects`; the interval is beta's.
        grouping : str, optional
            Whose groups, where there are several groupings.

        Returns
        -------
        pandas.DataFrame
            Indexed by (group, coefficient); beside beta the group's size ``n``, its deviation (``u_mean``,
            ``u_sd``) and its own least-squares estimate (``ols``). ``attrs["note"]``, if any, says how beta was
            summarized without draws in `posterior`.
        """
        table = group_coefficients(self._fitted.draws, prob, kind, grouping)
        return ShownFrame.of(self._stamped(table), shown_groups)

    def group_draws(self, groups: Sequence[Hashable] | None = None, *, grouping: str | None = None) -> xr.Dataset:
        """Draws of u and beta of groups, as `posterior` has them unless they are too many to keep.

        Parameters
        ----------
        groups : sequence of group labels, optional
            All groups by default.
        grouping : str, optional
            As in `group_coefficients`.

        Returns
        -------
        xarray.Dataset
            ``u`` (chain, draw, <group>, random) and ``beta`` (chain, draw, <group>, coefficient). Draws that were not
            kept are made again from the seed: a group's are the same whichever others are asked for.

        Raises
        ------
        OptionError
            A group is unknown, or the draws are too many: ask for fewer groups.
        """
        return group_draws(self._fitted.draws, groups, grouping)

    def icc(self, at: Mapping[str, float] | None = None, prob: float = 0.95, kind: str = "eti") -> Shown:
        """Intraclass correlation of each draw, with the design effect.

        Parameters
        ----------
        at : mapping, optional
            Values of the columns with a random slope at which it is taken; by default the
            between-group variance is averaged over rows (Johnson 2014).
        prob, kind
            As in `fixed_effects`.

        Returns
        -------
        Quantity
            ``draws`` (``icc``, ``icc_unadjusted``, ``design_effect``) and ``table``; with several groupings the
            share of each, and the correlation of rows that have a unit of it, or of two that cross, in common.
        """
        return self._shown(icc(self._fitted.draws, at, prob, kind))

    def heterogeneity(self, prob: float = 0.95, kind: str = "eti") -> Shown:
        """How far true effects differ beside their known errors: I^2 and H^2 of each draw, as in a meta-analysis.

        Parameters
        ----------
        prob, kind
            As in `fixed_effects`.

        Returns
        -------
        Quantity
            ``draws`` (``i2``, ``h2``) and ``table``; with several groupings the share ``i2[<grouping>]`` of each. The
            interval of a new group's effect is the ``predictive`` one of `plausible_ranges`.

        Raises
        ------
        OptionError
            The level-1 variance is estimated: see `icc`.
        """
        return self._shown(heterogeneity(self._fitted.draws, prob, kind))

    def group_sd(
        self,
        x: str | None = None,
        at: Sequence[float] | None = None,
        prob: float = 0.95,
        kind: str = "eti",
        *,
        grouping: str | None = None,
    ) -> Shown:
        """How far groups lie apart along a random slope: the SD of what is expected, and where it is smallest.

        Parameters
        ----------
        x : str, optional
            The slope, by symbol, expression or column; may be left out where there is one.
        at : sequence of float, optional
            Values of its expression; by default five from the smallest to the largest in the data.
        prob, kind
            As in `fixed_effects`.
        grouping : str, optional
            Between whose groups, where there are several groupings.

        Returns
        -------
        Quantity
            ``table``: the SD, and the ICC where level 1 has one variance, at each value; the smallest SD in the data
            and where it is. ``draws`` as `bayeshlm.quantities.group_sd.group_sd` has them.

        Raises
        ------
        OptionError
            The groups have no random slope, not this one, or several and none is named.
        """
        design = self.model.design
        k = design.position_of(grouping)
        slope = find_slope_of_groups(design, x, k)
        found = group_sd(self._fitted.draws, slope, None if at is None else np.array(at, float), prob, kind, k)
        self._stamped(found.table)
        return Shown.of(found)

    def plausible_ranges(
        self,
        prob: float = 0.95,
        at: Mapping[str, float] | None = None,
        z: float | None = None,
        kind: str = "eti",
        *,
        grouping: str | None = None,
        response: bool = False,
    ) -> Shown:
        """Range that holds `prob` of the groups' coefficients: between-group spread, not imputed scores.

        Parameters
        ----------
        prob : float
            Share of the groups.
        at : mapping, optional
            Values of level-2 columns; by default their means over groups.
        z : float, optional
            Multiplier of tau in place of the normal quantile (textbooks: 1.96).
        kind : {"eti", "hdi"}
            Interval of the ends in the table.
        grouping : str, optional
            As in `group_coefficients`.
        response : bool
            Of what is expected of the outcome where every level-1 predictor is 0, the intercept through the inverse
            link: probabilities, mean counts.

        Returns
        -------
        Quantity
            ``draws`` of the ends ``W gamma +- z tau``; the table has them summarized, plugged in at the
            posterior mean (``plug_in``) and for a new group, uncertainty included (``predictive``).
        """
        return self._shown(plausible_ranges(self._fitted.draws, prob, at, z, kind, grouping, response=response))

    def reliability(self, prob: float = 0.95, kind: str = "eti", *, grouping: str | None = None) -> Shown:
        """Reliability of the groups' own estimates, as HLM prints it, averaged over groups.

        Of an outcome that is not normal it is that of the means of u, ``1 - Var(u | y, parameters) / tau^2``.

        Parameters
        ----------
        prob, kind
            As in `fixed_effects`.
        grouping : str, optional
            As in `group_coefficients`; of nested groupings only.

        Returns
        -------
        Quantity
            ``draws`` (``reliability``; ``by_group`` posterior means) and ``table``.
        """
        return self._shown(reliability(self._fitted.draws, prob, kind, grouping))

    def group_reliability(
        self, groups: Sequence[Hashable] | None = None, *, grouping: str | None = None
    ) -> xr.DataArray:
        """Draws of the reliability of single groups, dims (chain, draw, <group>, coefficient).

        Parameters
        ----------
        groups : sequence of group labels, optional
            All groups by default.
        grouping : str, optional
            As in `reliability`.

        Raises
        ------
        OptionError
            A group is unknown, or the draws are too many: ask for fewer groups.
        """
        return group_reliability(self._fitted.draws, groups, grouping)

    def eb_weights(self, groups: Sequence[Hashable] | None = None, *, grouping: str | None = None) -> xr.DataArray:
        """Posterior mean of the empirical Bayes weights ``G (G + V_j)^-1``, dims ``(<group>, random, random_)``.

        Row q of a group's matrix: how much its own least-squares deviations count in the estimate of u_q.

        Parameters
        ----------
        groups : sequence of group labels, optional
            All groups by default.
        grouping : str, optional
            As in `reliability`.
        """
        return eb_weights(self._fitted.draws, groups, grouping)
