"""`FitExplanations`: what a `Fit` says of a question: hypotheses, predictions and comparisons, ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy.typing as npt

from bayeshlm.checks.average_effects import Effects, average_effects
from bayeshlm.design.counterfactual import Operation, Question, Values, ask
from bayeshlm.design.within_between import within_between
from bayeshlm.display.fit_tables import Shown
from bayeshlm.display.shown_effects import ShownEffects
from bayeshlm.display.shown_hypotheses import ShownHypotheses
from bayeshlm.display.shown_ranks import ShownRanks
from bayeshlm.faces.fit_quantities import FitQuantities
from bayeshlm.parameters.statements import Statement, read_statements
from bayeshlm.quantities.contextual_effects import contextual_effects
from bayeshlm.quantities.hypotheses import hypotheses
from bayeshlm.quantities.population_moments import row_shares
from bayeshlm.quantities.ranks import ranks
from bayeshlm.quantities.standardized import standardized
from bayeshlm.reml.hypotheses import read_hypothesis, statements_of


class FitExplanations(FitQuantities):
    """The answers of a fit to questions; made as `Fit`."""

    def hypothesis(
        self,
        *statements: str,
        prob: float = 0.95,
        kind: str = "eti",
        rope: float | tuple[float, float] | None = None,
        simultaneous: bool = False,
    ) -> ShownHypotheses:
        """Ask how probable statements about parameters are: ``fit.hypothesis("g11 < 0", "tau[u1] > .5")``.

        Parameters
        ----------
        *statements : str
            Numbers and parameters by their labels, ``g10``, ``tau[u0]``, ``tau2[u0]``, ``corr[u0,u1]``, ``sigma``,
            with ``+ - * /``, parentheses, ``exp``, ``log``, ``sqrt`` and ``abs``, and one of ``<``, ``>`` and ``=``.
        prob, kind
            As in `fixed_effects`.
        rope : float or (float, float), optional
            Region of practical equivalence around the value: half its width, or its ends.
        simultaneous : bool
            Intervals that hold at once: ``mean -+ c sd``.

        Returns
        -------
        Hypotheses
            ``draws`` and ``table``: of an inequality its probability with its Monte Carlo error, of an equality the
            density ratio of Savage and Dickey, where the prior of the expression has a density that is known.

        Raises
        ------
        OptionError
            A statement cannot be read, or has no finite value in some draws.
        """
        return self._asked(read_statements(statements, self._fitted.schema), prob, kind, rope, simultaneous)

    def contrast(
        self,
        hypotheses: str | Sequence[str] | npt.ArrayLike | None = None,
        *,
        pattern: str | None = None,
        value: npt.ArrayLike = 0.0,
        prob: float = 0.95,
        kind: str = "eti",
        rope: float | tuple[float, float] | None = None,
        simultaneous: bool = False,
    ) -> ShownHypotheses:
        """Linear combinations of fixed effects: from a matrix, or all whose names match a pattern.

        Parameters
        ----------
        hypotheses : str, sequence of str or array_like, (m, p)
            Equations such as ``"g01 = g02"``, or the matrix L.
        pattern : str, optional
            In place of hypotheses: every fixed effect whose symbol matches this regular expression.
        value : array_like, (m,) or scalar
            What ``L gamma`` is compared with, where L is a matrix.
        prob, kind, rope, simultaneous
            As in `hypothesis`.
        """
        found = read_hypothesis(hypotheses, self.model.design.fixed_labels, pattern, value)
        return self._asked(statements_of(found, self.model.design.fixed_labels), prob, kind, rope, simultaneous)

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
            A column: an average over the rows of each of its values.
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

    def contextual(self, name: str, prob: float = 0.95, kind: str = "eti") -> Shown:
        """Slope of a level-1 variable within groups, between group means, and their difference, the contextual effect.

        They are the same whether the variable stands in the equations centered within groups or as it is.

        Parameters
        ----------
        name : str
            A column whose group mean is in the equations too, as ``mean(ses)`` or as a column.
        prob, kind
            As in `fixed_effects`.

        Returns
        -------
        Quantity
            ``draws`` and ``table``: ``within``, ``between``, ``contextual``, on the scale of the predictor.

        Raises
        ------
        OptionError
            The equations have no group mean of it, or there are several groupings.
        """
        design = self.model.design
        shares = None if design.weights is None else row_shares(design)
        return self._shown(contextual_effects(self._fitted.draws, within_between(design, shares, name), prob, kind))

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

    def _asked(
        self,
        statements: tuple[Statement, ...],
        prob: float,
        kind: str,
        rope: float | tuple[float, float] | None,
        simultaneous: bool,
    ) -> ShownHypotheses:
        fitted = self._fitted
        found = hypotheses(fitted.draws, fitted.priors, statements, prob, kind, rope, simultaneous=simultaneous)
        self._stamped(found.table)
        return ShownHypotheses.of(found)
