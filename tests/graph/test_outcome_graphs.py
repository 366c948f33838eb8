"""Graphs of outcomes that are not normal: their log density is the sum of the rows, and its gradient theirs."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import pytest
from scipy import stats

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.design.outcome import Outcome
from bayeshlm.equations import parse
from bayeshlm.families import FAMILIES
from bayeshlm.graph import outcome as outcome_graph
from bayeshlm.graph.build import build_graph
from bayeshlm.parameters.priors import make_priors

FAST = {"mode": "FAST_COMPILE"}
LINKED = [(name, link) for name, family in FAMILIES.items() for link in family.links]
CATEGORIES = ("never", "seldom", "often", "always")
AUXILIARY = {
    "sigma": (1.3, hlm.HalfNormal(2)),
    "nu": (6.5, hlm.Exponential(0.1)),
    "phi": (3.7, hlm.HalfStudentT(3, 10)),
    "shape": (2.1, hlm.HalfStudentT(3, 10)),
    "cutpoint": (np.array([-1.0, 0.2, 0.9]), tuple(hlm.Normal(k, 2) for k in (-1, 0, 1))),
}


def design_of(name, link, groups=None):
    """Rows in groups, whose outcomes are drawn from the distribution."""
    family, rng, n = FAMILIES[name], np.random.default_rng(5), 48
    data = pd.DataFrame({"site": np.repeat(range(8), 6), "area": np.tile(range(6), 8), "x": rng.normal(size=n)})
    size = rng.integers(1, 20, n).astype(float) if family.has_size else np.ones(n)
    auxiliary = np.concatenate([np.atleast_1d(AUXILIARY[one.name][0]) for one in family.auxiliary] or [np.empty(0)])
    mu = family.mu(0.3 + 0.4 * data["x"].to_numpy(), auxiliary, link)
    data["y"] = family.random(rng, mu, size, auxiliary)
    equations = groups or "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1"
    design = build_design(parse(equations), data, None if groups else "site")
    outcome = Outcome("y", name, link, CATEGORIES if name == "Ordinal" else ())
    return design.changed(outcome=outcome, rows=replace(design.kept_rows, size=size))


def priors_of(design):
    """The priors above for the auxiliary parameters."""
    given = {}
    for one in design.outcome.family.auxiliary:
        prior = AUXILIARY[one.name][1]
        labels = [label for label in make_priors(design).others if label.partition("[")[0] == one.name]
        given |= dict(zip(labels, prior if isinstance(prior, tuple) else [prior], strict=True))
    return make_priors(design, given)


def point_of(graph, seed=3):
    """Values of the free variables, constrained; of the auxiliary parameters those above."""
    rng = np.random.default_rng(seed)
    values = {}
    for variable in graph.free_RVs:
        shape = tuple(variable.shape.eval(**FAST))
        values[variable.name] = rng.uniform(0.2, 0.7, shape)
        if variable.name in AUXILIARY:
            values[variable.name] = np.asarray(AUXILIARY[variable.name][0], dtype=float)
    return values


def transformed(graph, point):
    values = {}
    for variable in graph.free_RVs:
        value, transform = graph.rvs_to_values[variable], graph.rvs_to_transforms[variable]
        at = point[variable.name]
        values[value.name] = at if transform is None else transform.forward(at, *variable.owner.inputs).eval(**FAST)
    return values


def at_point(graph, design, point, mode="FAST_COMPILE"):
    """The log density of y, its gradient in the free values of the predictor, and the predictor, at a point."""
    names = ["gamma", *(name for name in graph.named_vars if name == "u" or name.startswith("u_"))]
    log_density = graph.logp(vars=graph["y"], jacobian=False)
    sampled = next(value for value in graph.value_vars if value.name.startswith("gamma"))
    outs = [
        log_density,
        pytensor.grad(log_density, sampled),
        *graph.replace_rvs_by_values([graph[name] for name in names]),
    ]
    found = graph.compile_fn(outs, inputs=graph.value_vars, on_unused_input="ignore", mode=mode)
    value, gradient, gamma, *effects = found(transformed(graph, point))
    eta = design.offset + design.X @ gamma
    for Z, codes, u in zip(design.kept_rows.Z, design.kept_rows.codes, effects, strict=True):
        eta = eta + (Z * u[codes]).sum(axis=1)
    return float(value), gradient, eta


def rows_at(design, eta):
    """The rows' log probabilities and derivatives, and the auxiliary parameters that they are at."""
    family, link = design.outcome.family, design.outcome.link
    auxiliary = np.concatenate([np.atleast_1d(AUXILIARY[one.name][0]) for one in family.auxiliary] or [np.empty(0)])
    rows = [family.rows[link](*values, auxiliary) for values in zip(design.y, design.size, eta, strict=True)]
    return np.array(rows).T[:2]


