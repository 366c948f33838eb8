"""Posteriors of posteriordb that the equations can state, beside their Stan programs.

    uv run python tests/posteriordb/posterior_cases.py

prints and records the largest differences. Where the database has reference draws, means and mean squares are compared
with theirs. Where it has none, the log density of the parameters is, with the one that the Stan program states: its
coefficients of the groups are integrated out here by dense normal distributions, or by adaptive quadrature.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import integrate, stats
from scipy.special import expit

import bayeshlm as hlm
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.parameters.log_prior import log_prior
from bayeshlm.quantities.diagnostics import diagnose

type Array = NDArray[np.float64]

FOLDER = Path(__file__).parents[1] / "references" / "posteriordb"
RESULTS = FOLDER / "differences.json"

NODES = 32
"""Of quadrature: more than a posterior takes, so that what is left is rounding."""


@dataclass(frozen=True)
class RadonCase:
    """A radon model of `posteriordb`: equations, and which columns have fixed effects and random ones.

    Attributes
    ----------
    equations : str
    fixed, random : tuple of str
        Columns in the order of the parameters; "1" is the constant.
    """

    equations: str
    fixed: tuple[str, ...]
    random: tuple[str, ...]


RADON = {
    "partially_pooled": RadonCase("log_radon = b0 + r; b0 = g00 + u0", ("1",), ("1",)),
    "variable_intercept": RadonCase("log_radon = b0 + b1*floor + r; b0 = g00 + u0; b1 = g10", ("1", "floor"), ("1",)),
    "variable_slope": RadonCase("log_radon = b0 + b1*floor + r; b0 = g00; b1 = g10 + u1", ("1", "floor"), ("floor",)),
    "variable_intercept_slope": RadonCase(
        "log_radon = b0 + b1*floor + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0",
        ("1", "floor"),
        ("1", "floor"),
    ),
    "hierarchical_intercept": RadonCase(
        "log_radon = b0 + b1*floor + b2*log_uppm + r; b0 = g00 + u0; b1 = g10; b2 = g20",
        ("1", "floor", "log_uppm"),
        ("1",),
    ),
}

SEEDS = """
germinated ~ Binomial(seeds, p)
logit(p) = b0
b0 = g00 + g01*aegyptiaca_73 + g02*cucumber + g03*aegyptiaca_73*cucumber + u0
"""

ITEMS = [f"item{k}" for k in range(1, 6)]
LSAT = f"""
right ~ Bernoulli(p)
logit(p) = b0 + {" + ".join(f"b{k}*{item}" for k, item in enumerate(ITEMS, 1))}
b0 = u0
{"; ".join(f"b{k} = g{k}0" for k in range(1, 6))}
"""

SCHOOLS = "effect = b0 + r; sd(r) = se; b0 = g00 + u0"
SCHOOLS_PRIORS = {"g00": "Normal(0, 5)", "tau_u0": "HalfCauchy(5)"}


def radon_model(case: RadonCase, data: str) -> hlm.Model:
    """The model with the priors of its Stan program."""
    table = pd.read_csv(FOLDER / f"{data}.csv.xz")
    gammas = [f"g{k}0" for k in range(len(case.fixed))]
    taus = ["tau_u1" if column == "floor" else "tau_u0" for column in case.random]
    priors = dict.fromkeys(gammas, "Normal(0, 10)") | dict.fromkeys([*taus, "sigma"], "HalfNormal(1)")
    return hlm.Model(case.equations, table, "county", priors=priors)


def points(model: hlm.Model, n: int, seed: int = 1) -> Draws:
    """Parameters about the size of the posterior's, n of them."""
    rng, design = np.random.default_rng(seed), model.design
    p, q, a = len(design.fixed_labels), len(design.random_labels), len(design.outcome.auxiliary_effects)
    gamma, tau = rng.normal(0.5, 0.7, (1, n, p)), rng.uniform(0.05, 1.0, (1, n, q))
    return Draws(labelled_posterior(design, gamma, tau, rng.uniform(0.5, 1.2, (1, n, a))), design)


