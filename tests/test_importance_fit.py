"""Fits by importance sampling: agreement with NUTS, what is printed and kept, and NUTS in its place."""

import json

import numpy as np
import pandas as pd
import pytest
from gallery_models import NORMAL
from scipy import stats

import bayeshlm as hlm
from bayeshlm.commands.cli import main
from bayeshlm.display.report.methods_text import methods_section
from bayeshlm.display.report.reproduce import reproduce_section
from bayeshlm.display.report.result_sections import convergence_section
from bayeshlm.display.report.subject import Subject
from bayeshlm.faces.gallery import read_model_file
from bayeshlm.fitted import FittedModel
from bayeshlm.quantities.diagnostics import diagnose
from bayeshlm.sampling import certificate, importance, nuts
from bayeshlm.sampling.convert import parameters_tree
from bayeshlm.sampling.layout import plain_layout
from bayeshlm.sampling.marginal_target import marginal_target
from bayeshlm.sampling.options import sampling_options

QUICK = ("hsb-random-coefficients", "lee-bryk-slopes-as-outcomes")


def fitted_of(fit):
    return FittedModel(fit.model.design, fit.model.priors, fit.idata)


@pytest.fixture(scope="module")
def fit():
    return hlm.open_model(QUICK[0]).fit(seed=1, sampler="importance", progress=False)


@pytest.fixture(scope="module")
def by_nuts():
    return hlm.open_model(QUICK[0]).fit(seed=1, sampler="nutpie", progress=False)


def agree(one, other):
    """Means and mean squares within 4 joint Monte Carlo errors, over gamma, tau, sigma and the correlations."""
    draws = [fitted_of(fit).draws.scalars() for fit in (one, other)]
    center = draws[1].mean(axis=(1, 2), keepdims=True)
    for f in (lambda x: x, np.square):
        values = [f(x - center) for x in draws]
        errors = [diagnose(x)[3] for x in values]
        difference = values[0].mean(axis=(1, 2)) - values[1].mean(axis=(1, 2))
        assert (abs(difference) < 4 * np.hypot(*errors)).all(), difference / np.hypot(*errors)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NORMAL]
)
def test_the_gallery_agrees_with_nuts(name):
    model = hlm.open_model(name)
    fits = [model.fit(seed=3, sampler=sampler, progress=False) for sampler in ("importance", "nutpie")]
    verdict = fits[0].convergence
    assert verdict.by_importance
    assert verdict.converged
    assert max(verdict.certificate.pareto_k[-2:]) < 0.5
    agree(*fits)


@pytest.mark.slow
def test_an_sd_near_zero_has_no_bias_and_errors_that_are_not_understated():
    """40 seeds against a long run: a proposal too narrow towards tau = 0 puts the mean z of tau several errors off."""
    model = hlm.open_model(QUICK[0])

    def scalars(draws, seed, sampler):
        options = sampling_options(draws=draws, seed=seed, sampler=sampler, progress=False)
        raw = nuts.run_nuts(model.design, model.priors, options)
        tree = parameters_tree(raw, model.design, model.priors, options)
        return FittedModel(model.design, model.priors, tree).draws.scalars()

    long = scalars(50_000, 99, "nutpie")
    mean, error = long.mean(axis=(1, 2)), diagnose(long)[3]
    z = []
    for seed in range(40):
        draws = scalars(1000, seed, "importance")
        z.append((draws.mean(axis=(1, 2)) - mean) / np.hypot(diagnose(draws)[3], error))
    assert (abs(np.mean(z, axis=0)) < 4 / np.sqrt(40)).all()
    assert (np.mean(np.square(z), axis=0) < stats.chi2.ppf(1 - 1e-3, 40) / 40).all()


def test_groups_have_the_same_posterior(fit):
    by_nuts = fit.model.fit(seed=2, sampler="nutpie", progress=False)  # u of the same seed would have the same normals
    values = [
        f.posterior["beta"].transpose("school", "coefficient", "chain", "draw").to_numpy() for f in (fit, by_nuts)
    ]
    flat = [v.reshape(-1, *v.shape[2:]) for v in values]
    z = (flat[0].mean(axis=(1, 2)) - flat[1].mean(axis=(1, 2))) / np.hypot(*(diagnose(v)[3] for v in flat))
    assert abs(np.square(z).mean() - 1) < 4 * np.sqrt(2 / 160)  # 320 coefficients, in pairs


