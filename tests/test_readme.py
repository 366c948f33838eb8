"""The README's Python runs as it stands, and its file names exist."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def clinics_folder(tmp_path, monkeypatch):
    """A working directory with the ``clinics.csv`` that the README speaks of."""
    rng = np.random.default_rng(1)
    clinic = np.repeat([f"clinic {k}" for k in range(25)], rng.integers(1, 20, 25))
    beds = pd.Series(clinic).map({name: rng.integers(10, 200) for name in np.unique(clinic)})
    age = rng.normal(50, 10, len(clinic)).round()
    recovery = 60 - 0.3 * age + 0.02 * beds + rng.normal(0, 6, len(clinic))
    frame = pd.DataFrame({"clinic": clinic, "recovery": recovery, "age": age, "beds": beds})
    frame.loc[[3, 30], "age"] = np.nan
    frame.to_csv(tmp_path / "clinics.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_its_python_runs(clinics_folder, capsys):
    import matplotlib as mpl

    mpl.use("Agg")
    assert len(BLOCKS) == 2
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), {})
    assert "\\begin{tabular}" in capsys.readouterr().out
    assert (clinics_folder / "clinics.png").stat().st_size > 10_000
    assert "</html>" in (clinics_folder / "clinics.html").read_text(encoding="utf-8")


def test_its_links_lead_somewhere():
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", README) + re.findall(r"`((?:docs|tests|models)/[\w./-]*)`", README)
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target
