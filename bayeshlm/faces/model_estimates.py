"""`ModelEstimates`: what a `Model` says without sampling: its data, REML and ML, the textbooks' other methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayeshlm.checks.lint import lint
from bayeshlm.design import Design
from bayeshlm.design.descriptives import describe_levels
from bayeshlm.design.without_weights import refuse_weights
from bayeshlm.display.shown_descriptives import ShownDescriptives
from bayeshlm.display.shown_lint import ShownLint
from bayeshlm.display.shown_methods import ShownComparison, ShownHausman
from bayeshlm.errors import OptionError
from bayeshlm.faces.reml_fit import RemlFit
from bayeshlm.methods.compare_methods import compare_methods
from bayeshlm.methods.contextual import hausman
from bayeshlm.reml.classical import by_cross_products, classical_method

if TYPE_CHECKING:
    from bayeshlm.faces.ml_fit import MlFit


class ModelEstimates:
    """The estimates of a model that need no sampling; made as `Model`."""

    _design: Design

    @property
    def design(self) -> Design:
        """The design matrices X and Z, the outcome y, group codes and labels."""
        return self._design

    def describe(self, grouping: str | None = None) -> ShownDescriptives:
        """Describe the rows that the model uses: every column at the level where it varies, and the sizes of groups.

        Parameters
        ----------
        grouping : str, optional
            Whose units are the groups; needed where there are several groupings.

        Returns
        -------
        LevelDescriptives
            Prints as tables; ``level1``, ``level2``, ``categories`` and ``group_sizes`` are the numbers.
        """
        return ShownDescriptives.of(describe_levels(self.design, self.design.position_of(grouping)))

    def lint(self) -> ShownLint:
        """Look at the model before it is fitted: what its equations or its data make hard to estimate or to read.

        What a look at the equations tells is printed with the model, too.

        Returns
        -------
        Lint
            ``remarks``, each with its ``code``, a sentence why, and what to write; prints as lines.

        Examples
        --------
        >>> import bayeshlm as hlm
        >>> hlm.open_model("penicillin-crossed").lint().codes
        ('few-groups',)
        """
        return ShownLint.of(lint(self.design))

    def reml(self) -> RemlFit | MlFit:
        """Estimate the model by restricted maximum likelihood, without sampling; priors are not used.

        Returns
        -------
        RemlFit
        MlFit
            Where the level-1 SD has an equation or the residuals are correlated.

        Raises
        ------
        DataError
            When the data do not determine a variance component or leave no residual variance.
        OptionError
            The outcome is not normal, rows are weighted or the level-1 SD varies between groups: `ml` takes it.
        """
        if self.design.weights is not None:
            raise OptionError(
                "REML is not defined with sampling weights, because the fixed effects cannot be integrated out of a sum"
                " of weighted terms: model.ml() is maximum pseudo-likelihood."
            )
        if self.design.outcome.residuals.spread_effect:
            raise OptionError(
                "REML is not defined where the level-1 SD varies between groups, because the fixed effects cannot be"
                " integrated out exactly: model.ml() is maximum likelihood."
            )
        if self.design.outcome.residuals.modeled:
            from bayeshlm.faces.ml_fit import MlFit  # imports numba

            return MlFit(self.design, "REML")
        return RemlFit(self.design, "REML")

    def ml(self) -> RemlFit | MlFit:
        """Estimate the model by maximum likelihood, without sampling; priors are not used.

        Returns
        -------
        RemlFit
            Of a normal outcome.
        MlFit
            Of any other, the random effects integrated out by adaptive quadrature, as lme4's ``glmer`` with ``nAGQ``.
            Of a normal one where the level-1 SD has an equation or the residuals are correlated, as nlme's ``lme``.
            With sampling weights of any outcome: maximum pseudo-likelihood, with the sandwich's standard errors.

        Raises
        ------
        DataError
            When the likelihood has no maximum: nothing determines an estimate, or the data let it run off to infinity.
        OptionError
            The outcome is not normal, and there are several groupings or more than two random effects.
        """
        if by_cross_products(self.design):
            return RemlFit(self.design, "ML")
        from bayeshlm.faces.ml_fit import MlFit  # imports numba

        return MlFit(self.design)

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
        """
        refuse_weights(self.design, "A comparison of methods", "the other methods take each row once")
        return ShownComparison.of(compare_methods(self.design, x, weighted=weighted))

    def hausman(self, x: str | None = None) -> ShownHausman:
        """Test that the slope of a level-1 variable between groups equals the one within groups.

        Parameters
        ----------
        x : str, optional
            As in `compare_methods`.

        Returns
        -------
        Hausman
            ``contextual`` (Wald test of the contextual effect) and Hausman's ``chi2``, ``df`` and ``p``.
        """
        refuse_weights(self.design, "Hausman's test", "the regressions that it compares take each row once")
        return ShownHausman.of(hausman(self.design, x))


def classical_fit(model: ModelEstimates) -> RemlFit | MlFit:
    """REML or ML of a model, which of the two its posterior is checked against."""
    return model.reml() if classical_method(model.design) == "REML" else model.ml()
