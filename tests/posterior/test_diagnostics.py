import numpy as np
import pytest
from arviz_stats.base.array import BaseArray

from bayeshlm.posterior.diagnostics import TAIL, diagnose


def autoregressive(entries: int, chains: int, draws: int, phi: float) -> np.ndarray:
    values = np.random.default_rng(1).normal(size=(entries, chains, draws))
    for t in range(1, draws):
        values[..., t] += phi * values[..., t - 1]
    return values


@pytest.mark.parametrize("change", [lambda x: x, lambda x: np.exp(x / x.std()), lambda x: np.round(x, 1)])
@pytest.mark.parametrize(
    ("chains", "draws", "phi"),
    [(4, 400, 0.0), (4, 251, 0.9), (4, 400, 0.99), (2, 100, -0.7), (1, 60, 0.5), (3, 9, 0.5), (2, 6, 0.0), (4, 4, 0.0)],
)
def test_equals_arviz(chains, draws, phi, change):
    x = change(autoregressive(6, chains, draws, phi))
    arviz = BaseArray()
    bulk, tail, r_hat, mcse = diagnose(x)
    np.testing.assert_allclose(bulk, arviz.ess(x, method="bulk"), rtol=1e-9)
    np.testing.assert_allclose(tail, arviz.ess(x, method="tail", prob=TAIL), rtol=1e-9)
    np.testing.assert_allclose(r_hat, arviz.rhat(x, method="rank"), rtol=1e-9)
    np.testing.assert_allclose(mcse, arviz.mcse(x, method="mean"), rtol=1e-9)


def test_sees_a_chain_that_sits_elsewhere():
    x = autoregressive(2, 4, 200, 0.0)
    x[1, 3] += 3.0
    bulk, _, r_hat, _ = diagnose(x)
    assert r_hat[0] < 1.02
    assert r_hat[1] > 1.3
    assert bulk[1] < 20 < bulk[0]


def test_three_draws_a_chain_are_too_few():
    assert np.isnan(np.stack(diagnose(autoregressive(2, 4, 3, 0.0)))).all()
