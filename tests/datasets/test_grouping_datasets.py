"""The shipped data sets with several groupings: where they come from, and what their codebooks say."""

import importlib.util
import lzma
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import bayeshlm as hlm

ROOT = Path(__file__).parents[2]
REFERENCES = ROOT / "tests" / "references"
SIMULATED = ("growth", "classes", "attainment", "clinics")
PUBLISHED = ("penicillin", "pastes", "seeds", "epilepsy", "wine", "orthodont", "eight_schools", "bcg")
EVERY = pytest.mark.parametrize("name", [*SIMULATED, *PUBLISHED])


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("simulated_datasets", REFERENCES / "simulated_datasets.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulated_datasets"] = module
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_the_files(script):
    made = {make.__name__: script.csv(make) for make in script.SEEDS}
    assert set(made) == set(SIMULATED)
    for name, text in made.items():
        file = ROOT / "bayeshlm" / "datasets" / f"{name}.csv.xz"
        assert lzma.decompress(file.read_bytes()).decode() == text


def test_the_published_tables_are_lme4s():
    """lme4's own copies, but for the column that cannot be called sample and the one that is a pair of others."""
    penicillin = pd.read_csv(REFERENCES / "grouping_data" / "Penicillin.csv.gz")
    assert_frame_equal(hlm.load_dataset("penicillin"), penicillin.rename(columns={"sample": "preparation"}))
    pastes = pd.read_csv(REFERENCES / "grouping_data" / "Pastes.csv.gz")
    shipped = hlm.load_dataset("pastes")
    assert (shipped["batch"] + ":" + shipped["cask"]).tolist() == pastes["sample"].tolist()
    assert_frame_equal(shipped, pastes.drop(columns="sample"))


@EVERY
def test_the_codebook_describes_the_data(name):
    book, data = hlm.describe_dataset(name), hlm.load_dataset(name)
    assert [column.name for column in book.columns] == list(data)
    assert all(column.meaning and column.coding for column in book.columns)
    assert book.n_obs == len(data)
    groups = (book.group,) if isinstance(book.group, str) else book.group
    sizes = [data.groupby(group.split(":")).ngroups for group in groups]
    assert book.n_groups == (sizes[0] if isinstance(book.group, str) else tuple(sizes))
    assert not data.isna().any(axis=None)
    assert data.attrs["source"] == book.source
    assert ("CC0" in book.license) == (name in SIMULATED)
    assert ("nobody was measured" in book.source) == (name in SIMULATED)
    codes = data[[column.name for column in book.columns if column.coding.startswith("1 = ")]]
    assert codes.isin([0, 1]).all(axis=None)
    counted = " and ".join(f"{n} groups ({group})" for n, group in zip(sizes, groups, strict=True))
    assert str(book).splitlines()[1] == f"{len(data)} rows in {counted}"


@pytest.mark.parametrize(
    ("name", "unit", "columns"),
    [
        ("growth", ["child"], ["school", "female", "lunch"]),
        ("growth", ["school"], ["poverty"]),
        ("classes", ["school", "classroom"], ["experience"]),
        ("classes", ["school"], ["private"]),
        ("attainment", ["secondary"], ["selective"]),
        ("clinics", ["clinic"], ["urban"]),
        ("epilepsy", ["patient"], ["progabide", "baseline", "age"]),
        ("orthodont", ["child"], ["girl"]),
    ],
)
def test_columns_of_a_unit_are_constant_in_it(name, unit, columns):
    of_units = hlm.load_dataset(name).groupby(unit)[columns]
    assert_frame_equal(of_units.min(), of_units.max())


def test_schools_cross_but_not_at_random():
    data = hlm.load_dataset("attainment")
    pairs = pd.crosstab(data["primary"], data["secondary"]).to_numpy()
    assert (pairs > 0).sum(axis=1).min() > 1
    assert (pairs > 0).sum(axis=0).min() > 1
    near = 0.75 + 0.25 / 15
    assert pairs.max(axis=1).sum() / len(data) == pytest.approx(near, abs=3 * np.sqrt(near * (1 - near) / len(data)))


def test_what_was_put_in_comes_out():
    """Slopes of the schools' own lines, whose mean the script says, within three standard errors."""
    data = hlm.load_dataset("growth")
    slopes = [np.polyfit(rows["year"], rows["math"], 1)[0] for _, rows in data.groupby("school")]
    expected = 0.78 - 0.0012 * (data["poverty"].mean() - 50) - 0.04 * data["lunch"].mean()
    assert np.mean(slopes) == pytest.approx(expected, abs=3 * np.std(slopes) / np.sqrt(len(slopes)))
