"""Fixtures that several rooms' tests share: the stored reference numbers."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

REFERENCES = Path(__file__).parent / "references"


def _read(name: str) -> Any:
    return json.loads((REFERENCES / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def reference_case() -> Callable[[str], dict[str, Any]]:
    """The lme4 fit with the given id of references/lme4.json: formula, method, data, values."""
    cases = {case["id"]: case for case in _read("lme4.json")["cases"]}
    return cases.__getitem__


@pytest.fixture(scope="session")
def gallery_case() -> Callable[[str], dict[str, Any]]:
    """Of a gallery model: its lme4 case, and lme4's names of its fixed and random effects by symbol."""
    return _read("gallery_cases.json").__getitem__


@pytest.fixture(scope="session")
def seed_checks() -> list[dict[str, Any]]:
    """The 406 numbers printed in the five texts, with what they are at full precision."""
    return _read("seed_checks.json")["checks"]


@pytest.fixture(scope="session")
def printed_tolerance() -> Callable[[str], float]:
    """Half a unit of the last digit of a printed number, and a little for the rounding of halves."""

    def tolerance(printed: str) -> float:
        exponent = Decimal(printed).as_tuple().exponent
        return float(Decimal("0.500001").scaleb(int(exponent)))

    return tolerance
