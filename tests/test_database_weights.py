"""Sampling weights of rows that stay in a database: what rows in memory give, or one sentence."""

import re

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from database_designs import compare, pupils, stored
from weighted_cases import COLUMNS, EQUATIONS, cases, fixed, survey

import bayeshlm as hlm
from bayeshlm.commands.cli import main
from bayeshlm.errors import DataError, FileError, HLMError, OptionError

TEXT = "math = b0 + b1*cwc(ses) + b2*age + r; b0 = g00 + g01*sector + g02*mean(ses) + u0; b1 = g10 + u1; b2 = g20"
OPTIONS = {"seed": 1, "progress": False, "sampler": "importance", "draws": 500}
R = 24


@pytest.fixture(scope="module")
def data():
    found, rng = pupils(), np.random.default_rng(6)
    found["w1"], found["w2"] = rng.lognormal(0, 0.7, len(found)), 1.0 + found["school"] % 7
    found.loc[found["school"] == 109, "w1"] = 2.0  # the same in all rows of a group
    found["stratum"], found["psu"] = np.where(found["school"] % 4 < 2, "north", "south"), found["school"] // 2
    whole, signs = found["w1"] * found["w2"], rng.choice([0.5, 1.5], (R, 200))
    for r in range(R):
        found[f"r{r}"] = whole * signs[r, found["school"]]
    found["r0"] = np.where(found["school"] == 120, 0.0, np.where(found["area"] == 3, 0.0, found["r0"]))
    return found


def weights_of(scaling="size", **others):
    return hlm.SurveyWeights({"row": "w1", "school": "w2"}, scaling, **others)


SLOW = pytest.mark.slow
GIVEN = {
    "rows": hlm.SurveyWeights({"row": "w1"}),
    "groups": hlm.SurveyWeights({"school": "w2"}),
    "both": weights_of(),
    "effective": weights_of("effective"),
    "strata": weights_of(strata="stratum", psu="psu"),
    "replicates": weights_of(replicates=[f"r{r}" for r in range(R)], fay=0.5),
    "replicates, effective": weights_of("effective", replicates=[f"r{r}" for r in range(R)], factor=0.5),
}


@pytest.mark.parametrize(
    "given", [pytest.param(of, id=name, marks=SLOW if "replicates" in name else ()) for name, of in GIVEN.items()]
)
def test_sums_and_estimates_are_those_of_rows_in_memory(given, data):
    memory, database = (hlm.Model(TEXT, table, "school", weights=given) for table in (data, stored(data)))
    one, other = memory.design, database.design
    for name in ("group", "psu", "stratum", "replicate_group"):
        np.testing.assert_allclose(getattr(other.weights, name), getattr(one.weights, name), rtol=1e-12)
    for name in ("weight", "ZtZ", "XtX", "yty", "n"):
        a, b = getattr(one.products, name), getattr(other.products, name)
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-11 * np.abs(a).max())
    theirs, ours = memory.ml(), database.ml()
    np.testing.assert_allclose(ours.gamma, theirs.gamma, rtol=1e-9)
    np.testing.assert_allclose(ours.fixed_effects()["se"], theirs.fixed_effects()["se"], rtol=1e-9)
    np.testing.assert_allclose(ours.tau, theirs.tau, rtol=1e-9)
    assert ours.criterion == pytest.approx(theirs.criterion, rel=1e-12)
    for name in ("variance_components", "icc", "standardized", "plausible_ranges", "group_coefficients"):
        assert str(getattr(ours, name)()) == str(getattr(theirs, name)()), name
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("scaling", ["size", "effective"])
@pytest.mark.parametrize("name", ["gaussian-ri", "gaussian-rs"])
def test_estimates_are_those_of_the_reference(name, scaling):
    case = cases()[f"{name}-{scaling}"]
    model = hlm.Model(EQUATIONS[name], stored(survey()), "cluster", weights=hlm.SurveyWeights(COLUMNS, scaling))
    estimates = model.ml().fixed_effects()
    np.testing.assert_allclose(estimates["estimate"], fixed(case, "estimate"), rtol=1e-6)
    np.testing.assert_allclose(estimates["se"], fixed(case, "se_robust_JJ1"), rtol=1e-6)


