"""The formulas that are written for lme4 fit the model: its log-likelihoods of them are those of the design."""

import json
from pathlib import Path

import numpy as np
import pytest

import bayeshlm as hlm

STORED = json.loads((Path(__file__).parent / "references" / "formulas.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data():
    hsb = hlm.load_dataset("hsb")
    hsb = hsb[hsb["school"].isin(hsb["school"].unique()[:60])]
    return hsb.assign(
        sex=np.where(hsb["female"] == 1, "F", "M"),
        third=np.select([hsb["ses"] < -0.4, hsb["ses"] < 0.4], ["low", "mid"], "top"),
        black=hsb["minority"] == 1,
        kind=np.where(hsb["sector"] == 1, "Catholic", "Public"),
    )


@pytest.mark.parametrize("name", STORED["cases"])
def test_lme4_fits_the_formula_to_the_likelihood_of_the_model(name, data):
    case = STORED["cases"][name]
    model = hlm.Model(case["equations"], data, group="school")
    assert model.equations("lme4") == case["formula"]
    estimate = model.ml().estimate
    assert estimate.n_parameters == case["parameters"]
    assert estimate.log_likelihood == pytest.approx(
        case["log_likelihood"], rel=1e-10
    )  # both at the end of their search
