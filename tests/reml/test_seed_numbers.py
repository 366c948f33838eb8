"""Every number that the five texts print, on data this package has, to the printed digits."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from seed_values import values

CHECKS = json.loads((Path(__file__).parents[1] / "references" / "seed_checks.json").read_text(encoding="utf-8"))[
    "checks"
]

NO_DATA = "its data, heck2011, cannot be shipped"
CONTAINMENT = "rests on nlme's containment degrees of freedom N - J, which this package does not report"
# What R reproduces and this package does not, and why: by text and model, or by text, model and quantity
LEFT_OUT = {
    ("002", "null_model"): NO_DATA,
    ("002", "OLS lines, schools 1-10"): NO_DATA,
    ("004", "size and sector"): "the text prints no number",
    ("001", "simulated school 1"): "simulated in the text; no data set of this package",
    ("001", "fit.oneway.re", "(Intercept) DF (nlme)"): CONTAINMENT,
    ("001", "fit.oneway.re", "fixed lower"): CONTAINMENT,
    ("001", "fit.oneway.re", "fixed upper"): CONTAINMENT,
}


def key(check):
    return check["seed"], check["model"], check["quantity"]


def why_not(check):
    """Why a check is left out, or None."""
    if not check["reproduced"]:
        return check["note"]
    return LEFT_OUT.get(key(check)) or LEFT_OUT.get(key(check)[:2])


def agrees(value, printed):
    """Whether a value rounds to what is printed; of a listing, whether all of its rows or values are equal."""
    if isinstance(value, str):
        return value == printed
    if printed.startswith("<"):
        return 0 <= value < float(printed[1:])
    number = re.match(r"[-+]?[\d.]+(?:e[-+]?\d+)?", printed)[0]
    half = Decimal("0.500001").scaleb(int(Decimal(number).as_tuple().exponent))
    return abs(value - float(number)) <= float(half)


TESTED = [check for check in CHECKS if why_not(check) is None]


@pytest.mark.parametrize("check", TESTED, ids=lambda check: "/".join(key(check)))
def test_a_printed_number_is_reproduced(check):
    assert agrees(values()[key(check)], check["printed"]), (values()[key(check)], check["printed"])


def test_every_check_is_either_tested_or_left_out_for_a_reason():
    left_out = [check for check in CHECKS if why_not(check) is not None]
    assert len({key(check) for check in CHECKS}) == len(CHECKS)
    assert all(check["reproduced"] or check["note"] for check in CHECKS)
    assert (len(CHECKS), len(TESTED), len(left_out)) == (406, 349, 57)


def test_no_reason_is_idle():
    used = {key(check)[:length] for check in CHECKS if check["reproduced"] for length in (2, 3)}
    assert set(LEFT_OUT) <= used


@pytest.mark.parametrize(
    ("value", "printed", "answer"),
    [
        (8.6139, "8.614", True),
        (8.6146, "8.614", False),
        (1e-20, "<2e-16", True),
        (1e-3, "<2e-16", False),
        (160.549, "160.55 (printed 160.5500)", True),
        (160.56, "160.55 (printed 160.5500)", False),
        (23, "24 values", False),
        (5.601e-07, "5.60e-07", True),
        (5.61e-07, "5.60e-07", False),
        ("no", "yes", False),
    ],
)
def test_digits_decide(value, printed, answer):
    assert agrees(value, printed) is answer
