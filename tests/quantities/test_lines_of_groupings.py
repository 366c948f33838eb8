"""What figures draw of several groupings, as numbers: by hand, by least squares on single groups, by simulation."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design.above_level1 import above_level1
from bayeshlm.design.coefficient_columns import coefficient_columns
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.quantities.beta_space import beta_space
from bayeshlm.quantities.group_coefficients import one_coefficient
from bayeshlm.quantities.level2_variables import level2_rows, level2_variables
from bayeshlm.quantities.prior_density import icc_prior
from bayeshlm.quantities.regression_lines import level1_means
from bayeshlm.quantities.variance_function import variance_function
from bayeshlm.quantities.variance_partition import variance_partition

GROWTH = """
math = p0 + p1*time + p2*hours + e
p0 = b00 + b01*female + r0
p1 = b10 + b11*female + r1
p2 = b20
b00 = g000 + g001*size + u00
b01 = g010 + g011*size
b10 = g100 + g101*size + u10
b11 = g110
b20 = g200 + u20
"""
CROSSED = "y = b0 + b1*x + e\nb0 = g00 + g01*funds + u0[primary] + v0[secondary]\nb1 = g10 + u1[primary]"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    school = np.repeat(np.arange(6), [12, 16, 20, 12, 24, 16])
    child = np.repeat(np.arange(25), 4)
    frame = pd.DataFrame({"school": school, "child": child, "time": np.tile(np.arange(4.0), 25)})
    frame["size"] = rng.normal(size=6)[school]
    frame["female"] = rng.permutation(np.resize([0, 1], 25))[child]
    frame["hours"], frame["math"] = rng.normal(size=100), rng.normal(5, 2, size=100)
    frame["primary"], frame["secondary"] = rng.integers(0, 7, 100), rng.integers(0, 4, 100)
    frame["x"], frame["y"] = rng.normal(size=100), rng.normal(size=100)
    return frame.assign(funds=np.array([0.0, 1.0, 1.0, 3.0])[frame["secondary"]])


def posterior_of(model, draws=60, seed=1):
    found = prior_draws(model.design, model.priors, draws, np.random.default_rng(seed))
    return Draws(found, model.design)


@pytest.fixture(scope="module")
def growth(data):
    return posterior_of(hlm.Model(GROWTH, data, ["child", "school"]))


@pytest.fixture(scope="module")
def crossed(data):
    return posterior_of(hlm.Model(CROSSED, data))


def means_of(posterior):
    gamma = dict(zip(posterior.design.fixed_labels, posterior.gamma.mean(axis=(0, 1)), strict=True))
    u = {}
    for k, term in enumerate(posterior.design.predictor.random):
        for r, column in enumerate(term.columns):
            u[column.label] = posterior.u_of(k)[..., r].mean(axis=(0, 1))
    return gamma, u


def test_coefficients_of_every_level_say_what_they_multiply(growth):
    found = {label: column.name for label, column in coefficient_columns(growth.design).items()}
    assert found == {
        "p0": "1",
        "p1": "time",
        "p2": "hours",
        "b00": "1",
        "b01": "female",
        "b10": "time",
        "b11": "time*female",
        "b20": "hours",
    }


def test_what_stands_above_level_1_lives_in_the_outermost_units(growth, data):
    fixed, _ = above_level1(growth.design)
    homes = {
        label: growth.design.groupings[one.home] for label, one in zip(growth.design.fixed_labels, fixed, strict=True)
    }
    assert homes == {
        **dict.fromkeys(["g000", "g001", "g100", "g101", "g200"], "school"),
        **dict.fromkeys(["g010", "g011", "g110"], "child"),
    }
    children = data.drop_duplicates("child")
    product = fixed[growth.design.fixed_labels.index("g011")].numbers
    np.testing.assert_allclose(product, children["female"] * children["size"], atol=1e-15)


def test_lines_of_the_children_by_hand(growth, data):
    g, u = means_of(growth)
    children = data.drop_duplicates("child")
    size, female, school = (children[name].to_numpy() for name in ("size", "female", "school"))
    p0 = g["g000"] + g["g001"] * size + (g["g010"] + g["g011"] * size) * female + u["u00"][school] + u["r0"]
    p1 = g["g100"] + g["g101"] * size + g["g110"] * female + u["u10"][school] + u["r1"]
    p2 = g["g200"] + u["u20"][school]
    np.testing.assert_allclose(level1_means(growth, 0), np.column_stack([p0, p1, p2]), atol=1e-12)
    np.testing.assert_allclose(level1_means(growth, 0), growth.beta_of(0).mean(axis=(0, 1)), atol=1e-12)


def test_lines_of_the_schools_by_hand(growth, data):
    g, u = means_of(growth)
    size = data.drop_duplicates("school")["size"].to_numpy()
    children = data.drop_duplicates("child")
    female, both = children["female"].mean(), (children["female"] * children["size"]).mean()
    p0 = g["g000"] + g["g001"] * size + g["g010"] * female + g["g011"] * both + u["u00"]
    p1 = g["g100"] + g["g101"] * size + g["g110"] * female + u["u10"]
    np.testing.assert_allclose(level1_means(growth, 1), np.column_stack([p0, p1, g["g200"] + u["u20"]]), atol=1e-12)


def test_lines_of_crossed_groups_by_hand(crossed):
    g, u = means_of(crossed)
    funds = np.array([0.0, 1.0, 1.0, 3.0])
    primary = np.column_stack([g["g00"] + g["g01"] * funds.mean() + u["u0"], g["g10"] + u["u1"]])
    secondary = np.column_stack([g["g00"] + g["g01"] * funds + u["v0"], np.full(4, g["g10"])])
    np.testing.assert_allclose(level1_means(crossed, 0), primary, atol=1e-12)
    np.testing.assert_allclose(level1_means(crossed, 1), secondary, atol=1e-12)


def test_own_least_squares_of_children(growth, data):
    """p2 has no effect of the child: the school's is taken from the outcome; those on p0 and p1 stay in."""
    g, u = means_of(growth)
    found = one_coefficient(growth, "p1", grouping="child")["ols"]
    for child, rows in data.groupby("child"):
        y = rows["math"] - rows["hours"] * (g["g200"] + u["u20"][rows["school"].iloc[0]])
        expected = np.polyfit(rows["time"], y, 1)[0]
        assert found.loc[child] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("posterior", "grouping"), [("growth", "school"), ("crossed", "primary")])
