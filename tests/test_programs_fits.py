"""The texts that are written for other programs fit the model: what lme4, nlme, glmmTMB, brms and bambi made of them.

References/programs.R and programs_bambi.py ran them as they stand.
"""

import functools
import json

import numpy as np
import pytest
from programs_cases import FORMS, GALLERY, STORED_FILE, TEXTS, model_of, written

STORED = json.loads(STORED_FILE.read_text(encoding="utf-8"))["cases"]
NOT_FITTED = {
    ("hsb-intercepts-and-slopes-as-outcomes", "nlme")
}  # lme ends at its limit of iterations: a correlation of 1
FITS = [
    (case, form)
    for case, stored in STORED.items()
    for form in ("lme4", "nlme", "glmmTMB")
    if form in stored["made"] and (case, form) not in NOT_FITTED and "REML" in stored["texts"]["glmmTMB"]
]
OTHERS = [case for case, stored in STORED.items() if "REML" not in stored["texts"].get("glmmTMB", "REML")]
READ = [(case, form) for case, stored in STORED.items() for form in ("brms", "bambi") if form in stored["made"]]
FAMILIES = {"Gaussian": "Normal", "Cumulative": "Ordinal"}


@functools.cache
def model(case):
    return model_of(case)


@functools.cache
def reml(case):
    return model(case).reml().estimate


def test_every_text_was_run():
    assert STORED.keys() == {*TEXTS, *GALLERY}
    for case, stored in STORED.items():
        run = {
            form
            for form in stored["texts"]
            if form != "lme4" or not stored["texts"][form].startswith(("gl", "or", "br"))
        }
        assert stored["made"].keys() == run, case
    failed = {(case, form) for case, one in STORED.items() for form, made in one["made"].items() if "error" in made}
    assert failed == NOT_FITTED


@pytest.mark.parametrize("case", STORED)
def test_the_texts_that_were_run_are_those_that_are_written(case):
    assert written(case) == STORED[case]["texts"]


@pytest.mark.parametrize(("case", "form"), FITS)
def test_r_fits_the_text_to_our_reml(case, form):
    """To the digits at which each program's search ends."""
    found, ours = STORED[case]["made"][form], reml(case)
    assert found["log_likelihood"] == pytest.approx(ours.log_likelihood, abs=2e-4)
    assert found["parameters"] == ours.n_parameters
    order, se = np.argsort(ours.gamma), np.sqrt(np.diag(ours.vcov))
    assert (abs(np.sort(found["fixed"]) - ours.gamma[order]) < 2e-3 * se[order]).all()
    assert found["sigma"] == pytest.approx(ours.sigma, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("case", OTHERS)
def test_glmmtmb_fits_outcomes_that_are_not_normal(case):
    """Near our maximum likelihood: glmmTMB takes the integral by Laplace's approximation."""
    found, ours = STORED[case]["made"]["glmmTMB"], model(case).ml()
    table = ours.fixed_effects()
    order = np.argsort(table["estimate"].to_numpy())
    estimate, se = table["estimate"].to_numpy()[order], table["se"].to_numpy()[order]
    assert (abs(np.sort(found["fixed"]) - estimate) < 0.15 * se).all()


@pytest.mark.parametrize(("case", "form"), READ)
def test_brms_and_bambi_make_the_columns_of_the_design(case, form):
    made, design = STORED[case]["made"][form], model(case).design
    assert made["n_obs"] == design.n_obs
    for key, matrix in (("X", design.X), ("Z", design.Z)):
        sums, squares = np.asarray(made[key]["sum"]), np.asarray(made[key]["squares"])
        found = sorted(zip(squares, sums, strict=True))
        ours = sorted(zip((matrix**2).sum(axis=0), matrix.sum(axis=0), strict=True))
        scale = np.sqrt(design.n_obs * np.maximum(np.asarray(ours)[:, 0], 1))
        np.testing.assert_allclose(np.asarray(found)[:, 0], np.asarray(ours)[:, 0], rtol=1e-9)
        found_sums, our_sums = (np.sort([total for _, total in pairs]) for pairs in (found, ours))
        assert (abs(found_sums - our_sums) < 1e-9 * scale.max()).all()
    if form == "bambi":
        assert FAMILIES.get(made["family"], made["family"]) == design.outcome.family_name
        assert made["link"] == design.outcome.link


def test_every_form_is_fitted_somewhere():
    assert {form for stored in STORED.values() for form in stored["made"]} == set(FORMS)
