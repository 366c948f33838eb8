"""The model types whose posteriors are calibrated: equations, frozen priors, and how data are made, in plain numpy.

A type is a record of `TYPES`. Its `outcomes` make the rows of one data set from the true parameters without the
package: outcomes, linear predictors and random effects of each grouping, in the order of the model's groupings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

type Array = NDArray[np.float64]
type Truth = Mapping[str, float]
type Made = tuple[Array, Array, list[Array]]


@dataclass(frozen=True)
class ModelType:
    """A type of model.

    Attributes
    ----------
    equations : str
    group : str or list of str or None
    priors : dict
        Of every parameter, as text; "cutpoint" of all cutpoints.
    predictors : callable
        From a random generator to the columns of N + 1 rows, the last of which is held out; its units have other rows.
    outcomes : callable
        From the true parameters by label, the columns and a generator to outcomes, linear predictors and effects.
    sampler, parameterization : str
        As `hlm.Model.fit` takes them.
    row_density : callable, optional
        Log density of outcomes at linear predictors, where random effects are not integrated out.
    """

    equations: str
    group: str | list[str] | None
    priors: dict[str, str]
    predictors: Callable[[np.random.Generator], pd.DataFrame]
    outcomes: Callable[[Truth, pd.DataFrame, np.random.Generator], Made]
    sampler: str = "importance"
    parameterization: str = "marginal"
    row_density: Callable[[Array, Array], Array] | None = None


def in_groups(groups: int, size: int, center: float = 0.0) -> Callable[[np.random.Generator], pd.DataFrame]:
    """Rows in groups of one size, the last in the first group: x of rows, w of groups, a time, two kinds of rows."""

    def made(rng: np.random.Generator) -> pd.DataFrame:
        code = np.append(np.repeat(np.arange(groups), size), 0)
        return pd.DataFrame(
            {
                "group": code,
                "x": rng.normal(center, 1.0, len(code)),
                "w": rng.normal(size=groups)[code],
                "time": np.append(np.tile(np.arange(size), groups), size),
                "kind": rng.integers(0, 2, len(code)),
                "se": rng.uniform(0.3, 1.5, len(code)),
            }
        )

    return made


def nested_rows(rng: np.random.Generator) -> pd.DataFrame:
    """Three rows in each of 24 children in 8 schools."""
    child = np.append(np.repeat(np.arange(24), 3), 0)
    return pd.DataFrame({"child": child, "school": child // 3, "x": rng.normal(size=len(child))})


def crossed_rows(rng: np.random.Generator) -> pd.DataFrame:
    """Rows of 10 units of one grouping crossed with 6 of another, two a cell at random."""
    first, second = rng.integers(0, 10, 120), rng.integers(0, 6, 120)
    first[:10], second[:10] = np.arange(10), np.arange(10) % 6
    return pd.DataFrame({"first": np.append(first, 0), "second": np.append(second, 0), "x": rng.normal(size=121)})


def slopes(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Random intercepts and slopes that are correlated."""
    corr, group = t["corr[u0,u1]"], d["group"].to_numpy()
    z = rng.normal(size=(group.max() + 1, 2))
    u = np.column_stack([t["tau[u0]"] * z[:, 0], t["tau[u1]"] * (corr * z[:, 0] + np.sqrt(1 - corr**2) * z[:, 1])])
    x = d["x"].to_numpy()
    eta = t["g00"] + t["g01"] * d["w"].to_numpy() + u[group, 0] + (t["g10"] + u[group, 1]) * x
    return rng.normal(eta, t["sigma"]), eta, [u]


