"""Simulation-based calibration: truths from the priors, data from the truths, ranks of the truths among the draws.

Where prior, data and posterior belong to one model the rank of any quantity's truth among independent draws of its
posterior is uniform (Cook, Gelman & Rubin 2006; Talts and others 2018). A quantity may be one of the data too, such as
``log p(y | theta)``, which sees errors that no parameter shows (Modrak and others 2023).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import pandas as pd
from calibrated_types import Array, ModelType

import bayeshlm as hlm
from bayeshlm.checks.prediction import predict
from bayeshlm.checks.simulated_outcomes import design_without_outcome
from bayeshlm.design import Design
from bayeshlm.design.new_rows import fitted_rows, new_rows
from bayeshlm.equations import parse
from bayeshlm.errors import DataError, ModelWarning, SamplingError
from bayeshlm.fitted import FittedModel
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.parameters.prior_text import parse_prior
from bayeshlm.parameters.schema import Schema
from bayeshlm.quantities.icc import has_icc, icc
from bayeshlm.quantities.plausible_ranges import plausible_ranges
from bayeshlm.sampling.options import sampling_options

CHAINS, KEPT, THIN = 4, 100, 10
"""Draws that a truth is ranked among, of ranks 0 to 100: every tenth, so that chains give nearly independent ones."""


def drawn_truth(parameters: Schema, priors: Mapping[str, str], rng: np.random.Generator) -> dict[str, float]:
    """A value of every parameter by its label, from priors that are all stated.

    Raises
    ------
    KeyError
        A parameter has no prior of its own: its default would be made of the simulated outcome.
    """
    truth = {}
    for one in parameters.parameters:
        key = "cutpoint" if one.component == "cutpoint" else one.prior_key
        truth[one.label] = drawn_value(priors[key], rng)
    cuts = [label for label in truth if label.startswith("cutpoint")]
    return truth | dict(zip(cuts, sorted(truth[label] for label in cuts), strict=True))


def drawn_value(prior: str, rng: np.random.Generator) -> float:
    """A draw from a prior that is written as text, by numpy alone; of LKJ the correlation of two effects."""
    family = prior.partition("(")[0]
    a, b = [*parse_prior(prior).parameters.values(), 0.0][:2]
    return {
        "Normal": lambda: rng.normal(a, b),
        "HalfNormal": lambda: abs(rng.normal(0.0, a)),
        "Uniform": lambda: rng.uniform(a, b),
        "LKJ": lambda: 2 * rng.beta(a, a) - 1,
    }[family]()


def truth_as_draws(design: Design, truth: Mapping[str, float], effects: list[Array]) -> Draws:
    """The true parameters and random effects as a posterior of one draw."""
    q = len(design.random_labels)
    arrays = {"gamma": np.empty(len(design.fixed_labels)), "tau": np.empty(q), "corr": np.eye(q)}
    auxiliary = []
    for one in Schema.of(design).parameters:
        value = truth[one.label]
        if one.component == "corr":
            row, column = one.position
            arrays["corr"][row, column] = arrays["corr"][column, row] = value
        elif one.component in arrays:
            arrays[one.component][one.position] = value
        else:
            auxiliary.append(value)
    one = (None, None)
    gamma, tau, corr = (arrays[name][one] for name in ("gamma", "tau", "corr"))
    u = [values[one] for values in effects]
    corr = corr if Schema.of(design).of_component("corr") else None
    return Draws(labelled_posterior(design, gamma, tau, np.array(auxiliary)[one], corr, u), design)


def quantities(kind: ModelType, draws: Draws, held_out: pd.DataFrame, seed: int) -> dict[str, Array]:
    """Draws (S,) of every quantity by name.

    Parameters, the random effects of the first unit of each grouping, the first share of the variance between groups,
    the upper end of the first coefficient's plausible range, linear predictor and outcome of the row held out, and the
    log density of the data.
    """
    design = draws.design
    found = dict(zip(draws.schema.labels, draws.scalars().reshape(-1, draws.n_draws), strict=True))
    for k, grouping in enumerate(design.groupings):
        for r, column in enumerate(design.predictor.random[k].columns):
            found[f"{column.label}[{grouping} 0]"] = draws.u_of(k)[..., 0, r].ravel()
    if has_icc(design):
        shares = icc(draws).draws
        found["ICC"] = shares[next(iter(shares))].to_numpy().reshape(draws.n_draws, -1)[:, 0]
    found["range"] = plausible_ranges(draws, grouping=design.groupings[0]).draws["upper"].to_numpy()[..., 0].ravel()
    row = predict(draws, new_rows(design, held_out), "same", seed=seed)
    found["predictor"] = row["mu" if design.outcome.is_normal else "eta"].to_numpy().ravel()
    found["outcome"] = row["y"].to_numpy().ravel()
    found["log p(y)"] = log_density(kind, draws)
    return found


def log_density(kind: ModelType, draws: Draws) -> Array:
    """Log density of the outcomes at each draw: of the parameters, or of them and the effects that were sampled."""
    if kind.row_density is None:
        return likelihood_of(draws.design).totals(draws)
    eta = predict(draws, fitted_rows(draws.design), "same", seed=0)["eta"].to_numpy().reshape(draws.n_draws, -1)
    return kind.row_density(draws.design.y, eta).sum(axis=1)


def simulated(kind: ModelType, seed: int) -> tuple[hlm.Model, pd.DataFrame, dict[str, float], Draws]:
    """A model of simulated data, the row held out, and the truths: by quantity, and as draws.

    Data that the package refuses are drawn anew with new truths: what depends on the data alone leaves ranks uniform.
    """
    rng = np.random.default_rng([20261127, seed])
    while True:
        d = kind.predictors(rng)
        schema = Schema.of(design_without_outcome(parse(kind.equations), d.iloc[:-1], kind.group, levels=3))
        truth = drawn_truth(schema, kind.priors, rng)
        y, eta, effects = kind.outcomes(truth, d, rng)
        d = d.assign(y=y)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ModelWarning)  # what a lint says of the simulated columns
                model = hlm.Model(kind.equations, d.iloc[:-1], kind.group, priors=kind.priors)
        except DataError:
            continue
        if Schema.of(model.design) == schema:
            row = {"predictor": eta[-1], "outcome": y[-1]}
            return model, d.iloc[-1:], row, truth_as_draws(model.design, truth, effects)


def fitted(kind: ModelType, model: hlm.Model, seed: int) -> Draws:
    """Draws of the posterior, nearly independent, `KEPT` in number."""
    options = sampling_options(
        draws=KEPT * THIN // CHAINS,
        chains=CHAINS,
        cores=1,
        seed=seed,
        sampler=kind.sampler,
        parameterization=kind.parameterization,
        progress=False,
    )
    draws = FittedModel.sampled(model.design, model.priors, options).draws
    return draws.at(np.arange(0, options.draws, THIN))


def ranks(kind: ModelType, seed: int, fit_as: ModelType | None = None) -> dict[str, int]:
    """Rank of each quantity's truth among `KEPT` draws of its posterior, 0 to `KEPT`; among equal ones at random.

    Parameters
    ----------
    kind : ModelType
        What the data are made of.
    seed : int
    fit_as : ModelType, optional
        What is fitted, if it is to be wrong.
    """
    model, held_out, row, truth = simulated(kind, seed)
    if fit_as is not None:
        model = hlm.Model.from_design(model.design, fit_as.priors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        draws = quantities(kind, fitted(fit_as or kind, model, seed), held_out, seed)
        true = {name: values[0] for name, values in quantities(kind, truth, held_out, seed).items()} | row
    if model.design.outcome.categories:
        true["outcome"] -= 1.0  # positions of the categories
    rng = np.random.default_rng([1, seed])
    return {
        name: int((values < true[name]).sum() + rng.integers(0, (values == true[name]).sum() + 1))
        for name, values in draws.items()
    }


def rank_counts(kind: ModelType, seeds: range, fit_as: ModelType | None = None) -> dict[str, Array]:
    """How often each rank was found, (KEPT + 1,), of every quantity.

    Data for which no number of nodes of quadrature is enough are refused, and have no ranks: that, too, the data alone
    decide.
    """
    found = []
    for seed in seeds:
        with suppress(SamplingError):
            found.append(ranks(kind, seed, fit_as))
    return {name: np.bincount([one[name] for one in found], minlength=KEPT + 1) for name in found[0]}
