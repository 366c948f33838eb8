"""`plan`: what a study of so many groups and rows would find, by simulated studies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np
import pandas as pd

from bayeshlm.arguments import check_prob, checked_count, checked_seed
from bayeshlm.checks.planned_study import PlannedStudy, Study, resampled, sizes_of, summed_up
from bayeshlm.checks.simulated_outcomes import design_without_outcome, drawn_outcomes, with_outcome
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.shown_plan import ShownPlan
from bayeshlm.equations import ModelSpec, parse
from bayeshlm.errors import DataError, OptionError
from bayeshlm.faces.model import Model
from bayeshlm.faces.model_estimates import classical_fit
from bayeshlm.faces.simulate import n_categories, stated_values
from bayeshlm.likelihood.blocks import in_threads
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.stated_values import Stated, StatedValues

type Made = Callable[[int, int, np.random.Generator], pd.DataFrame]
"""Of numbers of groups and of rows a group and a generator: the predictors of a study."""

type By = Literal["reml", "posterior"]


def plan(
    equations: str | ModelSpec,
    data: pd.DataFrame | Made,
    group: str | Sequence[str] | None = None,
    *,
    gamma: Mapping[str, Stated],
    tau: Mapping[str, Stated] | None = None,
    corr: Mapping[str, Stated] | None = None,
    sigma: Stated | None = None,
    auxiliary: Mapping[str, Stated] | None = None,
    groups: int | Sequence[int] | None = None,
    rows: int | Sequence[int] | None = None,
    effects: Sequence[str] | None = None,
    value: float = 0.0,
    n: int = 200,
    prob: float = 0.95,
    by: By = "reml",
    family: str | None = None,
    seed: int | None = None,
) -> PlannedStudy:
    """Simulate studies of each size, estimate the model from each, and say what they find.

    Parameters
    ----------
    equations, group, gamma, tau, corr, sigma, auxiliary, family
        As in `simulate`. A distribution in place of a number is drawn from anew in each study: the share of studies
        that find an effect is then its assurance (O'Hagan, Stevens & Campbell 2005, Pharmaceutical Statistics 4,
        187-201); of a number it is the power.
    data : DataFrame or function
        A pilot study with the predictors, of which groups, and rows of each, are drawn with replacement; with neither
        `groups` nor `rows` its rows are taken as they are. Or a function ``(groups, rows, rng) -> DataFrame`` that
        makes the predictors, the group column among them.
    groups, rows : int or sequence of int, optional
        Numbers of groups, and of rows a group, by default those that the groups of the pilot study have; each pair is
        tried.
    effects : sequence of str, optional
        Symbols of the fixed effects to report; all by default.
    value : float
        What an interval has to exclude.
    n : int
        Studies of each size.
    prob : float
        Probability of the intervals.
    by : {"reml", "posterior"}
        Intervals of REML with Satterthwaite's degrees of freedom (of ML where the outcome is not normal or the level-1
        SD varies between groups), or of the posterior under the default priors, by importance sampling with its
        certificate, and by NUTS where it fails.
    seed : int, optional

    Returns
    -------
    PlannedStudy
        ``table`` by size and effect; prints; ``plot()`` draws the assurance against the number of groups.

    Raises
    ------
    OptionError
        An option is out of range, or the parameters are not those of the model.
    DataError
        As `simulate`; or the model could be estimated from no study of a size.

    Examples
    --------
    >>> def schools(groups, rows, rng):
    ...     school = np.repeat(range(groups), rows)
    ...     return pd.DataFrame({"school": school, "treated": school % 2})
    >>> text = "math = b0 + r; b0 = g00 + g01*treated + u0"
    >>> stated = {"gamma": {"g00": 50, "g01": 4}, "tau": {"u0": 4}, "sigma": 8}
    >>> found = plan(text, schools, "school", **stated, groups=[10, 40], rows=20, effects=["g01"], n=20, seed=1)
    >>> found.table.index.to_list()
    [(10, 20, 'g01'), (40, 20, 'g01')]
    """
    spec = equations if isinstance(equations, ModelSpec) else parse(equations, family=family)
    check_prob(prob)
    n, seed = checked_count("n", n, 10), checked_seed(seed)
    if by not in get_args(By.__value__):
        raise OptionError(f'by is "reml" or "posterior", not {by!r}.')
    if not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise OptionError(f"value is the number that intervals have to exclude, such as value=0, not {value!r}.")
    sizes = sizes_of(groups, rows)
    if callable(data) and 0 in sizes[0]:
        raise OptionError("a function makes studies of so many groups and rows: give groups and rows, both.")
    study = _Studies(spec, data, group, stated_values(gamma, tau, corr, sigma, auxiliary), prob, by)
    labels = study.checked(sizes[0], effects, seed)
    tables = {}
    for size, of_size in zip(sizes, np.random.SeedSequence(seed).spawn(len(sizes)), strict=True):
        found = in_threads(partial(study.one, size, labels), of_size.spawn(n), f"Studies of {_said(size)}")
        if not any(np.isfinite(one.lower).all() for one in found):
            raise DataError(f"the model could be estimated from no study of {_said(size)}: give more rows")
        tables[size] = summed_up(found, labels, value)
    table = pd.concat(tables, names=["groups", "rows"])
    return ShownPlan(table, n, float(value), prob, _method(spec, by), seed)


def _said(size: tuple[int, int]) -> str:
    groups, rows = size
    return "these rows" if not groups else f"{groups} groups" + (f" of {rows} rows" if rows else "")


def _method(spec: ModelSpec, by: By) -> str:
    if by == "posterior":
        return "the posterior"
    return "ML" if spec.distribution.family != "Normal" else "REML"


@dataclass(frozen=True, eq=False)
class _Studies:
    """How one study is made and estimated."""

    spec: ModelSpec
    data: pd.DataFrame | Made
    group: str | Sequence[str] | None
    values: StatedValues
    prob: float
    by: By

    def checked(self, size: tuple[int, int], effects: Sequence[str] | None, seed: int) -> list[str]:
        """The effects to report, the first study of a size being made to see that all is there."""
        if not callable(self.data) and size[0] and not isinstance(self.group, str):
            raise OptionError("groups of a pilot study are drawn by the column group= that names them: name one.")
        rng = np.random.default_rng(seed)
        design = design_without_outcome(
            self.spec, self._predictors(size, rng), self.group, None, n_categories(self.values)
        )
        self.values.draw(design, rng)
        labels = list(design.fixed_labels)
        asked = labels if effects is None else [effects] if isinstance(effects, str) else list(effects)
        unknown = [name for name in asked if name not in labels]
        if unknown or not asked:
            raise OptionError(f"effects: {unknown or asked!r} is no fixed effect: name some of {', '.join(labels)}.")
        return asked

    def one(self, size: tuple[int, int], effects: list[str], seed: np.random.SeedSequence) -> Study:
        """A study, its outcome drawn and its model estimated."""
        rng = np.random.default_rng(seed)
        frame = self._predictors(size, rng)
        nothing = np.full(len(effects), np.nan)
        try:
            design = design_without_outcome(self.spec, frame, self.group, None, n_categories(self.values))
        except DataError:  # columns of a small sample may be constant or collinear
            return Study(nothing, nothing, nothing, nothing)
        y, draws = drawn_outcomes(design, self.values, rng)
        truth = _of(draws, effects)
        try:
            table = self._estimated(Model.from_design(with_outcome(design, y)), int(rng.integers(2**32 - 1))).loc[
                effects
            ]
        except DataError:  # an outcome without variation, separated
            return Study(truth, nothing, nothing, nothing)
        estimate = table["estimate" if "estimate" in table else "mean"]
        return Study(truth, *(one.to_numpy(dtype=np.float64) for one in (estimate, table["lower"], table["upper"])))

    def _predictors(self, size: tuple[int, int], rng: np.random.Generator) -> pd.DataFrame:
        if callable(self.data):
            return self.data(*size, rng)
        if not isinstance(self.data, pd.DataFrame):
            raise DataError(
                f"data must be a pandas DataFrame of a pilot study, or a function that makes one, not a"
                f" {type(self.data).__name__}."
            )
        if not size[0]:
            return self.data
        assert isinstance(self.group, str)
        return resampled(self.data, self.group, *size, rng)

    def _estimated(self, model: Model, seed: int) -> pd.DataFrame:
        if self.by == "posterior":
            fit = model.fit(draws=1000, chains=2, sampler="importance", seed=seed, progress=False)
            return fit.fixed_effects(self.prob)
        return classical_fit(model).fixed_effects(self.prob)


def _of(draws: Draws, effects: list[str]) -> FloatArray:
    return np.array([draws.gamma[0, 0, draws.design.fixed_labels.index(name)] for name in effects])
