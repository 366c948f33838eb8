"""Damaged CSV, Parquet and model files, and output of HLM, give a model or one `HLMError`, in time, from that file."""

import io
import resource
import socket
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from amounts import amount
from mutations import at_most, mutated_bytes

import bayeshlm as hlm

LONGEST_MESSAGE = 200_000
"""A message may quote a line of the file."""

MODEL = 'data = "{}"\ngroup = "g"\nequations = "y = b0 + b1*x + b2*C(kind) + r; b0 = g00 + u0; b1 = g10; b2 = g20"\n'
HLM_OUTPUT = """
The outcome variable is  MATHACH
 Sigma_squared =     39.14831
 Tau
 INTRCPT1,B0      8.61431
 ----------------------------------------------------
  Random level-1 coefficient   Reliability estimate
 ----------------------------------------------------
  INTRCPT1, B0                        0.901
 Final estimation of fixed effects:
 For       INTRCPT1, B0
   INTRCPT2, G00          12.636972   0.244412    51.704       159    0.000
 Final estimation of variance components:
 INTRCPT1,       U0        2.93501       8.61431   159    1660.23259    0.000
  level-1,       R         6.25686      39.14831
 Deviance                       = 47116.793477
 Number of estimated parameters = 2
"""


def table():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": np.repeat([f"s{k}" for k in range(6)], 5), "x": rng.normal(size=30).round(3)})
    return frame.assign(kind=np.resize(["a", "b", "ü, q"], 30), y=rng.normal(size=30).round(3))


def parquet(frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def seeds(kind):
    """Whole files of a kind."""
    frame = table()
    match kind:
        case "csv":
            texts = [frame.to_csv(index=False), frame.to_csv(index=False, sep=";", decimal=",")]
            return [text.encode() for text in texts] + [frame.to_csv(index=False, sep="\t").encode("cp1252")]
        case "parquet":
            return [parquet(frame), parquet(frame.astype({"g": "category"}).set_index("g"))]
        case "toml":
            folder = Path(hlm.__file__).parent.parent / "models"
            return [path.read_bytes() for path in sorted(folder.glob("*.toml"))]
    return [HLM_OUTPUT.encode()]


def read(kind, content, folder):
    """What the package makes of a file."""
    if kind == "hlm":
        output = hlm.parse_hlm_output(content.decode("utf-8", "surrogateescape"))
        return str(output.fixed_effects()), str(output.variance_components())
    name = f"data.{kind}" if kind != "toml" else "model.toml"
    (folder / name).write_bytes(content)
    if kind != "toml":
        (folder / "model.toml").write_text(MODEL.format(name))
    return hlm.open_model(folder / "model.toml").design.n_obs


@pytest.fixture
def isolated(monkeypatch):
    """No connection is made; returned are the paths that were opened."""

    def connect(*_):
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", connect)
    opened, listening = [], [True]

    def listen(event, arguments):
        if listening and event == "open" and isinstance(arguments[0], str):
            opened.append(arguments[0])

    sys.addaudithook(listen)
    yield opened
    listening.clear()


@pytest.mark.filterwarnings("ignore::bayeshlm.ModelWarning")
@pytest.mark.parametrize("kind", ["csv", "parquet", "toml", "hlm"])
def test_damaged_files(kind, isolated, tmp_path):
    rng, whole, count = np.random.default_rng(7), seeds(kind), amount(120, 10_000)
    read(kind, whole[0], tmp_path)  # modules are imported
    isolated.clear()
    results = {"read": 0, "refused": 0}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(count):
        content = mutated_bytes(whole[int(rng.integers(len(whole)))], rng)
        try:
            with at_most(5):
                read(kind, content, tmp_path)
        except hlm.HLMError as error:
            message = str(error)
            results["refused"] += 1
        else:
            message = ""
            results["read"] += 1
        assert len(message) < LONGEST_MESSAGE
        assert not set(message) & set("\x00\x1b\x9b\u202e")
    assert min(results.values()) > 0, results
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 500 * 1024, f"{grown / 1024:.0f} MiB more"
    own = (str(tmp_path), sys.prefix, sys.base_prefix, str(Path(hlm.__file__).parents[1]))  # the package's own files
    assert [path for path in isolated if not path.startswith(own)] == []
