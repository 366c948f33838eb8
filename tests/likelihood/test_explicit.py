"""The density with the random effects explicit is that of the hierarchical graph, whatever family and structure."""

import numpy as np
import pytest
from family_designs import CROSSED, SLOPE, family_design, given_priors, unconstrained_auxiliary

from bayeshlm.graph.build import build_graph
from bayeshlm.likelihood.explicit_posterior import explicit_data, explicit_draws, explicit_posterior
from bayeshlm.likelihood.quadrature_posterior import is_increasing
from bayeshlm.parameters.priors import make_priors

__all__ = ["given_priors"]

EPS = np.finfo(float).eps
FEW = [
    ("Bernoulli", "logit"),
    pytest.param("Normal", "identity", marks=pytest.mark.slow),
    pytest.param("NegativeBinomial", "log", marks=pytest.mark.slow),
    ("Ordinal", "logit"),
]


def at_random(design, priors, seed=3):
    """A point, the density's data and its function."""
    rng = np.random.default_rng(seed)
    q, m = len(design.random), 0 if priors.corr is None else 1
    n_effects = sum(len(term.labels) * len(term.columns) for term in design.predictor.random)
    parts = [rng.uniform(-0.3, 0.3, len(design.fixed)), rng.normal(-0.5, 0.3, q), rng.normal(size=m)]
    x = np.concatenate([*parts, unconstrained_auxiliary(design.outcome.family_name), rng.normal(size=n_effects)])
    function = explicit_posterior(design.outcome.family_name, design.outcome.link, is_increasing(design))
    return x, explicit_data(design, priors), function


@pytest.mark.slow
@pytest.mark.parametrize("equations", [SLOPE, CROSSED])
@pytest.mark.parametrize(("name", "link"), FEW)
def test_it_is_the_density_of_the_graph(name, link, equations, given_priors):
    design = family_design(name, link, equations)
    priors = make_priors(design)
    x, data, function = at_random(design, priors)
    graph = build_graph(design, priors, "noncentered")
    shapes = {name: value.shape for name, value in graph.initial_point().items()}
    splits = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    assert splits[-1] == len(x)
    values = {
        name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), np.split(x, splits), strict=False)
    }
    found, gradient = function(x, np.empty_like(x), *data), np.empty_like(x)
    compiled = graph.compile_logp(mode="FAST_COMPILE")
    assert found == pytest.approx(float(compiled(values)), rel=1e-10)
    function(x, gradient, *data)
    step = 1e-5

    def slope(direction):
        ends = [function(x + sign * step * direction, np.empty_like(x), *data) for sign in (1, -1)]
        return (ends[0] - ends[1]) / (2 * step)

    # Rounding of the values, and the third derivative.
    error = 40 * EPS * abs(found) / step + step**2 * 100 * abs(found)
    np.testing.assert_allclose(gradient, [slope(one) for one in np.eye(len(x))], rtol=0, atol=error)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "link"), [("Bernoulli", "probit"), ("Poisson", "log")])
def test_draws_have_the_effects_that_the_density_has(name, link):
    """The predictor of the draws gives the density of the rows that the function sums."""
    design = family_design(name, link, CROSSED)
    priors = make_priors(design)
    x, data, function = at_random(design, priors)
    draws = explicit_draws(x[None, None], design, priors)
    eta = design.offset + design.X @ draws["gamma"].to_numpy()[0, 0]
    for Z, codes, name_of in zip(design.kept_rows.Z, design.kept_rows.codes, ("u_site", "u_area"), strict=True):
        eta += (Z * draws[name_of].to_numpy()[0, 0][codes]).sum(axis=1)
    row = design.outcome.family.rows[link]
    rows = np.array([row(*one, np.empty(0)) for one in zip(design.y, design.size, eta, strict=True)])
    empty = data._replace(rows=data.rows._replace(weight=np.zeros_like(data.rows.weight)))
    of_rows = function(x, np.empty_like(x), *data) - function(x, np.empty_like(x), *empty)
    assert of_rows == pytest.approx(rows[:, 0].sum(), rel=1e-12)


@pytest.mark.slow
def test_rows_far_out_are_not_garbage():
    design = family_design("Poisson", "log", CROSSED)
    x, data, function = at_random(design, make_priors(design))
    for k in range(len(x)):
        for far in (-1e3, 1e3, 1e200, np.inf):
            moved = x.copy()
            moved[k] = far
            value = function(moved, np.empty_like(x), *data)
            assert np.isnan(value) or value < function(x, np.empty_like(x), *data)
