"""The command line: its statuses, and one clear message for each mistake of a newcomer; nothing is sampled."""

import os
import subprocess
import sys

import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.cli import main

EQUATIONS = "pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + u1\n"
HEAD = 'data = "wards.csv"\ngroup = "ward"\n'
COLLINEAR = "pain = b0 + b1*dose + b2*z + r\nb0 = g00 + u0\nb1 = g10\nb2 = g20\n"


def toml(equations=EQUATIONS, head=HEAD, tail=""):
    return f'{head}equations = """\n{equations}"""\n{tail}'


def equations(old, new):
    return {"model.toml": lambda text: toml(EQUATIONS.replace(old, new))}


def head(text):
    return {"model.toml": lambda _: toml(head=text)}


def prior(text):
    return {"model.toml": lambda _: toml(tail=f"[priors]\n{text}\n")}


def column(name, values):
    """Replace the values of a column: the same for all rows, or computed from the table."""
    return {"wards.csv": lambda wards: wards.assign(**{name: values}).to_csv(index=False)}


def group_called(name):
    return {
        "wards.csv": lambda wards: wards.rename(columns={"ward": name}).to_csv(index=False),
        "model.toml": lambda _: toml(head=HEAD.replace('"ward"', f'"{name}"')),
    }


MISTAKES = {  # what becomes of the study's files, and what the message says
    "column missing": (equations("dose", "doze"), ["'doze'", "did you mean 'dose'?", "b1*doze", "^^^^"]),
    "group missing": (head(HEAD.replace('"ward"', '"wards"')), ["'wards'", "did you mean 'ward'?"]),
    "group not named": (head('data = "wards.csv"\n'), ['write group = "..." in the model file']),
    "text outcome": (equations("pain", "sex"), ["'sex' is text", "must be coded as numbers"]),
    "level 1 in level 2": (equations("urban", "dose"), ["'dose' varies within groups (ward 'a'", "write mean(dose)"]),
    "coefficient without line": (equations("b1 = g10 + u1\n", ""), ["`b1` has no level-2 line: add `b1 = g10`"]),
    "unknown function": (equations("*dose", "*center(dose)"), ["no function `center`", "cwc, cgm, mean"]),
    "no equation": (equations(EQUATIONS, "# none\n"), ["the text holds no equation; write"]),
    "one group": ({"wards.csv": lambda wards: wards[:12].to_csv(index=False)}, ["one group (ward 'a')", "two or more"]),
    "constant outcome": (column("pain", 3), ["'pain' is 3 in every row"]),
    "constant predictor": (column("dose", 3), ["g10 (dose) is constant", "take it out of the equations"]),
    "collinear predictors": (
        column("z", lambda wards: 2 * wards["dose"]) | {"model.toml": lambda _: toml(COLLINEAR)},
        ["g20 (z) is determined by g10 (dose): take one of them out"],
    ),
    "all rows missing": (column("dose", None), ["every row", "'dose' has no value at all"]),
    "huge outcome": (column("pain", lambda wards: wards["pain"] * 1e160), ["'pain' has values like", "rescale it"]),
    "empty file": ({"wards.csv": lambda _: ""}, ["wards.csv is empty. Check that the export wrote the data"]),
    "header only": ({"wards.csv": lambda wards: wards[:0].to_csv(index=False)}, ["has a header but no rows"]),
    "duplicate columns": (
        {"wards.csv": lambda wards: wards.to_csv(index=False).replace("sex", "dose", 1)},
        ['2 columns named "dose". Rename all but one'],
    ),
    "numbers as text": (
        column("dose", lambda wards: ["1,5", *wards["dose"][1:].astype(str)]),
        ["'dose' holds numbers as text", "'1,5' in row 0"],
    ),
    "not UTF-8": (
        {"wards.csv": lambda wards: wards.assign(sex="weiß").to_csv(index=False).encode("latin-1")},
        ["line 2: byte 0xdf is not UTF-8: save it as UTF-8"],
    ),
    "reserved group": (group_called("tau"), ["cannot be called 'tau'", "rename it"]),
    "group called as a part of the graph": (group_called("obs_id"), ["cannot be called 'obs_id'", "rename it"]),
    "group that no file can hold": (group_called("class/year"), ["cannot be called 'class/year'", "rename it"]),
    "malformed TOML": (head("data = wards.csv\n"), ["not valid TOML", "line 1", "Text stands in double quotes"]),
    "equations under priors": (head(HEAD + "[priors]\n"), ["They stand inside [priors]: move them above"]),
    "no data": (head('group = "ward"\n'), ["names no data. Add dataset =", "--data"]),
    "data file missing": (head(HEAD.replace("wards", "ward")), ["There is no file", 'Did you mean "wards.csv"?']),
    "malformed prior": (prior('g00 = "Normal(0"'), ["The prior of g00", "such as Normal(0, 1)"]),
    "impossible prior": (prior('g01 = "Normal(0, -1)"'), ["The prior of g01", "sigma must be greater than 0"]),
    "unknown family": (prior('g00 = "Cauchy(0, 1)"'), ["'Cauchy' is unknown; there are Normal"]),
    "family of a scale": (prior('g00 = "HalfNormal(1)"'), ["cannot be the prior of g00: use one of Normal"]),
    "prior of nothing": (prior('g77 = "Normal(0, 1)"'), ["no parameter 'g77'", "there are g00, g01"]),
    "prior twice": (
        prior('g00 = "Normal(0, 1)"\n"γ00" = "Normal(0, 2)"'),
        ["'g00' and 'γ00' are one parameter: give it one prior"],
    ),
}


