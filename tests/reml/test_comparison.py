"""Likelihood ratios: lme4's statistics, the right reference distribution, and what is no comparison."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cases import dataset
from scipy.stats import chi2
from small_data import EQUATIONS, covariance, small_design, small_frame

from bayeshlm.design import Design, build_design
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError
from bayeshlm.reml.bootstrap import OutcomeSampler
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.likelihood_ratio import compare_estimates, compare_likelihood
from bayeshlm.reml.nesting import nesting

STORED = json.loads((Path(__file__).parents[1] / "references" / "intervals.json").read_text(encoding="utf-8"))
FIXED = {"dvar_ses": "g00", "dvar_ses + cvar_ses": "g00 + g01*mean(ses)"}
RANDOM = {
    "1 | school": "b0 = {} + u0\nb1 = g10",
    "dvar_ses || school": "b0 = {} + u0\nb1 = g10 + u1\ncov(u0, u1) = 0",
    "dvar_ses | school": "b0 = {} + u0\nb1 = g10 + u1",
}


def hs(text: str) -> Design:
    return build_design(parse(f"mathach = b0 + b1*cwc(ses) + r\n{text}"), dataset("hs"), group="school")


def half_and_half(df: int, statistic: float) -> float:
    return 0.5 * (chi2.sf(statistic, df - 1) if df > 1 else 0.0) + 0.5 * chi2.sf(statistic, df)


@pytest.mark.parametrize("case", STORED["comparisons"], ids=lambda case: f"{case['smaller'][1]}-{case['larger']}")
def test_statistics_of_lme4(case: dict[str, Any]) -> None:
    smaller, larger = (hs(RANDOM[random].format(FIXED[fixed])) for fixed, random in (case["smaller"], case["larger"]))
    found = compare_likelihood(smaller, larger)
    assert found.statistic == pytest.approx(case["statistic"], abs=1e-6)
    assert found.criterion == ("REML" if case["REML"] else "ML")
    added = found.larger.n_parameters - found.smaller.n_parameters
    assert found.df == added
    one_more = len(larger.random) > len(smaller.random)
    expected = half_and_half(added, found.statistic) if one_more else chi2.sf(found.statistic, added)
    assert found.p == pytest.approx(expected, rel=1e-10)
    assert ("Stram & Lee" in found.method) == one_more


def test_one_independent_variance() -> None:
    smaller, larger = hs(RANDOM["1 | school"].format("g00")), hs(RANDOM["dvar_ses || school"].format("g00"))
    found = compare_likelihood(smaller, larger)
    assert found.p == pytest.approx(chi2.sf(found.statistic, 1) / 2, rel=1e-10)
    assert found.method.startswith("likelihood ratio by REML; 0.5 chi-square(0) + 0.5 chi-square(1)")
    assert "bootstrap" not in repr(found)


def test_no_gain_has_p_one() -> None:
    frame = small_frame(4)
    frame["y"] -= frame.groupby("school")["y"].transform("mean")
    frame["x"] -= frame.groupby("school")["x"].transform("mean")
    only, both = (
        build_design(parse(text), frame, group="school")
        for text in ("y = b1*x + r\nb1 = g10 + u1", "y = b0 + b1*x + r\nb0 = u0\nb1 = g10 + u1\ncov(u0, u1) = 0")
    )
    found = compare_likelihood(only, both)
    assert (found.statistic, found.p) == (0.0, 1.0)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_other_columns_for_the_same_fixed_part_change_nothing(method: Method) -> None:
    """The REML criterion depends on the units of X; its differences must not."""
    text = "mathach = b0 + b1*cwc(ses) + b2*{} + r\nb0 = g00 + g01*mean(ses) + u0\nb1 = {}\nb2 = {}"
    build = lambda *parts: build_design(parse(text.format(*parts)), dataset("hs"), group="school")  # noqa: E731
    larger = build("female", "g10 + u1", "g20")
    same = build("female", "g10", "g20")
    other = build_design(
        parse("mathach = b0 + b1*ses + b2*female + r\nb0 = g00 + g01*mean(ses) + u0\nb1 = g10\nb2 = g20"),
        dataset("hs").assign(female=10 - 3 * dataset("hs")["female"]),
        group="school",
    )
    found, again = (compare_likelihood(smaller, larger, method) for smaller in (same, other))
    assert found.statistic > 0.1
    assert again.statistic == pytest.approx(found.statistic, abs=1e-6)
    assert again.criterion == method


@pytest.mark.slow
def test_two_added_effects_are_bootstrapped() -> None:
    frame = small_frame(3, n_groups=12, largest=9)
    text = "y = b0 + b1*x + b2*v + r\nb0 = g00 + u0\nb1 = g10{}\nb2 = g20{}"
    smaller, larger = (build_design(parse(text.format(*u)), frame, group="school") for u in (("", ""), ("+u1", "+u2")))
    found = compare_likelihood(smaller, larger, n_boot=60, seed=1)
    assert found.df == 5
    assert found.p == (1 + np.count_nonzero(found.bootstrap >= found.statistic)) / 61
    assert found.method == "likelihood ratio by REML; parametric bootstrap, 60 draws"
    again = compare_likelihood(smaller, larger, n_boot=60, seed=1)
    np.testing.assert_array_equal(again.bootstrap, found.bootstrap)


def test_bootstrap_is_chosen_where_chi_squares_do_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayeshlm.reml.likelihood_ratio.DRAWS", 7)
    frame = small_frame(3, n_groups=12, largest=9)
    smaller = build_design(parse("y = b0 + b1*x + b2*v + r\nb0 = g00 + u0\nb1 = g10\nb2 = g20"), frame, group="school")
    found = compare_likelihood(smaller, small_design("three", frame), seed=1)
    assert len(found.bootstrap) == 7
    assert found.criterion == "ML"


@pytest.mark.slow
def test_bootstrap_of_a_fixed_effect_is_near_chi_square() -> None:
    smaller, larger = hs("b0 = g00 + u0\nb1 = g10"), hs("b0 = g00 + g01*size + u0\nb1 = g10")
    draws = compare_likelihood(smaller, larger, n_boot=300, seed=2).bootstrap
    for q in (0.5, 0.9):
        share = np.mean(draws > chi2.ppf(q, 1))
        assert share == pytest.approx(1 - q, abs=4 * np.sqrt(q * (1 - q) / 300))


@pytest.mark.parametrize("name", ["parallel", "three"])
def test_simulated_cross_products_have_the_moments_of_simulated_rows(name: str) -> None:
    frame = small_frame(2, n_groups=6, largest=7)  # some groups have fewer rows than columns
    larger = small_design(name, frame)
    text = EQUATIONS[name].replace(" + u1", "")
    smaller = build_design(parse(text), frame, group="school")
    fits, nested = (fit_reml(smaller), fit_reml(larger)), nesting(smaller, larger)
    sampler = OutcomeSampler.of(fits[0], fits[1].deviance_function, nested)
    rng = np.random.default_rng(1)
    draws = [sampler.draw(rng) for _ in range(4000)]
    V = covariance(smaller, fits[0].G, fits[0].sigma)
    c = larger.cross_products
    Xs = larger.X @ c.x_transform
    for j in range(larger.n_groups):
        rows = larger.group_codes == j
        Z, Vj = larger.Z[rows] @ c.z_transform, V[np.ix_(rows, rows)]
        columns = np.hstack([Z, Xs[rows]])
        exact = columns.T @ Vj @ columns
        drawn = np.array([[*d.Zty[j], *d.Xty[j]] for d in draws])
        spread = np.sqrt(np.outer(np.diag(exact), np.diag(exact)) * 2 / len(draws))
        assert np.all(np.abs(drawn.T @ drawn / len(draws) - exact) <= 5 * spread + 1e-12)
        squares = np.array([d.yty[j] for d in draws])
        assert squares.mean() == pytest.approx(np.trace(Vj), abs=5 * np.sqrt(2 * np.trace(Vj @ Vj) / len(draws)))
        joint = np.mean(squares[:, None] * drawn**2, axis=0)  # E (y'y)(c'y)^2 = tr(V) c'Vc + 2 c'VVc
        expected = np.trace(Vj) * np.diag(exact) + 2 * np.einsum("ic,ij,jc->c", columns, Vj @ Vj, columns)
        np.testing.assert_allclose(joint, expected, rtol=0.35, atol=1e-9)


def test_singular_smaller_model_is_said() -> None:
    frame = small_frame(4)
    frame["y"] -= frame.groupby("school")["y"].transform("mean")
    frame["x"] -= frame.groupby("school")["x"].transform("mean")
    found = compare_likelihood(small_design("intercept", frame), small_design("parallel", frame))
    assert "the smaller model is singular (the variance of u0 is 0)" in found.method


BASE = "y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10"
WRONG = [
    (BASE, BASE, "there is nothing to test"),
    (BASE + " + u1", BASE, "random effects of the larger one cannot make up u1"),
    (BASE.replace("*x", "*v"), BASE + " + u1", "fixed effects of the larger one cannot make up g10"),
    (BASE + " + u1", BASE.replace("g00", "g00 + g01*w") + " + u1\ncov(u0, u1) = 0", "keeps random effects independent"),
    (BASE.replace("y =", "z ="), BASE + " + u1", "do not have the same outcome"),
    (BASE.replace("+ r", "+ offset(v) + r"), BASE + " + u1", "different offsets"),
]


@pytest.mark.parametrize(("smaller", "larger", "message"), WRONG)
def test_models_that_are_not_nested(smaller: str, larger: str, message: str) -> None:
    frame = small_frame(2).assign(z=lambda f: f["y"] ** 2)
    designs = [build_design(parse(text), frame, group="school") for text in (smaller, larger)]
    with pytest.raises(OptionError, match=message):
        compare_likelihood(*designs)


@pytest.mark.parametrize(
    ("smaller", "larger", "methods", "message"),
    [
        ("intercept", "parallel", ("REML", "ML"), "One model is estimated by REML and the other by ML"),
        ("intercept", "slope", ("REML", "REML"), "different fixed parts do not compare"),
    ],
)
def test_estimates_that_do_not_compare(smaller: str, larger: str, methods: tuple[Method, Method], message: str) -> None:
    designs = small_design(smaller), small_design(larger)
    fits = [fit_reml(design, method) for design, method in zip(designs, methods, strict=True)]
    with pytest.raises(OptionError, match=message):
        compare_estimates(*fits, designs)


def test_other_rows_or_groups() -> None:
    frame = small_frame(2)
    larger = small_design("parallel", frame)
    with pytest.raises(OptionError, match=r"use \d+ and \d+ rows"):
        compare_likelihood(small_design("intercept", frame[1:]), larger)
    regrouped = frame.assign(school=pd.Series(np.arange(len(frame)) % 4, index=frame.index), w=1.0)
    without = build_design(parse(BASE), regrouped, group="school")
    with pytest.raises(OptionError, match="group the rows differently"):
        compare_likelihood(without, larger)


@pytest.mark.parametrize("n_boot", [0, -1, 2.5, True])
def test_wrong_number_of_draws(n_boot: Any) -> None:
    with pytest.raises(OptionError, match=r"n_boot=.* must be a positive integer"):
        compare_likelihood(small_design("intercept"), small_design("parallel"), n_boot=n_boot)
