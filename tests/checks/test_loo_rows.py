"""The density of a row given its group, against the conditional of a dense multivariate normal."""

import numpy as np
import pytest
from left_out_data import MODELS, draws_around, moments_of_group, ward_design
from scipy.stats import multivariate_normal, norm

from bayeshlm.checks.loo_units import units_left_out
from bayeshlm.checks.psis import leave_out, relative_efficiency
from bayeshlm.likelihood import gaussian_nested, likelihood_of
from bayeshlm.parameters.draws import Draws


def dense_conditional(y, mean, V, i):
    """``log p(y_i | y without i)`` from the partitioned normal."""
    others = np.arange(len(y)) != i
    weights = np.linalg.solve(V[np.ix_(others, others)], V[others, i])
    center = mean[i] + weights @ (y - mean)[others]
    return norm.logpdf(y[i], center, np.sqrt(V[i, i] - weights @ V[others, i]))


@pytest.mark.parametrize("name", MODELS)
def test_equals_the_dense_conditional(name):
    design = ward_design(name)
    posterior = draws_around(design)
    found = likelihood_of(design).pointwise(Draws(posterior, design), "row", np.arange(design.n_obs))
    assert found.shape == (design.n_obs, 6)
    for draw in range(6):
        for group in range(design.n_groups):
            mean, V, rows = moments_of_group(design, posterior, draw, group)
            expected = [dense_conditional(design.y[rows], mean, V, i) for i in range(len(rows))]
            np.testing.assert_allclose(found[rows, draw], expected, rtol=1e-9, atol=1e-9)


def test_a_group_of_one_row_has_its_marginal_density():
    design = ward_design("slope")
    posterior = draws_around(design)
    (row,) = np.flatnonzero(np.bincount(design.group_codes)[design.group_codes] == 1)[:1]
    (found,) = likelihood_of(design).pointwise(Draws(posterior, design), "row", np.array([row]))
    for draw in range(6):
        mean, V, rows = moments_of_group(design, posterior, draw, design.group_codes[row])
        assert found[draw] == pytest.approx(multivariate_normal.logpdf(design.y[rows], mean, V))


def test_a_group_that_tells_its_effect_almost_exactly():
    design = ward_design("intercept")
    posterior = draws_around(design)
    posterior["tau"][:] = 1e4
    found = likelihood_of(design).pointwise(Draws(posterior, design), "row", np.arange(design.n_obs))
    mean, V, rows = moments_of_group(design, posterior, 3, design.group_codes[0])
    place = int(np.flatnonzero(rows == 0)[0])
    assert found[0, 3] == pytest.approx(dense_conditional(design.y[rows], mean, V, place), rel=1e-6)


def test_more_groups_than_a_block_and_rows_than_a_chunk(monkeypatch):
    design = ward_design("slope", n_groups=26 * 5, largest=4)
    posterior = draws_around(design, 150)
    whole = units_left_out(Draws(posterior, design), "row")
    monkeypatch.setattr(gaussian_nested, "CHUNK_NUMBERS", 150 * 7)
    chunked = units_left_out(Draws(posterior, design), "row")
    efficiency = relative_efficiency(Draws(posterior, design))
    for row in (0, 17, design.n_obs - 1):
        alone = leave_out(likelihood_of(design).pointwise(Draws(posterior, design), "row", np.array([row])), efficiency)
        for name in ("elpd", "p_loo", "pareto_k", "mcse"):
            assert getattr(whole, name)[row] == pytest.approx(getattr(alone, name)[0], rel=1e-9)
    for name in ("elpd", "p_loo", "pareto_k", "mcse"):
        np.testing.assert_allclose(getattr(chunked, name), getattr(whole, name), rtol=1e-9)
