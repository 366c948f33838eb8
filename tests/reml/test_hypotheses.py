"""General linear hypotheses: what may be written, and what comes of it."""

import numpy as np
import pytest
from cases import estimate

from bayeshlm.errors import OptionError
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.hypotheses import hypothesis_from_matrix, hypothesis_from_pattern, hypothesis_from_text
from bayeshlm.reml.tests_of_effects import linear_hypothesis, t_tests

LABELS = ("g00", "g01", "g02", "g10[Black]", "g10[White]")
FULL = "001-05c-intercepts-slopes-outcomes-meanses-cwg-hsb-REML"

WRITTEN = [
    ("g01", [[0, 1, 0, 0, 0]], [0]),
    ("g01 = 0", [[0, 1, 0, 0, 0]], [0]),
    ("g01 == g02", [[0, 1, -1, 0, 0]], [0]),
    ("g01 - g02 = 0.5", [[0, 1, -1, 0, 0]], [0.5]),
    ("gamma_01 = γ02 + 1", [[0, 1, -1, 0, 0]], [1]),
    ("-2*g01 + g02/4 - 1e-1*g00 = -3", [[-0.1, -2, 0.25, 0, 0]], [-3]),
    ("g01*3*2 + 1 = 4 - 1", [[0, 6, 0, 0, 0]], [2]),
    ("0 = g00", [[-1, 0, 0, 0, 0]], [0]),
    ("g10[Black] = g10[White]", [[0, 0, 0, 1, -1]], [0]),
    ("Gamma_10[Black]", [[0, 0, 0, 1, 0]], [0]),
    ("g01; g02 = 1", [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]], [0, 1]),
    ("g01, g02\n", [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]], [0, 0]),
    ("g00 = g01 = g02", [[1, -1, 0, 0, 0], [0, 1, -1, 0, 0]], [0, 0]),
    (["g01", "g02"], [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]], [0, 0]),
]

WRONG = [
    ("", "empty"),
    (" ; ", "empty"),
    ("g03 = 0", "'g03' in 'g03 = 0' is no fixed effect; there are g00, g01"),
    ("g10 = 0", "'g10' in 'g10 = 0' has several columns: write one of g10.Black., g10.White."),
    ("g01*g02 = 0", "not linear"),
    ("1/g01 = 0", "Only a number other than 0 may divide"),
    ("g01/0 = 0", "Only a number other than 0 may divide"),
    ("g01 g02", "An operator is missing before 'g02'"),
    ("g01 +", "Something is missing"),
    ("* g01", "An operand is missing before '*'"),
    ("g01 = ", "Something is missing"),
    ("g01 ^ 2", "cannot be read"),
    ("1 = 2", "Row 0 of L is zero"),
    ("g01 - g01 = 0", "Row 0 of L is zero"),
]


@pytest.mark.parametrize(("text", "L", "value"), WRITTEN)
def test_text(text: str | list[str], L: list[list[float]], value: list[float]) -> None:
    found = hypothesis_from_text(text, LABELS)
    np.testing.assert_allclose(found.L, L)
    np.testing.assert_allclose(found.value, value)


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_text(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message.replace("*", r"\*")):
        hypothesis_from_text(text, LABELS)


def test_label_reads_back() -> None:
    first = hypothesis_from_text("-2*g01 + g02/4 - g10[Black]; g00 - g01", LABELS)
    assert first.labels == ("-2*g01 + 0.25*g02 - g10[Black]", "g00 - g01")
    np.testing.assert_allclose(hypothesis_from_text(first.labels, LABELS).L, first.L)


def test_pattern() -> None:
    assert hypothesis_from_pattern(r"g0[1-9]|\[W", LABELS).labels == ("g01", "g02", "g10[White]")
    with pytest.raises(OptionError, match="matches none of g00, g01"):
        hypothesis_from_pattern("sector", LABELS)
    with pytest.raises(OptionError, match="not a regular expression"):
        hypothesis_from_pattern("[", LABELS)


@pytest.mark.parametrize(
    ("L", "value", "message"),
    [
        (np.eye(3), 0, "needs 5 columns"),
        (np.zeros((0, 5)), 0, "needs 5 columns"),
        (np.zeros(5), 0, "Row 0 of L is zero"),
        (np.full(5, np.nan), 0, "not a finite number"),
        (np.eye(5), [0, 1], "it needs 5 values"),
    ],
)
def test_wrong_matrix(L: np.ndarray, value: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        hypothesis_from_matrix(L, LABELS, value)  # type: ignore[arg-type]


def test_one_row_is_the_t_test() -> None:
    found = estimate(FULL)
    for df in ("satterthwaite", "kenward-roger"):
        tests = t_tests(found, df)
        joint = linear_hypothesis(found, hypothesis_from_text("g11 = 0", found.fixed_labels), df)
        k = found.fixed_labels.index("g11")
        assert pytest.approx(tests.t[k] ** 2, rel=1e-10) == joint.F
        assert (joint.numerator_df, joint.denominator_df) == (1, pytest.approx(tests.df[k], rel=1e-10))
        assert joint.p == pytest.approx(tests.p[k], rel=1e-8)


def test_several_rows() -> None:
    found = estimate(FULL)
    hypothesis = hypothesis_from_text("g01 = 5; g11 = g12", found.fixed_labels)
    joint = linear_hypothesis(found, hypothesis)
    difference = hypothesis.L @ found.gamma - hypothesis.value
    chi2 = difference @ np.linalg.solve(hypothesis.L @ found.vcov @ hypothesis.L.T, difference)
    assert joint.chi2 == pytest.approx(chi2, rel=1e-10)
    assert pytest.approx(chi2 / 2, rel=1e-10) == joint.F
    np.testing.assert_allclose(joint.rows.estimate, hypothesis.L @ found.gamma)
    np.testing.assert_allclose(joint.rows.t, difference / joint.rows.se)
    assert joint.label == "g01; g11 - g12"


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_rows_that_follow_from_others_change_nothing(df: str) -> None:
    found = estimate(FULL)
    two, three = (
        linear_hypothesis(found, hypothesis_from_text(text, found.fixed_labels), df)  # type: ignore[arg-type]
        for text in ("g01 = 5; g11 = g12", "g01 = 5; g11 = g12; g01 + 2*g11 - 2*g12 = 5")
    )
    assert (three.numerator_df, len(three.rows.labels)) == (2, 3)
    np.testing.assert_allclose(
        [three.F, three.denominator_df, three.chi2], [two.F, two.denominator_df, two.chi2], rtol=1e-8
    )


def test_contradiction() -> None:
    found = estimate(FULL)
    with pytest.raises(OptionError, match="contradict each other: g01; g01"):
        linear_hypothesis(found, hypothesis_from_text("g01 = 5; g01 = 6", found.fixed_labels))


def test_unknown_options() -> None:
    found = estimate(FULL)
    with pytest.raises(OptionError, match='df is "satterthwaite" or "kenward-roger"'):
        t_tests(found, "residual")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match='method is "REML" or "ML"'):
        fit_reml(None, "reml")  # type: ignore[arg-type]
