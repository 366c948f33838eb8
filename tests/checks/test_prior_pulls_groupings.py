"""What priors do to the parameters of several groupings."""

import numpy as np
import pytest
from groupings_data import growth_model

from bayeshlm.checks.component import Component
from bayeshlm.checks.prior_pulls import prior_pulls
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.log_prior import by_key, log_prior
from bayeshlm.reml.estimate import fit_reml

TYPED = {"g000": "Normal(12, 1)", "tau_u00": "HalfNormal(0.6)"}
FLAT = {"g000": "Normal(0, 1e5)", "tau_u00": "HalfNormal(1e5)"}


def drawn(priors):
    model = growth_model(n_schools=30, priors=priors)
    fit = model.fit(draws=1500, seed=2, sampler="importance", progress=False)
    assert fit.convergence.certificate.holds
    return model, Draws(fit.posterior, model.design)


@pytest.mark.slow
@pytest.mark.parametrize(("key", "name"), [("g000", "g000"), ("tau_u00", "tau[u00]")])
def test_pulls_are_the_differences_from_a_fit_under_a_flat_prior(key, name):
    model, draws = drawn(TYPED)
    _, flat = drawn(TYPED | {key: FLAT[key]})
    design, reml = model.design, fit_reml(model.design)
    fixed = zip(design.fixed_labels, reml.gamma, reml.se, strict=True)
    rows = [Component("gamma", label, float(value), float(se)) for label, value, se in fixed]
    random = zip(design.random_labels, reml.tau, strict=True)
    rows += [Component("tau", label, float(tau), 0.1, lowest=0.0) for label, tau in random]
    values = draws.scalars()[: len(rows)].reshape(len(rows), -1)
    found = prior_pulls(draws, model.priors, reml, rows, values)
    k, own = found.keys.index(key), draws.schema.labels.index(name)
    expected = values[own].mean() - flat.scalars()[own].mean()
    # Both fits' Monte Carlo errors, that of the reweighted draws by their effective number.
    densities = by_key(log_prior(draws, model.priors)).sel(prior=key).to_numpy().ravel()
    weights = np.exp(densities.min() - densities)
    effective = weights.sum() ** 2 / (weights**2).sum()
    error = flat.scalars()[own].std() * np.hypot(effective**-0.5, values.shape[1] ** -0.5)
    assert found.pareto_k[k] < 0.7
    assert abs(expected) > 8 * error
    assert found.shift[own, k] == pytest.approx(expected, abs=4 * error)
