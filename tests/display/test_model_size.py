"""Titles say how many levels a model has, or how many groupings where some cross."""

import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.display.model_size import kind_of_model

NESTED = "p0 = b00 + r0[child]; b00 = g000 + u00[school]"
CROSSED = "p0 = b00 + u0[child] + v0[town]"
NORMAL, BERNOULLI = "y = p0 + e; ", "y ~ Bernoulli(m); logit(m) = p0; "


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (NORMAL + "p0 = b00 + r0[child]", "Two-level model"),
        (BERNOULLI + "p0 = b00 + r0[child]", "Two-level Bernoulli model"),
        (NORMAL + NESTED, "Three-level model"),
        (BERNOULLI + NESTED, "Three-level Bernoulli model"),
        (NORMAL + CROSSED, "Model with 2 groupings"),
        (BERNOULLI + CROSSED, "Bernoulli model with 2 groupings"),
    ],
)
def test_titles(text, title):
    data = pd.DataFrame({"child": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5], "town": [1, 2] * 5})
    data["y"] = [1, 0, 0, 1, 0, 1, 1, 0, 1, 1] if "Bernoulli" in text else range(10)
    data["school"] = data["child"] // 3
    assert kind_of_model(hlm.Model(text, data).design) == title
