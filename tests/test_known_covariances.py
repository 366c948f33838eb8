"""Known covariances of the errors of a group's rows: metafor's numbers, dense matrices, PyMC's graph, and refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

import bayeshlm as hlm
from bayeshlm.checks.level1_residuals import level1_residuals
from bayeshlm.checks.prior_predictive import prior_predictive
from bayeshlm.checks.replicates import Projection
from bayeshlm.design.known_covariance import BlocksOfSize, KnownCovariance
from bayeshlm.design.subset import without_rows
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.log_prior import log_prior
from bayeshlm.parameters.prior_draws import prior_draws

BIVARIATE = "yi = b1*al + b2*pd + r; b1 = g10 + u1[trial]; b2 = g20 + u2; cov(r) = [v1, v2]"
MIXED = "y = b0 + b1*x + r; b0 = g00 + g01*w + u0[group]; b1 = g10 + u1; "
COV, SD = "cov(r) = [c1, c2, c3, c4]", "sd(r) = sd"


def periodontal():
    """Five trials of periodontal treatments, probing depth and attachment level (Berkey et al. 1998, table I)."""
    trials = [
        (0.47, -0.32, 0.0075, 0.0030, 0.0077),
        (0.20, -0.60, 0.0057, 0.0009, 0.0008),
        (0.40, -0.12, 0.0021, 0.0007, 0.0014),
        (0.26, -0.31, 0.0029, 0.0009, 0.0015),
        (0.56, -0.39, 0.0148, 0.0072, 0.0304),
    ]
    rows = []
    for k, (pd_, al, v_pd, c, v_al) in enumerate(trials, 1):
        rows += [(f"t{k}", 0, 1, pd_, v_pd, c), (f"t{k}", 1, 0, al, c, v_al)]
    return pd.DataFrame(rows, columns=["trial", "al", "pd", "yi", "v1", "v2"])


def dense(data):
    """Covariance matrix of the errors, from the columns and the order of rows in their groups."""
    V, columns = np.zeros((len(data), len(data))), data[["c1", "c2", "c3", "c4"]].to_numpy()
    for rows in data.groupby("group").indices.values():
        V[np.ix_(rows, rows)] = columns[rows, : len(rows)]
    return V


def frame(diagonal=False):
    """Groups of one to four rows, which lie apart in the data."""
    rng = np.random.default_rng(5)
    n = np.array([3, 1, 4, 2, 4, 3, 1, 2, 4])
    group = rng.permutation(np.repeat(np.arange(len(n)), n))
    size, columns = len(group), np.zeros((len(group), 4))
    for rows in pd.Series(group).groupby(group).indices.values():
        root = rng.normal(size=(len(rows), len(rows) + 2))
        V = root @ root.T / 4
        columns[rows, : len(rows)] = np.diag(np.diag(V)) if diagonal else V
    data = pd.DataFrame(columns, columns=["c1", "c2", "c3", "c4"]).assign(group=group, x=1 + rng.normal(size=size))
    data["w"] = rng.normal(size=len(n))[group]
    V = dense(data)
    data["sd"] = np.sqrt(np.diag(V))
    data["y"] = 2 + data["x"] + rng.normal(size=len(n))[group] + rng.multivariate_normal(np.zeros(size), V)
    return data


@pytest.fixture(scope="module")
def model():
    return hlm.Model(MIXED + COV, frame())


@pytest.fixture(scope="module")
def draws(model):
    return Draws(prior_draws(model.design, model.priors, 4, np.random.default_rng(3)), model.design)


@pytest.fixture(scope="module")
def fit(model):
    return model.fit(seed=1, draws=250, chains=2, progress=False)


def covariance(design, G):
    Z, codes = design.Z, design.group_codes
    return dense(frame()) + (Z @ G @ Z.T) * (codes[:, None] == codes)


def each(draws):
    return zip(draws.flat(draws.gamma), draws.flat(draws.G), strict=True)


@pytest.mark.parametrize(
    ("method", "gamma", "se", "variances", "log_likelihood"),
    [
        (
            "reml",
            [-0.339215178459234, 0.353428169636971],
            [0.0879051360925456, 0.0588486314899185],
            [0.0326513323116774, 0.0119159634119024, 0.0117330253110227],
            2.08232978193623,
        ),
        (
            "ml",
            [-0.337938115107462, 0.344839168022617],
            [0.0797631532653313, 0.0494598446217105],
            [0.0261445173081204, 0.00946066480786916, 0.00700199850110377],
            5.84065688477509,
        ),
    ],
)
def test_estimates_are_those_of_r(method, gamma, se, variances, log_likelihood):
    """R 4.2.2: an own dense likelihood by Newton's steps; `rma.mv` of metafor 3.8-1 agrees to its tolerance."""
    fit = getattr(hlm.Model(BIVARIATE, periodontal()), method)()
    np.testing.assert_allclose(fit.gamma, gamma, rtol=1e-8)
    np.testing.assert_allclose(fit.estimate.se, se, rtol=1e-8)
    np.testing.assert_allclose(fit.G.to_numpy()[np.triu_indices(2)], variances, rtol=1e-7)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-8)
    assert fit.n_parameters == 5


