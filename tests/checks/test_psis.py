import numpy as np
import pandas as pd
import pytest
from arviz_stats.base.array import BaseArray
from scipy.stats import chi2

from bayeshlm.checks.psis import (
    check_draws,
    error_of_sum,
    leave_out,
    refitted,
    relative_efficiency,
    smoothed_weights,
    threshold,
)
from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.pareto_smoothing import smoothed_log_weights
from bayeshlm.parameters.draws import Draws, labelled_posterior


def normal_draws(n_draws, y, seed=1):
    """Draws of a normal mean under a flat prior, and log densities of every y: (n, S)."""
    mean = np.random.default_rng(seed).normal(y.mean(), 1 / np.sqrt(len(y)), n_draws)
    return -0.5 * np.log(2 * np.pi) - 0.5 * (y[:, None] - mean) ** 2


def exact_elpd(y):
    """Leave-one-out predictive densities of a normal mean with known variance 1 and a flat prior."""
    n = len(y)
    center, variance = (y.sum() - y) / (n - 1), 1 + 1 / (n - 1)
    return -0.5 * np.log(2 * np.pi * variance) - 0.5 * (y - center) ** 2 / variance


def test_a_normal_mean_has_its_closed_form_within_the_error_stated():
    y = np.random.default_rng(0).normal(size=30)
    found = leave_out(normal_draws(4000, y))
    z = (found.elpd - exact_elpd(y)) / found.mcse
    assert (found.pareto_k < 0.7).all()
    assert np.abs(z).max() < 4
    assert np.abs(z).mean() > 0.1  # the error is not merely stated large


def test_the_error_of_the_sum_is_that_of_units_that_err_together():
    """200 replications: the variance of the summed elpd is a chi-square of 199 degrees times the one stated."""
    y = np.random.default_rng(0).normal(size=30)
    parts = [leave_out(normal_draws(1000, y, seed)) for seed in range(200)]
    totals = np.array([part.elpd.sum() for part in parts])
    stated = np.mean([error_of_sum(part.moved, 4) ** 2 for part in parts])
    low, high = chi2.ppf([1e-4, 1 - 1e-4], 199) / 199
    # where error_of_sum takes the larger of two estimates of an independent draws' error it is a little large
    assert 0.8 * low < totals.var(ddof=1) / stated < high
    apart = np.mean([np.sum(part.mcse**2) for part in parts])
    assert not 0.8 * low < totals.var(ddof=1) / apart < high


def test_numbers_are_those_of_arviz():
    log_density = normal_draws(1000, np.random.default_rng(2).normal(size=8))
    found = leave_out(log_density, 0.8)
    elpd, k, p = BaseArray().loo(log_density.reshape(8, 4, 250), r_eff=0.8)
    np.testing.assert_allclose(found.elpd, elpd)
    np.testing.assert_allclose(found.pareto_k, k)
    np.testing.assert_allclose(found.p_loo, p)


def test_densities_of_whole_groups_do_not_underflow():
    log_density = normal_draws(1000, np.random.default_rng(2).normal(size=8))
    moved = leave_out(log_density - 9000.0)
    np.testing.assert_allclose(moved.elpd, leave_out(log_density).elpd - 9000.0)
    assert np.isfinite(moved.mcse).all()


def test_a_unit_that_no_draw_knows():
    weights, k = smoothed_weights(np.array([np.zeros(200), -(np.linspace(0, 1000, 200) ** 2)]))
    np.testing.assert_array_equal(weights[0], np.full(200, 1 / 200))
    assert k[0] == -np.inf
    assert not k[1] <= 0.7
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    found = leave_out(-(np.linspace(0, 1000, 200) ** 2)[None])
    assert found.elpd[0] == pytest.approx(-1e6, rel=0.01)
    assert not found.pareto_k[0] <= 0.7


def test_a_refit_averages_the_density():
    rng = np.random.default_rng(3)
    log_density, within = rng.normal(-5, 0.3, 2000), rng.normal(-4, 0.3, 2000)
    elpd, p_loo, mcse = refitted(log_density - 800, within - 800, 0.5)
    mean = np.exp(log_density).mean()
    assert elpd == pytest.approx(np.log(mean) - 800)
    assert p_loo == pytest.approx(np.log(np.exp(within).mean() / mean))
    assert mcse == pytest.approx(np.exp(log_density).std() / mean / np.sqrt(1000))


def test_efficiency_of_independent_and_of_sticky_draws():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"y": np.arange(8.0) ** 2, "w": np.repeat([0, 1], 4), "site": np.repeat(list("abcd"), 2)})
    design = build_design(parse("y = b0 + r; b0 = g00 + g01*w + u0"), frame, "site")

    def posterior(values):
        vector = np.stack([values, rng.permutation(values.ravel()).reshape(values.shape)], axis=-1)
        return Draws(labelled_posterior(design, vector, vector[..., :1], values), design)

    assert relative_efficiency(posterior(rng.normal(size=(4, 500)))) == pytest.approx(1, abs=0.15)
    sticky = np.repeat(rng.normal(size=(4, 50)), 10, axis=1)
    assert relative_efficiency(posterior(sticky)) < 0.6
    assert relative_efficiency(posterior(np.ones((4, 500)))) == 1


def test_too_few_draws_are_refused():
    with pytest.raises(OptionError, match="16 draws are too few"):
        check_draws(16)
    check_draws(100)
    assert threshold(100) == pytest.approx(0.5)


@pytest.mark.parametrize("n_draws", [20, 100, 101, 1000, 4000])
@pytest.mark.parametrize("efficiency", [1.0, 0.3])
def test_weights_of_units_one_by_one_are_those_of_the_matrix(n_draws, efficiency):
    rng = np.random.default_rng(n_draws)
    scales = np.array([1e-12, 1e-3, 0.1, 1.0, 5.0, 50.0])[:, None]
    log_density = scales * rng.standard_normal((6, n_draws)) - 40.0
    rounded = np.round(log_density[2:5], 1)  # many draws have the same density
    few = np.where(rng.random((2, n_draws)) < 0.05, -1.0, -2.0)
    few[:, :2] = -1.0, -2.0
    log_density = np.concatenate([log_density, rounded, few, scales[2:4] * rng.standard_t(2, (2, n_draws))])
    weights, pareto_k = smoothed_weights(log_density, efficiency)
    log_weights, expected = smoothed_log_weights(-log_density, efficiency)
    np.testing.assert_allclose(pareto_k, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.sort(weights, axis=1), np.sort(np.exp(log_weights), axis=1), rtol=1e-9, atol=1e-300)
    untied = [0, 1, 2, 3, 4, 5, 11, 12]  # of equal densities at the edge of the tail any may be smoothed
    np.testing.assert_allclose(weights[untied], np.exp(log_weights[untied]), rtol=1e-9, atol=1e-300)


def test_densities_of_units_one_by_one_are_those_of_the_matrix():
    log_density = normal_draws(1000, np.random.default_rng(5).normal(size=12))
    beyond = np.linspace(-1e4, 0, 1000)[None]  # sends the same units the other way
    found, other = leave_out(log_density, 0.7), leave_out(np.concatenate([log_density, beyond]), 0.7)
    for name in ("elpd", "p_loo", "pareto_k", "mcse"):
        np.testing.assert_allclose(getattr(found, name), getattr(other, name)[:-1], rtol=1e-9)
    alone = leave_out(beyond, 0.7)
    np.testing.assert_allclose(found.moved, other.moved - alone.moved, atol=1e-12)
