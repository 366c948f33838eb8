"""Measure fits of many groups: as `fit` chooses to draw them, and by NUTS, as it did of any number of groups before.

    uv run python tests/benchmarks/groups.py
    uv run python tests/benchmarks/groups.py --groups 1e5 --nuts 1e5 --out groups.md

Ten rows a group, random intercept and slope, two level-2 predictors of both (q = 2, p = 6). Each fit runs in a fresh
process, after one of few groups that fills the caches; NUTS up to `--nuts` groups. "model" is from the data frame to
the model, "fit" to the posterior, of which "sample" is the sampler's part; the last column is how many times as long
the fit by NUTS of the same groups takes, in the same run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import Phases, Record, cache_environment, machine, markdown_table, peak_mib, run_json

EQUATIONS = """
y = b0 + b1*cwc(x) + r
b0 = g00 + g01*w + g02*m + u0
b1 = g10 + g11*w + g12*m + u1
"""
ROWS = 10
COLUMNS = {
    "groups": "groups",
    "sampler": "sampler",
    "model": "model s",
    "fit": "fit s",
    "sample": "sample s",
    "ess": "smallest ESS",
    "peak_mib": "peak MiB",
    "ratio": "NUTS beside it",
}


def main() -> int:
    """Measure one fit in this process, or each in a process of its own."""
    options = _options()
    if options.run:
        groups, sampler = int(float(options.run[0])), options.run[1]
        print(json.dumps(measured(groups, sampler)))
        return 0
    environment = cache_environment(options.caches / "groups")
    records: list[Record] = []
    for groups in options.groups:
        samplers = ["auto", "nutpie"] if groups <= options.nuts else ["auto"]
        found: dict[str, Any] = {}
        for sampler in samplers:
            command = [sys.executable, __file__, "--run"]
            run_json(
                [*command, "20000" if sampler == "auto" else "200", sampler], environment
            )  # compiles what is cached
            found[sampler] = run_json([*command, str(groups), sampler], environment)
            print(found[sampler], file=sys.stderr, flush=True)
        if "nutpie" in found:
            found["auto"]["ratio"] = found["nutpie"]["fit"] / found["auto"]["fit"]
        records += found.values()
    text = f"{machine()}.\n\n{markdown_table(records, COLUMNS)}"
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", nargs=2, metavar=("GROUPS", "SAMPLER"), help="one fit, in this process")
    parser.add_argument("--groups", type=float, nargs="+", default=[1e5, 1e6])
    parser.add_argument("--nuts", type=float, default=1e5, help="most groups of which NUTS is measured, too")
    parser.add_argument("--caches", type=Path, default=Path(tempfile.gettempdir()) / "bayeshlm-benchmarks")
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    return parser.parse_args()


def simulated(groups: int) -> Any:
    """A data frame of 10 rows a group."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(groups), ROWS)
    w, m = rng.integers(0, 2, groups).astype(float), rng.normal(0, 0.4, groups)
    x = rng.normal(size=len(codes)) + m[codes]
    u = rng.normal(size=(groups, 2)) * [2.0, 0.6]
    y = 12 + 1.2 * w[codes] + u[codes, 0] + (2 + u[codes, 1] + 0.5 * w[codes]) * x + 4 * rng.normal(size=len(codes))
    return pd.DataFrame({"school": codes, "w": w[codes], "m": m[codes], "x": x, "y": y})


def measured(groups: int, sampler: str) -> Record:
    """One model and fit."""
    import bayeshlm as hlm

    frame, phases = simulated(groups), Phases()
    with phases("model"):
        model = hlm.Model(EQUATIONS, frame, "school")
    with phases("fit"):
        fit = model.fit(seed=1, sampler=sampler, progress=False)
    verdict = fit.convergence
    assert verdict.converged
    name = "importance sampling" if verdict.by_importance else "NUTS"
    sample = fit.idata.attrs["sample_seconds"]
    return {
        "groups": groups,
        "sampler": name,
        **phases,
        "sample": sample,
        "ess": verdict.min_ess_bulk,
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    sys.exit(main())