@pytest.mark.parametrize("command", ["equations", "fit"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_files_ends_in_one_message(mistake, command, ward_study, capsys):
    changes, parts = MISTAKES[mistake]
    wards = pd.read_csv(ward_study / "wards.csv")
    for name, change in changes.items():
        content = change(wards)
        (ward_study / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    check_refusal([command, str(ward_study / "model.toml")], parts, ward_study, capsys)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["equations", "hsb-one-way-anov"], ['Did you mean "hsb-one-way-anova"?']),
        (["equations", "{}/none.toml"], ["There is no model file", "none.toml. Check the path"]),
        (["equations", "{}"], ["is a directory. Name the model file inside it"]),
        (["equations", "{}/wards.csv"], ["is a data file. Name it in a model file (.toml)"]),
        (["equations", "pain = b0 + r\n" * 100], ["There is no model", "path of a model file ends in .toml"]),
        (["equations", "{}/model.toml", "--data", "{}/none.csv"], ["no file", "Use one of: noise.parquet, wards.csv"]),
        (["equations", "{}/model.toml", "--data", "{}"], ["is a directory. Name the data file inside it"]),
        (["equations", "{}/model.toml", "--data", "x" * 5000 + ".csv"], ["There is no file"]),
        (["equations", "{}/model.toml", "--data", "{}/noise.parquet"], ["is not a readable Parquet file"]),
        (["equations", "{}/model.toml", "--data", "{}/model.toml"], ['ends in ".toml"; tables are read from .csv']),
        (["fit", "{}/model.toml", "--draws", "0"], ["draws must be a whole number of at least 4, not 0"]),
        (["fit", "{}/model.toml", "--chains", "0"], ["chains must be a whole number of at least 1"]),
        (["fit", "{}/model.toml", "--seed", "-1"], ["seed must be a whole number of at least 0"]),
        (["fit", "{}/model.toml", "--out", "{}/wards.csv"], ["wards.csv' is a file; --out needs a folder"]),
        (["fit", "{}/model.toml", "--out", "{}/wards.csv/below"], ["wards.csv' is a file; --out needs a folder"]),
    ],
)  # fmt: skip
def test_a_mistake_in_the_command_ends_in_one_message(arguments, parts, ward_study, capsys):
    (ward_study / "noise.parquet").write_bytes(bytes(range(256)) * 4)
    check_refusal([argument.replace("{}", str(ward_study)) for argument in arguments], parts, ward_study, capsys)


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(folder.parent.rglob("*"))}


