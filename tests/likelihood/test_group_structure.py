"""Products that follow from others: found where they do, and no number is another one for it."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

import bayeshlm as hlm
from bayeshlm.likelihood import unconstrained_density
from bayeshlm.likelihood.gaussian_groups import TOGETHER
from bayeshlm.likelihood.gaussian_kernel import marginal_log_density
from bayeshlm.likelihood.group_effects import Conditionals
from bayeshlm.likelihood.group_structure import GroupStructure
from bayeshlm.likelihood.unconstrained_density import density_data, marginal_posterior

N_GROUPS = 2 * TOGETHER + 50
EQUATIONS = {
    "one": "y = b0 + b2*z + r\nb0 = g00 + g01*w + u0\nb2 = g20",
    "two": "y = b0 + b1*x + r\nb0 = g00 + g01*w + g02*m + u0\nb1 = g10 + g11*w + g12*m + u1",
    "mixed": "y = b0 + b1*x + b2*z + r\nb0 = g00 + g01*w + u0\nb1 = g10 + g12*m + u1\nb2 = g20 + g21*w",
    "three": "y = b0 + b1*x + b2*z + r\nb0 = g00 + g01*w + u0\nb1 = g10 + g11*m + u1\nb2 = g20 + u2",
    "no intercept": "y = b1*x + r\nb1 = g10 + g11*w + u1",
}
DIRECT = {"one": ["g20"], "two": [], "mixed": ["g20", "g21"], "three": [], "no intercept": []}


def model(name, shift=0.0):
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(N_GROUPS), rng.integers(1, 5, N_GROUPS))
    w, m = rng.integers(0, 2, N_GROUPS).astype(float), shift + rng.normal(size=N_GROUPS)
    x, z = shift + rng.normal(size=(2, len(codes)))
    y = 1 + w[codes] + rng.normal(size=N_GROUPS)[codes] + 0.5 * (x - shift) + rng.normal(size=len(codes))
    frame = pd.DataFrame({"g": codes, "w": w[codes], "m": m[codes], "x": x, "z": z, "y": y})
    return hlm.Model(EQUATIONS[name], frame, "g")


def values(data, x, with_gradient=True):
    gradient = np.empty(len(x))
    return marginal_posterior(len(data.scaling.u_to_scaled), with_gradient)(x, gradient, *data), gradient


def without_structure(monkeypatch, one):
    with monkeypatch.context() as patched:
        patched.setattr(unconstrained_density, "TOGETHER", N_GROUPS)
        return density_data(one.design, one.priors)


def point(one, data):
    """Near least squares beside the scales of the columns, SDs of the effects near those of the residuals."""
    scaling, q = data.scaling, len(one.design.random)
    scale, steps = np.diag(scaling.u_to_scaled), 0.1 * np.ones(len(scaling.gamma_origin))
    gamma = scaling.gamma_origin + np.linalg.solve(scaling.gamma_to_scaled, steps)
    return np.concatenate([gamma, np.linspace(0.5, 0.9, q) / scale, 0.3 * np.ones(q * (q - 1) // 2), [0.2]])


def by_scaled_columns(gradient, data):
    """A gradient with respect to the effects of columns of mean 0 and SD 1."""
    scaling = data.scaling
    p, q = len(scaling.gamma_origin), len(scaling.u_to_scaled)
    gamma, tau, rest = np.split(gradient, [p, p + q])
    return np.concatenate([np.linalg.solve(scaling.gamma_to_scaled.T, gamma), tau / np.diag(scaling.u_to_scaled), rest])


FAR = pytest.mark.filterwarnings("ignore:The slope of:bayeshlm.ModelWarning")  # what is tested


@pytest.mark.slow
@FAR
@pytest.mark.parametrize("shift", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("name", EQUATIONS)
def test_density_and_gradient_are_those_of_the_products_themselves(name, shift, monkeypatch):
    one = model(name, shift)
    structured, read = density_data(one.design, one.priors), without_structure(monkeypatch, one)
    if shift == 0:
        assert structured.products.ZtX.shape[2] < len(one.design.fixed)
    assert structured.products.ZtX.shape[2] <= read.products.ZtX.shape[2] == len(one.design.fixed)
    x = point(one, read)
    (value, gradient), (expected, slope) = values(structured, x), values(read, x)
    assert value == pytest.approx(expected, rel=1e-12)
    found, wanted = (by_scaled_columns(part, read) for part in (gradient, slope))
    digits = 1e-11 * max(1.0, shift / 1e3)  # products of two columns around 1e6 are whole numbers of 1e-4
    np.testing.assert_allclose(found, wanted, rtol=0, atol=digits * np.abs(wanted).max())
    assert values(structured, x, with_gradient=False)[0] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("name", ["two", "mixed"])
def test_a_density_of_several_blocks_is_the_dense_one(name):
    one = model(name)
    design, data = one.design, density_data(one.design, one.priors)
    gamma, chol, sigma = np.linspace(-0.3, 0.4, len(design.fixed)), np.array([[0.8, 0.0], [-0.2, 0.5]]), 1.3
    kernel = marginal_log_density(2)
    to_scaled = np.linalg.inv(design.cross_products.x_transform)
    scaling = data.scaling._replace(gamma_origin=design.cross_products.ols, gamma_to_scaled=to_scaled)
    expected = 0.0
    for j in range(design.n_groups):
        rows = design.group_codes == j
        ZL = design.Z[rows] @ chol
        V = ZL @ ZL.T + sigma**2 * np.eye(rows.sum())
        expected += multivariate_normal.logpdf(design.y[rows], design.X[rows] @ gamma, V)
    assert kernel(gamma, chol, sigma, scaling, data.products)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", EQUATIONS)
def test_products_are_read_where_the_coefficient_has_no_random_effect(name):
    design = model(name).design
    assert [design.fixed_labels[k] for k in GroupStructure.of(design).direct] == DIRECT[name]


def test_columns_that_are_not_what_the_equations_say_are_read():
    design = model("two").design
    design.cross_products.ZtX[7, 0, 2] *= 1 + 1e-9
    assert [design.fixed_labels[k] for k in GroupStructure.of(design).direct] == [design.fixed_labels[2]]


@FAR
@pytest.mark.parametrize("name", EQUATIONS)
def test_effects_and_densities_of_groups_are_the_same(name):
    design = model(name, 10.0).design
    rng, q = np.random.default_rng(2), len(design.random)
    gamma = design.cross_products.ols + 0.1 * rng.normal(size=(3, len(design.fixed)))
    draws = gamma, rng.normal(size=(3, q, q)), np.array([0.7, 1.0, 1.4])
    structured = Conditionals(design.cross_products, *draws, structure=GroupStructure.of(design))
    one, other = structured.block(64), Conditionals(design.cross_products, *draws).block(64)
    for part in ("mean", "root", "log_likelihood"):
        np.testing.assert_allclose(getattr(one, part), getattr(other, part), rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(structured.densities(64), one.log_likelihood.T)