@pytest.mark.parametrize(("name", "link"), LINKED)
def test_the_log_density_of_the_outcome_is_the_sum_of_the_rows(name, link):
    design = design_of(name, link)
    graph = build_graph(design, priors_of(design), "noncentered")
    value, gradient, eta = at_point(graph, design, point_of(graph))
    log_p, derivative = rows_at(design, eta)
    assert value == pytest.approx(log_p.sum(), rel=1e-10)
    per_gamma = design.X.T @ derivative
    np.testing.assert_allclose(gradient, np.linalg.inv(priors_of(design).basis).T @ per_gamma, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("parameterization", ["noncentered", "centered"])
def test_of_crossed_groupings_too(parameterization):
    design = design_of(
        "NegativeBinomial", "log", "y = b0 + b1*x + r; b0 = g00 + u0[site] + v0[area]; b1 = g10 + u1[site]"
    )
    graph = build_graph(design, priors_of(design), parameterization)
    value, _, eta = at_point(graph, design, point_of(graph))
    assert value == pytest.approx(rows_at(design, eta)[0].sum(), rel=1e-10)
    assert {variable.name for variable in graph.observed_RVs} == {"y"}


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("Bernoulli", "logit"),
        ("Bernoulli", "probit"),
        pytest.param("Ordinal", "logit", marks=SLOW),
        pytest.param("Ordinal", "probit", marks=SLOW),
    ],
)
def test_far_out_the_graph_as_it_is_compiled_for_sampling_keeps_its_digits(name, link):
    design = design_of(name, link)
    far = np.where(np.arange(design.n_obs) % 2, 30.0, -30.0)
    design = design.changed(rows=replace(design.kept_rows, offset=far))
    graph = build_graph(design, priors_of(design), "noncentered")
    value, gradient, eta = at_point(graph, design, point_of(graph), mode=None)
    log_p, derivative = rows_at(design, eta)
    assert value == pytest.approx(log_p.sum(), rel=1e-10)
    expected = np.linalg.inv(priors_of(design).basis).T @ (design.X.T @ derivative)
    np.testing.assert_allclose(gradient, expected, rtol=1e-8)


@pytest.mark.parametrize(("name", "link"), [("Poisson", "log"), ("Binomial", "logit")])
def test_counts_beyond_32_bits(name, link):
    design = design_of(name, link)
    rows = replace(design.kept_rows, y=design.y + 3e9, size=design.size + 6e9, offset=np.full(design.n_obs, 2.0))
    design = design.changed(rows=rows)
    graph = build_graph(design, priors_of(design), "noncentered")
    value, _, eta = at_point(graph, design, point_of(graph))
    assert value == pytest.approx(rows_at(design, eta)[0].sum(), rel=1e-10)


def test_names_dims_and_data():
    design = design_of("Ordinal", "probit")
    graph = build_graph(design, priors_of(design), "noncentered")
    assert {variable.name for variable in graph.free_RVs} == {"gamma_at_means", "tau", "corr_beta", "cutpoint", "z"}
    assert graph.named_vars_to_dims["cutpoint"] == ("threshold",)
    assert list(graph.coords["threshold"]) == ["never|seldom", "seldom|often", "often|always"]
    design = design_of("Binomial", "cloglog")
    graph = build_graph(design, priors_of(design), "centered")
    np.testing.assert_array_equal(graph["size"].get_value(), design.size)
    assert "sigma" not in graph.named_vars
    design = design_of("StudentT", "identity")
    graph = build_graph(design, priors_of(design), "centered")
    assert {"sigma", "nu"} <= {variable.name for variable in graph.free_RVs}
    assert graph.named_vars_to_dims.get("nu") is None


def test_cutpoints_are_sampled_as_the_first_and_logarithms_of_distances():
    design = design_of("Ordinal", "logit")
    graph = build_graph(design, priors_of(design), "noncentered")
    cutpoint = AUXILIARY["cutpoint"][0]
    value = transformed(graph, point_of(graph))[graph.rvs_to_values[graph["cutpoint"]].name]
    np.testing.assert_allclose(value, [cutpoint[0], *np.log(np.diff(cutpoint))], rtol=1e-12)


@pytest.mark.parametrize("last", [hlm.Normal(1, 2), hlm.StudentT(4, 1, 2)], ids=["one family", "two families"])
def test_the_prior_of_cutpoints_is_the_product_of_theirs(last):
    priors = (hlm.Normal(-1, 2), hlm.Normal(0, 3), last)
    with pm.Model(coords={"threshold": ["1|2", "2|3", "3|4"]}) as graph:
        outcome_graph.auxiliary_variables(
            Outcome("y", "Ordinal", "logit", CATEGORIES), SimpleNamespace(auxiliary_by_name={"cutpoint": priors})
        )
    cutpoint = AUXILIARY["cutpoint"][0]
    log_density = graph.compile_logp(jacobian=False, **FAST)
    name = graph.rvs_to_values[graph["cutpoint"]].name
    found = float(log_density({name: np.array([cutpoint[0], *np.log(np.diff(cutpoint))])}))
    expected = stats.norm([-1, 0], [2, 3]).logpdf(cutpoint[:2]).sum()
    expected += (
        stats.norm(1, 2).logpdf(cutpoint[2]) if isinstance(last, hlm.Normal) else stats.t(4, 1, 2).logpdf(cutpoint[2])
    )
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["Bernoulli", "Binomial", "NegativeBinomial", "Gamma", "Beta", "StudentT", "Ordinal"])
def test_outcomes_drawn_from_the_graph_are_those_of_the_distribution(name):
    design = design_of(name, FAMILIES[name].links[0])
    graph = build_graph(design, priors_of(design), "noncentered")
    drawn = pm.draw(graph["y"], 2, random_seed=4, **FAST)
    assert drawn.shape == (2, design.n_obs)
    inside = [(float(y), float(n)) for y, n in zip(drawn[0], design.size, strict=True) if name != "Beta" or 0 < y < 1]
    assert not any(design.outcome.family.refusal(y, n) for y, n in inside)


def test_the_marginal_graph_of_an_outcome_that_is_not_normal_is_refused():
    design = design_of("Poisson", "log")
    with pytest.raises(hlm.OptionError, match=r"'y' is Poisson with link log, and only of a normal outcome"):
        build_graph(design, priors_of(design), "marginal")
