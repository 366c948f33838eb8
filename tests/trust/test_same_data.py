"""The same data in another order, under other names, of other types or in two tables give the same estimates."""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from amounts import amount, examples, of_types
from hypothesis import given
from model_types import NORMAL, TYPES, frame

import bayeshlm as hlm
from bayeshlm.reml.family_maximum import STEP
from bayeshlm.reml.optimize import PRECISE

QUICK = ("intercepts", "slopes", "categories", "centered")
EACH = of_types(TYPES, QUICK)


def estimates(model_type, table, **options):
    """Deviance, and estimates with their standard errors, of REML where the model has it."""
    model = model_type.model(table, **options)
    try:
        fit = model.reml()
    except hlm.HLMError:
        fit = model.ml()
    effects = fit.fixed_effects()[["estimate", "se"]].to_numpy(dtype=float)
    return fit.deviance, effects, fit


def error_of_se(fit):
    """Relative error of standard errors: that of the search, and of the differences that curvature may be made of."""
    return 100 * PRECISE + (10 * STEP**2 if isinstance(fit, hlm.MlFit) else 0.0)


def assert_same(given, found):
    """Two searches that end within PRECISE of one optimum, relative to the size of each parameter.

    A deviance is flat there, so that what is left of it is rounding of sums over the rows: 1e-9 of it is 10 million
    units in the last place.
    """
    (deviance, effects, fit), (other, others, again) = given, found
    assert other == pytest.approx(deviance, rel=1e-9, abs=1e-9 * fit.design.n_obs)
    np.testing.assert_allclose(others[:, 1], effects[:, 1], rtol=error_of_se(fit))
    np.testing.assert_array_less(abs(others - effects)[:, 0], 100 * PRECISE * (abs(effects[:, 0]) + effects[:, 1]))
    assert (again.converged, again.singular) == (fit.converged, fit.singular)


def relabeled(table, rng):
    names = rng.permutation(100)
    return table.assign(
        g=table.g.map(lambda g: f"ß{names[g]}"),
        h=table.h.map(lambda h: int(names[h]) * 10**12),
        k=table.k.map(lambda k: f"🎈 {names[k]}"),
    )


def narrow(table, rng):
    small = {"g": "int8", "k": "uint8", "count": "int16", "tries": "uint8", "hits": "uint8", "grade": "int8"}
    return table.astype(small | {"yes": bool, "time": "int8"})


SAME = {
    "rows": lambda table, rng: table.sample(frac=1.0, random_state=int(rng.integers(2**31))),
    "columns": lambda table, rng: table[list(rng.permutation(table.columns))],
    "labels": relabeled,
    "narrow integers": narrow,
    "categories": lambda table, rng: table.astype({"g": "category", "h": "category", "k": "category"}),
    "nullable": lambda table, rng: table.convert_dtypes(),
    "Arrow": lambda table, rng: table.convert_dtypes(dtype_backend="pyarrow"),
    "a table of Arrow in chunks": lambda table, rng: pa.concat_tables(
        [pa.Table.from_pandas(table.iloc[:5]), pa.Table.from_pandas(table.iloc[5:])]
    ),
    "polars": lambda table, rng: pl.from_pandas(table).cast({"g": pl.Int16, "x": pl.Float64}),
    "categories of polars": lambda table, rng: pl.from_pandas(table.assign(g=table.g.astype(str))).cast(
        {"g": pl.Categorical, "kind": pl.Enum(["blue", "green", "red"])}
    ),
    "objects": lambda table, rng: table.astype(object),
    "an index that repeats": lambda table, rng: table.set_index(pd.Index(rng.integers(0, 3, len(table)))),
    "rows without an outcome": lambda table, rng: pd.concat(
        [table, table.iloc[:3].assign(y=np.nan, yes=None, hits=None, count=None, cost=None, share=None, grade=None)]
    ),
}


@EACH
@examples(quick=1, nightly=20)
@given(seed=st.integers(0, 10_000), n_groups=st.integers(8, 16), most=st.integers(5, 10))
def test_the_same_data_otherwise_written(name, seed, n_groups, most):
    table, rng = frame(seed, n_groups, most), np.random.default_rng(seed)
    try:
        given = estimates(TYPES[name], table)
    except hlm.HLMError:  # such data hold no such model, however they are written
        given = None
    for change in SAME:
        changed = SAME[change](table, rng)
        if given is None:
            with pytest.raises(hlm.HLMError):
                estimates(TYPES[name], changed)
        else:
            assert_same(given, estimates(TYPES[name], changed))


@pytest.mark.parametrize("name", [name for name in NORMAL if name not in ("crossed", "formula")][: amount(3, 99)])
def test_level_2_may_stand_in_a_table_of_its_own(name):
    table = frame(4)
    groups = table[["g", "w"]].drop_duplicates().sample(frac=1.0, random_state=1)
    group_data = {"g": groups} if name == "nested" else groups
    given = estimates(NORMAL[name], table)
    assert_same(given, estimates(NORMAL[name], table.drop(columns="w"), group_data=group_data))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "Int8", "UInt8", "int8[pyarrow]", "float16", "object", "uint64"])
def test_products_and_means_of_small_integers_do_not_overflow(dtype):
    rng = np.random.default_rng(2)
    table = frame(2).assign(x=lambda t: rng.integers(0, 120, len(t)), time=lambda t: rng.integers(0, 120, len(t)))
    equations = "y = b0 + b1*x*time + b2*cwc(x) + r; b0 = g00 + g01*mean(time) + u0; b1 = g10; b2 = g20"
    given, found = (hlm.Model(equations, t, "g").design for t in (table, table.astype({"x": dtype, "time": dtype})))
    np.testing.assert_array_equal(found.X, given.X)
