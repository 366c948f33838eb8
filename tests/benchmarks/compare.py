"""Measure bayeshlm beside other programs, in one run, on the same data (HSB), model and priors.

    uv run python tests/benchmarks/compare.py --out comparison.md
    uv run python tests/benchmarks/compare.py --cold --only bayeshlm-marginal bambi-nutpie
    uv run python tests/benchmarks/compare.py --run bayeshlm-marginal

The model is the gallery's hsb-slopes-as-outcomes-full, 4 chains of 1,000 draws; tuning and acceptance rate are each
program's own defaults. Every program runs in a fresh process, after a short run that fills its caches. With
`--cold` the measured process starts from empty caches (compiled code, Python's bytecode), and a second one is
measured with what the first left behind. The caches lie in a folder of the benchmark's own (`--caches`).

bambi is no dependency of the project. Its processes are started by ``uv run --with bambi==0.21.* python ...``, which
lays bambi, and formulae 0.6, over the project's environment with the same PyMC, nutpie and numba (bambi's own
``nutpie`` extra, which pins numba < 0.66, is not needed). rstanarm and lme4 run where R has them. What cannot run is
left out with a line that says why.

Columns: "compile" is building the model, compiling it, and what `pm.sample` does besides sampling; "sample" includes
tuning; "total" runs from the start of the process to the printed tables; ESS is the smallest over gamma, tau, corr
and sigma, ESS/s the smaller of bulk and tail per second of sampling.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from contenders import CONTENDERS, Settings
from measure import BAMBI, CACHES, Failed, Record, cache_environment, figure, machine, markdown_table, run_json

COLUMNS = {
    "what": "program",
    "caches": "caches",
    "import": "import s",
    "build, compile": "compile s",
    "sample": "sample s",
    "total": "total s",
    "ess_bulk": "bulk ESS",
    "ess_tail": "tail ESS",
    "ess_per_second": "ESS/s",
    "tune": "tune",
    "divergences": "divergences",
    "peak_mib": "peak MiB",
    "worker_mib": "worker MiB",
    "second_fit": "second fit s",
}

# What the tables' floors are stated for: label, key, better program, other program, caches.
RATIOS = (
    ("ESS per second, PyMC's own NUTS", "ess_per_second", "bayeshlm-marginal", "pymc-lkj", "warm"),
    ("ESS per second, nutpie on the usual graph", "ess_per_second", "bayeshlm-marginal", "pymc-lkj-nutpie", "warm"),
    ("ESS per second, bambi + PyMC's NUTS", "ess_per_second", "bayeshlm-independent", "bambi-pymc", "warm"),
    ("ESS per second, bambi + nutpie", "ess_per_second", "bayeshlm-independent", "bambi-nutpie", "warm"),
    ("ESS per second, noncentered", "ess_per_second", "bayeshlm-marginal", "bayeshlm-noncentered", "warm"),
    ("ESS per second, rstanarm", "ess_per_second", "bayeshlm-marginal", "rstanarm", "warm"),
    ("fresh process to printed tables, bambi + nutpie", "total", "bayeshlm-independent", "bambi-nutpie", "warm"),
    ("fresh process to printed tables, rstanarm", "total", "bayeshlm-marginal", "rstanarm", "warm"),
    ("first-ever fit, bambi + nutpie", "total", "bayeshlm-independent", "bambi-nutpie", "cold"),
)

GRADIENT = "gradient"


def main() -> int:
    """Run one program in this process, or all in processes of their own."""
    options = _options()
    settings = Settings(options.draws, options.tune, options.chains, options.cores, options.seed)
    if options.run:
        print(json.dumps(_measured(options.run, settings)))
        return 0
    title = f"{settings.chains} chains x {settings.draws} draws, {settings.cores} at a time, seed {settings.seed}"
    header = f"{title}. {machine()}."
    print(header, file=sys.stderr)
    records, notes = [], []
    for name in [*(options.only or CONTENDERS), GRADIENT]:
        try:
            records += _processes(name, settings, options)
        except Failed as error:
            notes.append(f"{name}: left out. {error}")
            print(notes[-1], file=sys.stderr)
    text = report(header, records, notes)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*CONTENDERS, GRADIENT]
    parser.add_argument("--run", choices=names, help="measure one program in this process; print one line of JSON")
    parser.add_argument("--only", nargs="+", choices=list(CONTENDERS), help="some of the programs")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, help="tuning of every sampler (their own defaults)")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--cores", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cold", action="store_true", help="measure from empty caches first, then again")
    parser.add_argument("--caches", type=Path, default=CACHES)
    parser.add_argument("--bambi", default=BAMBI, help="what uv installs (%(default)s)")
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    return parser.parse_args()


def _measured(name: str, settings: Settings) -> Record:
    if name != GRADIENT:
        return CONTENDERS[name].run(settings)
    from contenders import MODEL
    from gradient import gradient_microseconds

    import bayeshlm as hlm

    return dict(gradient_microseconds(hlm.open_model(MODEL)))


def _processes(name: str, settings: Settings, options: argparse.Namespace) -> list[Record]:
    """Run a program in fresh processes: a short one to fill the caches, or a cold one, then the warm one."""
    needs = CONTENDERS[name].needs if name in CONTENDERS else ""
    python = _python(needs, options.bambi)
    if needs in ("rstanarm", "lme4"):
        runs = [("warm", settings)]
        folder = options.caches / name
    elif options.cold and name != GRADIENT:
        runs = [("cold", settings), ("warm", settings)]
        options.caches.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=options.caches))
    else:
        runs = [("", dataclasses.replace(settings, draws=10, tune=10)), ("warm", settings)]
        folder = options.caches / name
    records = []
    for caches, asked in runs:
        print(f"{name} {caches or '(filling the caches)'} ...", file=sys.stderr, flush=True)
        arguments = [f"--{key}={value}" for key, value in vars(asked).items() if value is not None]
        record = run_json([*python, __file__, "--run", name, *arguments], cache_environment(folder))
        if caches:
            what = CONTENDERS[name].what if name in CONTENDERS else name
            records.append({**record, "name": name, "what": what, "caches": caches})
    if options.cold and runs[0][0] == "cold":
        shutil.rmtree(folder)
    return records


def _python(needs: str, bambi: str) -> list[str]:
    """The command of an interpreter that has what a program needs."""
    if needs == "bambi":
        if shutil.which("uv") is None:
            raise Failed("uv is not installed; it brings bambi.")
        command = ["uv", "run", "--quiet", "--with", bambi, "python"]
        found = subprocess.run([*command, "-c", "import bambi"], capture_output=True, text=True, check=False)
        if found.returncode != 0:
            raise Failed(f"uv cannot bring {bambi}: {found.stderr.strip()[-300:]}")
        return command
    if needs:
        test = f"quit(status = !all(sapply(c('jsonlite', '{needs}'), requireNamespace, quietly = TRUE)))"
        if shutil.which("Rscript") is None or subprocess.run(["Rscript", "-e", test], check=False).returncode != 0:
            raise Failed(f"R with the packages {needs} and jsonlite is not installed.")
    return [sys.executable]


def report(header: str, records: Sequence[Record], notes: Sequence[str]) -> str:
    """The whole report, as Markdown that also reads as text."""
    programs = [record for record in records if record["name"] != GRADIENT]
    columns = {key: title for key, title in COLUMNS.items() if any(key in record for record in programs)}
    parts = [header, markdown_table(programs, columns)]
    ratios = ratio_rows(programs)
    if ratios:
        titles = {"what": "against", "ratio": "bayeshlm is better by", "ours": "bayeshlm", "theirs": "the other"}
        parts.append(markdown_table(ratios, titles))
    for record in records:
        if record["name"] == GRADIENT:
            parts.append(
                f"One gradient at J = 160, q = 2, p = 6: kernel {figure(record['kernel_us'])} us, with priors and"
                f" transforms (what nutpie calls) {figure(record['callback_us'])} us."
            )
    means = [{"what": record["what"], **record["means"]} for record in programs if "means" in record]
    if means:
        symbols = dict.fromkeys(symbol for row in means for symbol in row if symbol != "what")
        parts.append("Posterior means, to see that the programs fit one model:")
        parts.append(markdown_table(means, {"what": "program", **{symbol: symbol for symbol in symbols}}))
    used = {name: value for record in programs for name, value in record["versions"].items()}
    parts.append("Versions: " + ", ".join(f"{name} {value}" for name, value in used.items()) + ".")
    return "\n\n".join([*parts, *notes])


def ratio_rows(records: Sequence[Mapping[str, object]]) -> list[Record]:
    """The ratios of `RATIOS` whose programs were both measured; more than 1 speaks for bayeshlm."""
    values = {(record["name"], record["caches"]): record for record in records}
    rows = []
    for what, key, name, other, caches in RATIOS:
        ours, theirs = (values.get((program, caches), {}).get(key) for program in (name, other))
        if isinstance(ours, float) and isinstance(theirs, float) and ours > 0 and theirs > 0:
            ratio = ours / theirs if key == "ess_per_second" else theirs / ours
            rows.append({"what": what, "ratio": ratio, "ours": ours, "theirs": theirs})
    return rows


if __name__ == "__main__":
    sys.exit(main())
