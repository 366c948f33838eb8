import re
from dataclasses import FrozenInstanceError
from itertools import combinations
from pathlib import Path

import pytest
from gallery_models import KNOWN_SD, LEVEL1, LOCATION_SCALE, NORMAL, ONE_GROUPING, named_auxiliary

from bayeshlm.datasets import describe_dataset
from bayeshlm.equations import parse
from bayeshlm.errors import FileError
from bayeshlm.faces import gallery
from bayeshlm.faces.gallery import Published, gallery_names, open_model, read_model_file

NAMES = (
    "attainment-null",
    "attainment-verbal",
    "bcg-latitude",
    "bcg-null",
    "classes-null",
    "classes-pretest",
    "clinics-adherence",
    "clinics-cost",
    "clinics-recovery",
    "clinics-recovery-by-treatment",
    "eight-schools",
    "epilepsy-negative-binomial",
    "epilepsy-poisson",
    "growth-autoregressive",
    "growth-child-and-school",
    "growth-random-intercepts",
    "growth-unconditional",
    "hsb-contextual-cwc",
    "hsb-contextual-raw",
    "hsb-contextual-slopes-as-outcomes",
    "hsb-covariates",
    "hsb-covariates-random-slope",
    "hsb-intercepts-and-slopes-as-outcomes",
    "hsb-level-1-variance",
    "hsb-location-scale",
    "hsb-means-as-outcomes",
    "hsb-nonrandom-slopes",
    "hsb-one-way-ancova",
    "hsb-one-way-anova",
    "hsb-parallel-mean-slopes",
    "hsb-random-coefficients",
    "hsb-size-and-sector",
    "hsb-slopes-as-outcomes-full",
    "lee-bryk-means-as-outcomes",
    "lee-bryk-null",
    "lee-bryk-slopes-as-outcomes",
    "orthodont-student-t",
    "pastes-nested",
    "penicillin-crossed",
    "seeds-germination",
    "wine-bitterness",
)
EQUATIONS = 'equations = """\ny = b0 + r\nb0 = g00 + u0\n"""\n'


def test_the_gallery_is_the_repository_folder_with_exactly_these_models():
    assert gallery_names() == NAMES
    assert gallery._folder() == Path(__file__).parents[1] / "models"


