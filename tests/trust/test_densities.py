"""Log densities of all types, at random points of random data: their parts, their slopes, and plain integrals.

What is sampled is ``log p(y | theta) + log p(theta) + log |d theta / dx|``. The last is formed here by differences of
the parameters, and ``log p(y | theta)`` by dense matrices or sums over a grid of the random intercept, from scipy's
distributions.
"""

import hypothesis.strategies as st
import numpy as np
import pytest
from amounts import examples, of_types
from hypothesis import given, reject
from model_types import TYPES, WEIGHTED, frame
from scipy import stats
from scipy.special import expit, logsumexp

import bayeshlm as hlm
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.log_prior import log_prior
from bayeshlm.parameters.schema import Schema

DENSE = ("intercepts", "slopes", "categories", "nested", "crossed", "known SDs", "log(sigma)", "AR(1)")
OF_A_GRID = ("Bernoulli", "Binomial", "Poisson", "Gamma", "Ordinal", *WEIGHTED)
MARGINAL = [name for name in TYPES if name != "crossed counts"]
"""The random effects of the others are sampled, and are no parameters."""

NODES = 96
"""Of quadrature; that a fit has enough of them has tests of its own."""

POINTS = {"seed": st.integers(0, 10_000), "n_groups": st.integers(8, 14), "most": st.integers(4, 9)}


class Points:
    """The density of the parameters of a type's model of random data, and the parameters at its points."""

    def __init__(self, name, seed, n_groups, most):
        table = frame(seed, n_groups, most)
        model = TYPES[name].model(table)
        self.design, self.priors = model.design, model.priors
        self.likelihood = likelihood_of(self.design)
        self.by_quadrature = isinstance(self.likelihood, FamilyQuadrature)
        self.density = self.density_with(NODES)
        self.schema = Schema.of(self.design)
        self.rng = np.random.default_rng(seed)

    def density_with(self, nodes):
        if self.by_quadrature:
            return self.likelihood.density_with(self.priors, nodes)
        return self.likelihood.log_density(self.priors)

    def point(self):
        return 0.4 * self.rng.normal(size=len(self.schema.parameters))

    def draws(self, x):
        return Draws(self.density.parameters(np.asarray(x, dtype=float)[None, None]), self.design)

    def total(self, at):
        found = self.likelihood.totals_with(at, NODES) if self.by_quadrature else self.likelihood.totals(at)
        return found[0]

    def theta(self, x):
        """Values of the parameters, in the order of the schema."""
        at = self.draws(x).dataset
        return np.array([at[one.component].to_numpy()[0, 0][one.position] for one in self.schema.parameters])

    def log_jacobian(self, x):
        steps = 1e-4 * np.eye(len(x))
        columns = [
            (8 * (self.theta(x + h) - self.theta(x - h)) - self.theta(x + 2 * h) + self.theta(x - 2 * h)) / 12e-4
            for h in steps
        ]
        return np.linalg.slogdet(np.array(columns))[1]


def points_of(name, seed, n_groups, most):
    """Data that hold no such model are no example: others are drawn."""
    try:
        return Points(name, seed, n_groups, most)
    except hlm.DataError:
        reject()


@of_types(MARGINAL, quick=("intercepts", "slopes"))
@examples(quick=1, nightly=20)
@given(**POINTS)
def test_the_density_is_likelihood_prior_and_jacobian(name, seed, n_groups, most):
    """Up to one constant, the same at all points; differences of fourth order of 1e-4 are good to about 1e-10."""
    of = points_of(name, seed, n_groups, most)
    gaps, sizes = [], []
    for _ in range(3):
        x = of.point()
        value, at = of.density(x)[0], of.draws(x)
        prior = sum(float(part.sum()) for part in log_prior(at, of.priors).data_vars.values())
        gaps.append(value - of.total(at) - prior - of.log_jacobian(x))
        sizes.append(abs(value))
    np.testing.assert_allclose(gaps, gaps[0], rtol=0, atol=1e-8 * max(sizes))


def slopes(density, x, h=1e-3):
    """Differences of fourth order."""
    steps = h * np.eye(len(x))
    far = [density(x + 2 * step)[0] - density(x - 2 * step)[0] for step in steps]
    near = [density(x + step)[0] - density(x - step)[0] for step in steps]
    return (8 * np.array(near) - np.array(far)) / (12 * h), 20 * np.finfo(float).eps * abs(density(x)[0]) / h


