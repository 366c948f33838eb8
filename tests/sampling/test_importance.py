"""Adaptive importance sampling on targets whose answer is known, and on those for which it has none."""

import numba
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import bayeshlm as hlm
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.quantities.diagnostics import diagnose
from bayeshlm.sampling.certificate import Certificate
from bayeshlm.sampling.importance import MAX_ROUNDS, Round, importance_draws, resampled
from bayeshlm.sampling.layout import Layout, reml_layout
from bayeshlm.sampling.marginal_target import marginal_target
from bayeshlm.sampling.points import Points
from bayeshlm.sampling.reflections import Reflections
from bayeshlm.sampling.target import DENSITY, Target, compiled_model

SIZE = 3
MEAN = np.array([1.0, -2.0, 0.5])
COVARIANCE = np.array([[2.0, 0.9, 0.0], [0.9, 1.0, -0.3], [0.0, -0.3, 0.5]])
PRECISION = np.linalg.inv(COVARIANCE)


def points(density, data, size, reflections=None):
    """A C density over the numbers of `data`, which come behind their count."""
    buffer = np.concatenate([[len(data) + 1.0], data])
    compiled = compiled_model(numba.cfunc(DENSITY)(density), buffer, lambda seed: np.zeros(size), size)
    return Points(Target(compiled, reflections=reflections))


def gaussian_or_t(dim, x_, gradient_, log_density_, buffer_):
    """Location, precision and degrees of freedom (0: normal) in the buffer."""
    d = numba.carray(buffer_, 2 + dim + dim * dim)
    nu, quadratic = d[1 + dim + dim * dim], 0.0
    for r in range(dim):
        gradient_[r] = 0.0
        for s in range(dim):
            gradient_[r] -= d[1 + dim + r * dim + s] * (x_[s] - d[1 + s])
        quadratic -= gradient_[r] * (x_[r] - d[1 + r])
    log_density_[0] = -0.5 * quadratic if nu == 0 else -0.5 * (nu + dim) * np.log1p(quadratic / nu)
    if nu > 0:
        for r in range(dim):
            gradient_[r] *= (nu + dim) / (nu + quadratic)
    return 0


def two_modes(dim, x_, gradient_, log_density_, buffer_):
    """Normal densities of SD 1 at -2.5 and 5 of the first coordinate, in proportions 7 to 3."""
    a, b = np.log(0.7) - 0.5 * (x_[0] + 2.5) ** 2, np.log(0.3) - 0.5 * (x_[0] - 5) ** 2
    top = max(a, b)
    total = np.exp(a - top) + np.exp(b - top)
    log_density_[0] = top + np.log(total)
    gradient_[0] = -((x_[0] + 2.5) * np.exp(a - top) + (x_[0] - 5) * np.exp(b - top)) / total
    return 0


def funnel(dim, x_, gradient_, log_density_, buffer_):
    """Neal's: v ~ N(0, 3^2), the others N(0, exp(v))."""
    v, rest = x_[0], 0.0
    for k in range(1, dim):
        rest += x_[k] ** 2
        gradient_[k] = -x_[k] * np.exp(-v)
    log_density_[0] = -(v**2) / 18 - 0.5 * (dim - 1) * v - 0.5 * rest * np.exp(-v)
    gradient_[0] = -v / 9 - 0.5 * (dim - 1) + 0.5 * rest * np.exp(-v)
    return 0


def signed_sd(dim, x_, gradient_, log_density_, buffer_):
    """A coordinate of which only |x + 2| counts, normal of SD 1: half-normal from the edge -2."""
    log_density_[0] = -0.5 * (x_[0] + 2) ** 2
    gradient_[0] = -(x_[0] + 2)
    return 0


def gaussian(nu=0.0):
    return points(gaussian_or_t, np.concatenate([MEAN, PRECISION.ravel(), [nu]]), SIZE)


def test_densities_and_gradients_are_those_of_the_callback():
    y = np.random.default_rng(1).normal(size=(120, SIZE))
    values, gradients = gaussian().with_gradients(y)
    exact = stats.multivariate_normal(MEAN, COVARIANCE)
    np.testing.assert_allclose(values - values[0], exact.logpdf(y) - exact.logpdf(y[0]), atol=1e-10)
    np.testing.assert_allclose(gradients, -(y - MEAN) @ PRECISION, atol=1e-10)


def half_normal():
    """|x + 2| by its reflection at x = -2."""
    layout = Layout(np.array([2.0]), np.ones(1), np.empty((0, 0)), np.ones(1))
    return points(signed_sd, [], 1, Reflections(layout, slice(0, 1), np.array([[-1.0]])))


def test_a_point_behind_zero_is_folded_onto_its_image():
    folded = half_normal().folded(np.array([[-3.5], [1.0], [-2.0]]))
    np.testing.assert_allclose(folded[:, 0], [-0.5, 1.0, -2.0])


@pytest.mark.parametrize("nu", [0.0, 9.0])
def test_moments_of_a_closed_form_are_right_within_the_errors_that_the_draws_state(nu):
    """60 seeds: z of each mean has SD 1, no more (errors not understated) and not much less."""
    target, spread = gaussian(nu), COVARIANCE * (nu / (nu - 2) if nu else 1.0)
    z, second = [], []
    for seed in range(60):
        draws, certificate = importance_draws(target, 1000, seed, 0.0)
        assert certificate.holds
        chains = draws.T.reshape(SIZE, 4, 250)
        z.append((draws.mean(axis=0) - MEAN) / diagnose(chains)[3])
        second.append(((draws - MEAN)[:, :, None] * (draws - MEAN)[:, None]).mean(axis=0))
    squares = np.square(z).ravel()  # the three of a seed are correlated: 60 to 180 degrees of freedom
    low, high = stats.chi2.ppf([1e-3, 1 - 1e-3], 60) / 60
    assert low < squares.mean() < high
    error = np.std(second, axis=0) / np.sqrt(60)
    assert (abs(np.mean(second, axis=0) - spread) < 4 * error).all()


