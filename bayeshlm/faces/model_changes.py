"""`ModelChanges`: models that differ from a `Model` by a line, an effect, or the data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from bayeshlm.design import Design, build_design
from bayeshlm.design.build_from_database import build_design_from_database
from bayeshlm.design.grouping import Groups, as_names
from bayeshlm.design.joined_tables import GroupTables, group_tables
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.equations import ModelSpec, parse
from bayeshlm.equations.changes import updated
from bayeshlm.equations.leaving_out import without
from bayeshlm.equations.notations.formula import is_formula
from bayeshlm.equations.notations.formula_update import is_update, updated_formula
from bayeshlm.equations.null_model import null_spec
from bayeshlm.errors import EquationError, ModelWarning
from bayeshlm.faces.model_estimates import ModelEstimates
from bayeshlm.parameters.prior_changes import kept_priors, replace_priors
from bayeshlm.parameters.prior_families import Prior
from bayeshlm.parameters.priors import Priors
from bayeshlm.source.database_table import DatabaseTable, is_database_table
from bayeshlm.source.pandas_table import as_frame


@dataclass(frozen=True, eq=False, slots=True)
class ModelData:
    """The tables that a model was made from; the rows of a database stay there, group tables are taken to memory."""

    table: pd.DataFrame | DatabaseTable
    group_data: GroupTables = None
    weights: SurveyWeights | None = None

    @classmethod
    def of(cls, data: Any, group_data: Any = None, weights: Any = None) -> ModelData:
        """Keep what the user gave, in copies that share its values until one of them is written to."""
        tables, survey = group_tables(group_data), SurveyWeights.of(weights)
        if isinstance(tables, Mapping):
            tables = {name: table.copy(deep=False) for name, table in tables.items()}
        elif tables is not None:
            tables = tables.copy(deep=False)
        if is_database_table(data):
            return cls(DatabaseTable(data), tables, survey)
        return cls(as_frame(data, "data").copy(deep=False), tables, survey)

    @property
    def given(self) -> Any:
        """The table as `Model` takes it."""
        return self.table.expression if isinstance(self.table, DatabaseTable) else self.table

    def design(self, spec: ModelSpec, group: Groups) -> Design:
        """Evaluate equations on the tables."""
        if isinstance(self.table, DatabaseTable):
            return build_design_from_database(spec, self.table, group, self.group_data, self.weights)
        return build_design(spec, self.table, group, self.group_data, self.weights)


class ModelChanges(ModelEstimates):
    """The models that differ by one line; made as `Model`."""

    _data: ModelData | None
    _priors: Priors

    if TYPE_CHECKING:

        def __init__(
            self,
            equations: ModelSpec,
            data: Any,
            group: str | Sequence[str] | None = None,
            *,
            group_data: Any = None,
            weights: Mapping[str, str] | SurveyWeights | None = None,
        ) -> None: ...

    def update(
        self,
        change: str | None = None,
        *,
        data: Any = None,
        group: str | Sequence[str] | None = None,
        group_data: Any = None,
        priors: Mapping[str, Prior | str] | None = None,
    ) -> Self:
        """Make the model in which some lines are others, or which has other data or priors.

        Parameters
        ----------
        change : str, optional
            Lines that take the place of those with the same left side, ``"b1 = g10 + u1"``; a line of the distribution
            replaces the distribution, ``cov(u0, u1) = 0`` is added. Lines of coefficients that level 1 newly has are
            added, and those that no line uses any more are left out. A model that was written as a formula takes R's
            update too: ``". ~ . - ses:sector + (0 + ses | school)"``.
        data : pandas.DataFrame, optional
            Other data; a `group_data` of the old ones is then given up. Columns of sampling weights stay the same.
        group : str or sequence of str, optional
            Other grouping columns.
        group_data : pandas.DataFrame or mapping of str to DataFrame, optional
            Another level-2 table.
        priors : mapping, optional
            As in `Model`. Priors that were given for this model stay where their symbols do.

        Returns
        -------
        Model
            This one does not change. A model that was loaded with its fit, or made from a design, holds the columns and
            rows that it used: another column needs `data`.

        Raises
        ------
        EquationError, DataError, PriorError
            As `Model`; the message quotes the lines with a caret.

        Warns
        -----
        ModelWarning
            The same data give other rows, because a column with missing values came or went.

        Examples
        --------
        >>> import bayeshlm as hlm
        >>> model = hlm.open_model("hsb-one-way-anova")
        >>> print(model.update("mathach = b0 + b1*cwc(ses) + r; b1 = g10 + u1").equations())
        mathach = b0 + b1*cwc(ses) + r
        b0 = g00 + u0
        b1 = g10 + u1
        >>> formula = hlm.Model("mathach ~ ses*sector + (1 | school)", hlm.load_dataset("hsb"))
        >>> formula.update(". ~ . - ses:sector").equations("lme4")
        'mathach ~ sector + ses + (1 | school)'
        """
        spec = self._spec if change is None else self._changed(change)
        return self._made_from(spec, data, group, group_data, priors)

    def without(self, *symbols: str) -> Self:
        """Make the model without some of its effects.

        Parameters
        ----------
        *symbols : str
            Random effects, ``"u1"``; fixed effects, ``"g01"``; coefficients, ``"b1"``, with their lines and all above.
            Their covariances and priors go with them. A level of three or more that loses its last random effect goes,
            as with ``. ~ . - (1 | child)`` in R; its terms stand where the data put them.

        Returns
        -------
        Model

        Raises
        ------
        OptionError
            If there is no such symbol, or without them no model.

        Examples
        --------
        >>> import bayeshlm as hlm
        >>> print(hlm.open_model("hsb-random-coefficients").without("u1").equations())
        mathach = b0 + b1*ses + r
        b0 = g00 + u0
        b1 = g10
        """
        return self._made_from(without(self._spec, *symbols))

    def null(self) -> Self:
        """Make the null model: a random intercept of every grouping, and no predictors.

        It has an intercept, of ordered categories the cutpoints. The distribution and its link stay, and so do offsets,
        as in lme4's ``y ~ 1 + offset(x) + (1 | g)``: without them it would be a model of another outcome.

        Returns
        -------
        Model

        Warns
        -----
        ModelWarning
            It uses more rows, because predictors miss values. ``model.update(data=model.design.frame).null()`` keeps
            to the rows of this one, as a comparison needs.

        Examples
        --------
        >>> import bayeshlm as hlm
        >>> print(hlm.open_model("hsb-slopes-as-outcomes-full").null().equations())
        mathach = b0 + r
        b0 = g00 + u0
        """
        return self._made_from(null_spec(self._spec))

    @property
    def _spec(self) -> ModelSpec:
        """The specification; of several groupings with their names, so that each stays what it is."""
        spec = self.design.spec
        return spec if len(spec.groupings) == 1 else replace(spec, groupings=self.design.groupings)

    @property
    def survey(self) -> SurveyWeights | None:
        """The sampling weights that were given, None without; those of the rows are `design.weights`."""
        if self._data is not None:
            return self._data.weights
        return None if self.design.weights is None else self.design.weights.survey

    def _changed(self, change: str) -> ModelSpec:
        if isinstance(change, str) and is_update(change):
            written = self.design.spec.text
            if not is_formula(written):
                raise EquationError(
                    f"`{change.strip()}` updates a formula, and this model is written in equations: give the line that"
                    " changes, such as `b1 = g10 + u1`"
                )
            return updated_formula(written, change)
        if isinstance(change, str) and "|" in change and is_formula(change):
            return parse(change)
        return updated(self._spec, change)

    def _made_from(
        self,
        spec: ModelSpec,
        data: Any = None,
        group: str | Sequence[str] | None = None,
        group_data: Any = None,
        priors: Mapping[str, Prior | str] | None = None,
    ) -> Self:
        own = self._data or ModelData(self.design.frame)
        tables = group_data if group_data is not None else own.group_data if data is None else None
        if group is not None and len(as_names(group)) == len(spec.groupings):
            spec = replace(spec, groupings=tuple(str(name) for name in as_names(group)))
        elif group is None and spec.groupings == (None,):
            group = self.design.groupings
        given = own.given if data is None else data
        model = type(self)(spec, given, group, group_data=tables, weights=self.survey)
        model._priors = kept_priors(self._priors, model.design)
        if priors is not None:
            model._priors = replace_priors(model._priors, model.design, priors)
        before, now = self.design.n_obs, model.design.n_obs
        if data is None and before != now:
            warnings.warn(
                f"The new model uses {now:,} rows, the old one {before:,}: a column with missing values came or went."
                " Fits of both cannot be compared; make the old one from complete rows first.",
                ModelWarning,
                stacklevel=3,
            )
        return model