@of_types(MARGINAL, quick=("intercepts", "slopes"))
@examples(quick=1, nightly=20)
@given(**POINTS)
def test_the_gradient_is_the_slope_of_the_density(name, seed, n_groups, most):
    """The gradient of an integral is that of its sum over nodes only as far as half as many give the same sum."""
    of = points_of(name, seed, n_groups, most)
    x = of.point()
    gradient, (found, rounding) = of.density(x)[1], slopes(of.density, x)
    inexact = abs(found - slopes(of.density_with(NODES // 2), x)[0]).max()
    np.testing.assert_allclose(gradient, found, rtol=1e-7, atol=rounding + inexact + 1e-7 * abs(gradient).max())


def residual_covariance(design, at):
    """Of the level-1 residuals of all rows, dense."""
    frame, one_group = design.frame, np.equal.outer(*[design.kept_rows.codes[0]] * 2)
    if design.outcome.residuals.known:
        sd = frame["se"].to_numpy()
    elif design.outcome.residuals.spread:
        alpha = at.dataset["alpha"].to_numpy()[0, 0]
        sd = np.exp(alpha[0] + alpha[1] * frame["x"].to_numpy())
    else:
        sd = np.full(design.n_obs, at.sigma[0, 0])
    corr = np.eye(design.n_obs)
    if design.outcome.residuals.correlation:
        time = frame["time"].to_numpy()
        corr = at.dataset["rho"].to_numpy()[0, 0] ** abs(np.subtract.outer(time, time)) * one_group
    return np.outer(sd, sd) * corr


@of_types(DENSE, quick=("slopes", "crossed", "AR(1)"))
@examples(quick=1, nightly=20)
@given(**POINTS)
def test_normal_outcomes_have_the_density_of_dense_matrices(name, seed, n_groups, most):
    of = points_of(name, seed, n_groups, most)
    design, at = of.design, of.draws(of.point())
    V, start = residual_covariance(design, at), 0
    for Z, codes in zip(design.kept_rows.Z, design.kept_rows.codes, strict=True):
        G = at.G[0, 0][start : start + Z.shape[1], start : start + Z.shape[1]]
        V += Z @ G @ Z.T * np.equal.outer(codes, codes)
        start += Z.shape[1]
    expected = stats.multivariate_normal.logpdf(design.y, design.offset + design.X @ at.gamma[0, 0], V)
    assert of.total(at) == pytest.approx(expected, rel=1e-10)


def row_log_density(design, at, eta):
    """``log p(y_i | eta_i)`` by scipy, with eta (N, nodes)."""
    y, size = design.y[:, None], design.size[:, None]
    values = {name: at.dataset[name].to_numpy()[0, 0] for name in at.dataset.data_vars}
    match design.outcome.family_name:
        case "Normal":
            return stats.norm.logpdf(y, eta, values["sigma"])
        case "Bernoulli":
            return stats.bernoulli.logpmf(y, expit(eta))
        case "Binomial":
            return stats.binom.logpmf(y, size, stats.norm.cdf(eta))
        case "Poisson":
            return stats.poisson.logpmf(y, np.exp(eta))
        case "Gamma":
            return stats.gamma.logpdf(y, values["shape"], scale=np.exp(eta) / values["shape"])
        case "Ordinal":
            ends = np.concatenate([[-np.inf], values["cutpoint"], [np.inf]])
            k = design.y.astype(int)
            return np.log(expit(ends[k + 1][:, None] - eta) - expit(ends[k][:, None] - eta))


@of_types(OF_A_GRID, quick=("Bernoulli", "weights"))
@examples(quick=1, nightly=20)
@given(**POINTS)
def test_random_intercepts_are_integrated_out_as_by_a_sum_over_a_grid(name, seed, n_groups, most):
    """Sums of a smooth function over an even grid, as far out as a group may lie, are as exact as quadrature."""
    of = points_of(name, seed, n_groups, most)
    design, at = of.design, of.draws(of.point())
    z = np.linspace(-30, 30, 2401)
    eta = (design.offset + design.X @ at.gamma[0, 0])[:, None] + at.tau[0, 0, 0] * z
    rows = row_log_density(design, at, eta)
    if design.weights is not None:
        rows = design.weights.row[:, None] * rows
    per_group = np.stack([rows[design.group_codes == j].sum(axis=0) for j in range(design.n_groups)])
    densities = logsumexp(per_group + stats.norm.logpdf(z) + np.log(z[1] - z[0]), axis=1)
    if design.weights is not None:
        densities = densities * design.weights.group
    assert of.total(at) == pytest.approx(densities.sum(), rel=1e-9)
