"""Wald tests of statements: against linear hypotheses, Wald intervals, and the balanced one-way model."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from scipy.stats import t as student

import bayeshlm as hlm
from bayeshlm.errors import OptionError
from bayeshlm.reml.delta_method import largest_quantile, reml_covariance


@pytest.fixture(scope="module")
def fit():
    return hlm.open_model("hsb-slopes-as-outcomes-full").reml()


def balanced(seed=2, between=1.0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"g": np.repeat(np.arange(12), 5)})
    frame["y"] = between * rng.normal(size=12)[frame["g"]] + rng.normal(size=60)
    return hlm.Model("y = b0 + r; b0 = g00 + u0", frame, group="g"), frame


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_linear_statements_are_the_linear_hypotheses(fit, df):
    found = fit.hypothesis("g01 - g02 = -4", "2*g10 = g11 + 1", df=df)
    wald = fit.wald(["g01 - g02 = -4", "2*g10 = g11 + 1"], df=df).table
    for name in ("se", "df", "t", "p"):
        assert found[name].to_numpy() == pytest.approx(wald[name].to_numpy(), rel=1e-10)
    pattern = fit.contrast(pattern="g1", df=df)
    fixed = fit.fixed_effects(df=df).loc[["g10", "g11", "g12"]]
    for name in ("estimate", "se", "df", "t", "p", "lower", "upper"):
        assert pattern[name].to_numpy(float) == pytest.approx(fixed[name].to_numpy(float), rel=1e-10)


def test_one_sided_p(fit):
    less, more, two = (fit.hypothesis(f"g02 {sign} 5").iloc[0] for sign in "<>=")
    assert less["p"] == pytest.approx(student.cdf(less["t"], less["df"]))
    assert more["p"] == pytest.approx(1 - less["p"])
    assert two["p"] == pytest.approx(2 * min(less["p"], more["p"]))


def test_variances_of_the_balanced_one_way_model():
    """E = n tau2 + sigma2 and sigma2 are independent, with variances 2 E^2/(J - 1) and 2 sigma^4/(J (n - 1))."""
    model, _ = balanced()
    fit = model.reml()
    J, n = 12, 5
    sigma2, tau2 = fit.sigma**2, float(fit.tau.iloc[0]) ** 2
    E = n * tau2 + sigma2
    var_E, var_s = 2 * E**2 / (J - 1), 2 * sigma2**2 / (J * (n - 1))
    expected = {
        "tau2[u0] > 0.01": np.sqrt(var_E + var_s) / n,
        "sigma2 = 1": np.sqrt(var_s),
        "tau2[u0] + sigma2/5 = 0": np.sqrt(var_E) / n,
        "log(sigma) = 0": np.sqrt(var_s) / (2 * sigma2),
        "tau2[u0]/(tau2[u0] + sigma2) > .1": None,
    }
    table = fit.hypothesis(*expected)
    icc = np.array([sigma2, -tau2]) / (tau2 + sigma2) ** 2
    cov = np.array([[(var_E + var_s) / n**2, -var_s / n], [-var_s / n, var_s]])
    values = [*list(expected.values())[:-1], np.sqrt(icc @ cov @ icc)]
    assert table["se"].to_numpy() == pytest.approx(np.array(values), rel=1e-5)
    assert np.isinf(table["df"]).all()
    assert table["p"].iloc[0] == pytest.approx(norm.sf((tau2 - 0.01) / values[0]))


def test_the_errors_of_sds_are_those_of_their_wald_intervals(fit):
    """Half the log interval of tau, over the normal quantile, is se(log tau)."""
    table = fit.hypothesis("log(tau[u0]) = 0", "log(tau[u1]) = 0", "log(sigma) = 0")
    intervals = fit.intervals().loc[[("tau", "u0"), ("tau", "u1"), ("sigma", "")]]
    half = np.log(intervals["upper"] / intervals["lower"]).to_numpy(float) / 2
    assert table["se"].to_numpy() == pytest.approx(half / norm.ppf(0.975), rel=1e-8)


def test_maximum_likelihood_of_other_outcomes():
    fit = hlm.open_model("contraception").ml() if "contraception" in hlm.gallery_names() else _logit()
    first = fit.gamma.index[0]
    table = fit.hypothesis(f"{first} = 0", f"exp({first}) > 1", "log(tau[u0]) = 0")
    fixed = fit.fixed_effects().loc[first]
    assert table["se"].iloc[0] == pytest.approx(float(fixed["se"]), rel=1e-10)
    assert table["se"].iloc[1] == pytest.approx(float(fixed["se"]) * np.exp(float(fixed["estimate"])), rel=1e-10)
    row = fit.intervals().loc[("tau", "u0")]
    assert table["se"].iloc[2] == pytest.approx(np.log(row["upper"] / row["lower"]) / 2 / norm.ppf(0.975), rel=1e-8)
    assert np.isinf(table["df"]).all()


def _logit():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": np.repeat(np.arange(40), 10), "x": rng.normal(size=400)})
    eta = 0.4 * frame["x"] + rng.normal(size=40)[frame["g"]]
    frame["y"] = (rng.random(400) < 1 / (1 + np.exp(-eta))).astype(int)
    return hlm.Model("y ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + u0; b1 = g10", frame, group="g").ml()


def test_on_the_boundary_there_is_no_standard_error():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"g": np.repeat(np.arange(12), 5), "y": np.tile([1.0, -1.0, 2.0, -2.0, 0.1], 12)})
    frame["y"] += 0.01 * rng.normal(size=60)
    fit = hlm.Model("y = b0 + r; b0 = g00 + u0", frame, group="g").reml()
    assert fit.estimate.singular
    table = fit.hypothesis("tau[u0] > 1", "sigma > 1")
    assert np.isnan(table["se"].iloc[0])
    assert table["se"].iloc[1] > 0
    assert any("on the boundary" in note for note in table.attrs["notes"])
    both = fit.hypothesis("tau[u0] > 1", "sigma > 1", "sigma2 > 1", simultaneous=True)
    assert both["upper"].iloc[1] == pytest.approx(table["upper"].iloc[1], rel=1e-3)  # two that are one
    apart = fit.hypothesis("tau[u0] > 1", "sigma > 1", "g00 > 1", simultaneous=True)
    assert apart["upper"].iloc[1] > table["upper"].iloc[1]


def test_simultaneous_intervals(fit):
    """Of one statement its own; of two the normal rectangle's; those of correlated ones are narrower than Sidak's."""
    alone = fit.hypothesis("g11 < 0")
    assert fit.hypothesis("g11 < 0", simultaneous=True)["upper"].item() == pytest.approx(
        alone["upper"].item(), rel=1e-6
    )
    sidak = norm.ppf(0.5 + 0.95**0.5 / 2)
    assert largest_quantile(np.eye(2), np.inf, 0.95) == pytest.approx(sidak, abs=0.01)
    # Dunnett (1955), two comparisons with a control, equal sizes, correlation .5: 2.21 with infinite df, 2.57 with 10
    equal = np.array([[1.0, 0.5], [0.5, 1.0]])
    assert largest_quantile(equal, np.inf, 0.95) == pytest.approx(2.21, abs=0.012)
    assert largest_quantile(equal, 10.0, 0.95) == pytest.approx(2.57, abs=0.015)


def test_the_covariance_matrix_has_every_parameter(fit):
    found = reml_covariance(fit.estimate)
    assert found.labels[-4:] == ("tau[u0]", "tau[u1]", "corr[u0,u1]", "sigma")
    assert np.all(np.linalg.eigvalsh(found.covariance) > 0)


def test_what_has_no_value_is_refused(fit):
    with pytest.raises(OptionError, match="has no finite value at the estimates"):
        fit.hypothesis("log(g11) = 0")
    with pytest.raises(OptionError, match="the same whatever the parameters are"):
        fit.hypothesis("g11 - g11 = 0")
