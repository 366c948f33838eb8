import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.design.descriptives import describe_levels
from bayeshlm.equations import parse


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "ward": list("aabbbc"),
            "dose": [1.0, 3.0, 2.0, 2.0, 5.0, 4.0],
            "beds": [10, 10, 20, 20, 20, 60],
            "sex": ["f", "m", "f", "f", "m", "m"],
            "kind": ["old", "old", "new", "new", "new", "new"],
            "pain": [4.0, 6.0, 1.0, 2.0, 3.0, 9.0],
        }
    )


def described(frame, text):
    return describe_levels(build_design(parse(text), frame, "ward"))


def test_columns_are_described_at_the_level_where_they_vary(frame):
    found = described(frame, "pain = b0 + b1*dose + r; b0 = g00 + g01*beds + u0; b1 = g10")
    assert found.level1.index.tolist() == ["pain", "dose"]
    assert found.level2.index.tolist() == ["beds"]
    assert len(found.categories) == 0
    dose = frame["dose"]
    inside = dose - dose.groupby(frame["ward"]).transform("mean")
    expected = [dose.mean(), dose.std(), np.sqrt((inside**2).sum() / (6 - 3)), 1, 5]
    assert found.level1.loc["dose", ["mean", "sd", "sd_within", "min", "max"]].tolist() == pytest.approx(expected)
    over_groups = pd.Series([10, 20, 60])
    assert found.level2.loc["beds"].tolist() == pytest.approx([30, over_groups.std(), 10, 60])


def test_categories_are_counted_over_rows_or_groups(frame):
    found = described(frame, "pain = b0 + b1*C(sex) + r; b0 = g00 + g01*C(kind) + u0; b1 = g10")
    assert found.categories.loc[("sex", "f")].tolist() == [1, 3, 0.5]
    assert found.categories.loc[("kind", "old")].tolist() == [2, 1, pytest.approx(1 / 3)]
    assert len(found.level2) == 0


def test_group_sizes(frame):
    sizes = described(frame, "pain = b0 + r; b0 = g00 + u0").group_sizes
    assert sizes[["min", "median", "max", "mean", "single"]].tolist() == [1, 2, 3, 2, 1]


def test_rows_that_miss_a_value_do_not_count(frame):
    frame.loc[5, "dose"] = np.nan
    found = described(frame, "pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10")
    assert found.level1.loc["pain", "max"] == 6
    assert found.group_sizes["mean"] == 2.5


def test_a_model_describes_its_data(frame):
    model = hlm.Model("pain = b0 + b1*dose + r; b0 = g00 + g01*kind + u0; b1 = g10", frame, "ward")
    found = model.describe()
    pd.testing.assert_frame_equal(found.level1, describe_levels(model.design).level1)
    text = repr(found)
    for line in ("Level 1: over 6 rows", "kind (level 2, over groups)", "Rows of a group (ward)"):
        assert line in text


def test_of_several_groupings_one_is_named():
    data = pd.DataFrame({"child": np.repeat(range(6), 2), "school": np.repeat(range(3), 4)})
    data["age"], data["size"] = data["child"] % 2 + 7, data["school"] + 10
    data["math"] = np.arange(12.0) % 5
    text = "math = p0 + e; p0 = b00 + b01*age + r0; b00 = g000 + g001*size + u00; b01 = g010"
    model = hlm.Model(text, data, ["child", "school"])
    children, schools = model.describe(grouping="child"), model.describe(grouping="school")
    assert children.level1.index.tolist() == ["math"]
    assert children.level2.index.tolist() == ["age", "size"]
    assert schools.level1.index.tolist() == ["math", "age"]
    assert schools.level2.loc["size"].tolist() == [11, 1, 10, 12]
    assert schools.group_sizes["mean"] == 4
    assert "Within school: over 12 rows" in repr(schools)
    with pytest.raises(hlm.OptionError, match="say which grouping"):
        model.describe()
