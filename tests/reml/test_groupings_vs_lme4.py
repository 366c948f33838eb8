"""lme4, lmerTest and pbkrtest fits with nested and crossed groupings."""

from collections import Counter

import numpy as np
import pytest
from grouping_cases import CASES, SHIPPED, case_parameters, frame, grouping_estimate, levels

from bayeshlm.reml.empirical_bayes import empirical_bayes
from bayeshlm.reml.tests_of_effects import t_tests

EVERY = pytest.mark.parametrize("key", case_parameters())


def exact(key: str) -> float:
    """Relative tolerance of estimates: InstEval's optimum is lme4's own, good to 1e-7 in theta."""
    return 1e-5 if key.startswith("insteval") else 1e-6


def test_most_cases_are_run_whatever_the_machine() -> None:
    assert Counter(case["data"] in SHIPPED for case in CASES.values()) == {True: 24, False: 23}


@EVERY
def test_criterion_and_counts(key: str) -> None:
    case, found = CASES[key], grouping_estimate(key)
    np.testing.assert_allclose(found.criterion, case["criterion"], rtol=1e-10)
    np.testing.assert_allclose(found.log_likelihood, case["log_likelihood"], rtol=1e-10)
    np.testing.assert_allclose([found.aic, found.bic], [case["aic"], case["bic"]], rtol=1e-10)
    assert (found.n_obs, found.n_parameters) == (case["n_obs"], case.get("n_parameters", found.n_parameters))
    assert list(found.n_groups) == [own["n_groups"] for own in case["groupings"].values()]
    assert (found.converged, found.singular) == (True, case["singular"])
    assert found.optimum.last_step < 1e-10


@EVERY
def test_estimates(key: str) -> None:
    case, found, rtol = CASES[key], grouping_estimate(key), exact(key)
    np.testing.assert_allclose(found.gamma, case["fixed"]["estimate"], rtol=rtol)
    np.testing.assert_allclose(found.se, case["fixed"]["se"], rtol=rtol)
    np.testing.assert_allclose(found.sigma, case["sigma"], rtol=rtol)
    G, start = np.zeros_like(found.G), 0
    for own in case["groupings"].values():
        end = start + len(own["terms"])
        G[start:end, start:end] = own["cov"]
        start = end
    scale = np.sqrt(np.outer(np.diag(G), np.diag(G)))
    np.testing.assert_allclose(found.G / scale, G / scale, rtol=0, atol=2 * rtol)
    np.testing.assert_allclose(found.tau, np.sqrt(np.diag(G)), rtol=rtol)


@EVERY
def test_degrees_of_freedom(key: str) -> None:
    fixed, found = CASES[key]["fixed"], grouping_estimate(key)
    if "satterthwaite_df" in fixed:
        np.testing.assert_allclose(t_tests(found).df, fixed["satterthwaite_df"], rtol=1e-4)
    if "kenward_roger_df" in fixed:
        tests = t_tests(found, "kenward-roger")
        np.testing.assert_allclose(tests.df, fixed["kenward_roger_df"], rtol=1e-6)
        np.testing.assert_allclose(tests.se, fixed["kenward_roger_se"], rtol=1e-6)


@EVERY
def test_empirical_bayes(key: str) -> None:
    case, found = CASES[key], grouping_estimate(key)
    for bayes, (grouping, own) in zip(empirical_bayes(found), case["groupings"].items(), strict=True):
        names = levels(frame(case["data"]), grouping)[1]
        first = [names.index(name) for name in own["groups"]]
        tau = np.sqrt(np.diag(own["cov"]))
        np.testing.assert_allclose(bayes.u[first] / tau, own["u"] / tau, rtol=0, atol=1e-5)
        np.testing.assert_allclose(np.sum(bayes.u**2, axis=0), own["sumsq_u"], rtol=1e-5)
        if "u_sd" in own:
            np.testing.assert_allclose(bayes.sd[first] / tau, own["u_sd"] / tau, rtol=0, atol=1e-5)
            np.testing.assert_allclose(np.sum(bayes.sd**2, axis=0), own["sumsq_u_sd"], rtol=1e-5)


def test_the_references_have_degrees_of_freedom_of_both_kinds() -> None:
    shipped = [case["fixed"] for case in CASES.values() if case["data"] in SHIPPED]
    assert sum("satterthwaite_df" in fixed for fixed in shipped) == 24
    assert sum("kenward_roger_df" in fixed for fixed in shipped) == 10
