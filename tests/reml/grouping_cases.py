"""lme4's fits with several groupings, and fits by this package of the same columns."""

import json
import os
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design.joint_products import GroupingRows, joint_products
from bayeshlm.reml.criterion import Method
from bayeshlm.reml.estimate import RemlEstimate, estimate_of
from bayeshlm.reml.grouping_deviance import GroupingDeviance
from bayeshlm.reml.grouping_moments import grouping_start
from bayeshlm.reml.grouping_products import GroupingProducts
from bayeshlm.reml.relative_factor import factor_pattern

REFERENCES = Path(__file__).parents[1] / "references"
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in json.loads((REFERENCES / "grouping_fits.json").read_text(encoding="utf-8"))["cases"]
}
SHIPPED = {path.name.removesuffix(".csv.gz") for path in (REFERENCES / "grouping_data").iterdir()}
ELSEWHERE = os.environ.get("BAYESHLM_REFERENCE_DATA", "")
"""Folder with the data that are not shipped, as CSV files with the columns of the formulas."""


def case_parameters() -> list[Any]:
    """Ids of the cases; those whose data are not shipped are slow, and are there where the folder is given."""
    return [
        key if case["data"] in SHIPPED else pytest.param(key, marks=pytest.mark.slow)
        for key, case in CASES.items()
        if case["data"] in SHIPPED or ELSEWHERE
    ]


@cache
def frame(data: str) -> pd.DataFrame:
    folder = REFERENCES / "grouping_data" if data in SHIPPED else Path(ELSEWHERE)
    return pd.read_csv(folder / f"{data}.csv.gz").rename(columns={"service": "service1"})


def column(data: pd.DataFrame, name: str) -> np.ndarray:
    """A column of X or Z by lme4's name of its effect."""
    if name == "(Intercept)":
        return np.ones(len(data))
    return np.prod([data[part].to_numpy(dtype=float) for part in name.split(":")], axis=0)


def levels(data: pd.DataFrame, grouping: str) -> tuple[np.ndarray, list[str]]:
    codes, labels = pd.factorize(data[grouping])
    return codes.astype(np.int64), [str(label) for label in labels]


def fit_columns(
    y: np.ndarray,
    X: np.ndarray,
    terms: dict[str, tuple[np.ndarray, np.ndarray]],
    method: Method = "REML",
    fixed: tuple[str, ...] = (),
) -> RemlEstimate:
    """REML or ML of columns: Z and codes by grouping; the first columns of X and Z are ones."""
    rows = [
        GroupingRows(name, Z, codes, int(codes.max()) + 1, 0, range(Z.shape[1])) for name, (Z, codes) in terms.items()
    ]
    ends = np.cumsum([0, *(row.Z.shape[1] for row in rows)])
    blocks = tuple(tuple(range(a, b)) for a, b in pairwise(ends))
    products = GroupingProducts.of(joint_products(y, X, rows, x_intercept=0))
    deviance = GroupingDeviance(products, factor_pattern(blocks), method)
    labels = tuple(f"{row.name}{k}" for row in rows for k in range(row.Z.shape[1]))
    start = grouping_start(deviance, labels)
    return estimate_of(deviance, start, fixed or tuple(f"g{k}" for k in range(X.shape[1])), labels, products.n_groups)


@cache
def grouping_estimate(key: str) -> RemlEstimate:
    case = CASES[key]
    data = frame(case["data"])
    names = case["fixed"]["names"]
    terms = {
        grouping: (np.column_stack([column(data, name) for name in found["terms"]]), levels(data, grouping)[0])
        for grouping, found in case["groupings"].items()
    }
    y = data[case["formula"].split(" ~ ")[0]].to_numpy(dtype=float)
    X = np.column_stack([column(data, name) for name in names])
    return fit_columns(y, X, terms, case["method"], tuple(names))
