"""Fixtures that several rooms' tests share: the stored reference numbers, and draws without a sampler."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported: workers have the processors already

import numpy as np
import pandas as pd
import pytest
import xarray as xr

if TYPE_CHECKING:
    from bayeshlm.design import Design
    from bayeshlm.sampling.nuts import RawDraws

collect_ignore = [
    f"benchmarks/{name}.py" for name in ("compare", "contenders", "gradient", "growth", "tables")
]  # commands
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


@pytest.fixture(scope="session")
def fake_draws() -> Callable[..., RawDraws]:
    """``fake_draws(design, chains=4, draws=1000, seed=0)``: independent draws around simple values of a design."""

    def draw(design: Design, chains: int = 4, draws: int = 1000, seed: int = 0) -> RawDraws:
        from bayeshlm.sampling.nuts import RawDraws

        rng = np.random.default_rng(seed)
        size = (chains, draws)
        p, q, sd = len(design.fixed), len(design.random), design.y.std()
        scales = [1.0 if column.is_intercept else z.std() for column, z in zip(design.random, design.Z.T, strict=True)]
        se = 0.1 * sd / np.sqrt((design.X**2).mean(axis=0))
        tau = 0.4 * sd / np.array(scales) * np.exp(0.1 * rng.normal(size=(*size, q)))
        dims = ("chain", "draw")
        posterior = xr.Dataset(
            {
                "gamma": ((*dims, "fixed"), design.cross_products.ols + se * rng.normal(size=(*size, p))),
                "tau": ((*dims, "random"), tau),
                "sigma": (dims, 0.9 * sd * np.exp(0.02 * rng.normal(size=size))),
                "u": ((*dims, design.group, "random"), tau[:, :, None] * rng.normal(size=(*size, design.n_groups, q))),
            }
        )
        if any(len(block) > 1 for block in design.blocks):
            together = sum(np.outer(np.isin(range(q), block), np.isin(range(q), block)) for block in design.blocks)
            rows = np.eye(q) + 0.3 * np.tril(rng.normal(size=(*size, q, q)), -1) * together
            rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
            posterior["corr"] = ((*dims, "random", "random_"), rows @ rows.swapaxes(-1, -2) * together)
        stats = xr.Dataset({"diverging": (dims, np.zeros(size, dtype=bool))})
        return RawDraws(posterior, stats, compile_seconds=1.5, sample_seconds=0.5)

    return draw


@pytest.fixture
def ward_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``model.toml`` and ``wards.csv``, 96 patients in 8 wards; the working directory is elsewhere."""
    rng = np.random.default_rng(4)
    wards = pd.DataFrame(
        {
            "ward": np.repeat(list("abcdefgh"), 12),
            "pain": rng.normal(5, 2, 96).round(2),
            "dose": rng.normal(0, 1, 96).round(2),
            "sex": rng.permutation(np.resize(["female", "male"], 96)),
            "urban": np.repeat([0, 1, 0, 1, 1, 0, 1, 0], 12),
        }
    )
    folder = tmp_path / "study"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    wards.to_csv(folder / "wards.csv", index=False)
    equations = "pain = b0 + b1*dose + r\nb0 = g00 + g01*urban + u0\nb1 = g10 + u1\n"
    (folder / "model.toml").write_text(f'data = "wards.csv"\ngroup = "ward"\nequations = """\n{equations}"""\n')
    return folder


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """No figure stays open after a test: matplotlib warns of many."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
