"""One model fitted to several imputed data sets, or to several plausible values of its outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.checks.imputations import check_same_structure, convergence_table, mixed, pool, stacked
from bayeshlm.design import Design, build_design
from bayeshlm.display.html import to_html
from bayeshlm.display.shown_many_fits import many_fits_blocks
from bayeshlm.display.text import to_text
from bayeshlm.errors import DataError, HLMError, OptionError
from bayeshlm.faces.fit import Fit
from bayeshlm.faces.model import Model
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_changes import average_priors
from bayeshlm.parameters.priors import make_priors
from bayeshlm.progress import part

type Datasets = pd.DataFrame | Sequence[pd.DataFrame] | Mapping[Any, pd.DataFrame]


class ManyFits:
    """The fits of one model to several data sets, and what they say together.

    Parameters
    ----------
    fits : mapping of str to Fit
        By the name of the data set.
    """

    def __init__(self, fits: Mapping[str, Fit]) -> None:
        self._fits = dict(fits)

    @property
    def fits(self) -> dict[str, Fit]:
        """The fit of each data set, by its name."""
        return dict(self._fits)

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Draws with dims (dataset, chain, draw, ...); u and beta up to 256 MiB."""
        return stacked({name: fit.posterior for name, fit in self._fits.items()})

    @cached_property
    def idata(self) -> xr.DataTree:
        """The mixed draws as ArviZ takes them, the chains of all data sets side by side.

        They are for plots. With few data sets their intervals are too narrow: see `pooled`. Their R-hat says nothing
        about convergence: the data sets' posteriors differ. See `convergence`.
        """
        return xr.DataTree.from_dict({"posterior": mixed(self.posterior)})

    @cached_property
    def convergence(self) -> pd.DataFrame:
        """The verdict on each data set's chains: R-hat, ESS and divergences, indexed by ``dataset``."""
        return convergence_table({name: fit.convergence for name, fit in self._fits.items()})

    @property
    def converged(self) -> bool:
        """Whether the sampler converged on every data set."""
        return bool(self.convergence["converged"].all())

    def pooled(self, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
        """Fixed effects, tau, corr, sigma and ICC over all data sets.

        Parameters
        ----------
        prob : float
            Probability of the intervals.
        kind : {"eti", "hdi"}
            Equal-tailed or highest-density interval.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``parameter``: ``mean``, ``sd``, ``lower``, ``upper``, which hold for few data sets too; by
            Rubin's rules ``within``, ``between``, ``total`` variance, ``df``, ``fmi`` (fraction of missing
            information), ``rubin_lower``, ``rubin_upper``; ``mixed_sd``, ``mixed_lower``, ``mixed_upper`` of the mixed
            draws, those of `idata`; ``mcse_mean``.

        See Also
        --------
        bayeshlm.checks.imputations.pool : the formulas and their sources.
        """
        fits = list(self._fits.values())
        table = pool([Draws(fit.posterior, fit.model.design) for fit in fits], prob, kind)
        table.attrs["converged"] = self.converged
        return table

    def __repr__(self) -> str:
        return to_text(many_fits_blocks(self.pooled(), self.convergence))

    def _repr_html_(self) -> str:
        return to_html(many_fits_blocks(self.pooled(), self.convergence))


def fit_many(
    model: Model,
    datasets: Datasets,
    *,
    outcomes: Sequence[str] | None = None,
    seed: int | None = None,
    **options: Any,
) -> ManyFits:
    """Fit a model to several imputed data sets, or to several plausible values as outcome.

    The code that one data set compiled serves the others. All fits have the same priors, so that the mixed draws are
    from one posterior: those typed for `model`, and the averages over the data sets of the defaults.

    Parameters
    ----------
    model : Model
        Gives equations, grouping column and typed priors; its own data are not used.
    datasets : list or mapping of DataFrame, or one DataFrame
        The data sets, at least two, by name or numbered; one data frame with `outcomes`. Level-2 variables stand in it.
    outcomes : list of str, optional
        Columns of the one data frame that take the place of the model's outcome in turn, such as
        ``["PV1MATH", "PV2MATH"]``.
    seed : int, optional
        Seed; each data set gets one of its own, made from it.
    **options
        As `Model.fit` takes them.

    Returns
    -------
    ManyFits

    Raises
    ------
    OptionError
        There are fewer than two data sets, or `outcomes` and `datasets` do not go together.
    DataError
        A data set does not fit the equations, or has other effects or groups than the first one; the message names it.
    """
    if not isinstance(model, Model):
        raise OptionError(f"model must be a Model, not a {type(model).__name__}: write fit_many(hlm.Model(...), ...).")
    frames = _frames(model, datasets, outcomes)
    designs = {name: _design(model, name, frame) for name, frame in frames.items()}
    check_same_structure(designs)
    texts = model.priors.texts()
    typed = {key: texts[key] for key in texts if key in model.priors.typed}
    priors = average_priors([make_priors(design, typed) for design in designs.values()])
    seeds = np.random.SeedSequence(seed).generate_state(len(designs))
    fits = {}
    for number, (name, design) in enumerate(designs.items()):
        with part(f"{number + 1} of {len(designs)}"):
            fits[name] = Model.from_design(design, priors).fit(seed=int(seeds[number]), **options)
    return ManyFits(fits)


def _frames(model: Model, datasets: Datasets, outcomes: Sequence[str] | None) -> dict[str, pd.DataFrame]:
    """The data sets by name."""
    if outcomes is not None:
        if not isinstance(datasets, pd.DataFrame):
            raise OptionError("With outcomes= give one data frame, which has these columns.")
        if isinstance(outcomes, str):
            raise OptionError(f'outcomes is a list of columns, such as ["{outcomes}", ...], not one.')
        missing = [name for name in outcomes if name not in datasets.columns]
        if missing:
            raise DataError(f"There is no column {missing[0]!r} in the data, which outcomes= names.")
        name = model.spec.outcome.name
        named = {str(outcome): datasets.assign(**{name: datasets[outcome]}) for outcome in outcomes}
        return _checked(named, len(outcomes))
    if isinstance(datasets, pd.DataFrame):
        raise OptionError(
            'One data frame is one data set: name the columns with plausible values, outcomes=["PV1", ...].'
        )
    if isinstance(datasets, Mapping):
        return _checked({str(name): frame for name, frame in datasets.items()}, len(datasets))
    frames = list(datasets)
    return _checked({str(number): frame for number, frame in enumerate(frames, start=1)}, len(frames))


def _checked(frames: dict[str, pd.DataFrame], given: int) -> dict[str, pd.DataFrame]:
    if len(frames) < given:
        raise OptionError("Two data sets have the same name.")
    if given < 2:
        raise OptionError(f"fit_many takes at least 2 data sets, not {given}: use model.fit() for one.")
    for name, frame in frames.items():
        if not isinstance(frame, pd.DataFrame):
            raise DataError(f"Data set {name} must be a pandas DataFrame, not a {type(frame).__name__}.")
    return frames


def _design(model: Model, name: str, frame: pd.DataFrame) -> Design:
    try:
        return build_design(model.spec, frame, model.design.groupings, weights=model.survey)
    except HLMError as error:
        raise type(error)(f"Data set {name}: {error}") from error