def test_weights_of_one_are_no_weights(data):
    ones = data.assign(w1=2.5, w2=0.7)
    compare(TEXT, ones, stored(ones), "school")
    model = hlm.Model(TEXT, stored(ones), "school", weights=GIVEN["both"])
    plain = hlm.Model(TEXT, stored(ones), "school")
    assert model.design.weights is None
    for name in ("ZtZ", "XtX", "Xty", "yty"):
        np.testing.assert_array_equal(getattr(model.design.products, name), getattr(plain.design.products, name))
    by_strata = hlm.Model(TEXT, stored(ones), "school", weights=weights_of(strata="stratum"))
    np.testing.assert_allclose(by_strata.ml().gamma, plain.ml().gamma, rtol=1e-9)


def products_of_columns(products):
    """Sums of products of the columns of X and the outcome, as the data have them, by group."""
    U = np.linalg.inv(products.x_transform)
    XtX = U.T @ products.XtX @ U
    Xte, beta = products.Xty @ U, products.ols
    Xty, yty = Xte + XtX @ beta, products.yty + 2 * Xte @ beta + beta @ XtX @ beta.T
    return np.block([[XtX, Xty[..., None]], [Xty[:, None], yty[:, None, None]]])


def test_rows_twice_are_rows_of_twice_the_weight(data):
    """Scaled to the number of rows of a school, of which there are more where rows are there twice."""
    text, half = "math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10", data["area"] < 4
    weighted, twice = data.assign(w1=np.where(half, 2.0, 1.0)), pd.concat([data, data[half]])
    one = hlm.Model(text, stored(weighted), "school", weights={"row": "w1"}).design.products
    other = hlm.Model(text, stored(twice), "school").design.products
    more = (other.n / one.n)[:, None, None]
    expected = products_of_columns(other)
    np.testing.assert_allclose(more * products_of_columns(one), expected, rtol=0, atol=1e-11 * np.abs(expected).max())
    np.testing.assert_allclose(one.weight, one.n, rtol=1e-12)
    schools = data.assign(w=np.where(data["school"] < 120, 2.0, 1.0))
    copies = data[data["school"] < 120].assign(school=lambda frame: frame["school"] + 1000)
    doubled = pd.concat([data, copies])
    by_weight = hlm.Model(text, stored(schools), "school", weights={"school": "w"}).ml()
    as_rows = hlm.Model(text, stored(doubled), "school").ml()
    np.testing.assert_allclose(by_weight.gamma, as_rows.gamma, rtol=1e-7)
    np.testing.assert_allclose(by_weight.tau, as_rows.tau, rtol=1e-6)


def test_what_is_added_to_a_column_changes_nothing_beyond_it(data):
    text = "math = b0 + b1*ses + r; b0 = g00 + g01*sector + u0; b1 = g10"
    far = data.assign(ses=data["ses"] + 1e4, math=data["math"] + 1e4)
    one, other = (hlm.Model(text, stored(table), "school", weights=GIVEN["both"]).ml() for table in (data, far))
    np.testing.assert_allclose(other.gamma.iloc[1:], one.gamma.iloc[1:], rtol=1e-9)
    np.testing.assert_allclose(other.fixed_effects()["se"].iloc[1:], one.fixed_effects()["se"].iloc[1:], rtol=1e-9)
    np.testing.assert_allclose(other.tau, one.tau, rtol=1e-9)
    assert other.criterion == pytest.approx(one.criterion, rel=1e-9)


@pytest.fixture(scope="module")
def fits(data):
    """The same seed in memory and in a database."""
    return [hlm.Model(TEXT, table, "school", weights=GIVEN["both"]).fit(**OPTIONS) for table in (data, stored(data))]


@pytest.mark.slow
def test_posteriors_are_the_same_draws(fits):
    memory, database = fits
    assert str(database.fixed_effects()[["mean", "sd", "deft"]]) == str(memory.fixed_effects()[["mean", "sd", "deft"]])
    for name in ("icc", "variance_components", "standardized", "cross_check"):
        assert str(getattr(database, name)()) == str(getattr(memory, name)()), name
    assert str(database.model.describe()) == str(memory.model.describe())