def three_levels(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Rows in children in schools."""
    r, u = t["tau[r0]"] * rng.normal(size=24), t["tau[u00]"] * rng.normal(size=8)
    eta = (t["g000"] + u[d["school"]] + r[d["child"]] + t["g100"] * d["x"]).to_numpy()
    return rng.normal(eta, t["sigma"]), eta, [r[:, None], u[:, None]]


def crossed_predictor(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> tuple[Array, list[Array]]:
    """Linear predictors and effects of two crossed groupings."""
    u, v = t["tau[u0]"] * rng.normal(size=10), t["tau[v0]"] * rng.normal(size=6)
    return (t["g00"] + t["g10"] * d["x"] + u[d["first"]] + v[d["second"]]).to_numpy(), [u[:, None], v[:, None]]


def crossed(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Normal outcomes of them."""
    eta, effects = crossed_predictor(t, d, rng)
    return rng.normal(eta, t["sigma"]), eta, effects


def crossed_passes(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Binary outcomes of them."""
    eta, effects = crossed_predictor(t, d, rng)
    return (rng.random(len(eta)) < expit(eta)) * 1.0, eta, effects


def one_effect(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> tuple[Array, list[Array]]:
    """Linear predictors with random intercepts."""
    group = d["group"].to_numpy()
    u = t["tau[u0]"] * rng.normal(size=group.max() + 1)
    eta = t.get("g00", 0.0) + t["g10"] * d["x"].to_numpy() + u[group]
    return eta, [u[:, None]]


def intercepts(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Normal outcomes with random intercepts."""
    eta, effects = one_effect(t, d, rng)
    return rng.normal(eta, t["sigma"]), eta, effects


def known_sds(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Each row with an SD of its own that is known."""
    eta, effects = one_effect(t, d, rng)
    return rng.normal(eta, d["se"]), eta, effects


def two_spreads(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Rows of two kinds with level-1 SDs of their own."""
    eta, effects = one_effect(t, d, rng)
    return rng.normal(eta, np.exp(t["a0"] + t["a1"] * d["kind"])), eta, effects


def autoregressive(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Residuals of consecutive rows of a group correlated; that of the row held out is independent of them."""
    eta, effects = one_effect(t, d, rng)
    r, rho = rng.normal(size=len(d)), t["rho"]
    for k in range(1, len(d) - 1):
        if d["group"].iloc[k] == d["group"].iloc[k - 1]:
            r[k] = rho * r[k - 1] + np.sqrt(1 - rho**2) * r[k]
    return eta + t["sigma"] * r, eta, effects


def passes(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Binary outcomes."""
    eta, effects = one_effect(t, d, rng)
    return (rng.random(len(eta)) < expit(eta)) * 1.0, eta, effects


def counts(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Poisson counts."""
    eta, effects = one_effect(t, d, rng)
    return rng.poisson(np.exp(eta)).astype(float), eta, effects


def overdispersed(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Counts with the variance ``mu + mu^2/phi``, as a Poisson distribution with gamma means."""
    eta, effects = one_effect(t, d, rng)
    return rng.poisson(np.exp(eta) * rng.gamma(t["phi"], 1 / t["phi"], len(eta))).astype(float), eta, effects


def ordered(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Three ordered categories."""
    eta, effects = one_effect(t, d, rng)
    cuts = np.array([[t["cutpoint[1|2]"]], [t["cutpoint[2|3]"]]])
    return 1.0 + (eta + rng.logistic(size=len(eta)) > cuts).sum(axis=0), eta, effects


def bernoulli_density(y: Array, eta: Array) -> Array:
    """Log density of binary outcomes by the logit."""
    return y * eta - np.logaddexp(0.0, eta)


ROWS = {"g00": "Normal(0, 1)", "g10": "Normal(0, 1)", "tau_u0": "HalfNormal(1)"}
NORMAL = ROWS | {"sigma": "HalfNormal(1)"}
COUNTS = ROWS | {"g10": "Normal(0, 0.5)", "tau_u0": "HalfNormal(0.7)"}
LINES = "b0 = g00 + u0; b1 = g10"
CROSSED = "b0 = g00 + u0[first] + v0[second]; b1 = g10"

TYPES = {
    "random slopes": ModelType(
        "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + u1",
        "group",
        NORMAL | {"g01": "Normal(0, 1)", "tau_u1": "HalfNormal(1)", "corr": "LKJ(2)"},
        in_groups(12, 6, 1.0),
        slopes,
    ),
    "three levels": ModelType(
        "y = p0 + p1*x + e; p0 = b00 + r0; p1 = b10; b00 = g000 + u00; b10 = g100",
        ["child", "school"],
        {"g000": "Normal(0, 1)", "g100": "Normal(0, 1)"}
        | dict.fromkeys(("tau_r0", "tau_u00", "sigma"), "HalfNormal(1)"),
        nested_rows,
        three_levels,
    ),
    "crossed": ModelType(
        f"y = b0 + b1*x + r; {CROSSED}", None, NORMAL | {"tau_v0": "HalfNormal(1)"}, crossed_rows, crossed
    ),
    "known SDs": ModelType(f"y = b0 + b1*x + r; sd(r) = se; {LINES}", "group", ROWS, in_groups(20, 1), known_sds),
    "log sigma": ModelType(
        f"y = b0 + b1*x + r; log(sigma) = a0 + a1*kind; {LINES}",
        "group",
        ROWS | {"a0": "Normal(0, 0.5)", "a1": "Normal(0, 0.5)"},
        in_groups(10, 8),
        two_spreads,
    ),
    "AR(1)": ModelType(
        f"y = b0 + b1*x + r; corr(r) = ar1(time); {LINES}",
        "group",
        NORMAL | {"rho": "Uniform(-1, 1)"},
        in_groups(10, 8),
        autoregressive,
    ),
    "Bernoulli": ModelType(f"y ~ Bernoulli(p); logit(p) = b0 + b1*x; {LINES}", "group", ROWS, in_groups(12, 6), passes),
    "Poisson": ModelType(f"y ~ Poisson(mu); log(mu) = b0 + b1*x; {LINES}", "group", COUNTS, in_groups(12, 6), counts),
    "negative binomial": ModelType(
        f"y ~ NegativeBinomial(mu, phi); log(mu) = b0 + b1*x; {LINES}",
        "group",
        COUNTS | {"phi": "HalfNormal(5)"},
        in_groups(12, 6),
        overdispersed,
    ),
    "ordinal": ModelType(
        "y ~ Ordinal(eta); eta = b0 + b1*x; b0 = u0; b1 = g10",
        "group",
        {"g10": "Normal(0, 1)", "tau_u0": "HalfNormal(1)", "cutpoint": "Normal(0, 2)"},
        in_groups(12, 6),
        ordered,
    ),
    "crossed Bernoulli": ModelType(
        f"y ~ Bernoulli(p); logit(p) = b0 + b1*x; {CROSSED}",
        None,
        ROWS | {"tau_v0": "HalfNormal(1)"},
        crossed_rows,
        crossed_passes,
        sampler="nutpie",
        row_density=bernoulli_density,
    ),
}
TYPES |= {
    "random slopes, NUTS": replace(TYPES["random slopes"], sampler="nutpie"),
    "crossed, NUTS": replace(TYPES["crossed"], sampler="nutpie"),
    "Poisson, NUTS": replace(TYPES["Poisson"], sampler="nutpie"),
    "Bernoulli, explicit": replace(
        TYPES["Bernoulli"], sampler="nutpie", parameterization="noncentered", row_density=bernoulli_density
    ),
}
