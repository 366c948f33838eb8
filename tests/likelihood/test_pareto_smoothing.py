import numpy as np
import pytest
from arviz_stats.base.array import BaseArray

from bayeshlm.likelihood.pareto_smoothing import smoothed_log_weights


def ratios(kind, n_draws, spread):
    rng = np.random.default_rng(n_draws)
    draw = {"exponential": rng.exponential, "normal": lambda scale, size: rng.normal(0, scale, size)}[kind]
    return draw(spread, (3, n_draws)) + rng.normal(0, 100, (3, 1))


@pytest.mark.parametrize("efficiency", [1.0, 0.8, 0.3])
@pytest.mark.parametrize("spread", [0.01, 0.3, 0.7, 1.5, 5.0])
@pytest.mark.parametrize("n_draws", [40, 225, 226, 1000, 4001])
@pytest.mark.parametrize("kind", ["exponential", "normal"])
def test_weights_and_k_are_those_of_arviz(kind, n_draws, spread, efficiency):
    raw = ratios(kind, n_draws, spread)
    wanted, k = BaseArray().psislw(-raw, r_eff=efficiency)
    found, pareto_k = smoothed_log_weights(raw, efficiency)
    np.testing.assert_allclose(pareto_k, k, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


def test_the_shape_of_pareto_tails_is_found():
    """Weights exp(E / a), E exponential, have P(w > t) = t^-a: k = 1/a within five errors of (1 + k)/sqrt(M)."""
    for k in (0.2, 0.5, 0.9):
        raw = np.random.default_rng(1).exponential(k, (20, 10_000))
        _, found = smoothed_log_weights(raw)
        assert abs(found.mean() - k) < 5 * (1 + k) / np.sqrt(300 * 20) + 10 / 310 * abs(k - 0.5)


@pytest.mark.parametrize("n_draws", [3, 20, 24, 27])
def test_a_tail_that_is_too_short_to_fit_has_infinite_k_and_raw_weights(n_draws):
    raw = ratios("normal", n_draws, 1.0)
    found, pareto_k = smoothed_log_weights(raw)
    assert np.isposinf(pareto_k).all()
    np.testing.assert_allclose(np.exp(found), np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True), rtol=1e-12)


def test_a_tail_of_equal_weights_does_not_touch_the_other_rows():
    raw = ratios("normal", 1000, 1.0)
    raw[1] = np.minimum(raw[1], np.quantile(raw[1], 0.5))
    found, pareto_k = smoothed_log_weights(raw)
    assert np.isposinf(pareto_k[1])
    np.testing.assert_allclose(np.exp(found[1]), np.exp(raw[1] - raw[1].max()) / np.exp(raw[1] - raw[1].max()).sum())
    alone, k = smoothed_log_weights(raw[[0, 2]])
    np.testing.assert_array_equal(found[[0, 2]], alone)
    np.testing.assert_array_equal(pareto_k[[0, 2]], k)