def test_group_effects_are_those_of_r():
    table = hlm.Model(BIVARIATE, periodontal()).reml().group_coefficients()
    b1, b2 = (table.xs(name, level="coefficient") for name in ("b1", "b2"))
    np.testing.assert_allclose(b1["u"][:2], [0.0143222436489055, -0.252011789714613], rtol=1e-7)
    np.testing.assert_allclose(b2["u"][:2], [0.0641479140142747, -0.123526921529721], rtol=1e-7)
    np.testing.assert_allclose(b1["u_sd"][:2], [0.0789235977646606, 0.0274361037457229], rtol=1e-7)


def test_heterogeneity_is_that_of_the_dense_matrices():
    """``P = W - W X (X'W X)^-1 X'W``; Q is the sum of squares that W leaves."""
    data = frame()
    fit = hlm.Model("y = b0 + b1*x + r; b0 = g00 + u0[group]; b1 = g10; " + COV, data).reml()
    W, X, y = np.linalg.inv(dense(data)), fit.design.X, data["y"].to_numpy()
    P = W - W @ X @ np.linalg.solve(X.T @ W @ X, X.T @ W)
    typical, tau2 = (len(y) - 2) / np.trace(P), fit.tau["u0"] ** 2
    found = fit.heterogeneity()
    assert found["i2"] == pytest.approx(tau2 / (tau2 + typical), rel=1e-8)
    assert found["q"] == pytest.approx(y @ P @ y, rel=1e-7)


def test_densities_are_the_dense_ones(model, draws):
    design, likelihood = model.design, likelihood_of(model.design)
    y, codes = design.y, design.group_codes
    whole = [multivariate_normal.logpdf(y, design.X @ g, covariance(design, G)) for g, G in each(draws)]
    np.testing.assert_allclose(likelihood.totals(draws), whole, rtol=1e-10)
    for j in range(design.n_groups):
        own = np.flatnonzero(codes == j)
        expected = [
            multivariate_normal.logpdf(y[own], design.X[own] @ g, covariance(design, G)[np.ix_(own, own)])
            for g, G in each(draws)
        ]
        np.testing.assert_allclose(likelihood.pointwise(draws, "group", np.array([j]))[0], expected, rtol=1e-9)


def test_group_effects_have_the_dense_conditional_distribution(model, draws):
    design = model.design
    block = likelihood_of(design).group_effects(draws).block(0)
    for s, (gamma, G) in enumerate(each(draws)):
        own = np.flatnonzero(design.group_codes == 2)
        Z, W = design.Z[own], np.linalg.inv(dense(frame())[np.ix_(own, own)])
        V = np.linalg.inv(Z.T @ W @ Z + np.linalg.inv(G))
        np.testing.assert_allclose(block.mean[s, :, 2], V @ Z.T @ W @ (design.y - design.X @ gamma)[own], rtol=1e-6)
        np.testing.assert_allclose(block.root[s, :, :, 2] @ block.root[s, :, :, 2].T, V, rtol=1e-6)


