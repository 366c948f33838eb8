"""Interruptions, killed processes, shared caches, forks, event loops, locales: no other result, none lost."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from amounts import amount
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import bayeshlm as hlm
from bayeshlm.likelihood import disk_cache

pytestmark = pytest.mark.nightly
EQUATIONS = "y = b0 + b1*x + r; b0 = g00 + u0; b1 = g10 + u1"
FIT = f"""
import numpy as np, pandas as pd, bayeshlm as hlm
rng = np.random.default_rng(1)
data = pd.DataFrame({{"g": np.repeat(range(8), 6), "x": rng.normal(size=48), "y": rng.normal(size=48)}})
fit = hlm.Model("{EQUATIONS}", data, "g").fit(draws=50, tune=100, chains=2, seed=1, progress=False)
print(*(fit.posterior[name].to_numpy().tobytes().hex() for name in ("gamma", "tau", "sigma", "u")))
"""
WRITTEN = """
import pathlib, re, tempfile
def untimed(text):
    return re.sub(r"[0-9.]+ s\\b", "some s", str(text))
place = tempfile.TemporaryDirectory()
folder = pathlib.Path(place.name)
print(untimed(fit), fit.fixed_effects().to_csv(), fit.model.reml(), fit.model.equations("latex"))
data.to_csv(folder / "table.csv")
print(hlm.Model(fit.model.equations(), pd.read_csv(folder / "table.csv"), "g").reml().deviance)
fit.save(folder / "fit.nc")
print(hlm.load(folder / "fit.nc").fixed_effects().to_csv())
fit.report(folder / "report.html")
print(untimed((folder / "report.html").read_text(encoding="utf-8")))
place.cleanup()
"""
SAVE_FOR_EVER = """
import bayeshlm as hlm
fit = hlm.load({0!r})
print("begun", flush=True)
while True:
    fit.save({0!r})
