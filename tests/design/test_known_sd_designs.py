"""Known level-1 SDs in the design: rows count for one over their variances, and bad SDs are refused."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.new_rows import new_rows
from bayeshlm.design.subset import without_rows
from bayeshlm.equations import parse
from bayeshlm.errors import DataError

SPEC = parse("y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1; sd(r) = se")


def frame(n_groups=6, n=5, seed=1):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), n)
    x, se = rng.normal(5, 1, len(group)), rng.uniform(0.5, 2, len(group))
    y = 1 + 0.5 * x + rng.normal(size=n_groups)[group] + se * rng.normal(size=len(group))
    return pd.DataFrame({"group": group, "x": x, "se": se, "v": se**2, "y": y, "one": 1.0})


@pytest.mark.parametrize("text", ["sd(r) = se", "var(r) = v"])
def test_sums_are_those_of_rows_over_their_sds(text):
    data = frame()
    design = build_design(parse(f"y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1; {text}"), data, group="group")
    c = design.cross_products
    X, y = design.X / data["se"].to_numpy()[:, None], design.y / data["se"].to_numpy()
    np.testing.assert_allclose(c.ols, np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-10)
    for j in range(6):
        own = design.group_codes == j
        Zs, Xs, left = (X @ c.z_transform)[own], (X @ c.x_transform)[own], (y - X @ c.ols)[own]
        for found, expected in (
            (c.ZtZ[j], Zs.T @ Zs),
            (c.ZtX[j], Zs.T @ Xs),
            (c.Zty[j], Zs.T @ left),
            (c.XtX[j], Xs.T @ Xs),
            (c.Xty[j], Xs.T @ left),
            (c.yty[j], left @ left),
            (c.log_sd[j], np.log(data["se"][own]).sum()),
        ):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert c.n.tolist() == [5] * 6


def test_sds_of_one_are_the_sums_without():
    known = build_design(parse("y = b0 + r; b0 = g00 + u0; sd(r) = one"), frame(), group="group").cross_products
    plain = build_design(parse("y = b0 + r; b0 = g00 + u0"), frame(), group="group").cross_products
    for name in ("ZtZ", "ZtX", "Zty", "XtX", "Xty", "yty", "ols"):
        np.testing.assert_allclose(getattr(known, name), getattr(plain, name), rtol=1e-12, atol=1e-12)
    assert plain.log_sd is None
    assert known.log_sd.tolist() == [0.0] * 6


def test_a_number_is_the_sd_of_every_row():
    design = build_design(parse("y = b0 + r; b0 = g00 + u0; var(r) = 4"), frame(), group="group")
    assert set(design.kept_rows.sd) == {2.0}
    assert design.outcome.residuals.known
    assert design.outcome.auxiliary_effects == ()


def test_rows_that_are_left_out_take_their_sds_along():
    design = build_design(SPEC, frame(), group="group")
    part = without_rows(design, design.group_codes == 0)
    np.testing.assert_array_equal(part.kept_rows.sd, design.kept_rows.sd[5:])
    np.testing.assert_allclose(part.cross_products.log_sd, design.cross_products.log_sd[1:])


def test_a_row_without_an_sd_is_dropped_and_counted():
    data = frame()
    data.loc[[0, 7], "se"] = np.nan
    design = build_design(SPEC, data, group="group")
    assert design.rows_dropped == 2
    assert design.left_out.columns == (("se", 2),)


def test_one_row_a_group_is_a_model_where_the_sds_are_known():
    data = frame(n_groups=8, n=1)
    assert build_design(parse("y = b0 + r; b0 = g00 + u0; sd(r) = se"), data, group="group").n_groups == 8
    with pytest.raises(DataError, match="every group of 'group' has one row"):
        build_design(parse("y = b0 + r; b0 = g00 + u0"), data, group="group")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([0.0], r"row 0 of the known SD 'se' is 0: it is above 0"),
        ([-1.0], r"row 0 of the known SD 'se' is -1: it is above 0"),
        ([np.inf], r"column 'se' is inf in row 0"),
        ([1e-9], r"the known SDs 'se' lie between 1e-09 and"),
        (["low"] * 30, r"the known SD 'se' is text"),
    ],
)
def test_sds_that_cannot_be_are_refused(values, says):
    data = frame().astype({"se": object}) if isinstance(values[0], str) else frame()
    data.loc[: len(values) - 1, "se"] = values
    with pytest.raises(DataError, match=says):
        build_design(SPEC, data, group="group")


def test_the_outcome_is_no_sd_of_its_own():
    with pytest.raises(DataError, match="the outcome 'y' cannot be its own known SD"):
        build_design(parse("y = b0 + r; b0 = g00 + u0; sd(r) = y"), frame(), group="group")
    with pytest.raises(DataError, match="the data have no column 's'; did you mean 'se'"):
        build_design(parse("y = b0 + r; b0 = g00 + u0; sd(r) = s"), frame(), group="group")


def test_new_rows_have_their_own_sds():
    design = build_design(SPEC, frame(), group="group")
    rows = new_rows(design, pd.DataFrame({"group": [1, 9], "x": [4.0, 6.0], "se": [0.1, 3.0]}))
    assert rows.known.tolist() == [0.1, 3.0]
    with pytest.raises(DataError, match="new_data: the data have no column 'se'"):
        new_rows(design, pd.DataFrame({"group": [1], "x": [4.0]}))
