"""Measure models of outcomes that are not normal beside PyMC with nutpie and bambi, in one run, on the same data.

    uv run python tests/benchmarks/families.py
    uv run python tests/benchmarks/families.py --only toenail

toenail: 1,908 visits of 294 patients, yes or no, a random intercept of SD 4. contraception: 1,934 women in 60
districts, yes or no, a random intercept and slope. Per model: the fit as it is by default, by quadrature and the
sampler that it chooses; with explicit random effects by NUTS over this package's own kernel; the same graph and priors
(`Model.graph`) sampled by ``pm.sample`` with nutpie; and bambi with nutpie and its own priors, without a correlation of
intercept and slope, which it does not have. 4 chains of 1,000 draws, each program's own tuning, every program in a
fresh process after one that fills its caches. ESS is the smallest, of bulk and tail, over gamma, tau and corr; per
second from the start of the process to the printed tables, and per second of sampling alone. bambi comes by uv as in
compare.py.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import (
    Failed,
    Record,
    machine,
    markdown_table,
    measured,
    seconds_since_start,
    smallest_ess,
)

DATA = Path(__file__).parents[1] / "references" / "family_data"
DRAWS = 1000


@dataclass(frozen=True)
class Problem:
    """A model in this package's equations and in bambi's formula."""

    equations: str
    group: str
    formula: str
    names: tuple[str, ...]


PROBLEMS = {
    "toenail": Problem(
        "moderate ~ Bernoulli(p)\n"
        "logit(p) = b0 + b1*month\n"
        "b0 = g00 + g01*terbinafine + u0\n"
        "b1 = g10 + g11*terbinafine",
        "patient",
        "moderate ~ terbinafine*month + (1 | patient)",
        ("Intercept", "terbinafine", "month", "terbinafine:month", "1|patient_sigma"),
    ),
    "contraception": Problem(
        "use ~ Bernoulli(p)\n"
        "logit(p) = b0 + b1*urban + b2*age + b3*age2 + b4*livch1 + b5*livch2 + b6*livch3p\n"
        "b0 = g00 + u0\nb1 = g10 + u1\nb2 = g20\nb3 = g30\nb4 = g40\nb5 = g50\nb6 = g60",
        "district",
        "use ~ urban + age + age2 + livch1 + livch2 + livch3p + (urban | district)",
        (
            *("Intercept", "urban", "age", "age2", "livch1", "livch2", "livch3p"),
            *("1|district_sigma", "urban|district_sigma"),
        ),
    ),
}
PROGRAMS = {
    "default": "bayeshlm, u integrated out",
    "explicit": "bayeshlm, u explicit, NUTS",
    "pymc": "the same graph, PyMC and nutpie",
    "bambi": "bambi and nutpie, its own priors",
}
COLUMNS = {
    "what": "",
    "total": "start to tables s",
    "sample": "sampling s",
    "ess": "smallest ESS",
    "per_second": "ESS/s",
    "per_second_of_sampling": "ESS/s of sampling",
    "divergences": "divergences",
}


def data_of(name: str) -> Any:
    """The data of a problem, a DataFrame."""
    import pandas as pd

    data = pd.read_csv(DATA / f"{name}.csv.gz")
    if name == "contraception":
        data["age"], data["age2"] = data["age"] / 10, data["age2"] / 100  # without this bambi's chains do not mix
    return data


def _ours(name: str, explicit: bool) -> Record:
    import bayeshlm as hlm

    problem = PROBLEMS[name]
    model = hlm.Model(problem.equations, data_of(name), group=problem.group)
    chosen: dict[str, Any] = {"parameterization": "noncentered", "sampler": "nutpie"} if explicit else {}
    fit = model.fit(seed=1, draws=DRAWS, progress=False, **chosen)
    print(fit)
    total = seconds_since_start()
    return _record(total, fit.idata.attrs["sample_seconds"], fit.posterior, fit.idata["sample_stats"])


def _pymc(name: str) -> Record:
    import arviz as az
    import pymc as pm

    import bayeshlm as hlm

    problem = PROBLEMS[name]
    with hlm.Model(problem.equations, data_of(name), group=problem.group).graph("noncentered"):
        tree = pm.sample(
            draws=DRAWS, chains=4, cores=min(4, os.cpu_count() or 1), random_seed=1, nuts_sampler="nutpie",
            progressbar=False,
        )  # fmt: skip
    names = [name for name in ("gamma", "tau", "corr") if name in tree["posterior"]]
    print(az.summary(tree, var_names=names))
    total = seconds_since_start()
    posterior = tree["posterior"].to_dataset()
    return _record(total, float(posterior.attrs["sampling_time"]), posterior, tree["sample_stats"])


def _bambi(name: str) -> Record:
    import arviz as az
    import bambi as bmb

    problem = PROBLEMS[name]
    model = bmb.Model(problem.formula, data_of(name), family="bernoulli")
    model.build()
    tree = model.fit(
        draws=DRAWS, tune=1000, chains=4, cores=min(4, os.cpu_count() or 1), random_seed=1,
        inference_method="nutpie", progressbar=False,
    )  # fmt: skip
    print(az.summary(tree, var_names=list(problem.names)))
    total = seconds_since_start()
    posterior = tree["posterior"].to_dataset()
    sampling = float(posterior.attrs.get("sampling_time", float("nan")))
    draws = {one: posterior[one].to_numpy() for one in problem.names}
    return _of_draws(total, sampling, draws, tree["sample_stats"])


def _record(total: float, sampling: float, posterior: Any, stats: Any) -> Record:
    draws = {name: posterior["gamma"].sel(fixed=name).to_numpy() for name in posterior["fixed"].to_numpy()}
    draws |= {f"tau[{name}]": posterior["tau"].sel(random=name).to_numpy() for name in posterior["random"].to_numpy()}
    if "corr" in posterior:
        draws["corr"] = posterior["corr"].to_numpy()[..., 0, 1]
    return _of_draws(total, sampling, draws, stats)


def _of_draws(total: float, sampling: float, draws: Any, stats: Any) -> Record:
    found = smallest_ess(draws)
    ess = min(found["ess_bulk"], found["ess_tail"])
    return {
        "total": total,
        "sample": sampling,
        "ess": ess,
        "per_second": ess / total,
        "per_second_of_sampling": ess / sampling,
        "divergences": int(stats["diverging"].sum()) if "diverging" in stats else 0,
        "means": found["means"],
    }


def _run(name: str, program: str) -> Record:
    if program == "pymc":
        return _pymc(name)
    if program == "bambi":
        return _bambi(name)
    return _ours(name, program == "explicit")


def main() -> int:
    """Run one program in this process, or all in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", nargs=2, metavar=("MODEL", "PROGRAM"), help="one in this process; prints JSON")
    parser.add_argument("--only", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    options = parser.parse_args()
    if options.run:
        print(json.dumps(_run(*options.run)))
        return 0
    print(f"4 chains x {DRAWS} draws, seed 1. {machine()}.")
    for name in options.only:
        found: dict[str, Record] = {}
        for program, what in PROGRAMS.items():
            try:
                found[program] = {"what": what, **measured(__file__, [name, program], with_bambi=program == "bambi")}
                print(f"{name}: {what}: {found[program]}", file=sys.stderr, flush=True)
            except Failed as error:
                print(f"{name}: {what}: left out. {error}")
        print(f"\n{name}\n\n{markdown_table(list(found.values()), COLUMNS)}\n")
        for ours, key in (("default", "per_second"), ("explicit", "per_second_of_sampling")):
            for other in ("pymc", "bambi"):
                if ours in found and other in found:
                    print(f"{COLUMNS[key]}, {ours} over {other}: {found[ours][key] / found[other][key]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
