"""The gallery's models of level-1 SDs and correlated residuals: published numbers, REML's and dense ones."""

import json
import sys
from pathlib import Path

import pytest
from gallery_models import LEVEL1, LOCATION_SCALE, named_auxiliary

from bayeshlm.faces.gallery import open_model, read_model_file

REFERENCES = Path(__file__).parent / "references"


def estimates(name):
    """REML's or, of a location-scale model, ML's estimates by the names of model files, gamma with its SEs."""
    model = open_model(name)
    fit, outcome = model.ml() if name in LOCATION_SCALE else model.reml(), model.design.outcome
    fixed, table = fit.fixed_effects(), fit.variance_components()["estimate"]
    found = {symbol: (row["estimate"], row["se"]) for symbol, row in fixed.iterrows()}
    found |= {
        f"{kind}_{label.replace(',', '_')}": (value, None)
        for (kind, label), value in table.items()
        if kind in ("tau", "corr")
    }
    pairs = zip(named_auxiliary(outcome), outcome.auxiliary_effects, strict=True)
    return found | {key: (table[parameter], None) for key, parameter in pairs}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in LOCATION_SCALE else ()) for name in LEVEL1]
)
def test_estimates_are_the_published_numbers(name, printed_tolerance):
    published, found = read_model_file(name).published, estimates(name)
    assert published.keys() == found.keys()
    for symbol, printed in published.items():
        value, se = found[symbol]
        assert float(printed.value) == pytest.approx(value, abs=printed_tolerance(printed.value), rel=0), symbol
        if se is not None:
            assert float(printed.se) == pytest.approx(se, abs=printed_tolerance(printed.se), rel=0), symbol


def test_those_of_the_variance_by_sex_are_the_references(printed_tolerance):
    case = json.loads((REFERENCES / "level1_variances.json").read_text())["cases"]["female-REML"]
    expected = dict(zip(("g00", "g10"), case["gamma"], strict=True)) | {k: case["variance"][k] for k in ("a0", "a1")}
    ses = dict(zip(("g00", "g10"), case["se"], strict=True)) | {k: case["variance_se"][k] for k in ("a0", "a1")}
    for symbol, printed in read_model_file("hsb-level-1-variance").published.items():
        if symbol == "tau_u0":
            expected[symbol] = case["variance"]["tau00"] ** 0.5
        assert float(printed.value) == pytest.approx(expected[symbol], abs=printed_tolerance(printed.value), rel=0)
        if printed.se is not None:
            assert float(printed.se) == pytest.approx(ses[symbol], abs=printed_tolerance(printed.se), rel=0)


@pytest.mark.slow
def test_those_of_the_growth_model_are_dense_ones(printed_tolerance, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(REFERENCES), *sys.path])
    from level1_growth import estimates as dense

    published = read_model_file("growth-autoregressive").published
    for symbol, (value, se) in dense().items():
        printed = published[symbol]
        assert float(printed.value) == pytest.approx(value, abs=printed_tolerance(printed.value), rel=0), symbol
        if se is not None:
            assert float(printed.se) == pytest.approx(se, abs=printed_tolerance(printed.se), rel=0), symbol


@pytest.mark.slow
def test_those_of_the_location_scale_model_are_an_integral_on_a_grid(printed_tolerance, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(REFERENCES), *sys.path])
    from location_scale import estimates as on_a_grid

    published = read_model_file("hsb-location-scale").published
    expected = on_a_grid()
    assert published.keys() == expected.keys()
    for symbol, (value, se) in expected.items():
        printed = published[symbol]
        assert float(printed.value) == pytest.approx(value, abs=printed_tolerance(printed.value), rel=0), symbol
        if se is not None:
            assert float(printed.se) == pytest.approx(se, abs=printed_tolerance(printed.se), rel=0), symbol
