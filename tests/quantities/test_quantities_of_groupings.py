"""Quantities of several groupings: dense matrices, closed forms, and refusals."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from groupings_data import GROWTH as NESTED
from scipy.linalg import block_diag

import bayeshlm as hlm
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws, labelled_posterior
from bayeshlm.quantities.group_coefficients import coefficients_of_units
from bayeshlm.quantities.group_draws import group_draws
from bayeshlm.quantities.icc import icc
from bayeshlm.quantities.plausible_ranges import plausible_ranges
from bayeshlm.quantities.r2 import r2
from bayeshlm.quantities.reliability import eb_weights, group_reliability, reliability

CROSSED = """
math = b0 + b1*time + e
b0 = g00 + g01*size + g02*female + u0[child] + v0[rater]
b1 = g10 + u1[child]
"""


def rows(seed=3):
    """Unbalanced: 2 to 5 times in a child, 1 to 4 children in a school; every child is seen by several raters."""
    rng = np.random.default_rng(seed)
    n_children = rng.integers(1, 5, 7)
    school_of = np.repeat(np.arange(7), n_children)
    n_times = rng.integers(2, 6, len(school_of))
    n_times[0] = 1
    child = np.repeat(np.arange(len(school_of)), n_times)
    school = school_of[child]
    data = {"child": child, "school": school, "time": np.concatenate([np.arange(n) - 0.5 for n in n_times])}
    data |= {"size": rng.normal(size=7)[school], "female": rng.integers(0, 2, len(school_of))[child]}
    data |= {"rater": rng.integers(0, 4, len(child)), "math": rng.normal(size=len(child))}
    return pd.DataFrame(data).sample(frac=1, random_state=1)


def drawn(equations, data, group=None, n_draws=3, seed=5):
    """Draws of a model's parameters, from nowhere."""
    design, rng = hlm.Model(equations, data, group).design, np.random.default_rng(seed)
    q, shape = len(design.random), (1, n_draws)
    corr = np.broadcast_to(np.eye(q), (*shape, q, q)).copy()
    for block in design.blocks:
        for a, b in pairwise(block):
            corr[..., a, b] = corr[..., b, a] = rng.uniform(-0.8, 0.8, shape)
    u = [rng.normal(size=(*shape, len(term.labels), len(term.columns))) for term in design.predictor.random]
    beta = [rng.normal(size=(*shape, len(one.W), len(one.coefficients))) for one in design.equations]
    gamma, tau = rng.normal(size=(*shape, len(design.fixed))), rng.uniform(0.3, 2, (*shape, q))
    return Draws(labelled_posterior(design, gamma, tau, rng.uniform(0.5, 1.5, shape), corr, u, beta), design)


@pytest.fixture(scope="module")
def nested():
    return drawn(NESTED, rows(), ["child", "school"])


@pytest.fixture(scope="module")
def crossed():
    return drawn(CROSSED, rows())


def dense_information(posterior, grouping, s, inner):
    """``Z_j' V^-1 Z_j`` of each unit at draw s, V = sigma^2 I and the inner groupings' effects, row by row."""
    design, kept = posterior.design, posterior.design.kept_rows
    found = []
    for j in range(len(design.predictor.random[grouping].labels)):
        here = kept.codes[grouping] == j
        V = posterior.sigma2[0, s] * np.eye(here.sum())
        for k in inner:
            own = design.predictor.effects_of(k)
            Z, codes = kept.Z[k][here], kept.codes[k][here]
            V += Z @ posterior.G[0, s][own, own] @ Z.T * (codes[:, None] == codes)
        Z = kept.Z[grouping][here]
        found.append(Z.T @ np.linalg.solve(V, Z))
    return np.array(found)


@pytest.mark.parametrize(("grouping", "inner"), [("child", ()), ("school", (0,))])
def test_reliability_by_dense_matrices(nested, grouping, inner):
    k = nested.design.position_of(grouping)
    own = nested.design.predictor.effects_of(k)
    expected = []
    for s in range(nested.n_draws):
        A = dense_information(nested, k, s, inner)
        A[[np.linalg.matrix_rank(one) < 2 for one in A]] = np.nan
        tau2 = nested.tau[0, s, own] ** 2
        expected.append(tau2 / (tau2 + np.array([np.diag(np.linalg.inv(one)) for one in A])))
    found = group_reliability(nested, grouping=grouping)
    assert found.dims == ("chain", "draw", grouping, "coefficient")
    np.testing.assert_allclose(found[0], expected, rtol=1e-9)
    average = reliability(nested, grouping=grouping)
    np.testing.assert_allclose(average.draws["reliability"][0], np.nanmean(expected, axis=1), rtol=1e-9)
    np.testing.assert_allclose(average.draws["by_group"], np.mean(expected, axis=0), rtol=1e-9)
    exists = ~np.isnan(expected[0][:, 0])
    assert average.table.attrs["n_groups_with_ols"] == exists.sum()
    assert exists.all() == (grouping == "school")  # one child has one row
    some = nested.design.predictor.random[k].labels[[2, 0]]
    np.testing.assert_array_equal(group_reliability(nested, some, grouping), found.sel({grouping: some}))


