import logging

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.errors import DataError, OptionError
from bayeshlm.progress import stage

EQUATIONS = "score = b0 + r\nb0 = g00 + u0"  # the structure of a gallery model, whose code is compiled once
FIT = {"draws": 500, "chains": 2, "progress": False}


@pytest.fixture(scope="module")
def students():
    rng = np.random.default_rng(6)
    school = np.repeat(np.arange(30), 12)
    frame = pd.DataFrame({"school": school, "ses": rng.normal(size=360)})
    truth = 10 + rng.normal(size=30)[school] + 0.5 * frame["ses"] + rng.normal(size=360)
    frame["score"] = truth
    for k in range(1, 4):
        frame[f"PV{k}"] = truth + 0.8 * rng.normal(size=360)
    return frame


@pytest.fixture(scope="module")
def model(students):
    return hlm.Model(EQUATIONS, students, "school", priors={"g00": "Normal(5, 20)"})


@pytest.fixture(scope="module")
def plausible(model, students):
    return hlm.fit_many(model, students, outcomes=["PV1", "PV2", "PV3"], seed=4, **FIT)


def test_each_fit_is_that_of_its_data_under_the_common_priors(plausible, model, students):
    assert list(plausible.fits) == ["PV1", "PV2", "PV3"]
    priors = [fit.model.priors for fit in plausible.fits.values()]
    assert priors[0].texts() == priors[1].texts() == priors[2].texts()
    own = [hlm.Model(EQUATIONS, students.assign(score=students[f"PV{k}"]), "school").priors for k in (1, 2, 3)]
    assert priors[0].sigma.sigma == pytest.approx(np.mean([one.sigma.sigma for one in own]))
    assert priors[0].texts()["g00"] == "Normal(5, 20)"
    assert (
        model.priors.texts() == hlm.Model(EQUATIONS, students, "school", priors={"g00": "Normal(5, 20)"}).priors.texts()
    )
    second = plausible.fits["PV2"]
    np.testing.assert_array_equal(second.model.design.y, students["PV2"])
    alone = hlm.Model.from_design(second.model.design, priors[0]).fit(seed=second.idata.attrs["seed"], **FIT)
    np.testing.assert_array_equal(alone.posterior["gamma"], second.posterior["gamma"])


def test_the_pooled_table_and_the_draws(plausible):
    table = plausible.pooled(prob=0.8)
    draws = plausible.posterior["gamma"].sel(fixed="g00")
    assert draws.sizes == {"dataset": 3, "chain": 2, "draw": 500}
    assert table.loc["g00", "mean"] == pytest.approx(float(draws.mean()))
    assert table.loc["g00", "mixed_lower"] == pytest.approx(float(draws.quantile(0.1)))
    assert table.loc["g00", "lower"] < table.loc["g00", "mixed_lower"]
    assert table.loc["g00", "between"] == pytest.approx(float(draws.mean(("chain", "draw")).var(ddof=1)))
    assert table.attrs["converged"] == plausible.converged
    chains = plausible.idata["posterior"]["tau"]
    assert dict(chains.sizes) == {"chain": 6, "draw": 500, "random": 1}
    text = repr(plausible)
    assert "Pooled over 3 data sets (95% equal-tailed intervals)" in text
    assert "what 3 data sets leave open about their average, (1 + 1/m)" in " ".join(text.split())
    assert "<table" in plausible._repr_html_()


def test_convergence_is_judged_on_each_data_set(plausible, model, students):
    from arviz_stats import rhat

    assert plausible.convergence["converged"].tolist() == [f.convergence.converged for f in plausible.fits.values()]
    assert (plausible.convergence["max_r_hat"] < 1.05).all()
    apart = {"low": students, "high": students.assign(score=students["score"] + 3)}
    fits = hlm.fit_many(model, apart, seed=1, **FIT)
    assert (fits.convergence["max_r_hat"] < 1.05).all()
    assert float(rhat(fits.idata, var_names=["gamma"])["gamma"].sel(fixed="g00")) > 1.3  # the mixture's, not looked at
    few = hlm.fit_many(model, apart, seed=1, draws=20, chains=2, progress=False)
    assert not few.converged
    assert "did not converge on 2 of the 2 data sets" in repr(few)


