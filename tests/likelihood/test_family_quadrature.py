"""Densities, moments and draws of groups with outcomes of any family, against sums over dense grids of b."""

from dataclasses import replace

import numpy as np
import pytest
from family_designs import (
    INTERCEPT,
    SLOPE,
    auxiliary_of,
    family_design,
    given_priors,
    unconstrained_auxiliary,
)

from bayeshlm.errors import OptionError, SamplingError
from bayeshlm.likelihood import likelihood_of
from bayeshlm.likelihood.explicit_posterior import explicit_data, explicit_posterior
from bayeshlm.likelihood.family_explicit import FamilyExplicit
from bayeshlm.likelihood.family_quadrature import FamilyQuadrature
from bayeshlm.likelihood.gaussian_nested import GaussianNested
from bayeshlm.likelihood.quadrature_nodes import enough_nodes
from bayeshlm.likelihood.quadrature_posterior import family_draws, is_increasing
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors

__all__ = ["given_priors"]

EPS = np.finfo(float).eps
SLOW = pytest.mark.slow  # each family takes a quarter of a minute to compile
FEW = [
    ("Bernoulli", "logit"),
    pytest.param("Poisson", "log", marks=SLOW),
    pytest.param("NegativeBinomial", "log", marks=SLOW),
    pytest.param("Ordinal", "probit", marks=SLOW),
]
LINES = {1: np.arange(-9, 9.01, 0.05), 2: np.arange(-8, 8.01, 0.2)}


def grid_of(q):
    return np.stack(np.meshgrid(*[LINES[q]] * q, indexing="ij")).reshape(q, -1)


def values_of(design, q):
    """Unconstrained values: gamma, tau, log odds of the correlation, auxiliary parameters."""
    log_odds = [0.4] if q == 2 else []
    return np.concatenate([[0.2, 0.3], [1.1, 0.6][:q], log_odds, unconstrained_auxiliary(design.outcome.family_name)])


