"""The reference fits of weighted models: data, equations, values."""

import functools
import json
from pathlib import Path

import pandas as pd

from bayeshlm.design import build_design
from bayeshlm.design.survey_weights import SurveyWeights
from bayeshlm.equations import parse

REFERENCES = Path(__file__).parent / "references"
EQUATIONS = {
    "gaussian-ri": "y = b0 + b1*x + r; b0 = g00 + g01*z + u0; b1 = g10",
    "gaussian-rs": "y2 = b0 + b1*x + r; b0 = g00 + g01*z + u0; b1 = g10 + u1",
    "bernoulli-ri": "b ~ Bernoulli(p); logit(p) = b0 + b1*x; b0 = g00 + g01*z + u0; b1 = g10",
}
COLUMNS = {"row": "w1", "cluster": "w2"}


@functools.cache
def cases():
    """The reference cases by name, such as ``"gaussian-ri-size"``."""
    return {case["id"]: case for case in json.loads((REFERENCES / "sampling_weights.json").read_text())["cases"]}


@functools.cache
def survey():
    """The simulated survey of 112 clusters."""
    return pd.read_csv(REFERENCES / "weights_data" / "sim_weights.csv.gz")


def survey_design(name, weights="size", data=None):
    """The design of a model with weights: of a scaling, or as they are given; None: without."""
    weights = SurveyWeights(COLUMNS, weights) if isinstance(weights, str) else weights
    return build_design(parse(EQUATIONS[name]), survey() if data is None else data, "cluster", weights=weights)


def fixed(case, key):
    """Values of the fixed effects of a case in the order of the equations' symbols."""
    values = dict(zip(case["fixed"]["names"], case["fixed"][key], strict=True))
    return [values[name] for name in ("(Intercept)", "z", "x")]
