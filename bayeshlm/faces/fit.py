"""`Fit`: the posterior of a model and every result that is read off it."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property, partial

import pandas as pd
import xarray as xr

from bayeshlm.checks.cross_check import cross_check
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.fit_report import fit_report
from bayeshlm.display.fit_tables import FitReport, Shown, fit_html, fit_text
from bayeshlm.display.frame_tables import shown_fixed, shown_groups, shown_variance
from bayeshlm.display.shown_cross_check import ShownCrossCheck
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.faces.fit_quantities import FitQuantities
from bayeshlm.faces.model import Model
from bayeshlm.faces.storage import StoredFit, restored_fit, write_fit
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.fixed_effects import fixed_effects
from bayeshlm.quantities.group_coefficients import group_coefficients
from bayeshlm.quantities.group_draws import group_draws
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.plausible_ranges import plausible_ranges
from bayeshlm.quantities.reliability import eb_weights, group_reliability, reliability
from bayeshlm.quantities.variance_components import variance_components
from bayeshlm.reml.estimate import fit_reml


class Fit(FitQuantities):
    """The posterior of a `Model`, made by `Model.fit` or read by `load`.

    Every table has the columns mean, sd, lower, upper, ess_bulk, ess_tail, r_hat and mcse_mean where
    they apply (`variance_components` and `icc` the median too), and says in ``attrs`` which interval it
    shows (``ci_kind``, ``ci_prob``), how many rows were used and dropped (``n_obs``, ``rows_dropped``)
    and whether the sampler converged.

    Parameters
    ----------
    model : Model
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it.
    """

    @cached_property
    def _moments(self) -> xr.Dataset | None:
        """Posterior moments of u and beta, where their draws were too many to keep."""
        return self._idata["group_moments"].to_dataset() if "group_moments" in self._idata.children else None

    def fixed_effects(self, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
        """Fixed effects (gamma), a row a symbol.

        Parameters
        ----------
        prob : float
            Probability of the interval.
        kind : {"eti", "hdi"}
            Equal-tailed or highest-density interval.

        Returns
        -------
        pandas.DataFrame
            Indexed by symbol; columns ``coefficient``, ``term`` and the summary.
        """
        table = self._stamped(fixed_effects(Draws(self.posterior, self.model.design), prob, kind))
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
        table = self._stamped(variance_components(Draws(self.posterior, self.model.design), prob, kind))
        return ShownFrame.of(table, shown_variance)

    def group_coefficients(self, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
        """Level-1 coefficients of every group: ``beta_j = W_j gamma + u_j``.

        Parameters
        ----------
        prob, kind
            As in `fixed_effects`; the interval is beta's.

        Returns
        -------
        pandas.DataFrame
            Indexed by (group, coefficient); beside beta the group's size ``n``, its deviation (``u_mean``,
            ``u_sd``) and its own least-squares estimate (``ols``). ``attrs["note"]``, if any, says how beta was
            summarized without draws in `posterior`.
        """
        found = group_coefficients(Draws(self.posterior, self.model.design, self._moments), prob, kind)
        return ShownFrame.of(self._stamped(found), shown_groups)

    def group_draws(self, groups: Sequence[Hashable] | None = None) -> xr.Dataset:
        """Draws of u and beta of groups, as `posterior` has them unless they are too many to keep.

        Parameters
        ----------
        groups : sequence of group labels, optional
            All groups by default.

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
        return group_draws(Draws(self.posterior, self.model.design), groups)

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
            ``draws`` (``icc``, ``icc_unadjusted``, ``design_effect``) and ``table``.
        """
        return self._shown(icc(Draws(self.posterior, self.model.design), at, prob, kind))

    def plausible_ranges(
        self, prob: float = 0.95, at: Mapping[str, float] | None = None, z: float | None = None, kind: str = "eti"
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

        Returns
        -------
        Quantity
            ``draws`` of the ends ``W gamma +- z tau``; the table has them summarized, plugged in at the
            posterior mean (``plug_in``) and for a new group, uncertainty included (``predictive``).
        """
        return self._shown(plausible_ranges(Draws(self.posterior, self.model.design), prob, at, z, kind))

    def reliability(self, prob: float = 0.95, kind: str = "eti") -> Shown:
        """Reliability of the groups' own estimates, as HLM prints it, averaged over groups.

        Parameters
        ----------
        prob, kind
            As in `fixed_effects`.

        Returns
        -------
        Quantity
            ``draws`` (``reliability``; ``by_group`` posterior means) and ``table``.
        """
        return self._shown(reliability(Draws(self.posterior, self.model.design), prob, kind))

    def group_reliability(self, groups: Sequence[Hashable] | None = None) -> xr.DataArray:
        """Draws of the reliability of single groups, dims (chain, draw, <group>, coefficient).

        Parameters
        ----------
        groups : sequence of group labels, optional
            All groups by default.

        Raises
        ------
        OptionError
            A group is unknown, or the draws are too many: ask for fewer groups.
        """
        return group_reliability(Draws(self.posterior, self.model.design), groups)

    def eb_weights(self, groups: Sequence[Hashable] | None = None) -> xr.DataArray:
        """Posterior mean of the empirical Bayes weights ``G (G + V_j)^-1``, dims ``(<group>, random, random_)``.

        Row q of a group's matrix: how much its own least-squares deviations count in the estimate of u_q.

        Parameters
        ----------
        groups : sequence of group labels, optional
            All groups by default.

        Raises
        ------
        OptionError
            A group is unknown.
        """
        return eb_weights(Draws(self.posterior, self.model.design), groups)

    def cross_check(self) -> ShownCrossCheck:
        """Posterior beside REML: differences in standard errors, a verdict, and the reasons where they differ.

        Returns
        -------
        CrossCheck
            ``table`` (gamma, tau, corr, sigma, ICC, and the groups summed up), ``groups`` (every group's
            coefficients), ``agrees``, ``verdict``, ``reasons``.

        Raises
        ------
        DataError
            If REML has no estimate, as when nothing is left for the level-1 variance.

        See Also
        --------
        bayeshlm.checks.verdicts : when a row agrees.
        bayeshlm.checks.causes : how the reasons are computed.
        """
        return self._cross_check

    @cached_property
    def _cross_check(self) -> ShownCrossCheck:
        design, priors = self.model.design, self.model.priors
        reml = fit_reml(design)
        draws = Draws(self.posterior, design)
        return ShownCrossCheck.of(cross_check(draws, priors, reml, self.convergence, self._moments))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole fit to one netCDF file, which `bayeshlm.load` restores.

        Parameters
        ----------
        path : str or path
            The file, such as ``"fit.nc"``.

        Raises
        ------
        FileError
            If the file cannot be written; what stood there is left as it was.
        """
        model, design = self.model, self.model.design
        priors = {key: text for key, text in model.priors.texts().items() if key in model.priors.typed}
        text, dropped = design.spec.text or model.equations("levels"), (design.rows_dropped, design.left_out)
        write_fit(StoredFit(self.idata, design.frame, text, design.group, priors, *dropped), path)

    @cached_property
    def _report(self) -> FitReport:
        tables, quantities = (self.fixed_effects(), self.variance_components()), (self.icc(), self.plausible_ranges())
        levels = self.model.equations("levels")
        return fit_report(self.model.design, levels, self.idata.attrs, self.convergence, tables, quantities)

    def __repr__(self) -> str:
        return fit_text(self._report)

    def _repr_html_(self) -> str:
        return fit_html(self._report)


def load(path: str | os.PathLike[str]) -> Fit:
    """Read a fit that `Fit.save` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Fit
        With its model, ready for everything that a fresh fit does.

    Raises
    ------
    FileError
        If there is no such file, it is not a saved fit, or it is damaged or was changed.
    """
    design, priors, idata = restored_fit(path)
    return Fit(Model.from_design(design, priors), idata)