def test_groups_within_which_others_differ_have_no_least_squares(posterior, grouping, request):
    draws = request.getfixturevalue(posterior)
    label = draws.design.predictor.random[draws.design.position_of(grouping)].columns[0].coefficient
    with pytest.raises(OptionError, match=f"the groups of '{grouping}' have no least-squares estimate"):
        one_coefficient(draws, label, grouping=grouping)
    table = one_coefficient(draws, label, grouping=grouping, ols=False)
    assert list(table.columns) == ["n", "mean", "lower", "upper"]


def test_cells_of_crossed_groups_have_least_squares(data):
    equations = "y = b0 + e\nb0 = g00 + u0[primary] + v0[secondary] + w0[primary:secondary]"
    draws = posterior_of(hlm.Model(equations, data))
    found = one_coefficient(draws, "b0", grouping="primary:secondary")["ols"]
    expected = data.groupby(["primary", "secondary"])["y"].mean()
    for (primary, secondary), mean in expected.items():
        assert found.loc[f"{primary}:{secondary}"] == pytest.approx(mean, rel=1e-9)


def test_variables_are_measured_where_they_are_constant(growth, crossed):
    found = level2_variables(growth.design)
    assert {name: growth.design.groupings[one.grouping] for name, one in found.items()} == {
        "size": "school",
        "female": "child",
    }
    assert found["size"].in_units(growth.design, 0).numbers.shape == (25,)
    assert found["female"].in_units(growth.design, 1) is None
    funds = level2_variables(crossed.design)["funds"]
    assert (crossed.design.groupings[funds.grouping], funds.numbers.tolist()) == ("secondary", [0, 1, 1, 3])


