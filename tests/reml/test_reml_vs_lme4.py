"""All 69 lme4, lmerTest and pbkrtest fits, from level equations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import CASES, design, estimate

from bayeshlm.design.type_three import sum_coded_effects
from bayeshlm.reml.empirical_bayes import empirical_bayes, fitted_values, scaled_residuals
from bayeshlm.reml.kenward_roger import kenward_roger
from bayeshlm.reml.tests_of_effects import t_tests, type_three

type Reference = Callable[[str], dict[str, Any]]

EVERY = pytest.mark.parametrize("key", list(CASES))
REML = pytest.mark.parametrize("key", [key for key, case in CASES.items() if case.method == "REML"])

# relative to the reference; the stored optimum itself is good to about 1e-9 in theta
EXACT = 1e-6
SINGULAR = 1e-4


def tolerance(values: dict[str, Any]) -> float:
    return SINGULAR if values["singular"] else EXACT


def fixed_order(key: str, values: dict[str, Any]) -> list[int]:
    """Position in lme4's fixed effects of each of ours."""
    names = [frozenset(name.split(":")) for name in values["fixed"]["names"]]
    return [names.index(frozenset(name.split(":"))) for name in CASES[key].fixed]


def varcor(values: dict[str, Any]) -> dict[str, Any]:
    (found,) = values["varcor"].values()
    return found


def test_every_reference_is_a_case() -> None:
    stored = Path(__file__).parents[1] / "references" / "lme4.json"
    assert {case["id"] for case in json.loads(stored.read_text(encoding="utf-8"))["cases"]} == set(CASES)
    assert len(CASES) == 69


@EVERY
def test_fixed_effects_and_standard_errors(key: str, reference_case: Reference) -> None:
    values = reference_case(key)["values"]
    order, found = fixed_order(key, values), estimate(key)
    rtol = tolerance(values)
    np.testing.assert_allclose(found.gamma, np.array(values["fixed"]["estimate"])[order], rtol=rtol)
    np.testing.assert_allclose(found.se, np.array(values["fixed"]["se"])[order], rtol=rtol)
    vcov = np.array(values["vcov_fixed"]["rows"])[np.ix_(order, order)]
    np.testing.assert_allclose(found.vcov, vcov, atol=rtol * np.max(np.abs(vcov)), rtol=rtol)


@EVERY
def test_variance_components(key: str, reference_case: Reference) -> None:
    values = reference_case(key)["values"]
    reference, found, rtol = varcor(values), estimate(key), tolerance(values)
    assert tuple(reference["terms"]) == CASES[key].random
    np.testing.assert_allclose(found.G, reference["cov"], rtol=rtol)
    np.testing.assert_allclose(found.tau, reference["sd"], rtol=rtol)
    if len(found.tau) > 1:
        np.testing.assert_allclose(found.corr, reference["corr"], rtol=rtol)
    np.testing.assert_allclose(found.sigma, values["sigma"], rtol=rtol)
    np.testing.assert_allclose(found.theta, list(values["theta"].values()), rtol=0, atol=1e-5)


@EVERY
def test_criterion_and_counts(key: str, reference_case: Reference) -> None:
    values, found = reference_case(key)["values"], estimate(key)
    criterion = values["REML_criterion" if found.method == "REML" else "deviance_ML"]
    np.testing.assert_allclose(found.criterion, criterion, rtol=1e-10)
    np.testing.assert_allclose(found.deviance, criterion, rtol=1e-10)
    np.testing.assert_allclose(found.log_likelihood, values["logLik"], rtol=1e-10)
    np.testing.assert_allclose([found.aic, found.bic], [values["AIC"], values["BIC"]], rtol=1e-10)
    assert (found.n_obs, found.n_parameters) == (values["n_obs"], values["npar"])
    assert list(found.n_groups) == list(values["n_groups"].values())


@EVERY
def test_search_ends_at_the_minimum_and_knows_the_boundary(key: str, reference_case: Reference) -> None:
    values, found = reference_case(key)["values"], estimate(key)
    assert found.converged
    assert found.optimum.last_step < 1e-10
    assert found.singular is values["singular"]
    # every singular fit among the references has a correlation of 1 or -1
    sign = "-1" if found.singular and found.corr[0, 1] < 0 else "1"
    assert found.reason == (f"the correlation of u0 and u1 is {sign}" if found.singular else "")


