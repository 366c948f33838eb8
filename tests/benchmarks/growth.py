"""Measure how bayeshlm grows with rows and with groups, on simulated data.

    uv run python tests/benchmarks/growth.py --out growth.md
    uv run python tests/benchmarks/growth.py --largest 1000000 --only rows
    uv run python tests/benchmarks/growth.py --run 1000000 160

Random intercept and slope (q = 2), a level-2 predictor of both (p = 4): N = 10^4 to 10^7 rows in 160 groups, and
10^2 to 10^5 groups of 20 rows. Each size runs in a fresh process, after a short run that fills the caches (they lie
in a folder of the benchmark's own, `--caches`). "columns" are the bytes of the four used columns; "peak" is the
process's largest resident memory, "before" the same when the data were simulated and nothing else had happened;
"rest" is what `Model.fit` does besides compiling and sampling: REML for the start, u and the log likelihoods after.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import Failed, Phases, Record, cache_environment, machine, markdown_table, peak_mib, run_json

EQUATIONS = """
y = b0 + b1*x + r
b0 = g00 + g01*w + u0
b1 = g10 + g11*w + u1
"""
ROWS = tuple((10**k, 160) for k in (4, 5, 6, 7))
GROUPS = tuple((20 * 10**k, 10**k) for k in (2, 3, 4, 5))
CHUNK = 10**6

COLUMNS = {
    "rows": "rows",
    "groups": "groups",
    "design": "design s",
    "cross-products": "products s",
    "REML": "REML s",
    "compile": "compile s",
    "sample": "sample s",
    "rest": "rest s",
    "kernel_us": "kernel us",
    "callback_us": "callback us",
    "columns_mib": "columns MiB",
    "before_mib": "before MiB",
    "peak_mib": "peak MiB",
    "ess_bulk": "bulk ESS",
    "ess_tail": "tail ESS",
    "r_hat": "max R-hat",
    "divergences": "divergences",
}


def main() -> int:
    """Measure one size in this process, or every size in a process of its own."""
    options = _options()
    if options.run:
        rows, groups = options.run
        print(json.dumps(measure_size(rows, groups, options.draws, options.seed)))
        return 0
    header = f"4 chains x {options.draws} draws, p = 4, q = 2, seed {options.seed}. {machine()}."
    print(header, file=sys.stderr)
    parts = [header]
    environment = cache_environment(options.caches / "growth")
    command = [sys.executable, __file__, f"--draws={options.draws}", f"--seed={options.seed}", "--run"]
    warmed = False
    for kind, sizes in (("rows", ROWS), ("groups", GROUPS)):
        chosen = [size for size in sizes if size[0] <= options.largest and options.only in (None, kind)]
        records: list[Record] = []
        notes = []
        for rows, groups in chosen:
            print(f"{rows} rows in {groups} groups ...", file=sys.stderr, flush=True)
            try:
                if not warmed:
                    run_json([sys.executable, __file__, "--draws=10", "--run", "1000", "50"], environment)
                    warmed = True
                records.append(run_json([*command, str(rows), str(groups)], environment))
            except Failed as error:
                notes.append(f"{rows} rows in {groups} groups: {error}")
        if records:
            parts.append(markdown_table(records, COLUMNS))
        parts += notes
    text = "\n\n".join(parts)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", nargs=2, type=int, metavar=("ROWS", "GROUPS"), help="one size, in this process")
    parser.add_argument("--only", choices=["rows", "groups"], help="one of the two series")
    parser.add_argument("--largest", type=float, default=1e7, help="leave out sizes of more rows (%(default).0f)")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--caches", type=Path, default=Path(tempfile.gettempdir()) / "bayeshlm-benchmarks")
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    return parser.parse_args()


def simulate(rows: int, groups: int, seed: int) -> Any:
    """A frame of y, x, w and the group, simulated a chunk at a time so that nothing larger than it is held."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    w = rng.normal(size=groups)
    coefficients = np.stack([1 + 0.5 * w, 0.3 + 0.2 * w]) + np.array([[0.5], [0.3]]) * rng.normal(size=(2, groups))
    columns = np.empty((3, rows))
    group = np.arange(rows, dtype=np.int64)
    np.floor_divide(group * groups, rows, out=group)
    for start in range(0, rows, CHUNK):
        part = slice(start, min(start + CHUNK, rows))
        x = rng.normal(size=part.stop - part.start)
        b0, b1 = coefficients[:, group[part]]
        columns[:, part] = b0 + b1 * x + rng.normal(size=len(x)), x, w[group[part]]
    frame = pd.DataFrame(columns.T, columns=["y", "x", "w"], copy=False)
    frame["group"] = group
    return frame


def measure_size(rows: int, groups: int, draws: int, seed: int) -> Record:
    """Fit one simulated data set, step by step."""
    from gradient import gradient_microseconds

    import bayeshlm as hlm
    import bayeshlm.faces.fit
    import bayeshlm.graph.marginal
    import bayeshlm.sampling.convert
    import bayeshlm.sampling.nuts
    from bayeshlm.reml.estimate import fit_reml

    frame = simulate(rows, groups, seed)
    record: Record = {"rows": rows, "groups": groups, "before_mib": peak_mib()}
    record["columns_mib"] = frame.memory_usage(index=False).sum() / 2**20
    phases = Phases()
    with phases("design"):
        model = hlm.Model(EQUATIONS, frame, "group")
    with phases("cross-products"):
        _ = model.design.cross_products
    with phases("REML"):
        fit_reml(model.design)
    with phases("rest"):
        fit = model.fit(draws=draws, seed=seed, progress=False, cores=min(4, os.cpu_count() or 1))
    for name in ("compile", "sample"):
        phases[name] = fit.idata.attrs[f"{name}_seconds"]
        phases["rest"] -= phases[name]
    record["peak_mib"] = peak_mib()
    verdict = fit.convergence
    record |= {"ess_bulk": verdict.min_ess_bulk, "ess_tail": verdict.min_ess_tail, "r_hat": f"{verdict.max_r_hat:.3f}"}
    return record | phases | {"divergences": verdict.divergences} | gradient_microseconds(model)


if __name__ == "__main__":
    sys.exit(main())
