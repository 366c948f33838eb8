"""Residuals of rows and units of models with several groupings, beside dense matrices."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from groupings_data import big_matrices, crossed_model, growth_model, with_cells
from residual_data import clinic_design, random_posterior

from bayeshlm.checks import joint_units
from bayeshlm.checks.effect_moments import effect_moments
from bayeshlm.checks.joint_rows import joint_moments_of_rows
from bayeshlm.checks.joint_units import JointUnits
from bayeshlm.checks.level1_residuals import level1_residuals
from bayeshlm.checks.level1_variance import level1_variance
from bayeshlm.checks.level2_residuals import grouping_of_level, level2_residuals
from bayeshlm.checks.mahalanobis import distances
from bayeshlm.checks.prediction import linear_predictor
from bayeshlm.checks.response import outcomes
from bayeshlm.design.coefficient_means import coefficient_means
from bayeshlm.design.joint_products import GroupingRows, joint_products
from bayeshlm.design.new_rows import fitted_rows
from bayeshlm.design.predictor import intercept_position
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.prior_draws import prior_draws
from bayeshlm.quantities.group_ols import group_ols

MODELS = {"growth": growth_model, "crossed": crossed_model, "cells": with_cells}


class Dense:
    """Conditional moments of all u at each draw, and at the posterior means, by one matrix of all rows."""

    def __init__(self, posterior):
        self.design = design = posterior.design
        q = len(design.random)
        self.gamma, self.sigma = posterior.flat(posterior.gamma), posterior.flat(posterior.sigma)
        self.G = posterior.G.reshape(-1, q, q)
        self.draws = [self.at(*one) for one in zip(self.gamma, self.G, self.sigma, strict=True)]
        self.point = self.at(self.gamma.mean(axis=0), self.G.mean(axis=0), np.mean(self.sigma**2) ** 0.5)
        sizes = [len(term.labels) * len(term.columns) for term in design.predictor.random]
        self.starts = np.concatenate([[0], np.cumsum(sizes)])

    def at(self, gamma, G, sigma):
        Z, prior = big_matrices(self.design, G)
        V = Z @ prior @ Z.T + sigma**2 * np.eye(self.design.n_obs)
        gain = prior @ Z.T @ np.linalg.inv(V)
        mean = gain @ (self.design.y - self.design.offset - self.design.X @ gamma)
        return Z, mean, prior - gain @ Z @ prior, prior

    def units(self, k, found):
        """Mean (J, q), conditional and prior covariance (J, q, q) of the units of a grouping."""
        _, mean, cov, prior = found
        term, own = self.design.predictor.random[k], slice(self.starts[k], self.starts[k + 1])
        J, q = len(term.labels), len(term.columns)
        blocks = [m[own, own].reshape(J, q, J, q)[np.arange(J), :, np.arange(J)] for m in (cov, prior)]
        return mean[own].reshape(J, q), *blocks


@pytest.fixture(scope="module", params=MODELS)
def posterior(request):
    model = MODELS[request.param]()
    return Draws(prior_draws(model.design, model.priors, 25, np.random.default_rng(4)), model.design)


@pytest.fixture(scope="module")
def dense(posterior):
    return Dense(posterior)


@pytest.mark.slow
def test_every_residual_of_the_rows(posterior, dense):
    found, design = level1_residuals(posterior, prob=0.8), posterior.design
    means = [design.y - design.X @ g - Z @ m for g, (Z, m, _, _) in zip(dense.gamma, dense.draws, strict=True)]
    inside = np.mean([np.diag(Z @ cov @ Z.T) for Z, _, cov, _ in dense.draws], axis=0)
    mean, table = np.mean(means, axis=0), found.table
    np.testing.assert_allclose(table["mean"], mean, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(table["sd"], np.sqrt(np.var(means, axis=0, ddof=1) + inside), rtol=1e-7)
    expected = mean / np.sqrt(np.mean(dense.sigma**2) - inside)
    np.testing.assert_allclose(table["standardized"], expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(table["fitted"] + table["mean"], design.y, rtol=1e-12)
    u = np.concatenate([posterior.u_of(k)[0].reshape(25, -1) for k in range(len(design.groupings))], axis=1)
    r = (design.y - dense.gamma @ design.X.T - u @ dense.draws[0][0].T).T
    np.testing.assert_allclose(table[["lower", "upper"]], np.quantile(r, [0.1, 0.9], axis=1).T, rtol=1e-8, atol=1e-8)
    assert found.normality.skewness == pytest.approx(scipy.stats.skew(r).mean())
    assert found.normality.p_kurtosis == pytest.approx(scipy.stats.kurtosistest(r).pvalue.mean())
    for name, term, codes in zip(design.groupings, design.predictor.random, design.kept_rows.codes, strict=True):
        assert table[name].tolist() == term.labels[codes].tolist() == found.data[name].to_numpy().tolist()


def test_every_residual_of_the_units(posterior, dense):
    for k, name in enumerate(posterior.design.groupings):
        found = level2_residuals(posterior, prob=0.8, grouping=name)
        units = [dense.units(k, draw) for draw in dense.draws]
        means, within = np.array([m for m, _, _ in units]), np.mean([V for _, V, _ in units], axis=0)
        off = means - means.mean(axis=0)
        cov = within + np.einsum("sja,sjb->jab", off, off) / (len(off) - 1)
        tolerance = {"rtol": 1e-7, "atol": 1e-8}
        np.testing.assert_allclose(found.data["mean"], means.mean(axis=0), **tolerance)
        np.testing.assert_allclose(found.data["cov"], cov, **tolerance)
        np.testing.assert_allclose(found.data["sd"], np.sqrt(np.einsum("jaa->ja", cov)), **tolerance)
        m, V, G = dense.units(k, dense.point)
        spread = np.sqrt(np.einsum("jaa->ja", G - V))
        np.testing.assert_allclose(found.data["standardized"], m / spread, rtol=1e-6, atol=1e-8)
        bounds = np.quantile(posterior.u_of(k)[0], [0.1, 0.9], axis=0)
        np.testing.assert_allclose([found.data["lower"], found.data["upper"]], bounds, rtol=1e-9)
        df = JointUnits.of(posterior).rank(k)
        d = np.array([[pinv_distance(*unit) for unit in zip(*draw, df, strict=True)] for draw in units])
        np.testing.assert_allclose(found.distances["distance"], d.mean(axis=0), rtol=1e-6)
        plug_in = [pinv_distance(*unit) for unit in zip(m, V, G, df, strict=True)]
        np.testing.assert_allclose(found.distances["plug_in"], plug_in, rtol=1e-6)
        np.testing.assert_allclose(found.distances["p"], scipy.stats.chi2.sf(d, df).mean(axis=0), rtol=1e-6)
        assert found.distances["n"].sum() == posterior.design.n_obs
        Z, _, _, _ = dense.point
        J, q = m.shape
        columns = Z[:, dense.starts[k] : dense.starts[k + 1]].reshape(-1, J, q)
        assert df.tolist() == [np.linalg.matrix_rank(columns[:, j]) for j in range(J)]
        np.testing.assert_allclose(found.data["ols"], own_estimates(posterior, dense, columns, G[0], df), rtol=1e-5)


def own_estimates(posterior, dense, columns, G, df):
    """Generalized least squares of the effects of each unit, all other effects integrated out."""
    design, sigma2 = posterior.design, np.mean(dense.sigma**2)
    Z, _, _, prior = dense.point
    V = Z @ prior @ Z.T + sigma2 * np.eye(design.n_obs)
    e = design.y - design.X @ dense.gamma.mean(axis=0)
    found = np.full(columns.shape[1:], np.nan)
    for j in np.flatnonzero(df == columns.shape[2]):
        A = columns[:, j]
        weights = np.linalg.solve(V - A @ G @ A.T, A)
        found[j] = np.linalg.solve(weights.T @ A, weights.T @ e)
    return found


def pinv_distance(m, V, G, df):
    values, vectors = np.linalg.eigh(G - V)
    return float(np.sum((vectors.T @ m)[-df:] ** 2 / values[-df:]))


@pytest.mark.parametrize("name", ["random slope", "purely random slope", "nonrandom slope, offset", "independent"])
def test_with_one_grouping_they_are_those_of_one_grouping(name, fake_draws):
    """The same design with its products laid out as those of several groupings."""
    design = clinic_design(name)
    posterior = Draws(random_posterior(design, fake_draws), design)
    intercept = intercept_position(design.random)
    rows = GroupingRows("clinic", design.Z, design.group_codes, design.n_groups, intercept, range(len(design.random)))
    products = joint_products(design.y - design.offset, design.X, [rows], x_intercept=intercept_position(design.fixed))
    units = JointUnits.of(replace(posterior, design=replace(design, products=products)))
    one, other = effect_moments(posterior), units.moments(0)
    for part in ("mean", "cov", "within", "cross", "gamma_cov", "standardized"):
        np.testing.assert_allclose(getattr(other, part), getattr(one, part), rtol=1e-6, atol=1e-9, err_msg=part)
    of_one, of_other = distances(posterior), units.distances(0)
    for part in ("mean", "lower", "upper", "plug_in", "df", "p", "p_chi2"):
        np.testing.assert_allclose(getattr(of_other, part), getattr(of_one, part), rtol=1e-6, err_msg=part)
    fitted = coefficient_means(design, one.gamma)[:, design.random_coefficients]
    ols = units.least_squares(0)
    np.testing.assert_allclose(ols, group_ols(design, one.gamma) - fitted, rtol=1e-6, atol=1e-8)
    assert np.isnan(ols).any() == (len(design.random) == 2)  # a clinic with one patient
    np.testing.assert_allclose(
        joint_moments_of_rows(replace(posterior, design=units.posterior.design))[2],
        np.einsum("ia,iab,ib->i", design.Z, one.within[design.group_codes], design.Z),
        rtol=1e-8,
    )


def test_distances_of_data_of_the_model_are_chi_square():
    """At the parameters that made the data: the mean of p of many units is that of uniform numbers."""
    p = []
    for seed in range(12):
        model = growth_model(seed=seed)
        design = model.design
        draws = Draws(prior_draws(design, model.priors, 1, np.random.default_rng(seed)), design)
        rows, rng = fitted_rows(design), np.random.default_rng(100 + seed)
        u = [np.moveaxis(draws.u_of(k)[0], 2, 0) for k in (0, 1)]
        eta = linear_predictor(rows, draws.gamma[0], u)
        y = outcomes(design.outcome, rows, eta, u, draws.auxiliary[0], rng)[0]
        made = design.changed(rows=replace(design.kept_rows, y=y))
        units = JointUnits.of(replace(draws, design=made))
        p += [units.distances(k).p for k in (0, 1)]
    p = np.concatenate(p)
    assert p.mean() == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / len(p) * 2))  # twice: units of a data set covary
    assert (p < 0.1).mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / len(p) * 2))


def test_few_draws_of_many(posterior, monkeypatch):
    name = posterior.design.groupings[0]
    whole = level2_residuals(posterior, grouping=name)
    monkeypatch.setattr(joint_units, "MOST_MATRICES", 1)
    monkeypatch.setattr(joint_units, "thinned", lambda n, size, most: np.array([0, n - 1]))
    few = level2_residuals(posterior, grouping=name)
    assert few.notes[-1] == "distances from 2 of 25 draws"
    pd.testing.assert_frame_equal(few.table, whole.table)


def test_equal_variance_is_tested_within_the_finest_units():
    design = growth_model().design
    found = level1_variance(design, min_df=1)
    for child, row in found.groups.iterrows():
        of_child = design.frame[design.frame["child"] == child]
        rss = np.polyfit(of_child["time"], of_child["math"], 1, full=True)[1]
        assert row["df"] == 2
        assert row["sd"] == pytest.approx(np.sqrt(rss[0] / 2), rel=1e-9)
    logs = np.log(found.groups["sd"] ** 2)
    assert found.chi2 == pytest.approx(np.sum((logs - logs.mean()) ** 2))  # f / 2 = 1
    crossed = level1_variance(crossed_model().design, min_df=1)
    assert crossed.groups.index.names == ["primary", "secondary"]
    sizes = crossed_model().design.frame.groupby(["primary", "secondary"]).size()
    assert crossed.groups["n"].tolist() == sizes.tolist()
    assert crossed.groups["df"].tolist() == np.maximum(sizes - 2, 0).tolist()


def test_hlms_files_of_three_levels():
    model = growth_model()
    draws = Draws(prior_draws(model.design, model.priors, 25, np.random.default_rng(4)), model.design)
    rows = level1_residuals(draws).hlm_file()
    assert rows.columns.tolist()[:5] == ["L3ID", "L2ID", "L1RESID", "FITVAL", "SIGMA"]
    assert not {"child", "school"} & set(rows.columns)
    children, schools = (level2_residuals(draws, grouping=name) for name in ("child", "school"))
    file = children.hlm_file()
    assert file.columns.tolist()[:8] == ["L3ID", "L2ID", "NJ", "CHIPCT", "MDIST", "LNTOTVAR", "OLSRSVAR", "MDRSVAR"]
    assert file.columns.tolist()[8:] == [
        *("EBp0", "EBp1", "OLp0", "OLp1", "FVp0", "FVp1", "ECp0", "ECp1", "PV0_0", "PV1_0", "PV1_1")
    ]
    assert file["L3ID"].tolist() == np.repeat(np.arange(8), 5).tolist()
    of_school = schools.hlm_file()
    assert of_school.columns.tolist()[:4] == ["L3ID", "NJ", "CHIPCT", "MDIST"]
    around = of_school.set_index("L3ID").loc[file["L3ID"]].reset_index(drop=True)
    np.testing.assert_allclose(file["ECp1"], file["FVp1"] + file["EBp1"] + around["EBb10"])
    female = model.design.frame.groupby("child")["female"].first()
    np.testing.assert_allclose(file["FVp0"], around["FVb00"] + female.to_numpy() * around["FVb01"])
    assert schools.level == 3


def test_what_is_crossed_has_no_file():
    model = crossed_model()
    draws = Draws(prior_draws(model.design, model.priors, 5, np.random.default_rng(4)), model.design)
    for found in (level1_residuals(draws), level2_residuals(draws, grouping="primary")):
        with pytest.raises(OptionError, match="files are of nested groupings, and these are crossed"):
            found.hlm_file()


def test_levels_and_names():
    nested, crossed = growth_model().design, crossed_model().design
    assert [grouping_of_level(nested, level, None) for level in (None, 1, 2, 3)] == [None, None, "child", "school"]
    assert grouping_of_level(nested, 3, "school") == grouping_of_level(nested, None, "school") == "school"
    assert grouping_of_level(crossed, 2, "secondary") == "secondary"
    for design, level, name, said in (
        (crossed, 2, None, "level 2 has the groupings 'primary' and 'secondary': say which"),
        (nested, 4, None, r"level is 1 \(rows\) or 2 \(child\) or 3 \(school\), not 4"),
        (nested, 2, "school", "level=2 is not that of 'school'"),
        (nested, None, "class", "there is no grouping 'class'"),
    ):
        with pytest.raises(OptionError, match=said):
            grouping_of_level(design, level, name)
