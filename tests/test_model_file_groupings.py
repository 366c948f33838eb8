"""Model files of several groupings, and the command line on them."""

import json
import tomllib

import numpy as np
import pandas as pd
import pytest
from groupings_data import GROWTH

import bayeshlm as hlm
from bayeshlm.commands.cli import DONE, WRONG_INPUT, main
from bayeshlm.display.report.reproduce import python_code, toml_text
from bayeshlm.display.report.subject import Subject
from bayeshlm.errors import FileError

CROSSED = "y = b0 + b1*x + e\nb0 = g00 + u0[primary] + v0[secondary]\nb1 = g10"


@pytest.fixture
def study(tmp_path):
    """A folder with ``rows.csv``, ``children.csv``, ``schools.csv`` and ``crossed.csv``; returns a writer of models."""
    rng = np.random.default_rng(6)
    school, child = np.repeat(np.arange(10), 20), np.repeat(np.arange(50), 4)
    rows = pd.DataFrame({"school": school, "child": child, "time": np.tile(np.arange(4.0), 50)})
    rows["math"] = 9 + rng.normal(size=10)[school] + rng.normal(size=50)[child] + rng.normal(size=200)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    schools = pd.DataFrame({"school": range(10), "size": rng.normal(size=10)})
    schools.to_csv(tmp_path / "schools.csv", index=False)
    children = pd.DataFrame({"child": range(50), "female": rng.integers(0, 2, 50)})
    children.to_csv(tmp_path / "children.csv", index=False)
    rows.merge(schools).merge(children).to_csv(tmp_path / "whole.csv", index=False)
    crossed = pd.DataFrame({"primary": rng.integers(0, 9, 150), "secondary": rng.integers(0, 5, 150)})
    crossed["x"], crossed["y"] = rng.normal(size=(2, 150))
    crossed.to_csv(tmp_path / "crossed.csv", index=False)

    def write(text, name="model"):
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_groups_as_a_list_and_a_file_for_each(study):
    files = '[group_data]\nschool = "schools.csv"\nchild = "children.csv"\n'
    head = f'group = ["child", "school"]\nequations = """{GROWTH}"""\n'
    apart = hlm.open_model(study(f'data = "rows.csv"\n{head}{files}'))
    whole = hlm.open_model(study(f'data = "whole.csv"\n{head}', "whole"))
    assert apart.design.groupings == ("child", "school")
    np.testing.assert_array_equal(apart.design.X, whole.design.X)


def test_the_equations_may_name_the_groupings(study):
    model = hlm.open_model(study(f'data = "crossed.csv"\nequations = """{CROSSED}"""'))
    assert model.design.groupings == ("primary", "secondary")


@pytest.mark.parametrize(
    ("head", "tail", "message"),
    [
        ("group = []", "", r"group must name columns in quotes, group = \["),
        ('group = ["child", 3]', "", r"group must name columns in quotes"),
        ('group = ["child", "school"]', "[group_data]", r"\[group_data\] is empty"),
        ('group = ["child", "school"]', "[group_data]\nschool = 3", r"school in \[group_data\] must be text"),
        ('group = ["child", "school"]', '[group_data]\nschool = "no.csv"', "no.csv"),
    ],
)
def test_what_is_wrong_is_named(study, head, tail, message):
    path = study(f'data = "rows.csv"\n{head}\nequations = """{GROWTH}"""\n{tail}\n')
    with pytest.raises(FileError, match=message):
        hlm.open_model(path)


def test_a_grouping_too_few_says_how_to_name_both(study, capsys):
    path = study(f'data = "whole.csv"\ngroup = "school"\nequations = """{GROWTH}"""')
    assert main(["equations", str(path)]) == WRONG_INPUT
    assert "name each, from the inside out" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["whole", "crossed"])
def test_what_the_report_writes_is_read_again(study, tmp_path, name):
    of = {"whole": (GROWTH, ["child", "school"]), "crossed": (CROSSED, None)}
    equations, group = of[name]
    model = hlm.Model(equations, pd.read_csv(tmp_path / f"{name}.csv"), group)
    fit = model.fit(draws=100, seed=1, sampler="importance", progress=False)
    subject = Subject(fit._fitted, data=f"{name}.csv")
    text = toml_text(subject)
    assert tomllib.loads(text)["group"] == list(model.design.groupings)
    again = hlm.open_model(study(text, "again"))
    assert again.equations() == model.equations()
    np.testing.assert_array_equal(again.design.Z, model.design.Z)
    assert f"    group={list(model.design.groupings)!r}," in python_code(subject)


@pytest.mark.slow
def test_the_command_line_fits_and_writes(study, tmp_path, capsys):
    files = '[group_data]\nschool = "schools.csv"\nchild = "children.csv"\n'
    head = 'title = "Growth"\ndata = "rows.csv"\ngroup = ["child", "school"]\nsampler = "importance"\n'
    path = study(f'{head}equations = """{GROWTH}"""\n{files}')
    out, page = tmp_path / "out", tmp_path / "report.html"
    options = ["--draws", "1000", "--seed", "1", "--out", str(out), "--report", str(page)]
    assert main(["fit", str(path), *options]) == DONE
    printed = capsys.readouterr().out
    assert "200 rows in 50 groups (child) and 10 groups (school)" in printed
    summary = json.loads((out / "summary.json").read_text())
    assert summary["model"]["groups"] == {"child": 50, "school": 10}
    assert set(summary["fixed_effects"]) == {"g000", "g001", "g010", "g100"}
    assert set(summary["variance_components"]["tau"]) == {"r0", "r1", "u00", "u10"}
    coefficients = pd.read_csv(out / "group_coefficients.csv")
    assert coefficients["grouping"].value_counts().to_dict() == {"child": 100, "school": 30}
    assert hlm.load(out / "posterior.nc").model.design.groupings == ("child", "school")
    assert "<h1>Growth</h1>" in page.read_text(encoding="utf-8")