def test_the_density_of_the_parameters_is_that_of_the_graph_and_of_dense_matrices(model):
    design, priors = model.design, model.priors
    graph, density = model.graph("marginal"), likelihood_of(design).log_density(priors)
    logp, rng, gaps = graph.compile_logp(mode="FAST_COMPILE"), np.random.default_rng(2), []
    for _ in range(3):
        point, x = {}, []
        for name, value in graph.initial_point().items():
            point[name] = np.asarray(value + 0.1 * rng.normal(size=np.shape(value)))
            x.append(point[name].ravel())
        x = np.concatenate(x)
        value = density(x)[0]
        assert value == pytest.approx(float(logp(point)), rel=1e-12)
        at = Draws(density.parameters(x[None, None]), design)
        expected = multivariate_normal.logpdf(design.y, design.X @ at.gamma[0, 0], covariance(design, at.G[0, 0]))
        there = log_prior(at, priors)
        expected += sum(float(there[name].sum()) for name in there.data_vars)
        gaps.append(value - expected - np.log1p(-(np.tanh(x[-1:] / 2) ** 2)).sum())
    np.testing.assert_allclose(gaps, gaps[0], rtol=0, atol=1e-10 * abs(value))


def test_the_explicit_graph_has_the_known_covariances(model):
    design, graph = model.design, model.graph("noncentered")
    rng = np.random.default_rng(5)
    start = graph.initial_point().items()
    point = {name: np.asarray(value + 0.1 * rng.normal(size=np.shape(value))) for name, value in start}
    y, gamma, u = graph.compile_fn(
        graph.replace_rvs_by_values([graph["y"], graph["gamma"], graph["u"]]), mode="FAST_COMPILE"
    )(point)
    mu = design.X @ gamma + np.einsum("iq,iq->i", design.Z, u[design.group_codes])
    assert y == pytest.approx(multivariate_normal.logpdf(design.y, mu, dense(frame())), rel=1e-10)


def test_without_covariances_they_are_known_sds():
    data = frame(diagonal=True)
    one, two = (hlm.Model(MIXED + line, data) for line in (COV, SD))
    a, b = one.design.cross_products, two.design.cross_products
    for name in ("ZtZ", "ZtX", "Zty", "XtX", "Xty", "yty", "ols", "log_sd"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-12, atol=1e-12, err_msg=name)
    first, second = one.reml(), two.reml()
    for name in ("fixed_effects", "variance_components", "group_coefficients", "reliability", "robust_se"):
        found, expected = getattr(first, name)(), getattr(second, name)()
        pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected), rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(first.heterogeneity(), second.heterogeneity(), rtol=1e-8)
    np.testing.assert_allclose(first.estimate.criterion, second.estimate.criterion, rtol=1e-12)
    pd.testing.assert_series_equal(first.residuals(), second.residuals(), rtol=1e-7)
    y = [prior_predictive(m.design, m.priors, 5, 1)["prior_predictive"]["y"].to_numpy() for m in (one, two)]
    np.testing.assert_allclose(*y, rtol=1e-10)


def test_replicates_have_the_covariances(fit):
    """Of residuals drawn at one value of the parameters, each entry within five of its standard errors."""
    data, V = frame(), dense(frame())
    found = fit.predict(data, seed=4)
    r = (found["y"] - found["mu"]).to_numpy().reshape(-1, len(data))
    products = r[:, :, None] * r[:, None, :]
    se = np.sqrt((np.outer(np.diag(V), np.diag(V)) + V**2) / len(r))
    assert (np.abs(products.mean(axis=0) - V) < 5 * se).all()
    assert (np.abs(V) / se)[~np.eye(len(V), dtype=bool)].max() > 10


