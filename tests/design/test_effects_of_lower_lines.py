"""Random effects of a grouping on the lines of lower levels: the units' coefficients list each of them."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design.coefficient_means import unit_coefficients
from bayeshlm.design.unit_equations import ELSEWHERE

EQUATIONS = """
math = p0 + p1*time + e
p0 = b00 + b01*female + r0[child]
p1 = b10 + b11*size + b12*female + r1[child] + u1[school]
b00 = g000 + g001*size + u00[school]
b01 = g010 + u01[school]
"""


@pytest.fixture(scope="module")
def design():
    rng = np.random.default_rng(1)
    child, school = np.repeat(np.arange(12), 3), np.repeat(np.arange(4), 9)
    data = {"child": child, "school": school, "time": np.tile(np.arange(3.0), 12), "math": rng.normal(size=36)}
    data |= {"size": rng.normal(size=4)[school], "female": np.tile([0, 1, 1], 4)[child]}
    return hlm.Model(EQUATIONS, pd.DataFrame(data)).design


def test_a_coefficient_for_every_random_effect(design):
    schools = design.equations[1]
    assert schools.coefficients == ("b00", "b01", "p1", "b12")
    own = schools.random_coefficient[design.predictor.effects_of(1)]
    assert [schools.coefficients[c] for c in own] == ["b00", "b01", "p1"]
    assert ELSEWHERE not in own


def test_coefficients_by_hand(design):
    rng = np.random.default_rng(1)
    gamma = rng.normal(size=(1, len(design.fixed)))
    u = [rng.normal(size=(1, len(term.labels), len(term.columns))) for term in design.predictor.random]
    size = design.frame.groupby("school")["size"].first().to_numpy()
    g = dict(zip(design.fixed_labels, gamma[0], strict=True))
    school = dict(zip(["b00", "b01", "p1"], u[1][0].T, strict=True))
    expected = {
        "b00": g["g000"] + g["g001"] * size + school["b00"],
        "b01": g["g010"] + school["b01"],
        "p1": g["b10"] + g["b11"] * size + school["p1"],
        "b12": np.full(len(size), g["b12"]),
    }
    found = unit_coefficients(design, 1, gamma, u)[0]
    np.testing.assert_allclose(found, np.column_stack(list(expected.values())), rtol=1e-14)
    # A child's slope has its own effect, its school's, and what its size and sex say.
    children = design.frame.groupby("child")[["school", "female"]].first()
    of, female = children["school"].to_numpy(), children["female"].to_numpy()
    slope = expected["p1"][of] + g["b12"] * female + u[0][0, :, 1]
    labels = design.equations[0].coefficients
    np.testing.assert_allclose(unit_coefficients(design, 0, gamma, u)[0, :, labels.index("p1")], slope, rtol=1e-14)
