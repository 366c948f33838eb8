"""The cross-check of several groupings: standard errors by numerical derivatives, units by dense matrices."""

import numpy as np
import pandas as pd
import pytest
from exact_posterior import GOOD

import bayeshlm as hlm
from bayeshlm.checks.cross_check import cross_check
from bayeshlm.checks.reml_components import components, draws_of_components, shares_of_groupings
from bayeshlm.display.shown_cross_check import ShownCrossCheck
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import make_priors
from bayeshlm.reml.empirical_bayes import coefficient_sds
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.satterthwaite import satterthwaite

NESTED = """
math = p0 + p1*time + e
p0 = b00 + r0
p1 = b10 + r1
b00 = g000 + g001*size + u00
b10 = g100
"""
CROSSED = """
math = b0 + b1*time + e
b0 = g00 + g01*size + u0[child] + v0[rater]
b1 = g10 + u1[child]
"""


def rows(n_schools=12, seed=3):
    rng = np.random.default_rng(seed)
    child = np.repeat(np.arange(5 * n_schools), 4)
    school, time = child // 5, np.tile(np.arange(4) - 1.5, 5 * n_schools)
    rater, size = rng.integers(0, 6, len(child)), rng.normal(size=n_schools)[school]
    own, theirs = rng.normal(size=(5 * n_schools, 2))[child], rng.normal(size=n_schools)[school]
    math = 10 + size + own[:, 0] + theirs + time * (1 + 0.6 * own[:, 1]) + rng.normal(0, 0.7, 6)[rater]
    math += rng.normal(size=len(child))
    return pd.DataFrame({"child": child, "school": school, "rater": rater, "time": time, "size": size, "math": math})


def design_of(equations):
    return hlm.Model(equations, rows(), ["child", "school"] if equations == NESTED else None).design