def own_log_density(model: hlm.Model, draws: Draws) -> Array:
    """Log density of parameters and outcomes by the package, (S,)."""
    prior = log_prior(draws, model.priors)
    parts = [values.sum([dim for dim in values.dims if dim not in ("chain", "draw")]) for values in prior.values()]
    likelihood = likelihood_of(model.design)
    quadrature = isinstance(likelihood, FamilyQuadrature)
    data = likelihood.totals_with(draws, NODES) if quadrature else likelihood.totals(draws)
    return data + sum(part.to_numpy().ravel() for part in parts)


def radon_log_density(case: RadonCase, data: str, draws: Draws) -> Array:
    """As the Stan program states it, the coefficients of each county integrated out by a dense normal distribution."""
    table = pd.read_csv(FOLDER / f"{data}.csv.xz").assign(**{"1": 1.0})
    gamma, tau, sigma = draws.gamma[0], draws.tau[0], draws.sigma[0]
    density = stats.norm.logpdf(gamma, 0, 10).sum(axis=1)
    density += stats.halfnorm.logpdf(tau).sum(axis=1) + stats.halfnorm.logpdf(sigma)
    for _, rows in table.groupby("county"):
        X, Z, y = rows[list(case.fixed)].to_numpy(), rows[list(case.random)].to_numpy(), rows["log_radon"].to_numpy()
        for s in range(len(sigma)):
            V = (Z * tau[s] ** 2) @ Z.T + sigma[s] ** 2 * np.eye(len(y))
            root = np.linalg.cholesky(V)
            e = np.linalg.solve(root, y - X @ gamma[s])
            density[s] -= 0.5 * (len(y) * np.log(2 * np.pi) + e @ e) + np.log(np.diag(root)).sum()
    return density


def seeds_model() -> hlm.Model:
    """``seeds_stanified_model``: the plates' effects are normal, narrow priors, a Cauchy one of their SD."""
    priors = dict.fromkeys(("g00", "g01", "g02", "g03"), "Normal(0, 1)") | {"tau_u0": "HalfCauchy(1)"}
    return hlm.Model(SEEDS, hlm.load_dataset("seeds"), "plate", priors=priors)


def seeds_log_density(draws: Draws) -> Array:
    """As the Stan program states it, the effect of each plate integrated out by adaptive quadrature."""
    d = hlm.load_dataset("seeds")
    x1, x2 = d["aegyptiaca_73"].to_numpy(), d["cucumber"].to_numpy()
    X = np.column_stack([np.ones(len(d)), x1, x2, x1 * x2])
    gamma, tau = draws.gamma[0], draws.tau[0, :, 0]
    density = stats.norm.logpdf(gamma).sum(axis=1) + stats.halfcauchy.logpdf(tau)
    for s in range(len(tau)):
        for eta, k, n in zip(X @ gamma[s], d["germinated"], d["seeds"], strict=True):

            def joint(z: float, eta: float = eta, k: int = k, n: int = n, tau: float = tau[s]) -> float:
                return float(stats.binom.pmf(k, n, expit(eta + tau * z)) * stats.norm.pdf(z))

            value, _ = integrate.quad(joint, -10, 10, epsabs=0, epsrel=1e-11, limit=500, points=(-3, -1, 0, 1, 3))
            density[s] += np.log(value)
    return density


def lsat_model() -> hlm.Model:
    """``lsat_model``: five items answered by 1000 persons, whose abilities times one loading are random intercepts."""
    patterns = pd.read_csv(FOLDER / "lsat.csv")
    answers = patterns[ITEMS].to_numpy().repeat(patterns["persons"], axis=0)
    person, item = np.divmod(np.arange(answers.size), 5)
    table = pd.DataFrame(np.eye(5)[item], columns=ITEMS).assign(right=answers.ravel(), person=person)
    priors = {f"g{k}0": "Normal(0, 100)" for k in range(1, 6)} | {"tau_u0": "HalfNormal(100)"}
    return hlm.Model(LSAT, table, "person", priors=priors)


