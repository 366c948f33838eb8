"""What HLM prints for the HSB null model, and the definitions on small data."""

import numpy as np
import pytest
from cases import design as case_design
from cases import estimate
from small_data import small_design, small_frame

from bayeshlm.design.gram import inverse_within
from bayeshlm.reml.estimate import fit_reml
from bayeshlm.reml.hlm_statistics import chi_square_tests, reliability, robust_vcov

NULL = "001-01-oneway-anova-hsb-REML"


def test_published_null_model() -> None:
    # HLM on High School and Beyond: Raudenbush & Bryk (2002), table 4.2 and the program's output
    found, tests = estimate(NULL), chi_square_tests(case_design(NULL), estimate(NULL))
    assert f"{found.sigma**2:.3f}" == "39.148"
    assert f"{found.tau[0] ** 2:.3f}" == "8.614"
    assert f"{tests.chi2[0]:.2f}" == "1660.23"
    assert (tests.df[0], tests.n_groups_used, tests.labels) == (159, 160, ("u0",))
    assert tests.p[0] < 1e-200
    assert f"{reliability(found).mean[0]:.3f}" == "0.901"
    assert f"{np.sqrt(robust_vcov(case_design(NULL), found)[0, 0]):.3f}" == "0.244"


@pytest.mark.parametrize("name", ["intercept", "slope", "three"])
def test_by_hand(name: str) -> None:
    design = small_design(name, small_frame(5, n_groups=16, largest=9))
    found = fit_reml(design)
    q = design.Z.shape[1]
    chi2, by_group, used = np.zeros(q), np.full((16, q), np.nan), 0
    for j in range(16):
        rows = design.group_codes == j
        Z = design.Z[rows]
        if np.linalg.matrix_rank(Z) < q:
            continue
        used += 1
        u = np.linalg.lstsq(Z, design.y[rows] - design.X[rows] @ found.gamma)[0]
        error = found.sigma**2 * np.diag(np.linalg.inv(Z.T @ Z))
        chi2 += u**2 / error
        by_group[j] = found.tau**2 / (found.tau**2 + error)
    tests, found_reliability = chi_square_tests(design, found), reliability(found)
    assert 0 < used < 16 or name == "intercept"
    assert (tests.n_groups_used, found_reliability.n_groups_used) == (used, used)
    np.testing.assert_allclose(tests.chi2, chi2, rtol=1e-6)
    np.testing.assert_allclose(found_reliability.by_group, by_group, rtol=1e-6)
    np.testing.assert_allclose(found_reliability.mean, np.nanmean(by_group, axis=0), rtol=1e-6)
    # one fixed effect a coefficient, and one more where w predicts it
    predicted = {"intercept": [2], "slope": [2, 2], "three": [1, 1, 2]}[name]
    np.testing.assert_array_equal(tests.df, used - np.array(predicted))


def test_without_a_group_that_determines_its_coefficients() -> None:
    frame = small_frame(3, n_groups=40)
    frame["x"] = frame["x"].groupby(frame["school"]).transform("first")
    design = small_design("parallel", frame)
    found = fit_reml(design)
    assert np.isnan(inverse_within(design.cross_products)).all()
    tests, none = chi_square_tests(design, found), reliability(found)
    assert (tests.n_groups_used, none.n_groups_used) == (0, 0)
    assert np.isnan([tests.chi2, tests.df, tests.p, none.mean]).all()
