"""Cook's distances of means that draws have without a group, against their formula."""

from types import SimpleNamespace

import numpy as np
import pytest

from bayeshlm.checks.influence_draws import _distances

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("p", [1, 2, 3])
def test_distances_are_in_the_metric_of_the_posterior(p):
    gamma = RNG.normal(size=(2, 50, p)) @ RNG.normal(size=(p, p)) * 10.0 ** np.arange(p)
    posterior = SimpleNamespace(gamma=gamma, flat=lambda draws: draws.reshape(100, p))
    flat = gamma.reshape(100, p)
    means = flat[:4]  # of four groups, gamma's and one more
    change = means - flat.mean(axis=0)
    V = np.cov(flat, rowvar=False, ddof=0).reshape(p, p)
    expected = [one @ np.linalg.solve(V, one) / p for one in change]
    found = _distances(posterior, np.column_stack([means, np.ones(4)]))
    assert found == pytest.approx(np.array(expected), rel=1e-8)


def test_without_fixed_effects_there_are_none():
    posterior = SimpleNamespace(gamma=np.empty((2, 50, 0)), flat=lambda draws: draws.reshape(100, 0))
    assert np.isnan(_distances(posterior, np.ones((4, 1)))).all()
