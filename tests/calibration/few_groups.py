"""What few groups let expect of the default priors: coverage and bias of gamma, tau and the ICC, beside REML.

    uv run python tests/calibration/few_groups.py
    uv run python tests/calibration/few_groups.py --groups 5 --replications 100 --out trial.json

Data of J groups of 5 to 25 rows with sigma 1, a predictor of the groups and one of the rows; the posterior under the
priors that `hlm.Model` makes by default, by importance sampling, and REML with Satterthwaite's and with Kenward and
Roger's degrees of freedom. A cell that the file has in as many replications is left as it is, so that the study can be
run in pieces. The table of the page "How it is tested" is written from this file by ``docs/trust_tables.py``.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import bayeshlm as hlm

GROUPS, TAUS = (5, 8, 15, 30), (0.0, 0.1, 0.3, 0.6)
REPLICATIONS = 400
RESULTS = Path(__file__).parents[1] / "references" / "few_groups.json"

EQUATIONS = "y = b0 + b1*x + r; b0 = g00 + g01*w + u0; b1 = g10"
GAMMA = {"g00": 0.0, "g01": 0.3, "g10": 0.3}
MADE_OF = ("g00", "g01", "g10", "tau", "icc")

type Array = NDArray[np.float64]


def sample(groups: int, tau: float, seed: int) -> pd.DataFrame:
    """Data of a number of groups, of 5 to 25 rows each."""
    rng = np.random.default_rng([groups, round(100 * tau), seed])
    code = np.repeat(np.arange(groups), rng.integers(5, 26, groups))
    w, u = rng.normal(size=(2, groups))
    x, r = rng.normal(size=(2, len(code)))
    y = GAMMA["g00"] + GAMMA["g01"] * w[code] + GAMMA["g10"] * x + tau * u[code] + r
    return pd.DataFrame({"group": code, "w": w[code], "x": x, "y": y})


def replicate(groups: int, tau: float, seed: int) -> dict[str, Array]:
    """Estimates and intervals (5, 2) of one data set, by method; the order is that of `MADE_OF`, NaN what is not there.

    ``posterior`` has mean, median, lower and upper; ``satterthwaite`` and ``kenward-roger`` estimate, lower and upper.
    """
    model = hlm.Model(EQUATIONS, sample(groups, tau, seed), "group")
    fit = model.fit(draws=500, seed=seed, sampler="importance", progress=False)
    assert fit.convergence.by_importance or fit.convergence.converged
    draws = [fit.posterior[name].to_numpy().reshape(2000, -1) for name in ("gamma", "tau")]
    icc = fit.icc().draws["icc"].to_numpy().reshape(2000, 1)
    values = np.concatenate([*draws, icc], axis=1)
    found = {"posterior": np.column_stack([values.mean(axis=0), *np.quantile(values, [0.5, 0.025, 0.975], axis=0)])}
    reml = model.reml()
    components = np.array([float(reml.variance_components().loc[("tau", "u0"), "estimate"]), float(reml.icc()["icc"])])
    for df in ("satterthwaite", "kenward-roger"):
        table = reml.fixed_effects(df=df).loc[list(GAMMA), ["estimate", "lower", "upper"]].to_numpy()
        rest = np.column_stack([components, np.full((2, 2), np.nan)])
        found[df] = np.concatenate([table, rest])
    return found


def summary(groups: int, tau: float, replications: int) -> dict[str, Any]:
    """Coverage, mean width and bias in one cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlm.ModelWarning)
        found = [replicate(groups, tau, seed) for seed in range(replications)]
    truth = np.array([*GAMMA.values(), tau, tau**2 / (tau**2 + 1)])
    cell: dict[str, Any] = {"groups": groups, "tau": tau, "replications": replications}
    for method in found[0]:
        values = np.array([one[method] for one in found])
        lower, upper = values[..., -2], values[..., -1]
        there = np.isfinite(lower)
        covers = (lower <= truth) & (truth <= upper)
        cell[method] = {
            "missing": dict(zip(MADE_OF, (~there).sum(axis=0).tolist(), strict=True)),
            "coverage": _named([_mean(covers[there[:, k], k]) for k in range(len(truth))]),
            "below_upper": _named([_mean((truth <= upper)[there[:, k], k]) for k in range(len(truth))]),
            "width": _named([_mean((upper - lower)[there[:, k], k]) for k in range(len(truth))]),
            "bias": _named((values[..., 0] - truth).mean(axis=0)),
            "rmse": _named(np.sqrt(((values[..., 0] - truth) ** 2).mean(axis=0))),
        }
        if method == "posterior":
            cell[method]["bias_median"] = _named((values[..., 1] - truth).mean(axis=0))
    return cell


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _named(values: Any) -> dict[str, float | None]:
    """By what they are of, to four digits; None what is not a number."""
    return {name: round(float(x), 4) if np.isfinite(x) else None for name, x in zip(MADE_OF, values, strict=True)}


def cells(options: argparse.Namespace) -> Iterator[tuple[int, float]]:
    """The cells that are asked for."""
    return ((groups, tau) for groups in options.groups for tau in options.taus)


def main() -> None:
    """Run the cells that the file lacks, and write it after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--groups", type=int, nargs="+", default=GROUPS)
    parser.add_argument("--taus", type=float, nargs="+", default=TAUS)
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    known = json.loads(options.out.read_text(encoding="utf-8"))["cells"] if options.out.is_file() else []
    by_cell = {(cell["groups"], cell["tau"]): cell for cell in known}
    for groups, tau in cells(options):
        if by_cell.get((groups, tau), {}).get("replications", 0) >= options.replications:
            continue
        by_cell[groups, tau] = summary(groups, tau, options.replications) | {"date": date.today().isoformat()}
        record = {
            "command": "uv run python tests/calibration/few_groups.py",
            "version": hlm.__version__,
            "equations": EQUATIONS,
            "gamma": GAMMA,
            "sigma": 1.0,
            "cells": [by_cell[key] for key in sorted(by_cell)],
        }
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(groups, tau, by_cell[groups, tau]["posterior"]["coverage"], flush=True)


if __name__ == "__main__":
    main()