@EVERY
def test_empirical_bayes(key: str, reference_case: Reference) -> None:
    values, found = reference_case(key)["values"], estimate(key)
    (reference,) = values["ranef"].values()
    labels = [str(label) for label in design(key).group_labels]
    groups = [labels.index(name) for name in reference["groups"]]
    (bayes,) = empirical_bayes(found)
    for q, term in enumerate(CASES[key].random):
        tau = found.tau[q]
        u, sd = bayes.u[:, q], bayes.sd[:, q]
        np.testing.assert_allclose(u[groups], reference["condval"][term], rtol=0, atol=1e-5 * tau)
        np.testing.assert_allclose(sd[groups], reference["condsd"][term], rtol=0, atol=1e-5 * tau)
        np.testing.assert_allclose(
            [u.min(), u.max()], [reference["min"][term], reference["max"][term]], atol=1e-5 * tau
        )
        np.testing.assert_allclose(u @ u, reference["sumsq_condval"][term], rtol=1e-5)
        np.testing.assert_allclose(sd @ sd, reference["sumsq_condsd"][term], rtol=1e-5)


@EVERY
def test_residuals(key: str, reference_case: Reference) -> None:
    values, found = reference_case(key)["values"], estimate(key)
    quartiles = np.quantile(scaled_residuals(design(key), found), [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(quartiles, list(values["scaled_residuals"].values()), rtol=0, atol=1e-6)
    fitted = fitted_values(design(key), found)
    np.testing.assert_allclose(fitted @ fitted, values["sum_fitted_sq"], rtol=1e-8)


@EVERY
def test_satterthwaite(key: str, reference_case: Reference) -> None:
    values = reference_case(key)["values"]
    tests, order = t_tests(estimate(key)), fixed_order(key, values)
    reference = {name: np.array(column)[order] for name, column in values["fixed"].items() if name != "names"}
    rtol = 1e-2 if values["singular"] else 1e-4
    np.testing.assert_allclose(tests.df, reference["satterthwaite_df"], rtol=rtol)
    np.testing.assert_allclose(tests.t, reference["t"], rtol=tolerance(values))
    # a p of 1e-300 magnifies a difference in t
    np.testing.assert_allclose(np.log(tests.p), np.log(reference["satterthwaite_p"]), rtol=rtol)


@REML
def test_kenward_roger(key: str, reference_case: Reference) -> None:
    values = reference_case(key)["values"]
    tests, order = t_tests(estimate(key), df="kenward-roger"), fixed_order(key, values)
    reference = {name: np.array(column)[order] for name, column in values["fixed"].items() if name != "names"}
    np.testing.assert_allclose(tests.se, reference["kenward_roger_se"], rtol=tolerance(values))
    np.testing.assert_allclose(tests.df, reference["kenward_roger_df"], rtol=1e-6)
    np.testing.assert_allclose(tests.t, reference["kenward_roger_t"], rtol=tolerance(values))
    np.testing.assert_allclose(np.log(tests.p), np.log(reference["kenward_roger_p"]), rtol=1e-4)


@REML
def test_kenward_roger_of_one_row_is_the_t_test(key: str) -> None:
    adjusted = kenward_roger(estimate(key))
    rows = np.eye(len(estimate(key).gamma))
    np.testing.assert_allclose([adjusted.test(row[None])[1] for row in rows], 1.0, rtol=1e-9)


@EVERY
def test_type_three(key: str, reference_case: Reference) -> None:
    values = reference_case(key)["values"]
    found = type_three(estimate(key), design(key).fixed, sum_coded_effects(design(key)))
    reference = values.get("anova_type3_satterthwaite")
    if reference is None:  # only an intercept: nothing to test
        assert found == ()
        return
    terms = [frozenset(term.split(":")) for term in reference["term"]]
    names = [frozenset(name.split(":")) for name in CASES[key].fixed if name != "(Intercept)"]
    order = [terms.index(name) for name in names]
    rtol = SINGULAR if values["singular"] else 1e-5
    np.testing.assert_allclose([test.F for test in found], np.array(reference["F"])[order], rtol=rtol)
    np.testing.assert_allclose(
        [test.denominator_df for test in found],
        np.array(reference["dendf"])[order],
        rtol=1e-2 if values["singular"] else 1e-4,
    )
    assert [test.numerator_df for test in found] == np.array(reference["numdf"])[order].tolist()
