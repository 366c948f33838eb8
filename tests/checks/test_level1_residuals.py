import numpy as np
import pandas as pd
import pytest
import scipy.stats
from residual_data import EQUATIONS, clinic_design, clinics, dense, parameter_draws, random_posterior

from bayeshlm.checks import effect_moments
from bayeshlm.checks.level1_residuals import level1_residuals
from bayeshlm.checks.residual_shape import kurtosis_score, normality, skewness_score
from bayeshlm.errors import OptionError
from bayeshlm.likelihood.coefficient_draws import regenerated
from bayeshlm.parameters.draws import Draws


@pytest.mark.parametrize("name", EQUATIONS)
def test_every_residual_equals_dense_matrices(name, fake_draws):
    design = clinic_design(name)
    posterior = random_posterior(design, fake_draws)
    found = level1_residuals(Draws(posterior, design))
    means, conditional, left = [], [], []
    for gamma, G, sigma in zip(*parameter_draws(posterior), strict=True):
        Z, u, cov, _ = dense(design, gamma, G, sigma)
        means.append(design.y - design.offset - design.X @ gamma - Z @ u)
        conditional.append(np.diag(Z @ cov @ Z.T))
        left.append(sigma**2 - conditional[-1])
    mean = np.mean(means, axis=0)
    variance = np.mean(conditional, axis=0) + np.var(means, axis=0, ddof=1)
    table = found.table
    np.testing.assert_allclose(table["mean"], mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(table["sd"], np.sqrt(variance), rtol=1e-8)
    np.testing.assert_allclose(table["standardized"], mean / np.sqrt(np.mean(left, axis=0)), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(table["fitted"] + table["mean"], design.y)
    assert table.index.tolist() == clinics().index.tolist()
    assert table["clinic"].tolist() == clinics()["clinic"].tolist()
    np.testing.assert_array_equal(found.data["sd"], table["sd"])
    assert found.sigma == pytest.approx(float(posterior["sigma"].mean()))


@pytest.mark.parametrize("kept", [True, False])
def test_intervals_and_shape_come_from_draws_of_the_errors(kept, fake_draws):
    design = clinic_design("random slope")
    posterior = random_posterior(design, fake_draws)
    u = regenerated(Draws(posterior, design), np.arange(design.n_groups))["u"]
    if kept:
        u = u * 1.1  # draws of its own, which must be used
        posterior["u"] = u
    gamma = parameter_draws(posterior)[0]
    of_row = u.to_numpy().reshape(-1, *u.shape[2:])[:, design.group_codes]
    r = (design.y - gamma @ design.X.T - np.einsum("siq,iq->si", of_row, design.Z)).T
    found = level1_residuals(Draws(posterior, design), prob=0.8)
    np.testing.assert_allclose(found.table[["lower", "upper"]], np.quantile(r, [0.1, 0.9], axis=1).T)
    assert found.table.attrs == {"ci_kind": "eti", "ci_prob": 0.8}
    assert found.normality.skewness == pytest.approx(scipy.stats.skew(r).mean())
    assert found.normality.kurtosis == pytest.approx(scipy.stats.kurtosis(r, fisher=False).mean())
    assert found.normality.p_kurtosis == pytest.approx(scipy.stats.kurtosistest(r).pvalue.mean())
    assert found.normality.p_skewness == pytest.approx(scipy.stats.skewtest(r).pvalue.mean())


def test_many_rows_take_fewer_draws(fake_draws, monkeypatch):
    design = clinic_design("random slope")
    posterior = random_posterior(design, fake_draws, draws=300)
    whole = level1_residuals(Draws(posterior, design))
    monkeypatch.setattr(effect_moments, "MOST_NUMBERS", 10)
    few = level1_residuals(Draws(posterior, design))
    assert few.normality.n_draws == 200
    assert "200 of 600 draws" in few.notes[-1]
    assert not any("of 600 draws" in note for note in whole.notes)
    pd.testing.assert_frame_equal(
        few.table.drop(columns=["lower", "upper"]), whole.table.drop(columns=["lower", "upper"])
    )
    assert (few.table["lower"] < few.table["mean"]).all()


def test_scores_are_those_of_scipy():
    x = np.random.default_rng(2).standard_t(4, size=60)
    assert skewness_score(scipy.stats.skew(x), 60) == pytest.approx(scipy.stats.skewtest(x).statistic)
    assert kurtosis_score(scipy.stats.kurtosis(x, fisher=False), 60) == pytest.approx(
        scipy.stats.kurtosistest(x).statistic
    )
    sums = np.array([np.sum(x[:19] ** k) for k in range(1, 5)])[:, None]
    assert np.isnan(normality(sums, 19).p_kurtosis)


def test_the_columns_of_hlms_file(fake_draws):
    design = clinic_design("random slope")
    found = level1_residuals(Draws(random_posterior(design, fake_draws), design))
    file = found.hlm_file()
    assert file.columns.tolist() == ["L2ID", "L1RESID", "FITVAL", "SIGMA", "pain", "dose", "urban"]
    np.testing.assert_allclose(file["L1RESID"] + file["FITVAL"], file["pain"])
    assert set(file["SIGMA"]) == {found.sigma}


def test_wrong_options(fake_draws):
    design = clinic_design("no intercept")
    posterior = random_posterior(design, fake_draws)
    for options in ({"prob": 1.2}, {"kind": "std"}, {"min_df": 0}, {"min_df": 2.5}):
        with pytest.raises(OptionError):
            level1_residuals(Draws(posterior, design), **options)
