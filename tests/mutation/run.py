"""Change the formula rooms in one place at a time, and see whether their tests notice.

    uv run python tests/mutation/run.py
    uv run python tests/mutation/run.py --rooms reml quantities --each 50
    uv run python tests/mutation/run.py --again

A mutant is a copy of the package with one operator, integer, sign, condition or statement changed. The tests and
doctests of its room that reach the changed line are run on it with numba off, the fastest first, until one fails; where
none of them does, the quick ones of other folders are. Tests that take longer or fail without numba are left out.
Mutants are drawn at random by a fixed seed, so that ``--each`` continues a smaller run; what the record has of mutants
that are still there is kept. They are known by function and text of the line, whatever its number.

``--again`` runs those that survived and are not explained, with ``--tests tests/reml/test_profile.py`` against those
tests only. An explanation is the field ``why`` of a survivor, written by hand.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import json
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numba
import pytest
from interpreted import run_as_python
from measured import Measured, Tests
from mutants import Mutant, mutants
from reached import Chosen, Reached, those_that_run
from record import count_first, is_open, place, record_of

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "tests" / "references" / "mutants.json"
KEPT = ROOT / ".mutation_cache"
ROOMS = ("equations", "design", "likelihood", "reml", "quantities", "checks")
EACH, SEED = 200, 19
SLOWEST, TOGETHER = 2.0, 30.0
"""Processor seconds of the slowest test that is run, and of all that are run for a mutant."""
NOT_OF_FORMULAS = ("benchmarks", "calibration", "datasets", "mutation", "plots", "posteriordb", "trust")
NOT_OF_FORMULAS += ("test_docs.py", "test_imports.py", "test_notebooks.py", "test_public_api.py", "test_wheel.py")
NOT_OF_FORMULAS += ("test_results_folder.py", "test_spark_models.py", "test_storage.py", "test_stored_labels.py")
NOT_OF_FORMULAS += ("test_weighted_coverage.py", "test_weighted_fits.py", "test_weighted_model_files.py")
"""Folders and files of tests that are not looked at for places that no test of the room reaches."""
OF_THE_ROOM, OF_OTHERS = "not nightly", "not slow and not nightly"
"""Marks of tests that are run; most that are slow are so by their machine code alone."""
OPTIONS = ["-n", "0", "-x", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
OPTIONS += [
    option
    for room in ("families", "likelihood")  # machine code does not warn of infinities
    for file in sorted((ROOT / "bayeshlm" / room).glob("*.py"))
    for option in ("-W", f"ignore::RuntimeWarning:bayeshlm.{room}.{file.stem}")
]
IMPORTED = ["numpy", "scipy.stats", "scipy.optimize", "pandas", "xarray", "hypothesis", "numba", "formulaic"]
IMPORTED += ["pymc", "ibis", "duckdb", "matplotlib.pyplot"]
"""What runs need, imported once for all of them; pytest warns of one, which is no plugin that asserts."""


def in_fork(work: Callable[[], int], seconds: float) -> int | None:
    """What a function returns in a process of its own, None after so many seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the threads of imported libraries, which sleep
        process = os.fork()
    if not process:
        os.setsid()
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        code = 70
        with contextlib.suppress(BaseException):
            code = work()
        os._exit(code)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                process = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        return None
    finally:  # also where this process is stopped
        if process:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)


def reached(folder: Path, where: Sequence[str], marks: str) -> tuple[Tests, list[str]]:
    """Of every test with such marks that passes: seconds, and the lines it runs; and the tests that are left out."""
    out = folder / "reached.pickle"
    out.unlink(missing_ok=True)

    def work() -> int:
        _enter(folder)
        for file in sorted((folder / "bayeshlm").rglob("[!_]*.py")):  # no test is too slow in the midst of an import
            importlib.import_module(".".join(file.relative_to(folder).with_suffix("").parts))
        plugin = Reached(folder, SLOWEST)
        options = [option for option in OPTIONS if option != "-x"]
        code = pytest.main([*options, "-m", marks, "--continue-on-collection-errors", *where], plugins=[plugin])
        out.write_bytes(pickle.dumps((plugin.tests, plugin.left_out)))
        return int(code)

    code = in_fork(work, 3600)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and len(where) > 1:  # one file stopped them all
        half = len(where) // 2
        parts = [reached(folder, some, marks) for some in (where[:half], where[half:])]
        return parts[0][0] | parts[1][0], parts[0][1] + parts[1][1]
    tests, left_out = pickle.loads(out.read_bytes()) if out.is_file() else ({}, [])
    print(f"{where[0]} and {len(where) - 1} more: {len(tests)} tests, {len(left_out)} left out", flush=True)
    return tests, left_out


def _enter(folder: Path) -> None:
    """Make the copy what is imported."""
    os.chdir(folder)
    run_as_python()
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()


