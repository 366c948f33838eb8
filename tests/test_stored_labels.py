"""Group ids and columns of every kind come through a fit, its file and back; names cannot collide with the graph's."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design.grouping import _PARTS, RESERVED
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

RNG = np.random.default_rng(8)
CODES = np.repeat(range(6), 8)
DATA = pd.DataFrame({"y": RNG.normal(size=48), "x": RNG.normal(size=48), "ward": CODES})
EQUATIONS = "y = b0 + b1*{} + r\nb0 = g00 + u0\nb1 = g10 + u1"


@pytest.fixture
def saved_and_loaded(fake_draws, tmp_path):
    def make(equations, data, group="ward"):
        model = hlm.Model(equations, data, group)
        options = sampling_options(draws=20, chains=2, seed=1)
        fit = hlm.Fit(model, to_datatree(fake_draws(model.design, 2, 20), model.design, model.priors, options))
        fit.save(tmp_path / "fit.nc")
        return fit, hlm.load(tmp_path / "fit.nc")

    return make


KEPT = {
    "integers": CODES,
    "floats": CODES + 0.5,
    "booleans": CODES > 2,
    "nullable integers": pd.array(CODES, dtype="Int64"),
    "text": [f"ward {code}" for code in CODES],
    "categories": pd.Categorical([f"ward {code}" for code in CODES]),
    "times": pd.Timestamp("2020-01-01") + pd.to_timedelta(CODES, unit="D"),
}
BECOME_TEXT = {
    "numbers and text": [int(code) if code < 3 else f"{code}b" for code in CODES],
    "decimals, as from a database": [Decimal(int(code)) for code in CODES],
    "UUIDs": [UUID(int=int(code)) for code in CODES],
    "dates": [dt.date(2020, 1, 1 + int(code)) for code in CODES],
    "times with a zone": pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(CODES, unit="D"),
    "periods": pd.PeriodIndex(pd.Timestamp("2020-01-01") + pd.to_timedelta(40 * CODES, unit="D"), freq="M"),
    "intervals": pd.cut(CODES, 6),
    "integers beyond 64 bits": [10**25 + int(code) for code in CODES],
    "tuples": [(int(code), "a") for code in CODES],
}


@pytest.mark.parametrize("kind", [*KEPT, *BECOME_TEXT])
def test_group_ids(kind, saved_and_loaded):
    fit, loaded = saved_and_loaded(EQUATIONS.format("x"), DATA.assign(ward=(KEPT | BECOME_TEXT)[kind]))
    table = fit.group_coefficients()
    pd.testing.assert_frame_equal(loaded.group_coefficients(), table)
    ids = table.index.get_level_values("ward")
    assert isinstance(ids[0], str) == (kind in BECOME_TEXT or kind in ("text", "categories"))
    assert list(dict.fromkeys(ids)) == list(fit.model.design.group_labels)
    assert ids.nunique() == (2 if kind == "booleans" else 6)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("x", [Fraction(int(k), 7) for k in RNG.permutation(48)]),
        ("x", pd.arrays.SparseArray(DATA["x"])),
        ("x", pd.cut(DATA["x"], 3)),
        ("C(x)", [1 if k % 2 else "a" for k in range(48)]),
    ],
    ids=["fractions", "sparse", "intervals", "numbers and text in C()"],
)
def test_columns(expression, values, saved_and_loaded):
    fit, loaded = saved_and_loaded(EQUATIONS.format(expression), DATA.assign(x=values))
    assert loaded.model.design.fixed_labels == fit.model.design.fixed_labels
    np.testing.assert_array_equal(loaded.model.design.X, fit.model.design.X)


@pytest.mark.parametrize("priors", [None, {"g10": "StudentT(3, 0, 1)", "tau_u1": "Exponential(1)"}])
@pytest.mark.parametrize("parameterization", ["noncentered", "centered"])
def test_no_group_can_be_called_as_a_name_of_the_graph(parameterization, priors):
    graph = hlm.Model(EQUATIONS.format("x") + "\n", DATA, "ward", priors=priors).graph(parameterization)
    names = {*graph.named_vars, *graph.coords} - {"ward"}
    assert {name for name in names if not name.startswith(_PARTS)} <= RESERVED
