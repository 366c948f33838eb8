"""Designs of one data set from a DataFrame and from a table of a database, compared number by number."""

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from bayeshlm.design import build_design
from bayeshlm.design.build_from_database import build_design_from_database
from bayeshlm.equations import parse
from bayeshlm.source.database_table import DatabaseTable


def pupils(seed=1, n=2400):
    """Pupils in schools, in neighborhoods that cross them; ids out of order, values missing, a column far from zero."""
    rng = np.random.default_rng(seed)
    school = rng.permutation(np.repeat(np.arange(60), n // 60))
    data = pd.DataFrame(
        {
            "school": school + 101,
            "area": rng.integers(0, 9, n),
            "town": (school % 12).astype(str),
            "ses": rng.normal(size=n) + 0.3 * (school % 7),
            "age": 1e4 + rng.normal(size=n),
            "income": rng.lognormal(size=n),
            "minority": rng.integers(0, 2, n),
            "urban": rng.random(n) < 0.4,
            "race": rng.choice(["Asian", "Black", "White"], n),
            "grade": rng.integers(3, 6, n),
            "sector": np.where(school % 3 == 0, "Catholic", np.where(school % 3 == 1, "Public", "Other")),
            "size": 50.0 + 3 * (school % 17),
            "mixed": school % 2 == 0,
        }
    )
    u = rng.normal(size=(60, 2))
    data["math"] = 500 + u[school, 0] + (2 + u[school, 1]) * data["ses"] + 3 * (data["age"] - 1e4)
    data["math"] += rng.normal(size=n, scale=3)
    data.loc[::53, "income"] = np.nan
    data.loc[::71, "race"] = None
    data.loc[data["school"] == 105, "size"] = np.nan
    return data


def stored(data, name="data", connection=None):
    """A DataFrame as a table of DuckDB."""
    connection = connection or ibis.duckdb.connect()
    return connection.create_table(name, pa.Table.from_pandas(data, preserve_index=False))


def pairs(value, other):
    """The arrays of two values of the same kind, side by side."""
    if hasattr(value, "ZtZ") and hasattr(value, "units"):
        yield value.units, other.units
        yield value.ZtZ, other.ZtZ
    elif isinstance(value, tuple):
        assert len(value) == len(other)
        for one, two in zip(value, other, strict=True):
            yield from pairs(one, two)
    elif value is None or isinstance(value, str):
        assert value == other
    else:
        yield np.asarray(value, dtype=float), np.asarray(other, dtype=float)


def compare(text, data, table, group, group_data=None, rtol=1e-12):
    """The designs of both, after a look at all that they hold."""
    spec = parse(text)
    given = build_design(spec, data, group, group_data)
    found = build_design_from_database(spec, DatabaseTable(table), group, group_data)
    for part in ("moments", "products"):
        theirs, ours = getattr(given, part), getattr(found, part)
        assert type(theirs) is type(ours)
        n = np.asarray(given.n_obs)
        for name in theirs.__slots__:
            for a, b in pairs(getattr(theirs, name), getattr(ours, name)):
                size = max(np.abs(a).max(initial=0.0), n if name == "Xty" else 1.0)  # that is zero but for rounding
                loose = {"ols": 30, "x_mean": 3, "x_center": 3}.get(
                    name, 1
                ) * rtol  # a point to count from; age - 10,000
                np.testing.assert_allclose(b, a, rtol=0, atol=loose * size, err_msg=f"{part}.{name}")
    for a, b in zip(given.equations, found.equations, strict=True):
        assert a.coefficients == b.coefficients
        np.testing.assert_array_equal(a.coefficient_of, b.coefficient_of)
        np.testing.assert_array_equal(a.random_coefficient, b.random_coefficient)
        np.testing.assert_array_equal(a.units, b.units)
        np.testing.assert_allclose(b.W, a.W, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(b.V, a.V, rtol=1e-12, atol=1e-12)
    assert (given.fixed, given.random, given.coefficients) == (found.fixed, found.random, found.coefficients)
    assert (given.outcome, given.coded, given.spec) == (found.outcome, found.coded, found.spec)
    assert (given.left_out, given.rows_dropped) == (found.left_out, found.rows_dropped)
    for a, b in zip(given.predictor.random, found.predictor.random, strict=True):
        assert (a.grouping, a.blocks, a.columns) == (b.grouping, b.blocks, b.columns)
        assert a.labels.tolist() == b.labels.tolist()
        assert a.labels.dtype == b.labels.dtype
    return given, found