def test_rows_that_are_asked_for_have_their_weights(fits, data):
    sample = fits[1].model.design.summed.sample.rows
    place = {y: k for k, y in enumerate(data["math"])}
    at = [place[y] for y in sample.y]
    for name in ("w1", "w2"):
        np.testing.assert_array_equal(sample.frame[name], data[name].to_numpy()[at])
    assert fits[1].residual_table().columns == (*data.columns, "fitted", "residual")


def test_what_needs_the_weights_of_rows_is_one_sentence(fits):
    for call in (
        lambda: fits[1].predictions(),
        lambda: fits[1].slopes("ses"),
        lambda: fits[1].model.ml().predictions(),
    ):
        with pytest.raises(DataError, match=r"^this needs the rows of the data, but of this model only sums"):
            call()
    for call in (fits[1].residuals, fits[1].predictive_check, fits[1].loo, fits[1].influence):
        with pytest.raises(OptionError, match="with sampling weights"):
            call()


@pytest.mark.slow
def test_a_saved_fit_has_its_weights_and_knows_those_of_its_table(fits, data, tmp_path):
    fits[1].save(tmp_path / "fit.nc")
    again = hlm.load(tmp_path / "fit.nc", data=stored(data))
    assert again.model.survey == GIVEN["both"]
    assert str(again.fixed_effects()) == str(fits[1].fixed_effects())
    assert str(again.model.without("u1").ml()) == str(fits[1].model.without("u1").ml())
    with pytest.raises(FileError, match=r"is not the one that .* was fitted to: other weights or known SDs"):
        hlm.load(tmp_path / "fit.nc", data=stored(data.assign(w1=data["w1"][::-1].to_numpy())))


def test_weights_of_groups_may_come_with_their_table(data):
    schools = data.groupby("school", as_index=False)[["sector", "w2"]].first()
    rest = stored(data.drop(columns=["sector", "w2"]))
    found = hlm.Model(TEXT, rest, "school", group_data=schools, weights=GIVEN["both"])
    memory = hlm.Model(TEXT, data, "school", weights=GIVEN["both"])
    assert str(found.ml()) == str(memory.ml())
    with pytest.raises(DataError, match=r"column 'w2' is 0 in a row of school 101: weights are positive numbers"):
        hlm.Model(TEXT, rest, "school", group_data=schools.assign(w2=schools["w2"] * (schools["school"] > 101)),
                  weights=GIVEN["both"])  # fmt: skip


@pytest.mark.parametrize("kind", ["decimal(9, 3)", "int16", "float32"])
def test_columns_of_other_kinds_are_numbers(kind, data):
    table = stored(data.assign(w1=data["w1"].round(3) + 1))
    table = table.mutate(w1=table["w1"].cast(kind), w2=table["w2"].cast("int8"))
    memory = table.to_pyarrow().to_pandas().assign(w1=lambda frame: frame["w1"].astype(float))
    one, other = (hlm.Model(TEXT, of, "school", weights=GIVEN["both"]).ml() for of in (memory, table))
    np.testing.assert_allclose(other.gamma, one.gamma, rtol=1e-9)
    assert other.criterion == pytest.approx(one.criterion, rel=1e-9)


def test_a_group_of_one_row(data):
    alone = data[(data["school"] != 112) | ~data.duplicated("school")].drop(columns=["w2"])
    given = {"row": "w1"}
    one, other = (hlm.Model(TEXT, of, "school", weights=given).ml() for of in (alone, stored(alone)))
    np.testing.assert_allclose(other.gamma, one.gamma, rtol=1e-9)


ODD = {
    "missing": (
        "w1",
        np.nan,
        r"column 'w1' misses the weight of a row of school 103: fill it in, or leave",
    ),
    "zero": ("w1", 0.0, r"column 'w1' is 0 in a row of school 103: weights are positive numbers; leave the row out"),
    "negative": ("w1", -2.0, r"column 'w1' is -2 in a row of school 103: weights are positive numbers; correct it"),
    "inf": ("w1", np.inf, r"column 'w1' is inf in a row of school 103: weights are positive numbers; correct it"),
    "varies": ("w2", 9.5, r"column 'w2', the weight of 'school', varies within groups \(school 103 has 6 and 9.5\)"),
    "stratum": ("stratum", "east", r"column 'stratum' varies within groups \(school 103\): a group lies in one"),
    "no stratum": ("stratum", None, r"column 'stratum' has no value in a row of school 103"),
    "negative replicate": ("r1", -1.0, r"column 'r1' is -1 in a row of school 103: weights are not negative numbers"),
}


