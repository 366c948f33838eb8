"""The formulas that lme4 fitted, read as they stand: REML and ML of them are those of lme4, and of level equations."""

import json
import re
from pathlib import Path

import cases
import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.equations import parse, render
from bayeshlm.reml.estimate import fit_reml

REFERENCES = Path(__file__).parents[1] / "references"
GROUPINGS = {
    case["id"]: case
    for case in json.loads((REFERENCES / "grouping_fits.json").read_text(encoding="utf-8"))["cases"]
    if (REFERENCES / "grouping_data" / f"{case['data']}.csv.gz").is_file()
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


@pytest.mark.parametrize("key", GROUPINGS)
def test_formulas_of_several_groupings(key: str) -> None:
    case = GROUPINGS[key]
    data = pd.read_csv(REFERENCES / "grouping_data" / f"{case['data']}.csv.gz").rename(columns={"sample": "assay"})
    model = hlm.Model(re.sub(r"\bsample\b", "assay", case["formula"]), data)
    found = model.reml() if case["method"] == "REML" else model.ml()
    assert found.criterion == pytest.approx(case["criterion"], rel=1e-9)
    assert sorted(found.gamma) == pytest.approx(sorted(case["fixed"]["estimate"]), rel=1e-5)
    assert parse(render(model.spec)) == model.spec


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
