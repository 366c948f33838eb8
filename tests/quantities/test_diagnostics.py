import numpy as np

from bayeshlm.quantities.diagnostics import diagnose


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
