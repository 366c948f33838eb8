"""Sampling weights in a model file and on the command line: what is read, what is written, what is an error."""

import json

import pandas as pd
import pytest
from weighted_cases import EQUATIONS, cases, fixed, survey

import bayeshlm as hlm
from bayeshlm.commands.cli import main

WEIGHTS = '[weights]\ncolumns = { row = "w1", cluster = "w2" }\n'


@pytest.fixture
def model_file(tmp_path):
    """A function that writes a model file of the survey with a table of weights."""
    data = survey()
    data[["both", "both2"]] = (data["w1"] * data["w2"]).to_numpy()[:, None] * [1.1, 0.9]
    data.to_csv(tmp_path / "survey.csv", index=False)

    def write(weights=WEIGHTS):
        path = tmp_path / "model.toml"
        lines = ['data = "survey.csv"', 'group = "cluster"', f'equations = """{EQUATIONS["gaussian-ri"]}"""', weights]
        path.write_text("\n".join(lines))
        return path

    return write


def test_tables_are_records(model_file):
    assert hlm.open_model(model_file()).survey == hlm.SurveyWeights({"row": "w1", "cluster": "w2"})
    found = hlm.open_model(model_file(WEIGHTS + 'scaling = "effective"\npsu = "cluster"')).survey
    assert (found.scaling, found.psu) == ("effective", "cluster")
    found = hlm.open_model(model_file(WEIGHTS + 'replicates = ["both", "both2"]\nfactor = [1, 0.5]')).survey
    assert found.factor == (1.0, 0.5)
    assert hlm.open_model(model_file("")).survey is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[weights]\nrow = 'w1'", 'unknown key "row" in [weights]'),
        ("[weights]\nscaling = 'size'", "[weights] needs a line columns"),
        (WEIGHTS + "scaling = 'raw'", "level-1 weights without a scale are not taken"),
        ("weights = 'w1'", "weights must be a table"),
    ],
)
def test_wrong_tables_are_errors(model_file, table, message):
    text = model_file(table)
    if table.startswith("weights"):
        text.write_text("weights = 'w1'\n" + text.read_text().replace(table, ""))
    with pytest.raises(hlm.FileError) as error:
        hlm.open_model(text)
    assert message in str(error.value)


def test_ml_is_written_with_its_weights(model_file, tmp_path, capsys):
    assert main(["reml", str(model_file()), "--ml", "--out", str(tmp_path / "ml.json")]) == 0
    assert "maximum pseudo-likelihood" in capsys.readouterr().out
    content = json.loads((tmp_path / "ml.json").read_text())
    assert content["model"]["weights"]["columns"] == {"row": "w1", "cluster": "w2"}
    case = cases()["gaussian-ri-size"]
    found = [content["reml"]["fixed_effects"][name] for name in ("g00", "g01", "g10")]
    assert [one["estimate"] for one in found] == pytest.approx(fixed(case, "estimate"), rel=1e-7)
    assert [one["se"] for one in found] == pytest.approx(fixed(case, "se_robust_JJ1"), rel=1e-6)
    assert "aic" not in content["reml"]


def test_reml_on_the_command_line_says_what_to_do(model_file, capsys):
    assert main(["reml", str(model_file())]) == 2
    assert "REML is not defined with sampling weights" in capsys.readouterr().err


@pytest.mark.slow
def test_fits_are_written_with_their_design_effects(model_file, tmp_path, capsys):
    options = ["--draws", "300", "--seed", "1", "--sampler", "importance", "--reml", "--out", str(tmp_path / "out")]
    assert main(["fit", str(model_file()), *options]) in (0, 1)
    assert "Sampling weights: rows by w1" in " ".join(capsys.readouterr().out.split())
    content = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert content["fixed_effects"]["g00"]["deft"] > 1
    assert content["reml"]["method"] == "ML"
    assert hlm.load(tmp_path / "out" / "posterior.nc").model.survey.columns == {"row": "w1", "cluster": "w2"}
    assert len(pd.read_csv(tmp_path / "out" / "group_coefficients.csv")) == 2 * 112
