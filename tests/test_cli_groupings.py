"""The command line on models with several groupings, from status to files."""

import json

import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.cli import DONE, WRONG_INPUT, main

MODELS = ("penicillin-crossed", "pastes-nested")


@pytest.fixture(scope="module", params=MODELS)
def run(request, tmp_path_factory):
    """Name of a model, status and folder of its fit."""
    folder = tmp_path_factory.mktemp("fit")
    options = ["--draws", "300", "--tune", "300", "--chains", "2", "--seed", "1", "--sampler", "importance", "--quiet"]
    files = ["--reml", "--out", str(folder / "out"), "--report", str(folder / "report.html")]
    return request.param, main(["fit", request.param, *options, *files]), folder


@pytest.mark.slow
def test_files_have_every_grouping(run):
    name, status, folder = run
    assert status == DONE
    fit = hlm.load(folder / "out" / "posterior.nc")
    design, content = fit.model.design, json.loads((folder / "out" / "summary.json").read_text())
    assert content["model"]["groups"] == {term.grouping: len(term.labels) for term in design.predictor.random}
    assert list(content["variance_components"]["tau"]) == [column.label for column in design.random]
    assert content["icc"].keys() == set(fit.icc().table.index)
    table = pd.read_csv(folder / "out" / "group_coefficients.csv", index_col=["grouping", "unit", "coefficient"])
    for grouping in design.groupings:
        found, kept = fit.group_coefficients(grouping=grouping)["mean"], table.loc[grouping]["mean"]
        assert kept.tolist() == pytest.approx(found.tolist(), rel=1e-12)
        ranges = fit.plausible_ranges(grouping=grouping).table["plug_in"].tolist()
        assert [end for one in content["plausible_ranges"][grouping].values() for end in one["plug_in"]] == ranges
    assert ("reliability" in content) == (name == "pastes-nested")
    reml = hlm.open_model(name).reml()
    assert [row["estimate"] for row in content["reml"]["fixed_effects"].values()] == reml.gamma.tolist()


@pytest.mark.slow
def test_the_report_has_the_title_and_the_data_of_the_gallery(run):
    name, _, folder = run
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert hlm.open_model(name).spec.outcome.name in html
    assert f"dataset = &quot;{name.partition('-')[0]}&quot;" in html


@pytest.mark.parametrize("name", MODELS)
def test_reml_and_equations(name, tmp_path, capsys):
    assert main(["reml", name, "--out", str(tmp_path / "reml.json")]) == DONE
    assert "24 groups (plate)" in capsys.readouterr().out or name == "pastes-nested"
    content = json.loads((tmp_path / "reml.json").read_text())
    reml = hlm.open_model(name).reml()
    assert [row["estimate"] for row in content["reml"]["fixed_effects"].values()] == reml.gamma.tolist()
    assert main(["equations", name, "--as", "lme4"]) == DONE
    assert capsys.readouterr().out.strip() == hlm.open_model(name).equations("lme4")


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ('"child"', "name each, from the inside out"),
        ('["child", "scool"]', "did you mean 'school'?"),
        ('["school", "child"]', "occurs in two units of 'child'"),
        ("[]", "group must name columns in quotes"),
    ],
)
def test_wrong_groupings_end_in_one_message(group, said, tmp_path, capsys):
    text = "math = p0 + e\np0 = b00 + r0\nb00 = g000 + u00\n"
    file = tmp_path / "model.toml"
    file.write_text(f'dataset = "growth"\ngroup = {group}\nequations = """\n{text}"""\n')
    assert main(["reml", str(file)]) == WRONG_INPUT
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert "Traceback" not in err
