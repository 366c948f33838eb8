import numpy as np
import pandas as pd
import pytest
import scipy.stats
from residual_data import EQUATIONS, clinic_design

import bayeshlm as hlm
from bayeshlm.checks.level1_variance import level1_variance, own_residuals, reference_distribution
from bayeshlm.design import build_design
from bayeshlm.equations import parse

MODEL = parse("pain = b0 + b1*dose + r; b0 = g00 + u0; b1 = g10")


def design_of(log_sd, size, rng):
    """Clinics whose patients' errors have the log SDs given."""
    codes = np.repeat(np.arange(len(log_sd)), size)
    dose = rng.normal(size=len(codes))
    pain = rng.normal(size=len(log_sd))[codes] + 0.5 * dose + np.exp(log_sd)[codes] * rng.normal(size=len(codes))
    return build_design(MODEL, pd.DataFrame({"clinic": codes, "dose": dose, "pain": pain}), "clinic")


@pytest.mark.parametrize("name", EQUATIONS)
def test_own_residuals_are_those_of_least_squares_in_the_group(name):
    design = clinic_design(name)
    rss, df = own_residuals(design.cross_products)
    for j in range(design.n_groups):
        rows = design.group_codes == j
        A, y = np.column_stack([design.X, design.Z])[rows], (design.y - design.offset)[rows]
        fit, _, rank, _ = np.linalg.lstsq(A, y, rcond=1e-10)
        assert df[j] == rows.sum() - rank
        assert rss[j] == pytest.approx(np.sum((y - A @ fit) ** 2), abs=1e-9)


def test_h_by_hand():
    data = pd.DataFrame({"clinic": [1, 1, 2, 2, 2, 3, 3, 3, 3], "pain": [1.0, 3, 1, 2, 6, 0, 4, 5, 9]})
    design = build_design(parse("pain = b0 + r; b0 = g00 + u0"), data, "clinic")
    found = level1_variance(design, min_df=1)
    f, s2 = np.array([1, 2, 3]), np.array([2.0, 7.0, 41 / 3])
    np.testing.assert_allclose(found.groups["sd"] ** 2, s2)
    d = (np.log(s2) - np.sum(f * np.log(s2)) / 6) / np.sqrt(2 / f)
    np.testing.assert_allclose(found.groups["d"], d)
    assert found.chi2 == pytest.approx(np.sum(d**2))
    assert found.df == 2
    assert found.p == pytest.approx(scipy.stats.chi2.sf(found.chi2, 2))
    assert level1_variance(design, min_df=2).groups["used"].tolist() == [False, True, True]
    alone = level1_variance(design, min_df=3)
    assert np.isnan([alone.chi2, alone.p, alone.p_exact]).all()
    assert alone.df == 0


def test_high_school_and_beyond():
    """All 160 schools enter; H from separate regressions by numpy."""
    data = hlm.load_dataset("hsb")
    design = build_design(parse("mathach = b0 + b1*cwc(ses) + r; b0 = g00 + u0; b1 = g10 + u1"), data, "school")
    logs, f = [], []
    for _, school in data.groupby("school"):
        line = np.polyfit(school["ses"], school["mathach"], 1)
        f.append(len(school) - 2)
        logs.append(np.log(np.sum((school["mathach"] - np.polyval(line, school["ses"])) ** 2) / f[-1]))
    H = np.sum((logs - np.average(logs, weights=f)) ** 2 * np.array(f) / 2)
    found = level1_variance(design)
    assert found.df == 159
    assert found.chi2 == pytest.approx(H)
    assert found.p < 1e-4


def test_the_reference_distribution():
    """For large groups it is chi-square; its mean is that of independent log chi-squares for small ones."""
    f = np.full(30, 4000)
    large = reference_distribution(f, np.random.default_rng(1))
    assert scipy.stats.kstest(large, scipy.stats.chi2(29).cdf).pvalue > 0.001
    f = np.array([1, 1, 2, 5, 9])
    small = reference_distribution(f, np.random.default_rng(2), 40_000)
    mean, variance = scipy.special.digamma(f / 2) - np.log(f / 2), scipy.special.polygamma(1, f / 2)
    weights = f / f.sum()
    expected = np.sum(f / 2 * (variance + (mean - weights @ mean) ** 2)) - f.sum() / 2 * np.sum(weights**2 * variance)
    assert small.mean() == pytest.approx(expected, abs=4 * small.std() / np.sqrt(len(small)))


@pytest.mark.slow
def test_small_groups_are_not_flagged_more_often_than_stated_and_chi_square_flags_too_many():
    rng = np.random.default_rng(4)
    found = [level1_variance(design_of(np.zeros(30), 5, rng), min_df=1) for _ in range(200)]
    exact = np.mean([one.p_exact < 0.05 for one in found])
    assert exact == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 200))
    # f = 3: Var(ln s2) = trigamma(1.5) = .93 where the formula has .67, so that H is some 1.4 chi-squares of 29
    assert np.mean([one.p < 0.05 for one in found]) > 0.2


def test_heteroscedastic_groups_are_caught():
    """Log SDs spread by .25, 18 df: H is about (1 + 4 * .25^2 / (2 / 18)) = 3.25 chi-squares of 59; power > .999."""
    power = scipy.stats.chi2.sf(scipy.stats.chi2.isf(0.05, 59) / (1 + 4 * 0.25**2 * 9), 59)
    assert power > 0.999
    rng = np.random.default_rng(5)
    found = [level1_variance(design_of(0.25 * rng.normal(size=60), 20, rng)) for _ in range(20)]
    assert all(one.p_exact < 0.05 for one in found)