def test_new_rows_bring_their_own(fit):
    new = (
        frame().iloc[[0, 1, 2]].assign(group=99, w=0.0, c1=[4.0, 1.0, 0.5], c2=[1.0, 2.0, 0.0], c3=[0.5, 0, 1], c4=0.0)
    )
    found = fit.predict(new, seed=4)
    r = (found["y"] - found["mu"]).to_numpy().reshape(-1, 3)
    V = new[["c1", "c2", "c3"]].to_numpy()
    se = np.sqrt((np.outer(np.diag(V), np.diag(V)) + V**2) / len(r))
    assert (np.abs(r.T @ r / len(r) - V) < 5 * se).all()
    with pytest.raises(hlm.DataError, match=r"new_data: .*the known covariance matrix of group 99 is not symmetric"):
        fit.predict(new.assign(c1=[4.0, 2.0, 0.5]))


def test_residuals_over_data_sets_have_the_diagnostic_sd(model, draws):
    """``E[r] = V S^-1 (y - X gamma)``, whose variance over data sets is ``V S^-1 V``, each averaged over the draws."""
    table, design, V = level1_residuals(draws).table, model.design, dense(frame())
    means, variances = [], []
    for gamma, G in each(draws):
        S = covariance(design, G)
        means.append(V @ np.linalg.solve(S, design.y - design.X @ gamma))
        variances.append(np.diag(V @ np.linalg.solve(S, V)))
    np.testing.assert_allclose(table["mean"], np.mean(means, axis=0), rtol=1e-7)
    np.testing.assert_allclose(table["mean"] / table["standardized"], np.sqrt(np.mean(variances, axis=0)), rtol=1e-7)


def test_groups_are_left_out_and_rows_are_refused(fit):
    loo = fit.loo("group")
    assert np.isfinite(loo.elpd)
    with pytest.raises(hlm.OptionError, match=r'are not left out one by one.*leave groups out, unit="group"'):
        fit.loo("row")


def test_a_model_without_some_rows_keeps_the_covariances_of_the_others(model):
    out = np.zeros(model.design.n_obs, dtype=bool)
    out[[0, 5, 7, 8]] = True
    part = without_rows(model.design, out)
    root = part.kept_rows.covariance.colored(np.eye(part.n_obs))
    np.testing.assert_allclose(root @ root.T, dense(frame())[np.ix_(~out, ~out)], rtol=1e-10, atol=1e-12)


def test_rows_in_another_order():
    V = np.array([[4.0, 1.0], [1.0, 2.0]])
    one, two = BlocksOfSize(np.array([[1]]), np.array([[[9.0]]])), BlocksOfSize(np.array([[0, 2]]), V[None])
    known = KnownCovariance((one, two), 3)
    again = known.of_rows(np.array([2, 1, 0]))
    root = again.colored(np.eye(3))
    np.testing.assert_allclose(root @ root.T, [[2, 0, 1], [0, 9, 0], [1, 0, 4]])
    assert known.same_as(known.of_rows(np.arange(3)))
    assert not known.same_as(again)


def test_what_groups_own_regressions_leave_is_that_of_white_rows(model):
    """Least squares of ``L^-1 y`` on ``L^-1`` times a column of Z for every group and X, with L of the dense V."""
    design, projection = model.design, Projection.of(model.design)
    of_groups = (design.Z[:, :, None] * np.eye(design.n_groups)[design.group_codes][:, None]).reshape(design.n_obs, -1)
    white = np.linalg.inv(np.linalg.cholesky(dense(frame())))
    columns, y = white @ np.column_stack([of_groups, design.X]), white @ design.y
    expected = y - columns @ np.linalg.lstsq(columns, y, rcond=1e-10)[0]
    found = projection.residuals(design.y[None, projection.rows.order])[0]
    assert found @ found == pytest.approx(expected @ expected, rel=1e-9)
    squares = projection.rows.sums(found**2)
    np.testing.assert_allclose(squares, np.bincount(design.group_codes, expected**2), rtol=1e-7, atol=1e-12)


