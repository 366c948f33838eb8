"""REML and ML of level-1 SDs and correlations, against R's numbers, dense matrices and one sigma."""

import json
from dataclasses import replace
from pathlib import Path

import level1_cases
import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, multivariate_normal

import bayeshlm as hlm
from bayeshlm.design.level1_spread import residual_draws
from bayeshlm.reml.family_estimate import fit_family
from bayeshlm.reml.family_search import _simpler
from bayeshlm.reml.level1_problem import level1_problem

REFERENCE = json.loads((Path(__file__).parents[1] / "references" / "level1_variances.json").read_text())["cases"]
HSB = "mathach = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10"
SPREAD = {
    "female": "log(sigma2) = a0 + a1*female",
    "ses": "log(sigma2) = a0 + a1*ses",
    "female-minority": "log(sigma2) = a0 + a1*female + a2*minority",
}


def fit(spread: str, method: str):
    model = hlm.Model(f"{HSB}; {spread}" if spread else HSB, hlm.load_dataset("hsb"), group="school")
    return model.reml() if method == "REML" else model.ml()


@pytest.mark.slow
@pytest.mark.parametrize("case", REFERENCE)
def test_estimates_are_those_of_r(case):
    expected, (name, method) = REFERENCE[case], case.rsplit("-", 1)
    found = fit(SPREAD[name], method)
    estimate = found.estimate
    assert found.converged
    assert found.method == method
    assert estimate.log_likelihood == pytest.approx(expected["logLik"], abs=1e-7)
    assert (estimate.aic, estimate.bic) == pytest.approx((expected["AIC"], expected["BIC"]), abs=1e-6)
    assert estimate.n_parameters == expected["n_parameters"]
    np.testing.assert_allclose(estimate.gamma, expected["gamma"], rtol=1e-7)
    np.testing.assert_allclose(estimate.vcov, expected["vcov"], rtol=1e-5)
    variance = expected["variance"]
    np.testing.assert_allclose(estimate.tau**2, variance["tau00"], rtol=1e-6)
    alpha = [variance[label] for label in ("a0", "a1", "a2") if label in variance]
    np.testing.assert_allclose(found.auxiliary, alpha, rtol=1e-6)
    bounds = found.intervals("wald", 0.95).loc["alpha"]
    half = 1.959963984540054 * np.array([expected["variance_se"][label] for label in bounds.index])
    np.testing.assert_allclose(bounds["upper"] - bounds["estimate"], half, rtol=5e-6)
    groups = found.group_coefficients().xs("b0", level="coefficient")
    of_groups = groups.loc[[type(groups.index[0])(group) for group in expected["groups"]]]
    np.testing.assert_allclose(of_groups["u"], expected["u"], rtol=1e-6)
    np.testing.assert_allclose(of_groups["u_sd"], expected["u_sd"], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_a_test_of_equal_variances(method):
    """HLM's test of homogeneous level-1 variances, the simpler model an ordinary estimate."""
    larger, smaller = fit(SPREAD["female"], method), fit("", method)
    found = larger.compare(smaller)
    statistic = 2 * (REFERENCE[f"female-{method}"]["logLik"] - smaller.log_likelihood)
    assert found.statistic == pytest.approx(statistic, abs=1e-6)
    assert (found.df, found.p) == (1, pytest.approx(chi2.sf(statistic, 1), rel=1e-6))
    assert method in found.method
    assert smaller.compare(larger).statistic == found.statistic
    with pytest.raises(hlm.OptionError, match="not nested"):
        larger.compare(fit(SPREAD["ses"], method))


@pytest.mark.slow
def test_the_unit_of_the_times_does_not_matter():
    """Rho is that of one unit: the estimate of days is that of months to the power 1/30; one likelihood."""
    rng, (n_groups, n) = np.random.default_rng(1), (20, 6)
    g, t = np.repeat(np.arange(n_groups), n), np.tile(np.arange(n), n_groups)
    cov = 0.6 ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    y = rng.multivariate_normal(np.zeros(n), cov + 0.5, n_groups).ravel()
    found = {}
    for unit in (1, 30, 365, 86400):
        data = pd.DataFrame({"g": g, "t": t * unit, "y": y})
        found[unit] = hlm.Model("y = b0 + r; b0 = g00 + u0; corr(r) = ar1(t)", data, group="g").reml()
        assert found[unit].converged
        assert found[unit].log_likelihood == pytest.approx(found[1].log_likelihood, abs=1e-8)
        assert found[unit].auxiliary.iloc[-1] == pytest.approx(found[1].auxiliary.iloc[-1] ** (1 / unit), rel=1e-6)


def test_times_that_say_nothing_are_no_failure_of_arithmetic():
    """The search goes to rho = 0, where its powers with exponents below 0 are infinite."""
    rng = np.random.default_rng(1)
    g, t = np.repeat(np.arange(20), 6), np.tile(np.arange(6), 20)
    e = rng.normal(size=120)
    for i in range(120):
        e[i] = 0.6 * e[i - 1] + 0.8 * e[i] if t[i] else e[i]
    x = rng.normal(size=120)
    data = pd.DataFrame({"g": g, "x": x, "y": 1 + 0.5 * x + 0.7 * rng.normal(size=20)[g] + e})
    model = hlm.Model("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10; corr(r) = ar1(x)", data, group="g")
    with pytest.raises(hlm.DataError, match=r"no more alike the closer: leave out corr\(r\)"):
        model.reml()


def test_a_category_without_residuals_is_no_fault_of_all_rows():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": np.repeat(np.arange(20), 5), "k": np.tile([0, 0, 0, 1, 1], 20)})
    data["y"] = np.where(data["k"] == 1, 0.0, rng.normal(size=20)[data["g"]] + rng.normal(size=100))
    model = hlm.Model("y = b0 + b1*k + r; b0 = g00 + u0; b1 = g10 + u1; log(sigma) = a0 + a1*k", data, group="g")
    said = _simpler(level1_problem(model.design, "ML"), "alpha")
    assert said.startswith("where the SD is smallest nothing is left of 'y' beside the predictors")
    assert "nothing is left" in _simpler(level1_problem(model.design, "ML"), "sigma")


@pytest.mark.slow
def test_correlations_that_cannot_be_negative_are_tested_on_their_bound():
    table = level1_cases.frame(n_groups=60, whole=False)
    uncorrelated = hlm.Model(f"{level1_cases.EQUATIONS[1]}; corr(r) = ar1(time)", table, group="g")
    with pytest.raises(hlm.DataError, match="no more alike"):
        uncorrelated.ml()
    level1 = level1_cases.level1(table, "", "ar1")
    phi = np.array([[5.0, 0.8]])
    table["y"] = table.y + residual_draws(level1, table.g.to_numpy(), phi, np.random.default_rng(1))[0]
    models = [
        hlm.Model(f"{level1_cases.EQUATIONS[1]}{line}", table, group="g") for line in ("", "; corr(r) = ar1(time)")
    ]
    found = models[1].ml().compare(models[0].ml())
    assert found.df == 1
    assert found.statistic > 1
    assert found.p == pytest.approx(0.5 * chi2.sf(found.statistic, 1))


CASES = [(1, "kind", ""), (1, "", "ar1"), (2, "x", "ar1"), (2, "kind", "cs")]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize(("q", "spread", "correlation"), CASES)
def test_criterion_is_that_of_dense_matrices(q, spread, correlation, method):
    """At the estimate, where its gradient vanishes."""
    table = level1_cases.frame(n_groups=40)
    line = {"kind": "; log(sigma) = a0*C(kind)", "x": "; log(sigma) = a0 + a1*x", "": ""}[spread]
    line += {"ar1": "; corr(r) = ar1(time)", "cs": "; corr(r) = cs", "": ""}[correlation]
    design = hlm.Model(level1_cases.EQUATIONS[q] + line, table, group="g").design
    found = fit_family(design, method)
    model, X, y = design.kept_rows.level1, design.X, design.y
    V = level1_cases.dense_residuals(table, model, found.auxiliary)
    V = V + (design.Z @ found.G @ design.Z.T) * (design.group_codes[:, None] == design.group_codes)
    information = X.T @ np.linalg.solve(V, X)
    value = multivariate_normal(X @ found.gamma, V).logpdf(y)
    if method == "REML":
        value += 0.5 * len(found.gamma) * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(information)[1]
    assert found.log_likelihood == pytest.approx(value, rel=1e-10)
    np.testing.assert_allclose(found.vcov, np.linalg.inv(information), rtol=1e-6)
    gls = np.linalg.solve(information, X.T @ np.linalg.solve(V, y))
    np.testing.assert_allclose(found.gamma, gls, atol=1e-6 * found.se.min())


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_gradient(method):
    design = level1_cases.design_of(level1_cases.frame(), 2, "kind", "ar1")
    problem = level1_problem(design, method)
    x = 0.3 * np.random.default_rng(2).normal(size=sum(problem.sizes))
    _, gradient = problem.evaluate(x, 1)
    for k, e in enumerate(1e-3 * np.eye(len(x))):
        at = [problem.evaluate(x + step * e, 1)[0] for step in (-2, -1, 1, 2)]
        slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-3
        assert slope == pytest.approx(gradient[k], rel=1e-7, abs=1e-6)


@pytest.mark.slow
def test_profile_intervals_of_the_sd_equation():
    """With 7,185 rows they are nearly Wald's; one parameter held at its estimate leaves the others at theirs."""
    found = fit(SPREAD["female"], "ML")
    profile, wald = (found.intervals(method, 0.95).loc["alpha"] for method in ("profile", "wald"))
    np.testing.assert_allclose(profile["upper"] - profile["lower"], wald["upper"] - wald["lower"], rtol=2e-3)
    problem = found.estimate.problem
    for k, value in enumerate(found.auxiliary):
        scale = replace(problem.auxiliary, held=k, value=value)
        z = scale.numbers(found.auxiliary.to_numpy())
        np.testing.assert_allclose(scale.values(z), found.auxiliary, rtol=1e-12)
        J = [(scale.values(z + e) - scale.values(z - e)) / 2e-6 for e in 1e-6 * np.eye(len(z))]
        np.testing.assert_allclose(np.transpose(J), scale.jacobian(z), atol=1e-8)


@pytest.mark.slow
def test_profile_intervals_reach_the_quantile():
    """At a bound the largest log-likelihood is half a chi-square quantile lower."""
    table = level1_cases.frame(n_groups=60)
    model = hlm.Model(f"{level1_cases.EQUATIONS[1]}; corr(r) = ar1(time)", table, group="g")
    found = model.ml()
    bounds = found.intervals("profile", 0.9).loc[("rho", "")]
    assert bounds.lower < bounds.estimate < bounds.upper
    free = level1_problem(model.design, "ML")
    from scipy.optimize import minimize

    for bound in (bounds.lower, bounds.upper):
        at = free.auxiliary.numbers(np.append(found.auxiliary.to_numpy()[:-1], bound))

        def deviance(x, at=at):
            value, gradient = free.evaluate(np.append(x, at[-1]), 1)
            return -2 * value, -2 * gradient[:-1]

        smallest = minimize(deviance, np.append(found.estimate.maximum.x[:-2], at[0]), jac=True, tol=1e-12).fun
        assert smallest - found.estimate.criterion == pytest.approx(chi2.ppf(0.9, 1), abs=1e-4)
