"""`simulate`: data of a model whose parameters are stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayeshlm.arguments import checked_seed
from bayeshlm.checks.simulated_outcomes import as_data, design_without_outcome, drawn_outcomes
from bayeshlm.equations import ModelSpec, parse
from bayeshlm.errors import OptionError
from bayeshlm.parameters.stated_values import Stated, StatedValues


def simulate(
    equations: str | ModelSpec,
    data: pd.DataFrame,
    group: str | Sequence[str] | None = None,
    *,
    gamma: Mapping[str, Stated],
    tau: Mapping[str, Stated] | None = None,
    corr: Mapping[str, Stated] | None = None,
    sigma: Stated | None = None,
    auxiliary: Mapping[str, Stated] | None = None,
    group_data: Any = None,
    family: str | None = None,
    seed: int | None = None,
) -> pd.DataFrame:
    """Draw the outcome of rows of predictors from a model.

    Parameters
    ----------
    equations, group, group_data, family
        As in `Model`.
    data : DataFrame
        A row a level-1 unit, with the predictors and the groups. The outcome need not be there.
    gamma : mapping of str to float
        Fixed effects by symbol, ``{"g00": 12, "g10": 2}``. In place of a number a distribution, ``hlm.Normal(2, 0.5)``,
        of which one value is drawn; so everywhere.
    tau : mapping of str to float
        SDs of the random effects by symbol, ``{"u0": 2}``; 0 is none.
    corr : mapping of str to float, optional
        Correlations of random effects, ``{"u0,u1": 0.3}``; those that are not named are 0.
    sigma : float, optional
        SD of the residuals of a normal outcome.
    auxiliary : mapping of str to float, optional
        Other parameters of the outcome's distribution, ``{"phi": 3}``, ``{"cutpoint[1|2]": -1, "cutpoint[2|3]": 1}``.
    seed : int, optional

    Returns
    -------
    DataFrame
        The data with the outcome, of ordered categories an ordered categorical; ``attrs["parameters"]`` are the
        parameters by label, ``attrs["seed"]`` the seed.

    Raises
    ------
    OptionError
        A parameter has no value, or one that it cannot have.
    DataError
        As `Model`; or a predictor misses values.

    Examples
    --------
    >>> schools = pd.DataFrame({"school": np.repeat(range(40), 25), "ses": np.tile(np.linspace(-1, 1, 25), 40)})
    >>> text = "math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10"
    >>> made = simulate(text, schools, "school", gamma={"g00": 50, "g10": 3}, tau={"u0": 4}, sigma=8, seed=1)
    >>> made.columns.tolist(), made.attrs["parameters"]["tau[u0]"]
    (['school', 'ses', 'math'], 4.0)
    """
    spec = equations if isinstance(equations, ModelSpec) else parse(equations, family=family)
    values, seed = stated_values(gamma, tau, corr, sigma, auxiliary), checked_seed(seed)
    design = design_without_outcome(spec, data, group, group_data, n_categories(values))
    y, draws = drawn_outcomes(design, values, np.random.default_rng(seed))
    made = data.assign(**{spec.outcome.name: as_data(design, y)})
    labels = draws.schema.labels
    made.attrs |= {"parameters": dict(zip(labels, draws.scalars()[:, 0, 0].tolist(), strict=True)), "seed": seed}
    return made


def stated_values(
    gamma: Mapping[str, Stated],
    tau: Mapping[str, Stated] | None,
    corr: Mapping[str, Stated] | None,
    sigma: Stated | None,
    auxiliary: Mapping[str, Stated] | None,
) -> StatedValues:
    """The arguments of `simulate` as one record.

    Raises
    ------
    OptionError
        One of them is no mapping.
    """
    named = {"gamma": gamma, "tau": tau or {}, "corr": corr or {}, "auxiliary": auxiliary or {}}
    for name, values in named.items():
        if not isinstance(values, Mapping):
            raise OptionError(f"{name} is a mapping from symbols to values, not {values!r}.")
    own = {} if sigma is None else {"sigma": sigma}
    return StatedValues(named["gamma"], named["tau"], {**own, **named["auxiliary"]}, named["corr"])


def n_categories(values: StatedValues) -> int:
    """Categories of an ordered outcome, of which one cutpoint less is stated."""
    return max(1 + sum(name.startswith("cutpoint") for name in values.auxiliary), 2)
