import numpy as np
import pytest
from clinics_data import SLOPE, clinics_design
from exact_posterior import exact_posterior, normal_posterior

from bayeshlm.checks.prior_pulls import MAX_K, prior_pulls, shifted_mean
from bayeshlm.checks.reml_components import components
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_families import LKJ, HalfNormal, Normal
from bayeshlm.parameters.priors import make_priors
from bayeshlm.reml.estimate import fit_reml


def pulls_of(design, priors, posterior):
    """Pulls by key on the fixed effects, tau and sigma."""
    reml = fit_reml(design)
    rows = [row for row in components(reml, design) if row.component in ("gamma", "tau", "sigma")]
    parts = [posterior["gamma"], posterior["tau"], posterior["sigma"]]
    draws = np.concatenate([np.atleast_2d(part.stack(s=("chain", "draw")).to_numpy()) for part in parts])
    return rows, prior_pulls(Draws(posterior, design), priors, reml, rows, draws)


@pytest.mark.parametrize("sds", [3.0, 1.0, 0.05], ids=["weak", "as strong as the data", "tight"])
def test_the_shift_by_a_normal_prior_is_the_conjugate_one(sds):
    design = clinics_design()
    reml = fit_reml(design)
    k = design.fixed_labels.index("g10")
    sd, center = sds * reml.se[k], reml.gamma[k] + 2 * reml.se[k]
    precision = np.where(np.arange(3) == k, sd**-2, 0.0)
    posterior = normal_posterior(design, precision, center, draws=4000)
    _, pulls = pulls_of(design, make_priors(design, {"g10": Normal(center, sd)}), posterior)
    column = pulls.keys.index("g10")
    weight = precision[k] / (precision[k] + 1 / reml.vcov[k, k])
    expected = weight * (center - reml.gamma[k]) / reml.se[k]
    assert (pulls.pareto_k[column] > MAX_K) == (sds < 0.5)
    assert pulls.shift[k, column] / reml.se[k] == pytest.approx(expected, abs=0.15)
    others = [j for j in range(3) if j != k]
    along = reml.vcov[others, k] / reml.vcov[k, k] * expected * reml.se[k]
    np.testing.assert_allclose(pulls.shift[others, column] / reml.se[others], along / reml.se[others], atol=0.05)
    assert np.abs(np.delete(pulls.shift[:3], column, axis=1) / reml.se[:, None]).max() < 0.02


def test_an_intercept_at_the_means_is_pulled_where_its_prior_is():
    shifted = clinics_design(dose_at=100.0)
    priors = make_priors(shifted)
    assert priors.at_means(np.eye(3))[shifted.fixed_labels.index("g10"), 0] == pytest.approx(100)
    reml = fit_reml(shifted)
    posterior = normal_posterior(shifted)
    _, pulls = pulls_of(shifted, priors, posterior)
    assert np.abs(pulls.shift[0] / reml.se[0]).max() < 0.02


def test_the_shift_of_tau_by_reweighting_is_the_change_between_two_posteriors():
    design = clinics_design(n_groups=15)
    tight = make_priors(design, {"tau_u0": HalfNormal(0.9)})
    flat = make_priors(design, {"tau_u0": HalfNormal(1e6)})
    means = [exact_posterior(design, priors, draws=4000)["tau"].mean().item() for priors in (tight, flat)]
    rows, pulls = pulls_of(design, tight, exact_posterior(design, tight, draws=4000, seed=5))
    tau = next(row for row in rows if row.component == "tau")
    column = pulls.keys.index("tau_u0")
    assert pulls.pareto_k[column] <= MAX_K
    assert pulls.shift[rows.index(tau), column] == pytest.approx(means[0] - means[1], abs=0.15 * tau.se)


def test_a_flat_prior_pulls_nothing():
    design = clinics_design()
    _, pulls = pulls_of(design, make_priors(design, {"g10": Normal(0, 1e9)}), normal_posterior(design))
    column = pulls.keys.index("g10")
    assert pulls.pareto_k[column] == 0
    np.testing.assert_allclose(pulls.shift[:, column], 0, atol=1e-12)


def test_a_correlation_out_of_the_priors_reach_is_computed_from_the_likelihood():
    design = clinics_design(SLOPE)
    reml = fit_reml(design)
    posterior = normal_posterior(design)
    rng = np.random.default_rng(1)
    drawn = 0.003 * rng.standard_normal(posterior["corr"].shape[:2])
    posterior["corr"][:, :, 0, 1] = posterior["corr"][:, :, 1, 0] = drawn
    rows = [row for row in components(reml, design) if row.component in ("gamma", "corr")]
    draws = np.concatenate([posterior["gamma"].stack(s=("chain", "draw")).to_numpy(), drawn.reshape(1, -1)])
    priors = make_priors(design, {"corr": LKJ(5e4)})
    pulls = prior_pulls(Draws(posterior, design), priors, reml, rows, draws)
    column = pulls.keys.index("corr")
    assert pulls.pareto_k[column] > MAX_K
    assert abs(reml.corr[0, 1]) > 0.1
    assert pulls.shift[-1, column] == pytest.approx(-reml.corr[0, 1], abs=0.05 * rows[-1].se)
    assert pulls.own[column] == pytest.approx(-reml.corr[0, 1] / rows[-1].se, abs=0.05)


@pytest.mark.parametrize(
    ("prior", "bounds", "expected"),
    [
        (None, (-np.inf, np.inf), 1.0),
        (None, (1.0, np.inf), 1.0 + np.sqrt(2 / np.pi)),
        (Normal(3, 0.01), (-np.inf, np.inf), (1 + 3e4) / (1 + 1e4)),
    ],
)
def test_the_mean_of_a_likelihood_times_a_prior(prior, bounds, expected):
    draws = np.random.default_rng(2).normal(expected, 0.01, 1000)
    assert shifted_mean(prior, 1.0, 1.0, bounds, draws) == pytest.approx(expected, abs=1e-4)


def test_what_a_prior_does_to_its_own_parameter_is_in_standard_errors_of_the_likelihood():
    """A normal prior times REML's normal likelihood: the mean moves by weight (center - estimate)."""
    design = clinics_design()
    reml = fit_reml(design)
    k = design.fixed_labels.index("g10")
    sd, center = 2 * reml.se[k], reml.gamma[k] - 3 * reml.se[k]
    posterior = normal_posterior(design, np.where(np.arange(3) == k, sd**-2, 0.0), center, draws=500)
    _, pulls = pulls_of(design, make_priors(design, {"g10": Normal(center, sd)}), posterior)
    weight = reml.se[k] ** 2 / (reml.se[k] ** 2 + sd**2)
    assert pulls.own[pulls.keys.index("g10")] == pytest.approx(-3 * weight, rel=1e-3)
