"""The formulas that lme4 fitted, read as they stand: REML and ML of them are those of lme4, and of level equations."""

import json
import re
from pathlib import Path

import cases
import family_references
import grouping_cases
import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.equations import parse, render
from bayeshlm.reml.estimate import fit_reml

REFERENCES = Path(__file__).parents[1] / "references"
MORE = {
    case["id"]: case for case in json.loads((REFERENCES / "formula_fits.json").read_text(encoding="utf-8"))["cases"]
}
FAMILY_OF = {
    "bacteria-agq25": "binomial",
    "contraception-ri-agq25": "binomial",
    "contraception-rs-agq15x15": "binomial",
    "epil-poisson-agq25": "poisson",
    "mmmec-uvb-region-agq25": "poisson",
    "salamanders-nb2-agq25": "nbinom2",
    "wine-clmm-logit-agq25": "cumulative",
    "wine-clmm-probit-agq25": 'cumulative(link = "probit")',
    "sim-gamma-agq25": 'Gamma(link = "log")',
    "sim-beta-agq25": "beta_family",
    "sim-binomial-trials-agq25": "binomial",
}


def centered(name: str, group: str) -> pd.DataFrame:
    """The data as the references have them: `cvar_ses` the mean of `ses` in its school, `dvar_ses` the rest."""
    data = cases.dataset(name)
    means = data.groupby(group)["ses"].transform("mean")
    return data.assign(cvar_ses=means, dvar_ses=data["ses"] - means)


@pytest.mark.parametrize("key", cases.CASES)
def test_a_formula_is_the_model_of_its_level_equations(key: str, reference_case) -> None:
    case, reference = cases.CASES[key], reference_case(key)
    design = build_design(parse(reference["formula"]), centered(case.dataset, case.group))
    own = cases.design(key)
    assert design.spec.written == "levels"
    assert design.groupings == own.groupings
    assert [len(level) for level in design.spec.levels] == [len(level) for level in own.spec.levels]
    for found, expected in ((design.X, own.X), (design.Z, own.Z)):
        assert found.shape == expected.shape
        order = [int(np.abs(expected.T - column).sum(axis=1).argmin()) for column in found.T]
        assert sorted(order) == list(range(len(order)))
        np.testing.assert_allclose(found, expected[:, order], atol=1e-12)
    found, expected = fit_reml(design, case.method), cases.estimate(key)
    assert found.criterion == pytest.approx(expected.criterion, rel=1e-9)
    assert found.log_likelihood == pytest.approx(reference["values"]["logLik"], rel=1e-8)
    assert sorted(found.gamma) == pytest.approx(sorted(reference["values"]["fixed"]["estimate"]), rel=1e-5)
    assert found.sigma == pytest.approx(reference["values"]["sigma"], rel=1e-5)


@pytest.mark.parametrize("key", MORE)
def test_formulas_of_more_fits(key: str) -> None:
    case = MORE[key]
    if case["data"] == "hsb":
        data = centered("hsb", "school").rename(columns={"dvar_ses": "cses"})
        data = data.assign(**{f"{name}_f": data[name].map({0: "no", 1: "yes"}) for name in ("minority", "female")})
    else:
        data = pd.read_csv(REFERENCES / "grouping_data" / f"{case['data']}.csv.gz")
    models = hlm.Model(case["formula"], data), hlm.Model(case["equations"], data, group=case["group"])
    found, own = (model.reml() if case["method"] == "REML" else model.ml() for model in models)
    assert found.criterion == pytest.approx(own.criterion, rel=1e-9)
    for fit in (found, own):
        assert fit.log_likelihood == pytest.approx(case["log_likelihood"], rel=1e-8)
        assert fit.sigma == pytest.approx(case["sigma"], rel=1e-5)
        table = fit.fixed_effects().sort_values("estimate")
        order = np.argsort(case["fixed"]["estimate"])
        np.testing.assert_allclose(table["estimate"], np.array(case["fixed"]["estimate"])[order], rtol=1e-5)
        np.testing.assert_allclose(table["se"], np.array(case["fixed"]["se"])[order], rtol=1e-5)


@pytest.mark.parametrize("key", grouping_cases.case_parameters())
def test_formulas_of_several_groupings(key: str) -> None:
    case = grouping_cases.CASES[key]
    columns = {"sample": "assay", "service": "service1"}  # a name of pandas' own, and a factor in R
    data = grouping_cases.frame(case["data"]).rename(columns={"sample": "assay"})
    model = hlm.Model(re.sub(r"\b(sample|service)\b", lambda name: columns[name[0]], case["formula"]), data)
    found = model.reml() if case["method"] == "REML" else model.ml()
    assert found.criterion == pytest.approx(grouping_cases.grouping_estimate(key).criterion, rel=1e-9)
    assert found.criterion == pytest.approx(case["criterion"], rel=1e-9)
    assert sorted(found.gamma) == pytest.approx(sorted(case["fixed"]["estimate"]), rel=1e-5)
    assert parse(render(model.spec)) == model.spec


@pytest.mark.parametrize("key", FAMILY_OF)
def test_formulas_of_outcomes_that_are_not_normal(key: str) -> None:
    """The same columns, distribution and link: then the likelihood, which is compared with R's, is the same."""
    case, own = family_references.CASES[key], family_references.model_of(key).design
    formula = re.split(r",| (?:gamma|beta|binomial-trials)$", case["formula"])[0]
    if key.startswith("sim-binomial"):
        formula = case["formula"].removesuffix(" binomial-trials")
    data = pd.read_csv(REFERENCES / "family_data" / f"{case['data']}.csv.gz")
    design = hlm.Model(formula, data, family=FAMILY_OF[key]).design
    assert design.spec.distribution.family == own.spec.distribution.family
    assert design.spec.distribution.link == own.spec.distribution.link
    np.testing.assert_array_equal(design.y, own.y)
    for found, expected in ((design.X, own.X), (design.Z, own.Z)):
        assert found.shape == expected.shape
        order = [int(np.abs(expected.T - column).sum(axis=1).argmin()) for column in found.T]
        assert sorted(order) == list(range(len(order)))
        np.testing.assert_allclose(found, expected[:, order], atol=1e-12)


def test_every_family_fit_has_a_formula() -> None:
    assert set(FAMILY_OF) == set(family_references.CASES)


def test_nested_groupings_are_levels_and_crossed_ones_a_line() -> None:
    data = {
        name: pd.read_csv(REFERENCES / "grouping_data" / f"{name}.csv.gz") for name in ("oxide", "sim_crossed_50x40")
    }
    oxide = hlm.Model("thickness ~ source2 + (1 | lot) + (1 | lot_wafer)", data["oxide"])
    assert oxide.equations().splitlines() == [
        "thickness = p0 + e",
        "p0 = b00 + r0[lot_wafer]",
        "b00 = g000 + g001*source2 + u00[lot]",
    ]
    slash = hlm.Model("thickness ~ source2 + (1 | lot/wafer)", data["oxide"])
    assert slash.equations() == oxide.equations().replace("lot_wafer", "lot:wafer")
    assert slash.reml().criterion == pytest.approx(oxide.reml().criterion, rel=1e-10)
    crossed = hlm.Model("y ~ x + wcol + (x | row) + (1 | col)", data["sim_crossed_50x40"])
    assert crossed.equations().splitlines() == [
        "y = b0 + b1*x + r",
        "b0 = g00 + g01*wcol + u0[row] + v0[col]",
        "b1 = g10 + u1[row]",
    ]