def test_a_half_normal_at_its_edge():
    draws, certificate = importance_draws(half_normal(), 4000, 1, 0.0)
    assert certificate.holds
    distance = draws[:, 0] + 2
    assert (distance > 0).all()
    ess = diagnose(distance.reshape(1, 4, 1000))[0][0]
    assert abs(distance.mean() - np.sqrt(2 / np.pi)) < 4 * np.sqrt((1 - 2 / np.pi) / ess)


@pytest.mark.parametrize("target", [gaussian(1.0), points(funnel, [], 10)], ids=["Cauchy", "funnel"])
def test_a_target_that_it_cannot_draw_from_is_refused(target):
    _, certificate = importance_draws(target, 2000, 1, 0.0)
    assert not certificate.holds
    assert len(certificate.pareto_k) == MAX_ROUNDS


def test_a_second_mode_is_refused_until_the_proposal_covers_it():
    """A round around the first alone has a large k; those that hold have both, in their proportions."""
    draws, certificate = importance_draws(points(two_modes, [], 1), 2000, 0, 0.0)
    assert certificate.pareto_k[0] > 0.7
    assert certificate.holds
    second = draws[:, 0] > 1
    ess = diagnose(second.astype(float).reshape(1, 4, 500))[0][0]
    assert abs(second.mean() - 0.3) < 4 * np.sqrt(0.21 / ess)


def test_the_same_seed_gives_the_same_draws():
    one, other, third = (importance_draws(gaussian(), 1000, seed, 0.0) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one[0], other[0])
    assert one[1] == other[1]
    assert (one[0] != third[0]).any()


def test_copies_of_a_point_are_neighbors_and_as_many_as_its_weight_says():
    rng = np.random.default_rng(1)
    weights = rng.pareto(3, size=50)
    weights /= weights.sum()
    drawn = resampled([Round(np.arange(50.0)[:, None], weights, 0.1)], 200, rng)[:, 0]
    assert (np.diff(drawn) >= 0).all()
    copies = np.bincount(drawn.astype(int), minlength=50)
    assert (abs(copies - 200 * weights) < 1).all()
    assert copies.sum() == 200


@pytest.mark.parametrize(
    ("k", "shift", "holds"),
    [
        ((0.4,), (0.0,), False),
        ((0.9, 0.4, 0.49), (1, 1, 0.09), True),
        ((0.9, 0.4), (1, 0.0), False),
        ((0.4, 0.5), (1, 0.0), False),
        ((0.4, 0.4), (0, 0.1), False),
    ],
)
def test_the_certificate_needs_two_rounds_and_means_that_agree(k, shift, holds):
    assert Certificate(k, (2500.0,) * len(k), shift, 4000, 0.1).holds is holds


@pytest.mark.parametrize(
    ("ess", "shift", "holds"), [(900.0, 0.14, True), (900.0, 0.15, False), (300.0, 0.19, True), (50.0, 0.21, False)]
)
def test_rounds_of_few_points_agree_within_three_of_their_errors(ess, shift, holds):
    """Three standard errors of the difference of two means are 0.141, 0.245 and 0.6 SDs, of which 0.2 count."""
    assert Certificate((0.4, 0.4), (ess, ess), (1, shift), 500, 0.1).holds is holds


@pytest.mark.slow
def test_values_alone_are_those_that_come_with_gradients():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"g": np.repeat(np.arange(12), 10), "h": np.tile(np.arange(10), 12), "x": rng.normal(size=120)}
    )
    frame["y"] = rng.normal(size=12)[frame["g"]] + rng.normal(size=10)[frame["h"]] + rng.normal(size=120)
    model = hlm.Model("y = b0 + b1*x + e;  b0 = g00 + u0[g] + v0[h];  b1 = g10", frame)
    density = Points(marginal_target(model.design, model.priors, reml_layout(model.design, model.priors)))
    y = rng.normal(size=(7, density.size))
    values, gradients = density.with_gradients(y)
    assert (density.log_densities(y) == values).all()
    steps = 1e-5 * np.eye(density.size)
    slopes = [(density.log_densities(y + step) - density.log_densities(y - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(np.transpose(slopes), gradients, rtol=1e-6, atol=1e-6)


def test_copies_of_a_draw_have_the_effects_that_they_would_have_alone():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"g": np.repeat(np.arange(9), 8), "h": np.tile(np.arange(8), 9), "y": rng.normal(size=72)})
    design = hlm.Model("y = b0 + e;  b0 = g00 + u0[g] + v0[h]", frame).design
    draws = [labelled_posterior(design, [[[0.1]] * 3], [[tau] * 3], [[1.0] * 3]) for tau in ([0.5, 0.4], [0.7, 0.2])]
    mixed = xr.concat([one.isel(draw=[0, 1]) for one in draws], "draw").assign_coords(draw=range(4))
    likelihood = likelihood_of(design)
    alone = [likelihood.drawn_effects(Draws(one, design), 5) for one in draws]
    together = likelihood.drawn_effects(Draws(mixed, design), 5)
    for k in range(2):
        assert (together[k][:2] == alone[0][k][:2]).all()
        assert (together[k][2] == alone[1][k][2]).all()
