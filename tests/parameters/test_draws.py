"""Schema and Draws: names, order and layout of the posterior."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from bayeshlm.design import build_design
from bayeshlm.design.naming import parameter_label, prior_label
from bayeshlm.equations import parse
from bayeshlm.parameters.draws import SAMPLE, Draws, labelled_posterior
from bayeshlm.parameters.log_prior import by_key, log_prior
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.parameters.schema import Schema, block_size

TEXT = """y = b0 + b1*x + b2*z + b3*w + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2; b3 = g30 + u3
cov(u0, u1) = 0; cov(u0, u3) = 0; cov(u2, u1) = 0; cov(u2, u3) = 0; cov(u1, u3) = 0"""


@pytest.fixture(scope="module")
def design():
    """Four effects, of which u0 and u2 covary."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("yxzw")).assign(site=np.repeat(list("abcdef"), 10))
    return build_design(parse(TEXT), frame, "site")


@pytest.fixture(scope="module")
def draws(design):
    return Draws(prior_draws(design, make_priors(design), 50, np.random.default_rng(2)), design)


def test_every_parameter_has_its_label_and_the_key_of_its_prior(design):
    schema = Schema.of(design)
    assert schema.labels == [
        *("g00", "g10", "g20", "g30", "tau[u0]", "tau[u1]", "tau[u2]", "tau[u3]", "sigma", "corr[u0,u2]")
    ]
    assert [one.prior_key for one in schema.parameters] == [
        *("g00", "g10", "g20", "g30", "tau_u0", "tau_u1", "tau_u2", "tau_u3", "sigma", "corr")
    ]
    for one in schema.parameters:
        assert one.label == parameter_label(one.component, one.effect)
        assert one.component == "corr" or one.label == prior_label(one.prior_key)
    assert block_size(design, "u0,u2") == 2


def test_scalars_are_the_elements_of_the_arrays(draws):
    scalars = dict(zip(draws.schema.labels, draws.scalars(), strict=True))
    np.testing.assert_array_equal(scalars["g20"], draws.dataset["gamma"].sel(fixed="g20"))
    np.testing.assert_array_equal(scalars["tau[u3]"], draws.dataset["tau"].sel(random="u3"))
    np.testing.assert_array_equal(scalars["corr[u0,u2]"], draws.dataset["corr"].sel(random="u0", random_="u2"))
    np.testing.assert_array_equal(scalars["sigma"], draws.dataset["sigma"])
    labelled = draws.parameters()
    assert labelled.dims == (*SAMPLE, "parameter")
    np.testing.assert_array_equal(labelled.sel(parameter="g20"), scalars["g20"])


def test_the_order_of_dims_and_labels_does_not_count(draws, design):
    turned = draws.dataset.isel(fixed=[2, 0, 3, 1], random=[3, 1, 0, 2], random_=[1, 0, 3, 2], coefficient=[1, 3, 0, 2])
    turned = Draws(turned.transpose("random_", "random", "coefficient", "fixed", ...), design)
    for name in ("gamma", "tau", "corr", "sigma", "G", "u", "beta"):
        np.testing.assert_array_equal(getattr(turned, name), getattr(draws, name))


def test_arrays_come_back_from_the_dataset_that_they_are_labelled_in(draws, design):
    names = ("gamma", "tau", "auxiliary", "corr")
    again = labelled_posterior(design, **{name: getattr(draws, name) for name in names}, u=[draws.u], beta=[draws.beta])
    assert again.identical(draws.dataset)
    alone = labelled_posterior(design, draws.gamma, draws.tau, draws.sigma)
    assert set(alone.variables) == {"gamma", "tau", "sigma", *SAMPLE, "fixed", "random"}
    assert not Draws(alone, design).has_groups
    np.testing.assert_array_equal(Draws(alone, design).corr[0, 0], np.eye(4))


def test_labelled_takes_one_chain_after_the_other(draws):
    flat = draws.flat(draws.tau)
    found = draws.labelled(flat, ("random",), {"random": draws.design.random_labels}, "tau")
    assert found.identical(draws.dataset["tau"])


def test_log_priors_by_key_are_scipys(draws, design):
    given = {"g10": "Normal(1, 2)", "tau_u1": "HalfNormal(3)", "sigma": "Exponential(0.5)", "corr": "LKJ(3)"}
    priors = make_priors(design, given)
    found = by_key(log_prior(draws, priors))
    assert found["prior"].to_numpy().tolist() == list(priors.by_key())
    expected = {
        "g10": scipy.stats.norm(1, 2).logpdf(draws.gamma[..., 1]),
        "tau_u1": scipy.stats.halfnorm(scale=3).logpdf(draws.tau[..., 1]),
        "sigma": scipy.stats.expon(scale=2).logpdf(draws.sigma),
        "corr": scipy.stats.beta(3, 3, loc=-1, scale=2).logpdf(draws.corr[..., 0, 2]),
    }
    for key, values in expected.items():
        np.testing.assert_allclose(found.sel(prior=key), values, rtol=1e-12, err_msg=key)
