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
from scipy.special import expit, ndtr

type Array = NDArray[np.float64]
type Truth = Mapping[str, float]
type Made = tuple[Array, Array, list[Array]]
type Outcomes = Callable[[Truth, pd.DataFrame, np.random.Generator], Made]
type Predictor = Callable[[Truth, pd.DataFrame, np.random.Generator], tuple[Array, list[Array]]]


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
    outcomes: Outcomes
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
                "tries": rng.integers(1, 6, len(code)),
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


def correlated_rows(rng: np.random.Generator) -> pd.DataFrame:
    """Three rows in each of 12 groups, whose errors have known covariance matrices; the row held out has a variance."""
    d = in_groups(12, 3)(rng)
    roots = rng.normal(size=(12, 3, 5)) / np.sqrt(5)
    d[KNOWN] = np.vstack([(roots @ roots.transpose(0, 2, 1)).reshape(-1, 3), [1.0, 0.0, 0.0]])
    return d


def normal_around(predictor: Predictor) -> Outcomes:
    """Normal outcomes of linear predictors."""

    def made(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
        eta, effects = predictor(t, d, rng)
        return rng.normal(eta, t["sigma"]), eta, effects

    return made


def binary_by(predictor: Predictor) -> Outcomes:
    """Binary outcomes, by the logit."""

    def made(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
        eta, effects = predictor(t, d, rng)
        return (rng.random(len(eta)) < expit(eta)) * 1.0, eta, effects

    return made


def correlated(t: Truth, first: str, second: str, n: int, rng: np.random.Generator) -> Array:
    """Two correlated random effects of n groups, (n, 2)."""
    corr, z = t[f"corr[{first},{second}]"], rng.normal(size=(n, 2))
    apart = corr * z[:, 0] + np.sqrt(1 - corr**2) * z[:, 1]
    return np.column_stack([t[f"tau[{first}]"] * z[:, 0], t[f"tau[{second}]"] * apart])


def slopes_predictor(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> tuple[Array, list[Array]]:
    """Linear predictors with random intercepts and slopes that are correlated."""
    group, x = d["group"].to_numpy(), d["x"].to_numpy()
    u = correlated(t, "u0", "u1", group.max() + 1, rng)
    return t["g00"] + t["g01"] * d["w"].to_numpy() + u[group, 0] + (t["g10"] + u[group, 1]) * x, [u]


def three_levels(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Rows in children in schools."""
    r, u = t["tau[r0]"] * rng.normal(size=24), t["tau[u00]"] * rng.normal(size=8)
    eta = (t["g000"] + u[d["school"]] + r[d["child"]] + t["g100"] * d["x"]).to_numpy()
    return rng.normal(eta, t["sigma"]), eta, [r[:, None], u[:, None]]


def crossed_predictor(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> tuple[Array, list[Array]]:
    """Linear predictors and effects of two crossed groupings."""
    u, v = t["tau[u0]"] * rng.normal(size=10), t["tau[v0]"] * rng.normal(size=6)
    return (t["g00"] + t["g10"] * d["x"] + u[d["first"]] + v[d["second"]]).to_numpy(), [u[:, None], v[:, None]]


def one_effect(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> tuple[Array, list[Array]]:
    """Linear predictors with random intercepts."""
    group = d["group"].to_numpy()
    u = t["tau[u0]"] * rng.normal(size=group.max() + 1)
    eta = t.get("g00", 0.0) + t["g10"] * d["x"].to_numpy() + u[group]
    return eta, [u[:, None]]


def known_sds(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Each row with an SD of its own that is known."""
    eta, effects = one_effect(t, d, rng)
    return rng.normal(eta, d["se"]), eta, effects


def known_covariances(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """The rows of a group with errors whose covariance matrix is known."""
    eta, effects = one_effect(t, d, rng)
    V = d[KNOWN].to_numpy()
    r = np.linalg.cholesky(V[:-1].reshape(-1, 3, 3)) @ rng.normal(size=(12, 3, 1))
    return eta + np.append(r, rng.normal(0.0, np.sqrt(V[-1, 0]))), eta, effects


def two_spreads(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Rows of two kinds with level-1 SDs of their own."""
    eta, effects = one_effect(t, d, rng)
    return rng.normal(eta, np.exp(t["a0"] + t["a1"] * d["kind"])), eta, effects


def location_scale(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Groups that differ in their mean and in the log of their level-1 SD, the two correlated."""
    group = d["group"].to_numpy()
    both = correlated(t, "u0", "v0", group.max() + 1, rng)
    eta = t["g00"] + t["g10"] * d["x"].to_numpy() + both[group, 0]
    spread = np.exp(t["a0"] + t["a1"] * d["kind"].to_numpy() + both[group, 1])
    return rng.normal(eta, spread), eta, [both]


def autoregressive(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Residuals of consecutive rows of a group correlated; that of the row held out is independent of them."""
    eta, effects = one_effect(t, d, rng)
    r, rho = rng.normal(size=len(d)), t["rho"]
    for k in range(1, len(d) - 1):
        if d["group"].iloc[k] == d["group"].iloc[k - 1]:
            r[k] = rho * r[k - 1] + np.sqrt(1 - rho**2) * r[k]
    return eta + t["sigma"] * r, eta, effects


def equally_correlated(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Residuals of the 8 rows of a group all correlated rho, by the root of that matrix; slopes that vary."""
    group, x = d["group"].to_numpy(), d["x"].to_numpy()
    u = t["tau[u1]"] * rng.normal(size=group.max() + 1)
    eta = t["g00"] + (t["g10"] + u[group]) * x
    root = np.linalg.cholesky(np.full((8, 8), t["rho"]) + (1 - t["rho"]) * np.eye(8))
    r = root @ rng.normal(size=(group.max() + 1, 8, 1))
    return eta + t["sigma"] * np.append(r, rng.normal()), eta, [u[:, None]]


def heavy_tailed(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Student t outcomes, as a normal one over the root of a chi-squared one."""
    eta, effects = one_effect(t, d, rng)
    spread = np.sqrt(rng.chisquare(t["nu"], len(eta)) / t["nu"])
    return eta + t["sigma"] * rng.normal(size=len(eta)) / spread, eta, effects


def shares_of_tries(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Binomial counts of known numbers of tries, by the probit."""
    eta, effects = one_effect(t, d, rng)
    return rng.binomial(d["tries"], ndtr(eta)).astype(float), eta, effects


def costs(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Gamma outcomes by their mean and shape."""
    eta, effects = one_effect(t, d, rng)
    return rng.gamma(t["shape"], np.exp(eta) / t["shape"]), eta, effects


def proportions(t: Truth, d: pd.DataFrame, rng: np.random.Generator) -> Made:
    """Beta outcomes by their mean and precision."""
    eta, effects = one_effect(t, d, rng)
    return rng.beta(t["phi"] * expit(eta), t["phi"] * expit(-eta)), eta, effects


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


KNOWN = ["v1", "v2", "v3"]
ROWS = {"g00": "Normal(0, 1)", "g10": "Normal(0, 1)", "tau_u0": "HalfNormal(1)"}
NORMAL = ROWS | {"sigma": "HalfNormal(1)"}
COUNTS = ROWS | {"g10": "Normal(0, 0.5)", "tau_u0": "HalfNormal(0.7)"}
LINES = "b0 = g00 + u0; b1 = g10"
SPREAD = {"a0": "Normal(0, 0.5)", "a1": "Normal(0, 0.5)"}
CROSSED = "b0 = g00 + u0[first] + v0[second]; b1 = g10"

TYPES = {
    "random slopes": ModelType(
        "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10 + u1",
        "group",
        NORMAL | {"g01": "Normal(0, 1)", "tau_u1": "HalfNormal(1)", "corr": "LKJ(2)"},
        in_groups(12, 6, 1.0),
        normal_around(slopes_predictor),
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
        f"y = b0 + b1*x + r; {CROSSED}",
        None,
        NORMAL | {"tau_v0": "HalfNormal(1)"},
        crossed_rows,
        normal_around(crossed_predictor),
    ),
    "known SDs": ModelType(f"y = b0 + b1*x + r; sd(r) = se; {LINES}", "group", ROWS, in_groups(20, 1), known_sds),
    "known covariances": ModelType(
        f"y = b0 + b1*x + r; cov(r) = [{', '.join(KNOWN)}]; {LINES}", "group", ROWS, correlated_rows, known_covariances
    ),
    "log sigma": ModelType(
        f"y = b0 + b1*x + r; log(sigma) = a0 + a1*kind; {LINES}",
        "group",
        ROWS | SPREAD,
        in_groups(10, 8),
        two_spreads,
    ),
    "location-scale": ModelType(
        f"y = b0 + b1*x + r; log(sigma) = a0 + a1*kind + v0; {LINES}",
        "group",
        ROWS | SPREAD | {"tau_v0": "HalfNormal(0.5)", "corr": "LKJ(2)"},
        in_groups(10, 8),
        location_scale,
    ),
    "AR(1)": ModelType(
        f"y = b0 + b1*x + r; corr(r) = ar1(time); {LINES}",
        "group",
        NORMAL | {"rho": "Uniform(-1, 1)"},
        in_groups(10, 8),
        autoregressive,
    ),
    "compound symmetry": ModelType(
        "y = b0 + b1*x + r; corr(r) = cs; b0 = g00; b1 = g10 + u1",
        "group",
        {key: of for key, of in NORMAL.items() if key != "tau_u0"}
        | {"tau_u1": "HalfNormal(1)", "rho": "Uniform(-0.142857, 1)"},
        in_groups(10, 8),
        equally_correlated,
    ),
    "Student t": ModelType(
        f"y ~ StudentT(mu, sigma, nu); mu = b0 + b1*x; {LINES}",
        "group",
        NORMAL | {"nu": "HalfNormal(10)"},
        in_groups(12, 6),
        heavy_tailed,
    ),
    "Bernoulli": ModelType(
        f"y ~ Bernoulli(p); logit(p) = b0 + b1*x; {LINES}", "group", ROWS, in_groups(12, 6), binary_by(one_effect)
    ),
    "Bernoulli, slopes": ModelType(
        "y ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + g01*w + u0; b1 = g10 + u1",
        "group",
        ROWS | {"g01": "Normal(0, 1)", "tau_u1": "HalfNormal(1)", "corr": "LKJ(2)"},
        in_groups(15, 8),
        binary_by(slopes_predictor),
    ),
    "binomial": ModelType(
        f"y ~ Binomial(tries, p); probit(p) = b0 + b1*x; {LINES}", "group", ROWS, in_groups(12, 6), shares_of_tries
    ),
    "gamma": ModelType(
        f"y ~ Gamma(mu, shape); log(mu) = b0 + b1*x; {LINES}",
        "group",
        COUNTS | {"shape": "HalfNormal(5)"},
        in_groups(12, 6),
        costs,
    ),
    "beta": ModelType(
        f"y ~ Beta(mu, phi); logit(mu) = b0 + b1*x; {LINES}",
        "group",
        ROWS | {"phi": "HalfNormal(10)"},
        in_groups(12, 6),
        proportions,
    ),
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
        binary_by(crossed_predictor),
        sampler="nutpie",
        row_density=bernoulli_density,
    ),
}
BY_NUTS = ("random slopes", "three levels", "crossed", "known SDs", "known covariances", "log sigma", "location-scale")
BY_NUTS += ("AR(1)", "Poisson", "negative binomial", "ordinal")
TYPES |= {f"{name}, NUTS": replace(TYPES[name], sampler="nutpie") for name in BY_NUTS}
TYPES["Bernoulli, explicit"] = replace(
    TYPES["Bernoulli"], sampler="nutpie", parameterization="noncentered", row_density=bernoulli_density
)