def repeated(design, q, n_draws):
    """The same parameters at every draw of two chains."""
    values = np.tile(values_of(design, q), (2, n_draws // 2, 1))
    return Draws(family_draws(values, design, make_priors(design)), design)


def chol_of(q):
    corr = np.tanh(0.2)
    return np.array([[1.1]]) if q == 1 else np.array([[1.1, 0.0], [0.6 * corr, 0.6 * np.sqrt(1 - corr**2)]])


def row_terms(design, draws, q):
    """Log probabilities of each row on the grid of b, (N, n)."""
    u = chol_of(q) @ grid_of(q)
    eta = (design.offset + design.X @ draws.gamma[0, 0])[:, None] + design.Z @ u
    row, auxiliary = design.outcome.family.rows[design.outcome.link], auxiliary_of(design.outcome.family_name)
    row_p = np.vectorize(lambda y, size, at: row(y, size, at, auxiliary)[0])
    return row_p(design.y[:, None], design.size[:, None], eta)


def log_integral(terms, q):
    """Of ``exp(terms)`` times the density of b, over the grid."""
    terms = terms - 0.5 * (grid_of(q) ** 2).sum(axis=0) - 0.5 * q * np.log(2 * np.pi)
    top = terms.max(axis=-1)
    return top + np.log(np.exp(terms - top[..., None]).sum(axis=-1)) + q * np.log(np.diff(LINES[q])[0])


def by_group(design, terms):
    return np.array([terms[design.group_codes == j].sum(axis=0) for j in range(design.n_groups)])


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize(("name", "link"), FEW)
def test_densities_of_groups_and_rows(name, link, q):
    design = family_design(name, link, [INTERCEPT, SLOPE][q - 1])
    draws, likelihood = repeated(design, q, 2), FamilyQuadrature(design)
    terms = row_terms(design, draws, q)
    groups = by_group(design, terms)
    exact = log_integral(groups, q)
    given = likelihood.given(draws, 32)
    np.testing.assert_allclose(given.block(0).log_likelihood[0], exact, rtol=0, atol=1e-6)
    rest = exact[design.group_codes] - log_integral(groups[design.group_codes] - terms, q)
    rows = given.row_densities(slice(0, design.n_groups))[likelihood.found.place]
    np.testing.assert_allclose(rows[:, 1], rest, rtol=0, atol=1e-5)
    # The number of nodes that is chosen keeps what it promises.
    np.testing.assert_allclose(likelihood.totals(draws), exact.sum(), rtol=0, atol=0.1)


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize(("name", "link"), FEW[:2])
def test_moments_and_draws_of_effects(name, link, q):
    """Draws at the same parameters over and over: their moments are those of the grid to Monte Carlo error."""
    design = family_design(name, link, [INTERCEPT, SLOPE][q - 1])
    few, many, likelihood = repeated(design, q, 2), repeated(design, q, 4000), FamilyQuadrature(design)
    groups, u = by_group(design, row_terms(design, few, q)), chol_of(q) @ grid_of(q)
    weights = np.exp(groups - 0.5 * (grid_of(q) ** 2).sum(axis=0) - groups.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    mean = weights @ u.T
    centered = u.T[None] - mean[:, None]
    cov = np.einsum("jk,jkr,jks->jrs", weights, centered, centered)
    fourth = np.einsum("jk,jkr->jr", weights, centered**4)
    block = likelihood.given(few, 32).block(0)
    np.testing.assert_allclose(block.mean[0].T, mean, rtol=0, atol=1e-6)
    found = np.einsum("rtj,stj->jrs", block.root[0], block.root[0])
    np.testing.assert_allclose(found, cov, rtol=0, atol=1e-6)
    (drawn,) = likelihood.drawn_effects(many, seed=3)
    variance = np.diagonal(cov, axis1=1, axis2=2)
    assert (np.abs(drawn.mean(axis=0) - mean) < 5 * np.sqrt(variance / len(drawn))).all()
    off = (drawn - mean) ** 2
    assert (np.abs(off.mean(axis=0) - variance) < 5 * np.sqrt((fourth - variance**2) / len(drawn))).all()
    assert len(np.unique(drawn[:, 0, 0])) == len(drawn)


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize(("name", "link"), FEW)
def test_the_posterior_has_this_density_and_the_priors_of_the_explicit_one(name, link, q, given_priors):
    design = family_design(name, link, [INTERCEPT, SLOPE][q - 1])
    priors, x = make_priors(design), values_of(design, q)
    draws = repeated(design, q, 2)
    exact = log_integral(by_group(design, row_terms(design, draws, q)), q).sum()
    data = explicit_data(design, priors)
    empty = data._replace(rows=data.rows._replace(weight=np.zeros_like(data.rows.weight)))
    tau, n_z = x[2 : 2 + q], q * design.n_groups
    positive = np.concatenate([x[:2], np.log(tau), x[2 + q :], np.zeros(n_z)])
    function = explicit_posterior(name, link, is_increasing(design))
    prior = function(positive, np.empty_like(positive), *empty) + 0.5 * n_z * np.log(2 * np.pi)
    prior -= np.log(tau).sum() + q * np.log(2)
    gamma_x = np.concatenate([priors.at_means(draws.gamma[0, 0]), x[2:]])
    moved = np.concatenate([gamma_x[:2], positive[2:]])
    prior += function(moved, np.empty_like(moved), *empty) - function(positive, np.empty_like(positive), *empty)
    density = FamilyQuadrature(design).density_with(priors, 32)
    value, gradient = density(gamma_x)
    assert value == pytest.approx(exact + prior, abs=1e-5)
    step = 1e-4
    ends = [[density(gamma_x + sign * e)[0] for sign in (1, -1)] for e in step * np.eye(len(x))]
    error = 20 * EPS * abs(value) / step + step**2 * 100 * abs(value) + 1e-4
    np.testing.assert_allclose(gradient, [(a - b) / (2 * step) for a, b in ends], rtol=0, atol=error)
    found = density.parameters(gamma_x[None, None])
    np.testing.assert_allclose(found["gamma"][0, 0], draws.gamma[0, 0], rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("equations", [INTERCEPT, SLOPE])
def test_normal_outcomes_have_the_density_of_the_closed_form(equations):
    design = family_design("Normal", "identity", equations)
    priors, q = make_priors(design), len(design.random)
    x = np.concatenate([[0.1, 0.2], [-0.7, 0.4][:q], [0.6] * (q - 1), [0.1]])
    one, other = FamilyQuadrature(design).density_with(priors, 6)(x), GaussianNested(design).log_density(priors)(x)
    assert one[0] == pytest.approx(other[0], rel=1e-12)
    np.testing.assert_allclose(one[1], other[1], rtol=0, atol=1e-10 * np.abs(other[1]).max())


@pytest.mark.slow
def test_modes_are_found_where_curvature_is_twice_the_information():
    """Steps by expected information then end as high on the other side, as where a mean is too low and tau is small."""
    design = family_design("Gamma", "log", INTERCEPT, tau=1.5)
    density, rng = FamilyQuadrature(design).density_with(make_priors(design), 1), np.random.default_rng(4)
    x = np.concatenate([[-1.5, 0.3, 0.3], unconstrained_auxiliary("Gamma")])
    for _ in range(60):
        start, along = x + 0.2 * rng.normal(size=len(x)), rng.normal(size=len(x))
        values = [density(start + share * along)[0] for share in np.linspace(-0.5, 0.5, 101)]
        assert np.isfinite(values).all()


def test_parts_of_all_units_are_what_each_unit_has_alone():
    design = family_design("Bernoulli", "logit", INTERCEPT, n_groups=70)
    draws, likelihood = repeated(design, 1, 6), likelihood_of(design)
    assert isinstance(likelihood, FamilyQuadrature)
    for unit, n_units in (("row", design.n_obs), ("group", 70)):
        parts = likelihood.reduced_pointwise(draws, unit, lambda units, densities: (units, densities))
        units, densities = (np.concatenate([part[k] for part in parts]) for k in range(2))
        assert sorted(units.tolist()) == list(range(n_units))
        some = np.array([n_units - 1, 0, 33])
        alone = likelihood.pointwise(draws, unit, some)
        np.testing.assert_allclose(densities[np.argsort(units)[some]], alone, rtol=1e-12)
        if unit == "group":
            np.testing.assert_allclose(densities.sum(axis=0), likelihood.totals(draws), rtol=1e-12)


def test_the_number_of_nodes_is_chosen_and_certified():
    design = family_design("Bernoulli", "logit", INTERCEPT, n_groups=100, tau=4.0)
    likelihood, rng = FamilyQuadrature(design), np.random.default_rng(2)
    density = likelihood.log_density(make_priors(design))
    values = np.array([0.2, 0.3, 4.0]) + rng.normal(0, [0.4, 0.2, 0.5], (4, 25, 3))
    draws = Draws(family_draws(values, design, make_priors(design)), design)
    n_nodes = likelihood.nodes_for(draws)
    assert n_nodes > 6
    assert len(density.data[-1]) > 8
    certificate = likelihood.certificate(draws, n_nodes)
    assert certificate.holds
    assert certificate.sd < 0.03
    assert not likelihood.certificate(draws, 1).holds
    with pytest.raises(SamplingError, match="not enough"):
        enough_nodes(lambda n_nodes: np.arange(9.0) / n_nodes * 100)


def test_what_has_no_integral_is_refused():
    design = family_design("Poisson", "log", "y = b0 + b1*x + r; b0 = g00 + u0[site] + v0[area]; b1 = g10")
    likelihood = likelihood_of(design)
    assert isinstance(likelihood, FamilyExplicit)
    for what in ("marginal", "independent groups"):
        with pytest.raises(OptionError, match="'site' and 'area' together"):
            likelihood.require(what)
    normal = design.changed(outcome=replace(design.outcome, family_name="Normal", link="identity"))
    assert likelihood_of(normal).can("marginal")
