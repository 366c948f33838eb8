import numpy as np
import pytest
from arviz_stats.base.array import BaseArray

from bayeshlm.quantities import diagnostics
from bayeshlm.quantities.diagnostics import TAIL, diagnose


def autoregressive(entries, chains, draws, phi):
    values = np.random.default_rng(1).normal(size=(entries, chains, draws))
    for t in range(1, draws):
        values[..., t] += phi * values[..., t - 1]
    return values


def test_effective_sample_size_of_an_autoregressive_chain():
    # For AR(1), ESS/S -> (1 - phi)/(1 + phi); the estimate from 4 x 5000 draws is within 15 % of it.
    bulk, *_ = diagnose(autoregressive(5, 4, 5000, 0.5))
    np.testing.assert_allclose(bulk, 20_000 / 3, rtol=0.15)


def test_sees_a_chain_that_sits_elsewhere():
    x = autoregressive(2, 4, 200, 0.0)
    x[1, 3] += 3.0
    bulk, _, r_hat, _ = diagnose(x)
    assert r_hat[0] < 1.02
    assert r_hat[1] > 1.3
    assert bulk[1] < 20 < bulk[0]


def test_three_draws_a_chain_are_too_few():
    assert np.isnan(np.stack(diagnose(autoregressive(2, 4, 3, 0.0)))).all()


def test_one_chain_has_no_r_hat_and_a_constant_nothing():
    x = autoregressive(2, 1, 100, 0.0)
    x[1] = 4.0
    bulk, tail, r_hat, mcse = diagnose(x)
    assert np.isnan(r_hat).all()
    assert np.isfinite([bulk[0], tail[0], mcse[0]]).all()
    assert np.isnan([bulk[1], tail[1], mcse[1]]).all()


KINDS = {
    "independent": lambda x, rng: x,
    "walks": lambda x, rng: x.cumsum(axis=2),
    "apart": lambda x, rng: x + np.arange(x.shape[1])[:, None],
    "alternating": lambda x, rng: np.diff(x, axis=2, prepend=0),
    "tied": lambda x, rng: np.round(x),
    "rare": lambda x, rng: (rng.random(x.shape) < 0.03).astype(float),
    "heavy": lambda x, rng: 7 + 1e-3 * rng.standard_cauchy(x.shape),
    "tiny": lambda x, rng: 1e-17 * x,
}


@pytest.mark.parametrize("n_draws", [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 50, 101, 1000])
@pytest.mark.parametrize("n_chains", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value):RuntimeWarning:arviz_stats")
def test_numbers_are_those_of_arviz(kind, n_chains, n_draws):
    rng = np.random.default_rng(n_chains + 10 * n_draws)
    x = KINDS[kind](rng.normal(size=(6, n_chains, n_draws)), rng)
    x = x[x.min(axis=(1, 2)) < x.max(axis=(1, 2))]
    if kind == "rare":
        x = np.concatenate([x, np.eye(1, n_chains * n_draws, 1).reshape(1, n_chains, n_draws)])
    stats = BaseArray()
    bulk, tail, r_hat, mcse = diagnose(x)
    np.testing.assert_allclose(bulk, stats.ess(x, method="bulk"), rtol=1e-10)
    np.testing.assert_allclose(tail, stats.ess(x, method="tail", prob=TAIL), rtol=1e-10)
    np.testing.assert_allclose(mcse, stats.mcse(x, method="mean"), rtol=1e-10)
    if n_chains > 1:
        np.testing.assert_allclose(r_hat, stats.rhat(x, method="rank"), rtol=1e-10)


def test_entries_of_many_passes_are_those_of_one(monkeypatch):
    x = autoregressive(7, 2, 100, 0.5)
    x[3] = 1.0
    wanted = np.stack(diagnose(x))
    monkeypatch.setattr(diagnostics, "TOGETHER", 401)
    np.testing.assert_array_equal(np.stack(diagnose(x)), wanted)
