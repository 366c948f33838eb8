"""`FitExplanations`: what a `Fit` expects, compares and ranks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bayeshlm.checks.average_effects import Effects, average_effects
from bayeshlm.design.asked_values import Values
from bayeshlm.design.counterfactual import Operation, Question, ask
from bayeshlm.design.within_between import within_between
from bayeshlm.display.fit_tables import Shown
from bayeshlm.display.shown_effects import ShownEffects
from bayeshlm.display.shown_ranks import ShownRanks
from bayeshlm.faces.fit_hypotheses import FitHypotheses
from bayeshlm.quantities.contextual_effects import contextual_effects, latent_contextual_effects
from bayeshlm.quantities.population_moments import row_shares
from bayeshlm.quantities.ranks import ranks
from bayeshlm.quantities.standardized import standardized


class FitExplanations(FitHypotheses):
    """Predictions, comparisons, slopes and ranks of a fit; made as `Fit`."""

    def predictions(
        self,
        by: str | None = None,
        at: Mapping[str, Values] | Literal["mean"] | None = None,
        *,
        groups: Effects = "population",
        prob: float = 0.95,
        kind: str = "eti",
        n_draws: int | None = None,
    ) -> ShownEffects:
        """What is expected of the outcome, averaged over the rows, at values of predictors that you set.

        Parameters
        ----------
        by : str, optional
            A predictor, or a column of groups: an average over the rows of each of its values.
        at : mapping or "mean", optional
            What predictors are set to in all rows: ``{"sector": [0, 1], "meanses": "sd"}``; a value, several, or
            ``"mean"``, ``"sd"`` (the mean and one SD to each side), ``"grid"``, of categories ``"levels"``.
            ``at="mean"`` sets all others to their mean, or their most frequent category.
        groups : {"population", "same"}
            ``"population"``: averaged over all groups, u from N(0, G), which of normal outcomes is u = 0. ``"same"``:
            the groups of the rows with their u.
        prob, kind
            As in `fixed_effects`.
        n_draws : int, optional
            Draws used; by default all, or as many as some seconds allow.

        Returns
        -------
        AverageEffects
            ``draws`` and ``table``, on the scale of the outcome: probabilities, mean counts; of ordered categories a
            row each.

        Raises
        ------
        OptionError
            A column is no predictor, or a value is none that it can have.
        DataError
            The rows of the model stay in a database.
        """
        question = self._question(None, "prediction", by, at, None)
        return self._averaged(question, groups, prob, kind, n_draws)

    def comparisons(
        self,
        name: str,
        by: str | None = None,
        at: Mapping[str, Values] | Literal["mean"] | None = None,
        *,
        change: float | Literal["sd"] | tuple[float, float] | None = None,
        ratio: bool = False,
        groups: Effects = "population",
        prob: float = 0.95,
        kind: str = "eti",
        n_draws: int | None = None,
    ) -> ShownEffects:
        """How what is expected of the outcome differs where a predictor has another value in all rows.

        Columns that the equations make of it, such as centered ones and products, change with it; means of groups stay
        as they are in the data.

        Parameters
        ----------
        name : str
            A column of the data, at any level.
        by, at
            As in `predictions`.
        change : number, "sd" or (low, high), optional
            Of a number: how much is added, or the two values; 1 by default, of zeros and ones 1 against 0. Categories
            are compared with the first.
        ratio : bool
            Ratio of the averages in place of their difference.
        groups, prob, kind, n_draws
            As in `predictions`.

        Returns
        -------
        AverageEffects
            As of `predictions`; along numeric values of `at`, ``regions`` where the interval leaves zero out.
        """
        question = self._question(name, "ratio" if ratio else "difference", by, at, change)
        return self._averaged(question, groups, prob, kind, n_draws)

    def slopes(
        self,
        name: str,
        by: str | None = None,
        at: Mapping[str, Values] | Literal["mean"] | None = None,
        *,
        groups: Effects = "population",
        prob: float = 0.95,
        kind: str = "eti",
        n_draws: int | None = None,
    ) -> ShownEffects:
        """Slope of what is expected of the outcome in a numeric predictor, averaged over the rows.

        Parameters
        ----------
        name : str
            A column of the data, at any level.
        by, at, groups, prob, kind, n_draws
            As in `comparisons`.

        Returns
        -------
        AverageEffects
        """
        return self._averaged(self._question(name, "slope", by, at, None), groups, prob, kind, n_draws)

    def contextual(self, name: str, prob: float = 0.95, kind: str = "eti", *, latent: bool = False) -> Shown:
        """Slope of a level-1 variable within groups, between group means, and their difference, the contextual effect.

        They are the same whether the variable stands in the equations centered within groups or as it is.

        Parameters
        ----------
        name : str
            A column whose group mean is in the equations too, as ``mean(ses)`` or as a column.
        prob, kind
            As in `fixed_effects`.
        latent : bool
            Slopes of the true group means, of which the observed ones are unreliable measures: the joint model of the
            outcome and of the predictor, ``x_ij = mu_j + e_ij`` with mu_j normal around the means of the other
            predictors, is drawn anew by importance sampling, with the priors of this model (Luedtke et al. 2008,
            Psychological Methods 13, 203-229; exact for normal outcomes). For rows that are a sample of their group;
            random slopes stay those of the predictor as the equations write it.

        Returns
        -------
        Quantity
            ``draws`` and ``table``: ``within``, ``between``, ``contextual``, on the scale of the predictor; with
            `latent` also ``draws["reliability"]`` of the observed means.

        Raises
        ------
        OptionError
            The equations have no group mean of it, or there are several groupings; with `latent` also where the outcome
            is not normal with one sigma, or the slope is not the same everywhere.
        SamplingError
            With `latent`, too little is known of the means.
        """
        design, fitted = self.model.design, self._fitted
        found = within_between(design, None if design.weights is None else row_shares(design), name)
        if latent:
            return self._shown(latent_contextual_effects(fitted.draws, fitted.priors, found, prob, kind))
        return self._shown(contextual_effects(fitted.draws, found, prob, kind))

    def standardized(self, prob: float = 0.95, kind: str = "eti") -> Shown:
        """Fixed effects in SDs of the outcome a SD of their column, both over the rows.

        Parameters
        ----------
        prob, kind
            As in `fixed_effects`.

        Returns
        -------
        Quantity
            ``draws`` and ``table``, a row an effect that is no intercept.

        Raises
        ------
        OptionError
            The outcome is not normal.
        """
        return self._shown(standardized(self._fitted.draws, prob, kind))

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
        """Ranks of the groups, with what is not known of them.

        Parameters
        ----------
        coefficient : str, optional
            A level-1 coefficient with a random effect, such as ``"b0"`` or ``"ses"``.
        at : mapping, optional
            In its place: groups by what is expected at values of level-1 expressions, ``{"ses": 1}``.
        prob, kind
            Interval of the rank.
        grouping : str, optional
            As in `group_coefficients`.
        deviations : bool
            Rank u, what the predictors of the group leave, in place of the coefficient.
        highest_first : bool
            Rank 1 is the highest value.

        Returns
        -------
        Ranks
            ``draws`` of the ranks and ``values``, ``table``, ``probabilities()`` of each rank, ``pairwise()``
            probabilities that one group is greater than another, and ``greater(a, b)``.

        Raises
        ------
        OptionError
            There is no such coefficient, or the draws are too many.
        """
        draws = self._fitted.draws
        found = ranks(draws, coefficient, at, prob, kind, grouping, deviations=deviations, highest_first=highest_first)
        self._stamped(found.table)
        return ShownRanks.of(found)

    def _question(
        self,
        name: str | None,
        operation: Operation,
        by: str | None,
        at: Mapping[str, Values] | Literal["mean"] | None,
        change: float | Literal["sd"] | tuple[float, float] | None,
    ) -> Question:
        design = self.model.design
        shares = None if design.weights is None else row_shares(design)
        return ask(design, shares, name, operation, by, at, change)

    def _averaged(
        self, question: Question, groups: Effects, prob: float, kind: str, n_draws: int | None
    ) -> ShownEffects:
        found = average_effects(self._fitted.draws, question, groups, prob, kind, n_draws)
        self._stamped(found.table)
        return ShownEffects.of(found)
