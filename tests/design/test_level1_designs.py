"""The columns of the level-1 SD, and the times of correlated residuals, by hand on small tables."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.new_rows import new_rows
from bayeshlm.design.subset import without_rows
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.design.without_spread_effect import without_spread_effect
from bayeshlm.equations import parse, render
from bayeshlm.errors import DataError, OptionError

ONE = "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10; "


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "g": ["a", "a", "a", "b", "b", "c", "c", "c"],
            "t": [3.0, 1.0, 2.0, 5.0, 1.0, 0.0, 4.0, 1.0],
            "x": [1.0, 4.0, 2.0, 8.0, 3.0, 0.0, 2.0, 7.0],
            "f": ["u", "v", "w", "u", "v", "w", "v", "u"],
            "w": [1.0, 1.0, 1.0, 4.0, 4.0, 2.0, 2.0, 2.0],
            "y": [1.0, 2.0, 4.0, 3.0, 7.0, 5.0, 2.0, 6.0],
        }
    )


def level1(text: str, data: pd.DataFrame | None = None):
    return build_design(parse(ONE + text), table() if data is None else data, group="g").kept_rows.level1


def test_columns_are_those_of_level_1_terms():
    found = level1("log(sigma) = a0 + a1*f + a2*cwc(x) + a3*w*x")
    data = table()
    expected = np.column_stack(
        [
            np.ones(8),
            data.f == "v",
            data.f == "w",
            data.x - data.groupby("g").x.transform("mean"),
            data.w * data.x,
        ]
    )
    np.testing.assert_allclose(found.A, expected.astype(float), atol=1e-15)
    assert found.labels == ("a0", "a1[v]", "a1[w]", "a2", "a3")
    assert found.correlation == ""


def test_without_a_constant_each_category_has_its_own():
    found = level1("log(sigma) = a1*f")
    assert found.labels == ("a1[u]", "a1[v]", "a1[w]")
    assert (found.A.sum(axis=1) == 1).all()


def test_an_equation_of_the_variance_has_its_columns_halved():
    of_sd, of_variance = (level1(f"log({name}) = a0 + a1*x") for name in ("sigma", "sigma2"))
    np.testing.assert_array_equal(of_variance.A, of_sd.A / 2)


def test_rows_come_in_order_of_time():
    found = level1("corr(r) = ar1(t)")
    assert found.previous.tolist() == [2, -1, 1, 4, -1, -1, 7, 5]
    assert found.gap.tolist() == [1, 0, 1, 4, 0, 0, 3, 1]
    assert found.lowest == -1.0
    assert found.A.shape == (8, 0)


def test_without_times_the_rows_are_in_order():
    found = level1("corr(r) = ar1()", table().iloc[[0, 3, 1, 4, 2, 5, 6, 7]])
    assert found.previous.tolist() == [-1, -1, 0, 1, 2, -1, 5, 6]
    assert set(found.gap[found.previous >= 0]) == {1.0}, "rows of other groups between them are no time"


def test_gaps_that_are_no_whole_numbers_have_no_negative_correlation():
    data = table()
    data.loc[0, "t"] = 3.5
    assert level1("corr(r) = ar1(t)", data).lowest == 0.0


def test_the_bound_of_compound_symmetry_is_that_of_the_largest_group():
    spec = parse("y = b0 + b1*x + r; b0 = g00; b1 = g10 + u1; corr(r) = cs")
    assert build_design(spec, table(), group="g").kept_rows.level1.lowest == -0.5


def test_missing_values_of_either_drop_rows():
    data = table()
    data.loc[2, "t"], data.loc[4, "f"] = np.nan, None
    design = build_design(parse(f"{ONE}log(sigma) = a0 + a1*f; corr(r) = ar1(t)"), data, group="g")
    assert design.rows_dropped == 2
    assert dict(design.left_out.columns) == {"t": 1, "f": 1}
    assert design.kept_rows.level1.gap[0] == 2.0  # from 1 to 3, as 2 is missing


def test_the_outcome_has_its_parameters():
    outcome = build_design(parse(f"{ONE}log(sigma) = a0 + a1*x; corr(r) = ar1(t)"), table(), group="g").outcome
    assert outcome.auxiliary_effects == (("alpha", "a0"), ("alpha", "a1"), ("rho", ""))
    assert outcome.is_normal
    assert not outcome.has_closed_forms
    assert not outcome.has_sigma
    correlated = build_design(parse(f"{ONE}corr(r) = ar1(t)"), table(), group="g").outcome
    assert correlated.auxiliary_effects == (("sigma", ""), ("rho", ""))
    assert correlated.has_sigma


def test_rows_left_out_leave_the_time_between_the_others():
    design = build_design(parse(f"{ONE}log(sigma) = a0 + a1*x; corr(r) = ar1(t)"), table(), group="g")
    part = without_rows(design, np.arange(8) == 2).kept_rows.level1
    assert part.previous.tolist() == [1, -1, 3, -1, -1, 6, 4]
    assert part.gap.tolist() == [2, 0, 4, 0, 0, 3, 1]
    np.testing.assert_array_equal(part.A, np.delete(design.kept_rows.level1.A, 2, axis=0))


def test_new_rows_have_columns_coded_by_the_fitted_ones():
    design = build_design(parse(f"{ONE}log(sigma) = a0 + a1*f + a2*cgm(x); corr(r) = ar1(t)"), table(), group="g")
    rows = new_rows(design, pd.DataFrame({"g": ["a", "z"], "t": [9, 1], "x": [0.0, 1.0], "f": ["w", "u"], "w": [1, 1]}))
    mean = table().x.mean()
    np.testing.assert_allclose(rows.level1.A, [[1, 0, 1, -mean], [1, 0, 0, 1 - mean]])
    assert rows.level1.previous.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("text", "change", "says"),
    [
        ("corr(r) = ar1(t)", {"t": [1.0] * 8}, "g 'a' has two rows at t = 1"),
        ("corr(r) = ar1(f)", {}, "the times 'f' are text"),
        ("corr(r) = ar1(y)", {}, "the outcome 'y' cannot be the times of its residuals"),
        ("corr(r) = ar1(zeit)", {}, "no column 'zeit'"),
        ("corr(r) = cs", {}, "cs says the same as the random intercept u0"),
        ("log(sigma) = a0 + a1*x + a2*z", {"z": np.arange(8.0) * 0 + 1}, "a2 (z) is constant"),
        ("log(sigma) = a0 + a1*x + a2*z", {"z": 3 * table().x}, "a2 (z)"),
        ("log(sigma) = a0 + a1*y", {}, "cannot be its own predictor"),
    ],
)
def test_errors_name_the_place(text, change, says):
    data = table().assign(**change)
    with pytest.raises(DataError) as caught:
        level1(text, data)
    assert says in str(caught.value)


def test_what_is_not_estimated_is_refused():
    two = "y = b0 + r; b0 = g00 + u0[g] + v0[h]; log(sigma) = a0 + a1*x"
    with pytest.raises(DataError, match="estimated with one grouping"):
        build_design(parse(two), table().assign(h=[1, 2, 1, 2, 1, 2, 1, 2]))
    with pytest.raises(OptionError, match="sampling weights are not taken beside an equation of the level-1 SD"):
        build_design(parse(f"{ONE}log(sigma) = a0"), table(), "g", weights=SurveyWeights.of({"row": "x"}))


def test_one_sd_is_required_where_it_is_needed():
    outcome = build_design(parse(f"{ONE}log(sigma) = a0 + a1*x"), table(), group="g").outcome
    with pytest.raises(OptionError, match="have an equation of their SD"):
        outcome.require_one_sd("This")
    with pytest.raises(OptionError, match="that are independent"):
        build_design(parse(f"{ONE}corr(r) = ar1(t)"), table(), group="g").outcome.require_independent("This")


@pytest.mark.parametrize(
    ("formula", "text", "blocks"),
    [
        ("y ~ x + w + (1 + x |v| g), sigma ~ w + f + (1 |v| g)", "a0 + a1*w + a2*f + v0", (("u0", "u1", "v0"),)),
        ("y ~ x + C(f) + (1 + x || g), sigma ~ (1 | g)", "a0 + v0", (("u0",), ("u1",), ("v0",))),
    ],
)
def test_a_formula_sorted_by_level_keeps_the_effect_of_the_sd(formula, text, blocks):
    spec = build_design(parse(formula), table(), group="g").spec
    assert spec.blocks_by_grouping == (blocks,)
    assert spec.log_spread == parse(f"{ONE}log(sigma) = {text}").log_spread
    assert parse(render(spec)) == spec


def test_the_effect_of_the_level_1_sd_is_no_deviation_of_a_coefficient():
    lines = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1; log(sigma) = a0 + v0"
    design = build_design(parse(lines), table(), group="g")
    assert [column.label for column in design.predictor.effects] == ["u0", "u1", "v0"]
    assert [column.label for column in design.predictor.deviations] == ["u0", "u1"]
    assert [column.is_slope for column in design.random] == [False, True, False]
    plain = without_spread_effect(design)
    assert (plain.random_labels, plain.blocks) == (["u0", "u1"], ((0, 1),))
    assert plain.outcome.is_jointly_normal
    assert without_spread_effect(plain) is plain
    without = build_design(parse(lines.replace(" + v0", "")), table(), group="g")
    np.testing.assert_array_equal(plain.cross_products.ZtX, without.cross_products.ZtX)
