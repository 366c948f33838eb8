"""SDs, ratios and refusals of models whose level-1 SD has an equation, from draws that are written down."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.quantities.icc import has_icc, icc
from bayeshlm.quantities.r2 import r2
from bayeshlm.quantities.reliability import eb_weights
from bayeshlm.quantities.variance_components import variance_components, variance_draws
from bayeshlm.quantities.variance_function import variance_function

ONE = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10; "
RNG = np.random.default_rng(5)
DATA = pd.DataFrame(
    {
        "g": np.repeat(np.arange(8), 5),
        "t": np.tile(np.arange(5), 8),
        "f": np.tile([0, 1], 20),
        "h": np.tile(["u", "v", "v", "u"], 10),
        "x": RNG.normal(size=40),
        "y": RNG.normal(size=40),
    }
)


def draws_of(text, auxiliary):
    design = build_design(parse(ONE + text), DATA, group="g")
    auxiliary = np.asarray(auxiliary, dtype=float)[None]
    n = auxiliary.shape[1]
    gamma, tau = np.ones((1, n, 2)), np.full((1, n, 1), 0.5)
    effects = np.zeros((1, n, 8, 1))
    beta = np.ones((1, n, 8, 2))
    return Draws(labelled_posterior(design, gamma, tau, auxiliary, None, [effects], [beta]), design)


def test_each_combination_of_values_has_its_sd():
    alpha = np.array([[0.1, 0.2, -0.3], [0.4, -0.1, 0.5], [0.0, 0.0, 0.1]])
    draws = variance_draws(draws_of("log(sigma) = a0 + a1*f + a2*h", alpha))
    assert draws["alpha"].dims == ("chain", "draw", "spread")
    assert draws["spread"].to_numpy().tolist() == ["a0", "a1", "a2[v]"]
    sds = draws["level1_sd"]
    for label, row in (
        ("f 0, h u", [1, 0, 0]),
        ("f 1, h u", [1, 1, 0]),
        ("f 0, h v", [1, 0, 1]),
        ("f 1, h v", [1, 1, 1]),
    ):
        np.testing.assert_allclose(sds.sel(level1_row=label)[0], np.exp(alpha @ row))
    np.testing.assert_allclose(draws["level1_sd2"], sds**2)
    np.testing.assert_allclose(draws["sd_ratio"].sel(slope="a1")[0], np.exp(alpha[:, 1]))
    np.testing.assert_allclose(draws["sd_ratio"].sel(slope="a2[v]")[0], np.exp(alpha[:, 2]))


def test_an_equation_of_the_log_variance_has_half_of_it_in_the_sd():
    alpha = np.array([[0.2, 0.8], [0.4, -0.2]])
    draws = variance_draws(draws_of("log(sigma2) = a0 + a1*f", alpha))
    np.testing.assert_allclose(draws["level1_sd2"].sel(level1_row="f 1")[0], np.exp(alpha.sum(axis=1)))
    np.testing.assert_allclose(draws["sd_ratio"][0, :, 0], np.exp(alpha[:, 1] / 2))


def test_many_values_have_the_smallest_median_and_largest_sd():
    alpha = np.array([[0.2, 0.8], [0.4, -0.2]])
    sds = variance_draws(draws_of("log(sigma) = a0 + a1*x", alpha))["level1_sd"]
    expected = np.exp(alpha[:, :1] + alpha[:, 1:] * DATA.x.to_numpy())
    assert sds["level1_row"].to_numpy().tolist() == ["smallest", "median", "largest"]
    np.testing.assert_allclose(sds[0], np.quantile(expected, [0, 0.5, 1], axis=1).T)


def test_rows_of_the_table():
    table = variance_components(
        draws_of("log(sigma) = a0 + a1*f; corr(r) = ar1(t)", [[0.1, 0.2, 0.6], [0.3, 0.1, 0.2]])
    )
    assert table.index.tolist() == [
        ("tau", "u0"),
        ("tau2", "u0"),
        ("alpha", "a0"),
        ("alpha", "a1"),
        ("rho", ""),
        ("level1_sd", "f 0"),
        ("level1_sd", "f 1"),
        ("level1_sd2", "f 0"),
        ("level1_sd2", "f 1"),
        ("sd_ratio", "a1"),
    ]
    assert table.loc[("rho", ""), "mean"] == pytest.approx(0.4)


def test_correlated_residuals_of_one_sd_keep_sigma():
    draws = draws_of("corr(r) = ar1(t)", [[1.5, 0.2], [1.7, 0.4]])
    assert variance_components(draws).index.get_level_values(0).tolist() == ["tau", "tau2", "sigma", "sigma2", "rho"]
    np.testing.assert_array_equal(draws.sigma[0], [1.5, 1.7])
    np.testing.assert_allclose(icc(draws).draws["icc"][0], 0.25 / (0.25 + np.array([1.5, 1.7]) ** 2))


@pytest.mark.parametrize("quantity", [icc, r2, eb_weights, lambda draws: variance_function(draws, "b0")])
def test_what_needs_one_variance_refuses(quantity):
    with pytest.raises(OptionError, match="have an equation of their SD"):
        quantity(draws_of("log(sigma) = a0 + a1*f", [[0.1, 0.2], [0.3, 0.1]]))


def test_closed_forms_of_independent_rows_refuse():
    draws = draws_of("corr(r) = ar1(t)", [[1.5, 0.2], [1.7, 0.4]])
    with pytest.raises(OptionError, match="residuals that are independent"):
        eb_weights(draws)
    assert has_icc(draws.design)
    assert not has_icc(draws_of("log(sigma) = a0", [[0.1], [0.3]]).design)
