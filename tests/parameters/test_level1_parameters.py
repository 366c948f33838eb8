"""Parameters and priors of level-1 SDs and correlated residuals."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import PriorError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.log_prior import by_key, log_prior
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.parameters.prior_families import Normal, Uniform
from bayeshlm.parameters.priors import make_priors
from bayeshlm.parameters.schema import Schema

RNG = np.random.default_rng(3)
DATA = pd.DataFrame(
    {
        "g": np.repeat(np.arange(10), 6),
        "t": np.tile(np.arange(6), 10),
        "x": RNG.normal(20, 2, 60),
        "f": RNG.choice(["u", "v"], 60),
        "y": RNG.normal(5, 3, 60),
    }
)
ONE = "y = b0 + r; b0 = g00 + u0; "


def design_of(text: str):
    return build_design(parse(ONE + text), DATA, group="g")


def test_labels_and_prior_keys():
    schema = Schema.of(design_of("log(sigma) = a0 + a1*f; corr(r) = ar1(t)"))
    assert schema.labels == ["g00", "tau[u0]", "a0", "a1[v]", "rho"]
    assert [one.prior_key for one in schema.parameters] == ["g00", "tau_u0", "a0", "a1[v]", "rho"]
    assert [one.support for one in schema.parameters] == ["real", "positive", "real", "real", "correlation"]
    assert [one.position for one in schema.of_component("alpha")] == [(0,), (1,)]


def test_the_defaults_follow_the_data():
    priors = make_priors(design_of("log(sigma) = a0 + a1*x; corr(r) = ar1(t)")).by_key()
    sd, mean, level = DATA.x.std(ddof=0), DATA.x.mean(), np.log(DATA.y.std())
    assert (priors["a1"].mu, priors["a1"].sigma) == (0, pytest.approx(0.5 / sd))
    assert priors["a0"].mu == pytest.approx(level)
    assert priors["a0"].sigma == pytest.approx(np.hypot(1.5, 0.5 * mean / sd))
    assert priors["rho"] == Uniform(-1, 1)


def test_those_of_the_log_variance_are_twice_as_wide():
    one, two = (make_priors(design_of(f"log({name}) = a0 + a1*x")).by_key() for name in ("sigma", "sigma2"))
    for key in ("a0", "a1"):
        assert two[key].mu == pytest.approx(2 * one[key].mu)
        assert two[key].sigma == pytest.approx(2 * one[key].sigma)


def test_categories_without_a_constant_are_centered_at_the_sd_of_the_outcome():
    priors = make_priors(design_of("log(sigma) = a1*f")).by_key()
    assert [priors[key].mu for key in ("a1[u]", "a1[v]")] == pytest.approx([np.log(DATA.y.std())] * 2)


def test_a_user_replaces_them_by_symbol():
    design = design_of("log(sigma) = a0 + a1*f + a2*x; corr(r) = ar1(t)")
    given = {"a1": "Normal(0, 0.3)", "A2": Normal(0, 1), "rho": "Uniform(0, 0.9)"}
    priors = make_priors(design, given)
    assert (priors.by_key()["a1[v]"], priors.by_key()["a2"]) == (Normal(0, 0.3), Normal(0, 1))
    assert priors.by_key()["rho"] == Uniform(0, 0.9)
    assert priors.auxiliary_by_name["alpha"][1:] == (Normal(0, 0.3), Normal(0, 1))
    assert priors.typed == {"a1[v]", "a2", "rho"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"a0": "HalfNormal(1)"}, "use one of Normal, StudentT"),
        ({"rho": "Normal(0, 1)"}, "use one of Uniform"),
        ({"rho": "Uniform(-2, 1)"}, "lies between -1 and 1"),
        ({"rho": "Uniform(1, 0)"}, "upper must be greater"),
        ({"sigma": "HalfNormal(1)"}, "no parameter 'sigma'"),
    ],
)
def test_wrong_priors(given, says):
    with pytest.raises(PriorError, match=says):
        make_priors(design_of("log(sigma) = a0 + a1*x; corr(r) = ar1(t)"), given)


def test_prior_draws_and_their_densities():
    design = design_of("log(sigma) = a0 + a1*x; corr(r) = ar1(t)")
    priors = make_priors(design, {"a0": "Normal(1, 0.5)", "a1": "Normal(-2, 0.1)", "rho": "Uniform(0.2, 0.6)"})
    draws = Draws(prior_draws(design, priors, 4000, np.random.default_rng(1)), design)
    a0, a1, rho = np.moveaxis(draws.auxiliary[0], -1, 0)
    assert a0.mean() == pytest.approx(1, abs=5 * 0.5 / 4000**0.5)
    assert a1.std() == pytest.approx(0.1, abs=5 * 0.1 / 8000**0.5)
    assert (rho.min() > 0.2, rho.max() < 0.6) == (True, True)
    found = by_key(log_prior(draws, priors))
    assert found["prior"].to_numpy().tolist() == list(priors.by_key())
    np.testing.assert_allclose(found.sel(prior="rho"), -np.log(0.4))
    np.testing.assert_allclose(found.sel(prior="a1")[0], Normal(-2, 0.1).log_density(a1))
    assert draws.scalars().shape == (5, 1, 4000)