def test_an_installed_package_reads_the_copy_inside_it(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "bayeshlm"
    (package / "models").mkdir(parents=True)
    (package.parent / "models").mkdir()
    (package / "models" / "only-this.toml").write_text(EQUATIONS)
    monkeypatch.setattr(gallery, "__file__", str(package / "commands" / "gallery.py"))
    assert gallery_names() == ("only-this",)
    assert read_model_file("only-this").equations.startswith("y = b0 + r")


@pytest.mark.parametrize("name", NAMES)
def test_every_model_is_complete(name):
    model = read_model_file(name)
    assert model.name == name
    assert model.title != name
    assert model.source
    groups = describe_dataset(model.dataset).group
    if name != "growth-autoregressive":  # its children alone
        assert (model.group or parse(model.equations).groupings) == groups
    estimator, software = ("REML", "lme4") if name in NORMAL else ("ML", "R 4.2.2, integrated on a grid")
    if name in KNOWN_SD:
        estimator, software = ("REML", "metafor") if name.startswith("bcg") else ("posterior mean", "posteriordb")
    if name in LEVEL1:
        estimator = "ML" if name in LOCATION_SCALE else "REML"
        software = "R 4.2.2, dense likelihood" if name == "hsb-level-1-variance" else "scipy"
    assert model.published_by["estimator"] == estimator
    assert model.published_by["software"].startswith(software)
    assert (model.data, model.group_data) == (None, None)
    assert bool(model.priors) == (name == "eight-schools")


@pytest.mark.parametrize("name", NAMES)
def test_the_published_numbers_are_those_of_the_equations(name):
    model = read_model_file(name)
    spec = parse(model.equations)
    of_groupings = [effects for blocks in spec.blocks_by_grouping for effects in blocks]
    correlations = {f"corr_{a}_{b}" for effects in of_groupings for a, b in combinations(effects, 2)}
    auxiliary = set(named_auxiliary(open_model(name).design.outcome))
    taus = {f"tau_{effect}" for effects in of_groupings for effect in effects}
    assert set(model.published) - correlations == {*spec.fixed, *taus, *auxiliary}


@pytest.mark.parametrize("name", ONE_GROUPING)
def test_the_published_numbers_equal_lme4_at_the_printed_digits(name, reference_case, gallery_case, printed_tolerance):
    model, link = read_model_file(name), gallery_case(name)
    case = reference_case(link["case"])
    fixed, varcor = case["values"]["fixed"], case["values"]["varcor"][model.group]
    expected = {"sigma": (case["values"]["sigma"], None)}
    for symbol, term in link["fixed"].items():
        row = fixed["names"].index(term)
        expected[symbol] = (fixed["estimate"][row], fixed["se"][row])
    for symbol, term in link["random"].items():
        expected[f"tau_{symbol}"] = (varcor["sd"][varcor["terms"].index(term)], None)
    if len(link["random"]) == 2 and not case["values"]["singular"]:
        expected["corr_" + "_".join(link["random"])] = (varcor["corr"][0][1], None)

    assert (case["method"], case["data"]) == ("REML", model.dataset)
    assert sorted(link["fixed"].values()) == sorted(fixed["names"])
    assert list(link["random"].values()) == varcor["terms"]
    assert model.published.keys() == expected.keys()
    for symbol, printed in model.published.items():
        value, se = expected[symbol]
        assert float(printed.value) == pytest.approx(value, abs=printed_tolerance(printed.value), rel=0), symbol
        assert (printed.se is None) == (se is None), symbol
        if printed.se is not None:
            assert float(printed.se) == pytest.approx(se, abs=printed_tolerance(printed.se), rel=0), symbol


def test_a_file_of_the_user(tmp_path):
    file = tmp_path / "my model.toml"
    file.write_text(
        'data = "tables/pupils.csv"\ngroup_data = "tables/schools.csv"\ngroup = "school id"\n'
        + EQUATIONS
        + "[priors]\n"
        'g00 = "Normal(50, 10)"\n[published]\ng00 = { value = "50.10" }\n',
        encoding="utf-8-sig",
    )
    model = read_model_file(str(file))
    assert (model.name, model.title, model.source, model.dataset) == ("my model", "my model", "", None)
    assert model.data == tmp_path.resolve() / "tables" / "pupils.csv"
    assert model.group_data == tmp_path.resolve() / "tables" / "schools.csv"
    assert model.group == "school id"
    assert model.priors == {"g00": "Normal(50, 10)"}
    assert model.published == {"g00": Published("50.10")}
    with pytest.raises(FrozenInstanceError):
        model.group = "class"


def test_an_absolute_data_path_stays(tmp_path):
    file = tmp_path / "model.toml"
    data = (tmp_path / "elsewhere" / "data.csv").resolve()
    file.write_text(f"data = '{data}'\n" + EQUATIONS)
    assert read_model_file(file).data == data


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = " + 100_000 * "[" + 100_000 * "]" + "\n", r"nests brackets too deeply"),
        ("#" * 1_000_001, r"too large for a model file"),
        ("", r"has no equations\. Write them as"),
        ('[priors]\n' + EQUATIONS, r"stand inside \[priors\]: move them above"),
        ('equations = " "\n', r"equations is empty"),
        ("equations = 3\n", r"equations must be text in quotes, not 3"),
        ('titel = "x"\n' + EQUATIONS, r'unknown key "titel"\. Did you mean "title"\?'),
        ('dataset = "hsb"\ndata = "x.csv"\n' + EQUATIONS, r"both a dataset and a data file"),
        ('dataset = "leebryk"\n' + EQUATIONS, r'no data set "leebryk"\. Did you mean "lee_bryk"\?'),
        ("group = true\n" + EQUATIONS, r"group must be text in quotes, not True"),
        ("group = []\n" + EQUATIONS, r'group must name columns in quotes, group = \["child", "school"\], not \[\]'),
        ('group = ["ward", 3]\n' + EQUATIONS, r"group must name columns in quotes, .* not \['ward', 3\]"),
        ('priors = "Normal(0, 1)"\n' + EQUATIONS, r"priors must be a table: a line \[priors\]"),
        (EQUATIONS + "[priors]\ng00 = 3\n", r"g00 in \[priors\] must be text such as \"Normal\(0, 1\)"),
        (EQUATIONS + '[published]\ng00 = "1.2"\n', r"write g00 in \[published\] as g00 = \{ value"),
        (EQUATIONS + "[published]\ng00 = { value = 1.2 }\n", r"value of g00 must be a number in .* not 1\.2"),
        (EQUATIONS + '[published]\ng00 = { value = "1,2" }\n', r"value of g00 must be a number in quotes"),
        (EQUATIONS + '[published]\ng00 = { value = "nan" }\n', r"value of g00 must be a number in quotes"),
        (EQUATIONS + '[published]\ng00 = { value = "1", s = "1" }\n', r'key "s" for g00\. Did you mean "se"'),
        (EQUATIONS + '[published]\ng00 = { se = "1" }\n', r"write g00 in \[published\] as"),
        (EQUATIONS + "[published_by]\nyear = 2002\n", r"year in \[published_by\] must be text"),
    ],
)  # fmt: skip
def test_a_wrong_file_ends_in_one_clear_message(content, message, tmp_path):
    file = tmp_path / "model.toml"
    file.write_text(content)
    with pytest.raises(FileError, match=message) as error:
        read_model_file(file)
    assert str(file) in str(error.value)


