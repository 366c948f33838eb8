"""`Model`: level equations, data and priors, checked and ready to sample."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bayeshlm.checks.prior_predictive import prior_predictive
from bayeshlm.design import Design
from bayeshlm.design.expanded import expanded_spec
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.design.without_weights import refuse_weights
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.display.model_view import model_html, model_text
from bayeshlm.equations import ModelSpec, parse, render
from bayeshlm.equations.render import Form
from bayeshlm.errors import ModelWarning, OptionError
from bayeshlm.faces.model_changes import ModelChanges, ModelData
from bayeshlm.foreign_text import printable
from bayeshlm.graph.build import build_graph
from bayeshlm.graph.parameterization import Parameterization
from bayeshlm.parameters.outcome_warning import warn_not_normal
from bayeshlm.parameters.prior_families import Prior
from bayeshlm.parameters.priors import Priors, make_priors, warn_far_from_zero
from bayeshlm.reml.enough_rows import check_level1, undetermined_components

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayeshlm.display.plots.model_plots import ModelPlots
    from bayeshlm.faces.fit import Fit
    from bayeshlm.sampling.options import Sampler

logger = logging.getLogger(__name__)

WEIGHTLESS = ("levels", "combined", "latex", "mathml", "hlm")
"""Forms that say what the model is, and fit nothing."""


class Model(ModelChanges):
    """A hierarchical linear model: equations, data and priors.

    Making one checks everything and samples nothing: look at `spec`, `design` (the matrices), `priors`, `graph()`.

    Parameters
    ----------
    equations : str or ModelSpec
        The level equations, one line an equation; or one combined equation, or a formula of lme4, brms, bambi or nlme,
        ``"mathach ~ ses*sector + (1 + ses | school)"``, of which the data say at which level each term stands. See
        `bayeshlm.parse`, which reads programs for SAS and Stata and MLwiN's equations too.
    data : pandas.DataFrame
        One row a level-1 unit. Tables with a ``to_pandas`` method (polars, pyarrow) are converted. The rows of a table
        of Ibis, ``ibis.duckdb.connect("file.db").table("pupils")``, stay in its database, which computes the sums that
        the model needs of them.
    group : str or sequence of str, optional
        The column that names the group of each row; with more levels the columns from the inside out, as in
        ``["child", "school"]``, ``"school:child"`` being the cells of two columns. They may stand in the equations
        instead, as ``u0[school]``, and those of crossed groupings have to: ``u0[primary] + v0[secondary]``.
    priors : mapping, optional
        Priors in place of the defaults, by symbol: ``{"g01": Normal(0, 1), "tau_u0": "HalfNormal(2)"}``.
    group_data : pandas.DataFrame or mapping of str to DataFrame, optional
        A separate level-2 table, one row a group, joined by the group column; with several groupings a table for each
        that has one, by its column: ``{"school": schools}``.
    weights : mapping of str to str or SurveyWeights, optional
        Columns of sampling weights by level, ``{"row": "w1", "school": "w2"}``; with their scale, sampling units or
        replicate weights as `bayeshlm.SurveyWeights`. What the model then estimates is the population's.
    family : str, optional
        Family of a formula's outcome, such as ``"binomial"`` or ``'binomial(link = "probit")'``.
    known_sd : str or float, optional
        Column with the known SD of each row's level-1 residual, such as the standard errors of a meta-analysis, or one
        number: the same as a line ``sd(r) = se``. No sigma is estimated then.

    Raises
    ------
    EquationError, DataError, PriorError
        If the equations, the data or the priors are wrong; the message says what to do.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> model = hlm.Model(
    ...     '''
    ...     mathach = b0 + b1*cwc(ses) + r
    ...     b0 = g00 + g01*sector + u0
    ...     b1 = g10
    ...     ''',
    ...     data=hlm.load_dataset("hsb"),
    ...     group="school",
    ... )
    >>> model.equations("lme4")
    'mathach ~ sector + I(ses - ave(ses, school)) + (1 | school)'
    """

    def __init__(
        self,
        equations: str | ModelSpec,
        data: Any,
        group: str | Sequence[str] | None = None,
        *,
        priors: Mapping[str, Prior | str] | None = None,
        group_data: Any = None,
        weights: Mapping[str, str] | SurveyWeights | None = None,
        family: str | None = None,
        known_sd: str | float | None = None,
    ) -> None:
        if family is not None and isinstance(equations, ModelSpec):
            raise OptionError("family= belongs to a formula, and a ModelSpec has its distribution: leave family= out.")
        if known_sd is not None and isinstance(equations, ModelSpec):
            raise OptionError("known_sd= belongs to a text, and a ModelSpec says it itself: leave known_sd= out.")
        spec = equations if isinstance(equations, ModelSpec) else parse(equations, family=family, known_sd=known_sd)
        self._data = ModelData.of(data, group_data, weights)
        design = self._data.design(spec, group)
        self._design, self._priors = design, make_priors(design, priors)
        warn_far_from_zero(design)
        warn_not_normal(design)
        for note in data_notes(design):
            logger.info(printable(note))

    @classmethod
    def from_design(cls, design: Design, priors: Priors | Mapping[str, Prior | str] | None = None) -> Model:
        """Make a model from a design that has been built before.

        Parameters
        ----------
        design : Design
        priors : mapping or Priors, optional
            As in `Model`, or all priors as they are.
        """
        model = cls.__new__(cls)
        model._design, model._data = design, None
        model._priors = priors if isinstance(priors, Priors) else make_priors(design, priors)
        return model

    @property
    def priors(self) -> Priors:
        """The prior of every parameter; prints as a table."""
        return self._priors

    @property
    def spec(self) -> ModelSpec:
        """What the equations say, without data."""
        return self.design.spec

    def equations(self, form: Form = "levels") -> str:
        """The model's equations as text, or the model as another program has it.

        Parameters
        ----------
        form : str
            ``"levels"``: level equations. ``"combined"``: one equation. ``"latex"`` for a paper, ``"mathml"`` for a web
            page, with a term for every contrast of a category, and its reference. What fits the model elsewhere:
            ``"lme4"``, a formula of R, or the call that fits it where that is not lmer; ``"nlme"``, ``"glmmTMB"`` and
            ``"brms"``, calls with the data ``d``; ``"bambi"``, Python code with the data ``data``; ``"sas"`` and
            ``"stata"``, which make the columns first; ``"mplus"``, an input whose data are a file; ``"hlm"``, the
            equations as HLM prints them.

        Returns
        -------
        str
            It estimates by REML where the outcome is normal and the program can, else by maximum likelihood. Priors are
            not written: brms and bambi take their own. A comment says what differs from this model.

        Raises
        ------
        OptionError
            If there is no such form; or a program would fit the model without its sampling weights.
        EquationError
            If the program cannot say the model; the message names what it has not.

        Examples
        --------
        >>> import bayeshlm as hlm
        >>> print(hlm.open_model("pastes-nested").equations("nlme"))
        lme(fixed = strength ~ 1, random = list(batch = ~ 1, cask = ~ 1), data = d, method = "REML")
        """
        design = self.design
        if form not in WEIGHTLESS:
            refuse_weights(
                design,
                f"The model for another program ({form})",
                "what is written would fit without them",
                "name them there",
            )
        incomplete = design.left_out.columns
        return render(self.spec, form, design.groupings, design.coded, expanded_spec(design), bool(incomplete))

    def graph(self, parameterization: Parameterization = "marginal") -> pm.Model:
        """Build the PyMC model, to look at or to extend.

        Parameters
        ----------
        parameterization : {"marginal", "noncentered", "centered"}
            The group deviations u integrated out, or explicit and written in one of two ways. The
            posterior of gamma, tau, corr and sigma is the same. Their variables and dims are those of
            `bayeshlm.graph.marginal.marginal_graph` and `bayeshlm.graph.hierarchical.hierarchical_graph`.
        """
        return build_graph(self.design, self.priors, parameterization)

    def fit(
        self,
        draws: int = 1000,
        tune: int | None = None,
        chains: int = 4,
        cores: int | None = None,
        seed: int | None = None,
        sampler: Sampler = "auto",
        parameterization: Parameterization = "marginal",
        target_accept: float | None = None,
        progress: bool | None = None,
    ) -> Fit:
        """Sample the posterior, with NUTS or by importance sampling.

        Parameters
        ----------
        draws : int
            Draws kept per chain.
        tune : int, optional
            Draws of tuning per chain; by default 400 for the few parameters of the marginal graph, else 1000.
        chains : int
            Independent chains; at least 2 are needed to judge convergence.
        cores : int, optional
            Chains run at a time; by default as many as there are processors.
        seed : int, optional
            The same seed gives the same draws. One is drawn, and kept in the result, if none is given.
        sampler : {"auto", "nutpie", "pymc", "importance"}
            NUTS by nutpie or PyMC, or importance sampling (`bayeshlm.sampling.importance`), in whose place NUTS runs
            where its certificate does not hold. "auto": NUTS by nutpie; importance where a gradient is slow.
        parameterization : {"marginal", "noncentered", "centered"}
            As in `graph`; with the marginal graph u is drawn afterwards, exactly. Where draws of beta would take more
            than 256 MiB their moments are kept; see `Fit.group_draws`.
        target_accept : float, optional
            Acceptance rate aimed at, 0.9 by default; nearer to 1 smaller steps, fewer divergences, slower.
        progress : bool, optional
            Show what is going on; by default on a terminal and in a notebook.

        Returns
        -------
        Fit

        Raises
        ------
        OptionError, SamplingError
        DataError
            Nothing is left of the outcome for the level-1 variance: its posterior would have no end at zero. Where the
            data do not determine a variance component a ModelWarning says so; `reml` refuses such a model.
        """
        from bayeshlm.faces.fit import Fit
        from bayeshlm.fitted import FittedModel
        from bayeshlm.sampling.options import sampling_options

        options = sampling_options(draws, tune, chains, cores, seed, sampler, parameterization, target_accept, progress)
        check_level1(self.design)
        if reason := undetermined_components(self.design):
            warnings.warn(
                f"{reason} Sampled all the same, its posterior comes from the priors.", ModelWarning, stacklevel=2
            )
        return Fit(self, FittedModel.sampled(self.design, self.priors, options).idata)

    def prior_predictive(self, draws: int = 500, seed: int | None = None) -> xr.DataTree:
        """Draw parameters from their priors, and outcomes from them: what the model expects before it sees data.

        Parameters
        ----------
        draws : int
        seed : int, optional

        Returns
        -------
        xarray.DataTree
            ``prior``, ``prior_predictive`` and ``observed_data``, as ArviZ's plots take them, for instance
            ``az.plot_ppc_dist(tree, group="prior_predictive")``; ``visuals={"observed_dist": {}}`` adds the data.
        """
        return prior_predictive(self.design, self.priors, draws, seed)

    @cached_property
    def plot(self) -> ModelPlots:
        """The figures of the data: ``model.plot.data()``."""
        from bayeshlm.display.plots.model_plots import ModelPlots

        return ModelPlots(self.design)

    def __repr__(self) -> str:
        return model_text(self.design)

    def _repr_html_(self) -> str:
        return model_html(self.design, self.priors)
