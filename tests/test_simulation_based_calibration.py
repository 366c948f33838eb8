"""Truths from the priors, data from the truths: their ranks among the draws are uniform (Talts and others 2018).

One command: ``uv run pytest -m nightly tests/test_simulation_based_calibration.py``, about ten minutes on two cores.
Last result, 300 replications, 2026-11-26: every p-value of the ranks above 0.001; that of tau under Laplace's
approximation below 1e-6.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.likelihood.prior_data import starting_values
from bayeshlm.likelihood.quadrature_nodes import around_mode
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.sampling import nuts
from bayeshlm.sampling.convert import parameters_tree
from bayeshlm.sampling.options import sampling_options

REPLICATIONS, BINS, KEPT = 300, 20, 199
LINES = {
    "Bernoulli": "y ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10",
    "Poisson": "y ~ Poisson(mu); log(mu) = b0 + b1*x; b0 = g00 + u0; b1 = g10",
    "Ordinal": "y ~ Ordinal(eta); eta = b0 + b1*x; b0 = u0; b1 = g10",
}


def replicate(family, groups, size, tau_scale, seed):
    """Truths by name, and data with them.

    Data that lack a category or vary nowhere are drawn anew with new truths: what is refused by the data alone leaves
    the ranks uniform.
    """
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"group": np.repeat(np.arange(groups), size)})
    while True:
        frame["x"] = rng.normal(size=groups * size)
        g00, g10, tau = rng.normal(), rng.normal(), abs(tau_scale * rng.normal())
        eta = g10 * frame["x"].to_numpy() + (tau * rng.normal(size=groups))[frame["group"]]
        truth = {"g00": g00, "g10": g10, "tau[u0]": tau}
        if family == "Ordinal":
            low, high = np.sort(rng.normal(0, 2, 2))
            y = 1 + (eta + rng.logistic(size=len(eta)) > [[low], [high]]).sum(axis=0)
            truth = {"g10": g10, "tau[u0]": tau, "cutpoint[1|2]": low, "cutpoint[2|3]": high}
        elif family == "Bernoulli":
            y = (rng.random(len(eta)) < expit(g00 + eta)) * 1
        else:
            y = rng.poisson(np.exp(g00 + eta))
        if len(np.unique(y)) >= (3 if family == "Ordinal" else 2):
            return truth, frame.assign(y=y)


def rank_counts(family, groups=12, size=6, tau_scale=1.0):
    """Counts of the ranks of each parameter's truths in bins, by name."""
    own = {"cutpoint": "Normal(0, 2)"} if family == "Ordinal" else {"g00": "Normal(0, 1)"}
    typed = own | {"g10": "Normal(0, 1)", "tau_u0": f"HalfNormal({tau_scale})"}
    ranks = {}
    for seed in range(REPLICATIONS):
        truth, frame = replicate(family, groups, size, tau_scale, seed)
        design = build_design(parse(LINES[family]), frame, "group")
        priors = make_priors(design, typed)
        options = sampling_options(draws=4 * (KEPT + 1) // 2, tune=400, chains=2, seed=seed, progress=False)
        tree = parameters_tree(nuts.run_nuts(design, priors, options), design, priors, options)
        draws = Draws(tree["posterior"].to_dataset(), design)
        for one, values in zip(draws.schema.parameters, draws.scalars(), strict=True):
            kept = values.ravel()[::4][:KEPT]
            ranks.setdefault(one.label, []).append(int((kept < truth[one.label]).sum()))
    return {name: np.bincount(np.array(of) * BINS // (KEPT + 1), minlength=BINS) for name, of in ranks.items()}


def p_values(counts):
    """Of the chi-square test that the ranks are uniform."""
    return {name: float(stats.chisquare(of).pvalue) for name, of in counts.items()}


@pytest.mark.nightly
@pytest.mark.parametrize("family", LINES)
def test_ranks_are_uniform(family):
    found = p_values(rank_counts(family))
    assert min(found.values()) > 0.001, found


def weighted_draws(design, priors, n_nodes, rng):
    """Draws of the posterior with a number of nodes by importance sampling, which asks for values only.

    The gradient is that of the integral, not of Laplace's approximation, so that NUTS cannot sample the latter.
    """
    density, position = FamilyQuadrature(design).density_with(priors, n_nodes), len(design.fixed)
    mode, root = around_mode(density, starting_values(design, priors))
    z = rng.standard_normal((4000, len(mode))) / np.sqrt(rng.chisquare(5, (4000, 1)) / 5)
    points = mode + 1.2 * z @ root.T
    points[:, position] = abs(points[:, position])  # tau, whose sign is free; both signs are proposed to the one
    mirrored = points.copy()
    mirrored[:, position] *= -1
    inverse = np.linalg.inv(1.2 * root)
    proposal = np.logaddexp(
        *(
            -0.5 * (5 + len(mode)) * np.log1p((((at - mode) @ inverse.T) ** 2).sum(axis=1) / 5)
            for at in (points, mirrored)
        )
    )
    log_weights = np.array([density(point)[0] for point in points]) - proposal
    weights = np.exp(log_weights - np.nanmax(log_weights))
    weights = np.where(np.isfinite(weights), weights, 0.0)
    kept = rng.choice(len(points), KEPT, p=weights / weights.sum())
    return density.parameters(points[kept][None])


@pytest.mark.nightly
def test_laplace_s_approximation_is_caught():
    """Binary pairs that differ much, where one node is known to be too few, beside as many as it takes."""
    counts = {1: np.zeros(BINS, int), 32: np.zeros(BINS, int)}
    for seed in range(REPLICATIONS):
        truth, frame = replicate("Bernoulli", 40, 2, 3.0, seed)
        design = build_design(parse(LINES["Bernoulli"]), frame, "group")
        priors = make_priors(design, {"g00": "Normal(0, 1)", "g10": "Normal(0, 1)", "tau_u0": "HalfNormal(3)"})
        for n_nodes, ranks in counts.items():
            tau = weighted_draws(design, priors, n_nodes, np.random.default_rng(seed))["tau"].to_numpy().ravel()
            ranks[int((tau < truth["tau[u0]"]).sum()) * BINS // (KEPT + 1)] += 1
    found = {n_nodes: float(stats.chisquare(ranks).pvalue) for n_nodes, ranks in counts.items()}
    assert found[32] > 0.001, found
    assert found[1] < 1e-6, found
