"""``bayeshlm reml``: what it prints, writes and returns."""

import json

import pytest

import bayeshlm as hlm
from bayeshlm.commands.cli import DONE, NOT_CONVERGED, WRONG_INPUT, main
from bayeshlm.reml.labelled_estimate import LabelledEstimate

NULL = "hsb-one-way-anova"


def test_prints_the_summary(capsys):
    assert main(["reml", NULL]) == DONE
    assert capsys.readouterr().out == f"{hlm.open_model(NULL).reml()}\n"


def test_maximum_likelihood(capsys):
    assert main(["reml", NULL, "--ml"]) == DONE
    assert "fitted by ML" in capsys.readouterr().out


def test_other_data(tmp_path, capsys):
    hlm.load_dataset("hs").to_csv(tmp_path / "hs.csv", index=False)
    assert main(["reml", NULL, "--data", str(tmp_path / "hs.csv")]) == DONE
    assert "1,977 rows in 40 groups" in capsys.readouterr().out


def test_writes_the_estimates(tmp_path, capsys):
    file = tmp_path / "new" / "reml.json"
    assert main(["reml", "hsb-intercepts-and-slopes-as-outcomes", "--out", str(file)]) == DONE
    content = json.loads(file.read_text(encoding="utf-8"))
    assert list(content) == ["format", "model", "reml"]
    assert content["model"]["groups"] == {"school": 160}
    reml, fit = content["reml"], hlm.open_model("hsb-intercepts-and-slopes-as-outcomes").reml()
    row = fit.fixed_effects().loc["g11"]
    assert reml["fixed_effects"]["g11"] == {name: row[name] for name in reml["fixed_effects"]["g11"]}
    assert reml["tau"] == fit.tau.to_dict()
    assert reml["corr"] == {"u0,u1": pytest.approx(1.0)}
    assert (reml["sigma"], reml["criterion"], reml["aic"]) == (fit.sigma, fit.criterion, fit.aic)
    assert (reml["singular"], reml["reason"]) == (True, "the correlation of u0 and u1 is 1")
    assert [path.name for path in file.parent.iterdir()] == ["reml.json"]


def test_not_converged(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(LabelledEstimate, "converged", False)
    assert main(["reml", NULL, "--out", str(tmp_path / "r.json")]) == NOT_CONVERGED
    assert "not converged" in capsys.readouterr().err
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["reml"]["converged"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hsb-one-way-anov"], 'Did you mean "hsb-one-way-anova"?'),
        ([NULL, "--data", "{}/none.csv"], "There is no file"),
        ([NULL, "--out", "{}"], "is a folder; --out needs a file"),
        ([NULL, "--out", "{}/file/r.json"], "is a file; 'r.json' needs a folder"),
    ],
)
def test_wrong_input(arguments, message, tmp_path, capsys):
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    assert main(["reml", *(argument.replace("{}", str(tmp_path)) for argument in arguments)]) == WRONG_INPUT
    out, err = capsys.readouterr()
    assert message in err
    assert out == ""
    assert "Traceback" not in err
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"
