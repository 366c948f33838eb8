"""Models of outcomes that are not normal with estimates by R, and fits of this package."""

import json
from functools import cache
from pathlib import Path

import pandas as pd

import bayeshlm as hlm

REFERENCES = Path(__file__).parents[1] / "references"
CASES = {case["id"]: case for case in json.loads((REFERENCES / "family_fits.json").read_text("utf-8"))["cases"]}


@cache
def model_of(case_id):
    """The model of a case."""
    case = CASES[case_id]
    data = pd.read_csv(REFERENCES / "family_data" / f"{case['data']}.csv.gz")
    return hlm.Model(case["equations"], data, group=case["group"])


@cache
def fit_of(case_id):
    """Its maximum likelihood."""
    return model_of(case_id).ml()