@pytest.mark.parametrize(
    ("content", "line", "cure"),
    [
        ('title = "x"\ngroup = school\n', 2, "  group = school\n          ^\nText stands in double quotes"),
        ('equations = "\ny = b0 + r\n"\n', 1, 'equations of several lines between """'),
        ('title = "x"\n\ndata = "C:\\users\\x.csv"\n', 3, "In paths write / for \\"),
        ('equations = """\ny = b0 + r\n', 0, 'equations of several lines between """'),
    ],
)
def test_malformed_toml_is_shown_with_its_line(content, line, cure, tmp_path):
    file = tmp_path / "model.toml"
    file.write_text(content)
    with pytest.raises(FileError, match="is not valid TOML") as error:
        read_model_file(file)
    assert cure in str(error.value)
    where = re.search(r"at line (\d+)|at end of document", str(error.value))
    assert int(where[1] or 0) == line


def test_files_that_are_not_there_or_not_text(tmp_path):
    with pytest.raises(FileError, match=r'no model "hsb-one-way-anov"\. Did you mean "hsb-one-way-anova"\?'):
        read_model_file("hsb-one-way-anov")
    with pytest.raises(FileError, match=r'no model "iris"\. Use one of: attainment-null, '):
        read_model_file("iris")
    with pytest.raises(FileError, match=r"no model file .*missing\.toml\. Check the path"):
        read_model_file(tmp_path / "missing.toml")
    with pytest.raises(FileError, match="is a directory"):
        read_model_file(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes('title = "Schüler"'.encode("latin-1"))
    with pytest.raises(FileError, match="not UTF-8"):
        read_model_file(latin)


@pytest.mark.parametrize("path", [r"a.csv\u0000", "~no such user/a.csv"])
def test_a_data_file_that_can_be_none(path, tmp_path):
    (tmp_path / "model.toml").write_text(f'data = "{path}"\ngroup = "ward"\n' + EQUATIONS)
    with pytest.raises(FileError, match="There is no file"):
        open_model(tmp_path / "model.toml")


def test_ids_and_categories_of_a_file_are_its_texts(tmp_path):
    """A leading zero, an exponent, 17 digits with one missing: none of them merges groups or categories."""
    ids = ["01", "1", "1E2", "100", "10000000000000001", "10000000000000002"]
    rows = [(ward, code, k % 5 + ids.index(ward)) for ward in ids for k, code in enumerate(["1", "01", "2", "3"])]
    (tmp_path / "wards.csv").write_text(
        "ward,code,x,pain\n" + "".join(f"{w},{c},{k * k % 7},{y}\n" for k, (w, c, y) in enumerate(rows)) + ",1,1,1\n"
    )
    (tmp_path / "beds.csv").write_text("ward,beds\n" + "".join(f"{w},{k * k % 5}\n" for k, w in enumerate(ids)))
    (tmp_path / "model.toml").write_text(
        'data = "wards.csv"\ngroup_data = "beds.csv"\ngroup = "ward"\n'
        'equations = "pain = b0 + b1*C(code) + b2*x + r; b0 = g00 + g01*beds + u0; b1 = g10; b2 = g20"\n'
    )
    design = open_model(tmp_path / "model.toml").design
    assert list(design.group_labels) == sorted(ids)
    assert [column.label for column in design.fixed] == ["g00", "g01", "g10[1]", "g10[2]", "g10[3]", "g20"]
    assert design.frame["x"].dtype == "int64"
    wide = (tmp_path / "wards.csv").read_text().replace("1E2", "102").replace("\n01,", "\n7,")
    (tmp_path / "wide.csv").write_text(wide)
    (tmp_path / "beds.csv").write_text(
        (tmp_path / "beds.csv").read_text().replace("1E2", "102").replace("01,", "7,", 1)
    )
    labels = open_model(tmp_path / "model.toml", tmp_path / "wide.csv").design.group_labels
    assert labels.tolist() == [1, 7, 100, 102, 10000000000000001, 10000000000000002]
