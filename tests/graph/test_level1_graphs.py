"""The graphs of models with level-1 SDs and correlations: the density that is sampled, and its integral over u."""

import level1_cases
import numpy as np
import pytest
from scipy.stats import norm

import bayeshlm as hlm
from bayeshlm.errors import OptionError
from bayeshlm.graph.build import build_graph
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import Draws, labelled_posterior

CASES = [
    (2, "; log(sigma) = a0*C(kind); corr(r) = ar1(time)"),
    (1, "; log(sigma2) = a0 + a1*x"),
    (2, "; log(sigma) = a0 + a1*x; corr(r) = cs"),
    (1, "; corr(r) = ar1(time)"),
]


def model_of(q: int, line: str) -> hlm.Model:
    return hlm.Model(level1_cases.EQUATIONS[q] + line, level1_cases.frame(), group="g")


def point_of(graph, model: hlm.Model, x: np.ndarray) -> dict[str, np.ndarray]:
    """Unconstrained values as the graph names them."""
    parts, found = model.design, {}
    p, q = len(parts.fixed), len(parts.random)
    m = q * (q - 1) // 2
    k = len(parts.outcome.residuals.spread)
    ends = np.split(x, np.cumsum([p, q, m, k if k else 1]))
    for variable in graph.free_RVs:
        name, value = variable.name, graph.rvs_to_values[variable].name
        kind = {"tau_signed": 1, "corr_beta": 2, "alpha": 3, "sigma": 3, "rho": 4}.get(name, 0)
        own = ends[kind]
        found[value] = own[0] if name in ("sigma", "rho") else own
    return found


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["FAST_COMPILE", pytest.param("NUMBA", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("q", "line"), CASES)
def test_marginal_graph_is_what_is_sampled(q, line, mode):
    model = model_of(q, line)
    graph = build_graph(model.design, model.priors, "marginal")
    density = likelihood_of(model.design).log_density(model.priors)
    rng = np.random.default_rng(4)
    p, n = len(model.design.fixed), len(density.data.priors.gamma_prior.T)
    assert p == n
    size = p + q + q * (q - 1) // 2 + len(model.design.outcome.auxiliary_effects)
    x = np.concatenate(
        [
            model.priors.at_means(model.design.products.ols) + 0.1 * rng.normal(size=p),
            rng.uniform(0.3, 1.0, q),
            0.2 * rng.normal(size=size - p - q),
        ]
    )
    value, gradient = density(x)
    point = point_of(graph, model, x)
    assert float(graph.compile_logp(mode=mode)(point)) == pytest.approx(value, rel=1e-11)
    found = graph.compile_dlogp(graph.free_RVs, mode=mode)(point)
    names = [one.name for one in graph.free_RVs]
    n_sds = len(model.design.outcome.residuals.spread) or 1
    places = np.split(np.arange(size), np.cumsum([p, q, q * (q - 1) // 2, n_sds]))
    kinds = [{"tau_signed": 1, "corr_beta": 2, "alpha": 3, "sigma": 3, "rho": 4}.get(name, 0) for name in names]
    np.testing.assert_allclose(found, gradient[np.concatenate([places[kind] for kind in kinds])], rtol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(("q", "line"), CASES)
def test_hierarchical_graph_given_the_effects(q, line):
    """``log p(y, u) - log p(u | y)`` is ``log p(y)`` whatever u is."""
    model = model_of(q, line)
    design, rng = model.design, np.random.default_rng(5)
    graph = build_graph(design, model.priors, "centered")
    point = graph.initial_point()
    u = rng.normal(size=(design.n_groups, q))
    point["u"] = u
    names = ["gamma", "tau", *(["corr"] if q > 1 else []), *(one.name for one, _ in design.outcome.auxiliary)]
    observed = [graph["y"]] if graph.observed_RVs else []
    density = graph.logp([graph["u"], *observed], jacobian=False)
    density = density + (0.0 if observed else graph.replace_rvs_by_values(graph.potentials)[0])
    values = graph.replace_rvs_by_values([graph[name] for name in names])
    function = graph.compile_fn(
        [density, *values], inputs=graph.value_vars, on_unused_input="ignore", mode="FAST_COMPILE"
    )
    joint, *values = function(point)
    parts = dict(zip(names, values, strict=True))
    auxiliary = np.concatenate([np.atleast_1d(parts[one.name]) for one, _ in design.outcome.auxiliary])
    corr = parts["corr"][None, None] if q > 1 else None
    draws = Draws(
        labelled_posterior(design, parts["gamma"][None, None], parts["tau"][None, None], auxiliary[None, None], corr),
        design,
    )
    likelihood = likelihood_of(design)
    given = likelihood.group_effects(draws)
    conditional = 0.0
    for start in given.starts:
        block = given.block(start)
        for j in range(block.groups.start, block.groups.stop):
            root = block.root[0, :, :, j - start]
            C, e = root @ root.T, u[j] - block.mean[0, :, j - start]
            conditional += -0.5 * (q * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + e @ np.linalg.solve(C, e))
    assert float(joint) - conditional == pytest.approx(float(likelihood.totals(draws)[0]), rel=1e-9)


@pytest.mark.parametrize(("predicted", "halved"), [("sigma", 1.0), ("sigma2", 0.5)])
def test_the_graph_with_an_sd_that_varies_between_groups(predicted, halved):
    """Given u and v, the last effect, rows are independent; u and v have the covariance matrix of all effects."""
    model = model_of(2, f"; log({predicted}) = a0 + a1*x + v0")
    design, rng = model.design, np.random.default_rng(6)
    graph = build_graph(design, model.priors, "noncentered")
    point = {name: value + 0.3 * rng.normal(size=np.shape(value)) for name, value in graph.initial_point().items()}
    outputs = graph.replace_rvs_by_values([graph[name] for name in ("gamma", "alpha", "tau", "corr", "u", "z")])
    gamma, alpha, tau, corr, u, z = graph.compile_fn(outputs)(point)
    assert design.random_labels == ["u0", "u1", "v0"]
    np.testing.assert_allclose(u, z @ (tau[:, None] * np.linalg.cholesky(corr)).T, rtol=1e-10)
    mu = design.X @ gamma + (design.Z[:, :2] * u[design.group_codes, :2]).sum(axis=1)
    log_sd = halved * (np.column_stack([np.ones(design.n_obs), design.frame["x"]]) @ alpha + u[design.group_codes, 2])
    given = norm.logpdf(design.y, mu, np.exp(log_sd)).sum()
    assert float(graph.compile_logp(vars=[graph["y"]])(point)) == pytest.approx(given, rel=1e-12)
    with pytest.raises(OptionError, match="varies between groups"):
        build_graph(design, model.priors, "marginal")