@pytest.mark.slow
def test_checks_of_the_whole_fit(fit, tmp_path):
    check = fit.predictive_check(seed=1)
    assert check.table["p"].between(0, 1).all()
    notes = fit.residuals().notes
    assert "normality and variances within groups: of residuals made independent by their known covariances" in notes
    fit.report(tmp_path / "report.html")
    assert "the covariances of the level-1 residuals are known" in (tmp_path / "report.html").read_text("utf-8")


def test_models_with_other_covariances_are_not_compared(model):
    other = hlm.Model(MIXED + COV, frame(diagonal=True).assign(y=frame()["y"]))
    with pytest.raises(hlm.OptionError, match="known"):
        model.ml().compare(other.without("u1").ml())
    with pytest.raises(hlm.OptionError, match="known"):
        model.ml().compare(hlm.Model(MIXED + SD, frame()).without("u1").ml())
    assert model.ml().compare(model.without("u1").ml()) is not None


def test_a_saved_fit_is_read_again(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    again = hlm.load(tmp_path / "fit.nc")
    assert again.model.design.kept_rows.covariance.same_as(fit.model.design.kept_rows.covariance)
    assert again.model.equations() == fit.model.equations()


def test_a_model_file_has_the_line(tmp_path):
    periodontal().to_csv(tmp_path / "trials.csv", index=False)
    text = 'title = "Trials"\ndata = "trials.csv"\nequations = """\n{}\n"""\n'
    (tmp_path / "trials.toml").write_text(text.format(BIVARIATE.replace("; ", "\n")), encoding="utf-8")
    assert hlm.open_model(tmp_path / "trials.toml").reml().log_likelihood == pytest.approx(2.08232978193623, abs=1e-8)


def changed(**columns):
    return frame().assign(**columns)


def entry(group, row, column, value):
    """The data with one entry of a group's matrix changed."""
    data = frame()
    data.loc[data.index[data["group"] == group][row], column] = value
    return data


@pytest.mark.parametrize(
    ("data", "text", "says"),
    [
        (entry(2, 0, "c2", 3.0), COV, "group 2 is not symmetric"),
        (entry(2, 1, "c2", 0.0), COV, "group 2 has the variance 0, which is not above 0"),
        (entry(1, 0, "c2", 1.0), COV, "group 1 has 1 row with all values, but its covariances go on behind column 1"),
        (entry(0, 0, "y", np.nan), COV, "group 0 has 2 rows with all values, but its covariances go on"),
        (frame(), "cov(r) = [c1, c2, c3]", "group 2 has 4 rows, and its covariances have 3 column"),
        (changed(c1="a"), COV, "'c1' are text"),
    ],
)
def test_matrices_that_cannot_be(data, text, says):
    with pytest.raises(hlm.DataError, match=says):
        hlm.Model(MIXED + text, data)


def test_a_contrast_without_error_is_refused():
    data = periodontal().assign(v1=0.01, v2=0.01)
    with pytest.raises(hlm.DataError, match="group 't1' is not positive definite"):
        hlm.Model(BIVARIATE, data)


def test_several_groupings_and_weights_are_refused():
    data = frame().assign(lab=frame()["group"] // 3, weight=np.linspace(1, 2, len(frame())))
    text = "y = b0 + r; b0 = p0 + u0; p0 = g00 + v0; " + COV
    with pytest.raises(hlm.DataError, match="known covariances are those of the rows of one grouping"):
        hlm.Model(text, data, ["group", "lab"])
    with pytest.raises(hlm.OptionError, match="sampling weights are not taken beside known"):
        hlm.Model(MIXED + COV, data, weights={"row": "weight"})
