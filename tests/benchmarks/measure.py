"""What the benchmarks share: clocks, effective sample sizes, the machine, caches, fresh processes and tables.

Only the standard library is imported here, so that the process which starts the others stays small: a child's
peak memory begins at its parent's.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

type Record = dict[str, Any]

BAMBI = "bambi==0.21.*"
"""What uv lays over the project's environment where bambi is measured."""

CACHES = Path(tempfile.gettempdir()) / "bayeshlm-benchmarks"

PACKAGES = ("bayeshlm", "pymc", "pytensor", "nutpie", "numba", "numpy", "arviz", "xarray", "bambi", "formulae")


class Phases(dict[str, float]):
    """Seconds by the name of a phase; ``with phases("import"):`` measures one."""

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self[name] = self.get(name, 0.0) + time.perf_counter() - start


@contextmanager
def entered(owner: Any, name: str) -> Iterator[list[float]]:
    """Collect the moments (``time.perf_counter``) at which the function ``owner.name`` is called."""
    moments: list[float] = []
    function = getattr(owner, name)

    def noted(*arguments: Any, **keywords: Any) -> Any:
        moments.append(time.perf_counter())
        return function(*arguments, **keywords)

    setattr(owner, name, noted)
    try:
        yield moments
    finally:
        setattr(owner, name, function)


def seconds_since_start() -> float:
    """Seconds since this process was started, its interpreter's own start included (Linux; 10 ms steps)."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")


def peak_mib(who: int = resource.RUSAGE_SELF) -> float:
    """Largest resident memory so far in MiB, of this process or (RUSAGE_CHILDREN) of its largest child."""
    return resource.getrusage(who).ru_maxrss / 1024


def smallest_ess(draws: Mapping[str, Any]) -> Record:
    """The smallest bulk and tail effective sample size of some scalars, arrays of shape (chain, draw) by name."""
    import numpy as np
    from arviz_stats.base.array import BaseArray

    names, stacked = list(draws), np.stack([np.asarray(values, dtype=float) for values in draws.values()])
    stats = BaseArray()
    bulk = stats.ess(stacked, method="bulk")
    tail = stats.ess(stacked, method="tail", prob=(0.05, 0.95))
    return {
        "ess_bulk": float(bulk.min()),
        "ess_tail": float(tail.min()),
        "worst": names[int(bulk.argmin())],
        "means": {name: float(values.mean()) for name, values in zip(names, stacked, strict=True)},
    }


def versions() -> dict[str, str]:
    """Versions of the packages that this process could have used."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """One line: processor, cores, memory, system, load average of the last minute."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2] for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].strip() if models else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}; load {load:.2f} before the run"


def cache_environment(folder: Path) -> dict[str, str]:
    """The environment of a process that keeps everything it compiles in `folder`, Python's bytecode included."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    flags = [flag for flag in environment.get("PYTENSOR_FLAGS", "").split(",") if flag]
    environment["PYTENSOR_FLAGS"] = ",".join([*flags, f"base_compiledir={folder / 'pytensor'}"])
    environment["NUMBA_CACHE_DIR"] = str(folder / "numba")
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    environment["MPLCONFIGDIR"] = str(folder / "matplotlib")
    for name in ("numba", "matplotlib"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return environment


class Failed(Exception):
    """A process did not end well; the message is the end of what it said."""


def run_json(command: Sequence[str], environment: Mapping[str, str]) -> Record:
    """Run a fresh process and read the JSON of its last line."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        raise Failed("\n".join(done.stderr.strip().splitlines()[-5:]) or f"exit status {done.returncode}")
    record: Record = json.loads(lines[-1])
    return record


def measured(script: str, arguments: Sequence[str], with_bambi: bool = False, warm: bool = True) -> Record:
    """Run ``script --run ...`` in a fresh process and read its JSON; `warm`, after one that fills its caches."""
    python = ["uv", "run", "--quiet", "--with", BAMBI, "python"] if with_bambi else [sys.executable]
    environment = cache_environment(CACHES / ("bambi" if with_bambi else "bayeshlm"))
    command = [*python, script, "--run", *arguments]
    if warm:
        run_json(command, environment)
    return run_json(command, environment)


def figure(value: Any) -> str:
    """A number to three significant digits, never in scientific notation; "" for nothing.

    Examples
    --------
    >>> figure(0.12345), figure(1234.5), figure(7), figure(None), figure("a")
    ('0.123', '1234', '7', '', 'a')
    """
    if value is None or value != value:
        return ""
    if not isinstance(value, float):
        return str(value)
    if abs(value) >= 100 or value == 0:
        return f"{value:.0f}"
    rounded = f"{value:.3g}"
    return rounded if "e" not in rounded else f"{value:.6f}"


def markdown_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """Rows as a Markdown table that also reads well as text; `columns` maps keys to headings.

    Examples
    --------
    >>> print(markdown_table([{"name": "a", "s": 1.5}, {"name": "bb"}], {"name": "who", "s": "seconds"}))
    | who | seconds |
    | --- | ------: |
    | a   |     1.5 |
    | bb  |         |
    """
    cells = [[figure(row.get(key)) for key in columns] for row in rows]
    headings = list(columns.values())
    widths = [max(3, *(len(line[k]) for line in [headings, *cells])) for k in range(len(headings))]
    left = [all(isinstance(row.get(key), str | None) for row in rows) for key in columns]

    def line(texts: Sequence[str]) -> str:
        padded = (f"{t:<{w}}" if is_left else f"{t:>{w}}" for t, w, is_left in zip(texts, widths, left, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = ["-" * w if is_left else "-" * (w - 1) + ":" for w, is_left in zip(widths, left, strict=True)]
    return "\n".join([line(headings), line(rule), *map(line, cells)])