@pytest.mark.slow
@pytest.mark.parametrize("equations", [NESTED, CROSSED])
def test_standard_errors_of_shares_by_numerical_derivatives(equations):
    """The delta method's gradient in (theta, sigma), here by differences of the shares themselves."""
    design = design_of(equations)
    reml = fit_reml(design)
    deviance, S = reml.deviance_function, reml.deviance_function.scaled.z_transform
    z = design.Z

    def shares(phi):
        root = phi[-1] * S @ deviance.pattern.factor(phi[:-1])
        parts = []
        for k in range(len(design.groupings)):
            own = design.predictor.effects_of(k)
            parts.append(((z[:, own] @ root[own]) ** 2).sum() / len(z))
        total = sum(parts) + phi[-1] ** 2
        return np.array([sum(parts[k] for k in together) / total for _, _, together in shares_of_groupings(design)])

    phi = np.append(reml.optimum.theta, reml.sigma)
    h = 1e-5 * np.maximum(abs(phi), 0.1)
    J = np.array([(shares(phi + s) - shares(phi - s)) / (2 * step) for s, step in zip(np.diag(h), h, strict=True)])
    expected = np.sqrt(np.diag(J.T @ satterthwaite(reml).parameter_vcov @ J))
    found = [row for row in components(reml, design) if row.component in ("share", "icc")]
    np.testing.assert_allclose([row.estimate for row in found], shares(phi), rtol=1e-9)
    np.testing.assert_allclose([row.se for row in found], expected, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("equations", [NESTED, CROSSED])
def test_conditional_sds_of_coefficients_by_dense_matrices(equations):
    design = design_of(equations)
    reml, kept = fit_reml(design), design.kept_rows
    columns, groups = [], []
    for k, term in enumerate(design.predictor.random):
        own = design.predictor.effects_of(k)
        for j in range(len(term.labels)):
            columns.append(kept.Z[k] * (kept.codes[k] == j)[:, None])
            groups.append(reml.G[own, own])
    start = np.cumsum([0, *(len(term.labels) * len(term.columns) for term in design.predictor.random)])
    Z = np.hstack(columns)
    G = np.zeros((Z.shape[1],) * 2)
    at = 0
    for one in groups:
        G[at : at + len(one), at : at + len(one)] = one
        at += len(one)
    V = reml.sigma**2 * np.eye(len(Z)) + Z @ G @ Z.T
    conditional = G - G @ Z.T @ np.linalg.solve(V, Z @ G)
    for k, equations_of in enumerate(design.equations):
        C = np.zeros((*equations_of.W.shape[:1], len(equations_of.coefficients), Z.shape[1]))
        for m in range(len(design.groupings)):
            own = design.predictor.effects_of(m)
            for local, r in enumerate(range(own.start, own.stop)):
                c = equations_of.random_coefficient[r]
                if c >= 0:
                    places = start[m] + equations_of.units[:, r] * (own.stop - own.start) + local
                    C[np.arange(len(C)), c, places] = equations_of.V[:, r]
        expected = np.sqrt(np.einsum("jcn,nm,jcm->jc", C, conditional, C))
        np.testing.assert_allclose(coefficient_sds(design, reml, k), expected, rtol=1e-7, atol=1e-12)


@pytest.fixture(scope="module")
def fit():
    return hlm.Model(NESTED, rows(40), ["child", "school"]).fit(draws=1000, seed=1, progress=False)


@pytest.mark.slow
def test_every_row_of_the_posterior_beside_reml(fit):
    checked, reml = fit.cross_check(), fit.model.reml()
    assert checked.table.index.tolist() == [
        *(("gamma", label) for label in ("g000", "g001", "g100")),
        *(("tau", label) for label in ("r0", "r1", "u00")),
        ("corr", "r0,r1"),
        ("sigma", ""),
        *(("share", name) for name in ("child", "school")),
        ("icc", "child"),
        *(
            ("beta", f"{label}, {row}")
            for label in ("child p0", "child p1", "school b00")
            for row in ("largest", "root mean square")
        ),
    ]
    assert checked.agrees, checked.reasons
    table, shares = checked.table, reml.icc()
    assert table.loc[("icc", "child"), "estimate"] == pytest.approx(shares["icc[child]"], rel=1e-10)
    assert table.loc[("share", "school"), "mean"] == pytest.approx(fit.icc().table.loc["share[school]", "mean"])
    assert checked.groups.index.names == ["grouping", "unit", "coefficient"]
    assert len(checked.groups) == 200 * 2 + 40
    row = checked.groups.loc[("school", 3, "b00")]
    assert row["estimate"] == pytest.approx(reml.group_coefficients("school").loc[(3, "b00"), "estimate"], rel=1e-12)
    assert row["mean"] == pytest.approx(fit.group_coefficients(grouping="school").loc[(3, "b00"), "mean"], rel=1e-12)
    assert row["difference"] == pytest.approx((row["mean"] - row["estimate"]) / row["se"])


@pytest.mark.slow
def test_a_unit_that_is_elsewhere_is_named(fit):
    design = fit.model.design
    reml = fit_reml(design)
    data = fit.posterior.copy(deep=True)
    sd = coefficient_sds(design, reml, 0)[7, 1]
    data["beta_child"][:, :, 7, 1] += 3 * sd
    checked = cross_check(Draws(data, design), make_priors(design, None), reml, GOOD)
    assert (checked.groups["verdict"] == "differs").sum() == 1
    largest = checked.table.loc[("beta", "child p1, largest")]
    assert (largest["group"], largest["verdict"]) == (7, "differs")
    assert checked.reasons[0].startswith("child p1, largest (7), differs (+3.")
    text = str(ShownCrossCheck.of(checked))
    assert "child p1, largest (7)" in text
    assert "share[school]" in text
    assert "ICC[child]" in text


@pytest.mark.slow
def test_reasons_spell_parameters_as_they_are_shown(fit):
    tight = hlm.Model(NESTED, rows(40), ["child", "school"], priors={"tau_u00": "HalfNormal(0.05)"})
    checked = tight.fit(draws=1000, seed=1, progress=False).cross_check()
    assert "prior tau_u00" in checked.table.loc[("tau", "u00"), "causes"]
    assert any(reason.startswith("tau[u00], differs") for reason in checked.reasons)
    assert any(reason.startswith("share[school], differs") for reason in checked.reasons)


@pytest.mark.slow
def test_draws_are_in_the_order_of_the_estimates(fit):
    summary, draws = draws_of_components(Draws(fit.posterior, fit.model.design))
    found = components(fit_reml(fit.model.design), fit.model.design)
    assert len(found) == len(draws) == len(summary)
    for row, values in zip(found, draws, strict=True):
        assert abs(values.mean() - row.estimate) < 3 * row.se, row.name


@pytest.mark.slow
def test_importance_sampling_beside_nuts(fit):
    checked = fit.cross_check(importance=True)
    assert checked.importance.agrees, checked.importance.verdict
    assert checked.agrees
    assert fit.cross_check().importance is None
    text = repr(checked)
    assert "NUTS beside importance sampling" in text
    assert checked.importance.verdict[:40] in text.replace("\n", " ")
    assert list(checked.importance.table.index[-2:]) == [("sigma", ""), ("corr", "r0,r1")]
