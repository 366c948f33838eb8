"""Maximum likelihood of outcomes that are not normal, against R at full precision (references/family_fits.json)."""

import numpy as np
import pytest
from family_references import CASES, fit_of

from bayeshlm.reml.family_effects import effects_of_groups
from bayeshlm.reml.family_estimate import MAX_CHANGE, MAX_MOVE
from bayeshlm.reml.family_scalars import component_scalars, standard_error

QUICK = ("bacteria", "contraception")  # a family takes some ten seconds to compile
EVERY = [name if name.startswith(QUICK) else pytest.param(name, marks=pytest.mark.slow) for name in CASES]


@pytest.fixture(params=EVERY)
def case(request):
    return CASES[request.param]


def test_log_likelihood_and_what_follows_from_it(case):
    fit = fit_of(case["id"])
    exact = case["log_likelihood_more_nodes"]
    assert fit.log_likelihood == pytest.approx(exact, abs=1.5 * abs(fit.nodes.change) + 2e-8)
    assert abs(fit.nodes.change) < MAX_CHANGE
    assert fit.nodes.move < MAX_MOVE
    assert fit.n_parameters == case["n_parameters"]
    assert fit.aic == pytest.approx(case["aic"], abs=2 * MAX_CHANGE)
    assert fit.bic == pytest.approx(case["bic"], abs=2 * MAX_CHANGE)
    assert fit.converged
    assert not fit.singular
    assert fit.reason == ""
    assert (fit.design.n_obs, fit.design.n_groups) == (case["n_obs"], case["n_groups"])


def test_estimates_within_what_twice_as_many_nodes_move(case):
    fit = fit_of(case["id"])
    table = fit.fixed_effects()
    assert sorted(table.index) == sorted(case["fixed"])
    limit = 2 * fit.nodes.move + 1e-6
    for symbol, (estimate, se) in case["fixed"].items():
        row = table.loc[symbol]
        assert row["estimate"] == pytest.approx(estimate, abs=limit * se, rel=0)
        assert row["se"] == pytest.approx(se, rel=2e-5)
        assert row["z"] == pytest.approx(estimate / se, rel=1e-4, abs=1e-3)
        assert (row["lower"], row["upper"]) == pytest.approx(
            (estimate - 1.959963984540054 * se, estimate + 1.959963984540054 * se), abs=1e-4 * se
        )
    assert fit.tau.to_numpy() == pytest.approx(case["tau"], rel=limit + 1e-6)
    assert fit.estimate.auxiliary == pytest.approx(case["auxiliary"], rel=limit + 1e-6)
    if case["corr"] is not None:
        assert fit.corr.iloc[1, 0] == pytest.approx(case["corr"], rel=limit + 1e-6)


def test_standard_errors_of_variances(case):
    estimate = fit_of(case["id"]).estimate
    found = {one.key: (one.value, standard_error(estimate, one.gradient)) for one in component_scalars(estimate)}
    if isinstance(case["se_log_tau"], float):
        value, se = next(found[key] for key in found if key[0] == "tau")
        assert se / value == pytest.approx(case["se_log_tau"], rel=2e-5)
    if case["se_log_auxiliary"]:
        value, se = next(found[key] for key in found if key[0] in ("phi", "shape"))
        assert se / value == pytest.approx(case["se_log_auxiliary"], rel=2e-5)
    if case["se_cutpoints"]:
        errors = [se for key, (_, se) in found.items() if key[0] == "cutpoint"]
        assert errors == pytest.approx(case["se_cutpoints"], rel=2e-5)


def test_effects_of_groups(case):
    fit = fit_of(case["id"])
    labels, found = list(fit.design.group_labels), effects_of_groups(fit.estimate)
    at = [labels.index(name) for name in case["modes"]["groups"]]
    for ours, theirs in (
        (found.mode, case["modes"]["u"]),
        (found.curvature_sd, case["modes"]["sd"]),
        (found.mean, case["means"]["u"]),
        (found.sd, case["means"]["sd"]),
    ):
        assert pytest.approx(np.array(theirs), abs=5e-6) == ours[at].T
    assert (found.mode**2).sum(axis=0) == pytest.approx(case["modes"]["sumsq"], rel=1e-5)
    table = fit.group_coefficients()
    own = table.xs(fit.design.coefficient_labels[fit.design.random_coefficients[0]], level="coefficient")
    assert own["u"].to_numpy() == pytest.approx(found.mode[:, 0])
    assert own["posterior_mean"].to_numpy() == pytest.approx(found.mean[:, 0])
