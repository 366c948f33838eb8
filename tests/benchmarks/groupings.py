"""Measure models with several groupings beside lme4 and bambi, in one run, on the same data.

    uv run python tests/benchmarks/groupings.py
    uv run python tests/benchmarks/groupings.py --only insteval

growth: 7,230 measurements of 1,721 children in 60 schools, simulated, intercept and slope of both random. One gradient
beside one deviance of lme4's, each called in a loop; the fit, from the start of a process to its tables, beside bambi
with nutpie (which has no correlation of intercept and slope; nor have they here). insteval: InstEval of R's lme4,
73,421 ratings of 1,128 instructors by 2,972 students in 14 departments, crossed; the fit to a certified posterior
beside lmer's. Every program runs in a fresh process, after one that fills its caches. R needs lme4 and jsonlite; bambi
comes by uv as in compare.py.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import (
    CACHES,
    Failed,
    Phases,
    Record,
    figure,
    machine,
    markdown_table,
    measured,
    seconds_since_start,
    smallest_ess,
)

R_SCRIPT = Path(__file__).with_name("groupings.R")
GROWTH = """
math = p0 + p1*year + e
p0 = b00 + b01*female + r0
p1 = b10 + r1
b00 = g000 + g001*size + u00
b01 = g010
b10 = g100 + u10
"""
INDEPENDENT = "\ncov(r0, r1) = 0\ncov(u00, u10) = 0"
INSTEVAL = """
y = b0 + b1*service + e
b0 = g00 + u0[s] + v0[d] + w0[dept]
b1 = g10
"""
COLUMNS = {"what": "", "seconds": "start to tables s", "ess": "smallest ESS", "note": ""}


def growth_data() -> Any:
    """The growth data, a DataFrame."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(20261126)
    school_of = np.sort(rng.integers(0, 60, 1721))
    waves = np.full(1721, 4)
    waves[rng.choice(1721, 346, replace=False)] = 5
    child = np.repeat(np.arange(1721), waves)
    school, year = school_of[child], np.concatenate([np.arange(n) for n in waves]) - 2.0
    size, female = rng.normal(size=60), rng.integers(0, 2, 1721)
    of_school, of_child = rng.normal(0, [0.4, 0.11], (60, 2)), rng.normal(0, [0.8, 0.11], (1721, 2))
    start = -0.8 + 0.1 * size[school] + 0.05 * female[child] + of_school[school, 0] + of_child[child, 0]
    math = start + (0.76 + of_school[school, 1] + of_child[child, 1]) * year + rng.normal(0, 0.55, len(year))
    columns = {"school": school, "child": child, "year": year, "size": size[school], "female": female[child]}
    return pd.DataFrame({**columns, "math": math})


def _ours(equations: str, data: Callable[[], Any], group: list[str] | None, sampler: str, draws: int = 1000) -> Record:
    import bayeshlm as hlm

    fit = hlm.Model(equations, data(), group=group).fit(seed=1, sampler=sampler, draws=draws, progress=False)
    print(fit)
    seconds, posterior = seconds_since_start(), fit.posterior
    draws = {name: posterior["gamma"].sel(fixed=name).to_numpy() for name in posterior["fixed"].to_numpy()}
    draws |= {f"tau[{name}]": posterior["tau"].sel(random=name).to_numpy() for name in posterior["random"].to_numpy()}
    draws["sigma"] = posterior["sigma"].to_numpy()
    certificate = fit.convergence.certificate
    note = "NUTS" if certificate is None else f"importance sampling, Pareto k {max(certificate.pareto_k):.2f}"
    return {"seconds": seconds, "ess": smallest_ess(draws)["ess_bulk"], "note": note}


def _bambi() -> Record:
    import arviz as az
    import bambi as bmb

    formula = "math ~ size + female + year + (year | child) + (year | school)"
    tree = bmb.Model(formula, growth_data()).fit(
        draws=1000, tune=1000, chains=4, cores=min(4, os.cpu_count() or 1), random_seed=1,
        inference_method="nutpie", progressbar=False,
    )  # fmt: skip
    names = ["Intercept", "size", "female", "year", "sigma"]
    names += [f"{effect}|{group}_sigma" for group in ("child", "school") for effect in ("1", "year")]
    print(az.summary(tree, var_names=names))
    seconds = seconds_since_start()
    posterior = tree["posterior"].to_dataset()
    return {"seconds": seconds, "ess": smallest_ess({n: posterior[n].to_numpy() for n in names})["ess_bulk"]}


def _gradient() -> Record:
    from gradient import callback_microseconds

    import bayeshlm as hlm

    return {"us": callback_microseconds(hlm.Model(GROWTH, growth_data(), group=["child", "school"]))}


def _r(what: str) -> Record:
    """Run R on the growth data or on InstEval, which R writes to a file for us."""
    if shutil.which("Rscript") is None:
        raise Failed("R is not installed.")
    CACHES.mkdir(parents=True, exist_ok=True)
    growth_data().to_csv(CACHES / "growth.csv", index=False)
    phases = Phases()
    with phases("total"):
        done = subprocess.run(
            ["Rscript", "--vanilla", str(R_SCRIPT), what, str(CACHES)], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise Failed(done.stderr.strip()[-300:])
    answer: Record = json.loads(done.stdout.strip().splitlines()[-1])
    return {"seconds": phases["total"], **answer}


def _insteval() -> Any:
    import pandas as pd

    return pd.read_csv(CACHES / "insteval.csv")


PROGRAMS: dict[str, Callable[[], Record]] = {
    "gradient": _gradient,
    "deviance": lambda: _r("deviance"),
    "growth": lambda: _ours(GROWTH + INDEPENDENT, growth_data, ["child", "school"], "auto"),
    "growth-importance": lambda: _ours(GROWTH + INDEPENDENT, growth_data, ["child", "school"], "importance"),
    "growth-bambi": _bambi,
    "insteval-lmer": lambda: _r("insteval"),
    "insteval": lambda: _ours(INSTEVAL, _insteval, None, "importance", draws=150),
}
WHAT = {
    "gradient": "growth: bayeshlm, one gradient",
    "deviance": "growth: lme4, one deviance",
    "growth": "growth: bayeshlm",
    "growth-importance": 'growth: bayeshlm, sampler="importance"',
    "growth-bambi": "growth: bambi, nutpie",
    "insteval-lmer": "InstEval: lmer (REML, no posterior)",
    "insteval": "InstEval: bayeshlm",
}


def main() -> int:
    """Run one program in this process, or all in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", choices=list(PROGRAMS), help="one program in this process; prints a line of JSON")
    parser.add_argument("--only", nargs="+", choices=["growth", "insteval"], default=["growth", "insteval"])
    options = parser.parse_args()
    if options.run:
        print(json.dumps(PROGRAMS[options.run]()))
        return 0
    print(f"{machine()}.\n")
    found: dict[str, Record] = {}
    for name in PROGRAMS:
        if WHAT[name].split(":")[0].lower() in options.only:
            try:
                found[name] = measured(
                    __file__, [name], with_bambi=name == "growth-bambi", warm=name != "insteval-lmer"
                )
                print(f"{WHAT[name]}: {found[name]}", flush=True)
            except Failed as error:
                print(f"{WHAT[name]}: left out. {error}")
    for name in ("gradient", "deviance"):
        if name in found:
            print(f"{WHAT[name]}: {figure(float(found[name]['us']))} us")
    rows = [{"what": WHAT[name], **record} for name, record in found.items() if "us" not in record]
    print(markdown_table(rows, COLUMNS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
