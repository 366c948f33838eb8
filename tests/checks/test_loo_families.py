"""Leaving out rows and groups of outcomes that are not normal: weights against integrals over a grid, and refits."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayeshlm as hlm
from bayeshlm.checks import loo_refits
from bayeshlm.design.subset import without_rows
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature

OPTIONS = {"seed": 1, "draws": 1000, "progress": False}
ALONE = "y ~ Bernoulli(p); logit(p) = b0; b0 = g00 + u0"
CROSSED = "y ~ Poisson(mu); log(mu) = b0; b0 = g00 + u0[a] + v0[b]"


def frame_of(seed=8):
    """12 units of a times 10 of b, a binary outcome and a count."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": np.repeat(np.arange(12), 10), "b": np.tile(np.arange(10), 12)})
    eta = 0.8 * rng.normal(size=12)[frame["a"]] + 0.5 * rng.normal(size=10)[frame["b"]]
    return frame.assign(binary=(rng.random(120) < expit(eta)).astype(int), count=rng.poisson(np.exp(eta)))


@pytest.fixture(scope="module")
def alone():
    return hlm.Model(ALONE, frame_of().rename(columns={"binary": "y"}), "a").fit(**OPTIONS)


@pytest.fixture(scope="module")
def crossed():
    return hlm.Model(CROSSED, frame_of().rename(columns={"count": "y"})).fit(**OPTIONS)


def log_evidence(design, priors):
    """Log integral over g00 and tau, up to a constant, by the trapezoidal rule."""
    density = FamilyQuadrature(design).density_with(priors, 16)
    gamma, tau = np.linspace(-4, 4, 81), np.linspace(0, 6, 121)
    values = np.array([[density(np.array([g, t]))[0] for t in tau] for g in gamma])
    ends = np.log(np.where(np.isin(np.arange(len(tau)), (0, len(tau) - 1)), 0.5, 1.0))
    return np.logaddexp.reduce((values + ends).ravel())


@pytest.mark.parametrize("unit", ["group", "row"])
def test_the_weights_give_what_an_integral_over_the_parameters_gives(alone, unit):
    found, design, priors = alone.loo(unit, exact=False), alone.model.design, alone.model.priors
    assert len(found.bad) == 0
    pointwise, whole = found.pointwise, log_evidence(design, priors)
    codes = design.group_codes if unit == "group" else np.arange(design.n_obs)
    elpd = pointwise["elpd"].to_numpy()
    for position in {int(np.argmin(elpd)), int(np.argmax(elpd)), 5}:
        expected = whole - log_evidence(without_rows(design, codes == position), priors)
        error = float(pointwise["mcse"][position])
        assert error < 0.05
        assert elpd[position] == pytest.approx(expected, abs=4 * error + 1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["row", "a", "b"])
def test_fits_without_a_unit_give_what_the_weights_give(crossed, unit):
    found = crossed.loo(unit, exact=False)
    pointwise = found.pointwise
    good = np.flatnonzero(pointwise["pareto_k"].to_numpy() <= found.threshold)
    elpd = pointwise["elpd"].to_numpy()
    for position in {int(good[np.argmin(elpd[good])]), int(good[0])}:
        (exact, p_loo, mcse), _ = loo_refits.exact_unit(crossed._fitted, unit, position)
        one = pointwise.isel({pointwise["elpd"].dims[0]: position})
        error = np.hypot(mcse, float(one["mcse"]))
        assert error < 0.2
        assert float(one["elpd"]) == pytest.approx(exact, abs=4 * error)
        assert float(one["p_loo"]) == pytest.approx(p_loo, abs=4 * error)


@pytest.mark.slow
def test_a_unit_that_is_left_out_has_new_effects(crossed):
    """Their SD at each draw is that draw's tau; those of the units that stay are the refit's."""
    left_out = loo_refits.rows_left_out(crossed._fitted, "a", 3)
    refit = loo_refits.refit_without(crossed._fitted, left_out).posterior
    assert refit["a"].to_numpy().tolist() == list(range(12))
    standard = (refit["u_a"].sel(a=3).to_numpy()[..., 0] / refit["tau"].to_numpy()[..., 0]).ravel()
    n = len(standard)
    assert abs(standard.mean()) < 4 / np.sqrt(n)
    assert abs(standard.var() - 1) < 4 * np.sqrt(2 / n)
    stays = refit["u_a"].sel(a=4).to_numpy().ravel()
    assert abs(stays.mean() - float(crossed.posterior["u_a"].sel(a=4).mean())) < stays.std()


def test_what_is_printed_asks_the_question_of_the_unit(crossed):
    text = " ".join(str(crossed.loo("a", exact=False)).split())
    assert "How well are the rows of a new a predicted?" in text
    assert "given the other rows of its a and b" in " ".join(str(crossed.loo(exact=False)).split())
    with pytest.raises(hlm.OptionError, match='"a" or "b"'):
        crossed.loo("group")