"""


def ran(code=FIT, **environment):
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, check=False, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": np.repeat(range(8), 6), "x": rng.normal(size=48), "y": rng.normal(size=48)})
    return hlm.Model(EQUATIONS, data, "g")


def draws(model):
    posterior = model.fit(draws=50, tune=100, chains=2, seed=1, progress=False).posterior
    return tuple(posterior[name].to_numpy().tobytes() for name in ("gamma", "tau", "sigma", "u"))


@pytest.mark.parametrize("processes", [2, 6])
def test_processes_on_one_cold_cache(processes, tmp_path):
    """They compile and write the same files at the same time."""
    given = ran()
    with ThreadPoolExecutor(processes) as pool:
        found = list(pool.map(lambda _: ran(NUMBA_CACHE_DIR=str(tmp_path)), range(processes)))
    assert found == [given] * processes
    assert any(tmp_path.rglob("*.nbc"))
    assert not [path for path in tmp_path.rglob("*") if path.suffix not in (".nbc", ".nbi") and path.is_file()]


def test_a_cache_of_another_version_and_one_that_cannot_be_written(tmp_path):
    code = FIT.replace(
        "import numpy", "from bayeshlm.likelihood import disk_cache\ndisk_cache.VERSION += 1\nimport numpy", 1
    )
    given = ran(code, NUMBA_CACHE_DIR=str(tmp_path))
    assert disk_cache.VERSION > 0
    assert ran(NUMBA_CACHE_DIR=str(tmp_path)) == given
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    for path in [tmp_path, *tmp_path.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert ran(NUMBA_CACHE_DIR=str(tmp_path)) == given
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == kept
    for path in [tmp_path, *tmp_path.rglob("*")]:
        path.chmod(0o755)


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}])
def test_locales_and_the_like(variables):
    assert ran("import locale\nlocale.setlocale(locale.LC_ALL, '')\n" + FIT, **variables) == ran()


@pytest.mark.skipif(not shutil.which("localedef"), reason="a German locale is made by localedef")
def test_a_locale_with_decimal_commas(tmp_path):
    """The same draws, the same tables, and files that are read as they were written."""
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(tmp_path / "de_DE.UTF-8")], check=True)
    german = {"LOCPATH": str(tmp_path), "LC_ALL": "de_DE.UTF-8"}
    in_german = (
        "import locale\nlocale.setlocale(locale.LC_ALL, '')\nassert locale.localeconv()['decimal_point'] == ','\n"
    )
    more = FIT + WRITTEN
    assert ran(in_german + more, **german) == ran(more)


def test_a_full_disk_keeps_the_earlier_fit(model, tmp_path):
    """A file system in memory, with room for one file of draws and not for two."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("mounting is for the system's administrator")
    try:
        model.fit(draws=50, tune=100, chains=2, seed=1, progress=False).save(disk / "fit.nc")
        (disk / "filling").write_bytes(b"0" * (os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - 50_000))
        kept = (disk / "fit.nc").read_bytes()
        with pytest.raises(hlm.HLMError, match="No space left"):
            model.fit(draws=400, tune=100, chains=4, seed=1, progress=False).save(disk / "fit.nc")
        assert (disk / "fit.nc").read_bytes() == kept
        assert sorted(path.name for path in disk.iterdir()) == ["filling", "fit.nc"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_kernel_of_a_notebook(tmp_path):
    """Its event loop runs while a model is fitted; an interrupted cell ends, and the next gives what it would."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FIT) for _ in range(2)])
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources)
    with client.setup_kernel():
        first = client.execute_cell(notebook.cells[0], 0)
        long = nbformat.v4.new_code_cell(FIT.replace("tune=100", "tune=10_000_000"))
        notebook.cells.insert(1, long)
        timer = threading.Timer(5.0, lambda: asyncio.run(client.km.interrupt_kernel()))
        timer.start()
        with pytest.raises(CellExecutionError, match="KeyboardInterrupt"):
            client.execute_cell(long, 1)
        timer.join()
        again = client.execute_cell(notebook.cells[2], 2)
    assert "".join(output.text for output in again.outputs) == "".join(output.text for output in first.outputs) == ran()


def test_forks_and_threads_and_event_loops(model):
    given = draws(model)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"same" if draws(model) == given else b"else")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert os.read(reading, 4) == b"same"

    async def fitted():
        return draws(model)

    assert asyncio.run(fitted()) == given
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(draws, [model] * 3)) == [given] * 3


@pytest.mark.parametrize("after", np.linspace(0.05, 1.5, amount(3, 30)))
def test_an_interrupted_fit_ends_and_the_next_is_as_ever(after, model):
    """In a process of its own; SIGINT comes while modules are loaded, code is compiled, or draws are made."""
    code = FIT.replace("draws=50", "draws=200_000").replace(
        "import numpy", "print('begun', flush=True)\nimport numpy", 1
    )
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "begun\n"
    time.sleep(20 * after)
    run.send_signal(signal.SIGINT)
    _, error = run.communicate(timeout=120)
    assert run.returncode == 0 or "KeyboardInterrupt" in error
    assert not children_of(run.pid)
    assert ran() == ran()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("after", np.linspace(1, 20, amount(2, 20)))
def test_killed_while_writing_the_old_fit_or_the_new_one_is_there(number, after, model, tmp_path):
    target = tmp_path / "fit.nc"
    model.fit(draws=50, tune=100, chains=2, seed=1, progress=False).save(target)
    code = SAVE_FOR_EVER.format(str(target))
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "begun\n"
    time.sleep(after / 10)
    run.send_signal(number)
    run.communicate(timeout=120)
    assert run.returncode != 0
    assert hlm.load(target).posterior.sizes["draw"] == 50
    if number == signal.SIGINT:
        assert [path.name for path in tmp_path.iterdir()] == ["fit.nc"]


def children_of(process):
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            found += [status.parent.name] if int(status.read_text().rpartition(")")[2].split()[1]) == process else []
        except OSError:
            continue
    return found


def resident_kib():
    """Memory of this process now, without what other processes share."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) - int(Path("/proc/self/statm").read_text().split()[2])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_fits_do_not_grow(model):
    """The line through the memory after each fit, the first third left out; a fit's draws alone are 50 KiB."""
    used = []
    for seed in range(amount(60, 1000)):
        fit = model.fit(draws=100, tune=100, chains=2, seed=seed, progress=False)
        fit.model.reml()
        del fit
        used.append(resident_kib())
    kept = used[len(used) // 3 :]
    slope, _ = np.polyfit(np.arange(len(kept)), kept, 1)
    noise = np.std(np.diff(kept)) / np.sqrt(len(kept)) + 1
    assert slope < max(20, 4 * noise), f"{slope:.1f} KiB a fit, {noise:.1f} of it noise"