@pytest.mark.slow
def test_identical_data_sets_miss_nothing(model, students):
    fits = hlm.fit_many(model, [students] * 4, seed=2, **FIT)
    assert list(fits.fits) == ["1", "2", "3", "4"]
    table = fits.pooled()
    # all that is between is Monte Carlo error, of 1000 draws with an effective size of at least 250
    assert (table["between"] < table["within"] * scale_of_noise(4) / 250).all()
    df = 30 / 32 * 29  # of complete data: fmi is 2 / (df + 3) where nothing is missing
    assert (table["fmi"] < 2 / (df + 3) + 0.05).all()
    single = fits.fits["1"].fixed_effects()["mean"]
    assert table.loc["g00", "mean"] == pytest.approx(single["g00"], abs=0.2 * table.loc["g00", "sd"])
    assert len({fit.idata.attrs["seed"] for fit in fits.fits.values()}) == 4


def scale_of_noise(m):
    """The 99.99th percentile of a variance of m independent errors, in units of their variance."""
    import scipy.stats

    return scipy.stats.chi2.isf(1e-4, m - 1) / (m - 1)


def test_a_saved_fit_keeps_the_common_priors(plausible, tmp_path):
    fit = plausible.fits["PV1"]
    fit.save(tmp_path / "fit.nc")
    loaded = hlm.load(tmp_path / "fit.nc").model.priors
    assert loaded.texts() == fit.model.priors.texts()
    np.testing.assert_array_equal(loaded.basis, fit.model.priors.basis)
    assert loaded.typed == {"g00"}


def test_the_second_data_set_is_not_compiled_again(plausible):
    """The first fit of a structure builds and caches the code, in a minute; the others take under a second."""
    seconds = [float(fit.idata.attrs["compile_seconds"]) for fit in plausible.fits.values()]
    assert max(seconds[1:]) < 20


def test_data_that_do_not_fit(model, students):
    with pytest.raises(OptionError, match="model must be a Model"):
        hlm.fit_many(EQUATIONS, [students, students])
    with pytest.raises(OptionError, match="at least 2 data sets, not 1"):
        hlm.fit_many(model, [students])
    with pytest.raises(OptionError, match="One data frame is one data set"):
        hlm.fit_many(model, students)
    with pytest.raises(OptionError, match="give one data frame"):
        hlm.fit_many(model, [students, students], outcomes=["PV1", "PV2"])
    with pytest.raises(OptionError, match="outcomes is a list"):
        hlm.fit_many(model, students, outcomes="PV1")
    with pytest.raises(DataError, match="no column 'PV9'"):
        hlm.fit_many(model, students, outcomes=["PV1", "PV9"])
    with pytest.raises(OptionError, match="same name"):
        hlm.fit_many(model, students, outcomes=["PV1", "PV1"])
    with pytest.raises(DataError, match="Data set 2 must be a pandas DataFrame"):
        hlm.fit_many(model, [students, "b.csv"])
    with pytest.raises(DataError, match=r"Data set second: .*score"):
        hlm.fit_many(model, {"first": students, "second": students.drop(columns="score")})


def test_every_fit_says_which_of_how_many_it_is(model, students, monkeypatch, caplog):
    def fit(self, **options):
        with stage("Fitting", False):
            return self

    monkeypatch.setattr(hlm.Model, "fit", fit)
    with caplog.at_level(logging.INFO):
        hlm.fit_many(model, students, outcomes=["PV1", "PV2", "PV3"])
    assert [text for text in caplog.messages if "Fitting" in text] == [f"{k} of 3: Fitting" for k in (1, 2, 3)]