def test_weights_by_dense_matrices(nested):
    own = nested.design.predictor.effects_of(1)
    expected = 0
    for s in range(nested.n_draws):
        G = nested.G[0, s][own, own]
        V = np.linalg.inv(dense_information(nested, 1, s, (0,)))
        expected = expected + G @ np.linalg.inv(G + V) / nested.n_draws
    found = eb_weights(nested, grouping="school")
    assert found.dims == ("school", "random", "random_")
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_hlm3_s_formula_of_intercepts():
    """Balanced or not: ``tau_beta / (tau_beta + 1 / sum_j 1 / (tau_pi + sigma^2 / n_jk))``."""
    data = rows()
    posterior = drawn("math = p0 + e; p0 = b00 + r0; b00 = g000 + u00", data, ["child", "school"])
    n = data.groupby("child").size()
    school = data.groupby("child")["school"].first()
    (tau_pi, tau_beta), sigma2 = posterior.tau[0, 1] ** 2, posterior.sigma2[0, 1]
    information = (1 / (tau_pi + sigma2 / n)).groupby(school).sum()
    found = group_reliability(posterior, grouping="school")[0, 1, :, 0]
    np.testing.assert_allclose(found, tau_beta / (tau_beta + 1 / information), rtol=1e-12)
    found = group_reliability(posterior, grouping="child")[0, 1, :, 0]
    np.testing.assert_allclose(found, tau_pi / (tau_pi + sigma2 / n), rtol=1e-12)