def lsat_log_density(draws: Draws) -> Array:
    """As the Stan program states it, the ability integrated out by adaptive quadrature, once a pattern of answers."""
    patterns = pd.read_csv(FOLDER / "lsat.csv")
    gamma, tau = draws.gamma[0], draws.tau[0, :, 0]
    density = stats.norm.logpdf(gamma, 0, 100).sum(axis=1) + stats.halfnorm.logpdf(tau, scale=100)
    for s in range(len(tau)):
        for signs, persons in zip(2 * patterns[ITEMS].to_numpy() - 1, patterns["persons"], strict=True):

            def joint(z: float, signs: Array = signs, alpha: Array = -gamma[s], beta: float = tau[s]) -> float:
                return float(expit(signs * (beta * z - alpha)).prod() * stats.norm.pdf(z))

            value, _ = integrate.quad(joint, -10, 10, epsabs=0, epsrel=1e-11, limit=500, points=(-3, -1, 0, 1, 3))
            density[s] += persons * np.log(value)
    return density


def schools_z(sampler: str, draws: int = 2500) -> dict[str, float]:
    """Differences from the reference draws' means and mean squares in joint Monte Carlo errors, by name."""
    model = hlm.Model(SCHOOLS, hlm.load_dataset("eight_schools"), "school", priors=SCHOOLS_PRIORS)
    fit = model.fit(draws=draws, seed=1, sampler=sampler, progress=False)
    posterior = fit.posterior
    own = {"mu": posterior["gamma"].to_numpy()[..., 0], "tau": posterior["tau"].to_numpy()[..., 0]}
    own |= {f"theta[{k + 1}]": posterior["beta"].to_numpy()[:, :, k, 0] for k in range(8)}
    found = {}
    for name, moments in json.loads((FOLDER / "eight_schools.json").read_text(encoding="utf-8")).items():
        for power, k in (("first", 1), ("second", 2)):
            values = own[name] ** k
            error = diagnose(values[None])[3][0]
            there = moments[power]
            found[f"{name} {power}"] = float((values.mean() - there["mean"]) / np.hypot(error, there["se"]))
    return found


def largest_difference(own: Array, theirs: Array) -> float:
    """Of log densities that are known up to a constant."""
    return float(np.ptp(own - theirs))


def radon_difference(name: str, data: str) -> float:
    """Largest difference of the log densities of one model and data set."""
    case, n = RADON[name], 12 if data == "radon_mn" else 3
    model = radon_model(case, data)
    at = points(model, n)
    return largest_difference(own_log_density(model, at), radon_log_density(case, data, at))


def seeds_difference() -> float:
    """Largest difference of the log densities."""
    model = seeds_model()
    at = points(model, 6)
    return largest_difference(own_log_density(model, at), seeds_log_density(at))


def lsat_difference() -> float:
    """Largest difference of the log densities."""
    model = lsat_model()
    at = points(model, 3)
    return largest_difference(own_log_density(model, at), lsat_log_density(at))


def main() -> None:
    """Compare all, print and record."""
    record = {"command": "uv run python tests/posteriordb/posterior_cases.py", "date": date.today().isoformat()}
    record["standard errors"] = {
        f"eight_schools, {sampler}": max(map(abs, schools_z(sampler).values())) for sampler in ("nutpie", "importance")
    }
    record["log densities"] = {
        f"{data}-radon_{name}": radon_difference(name, data) for data in ("radon_mn", "radon_all") for name in RADON
    } | {"seeds_data-seeds_stanified_model": seeds_difference(), "lsat_data-lsat_model": lsat_difference()}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