def outcome(folder: Path, path: str, mutant: Mutant, tests: Sequence[tuple[float, str]]) -> str:
    """What becomes of a mutant: killed, survived, timeout; or not reached, by any test."""
    if not tests:
        return "not reached"
    chosen, seconds = [], 0.0
    for took, test in sorted(tests):
        seconds += took
        if seconds > TOGETHER and chosen:
            break
        chosen.append(test)
    files = list(dict.fromkeys(test.split("::")[0] for test in chosen))
    original = (folder / path).read_text(encoding="utf-8")

    def work() -> int:
        sys.dont_write_bytecode = True
        _enter(folder)
        return int(pytest.main([*OPTIONS, "-m", OF_THE_ROOM, *files], plugins=[Chosen(chosen)]))

    for compiled in (folder / path).parent.glob(f"__pycache__/{Path(path).stem}.*"):
        compiled.unlink()
    (folder / path).write_text(mutant.of(original), encoding="utf-8")
    try:
        code = in_fork(work, 60 + 10 * seconds)
    finally:
        (folder / path).write_text(original, encoding="utf-8")
    return {None: "timeout", 0: "survived", pytest.ExitCode.NO_TESTS_COLLECTED: "survived"}.get(code, "killed")


def sample(room: str) -> list[tuple[str, Mutant]]:
    """All mutants of a room in random order, with the paths of their files."""
    found = [
        (str(file.relative_to(ROOT)), mutant)
        for file in sorted((ROOT / "bayeshlm" / room).rglob("*.py"))
        for mutant in mutants(file.read_text(encoding="utf-8"))
    ]
    return sorted(found, key=lambda one: random.Random(f"{SEED} {one[0]} {one[1].name}").random())


def files_of_tests(folder: Path, room: str) -> tuple[list[str], list[str]]:
    """Files of the tests and doctests of a room, and files of tests of other folders."""
    files = [file.relative_to(folder) for file in sorted((folder / "tests").rglob("test_*.py"))]
    own = [file for file in files if file.parts[1] == room]
    own += [file.relative_to(folder) for file in sorted((folder / "bayeshlm" / room).rglob("*.py"))]
    others = [file for file in files if file not in own and not set(file.parts) & set(NOT_OF_FORMULAS)]
    return list(map(str, own)), list(map(str, others))


def run(room: str, options: argparse.Namespace, folder: Path, record: dict[str, Any], save: Callable[[], None]) -> None:
    """Run the mutants of a room that are asked for, and put them into the record."""
    present = {place(record_of(path, mutant)): (path, mutant) for path, mutant in sample(room)}
    of_room = record["rooms"].setdefault(room, {"mutants": []})
    known = {place(one): one for one in of_room["mutants"] if place(one) in present}
    missing = [at for at in present if at not in known][: max(0, options.each - len(known))]
    wanted = [at for at, one in known.items() if is_open(one)] if options.again else missing
    of_room["mutants"], of_room["possible"] = list(known.values()), len(present)
    if not wanted:
        return
    own, others = files_of_tests(folder, room)

    def measured(files: Sequence[str], marks: str) -> tuple[Tests, list[str]]:
        kept = KEPT / f"{marks.replace(' ', '-')}.pickle"
        return Measured(folder, kept, lambda some: reached(folder, some, marks)).of(files)

    tests, left_out = measured(options.tests or own, OF_THE_ROOM)
    elsewhere = cache(lambda: ({}, []) if options.tests else measured(others, OF_OTHERS))
    if not options.tests:
        of_room |= {"tests": len(tests), "left out": len(left_out)}
    runs = {}
    for at in wanted:
        path, mutant = present[at]
        lines = statement((folder / path).read_text(encoding="utf-8"), mutant.line)
        runs[at] = lines, those_that_run(tests, path, lines)
    for at in sorted(wanted, key=lambda at: not runs[at][1]):  # tests of other folders are measured last, if at all
        (path, mutant), (lines, reach) = present[at], runs[at]
        by_others = [] if reach else those_that_run(elsewhere()[0], path, lines)
        found = outcome(folder, path, mutant, reach or by_others)
        print(found, f"{path}:{mutant.line}", mutant.before, "->", mutant.after, flush=True)
        if at not in known:
            count_first(of_room, found)
        if options.tests is None or found in ("killed", "timeout"):
            known[at] = record_of(path, mutant) | {"outcome": found, "tests": len(reach)}
            if by_others:
                known[at] |= {"elsewhere": len(by_others)}
            of_room["mutants"] = list(known.values())
            save()


def statement(text: str, line: int) -> range:
    """The lines of the innermost statement at a line; of one that is run by the import, all lines of the module."""
    nodes = list(ast.walk(ast.parse(text)))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    if not any(node.body[0].lineno <= line <= node.end_lineno for node in functions):
        return range(1, text.count("\n") + 2)
    inside = [node for node in nodes if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno]
    innermost = min(inside, key=lambda node: node.end_lineno - node.lineno)
    return range(innermost.lineno, innermost.end_lineno + 1)


def main() -> None:
    """Run what is asked for, writing the record after each mutant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=ROOMS)
    parser.add_argument("--each", type=int, default=EACH, help="mutants of a room")
    parser.add_argument("--again", action="store_true", help="run those that survived and are not explained")
    parser.add_argument("--tests", nargs="+", help="files that are run in place of the tests of the room")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    record = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {"rooms": {}}
    record["command"] = "uv run python tests/mutation/run.py"

    def save() -> None:
        options.out.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    numba.core.config.DISABLE_JIT = 1  # numba, which is there by now, has read the environment
    for name in IMPORTED:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve() / "copy"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "site"))
        for room in options.rooms:
            run(room, options, folder, record, save)
            save()


if __name__ == "__main__":
    main()
