"""The design against pandas, row by row, on random data with gaps and shuffled rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayeshlm.design import build_design
from bayeshlm.equations import parse

TEXT = """
y = b0 + b1*cwc(x) + b2*race + b3*cgm(z) + r
b0 = g00 + g01*kind + g02*cgm(size) + g03*mean(x) + u0
b1 = g10 + g11*size + g12*kind + u1
b2 = g20 + g21*size + u2
b3 = g30
"""


def random_data(seed, n_rows=240, n_groups=15, missing=0.05):
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.r_[np.arange(n_groups), rng.integers(0, n_groups, n_rows - n_groups)])
    size = rng.normal(size=n_groups)
    kind = rng.permutation(np.resize(["city", "rural", "town"], n_groups))
    data = pd.DataFrame(
        {
            "g": group * 10,
            "x": rng.normal(3, 1, n_rows) + size[group],
            "z": rng.normal(size=n_rows),
            "race": rng.permutation(np.resize(["A", "B", "C"], n_rows)),
            "size": size[group],
            "kind": kind[group],
            "y": rng.normal(size=n_rows),
        }
    )
    for name in ("x", "race", "y"):
        data.loc[rng.random(n_rows) < missing, name] = None
    return data


def by_hand(data):
    """X of TEXT from pandas' own groupby."""
    kept = data.dropna()
    schools = kept.groupby("g").agg(size=("size", "first"), kind=("kind", "first"), mean=("x", "mean"))
    grand = schools["size"].mean()
    of_row = schools.loc[kept["g"]].set_axis(kept.index)
    rural, town = of_row["kind"] == "rural", of_row["kind"] == "town"
    x = kept["x"] - kept.groupby("g")["x"].transform("mean")
    race = {level: (kept["race"] == level).astype(float) for level in "BC"}
    columns = {
        "g00": 1.0,
        "g01[rural]": rural,
        "g01[town]": town,
        "g02": of_row["size"] - grand,
        "g03": of_row["mean"],
        "g10": x,
        "g11": x * of_row["size"],
        "g12[rural]": x * rural,
        "g12[town]": x * town,
        "g20[B]": race["B"],
        "g20[C]": race["C"],
        "g21[B]": race["B"] * of_row["size"],
        "g21[C]": race["C"] * of_row["size"],
        "g30": kept["z"] - kept["z"].mean(),
    }
    return pd.DataFrame(columns, index=kept.index).astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_design_equals_pandas(seed):
    data = random_data(seed)
    design = build_design(parse(TEXT), data, "g")
    expected = by_hand(data)
    np.testing.assert_allclose(design.X, expected[design.fixed_labels], rtol=1e-13, atol=1e-13)
    assert set(design.fixed_labels) == set(expected.columns)
    assert design.random_labels == ["u0", "u1", "u2[B]", "u2[C]"]
    np.testing.assert_allclose(design.Z, expected[["g00", "g10", "g20[B]", "g20[C]"]], rtol=1e-13, atol=1e-13)
    kept = data.dropna()
    assert design.rows_dropped == len(data) - len(kept) > 0
    np.testing.assert_array_equal(design.group_labels[design.group_codes], kept["g"])
    np.testing.assert_array_equal(design.y, kept["y"])
    pd.testing.assert_frame_equal(design.frame[kept.columns], kept)


def test_X_is_level1_times_level2():
    data = random_data(4)
    design = build_design(parse(TEXT), data, "g")
    expected = by_hand(data)
    level1 = dict(zip(design.coefficient_labels, ["g00", "g10", "g20[B]", "g20[C]", "g30"], strict=True))
    A = expected[list(level1.values())].to_numpy()
    X = A[:, design.coefficient_of] * design.W[design.group_codes]
    np.testing.assert_allclose(design.X, X, rtol=1e-13, atol=1e-13)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_row_order_moves_rows_only(seed):
    data = random_data(seed)
    order = np.random.default_rng(seed).permutation(len(data))
    one, other = (build_design(parse(TEXT), d, "g") for d in (data, data.iloc[order]))
    back = np.argsort(other.frame.index.to_numpy())
    np.testing.assert_allclose(one.X, other.X[back], rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(one.group_codes, other.group_codes[back])
    np.testing.assert_allclose(one.W, other.W, rtol=1e-12, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_relabelling_groups_permutes_groups_only(seed):
    data = random_data(seed)
    new = np.random.default_rng(seed).permutation(15)
    one = build_design(parse(TEXT), data, "g")
    other = build_design(parse(TEXT), data.assign(g=[f"s{new[g // 10]:02}" for g in data["g"]]), "g")
    np.testing.assert_allclose(one.X, other.X, rtol=1e-12, atol=1e-12)
    moved = [list(other.group_labels).index(f"s{new[g // 10]:02}") for g in one.group_labels]
    np.testing.assert_allclose(one.W, other.W[moved], rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(np.array(moved)[one.group_codes], other.group_codes)
