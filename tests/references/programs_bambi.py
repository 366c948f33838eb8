"""What bambi makes of the texts of programs.json, in place: ``python programs_bambi.py programs.json`` in this folder.

It needs bambi, which this package does not. The model is built, not sampled: the sums and the sums of squares of the
columns of its terms are kept.
"""

import json
import lzma
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd


def read(name: str) -> pd.DataFrame:
    """The data of a case, as programs.R has them."""
    path = Path("../../bayeshlm/datasets") / f"{'hsb' if name == 'hsb60' else name}.csv.xz"
    with lzma.open(path) as file:
        data = pd.read_csv(file)
    if name != "hsb60":
        return data
    data = data[data["school"].isin(data["school"].unique()[:60])].reset_index(drop=True)
    return data.assign(
        sex=np.where(data["female"] == 1, "F", "M"),
        third=np.select([data["ses"] < -0.4, data["ses"] < 0.4], ["low", "mid"], "top"),
        black=data["minority"] == 1,
        kind=np.where(data["sector"] == 1, "Catholic", "Public"),
        gap=data["ses"].where(np.arange(len(data)) % 7 != 3),
        shift=data["ses"] / 2 + data["female"],
    )


def sums(columns: list[np.ndarray]) -> dict:
    """Sum and sum of squares of each column."""
    return {"sum": [float(one.sum()) for one in columns], "squares": [float((one**2).sum()) for one in columns]}


def made(text: str, data: pd.DataFrame) -> dict:
    """The columns of the model that a text builds."""
    names = {"data": data}
    exec(text, names)
    model = names["model"]
    model.build()
    (parent, *_) = model.components.values()
    common = [np.asarray(term.data, dtype=float) for term in parent.common_terms.values()]
    if parent.intercept_term is not None:
        common.insert(0, np.ones(len(names["data"])))
    random = [np.asarray(term.data.sum(axis=1), dtype=float).ravel() for term in parent.group_specific_terms.values()]
    return {
        "X": sums(common),
        "Z": sums(random),
        "n_obs": len(names["data"]),
        "family": type(model.family).__name__,
        "link": model.family.link[model.family.likelihood.parent].name,
    }


if __name__ == "__main__":
    file = Path(sys.argv[1])
    stored = json.loads(file.read_text(encoding="utf-8"))
    for name, case in stored["cases"].items():
        try:
            case.setdefault("made", {})["bambi"] = made(case["texts"]["bambi"], read(case["data"]))
        except Exception as error:  # shown, and no test passes with it
            print(name, type(error).__name__, error)
    stored.setdefault("provenance", {})["bambi"] = {name: version(name) for name in ("bambi", "formulae")}
    file.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