@pytest.mark.parametrize(("name", "value", "message"), ODD.values(), ids=ODD)
def test_weights_that_cannot_be_are_refused(name, value, message, data):
    wrong = data.copy()
    wrong.loc[wrong.index[wrong["school"] == 103][1], name] = value
    kind = "replicates" if name == "r1" else "strata" if name == "stratum" else "both"
    with pytest.raises(DataError, match=message):
        hlm.Model(TEXT, stored(wrong), "school", weights=GIVEN[kind])


SENTENCE = {
    "text": ({"row": "town"}, DataError, "column 'town' holds text: weights are numbers"),
    "no column": ({"row": "w9"}, DataError, "the data have no column 'w9'"),
    "no level": ({"pupil": "w1"}, OptionError, "weights are given for 'pupil', which is no level of the model"),
    "one unit": (weights_of(strata="town"), DataError, "one sampling unit, whose spread cannot be estimated"),
    "replicates": (
        hlm.SurveyWeights({"row": "w1"}, replicates=["w2", "age"]),
        DataError,
        "the replicate weights are on average",
    ),
}


@pytest.mark.parametrize(("given", "kind", "message"), SENTENCE.values(), ids=SENTENCE)
def test_what_is_wrong_is_said_as_in_memory(given, kind, message, data):
    data = data.assign(town=np.where(data["school"] == 101, "one", "more"))
    for table in (data, stored(data)):
        with pytest.raises(kind, match=message):
            hlm.Model(TEXT, table, "school", weights=given)


def test_weights_beside_other_spreads_and_groupings_are_refused(data):
    with pytest.raises(OptionError, match="sampling weights are not taken beside known level-1 SDs"):
        hlm.Model(TEXT + "; sd(r) = 2", stored(data), "school", weights=GIVEN["rows"])
    with pytest.raises(OptionError, match="sampling weights are for models with one grouping"):
        hlm.Model("math ~ ses + (1 | school) + (1 | area)", stored(data), weights=GIVEN["rows"])


def test_a_table_that_changes_before_its_weighted_sums(data, monkeypatch):
    from bayeshlm.design import asked_sums

    connection, asked, ask = ibis.duckdb.connect(), [], asked_sums.ask
    table = connection.create_table("pupils", pa.Table.from_pandas(data, preserve_index=False))

    def changing(expression, exact=()):
        if len(asked) == 2:
            connection.raw_sql("DELETE FROM pupils WHERE school = 103 AND area = 0")
        asked.append(1)
        return ask(expression, exact)

    monkeypatch.setattr(asked_sums, "ask", changing)
    with pytest.raises(HLMError, match=re.escape("the table changed between two queries")):
        hlm.Model(TEXT, table, "school", weights=GIVEN["rows"])


@pytest.mark.slow
def test_a_folder_of_files_on_the_command_line(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pupils").mkdir()
    for k, part in enumerate(np.array_split(np.arange(len(data)), 3)):
        data.iloc[part].to_parquet(tmp_path / "pupils" / f"{k}.parquet", index=False)
    lines = f'group = "school"\nequations = "{TEXT}"\n[weights]\n'
    lines += 'columns = { row = "w1", school = "w2" }\nstrata = "stratum"\n'
    (tmp_path / "model.toml").write_text(lines, encoding="utf-8")
    options = ["--draws", "500", "--chains", "2", "--seed", "1", "--out", "results", "--report", "report.html"]
    assert main(["fit", "model.toml", "--data", "duckdb:pupils/*.parquet", *options]) in (0, 1)
    printed = " ".join(capsys.readouterr().out.split())
    assert "rows by w1, scaled within groups to sum to their numbers of rows; groups (school) by w2" in printed
    table = ibis.duckdb.connect().read_parquet("pupils/*.parquet")
    assert hlm.load("results/posterior.nc", data=table).model.survey == weights_of(strata="stratum")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "SurveyWeights" in page
    assert "Traceback" not in page
