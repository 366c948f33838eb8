"""The gallery's models whose outcomes are not normal: published numbers, and one posterior by two ways."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from gallery_models import NOT_NORMAL, named_auxiliary

import bayeshlm as hlm
from bayeshlm.faces.gallery import open_model, read_model_file
from bayeshlm.families import FAMILIES

REFERENCE = json.loads((Path(__file__).parent / "references" / "gallery_families.json").read_text(encoding="utf-8"))
CASES = REFERENCE["cases"]
TERMS = {  # of R, where the order of its columns is not that of the equations
    "seeds-germination": [0, 1, 2, 3],
    "epilepsy-poisson": [0, 1, 2, 5, 3, 4],
    "epilepsy-negative-binomial": [0, 1, 2, 5, 3, 4],
}
WITH_OTHERS = ("Bernoulli", "Binomial", "Poisson", "Ordinal")
EVERY = pytest.mark.parametrize("name", NOT_NORMAL)
ONE_FAMILY = ("clinics-recovery", "clinics-recovery-by-treatment")
QUICK_ONE = pytest.mark.parametrize(
    "name", [name if name in ONE_FAMILY else pytest.param(name, marks=pytest.mark.slow) for name in NOT_NORMAL]
)
"""Each family has machine code of its own, which is compiled first."""


def family_of(name):
    return open_model(name).design.outcome.family_name


def estimates(name):
    """R's estimates and standard errors by the name of a published number."""
    design, case = open_model(name).design, CASES[name]
    order = TERMS.get(name, range(len(design.fixed)))
    fixed = [(case["fixed"]["estimate"][k], case["fixed"]["se"][k]) for k in order]
    found = dict(zip(design.fixed_labels, fixed, strict=True))
    found |= {f"tau_{u}": (tau, None) for u, tau in zip(design.random_labels, np.ravel(case["tau"]), strict=True)}
    found |= {f"corr_{a}_{b}": (case["corr"], None) for a, b in combinations(design.random_labels, 2)}
    numbers = [number for values in dict(case["auxiliary"]).values() for number in np.ravel(values)]
    return found | {key: (number, None) for key, number in zip(named_auxiliary(design.outcome), numbers, strict=True)}


def test_every_family_has_a_model_and_every_model_a_case():
    assert set(CASES) == set(NOT_NORMAL)
    assert {family_of(name) for name in NOT_NORMAL} == set(FAMILIES) - {"Normal"}
    assert max(case["last_gradient"] for case in CASES.values()) < 1e-6  # times a standard error


@EVERY
def test_the_published_numbers_are_r_s_at_the_printed_digits(name, printed_tolerance):
    published, expected = read_model_file(name).published, estimates(name)
    assert published.keys() == expected.keys()
    for symbol, printed in published.items():
        value, se = expected[symbol]
        assert float(printed.value) == pytest.approx(value, abs=printed_tolerance(printed.value), rel=0), symbol
        assert (printed.se is None) == (se is None), symbol
        if se is not None:
            assert float(printed.se) == pytest.approx(se, abs=printed_tolerance(printed.se), rel=0), symbol


@EVERY
def test_other_programs_say_the_same(name):
    """glmer and clmm with 25 nodes, to the digits that their optimizers find."""
    case = CASES[name]
    assert ("beside" in case) == (family_of(name) in WITH_OTHERS and np.size(case["tau"]) == 1)
    if "beside" in case:
        np.testing.assert_allclose(case["beside"]["fixed"], case["fixed"]["estimate"], atol=2e-3)
        assert case["beside"]["tau"] == pytest.approx(case["tau"], abs=2e-3)


@pytest.mark.slow
@EVERY
def test_nuts_and_importance_sampling_are_one_posterior(name):
    model = hlm.open_model(name)
    fits = [model.fit(seed=3, sampler=sampler, progress=False) for sampler in ("importance", "nutpie")]
    assert fits[0].convergence.by_importance
    assert all(fit.convergence.converged and fit.nodes.holds for fit in fits)
    for table in ("fixed_effects", "variance_components"):
        one, other = (getattr(fit, table)() for fit in fits)
        assert (abs(one["mean"] - other["mean"]) < 4 * np.hypot(one["mcse_mean"], other["mcse_mean"])).all()


@QUICK_ONE
def test_maximum_likelihood_by_quadrature_equals_r_s_on_a_grid(name):
    fit, expected = open_model(name).ml(), estimates(name)
    assert fit.converged
    expected_log_likelihood = CASES[name]["log_likelihood"]
    assert fit.log_likelihood == pytest.approx(expected_log_likelihood, abs=1e-5)  # what the nodes may leave
    fixed = fit.fixed_effects()
    for symbol, row in fixed.iterrows():
        value, se = expected[symbol]
        assert row["estimate"] == pytest.approx(value, abs=1e-4 * se)
        assert row["se"] == pytest.approx(se, rel=1e-4)
    variances = fit.variance_components(intervals=None)["estimate"]
    for (component, effect), value in variances.items():
        key = "_".join([component, *effect.replace("|", ",").split(",")]).rstrip("_")
        if key in expected:
            assert value == pytest.approx(expected[key][0], rel=1e-4), key


NULL = "rating ~ Ordinal(eta); eta = b0; b0 = u0"
"""Ratings without a predictor: no fixed effect beside the cutpoints."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NOT_NORMAL, "null"])
def test_every_room_takes_it(name, tmp_path):
    model = hlm.Model(NULL, hlm.load_dataset("wine"), "judge") if name == "null" else open_model(name)
    fit = model.fit(seed=1, draws=250, progress=False, parameterization="noncentered")
    fit.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Check against maximum likelihood" in page
    assert "Tests of the level-1 residuals" in page
    assert "Influence of each" in page
    told = fit.reliability().draws["reliability"]
    assert ((told > 0) & (told < 1)).all()
    q = len(model.design.random)
    assert len(fit.plot.variance_components()) == q * (q + 1) // 2 + len(model.design.outcome.auxiliary_effects)
    assert fit.cross_check().method == "ML"
    assert len(fit.plot.cross_check()) > 0
    fit.save(tmp_path / "fit.nc")
    assert str(hlm.load(tmp_path / "fit.nc")) == str(fit)
