import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.quantities.convergence import assess_convergence


def posterior(chains=4, draws=1000, shift=0.0, correlated=True):
    """Independent draws of one fixed and two random effects; chain 0 of gamma is shifted."""
    rng = np.random.default_rng(1)
    gamma = rng.normal(size=(chains, draws, 1))
    gamma[0] += shift
    tau, sigma, corr = rng.gamma(3, size=(chains, draws, 2)), rng.gamma(3, size=(chains, draws)), None
    if correlated:
        corr = np.tile(np.eye(2), (chains, draws, 1, 1))
        corr[..., 0, 1] = corr[..., 1, 0] = rng.uniform(-1, 1, size=(chains, draws))
    text = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = u1" + ("" if correlated else "; cov(u0, u1) = 0")
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "x": [0.0, 1.0, 0.0, 2.0], "site": list("aabb")})
    design = build_design(parse(text), frame, "site")
    return Draws(labelled_posterior(design, gamma, tau, sigma, corr), design)


def diverging(chains=4, draws=1000, count=0):
    flags = np.zeros((chains, draws), dtype=bool)
    flags[0, :count] = True
    return xr.Dataset({"diverging": (("chain", "draw"), flags)})


def test_good_draws_converge():
    verdict = assess_convergence(posterior(), diverging(count=4))
    assert verdict.converged
    assert verdict.reasons == ()
    assert verdict.divergences == 4
    assert verdict.min_ess_bulk > 2000
    assert verdict.max_r_hat < 1.01


@pytest.mark.parametrize(
    ("draws", "stats", "reason"),
    [
        (posterior(shift=1.0), diverging(), "R-hat of g00 is"),
        (posterior(draws=60), diverging(draws=60), "effective sample size"),
        (posterior(), diverging(count=5), "5 of 4000 draws diverged"),
        (posterior(chains=1), diverging(chains=1), "R-hat needs at least two chains"),
    ],
)
def test_bad_draws_do_not(draws, stats, reason):
    verdict = assess_convergence(draws, stats)
    assert not verdict.converged
    assert any(reason in text for text in verdict.reasons)


def test_only_correlations_that_the_model_has_are_monitored():
    names = posterior().schema.labels
    assert names == ["g00", "tau[u0]", "tau[u1]", "sigma", "corr[u0,u1]"]
    names = posterior(correlated=False).schema.labels
    assert names == ["g00", "tau[u0]", "tau[u1]", "sigma"]


@pytest.mark.parametrize(("shift", "n_reasons"), [(0.3, 0), (0.4, 1)])
def test_chains_may_differ_by_an_r_hat_of_1_01_and_no_more(shift, n_reasons):
    verdict = assess_convergence(posterior(shift=shift), diverging())
    assert 1.005 < verdict.max_r_hat < 1.02  # on either side of the limit that Vehtari et al. (2021) give
    assert (verdict.max_r_hat > 1.01) == (n_reasons == 1)
    assert len(verdict.reasons) == n_reasons
    assert verdict.converged == (n_reasons == 0)