def test_four_levels_and_memory_of_one_draw_at_a_time(monkeypatch):
    data = rows().assign(district=lambda d: d["school"] // 3)
    equations = "math = p0 + e; p0 = b0 + r0[child]; b0 = c0 + u0[school]; c0 = g0 + w0[district]"
    posterior = drawn(equations, data)
    found = group_reliability(posterior, grouping="district")
    for s in range(3):
        A = dense_information(posterior, 2, s, (0, 1))[:, 0, 0]
        tau2 = posterior.tau[0, s, 2] ** 2
        np.testing.assert_allclose(found[0, s, :, 0], tau2 / (tau2 + 1 / A), rtol=1e-10)
    monkeypatch.setattr("bayeshlm.likelihood.budget.BUDGET_BYTES", 8 * 1200)
    np.testing.assert_allclose(group_reliability(posterior, grouping="district"), found, rtol=1e-14)


def test_an_effect_that_does_not_vary(nested):
    data = nested.dataset.copy(deep=True)
    data["tau"][:] = 0.0
    still = Draws(data, nested.design)
    assert (reliability(still, grouping="school").draws["reliability"] == 0).all()
    assert (eb_weights(still, grouping="school") == 0).all()


def test_reliability_of_crossed_groupings_is_refused(crossed):
    for function in (reliability, group_reliability, eb_weights):
        with pytest.raises(OptionError, match=r"'child' and 'rater' cross.*fit.group_coefficients"):
            function(crossed, grouping="child")
        with pytest.raises(OptionError, match="say which grouping"):
            function(crossed)


def test_of_the_cells_of_crossed_groupings_reliability_has_a_meaning():
    data = rows()
    equations = "math = b0 + e; b0 = g0 + u0[school] + v0[rater] + w0[school:rater]"
    posterior = drawn(equations, data)
    n = data.groupby(["school", "rater"]).size().to_numpy()
    tau2, sigma2 = posterior.tau[0, :, 2] ** 2, posterior.sigma2[0]
    found = group_reliability(posterior, grouping="school:rater")[0, :, :, 0]
    np.testing.assert_allclose(np.sort(found[0]), np.sort(tau2[0] / (tau2[0] + sigma2[0] / n)), rtol=1e-12)
    with pytest.raises(OptionError, match="cross"):
        reliability(posterior, grouping="school")
    table = icc(posterior).table.index.tolist()
    assert table[3:] == ["icc[school]", "icc[rater]", "icc[school:rater]"]


def level_variances(values, data, names, divisor):
    """Variance of a column of rows within the units of each grouping and between them, from the inside out."""
    means = [values, *(values.groupby(data[name]).transform("mean") for name in names)]
    inner = [((one - other) ** 2).sum() / divisor for one, other in pairwise(means)]
    return [*inner, ((means[-1] - values.mean()) ** 2).sum() / divisor]


def test_variance_explained_by_level_row_by_row(nested):
    data, design, found = nested.design.frame, nested.design, r2(nested)
    N = design.n_obs
    for s in range(3):
        fixed = pd.Series(design.X @ nested.gamma[0, s], data.index)
        f = level_variances(fixed, data, ["child", "school"], N - 1)
        levels, v = np.array(f), []
        levels[0] += nested.sigma2[0, s]
        for k, names in enumerate((["child"], ["child", "school"])):
            own = design.predictor.effects_of(k)
            root = np.linalg.cholesky(nested.G[0, s][own, own])
            columns = [pd.Series(column, data.index) for column in (design.kept_rows.Z[k] @ root).T]
            parts = np.zeros(3)
            for column in columns:
                means = [column, *(column.groupby(data[name]).transform("mean") for name in names)]
                inner = [((a - b) ** 2).mean() for a, b in pairwise(means)]
                parts[: len(names) + 1] += [*inner, (means[-1] ** 2).mean()]
            levels, v = levels + parts, [*v, parts.sum()]
        total = levels.sum()
        expected = {"marginal": sum(f) / total, "conditional": (sum(f) + sum(v)) / total}
        called = ["rows", "child", "school"]
        expected |= {f"f[{name}]": one / total for name, one in zip(called, f, strict=True)}
        expected |= {f"v[{name}]": one / total for name, one in zip(called[1:], v, strict=True)}
        expected |= {"residual": nested.sigma2[0, s] / total}
        expected |= {f"explained[{name}]": a / b for name, a, b in zip(called, f, levels, strict=True)}
        assert list(found.draws) == list(expected)
        for name, value in expected.items():
            assert float(found.draws[name][0, s]) == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_variance_explained_of_crossed_groupings_is_not_split_by_level(crossed):
    found, design = r2(crossed), crossed.design
    assert list(found.draws) == ["marginal", "conditional", "v[child]", "v[rater]", "residual"]
    np.testing.assert_allclose(sum(found.draws[name] for name in ("marginal", "v[child]", "v[rater]", "residual")), 1.0)
    assert "because the groupings cross" in found.notes[0]
    fixed = np.var(crossed.gamma[0] @ design.X.T, axis=1, ddof=1)
    G, Z = crossed.G[0], design.Z
    random = np.einsum("sqr,iq,ir->s", G, Z, Z) / design.n_obs
    total = fixed + random + crossed.sigma2[0]
    np.testing.assert_allclose(found.draws["marginal"][0], fixed / total, rtol=1e-10)
    np.testing.assert_allclose(found.draws["conditional"][0], (fixed + random) / total, rtol=1e-10)


def test_reduction_from_a_null_model_of_fewer_groupings(nested):
    null = drawn("math = p0 + e; p0 = b00 + r0; b00 = g000 + u00", rows(), ["child", "school"], seed=8)
    found = r2(nested, (null.dataset, null.design)).draws["reduction"]
    assert found["component"].to_numpy().tolist() == ["sigma2", "tau2[r0]", "tau2[u00]"]
    expected = 1 - nested.tau[0, :, [0, 2]].T ** 2 / (null.tau[0] ** 2).mean(axis=0)
    np.testing.assert_allclose(found[0, :, 1:], expected, rtol=1e-12)
    two_level = drawn("math = b0 + e; b0 = g00 + u0", rows(), "school", seed=9)
    found = r2(nested, (two_level.dataset, two_level.design)).draws["reduction"]
    assert found["component"].to_numpy().tolist() == ["sigma2", "tau2[u00]"]
    other = drawn("math = b0 + e; b0 = g00 + u0", rows(seed=4), "school", seed=9)
    with pytest.raises(OptionError, match="the null model is one of other rows"):
        r2(nested, (other.dataset, other.design))


def test_correlation_of_two_rows_by_dense_covariance(crossed):
    shares = icc(crossed, at={"time": 1.5}).draws
    z = block_diag([[1.0, 1.5]], [[1.0]])
    for s in range(3):
        parts = np.diag(z @ crossed.G[0, s] @ z.T)
        total = parts.sum() + crossed.sigma2[0, s]
        values = {"share[child]": parts[0], "icc[rater]": parts[1], "icc[child,rater]": parts.sum()}
        for name, value in values.items():
            assert float(shares[name][0, s]) == pytest.approx(value / total, rel=1e-12)


def test_values_of_slopes(nested):
    same = [icc(nested, at=at).table for at in ({"time": 2}, {"p1": 2}, {"r1": 2, "u10": 2})]
    for other in same[1:]:
        pd.testing.assert_frame_equal(same[0], other)
    with pytest.raises(OptionError, match=r"names no column with a random slope; the random slopes are r1 \(time\)"):
        icc(nested, at={"size": 1})
    product = NESTED.replace("b01 = g010", "b01 = g010 + u01").replace("b10 = g100", "b10 = g100 + g101*size")
    product = product.replace("p1 = b10 + r1", "p1 = b10 + b11*female + r1") + "b11 = g110 + u11\n"
    posterior = drawn(product, rows(), ["child", "school"])
    with pytest.raises(OptionError, match=r"a part of time\*female, the column of u11: name its other parts"):
        icc(posterior, at={"time": 1})
    one = icc(posterior, at={"time": 2, "female": 1}).table
    pd.testing.assert_frame_equal(one, icc(posterior, at={"r1": 2, "u10": 2, "u01": 1, "u11": 2}).table)


def test_plausible_ranges_by_hand(nested):
    gamma, tau = (
        dict(zip(nested.dataset[dim].to_numpy(), x[0, 0], strict=True))
        for dim, x in (("fixed", nested.gamma), ("random", nested.tau))
    )
    data = nested.design.frame
    size = data.groupby("school")["size"].first().mean()
    found = plausible_ranges(nested, z=2, grouping="school")
    assert found.draws["coefficient"].to_numpy().tolist() == ["b00", "b10"]
    center = gamma["g000"] + gamma["g001"] * size
    np.testing.assert_allclose(found.draws["upper"][0, 0], [center + 2 * tau["u00"], gamma["g100"] + 2 * tau["u10"]])
    children = data.groupby("child").first()
    found = plausible_ranges(nested, z=2, grouping="child", at={"female": 1})
    center = gamma["g000"] + gamma["g001"] * children["size"].mean() + gamma["g010"]
    np.testing.assert_allclose(found.draws["lower"][0, 0, 0], center - 2 * tau["r0"])
    assert found.notes[1] == "at female = 1, other terms above child at their means over its units"


def test_terms_that_vary_within_the_units_are_said_to_be_zero(crossed):
    gamma = dict(zip(crossed.dataset["fixed"].to_numpy(), crossed.gamma[0, 0], strict=True))
    children = crossed.design.frame.groupby("child").first()
    at_means = gamma["g00"] + gamma["g01"] * children["size"].mean() + gamma["g02"] * children["female"].mean()
    found = plausible_ranges(crossed, grouping="child")
    np.testing.assert_allclose(found.draws.to_array().mean("variable")[0, 0, 0], at_means)
    found = plausible_ranges(crossed, grouping="rater")
    np.testing.assert_allclose(found.draws.to_array().mean("variable")[0, 0, 0], gamma["g00"])
    assert "at 0, because they vary within units of rater: g01 (size), g02 (female)" in found.notes[1]
    found = plausible_ranges(crossed, grouping="rater", at={"size": 2})
    np.testing.assert_allclose(found.draws.to_array().mean("variable")[0, 0, 0], gamma["g00"] + 2 * gamma["g01"])
    with pytest.raises(OptionError, match=r"names no term of a random coefficient; the terms are female, size"):
        plausible_ranges(crossed, grouping="rater", at={"income": 1})


def test_draws_of_units(nested):
    found = group_draws(nested, [3, 1], "school")
    assert found["u_school"].dims == ("chain", "draw", "school", "random_school")
    np.testing.assert_array_equal(found["beta_school"], nested.beta_of(1)[:, :, [3, 1]])
    with pytest.raises(OptionError, match="is no school of the data"):
        group_draws(nested, [99], "school")


@pytest.mark.parametrize(("grouping", "column"), [(0, "child"), (1, "rater")])
def test_the_table_of_a_grouping_begins_with_its_rows(crossed, grouping, column):
    table = coefficients_of_units(crossed, grouping)
    assert table.columns[0] == "n"
    counts = rows()[column].value_counts().sort_index()
    coefficients = crossed.design.equations[grouping].coefficients
    np.testing.assert_array_equal(table["n"], np.repeat(counts.to_numpy(), len(coefficients)))
    beta = crossed.beta_of(grouping).mean(axis=(0, 1))
    np.testing.assert_allclose(table["mean"], beta.ravel(), rtol=1e-12)
