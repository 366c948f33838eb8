"""Covariances of the random effects of several groupings, beside dense matrices."""

import numpy as np
import pytest
from groupings_data import big_matrices, crossed_model, growth_model, with_cells
from test_gaussian_joint import dense_covariance

from bayeshlm.likelihood.joint_moments import joint_effects, mean_covariances
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws


@pytest.mark.parametrize("make", [growth_model, crossed_model, with_cells])
def test_blocks_are_those_of_the_dense_matrix(make):
    model = make()
    design = model.design
    draws = Draws(prior_draws(design, model.priors, 40, np.random.default_rng(3)), design)  # more than a chunk
    effects = joint_effects(draws)
    found, expected, means = mean_covariances(effects), 0, []
    for gamma, G, sigma in zip(draws.gamma[0], draws.G[0], draws.sigma[0], strict=True):
        Z, prior = big_matrices(design, G)
        gain = prior @ Z.T @ np.linalg.inv(dense_covariance(design, G, sigma))
        expected = expected + (prior - gain @ Z @ prior) / 40
        means.append(gain @ (design.y - design.offset - design.X @ gamma))
    sizes = [(len(term.labels), len(term.columns)) for term in design.predictor.random]
    starts = np.concatenate([[0], np.cumsum([J * q for J, q in sizes])])
    tolerance = {"rtol": 1e-8, "atol": 1e-10 * np.abs(expected).max()}
    for k, (J, q) in enumerate(sizes):
        part = slice(starts[k], starts[k + 1])
        np.testing.assert_allclose(effects.means()[k].reshape(40, -1), np.array(means)[:, part], rtol=1e-8, atol=1e-8)
        own = expected[part, part].reshape(J, q, J, q)[np.arange(J), :, np.arange(J)]
        np.testing.assert_allclose(found.own[k], own, **tolerance)
    for pair, values in zip(design.products.pairs, found.pairs, strict=True):
        (J, q), (M, r) = sizes[pair.first], sizes[pair.second]
        rows, columns = (slice(starts[k], starts[k + 1]) for k in (pair.first, pair.second))
        block = expected[rows, columns].reshape(J, q, M, r)[pair.units[:, 0], :, pair.units[:, 1]]
        np.testing.assert_allclose(values, block, **tolerance)