def test_what_is_printed_speaks_of_pareto_k(fit):
    certificate = fit.convergence.certificate
    text = " ".join(repr(fit).split())
    rounds = len(certificate.shift)
    assert f"Importance sampling: 4,000 draws from the last 2 of {rounds} rounds of 4,000 points, seed 1" in text
    k = [f"{value:z.2f}" for value in certificate.pareto_k[-2:]]
    assert f"Converged: Pareto k {k[0]} and {k[1]} in the last two rounds" in text
    assert "diverged" not in text
    assert "chains" not in text
    assert "NUTS" not in text


def test_a_fit_that_was_saved_has_its_certificate(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    read = hlm.load(tmp_path / "fit.nc")
    assert read.convergence == fit.convergence
    assert fitted_of(read).options.sampler == "importance"
    assert repr(read) == repr(fit)
    np.testing.assert_array_equal(read.posterior["u"], fit.posterior["u"])


def test_the_same_seed_gives_the_same_draws(fit):
    again = fit.model.fit(seed=1, sampler="importance", progress=False)
    for name in ("gamma", "tau", "corr", "sigma", "u"):
        np.testing.assert_array_equal(again.posterior[name], fit.posterior[name])


@pytest.mark.slow
def test_without_its_certificate_nuts_runs_and_the_fit_says_so(by_nuts, monkeypatch, tmp_path):
    monkeypatch.setattr(importance, "MAX_ROUNDS", 2)
    monkeypatch.setattr(certificate, "MAX_K", -9.0)
    model = by_nuts.model
    fit = model.fit(seed=1, sampler="importance", progress=False)
    assert not fit.convergence.by_importance
    np.testing.assert_array_equal(fit.posterior["gamma"], by_nuts.posterior["gamma"])
    text = " ".join(repr(fit).split())
    assert "NUTS (nutpie): 4 chains of 1000 draws" in text
    k = [f"{value:z.2f}" for value in fit.convergence.certificate.pareto_k]
    assert f"NUTS ran in place of importance sampling, which did not hold after 2 rounds: Pareto k {k[0]} and" in text
    fit.save(tmp_path / "fit.nc")
    assert repr(hlm.load(tmp_path / "fit.nc")) == repr(fit)


def test_unasked_it_runs_where_a_gradient_is_dear(fit, by_nuts, monkeypatch):
    unasked = fit.model.fit(seed=1, progress=False)
    np.testing.assert_array_equal(unasked.posterior["gamma"], by_nuts.posterior["gamma"])
    assert unasked.convergence.certificate is None
    monkeypatch.setattr(nuts, "BUSY_MS", 0.0)
    dear = fit.model.fit(seed=1, progress=False)
    np.testing.assert_array_equal(dear.posterior["gamma"], fit.posterior["gamma"])
    assert "Importance sampling, chosen because a gradient takes 0.0 ms: 4,000 draws" in " ".join(repr(dear).split())


@pytest.fixture(scope="module")
def many_groups():
    """A model of 16,000 groups, whose importance sampling nobody asks for."""
    rng = np.random.default_rng(4)
    codes = np.repeat(np.arange(16_000), 4)
    x, u = rng.normal(size=64_000), rng.normal(size=(16_000, 2)) * [1.0, 0.5]
    y = 1 + u[codes, 0] + (0.3 + u[codes, 1]) * x + rng.normal(size=64_000)
    frame = pd.DataFrame({"ward": codes, "x": x, "y": y})
    return hlm.Model("y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10 + u1", frame, "ward")


@pytest.mark.slow
def test_unasked_it_runs_where_there_are_many_groups(many_groups):
    fit, by_nuts = (many_groups.fit(seed=1, sampler=sampler, progress=False) for sampler in ("auto", "nutpie"))
    assert fit.convergence.by_importance
    assert "Importance sampling, chosen because a gradient takes" in " ".join(repr(fit).split())
    agree(fit, by_nuts)


@pytest.mark.slow
@pytest.mark.parametrize(("n_groups", "n_random", "busy"), [(15_000, 2, False), (15_001, 1, True), (1501, 3, True)])
def test_work_is_the_groups_and_ten_times_them_past_two_effects(n_groups, n_random, busy):
    codes, rng = np.repeat(np.arange(n_groups), 2), np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(len(codes), 3)), columns=["y", "x", "z"]).assign(ward=codes)
    lines = "b0 = g00 + u0", "b1 = g10 + u1", "b2 = g20 + u2"
    terms = "", " + b1*x", " + b2*z"
    equations = "\n".join([f"y = b0{''.join(terms[:n_random])} + r", *lines[:n_random]])
    model = hlm.Model(equations, frame, "ward")
    layout = plain_layout(model.design, model.priors)
    assert (marginal_target(model.design, model.priors, layout).work > importance.BUSY_WORK) is busy


