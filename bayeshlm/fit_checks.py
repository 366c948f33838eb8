"""What a fit is asked after the posterior: does it fit, what does it predict, which model is better, who drives it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload

import xarray as xr

from bayeshlm.errors import OptionError
from bayeshlm.model import Model

if TYPE_CHECKING:
    from bayeshlm.display.prior_sensitivity import ShownSensitivity
    from bayeshlm.display.residuals import ShownLevelOne, ShownLevelTwo
    from bayeshlm.prior_refits import Alternatives


class FitChecks:
    """The checks of a `Fit`; each method hands the draws to a function of `bayeshlm.checks`.

    Parameters
    ----------
    model : Model
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it.
    """

    def __init__(self, model: Model, idata: xr.DataTree) -> None:
        self._model = model
        self._idata = idata

    @property
    def model(self) -> Model:
        """The model that was fitted."""
        return self._model

    @property
    def idata(self) -> xr.DataTree:
        """All groups of draws, as ArviZ takes them."""
        return self._idata

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Draws of ``gamma``, ``tau``, ``corr``, ``sigma``, ``u`` and ``beta``, dims (chain, draw, ...).

        Where beta would take more than 256 MiB, u and beta are left out; see `Fit.group_draws`.
        """
        return self._idata["posterior"].to_dataset()

    @overload
    def residuals(
        self, level: Literal[1] = 1, prob: float = 0.95, kind: str = "eti", min_df: int = 10
    ) -> ShownLevelOne: ...

    @overload
    def residuals(
        self, level: Literal[2], prob: float = 0.95, kind: str = "eti", min_df: int = 10
    ) -> ShownLevelTwo: ...

    def residuals(
        self, level: Literal[1, 2] = 1, prob: float = 0.95, kind: str = "eti", min_df: int = 10
    ) -> ShownLevelOne | ShownLevelTwo:
        """Residuals of the rows (level 1) or of the groups (level 2), with the tests that belong to them.

        Parameters
        ----------
        level : {1, 2}
            1: ``r = y - X gamma - Z u`` of every row, standardized, with tests of normality and HLM's test of equal
            level-1 variance. 2: empirical Bayes and least-squares residuals u of every group, and its Mahalanobis
            distance with a posterior predictive p-value.
        prob : float
            Probability of the intervals.
        kind : {"eti", "hdi"}
            Equal-tailed or highest-density interval.
        min_df : int
            Degrees of freedom that a group needs for the test of equal variance.

        Returns
        -------
        LevelOneResiduals or LevelTwoResiduals
            ``table``, ``data`` (xarray) and ``hlm_file()``, the columns of the HLM program's residual file; level 1:
            ``normality``, ``variance``; level 2: ``distances``.

        Raises
        ------
        OptionError
            An argument is not what it may be.

        See Also
        --------
        bayeshlm.checks.level1_residuals.level1_residuals, bayeshlm.checks.level1_variance.level1_variance,
        bayeshlm.checks.level2_residuals.level2_residuals, bayeshlm.checks.mahalanobis.distances : formulas and sources.
        """
        from bayeshlm.checks.level1_residuals import level1_residuals
        from bayeshlm.checks.level2_residuals import level2_residuals
        from bayeshlm.display.residuals import ShownLevelOne, ShownLevelTwo

        if level == 1:
            return ShownLevelOne.of(level1_residuals(self.posterior, self.model.design, prob, kind, min_df))
        if level == 2:
            return ShownLevelTwo.of(level2_residuals(self.posterior, self.model.design, prob, kind))
        raise OptionError(f"level is 1 (rows) or 2 (groups), not {level!r}.")

    def prior_sensitivity(
        self,
        refit: Alternatives | None = None,
        prob: float = 0.95,
        kind: str = "eti",
        progress: bool | None = None,
    ) -> ShownSensitivity:
        """How much the posterior depends on the priors: by power scaling, and by refits on request.

        Parameters
        ----------
        refit : True or mapping, optional
            True refits with all priors twice and half as wide. Or priors by a name of your choice:
            ``{"wide": {"tau_u0": "HalfNormal(50)"}}``; those not named stay as they are.
        prob, kind
            Interval of the refits' table.
        progress : bool, optional
            As in `Model.fit`.

        Returns
        -------
        PriorSensitivity
            ``table`` (sensitivity to prior and likelihood, a diagnosis a parameter), ``by_prior`` (sensitivity to each
            prior alone) and ``refits`` (posteriors side by side, None unless asked for).

        Raises
        ------
        OptionError, PriorError
            `refit` is not what it may be, or names a prior that the model does not have.

        See Also
        --------
        bayeshlm.checks.power_scaling.power_scaling : the measure and its source.
        """
        from bayeshlm.display.prior_sensitivity import ShownSensitivity
        from bayeshlm.prior_refits import prior_sensitivity

        return ShownSensitivity.of(prior_sensitivity(self.model, self.idata, refit, prob, kind, progress))
