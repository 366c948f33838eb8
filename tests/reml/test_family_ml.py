"""Maximum likelihood of outcomes that are not normal: the likelihood itself, boundaries, and data without estimates."""

import numpy as np
import pandas as pd
import pytest
from family_references import REFERENCES, fit_of, model_of
from scipy.optimize import minimize
from scipy.special import expit, gammaln
from scipy.stats import chi2, t

import bayeshlm as hlm
from bayeshlm.reml.family_estimate import fit_family
from bayeshlm.reml.family_held import held_corr
from bayeshlm.reml.family_maximum import information_at
from bayeshlm.reml.family_problem import AuxiliaryScale, family_problem
from bayeshlm.reml.family_search import objective_of
from bayeshlm.reml.family_start import starts

SITE = np.repeat(np.arange(30), 10)
LOGIT = "y ~ Bernoulli(p)\nlogit(p) = b0 + b1*x\nb0 = g00 + u0\nb1 = g10"
SLOPE = LOGIT + " + u1"
LOG = "\nlog(mu) = b0 + b1*x\nb0 = g00 + u0\nb1 = g10"
GRID = np.arange(-9, 9.001, 0.01)


def rows_of(seed):
    """Rows of 30 sites with a predictor, and noise to make outcomes of."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"site": SITE, "x": rng.normal(size=300)}), rng


def summed(log_terms, weights):
    """The log of sums over the last axis of ``weights exp(log_terms)``."""
    top = log_terms.max(axis=-1, keepdims=True)
    return top[..., 0] + np.log((np.exp(log_terms - top) * weights).sum(axis=-1))


def brute(log_density, codes, tau):
    """Log-likelihood over a fine grid of b, the random intercept being tau b; of a function of u, (N, K)."""
    inside = np.zeros((codes.max() + 1, len(GRID)))
    np.add.at(inside, codes, log_density(tau * GRID))
    weights = np.exp(-(GRID**2) / 2) / np.sqrt(2 * np.pi) * 0.01
    return summed(inside, weights).sum()


def test_the_likelihood_of_toenails_is_that_of_a_fine_grid():
    """tau = 4, where 9 nodes of the usual programs are .16 off (data: De Backer et al. 1998, R package HSAUR3)."""
    data = pd.read_csv(REFERENCES / "family_data" / "toenail.csv.gz")
    equations = "moderate ~ Bernoulli(p)\nlogit(p) = b0 + b1*month\nb0 = g00 + g01*terbinafine + u0\n"
    ml = hlm.Model(equations + "b1 = g10 + g11*terbinafine", data, group="patient").ml()
    g00, g01, g10, g11 = ml.gamma.to_numpy()
    eta = g00 + g01 * data["terbinafine"] + (g10 + g11 * data["terbinafine"]) * data["month"]
    sign = np.where(data["moderate"], 1.0, -1.0)[:, None]

    def log_p(u):
        return -np.logaddexp(0.0, -sign * (eta.to_numpy()[:, None] + u))

    exact = brute(log_p, data["patient"].factorize()[0], float(ml.tau.iloc[0]))
    assert abs(ml.log_likelihood - exact) < 1e-4  # .005 is asked for
    assert np.abs(ml.gamma.to_numpy() - [-1.61459, -0.16003, -0.39083, -0.13675]).max() < 0.01  # glmer, 25 nodes


def test_the_log_likelihood_is_the_integral_over_a_fine_grid():
    fit = fit_of("bacteria-agq25")
    design = fit.design
    eta = design.X @ fit.gamma.to_numpy()
    y, tau = design.y, float(fit.tau.iloc[0])

    def log_density(u):
        at = eta[:, None] + u
        return y[:, None] * at - np.logaddexp(0, at)

    exact = brute(log_density, design.group_codes, tau)
    assert fit.log_likelihood == pytest.approx(exact, abs=2 * abs(fit.nodes.change) + 1e-10)


@pytest.mark.slow
def test_student_t_against_an_optimizer_over_a_fine_grid():
    data, rng = rows_of(3)
    data["y"] = 100 * (3 + 0.5 * data["x"] + 0.8 * rng.normal(size=30)[SITE] + 0.7 * rng.standard_t(4, 300))
    model = hlm.Model("y ~ StudentT(mu, sigma, nu)\nmu = b0 + b1*x\nb0 = g00 + u0\nb1 = g10", data, "site")
    fit = model.ml()

    def deviance(p):
        eta = p[0] + p[1] * data["x"].to_numpy()
        scale, nu = np.exp(p[3]), np.exp(p[4])
        return -2 * brute(
            lambda u: t.logpdf((data["y"].to_numpy() - eta)[:, None] - u, nu, scale=scale), SITE, np.exp(p[2])
        )

    sigma, nu = fit.estimate.auxiliary
    at = np.array([*fit.gamma, np.log(fit.tau.iloc[0]), np.log(sigma), np.log(nu)])
    assert fit.deviance == pytest.approx(deviance(at), abs=1e-4)
    found = minimize(deviance, at, method="Nelder-Mead", options={"maxiter": 250})
    assert found.fun > fit.deviance - 1e-3
    assert fit.sigma == sigma


@pytest.mark.parametrize("case_id", ["contraception-rs-agq15x15", "bacteria-agq25"])
def test_the_gradient_is_that_of_the_log_likelihood(case_id):
    problem = family_problem(model_of(case_id).design)
    x = starts(problem)[0] + 0.1
    objective = objective_of(problem, 24)
    for k, e in enumerate(1e-5 * np.eye(len(x))):
        difference = (objective(x + e)[0] - objective(x - e)[0]) / 2e-5
        assert objective(x)[1][k] == pytest.approx(difference, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("held", [None, 0, 2])
@pytest.mark.parametrize("increasing", [True, False])
def test_auxiliary_parameters_without_bounds(increasing, held):
    values = np.array([0.3, 1.0, 2.5])
    scale = AuxiliaryScale(3, increasing, held, np.nan if held is None else values[held])
    z = scale.numbers(values)
    assert len(z) == scale.size == 3 - (held is not None)
    assert scale.values(z) == pytest.approx(values)
    steps = 1e-6 * np.eye(len(z))
    differences = np.array([(scale.values(z + e) - scale.values(z - e)) / 2e-6 for e in steps]).T
    assert scale.jacobian(z) == pytest.approx(differences, abs=1e-8)


def test_no_start_ends_higher_than_the_estimate():
    fit = fit_of("contraception-rs-agq15x15")
    problem, rng = family_problem(fit.design), np.random.default_rng(1)
    objective = objective_of(problem, fit.nodes.n_nodes)
    best = fit.estimate.maximum.x
    assert np.abs(objective(best)[1]).max() < 1e-3
    assert np.linalg.eigvalsh(information_at(objective, best))[0] > 0
    for _ in range(20):
        assert objective(best + rng.normal(size=len(best)) * rng.choice([0.02, 0.3]))[0] < fit.log_likelihood


def test_a_variance_of_zero_is_the_fit_without_groups():
    data, rng = rows_of(1)
    data["y"] = (rng.random(300) < expit(0.2 + 0.5 * data["x"])).astype(int)
    for site in range(30):  # as many ones in each site as in every other: less variation than chance makes
        data.loc[data["site"] == site, "y"] = (np.arange(10) % 2 == 0).astype(int)
    fit = hlm.Model(LOGIT, data, "site").ml()
    assert (fit.singular, fit.reason, fit.tau["u0"]) == (True, "the variance of u0 is 0", 0.0)

    def deviance(p):
        eta = p[0] + p[1] * data["x"]
        return float(-2 * (data["y"] * eta - np.logaddexp(0, eta)).sum())

    found = minimize(deviance, [0.0, 0.0])
    assert fit.deviance == pytest.approx(found.fun, abs=1e-8)
    eta = fit.gamma["g00"] + fit.gamma["g10"] * data["x"].to_numpy()
    X = np.column_stack([np.ones(300), data["x"]])
    information = X.T @ (X * (expit(eta) * expit(-eta))[:, None])
    assert fit.vcov.to_numpy() == pytest.approx(np.linalg.inv(information), rel=1e-6)
    assert (fit.group_coefficients()[["u", "u_sd"]].dropna() == 0).to_numpy().all()
    assert np.isnan(fit.intervals().loc[("tau", "u0"), "upper"])
    profile = fit.intervals("profile")
    assert profile.loc[("tau", "u0"), "lower"] == 0
    assert 0 < profile.loc[("tau", "u0"), "upper"] < 1
    assert "SINGULAR: the variance of u0 is 0." in str(fit)
    assert fit.n_parameters == 3


@pytest.fixture(scope="module")
def correlated():
    """A fit whose correlation is 1."""
    data, rng = rows_of(5)
    u = rng.normal(size=30)[SITE]
    eta = 0.3 + 0.5 * data["x"] + u * (0.9 + 0.8 * data["x"])
    data["y"] = (rng.random(300) < expit(eta)).astype(int)
    return hlm.Model(SLOPE, data, "site").ml()


@pytest.mark.slow
def test_a_correlation_of_one(correlated):
    fit = correlated
    assert fit.reason == "the correlation of u0 and u1 is 1"
    assert fit.corr.loc["u0", "u1"] == pytest.approx(1)
    problem = family_problem(fit.design)
    objective = objective_of(problem, 32)
    at = problem.effect_map
    for corr in (0.9, 0.99, 0.999):  # the likelihood rises towards the boundary
        G = np.outer(fit.tau, fit.tau) * np.array([[1, corr], [corr, 1]])
        L = np.linalg.cholesky(np.linalg.solve(at, np.linalg.solve(at, G).T))
        x = np.concatenate([fit.estimate.maximum.x[:2], L[[0, 1, 1], [0, 0, 1]]])
        assert objective(x)[0] < fit.log_likelihood


@pytest.mark.slow
def test_the_profile_of_a_correlation_of_one(correlated):
    lower, upper = correlated.intervals("profile").loc[("corr", "u0,u1"), ["lower", "upper"]]
    assert upper == 1
    assert -1 < lower < 1


@pytest.mark.slow
def test_profile_bounds_are_where_the_deviance_has_risen_by_a_quantile():
    """With the fixed effect held by an offset, and tau held by a brute-force search over the fixed effects."""
    fit, model = fit_of("bacteria-agq25"), model_of("bacteria-agq25")
    found = fit.intervals("profile")
    rise = chi2.ppf(0.95, 1)
    frame = model.design.frame
    for bound in found.loc[("gamma", "g10"), ["lower", "upper"]]:
        without = hlm.Model(
            "y ~ Bernoulli(p)\nlogit(p) = b0 + offset(fixed)\nb0 = g00 + g01*drug + g02*drugplus + u0",
            frame.assign(fixed=bound * frame["late"]),
            "id",
        ).ml()
        assert without.deviance - fit.deviance == pytest.approx(rise, abs=1e-3)
    design = model.design

    def held(tau):
        def deviance(gamma):
            eta = design.X @ gamma
            return -2 * brute(
                lambda u: design.y[:, None] * (eta[:, None] + u) - np.logaddexp(0, eta[:, None] + u),
                design.group_codes,
                tau,
            )

        return minimize(deviance, fit.gamma.to_numpy(), tol=1e-6).fun

    upper = found.loc[("tau", "u0"), "upper"]
    assert held(upper) - fit.deviance == pytest.approx(rise, abs=2e-3)


@pytest.mark.slow
def test_a_profile_does_not_depend_on_where_it_was_looked_at_before():
    """Held at a correlation that the data refuse an SD goes to 0; it must come back."""
    data, rng = rows_of(11)
    u = rng.normal(size=(30, 2))[SITE]
    data["y"] = (rng.random(300) < expit(u[:, 0] + 1.5 * u[:, 1] * data["x"])).astype(int)
    estimate = fit_family(hlm.Model(SLOPE, data, "site").design)
    places = np.array([-0.98, -0.6, -0.2, 0.2, 0.6, 0.98])
    there, back = held_corr(estimate), held_corr(estimate)
    up = [there.smallest(place) for place in places]
    down = [back.smallest(place) for place in places[::-1]]
    assert up == pytest.approx(down[::-1], abs=1e-4)
    assert min(up) > estimate.criterion - 1e-3


def test_separated_outcomes_have_no_estimate():
    data, rng = rows_of(2)
    data["y"] = (data["x"] > 0.1).astype(int)
    with pytest.raises(hlm.DataError, match=r"'y' are separated by g00 \(intercept\) and g10 \(x\)"):
        hlm.Model(LOGIT, data, "site").ml()
    data["x"] = (SITE % 3 == 0).astype(float)  # a quasi-separation: all ones where x is 1
    data["y"] = np.where(data["x"] == 1, 1, rng.integers(0, 2, 300))
    with pytest.raises(hlm.DataError, match=r"separated by g10 \(x\), so that these estimates run off to infinity"):
        hlm.Model(LOGIT, data, "site").ml()


def test_groups_that_are_all_alike_have_no_estimate():
    data, _ = rows_of(2)
    data["y"] = SITE % 2
    with pytest.raises(hlm.DataError, match="the SD of u0 runs off to infinity, because within groups of 'site'"):
        hlm.Model(LOGIT, data, "site").ml()


@pytest.mark.slow
def test_counts_without_overdispersion_have_no_phi():
    data, rng = rows_of(4)
    data["y"] = rng.binomial(20, 0.3, 300)
    with pytest.raises(hlm.DataError, match=r"varies no more than a Poisson count: write y ~ Poisson\(mu\)"):
        hlm.Model("y ~ NegativeBinomial(mu, phi)" + LOG, data, "site").ml()
    data["x"] = (SITE % 3 == 0).astype(float)
    data["y"] = np.where(data["x"] == 1, 0, rng.poisson(3, 300))
    with pytest.raises(hlm.DataError, match=r"separated by g10 \(x\)"):
        hlm.Model("y ~ Poisson(mu)" + LOG, data, "site").ml()


@pytest.mark.slow
def test_a_poisson_model_with_one_row_a_group_is_a_known_mixture():
    """Of counts with one group: log-likelihood at the estimate by the density of a Poisson lognormal mixture."""
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"site": np.repeat(np.arange(60), 2), "y": 0})
    data["y"] = rng.poisson(np.exp(1 + 0.6 * rng.normal(size=60))[data["site"]])
    fit = hlm.Model("y ~ Poisson(mu)\nlog(mu) = b0\nb0 = g00 + u0", data, "site").ml()
    y, eta = data["y"].to_numpy()[:, None], fit.gamma["g00"]
    exact = brute(lambda u: y * (eta + u) - np.exp(eta + u) - gammaln(y + 1), data["site"].to_numpy(), fit.tau.iloc[0])
    assert fit.log_likelihood == pytest.approx(exact, abs=2e-5)


def test_an_estimate_is_the_same_in_other_units():
    """Predictors far from zero and in other units leave the likelihood as it is."""
    data, rng = rows_of(9)
    u = rng.normal(size=(30, 2))[SITE]
    data["y"] = (rng.random(300) < expit(0.2 + 0.9 * u[:, 0] + (0.5 + 0.7 * u[:, 1]) * data["x"])).astype(int)
    fit = fit_family(hlm.Model(SLOPE, data, "site").design)
    other = fit_family(hlm.Model(SLOPE, data.assign(x=1000 * (data["x"] + 2)), "site").design)
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-6)
    assert other.gamma[1] * 1000 == pytest.approx(fit.gamma[1], rel=1e-5)
    assert other.tau[1] * 1000 == pytest.approx(fit.tau[1], rel=1e-5)
