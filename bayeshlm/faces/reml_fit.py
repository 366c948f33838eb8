"""`RemlFit`: REML or ML estimates of a model, with the method names of `Fit`."""

from __future__ import annotations

import warnings
from functools import partial

import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import chain
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.frame_tables import shown_groups, shown_plain
from bayeshlm.display.reml_tables import (
    INTERVALS,
    RemlReport,
    reml_fixed_grid,
    reml_html,
    reml_text,
    reml_variance_grid,
)
from bayeshlm.display.shown_frame import ShownFrame
from bayeshlm.errors import ModelWarning
from bayeshlm.faces.reml_tests import RemlTests
from bayeshlm.quantities import at_estimates
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.estimate_tables import bounds_of, fixed_table, interval_table
from bayeshlm.reml.intervals import IntervalDf
from bayeshlm.reml.profile import IntervalMethod, interval_estimates


class RemlFit(RemlTests):
    """REML or ML estimates of a `Model`, made by `Model.reml` or `Model.ml`; no sampling, PyMC is not imported.

    Every table says in ``attrs`` how many rows were used and dropped, whether the search converged and whether the
    estimate is `singular`: on the boundary, a variance of 0 or a correlation of 1 or -1, with the `reason`.

    Parameters
    ----------
    design : Design
        Numbers of the model.
    method : "REML" or "ML"
        Criterion.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> fit = hlm.open_model("hsb-one-way-anova").reml()
    >>> fit.fixed_effects().loc["g00", ["estimate", "se"]].astype(float).round(4).to_dict()
    {'estimate': 12.637, 'se': 0.2444}
    >>> round(float(fit.icc()["icc"]), 4)
    0.1804
    """

    def __init__(self, design: Design, method: Method = "REML") -> None:
        super().__init__(design, fit_reml(design, method))

    def fixed_effects(
        self, prob: float = 0.95, df: IntervalDf = "satterthwaite", *, robust: bool = False
    ) -> pd.DataFrame:
        """Fixed effects (gamma), a row a symbol.

        Parameters
        ----------
        prob : float
            Confidence of the intervals.
        df : {"satterthwaite", "kenward-roger", "normal"}
            Degrees of freedom; Kenward-Roger's standard errors are the adjusted ones.
        robust : bool
            Cluster-robust standard errors (see `robust_se`), with the same degrees of freedom. Those of fewer than 50
            groups are too small: ``attrs["notes"]`` and a warning say so.

        Returns
        -------
        pandas.DataFrame
            Indexed by symbol; columns ``coefficient``, ``term``, ``estimate``, ``se``, ``df``, ``t``, ``p``, ``lower``,
            ``upper``.
        """
        table = fixed_table(self._design, self._estimate, prob, df, robust)
        for note in table.attrs["notes"]:
            warnings.warn(f"{note[0].upper()}{note[1:]}.", ModelWarning, stacklevel=2)
        return ShownFrame.of(self._stamped(table), partial(reml_fixed_grid, labels=ColumnLabels.of(self._design)))

    def variance_components(
        self, prob: float = 0.95, intervals: IntervalMethod | None = "wald", criterion: Method = "ML"
    ) -> pd.DataFrame:
        """Variance components: tau and sigma (SDs), their squares, covariances and correlations.

        Parameters
        ----------
        prob, intervals, criterion
            As in `intervals`, or no intervals. Squares have the squared bounds, covariances none.

        Returns
        -------
        pandas.DataFrame
            Indexed by (component, effect): ``("tau", "u0")``, ``("corr", "u0,u1")``, ``("sigma", "")``; ``estimate``
            and, with intervals, ``lower`` and ``upper``; with several groupings ``grouping`` before them.
        """
        table = at_estimates.variance_estimates(self._draws)
        table.attrs = {"intervals": intervals, "notes": ()}
        if intervals is not None:
            found = interval_estimates(self._design, self._estimate, intervals, prob, criterion=criterion, fixed=False)
            table = table.join(bounds_of(found, list(table.index)))
            table.attrs = {"ci_prob": prob, "intervals": intervals, "notes": found.notes}
        return ShownFrame.of(self._stamped(table), reml_variance_grid)

    def intervals(
        self,
        method: IntervalMethod = "wald",
        prob: float = 0.95,
        df: IntervalDf = "satterthwaite",
        criterion: Method = "ML",
    ) -> pd.DataFrame:
        """Confidence intervals of gamma, tau, corr and sigma.

        Parameters
        ----------
        method : {"wald", "profile"}
            Wald: Student's t for gamma; for SDs and correlations normal on log and atanh scales, as nlme's
            ``intervals``. Profile: where the deviance has risen by a chi-square quantile, as lme4's ``confint``.
        prob, df
            As in `fixed_effects`.
        criterion : {"ML", "REML"}
            Which deviance is profiled for tau, corr and sigma; gamma's, and lme4's, is always ML.

        Returns
        -------
        pandas.DataFrame
            Indexed by (component, effect): ``estimate``, ``lower``, ``upper``; what must be said in ``attrs["notes"]``.
        """
        found = interval_estimates(self._design, self._estimate, method, prob, df, criterion)
        title = f"{INTERVALS[method]} intervals".capitalize()
        return ShownFrame.of(self._stamped(interval_table(found, method)), partial(shown_plain, title=title))

    def _as_draw(self) -> xr.Dataset:
        return at_estimates.estimates_as_draw(self._design, self._estimate)

    def group_coefficients(self, grouping: str | None = None) -> pd.DataFrame:
        """Coefficients of every group: ``beta_j = W_j gamma + u_j``, u its empirical Bayes estimate.

        Parameters
        ----------
        grouping : str, optional
            Whose groups, where there are several groupings.

        Returns
        -------
        pandas.DataFrame
            Indexed by (group, coefficient): ``n`` (rows), ``estimate`` (of beta), ``u``, ``u_sd`` (conditional SD
            with gamma and the variances taken as known, as lme4's) and, with one grouping, ``ols``, the group's own
            least squares. Of a grouping within others beta holds the u of all that it belongs to.

        Raises
        ------
        OptionError
            The model has no such grouping, or several and none is named.
        """
        position = self._design.position_of(grouping)
        if len(self._design.groupings) == 1:
            return ShownFrame.of(self._stamped(at_estimates.group_estimates(self._draws, self._estimate)), shown_groups)
        table = self._stamped(at_estimates.unit_estimates(self._draws, self._estimate, position))
        return ShownFrame.of(table, shown_groups)

    def reliability(self, grouping: str | None = None) -> pd.DataFrame:
        """Reliability of the groups' own estimates, averaged over ``attrs["n_groups_with_ols"]``, as HLM prints it.

        Parameters
        ----------
        grouping : str, optional
            As in `group_coefficients`; of nested groupings only.
        """
        table = self._stamped(at_estimates.reliability_estimates(self._draws, grouping))
        return ShownFrame.of(table, partial(shown_plain, title="Reliability"))

    @property
    def _report(self) -> RemlReport:
        design, nested = self._design, chain(self._design) is not None
        return RemlReport(
            design=design,
            estimate=self._estimate,
            fixed=self.fixed_effects(),
            variance=self.variance_components(),
            residuals=None if design.rows is None else self.residuals(),
            shares=self.heterogeneity() if design.outcome.residuals.known else self.icc(),
            tests=self.chi_square() if len(design.groupings) == 1 else None,
            reliability={name: self.reliability(name) for name in design.groupings} if nested else {},
        )

    def __repr__(self) -> str:
        return reml_text(self._report)

    def _repr_html_(self) -> str:
        return reml_html(self._report)