def test_a_refit_is_sampled_and_certified_as_the_fit(fit, by_nuts):
    rows = fit.model.design.group_codes != 3
    refit, of_nuts = (fitted_of(f).refit(rows=rows, seed=5) for f in (fit, by_nuts))
    assert "pareto_k" in refit.sample_stats.attrs
    assert "diverging" not in refit.sample_stats
    assert "diverging" in of_nuts.sample_stats
    draws = [f.draws.scalars() for f in (refit, of_nuts)]
    errors = np.hypot(*(diagnose(x)[3] for x in draws))
    assert (abs(draws[0].mean(axis=(1, 2)) - draws[1].mean(axis=(1, 2))) < 4 * errors).all()


def test_one_chain_is_enough(fit):
    single = fit.model.fit(draws=2000, chains=1, seed=1, sampler="importance", progress=False)
    assert single.convergence.converged
    assert single.convergence.reasons == ()


def test_explicit_effects_are_too_many(fit):
    with pytest.raises(hlm.OptionError, match="with 'centered' leave sampler out"):
        fit.model.fit(sampler="importance", parameterization="centered")


def test_the_report_names_the_method(fit):
    subject = Subject(fitted_of(fit), data="hsb")
    text = "".join(section(subject) for section in (convergence_section, methods_section, reproduce_section))
    assert "by adaptive importance sampling (Cappé et al., 2008)" in text
    assert "Judged by Pareto k of the weights below 0.5 in two successive rounds" in text
    assert "--sampler importance --report" in text
    assert "No-U-Turn" not in text


@pytest.mark.slow
@pytest.mark.parametrize("where", ["file", "option"])
def test_the_command_line_takes_it_from_the_option_or_the_file(where, tmp_path, capsys):
    file = read_model_file(QUICK[0])
    line = 'sampler = "importance"' if where == "file" else ""
    text = f'dataset = "hsb"\ngroup = "school"\n{line}\nequations = """{file.equations}"""\n'
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    option = ["--sampler", "importance"] if where == "option" else []
    assert main(["fit", str(tmp_path / "m.toml"), "--seed", "1", *option, "--out", str(tmp_path / "out")]) == 0
    assert "Importance sampling: 4,000 draws" in capsys.readouterr().out
    sampling = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["sampling"]
    assert sampling["sampler"] == "importance"
    assert sampling["divergences"] is None
    assert sampling["importance"]["holds"] is True
    assert sampling["converged"] is True


def test_a_sampler_that_a_file_does_not_name_right_is_refused(tmp_path, capsys):
    file = read_model_file(QUICK[0])
    text = f'dataset = "hsb"\ngroup = "school"\nsampler = "gibbs"\nequations = """{file.equations}"""\n'
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    assert main(["fit", str(tmp_path / "m.toml")]) == 2
    assert "not 'gibbs'" in capsys.readouterr().err


def test_many_fits_show_pareto_k(fit):
    frame = fit.model.design.frame
    many = hlm.fit_many(fit.model, [frame, frame], seed=1, sampler="importance", progress=False)
    assert many.converged
    assert (many.convergence["pareto_k"] < 0.5).all()
