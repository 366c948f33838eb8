"""What a model says without sampling its posterior: prior predictive draws, REML, ML, the textbooks' methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.design import Design
from bayeshlm.parameters.priors import Priors

if TYPE_CHECKING:
    import xarray as xr

    from bayeshlm.display.shown_methods import ShownComparison, ShownHausman
    from bayeshlm.faces.reml_fit import RemlFit


class ModelEstimates:
    """The part of a `Model` that samples nothing; each method hands the design to a function of another folder.

    Parameters
    ----------
    design : Design
    priors : Priors
    """

    def __init__(self, design: Design, priors: Priors) -> None:
        self._design = design
        self._priors = priors

    @property
    def design(self) -> Design:
        """The design matrices X and Z, the outcome y, group codes and labels."""
        return self._design

    @property
    def priors(self) -> Priors:
        """The prior of every parameter; prints as a table."""
        return self._priors

    def prior_predictive(self, draws: int = 500, seed: int | None = None) -> xr.DataTree:
        """Draw parameters from their priors, and outcomes from them: what the model expects before it sees the data.

        Parameters
        ----------
        draws : int
        seed : int, optional

        Returns
        -------
        xarray.DataTree
            Groups ``prior``, ``prior_predictive`` and ``observed_data``, as ArviZ's plots take them:
            ``az.plot_ppc_dist(model.prior_predictive(), group="prior_predictive")``, with the outcomes' own density if
            ``visuals={"observed_dist": {}}``.

        Raises
        ------
        OptionError
            An option is out of range, or the draws take more memory than they may.
        """
        from bayeshlm.checks.prior_predictive import prior_predictive

        return prior_predictive(self.design, self.priors, draws, seed)

    def reml(self) -> RemlFit:
        """Estimate the model by restricted maximum likelihood, without sampling; priors are not used.

        Raises
        ------
        DataError
            When the data do not determine a variance component or leave no residual variance.
        """
        from bayeshlm.faces.reml_fit import RemlFit

        return RemlFit(self.design, "REML")

    def ml(self) -> RemlFit:
        """Estimate the model by maximum likelihood, without sampling; priors are not used.

        Raises
        ------
        DataError
            As `reml`.
        """
        from bayeshlm.faces.reml_fit import RemlFit

        return RemlFit(self.design, "ML")

    def compare_methods(self, x: str | None = None, *, weighted: bool = False) -> ShownComparison:
        """Estimate the slope of a level-1 variable by every method, from pooled regression to the mixed model.

        Parameters
        ----------
        x : str, optional
            A level-1 column, or its coefficient; may be left out where the model has one only.
        weighted : bool
            Weight the groups of the between-group regression by their numbers of rows.

        Returns
        -------
        MethodComparison
            ``table`` (what each method estimates: the slope within groups, between them or a mixture), ``summary``
            and every regression.

        Raises
        ------
        OptionError
            When the model has no such slope, or several.
        """
        from bayeshlm.display.shown_methods import ShownComparison
        from bayeshlm.methods.compare_methods import compare_methods

        return ShownComparison.of(compare_methods(self.design, x, weighted=weighted))

    def hausman(self, x: str | None = None) -> ShownHausman:
        """Test that the slope of a level-1 variable between groups equals the one within groups.

        Parameters
        ----------
        x : str, optional
            A level-1 column, or its coefficient; may be left out where the model has one only.

        Returns
        -------
        Hausman
            ``contextual`` (Wald test of the contextual effect) and Hausman's ``chi2``, ``df`` and ``p``.

        Raises
        ------
        OptionError, DataError
            When the model has no such slope, or several; when the group means of x do not vary.
        """
        from bayeshlm.display.shown_methods import ShownHausman
        from bayeshlm.methods.contextual import hausman

        return ShownHausman.of(hausman(self.design, x))