def check_refusal(arguments, parts, ward_study, capsys):
    before = contents(ward_study)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("bayeshlm: ")
    assert err.count("bayeshlm: ") == 1
    assert "Traceback" not in err
    for part in parts:
        assert part in err, err
    assert contents(ward_study) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["equations", "hsb-one-way-anova", "--as", "word"], "choose from"),
        (["fit", "hsb-one-way-anova", "--draws", "many"], "invalid int value: 'many'"),
        (["fit"], "required: MODEL"),
        ([], "required: COMMAND"),
        (["summary"], "invalid choice: 'summary'"),
    ],
)
def test_argparse_refuses_with_the_same_status(arguments, said, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"bayeshlm {hlm.__version__}\n"


def test_models_lists_the_gallery_a_line_each(capsys):
    assert main(["models"]) == 0
    listed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(listed) == list(hlm.gallery_names())
    assert len(listed) == 41
    assert listed["hsb-one-way-anova"] == "One-way ANOVA with random effects"


def run_python(code, **options):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=False, **options)


def test_models_imports_neither_pandas_nor_pymc():
    run = run_python(
        "import sys; from bayeshlm.commands.cli import main; main(['models']); print(*sys.modules, file=sys.stderr)"
    )
    loaded = set(run.stderr.decode().split())
    assert {"bayeshlm.commands.cli", "bayeshlm.faces.gallery"} <= loaded
    assert not {"numpy", "pandas", "xarray", "pymc", "nutpie", "arviz"} & loaded


def test_a_reader_that_has_gone_is_no_failure():
    """As with ``bayeshlm models | head -1``."""
    gone = "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1)"
    run = run_python(f"{gone}; from bayeshlm.commands.cli import main; raise SystemExit(main(['models']))")
    assert (run.returncode, run.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_standard_output_is_one_message():
    with open("/dev/full", "wb") as full:
        code = "from bayeshlm.commands.cli import main; raise SystemExit(main(['models']))"
        run = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, check=False)
    said = "bayeshlm: the output cannot be written: No space left on device; nothing was written\n"
    assert (run.returncode, run.stderr.decode()) == (3, said)


@pytest.mark.slow
def test_names_that_the_terminal_cannot_show_are_escaped(ward_study):
    (ward_study / "model.toml").write_text(toml(EQUATIONS.replace("dose", "größe")), encoding="utf-8")
    wards = pd.read_csv(ward_study / "wards.csv")
    wards.rename(columns={"dose": "größe"}).to_csv(ward_study / "wards.csv", index=False)
    run = run_python(
        "from bayeshlm.commands.cli import main;"
        f" raise SystemExit(main(['equations', {str(ward_study / 'model.toml')!r}]))"
    )
    assert run.returncode == 0
    assert rb"b1*gr\xf6\xdfe" in run.stdout


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ([], EQUATIONS),
        (["--as", "levels"], EQUATIONS),
        (["--as", "combined"], "pain = g00 + g01*urban + g10*dose + u0 + u1*dose + r\n"),
        (["--as", "lme4"], "pain ~ urban + dose + (1 + dose | ward)\n"),
    ],
)
def test_equations(form, printed, ward_study, capsys):
    assert main(["equations", str(ward_study / "model.toml"), *form]) == 0
    assert capsys.readouterr() == (printed, "")


def test_equations_as_latex(ward_study, capsys):
    assert main(["equations", str(ward_study / "model.toml"), "--as", "latex"]) == 0
    latex = capsys.readouterr().out
    assert latex.startswith(r"\begin{aligned}")
    assert r"\gamma_{01} \, \text{urban}_{j} + u_{0j}" in latex


def test_data_of_the_command_line_come_first(ward_study, capsys):
    pd.read_csv(ward_study / "wards.csv").to_parquet(ward_study / "other.parquet")
    (ward_study / "wards.csv").unlink()
    assert main(["equations", str(ward_study / "model.toml"), "--data", str(ward_study / "other.parquet")]) == 0
    assert capsys.readouterr().out == EQUATIONS


def test_a_warning_about_the_model_is_a_message_not_a_source_line(ward_study, capsys):
    wards = pd.read_csv(ward_study / "wards.csv")
    wards.assign(dose=2000 + wards["dose"]).to_csv(ward_study / "wards.csv", index=False)
    assert main(["equations", str(ward_study / "model.toml")]) == 0
    out, err = capsys.readouterr()
    assert out == EQUATIONS
    assert err.startswith("bayeshlm: warning: The slope of dose varies between groups (u1)")
    assert err.count("\n") == 1
