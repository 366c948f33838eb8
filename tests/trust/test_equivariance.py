"""Estimates follow their units: of the outcome, of predictors, and where zero is."""

import hypothesis.strategies as st
import numpy as np
import pytest
from amounts import examples, of_types
from hypothesis import given
from model_types import LEVEL1, NORMAL, TYPES, frame
from test_same_data import EACH, error_of_se, estimates

import bayeshlm as hlm
from bayeshlm.reml.optimize import PRECISE

SHIFTED = [
    name for name in TYPES if name not in ("independent", "formula", "centered", "log(sigma)", "compound symmetry")
]
"""Shifted predictors are the same model where random effects covary and neither zero nor means have a part."""


def found_of(name, table):
    try:
        return estimates(TYPES[name], table)
    except hlm.HLMError:
        return None


def z_of(effects):
    return abs(effects[:, 0] / effects[:, 1])


@of_types((*NORMAL, *LEVEL1, "StudentT", "weights"), quick=("slopes", "categories"))
@examples(quick=2, nightly=30)
@given(
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([1e-9, 0.01, 250.0, 1e9]),
    shift=st.sampled_from([0.0, -3.0, 1e3]),
)
def test_the_outcome(name, seed, scale, shift):
    """Level SDs, standard errors and slopes are multiplied, the intercept moves."""
    table = frame(seed)
    given, other = found_of(name, table), None
    other = found_of(name, table.assign(y=scale * (table.y + shift), se=scale * table.se))
    assert (given is None) == (other is None)
    if given is None or not (given[2].converged and other[2].converged):
        return
    (_, effects, fit), (_, others, again) = given, other
    np.testing.assert_allclose(others[:, 1], scale * effects[:, 1], rtol=error_of_se(fit))
    np.testing.assert_allclose(others[0, 0], scale * (effects[0, 0] + shift), rtol=1e-6, atol=1e-6 * others[0, 1])
    error = abs(others[1:, 0] - scale * effects[1:, 0])
    assert (error < 100 * PRECISE * others[1:, 1] + 1e-9 * abs(others[1:, 0])).all()
    np.testing.assert_allclose(again.tau, scale * fit.tau, rtol=100 * PRECISE, atol=1e-4 * scale * fit.tau.max())


@EACH
@examples(quick=2, nightly=20)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([-1.0, 1e-5, 1e3, 1e7]), column=st.sampled_from(["x", "w"]))
def test_the_unit_of_a_predictor(name, seed, factor, column):
    """Its effect over its standard error stays."""
    table = frame(seed)
    given, other = found_of(name, table), found_of(name, table.assign(**{column: factor * table[column]}))
    assert (given is None) == (other is None)
    if given is None or not (given[2].converged and other[2].converged):
        return
    np.testing.assert_allclose(z_of(other[1]), z_of(given[1]), rtol=1e-4, atol=1e-5)


@of_types(SHIFTED, quick=("slopes",))
@pytest.mark.filterwarnings("ignore:The slope of x:bayeshlm.ModelWarning")
@examples(quick=2, nightly=20)
@given(seed=st.integers(0, 10_000), shift=st.sampled_from([-2.0, 37.0, 1e4]))
def test_where_zero_of_a_predictor_is(name, seed, shift):
    """The largest likelihood stays."""
    table = frame(seed)
    given, other = found_of(name, table), found_of(name, table.assign(x=table.x + shift))
    assert (given is None) == (other is None)
    if given is None or not (given[2].converged and other[2].converged):
        return
    assert other[0] == pytest.approx(given[0], abs=1e-5)