def test_rows_at_values_work_products_out(growth, data):
    design = growth.design
    size, female = (level2_variables(design)[name] for name in ("size", "female"))
    labels = design.fixed_labels
    (row,) = level2_rows(design, size, [2.0])
    share = data.drop_duplicates("child")["female"].mean()
    expected = {"g000": 1, "g001": 2, "g010": share, "g011": 2 * share}
    for label, value in expected.items():
        assert row[0, labels.index(label)] == pytest.approx(value, rel=1e-12)
    assert row[1, labels.index("g101")] == 2
    assert level2_rows(design, female)[1][0, labels.index("g010")] == 1
    average = level2_rows(design, None)[0]
    assert average[0, labels.index("g001")] == pytest.approx(data.drop_duplicates("school")["size"].mean())


def test_variance_along_a_variable_adds_up_over_groupings(growth, data):
    found = variance_function(growth, "p1", x=np.array([2.0])).draws
    G = growth.G
    labels = growth.design.random_labels
    r0, r1, u00, u10, u20 = (labels.index(name) for name in ("r0", "r1", "u00", "u10", "u20"))
    child = G[..., r0, r0] + 4 * G[..., r0, r1] + 4 * G[..., r1, r1]
    h = data["hours"].mean()
    z = np.zeros(len(labels))
    z[[u00, u10, u20]] = 1, 2, h
    school = np.einsum("q,cdqr,r->cd", z, G, z)
    np.testing.assert_allclose(found["between[child]"][..., 0], child, rtol=1e-10)
    np.testing.assert_allclose(found["between[school]"][..., 0], school, rtol=1e-10)
    np.testing.assert_allclose(found["total"][..., 0], child + school + growth.sigma2, rtol=1e-10)


def test_spread_of_children_holds_that_of_their_schools(growth):
    G = growth.G.mean(axis=(0, 1))
    labels = growth.design.random_labels
    r, u = (
        np.ix_([labels.index(a), labels.index(b)] * 1, [labels.index(a), labels.index(b)])
        for a, b in (("r0", "r1"), ("u00", "u10"))
    )
    space = beta_space(growth, ("p0", "p1"))
    np.testing.assert_allclose(space.G[0].cov, G[r] + G[u], rtol=1e-12)
    assert np.isfinite(space.ols).all()
    schools = beta_space(growth, ("b00", "b10"), grouping=1)
    np.testing.assert_allclose(schools.G[0].cov, G[u], rtol=1e-12)
    assert np.isnan(schools.ols).all()
    np.testing.assert_allclose(schools.eb[:, 0], growth.beta_of(1)[..., 0].mean(axis=(0, 1)), rtol=1e-12)


@pytest.mark.parametrize("at", [None, {"time": 2.0, "hours": 0.5}])
@pytest.mark.parametrize("grouping", ["child", "school"])
def test_prior_of_an_icc_is_that_of_simulated_ones(grouping, at, data):
    """Shares of 20,000 simulated ICCs in bins, within 4.5 binomial standard errors and the density's 2 percent."""
    model = hlm.Model(GROWTH, data, ["child", "school"])
    draws = posterior_of(model, draws=20_000, seed=8)
    simulated = variance_partition(draws, at).draws[f"icc[{grouping}]"].to_numpy().ravel()
    edges = np.linspace(0.1, 0.9, 9)
    share = np.histogram(simulated, edges)[0] / len(simulated)
    for k in range(8):
        x = np.linspace(edges[k], edges[k + 1], 41)
        density = icc_prior(model.priors, model.design, x, at, model.design.position_of(grouping))
        expected = float(np.trapezoid(density, x))
        error = 4.5 * np.sqrt(expected / len(simulated)) + 0.02 * expected
        assert share[k] == pytest.approx(expected, abs=error)
