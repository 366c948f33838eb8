"""Log density of all outcomes at draws of the parameters, several groupings."""

import numpy as np
import pytest
from groupings_data import crossed_model, growth_model
from scipy.stats import multivariate_normal
from test_gaussian_joint import dense_covariance

from bayeshlm.checks.power_scaling import total_log_likelihood
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws


@pytest.mark.parametrize("make", [growth_model, crossed_model])
def test_totals_are_those_of_the_dense_covariance_matrix(make):
    model = make()
    design = model.design
    draws = Draws(prior_draws(design, model.priors, 7, np.random.default_rng(3)), design)
    expected = [
        multivariate_normal.logpdf(design.y - design.offset, design.X @ gamma, dense_covariance(design, G, sigma))
        for gamma, G, sigma in zip(draws.gamma[0], draws.G[0], draws.sigma[0], strict=True)
    ]
    np.testing.assert_allclose(likelihood_of(design).totals(draws), expected, rtol=1e-9)
    np.testing.assert_allclose(total_log_likelihood(draws).to_numpy(), [expected], rtol=1e-9)
