"""`bayeshlm fit --reml` and `Fit.cross_check`, on draws that no sampler made."""

import json

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.checks.cross_check import CrossCheck
from bayeshlm.commands.cli import DONE, NOT_CONVERGED, WRONG_INPUT, main
from bayeshlm.faces.fit import Fit
from bayeshlm.faces.model import Model

NULL, SLOPES = "hsb-one-way-anova", "hsb-slopes-as-outcomes-full"


@pytest.fixture
def unsampled(monkeypatch, fake_draws):
    """Every fit has independent draws around simple values; the list of the models that were fitted."""
    from bayeshlm.sampling.convert import to_datatree
    from bayeshlm.sampling.options import sampling_options

    fitted = []

    def fit(self, draws=1000, tune=None, chains=4, seed=None, target_accept=None, progress=None, sampler="auto"):
        fitted.append(self)
        options = sampling_options(draws=draws, tune=tune, chains=chains, seed=1)
        return Fit(self, to_datatree(fake_draws(self.design, chains, draws), self.design, self.priors, options))

    monkeypatch.setattr(Model, "fit", fit)
    return fitted


def test_a_fit_gives_its_cross_check(unsampled):
    fit = hlm.open_model(NULL).fit()
    check = fit.cross_check()
    assert isinstance(check, CrossCheck)
    assert check is fit.cross_check()
    assert not check.agrees
    assert check.table.loc[("gamma", "g00"), "estimate"] == pytest.approx(12.637, abs=1e-3)
    assert check.groups.index.names == ["school", "coefficient"]
    assert "Posterior beside REML" in repr(check)
    assert "<table " in check._repr_html_()


@pytest.mark.parametrize("flags", [[], ["--reml"]])
def test_reml_stands_below_the_tables_when_asked_for(unsampled, capsys, flags):
    assert main(["fit", NULL, *flags]) == DONE
    text = capsys.readouterr().out
    assert ("Posterior beside REML" in text) == bool(flags)
    if flags:
        assert text.index("Variance components") < text.index("Posterior beside REML")


@pytest.mark.slow
def test_the_summary_has_reml_when_asked_for(unsampled, tmp_path, gallery_case, reference_case):
    assert main(["fit", SLOPES, "--quiet", "--out", str(tmp_path / "without")]) == DONE
    assert main(["fit", SLOPES, "--quiet", "--reml", "--out", str(tmp_path / "with")]) == DONE
    without, summary = (
        json.loads((tmp_path / name / "summary.json").read_text(encoding="utf-8")) for name in ("without", "with")
    )
    assert "reml" not in without
    reml = summary.pop("reml")
    assert summary == without
    keys = "fixed_effects tau corr sigma criterion log_likelihood aic bic singular cross_check"
    assert set(keys.split()) <= set(reml)
    assert list(reml["fixed_effects"]) == ["g00", "g01", "g02", "g10", "g11", "g12"]
    assert {"estimate", "se", "df", "t", "p"} <= set(reml["fixed_effects"]["g00"])

    case = gallery_case(SLOPES)
    lme4 = reference_case(case["case"])["values"]
    names = {"estimate": "estimate", "se": "se", "df": "satterthwaite_df", "t": "t", "p": "satterthwaite_p"}
    for column, theirs in names.items():
        values = dict(zip(lme4["fixed"]["names"], lme4["fixed"][theirs], strict=True))
        for symbol, term in case["fixed"].items():
            assert reml["fixed_effects"][symbol][column] == pytest.approx(values[term], rel=1e-4, abs=1e-12)
    assert list(reml["tau"]) == ["u0", "u1"]
    assert list(reml["corr"]) == ["u0,u1"]
    assert [*reml["tau"].values(), *reml["corr"].values()] == pytest.approx([1.54256, 0.318297, 0.391135], rel=1e-4)
    assert reml["sigma"] == pytest.approx(6.059798, rel=1e-6)
    assert reml["log_likelihood"] == -reml["criterion"] / 2
    assert reml["singular"] is False
    assert reml["cross_check"]["agrees"] is False
    assert "differ" in reml["cross_check"]["verdict"]
    assert len(reml["cross_check"]["reasons"]) > 1


def test_few_draws_fail_the_verdict_and_still_have_reml(unsampled, capsys):
    assert main(["fit", NULL, "--reml", "--draws", "10"]) == NOT_CONVERGED
    printed = capsys.readouterr()
    assert "the sampler has not converged" in " ".join(printed.out.split())
    assert "not converged" in printed.err


def test_data_that_reml_cannot_fit_are_refused_before_sampling(unsampled, tmp_path, capsys):
    x = np.arange(24.0)
    pd.DataFrame({"site": np.repeat(np.arange(6), 4), "x": x, "y": 1 + 2 * x}).to_csv(tmp_path / "d.csv", index=False)
    text = 'title = "t"\nsource = "s"\ndata = "d.csv"\ngroup = "site"\n'
    text += 'equations = """\ny = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10\n"""\n'
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    assert main(["fit", str(tmp_path / "m.toml"), "--reml"]) == WRONG_INPUT
    assert unsampled == []
    assert capsys.readouterr().err.startswith("bayeshlm: ")
