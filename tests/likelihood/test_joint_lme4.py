"""Log-likelihoods and standard errors of lme4's fits with several groupings, at lme4's estimates."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design.joint_products import GroupingRows, joint_products
from bayeshlm.likelihood.elimination import Elimination
from bayeshlm.likelihood.joint_factor import factorize
from bayeshlm.likelihood.joint_kernel import JointSums, joint_log_density
from bayeshlm.likelihood.kernel_products import ColumnScaling
from bayeshlm.likelihood.lapack import one_blas_thread

REFERENCE = json.loads((Path(__file__).parents[1] / "references" / "joint.json").read_text(encoding="utf-8"))
DATA = "BAYESHLM_R_DATA"
"""Environment variable: a folder with egsingle.csv.gz and InstEval.csv.gz as R writes them, which are not shipped."""

SHIPPED = [case for case in REFERENCE["cases"] if case["data"] in REFERENCE]
OTHERS = [case for case in REFERENCE["cases"] if case["data"] not in REFERENCE]


def shipped(case):
    table = pd.DataFrame(REFERENCE[case["data"]])
    return table["y"], np.ones((len(table), 1)), [table[name] for name in case["groupings"]]


def from_folder(case):
    folder = Path(os.environ[DATA])
    if case["data"] == "insteval":
        table = pd.read_csv(folder / "InstEval.csv.gz")
        return table["y"], table[["service"]].assign(one=1)[["one", "service"]], [table[k] for k in case["groupings"]]
    table = pd.read_csv(folder / "egsingle.csv.gz", dtype={"childid": str, "schoolid": str})
    units = [table["schoolid"] + "/" + table["childid"], table["schoolid"]]
    return table["math"], table[["year"]].assign(one=1)[["one", "year"]], units


def check(case, y, X, units):
    y, X = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    rows = []
    for name, labels, theta in zip(case["groupings"], units, case["theta"], strict=True):
        codes, found = pd.factorize(labels)
        rows.append(GroupingRows(name, X[:, : len(theta)], codes, len(found), 0, range(len(theta))))
    products = joint_products(y, X, rows, x_intercept=0)
    elimination = Elimination.of(products)
    p = X.shape[1]
    gamma, theta, sigma = np.array(case["gamma"]), [np.array(part) for part in case["theta"]], case["sigma"]
    scaling = ColumnScaling(products.ols, np.linalg.inv(products.x_transform), elimination.u_to_scaled)
    chols = elimination.padded([sigma * part for part in theta])
    with one_blas_thread():
        value, d_gamma, d_chols, d_sigma = joint_log_density(elimination.n_effects)(
            gamma, chols, sigma, scaling, JointSums.of(elimination)
        )
    factor = factorize(elimination, theta, 1.0)
    half = factor.forward(factor.columns)[:, :p]
    information = products.XtX - half.T @ half
    covariance = sigma**2 * products.x_transform @ np.linalg.inv(information) @ products.x_transform.T
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), case["se"], rtol=1e-6)
    assert np.abs(d_gamma * case["se"]).max() < 1e-5
    if case["reml"]:
        log_det = -np.linalg.slogdet(covariance)[1]
        value += p / 2 * np.log(2 * np.pi) - log_det / 2
    else:
        # ML: the gradient in the factors and sigma vanishes, in units of sigma.
        assert np.abs(np.tril(d_chols)).max() * sigma < 1e-5
        assert abs(d_sigma) * sigma < 1e-5
    assert value == pytest.approx(case["log_likelihood"], rel=1e-10)


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: case["id"])
def test_small_data_of_lme4(case):
    check(case, *shipped(case))


@pytest.mark.slow
@pytest.mark.skipif(DATA not in os.environ, reason=f"{DATA} names no folder with R's data")
@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case["id"])
def test_large_data_of_lme4(case):
    check(case, *from_folder(case))
