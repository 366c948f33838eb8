"""The files of ``bayeshlm fit --out DIR``: the whole fit, a table for spreadsheets and a summary for programs."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from bayeshlm.commands.reml_file import reml_summary
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.errors import FileError
from bayeshlm.faces.fit import Fit
from bayeshlm.foreign_text import no_formulas
from bayeshlm.interruption import uninterrupted

FORMAT = 1
POSTERIOR, GROUPS, SUMMARY = "posterior.nc", "group_coefficients.csv", "summary.json"


def write_results(fit: Fit, folder: str | os.PathLike[str], reml: bool = False) -> None:
    """Write ``posterior.nc``, ``group_coefficients.csv`` and ``summary.json`` into `folder`.

    All three are written aside first and then put in the place of the old ones, which a failure or an interruption
    leaves as they were. At no moment do files of two fits stand side by side: a process that is killed while they
    change places may leave the whole fit without its table or its summary, never beside those of another. In the CSV
    file text that a spreadsheet would take for a formula has a ``'`` in front; see `no_formulas`. With `reml`, the
    summary has REML's estimates beside the posterior.

    Raises
    ------
    FileError
        If `folder` cannot be made or written to.
    """
    target = Path(folder)
    check_folder(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        home = target if target.is_dir() else target.parent  # the one that check_folder found to be writable
        with tempfile.TemporaryDirectory(dir=home, prefix=f".{target.name}.", ignore_cleanup_errors=True) as draft:
            new, old = Path(draft, "new"), Path(draft, "old")
            new.mkdir()
            old.mkdir()
            fit.save(new / POSTERIOR)
            no_formulas(fit.group_coefficients()).to_csv(new / GROUPS)
            text = json.dumps(summary(fit, reml), indent=1, allow_nan=False, ensure_ascii=False)
            (new / SUMMARY).write_text(text + "\n", encoding="utf-8")
            with uninterrupted():
                _exchange(new, target, old)
    except OSError as error:
        raise FileError(f"Cannot write into {str(target)!r}: {error.strerror}.") from error


def _exchange(new: Path, target: Path, old: Path) -> None:
    """Move the three files from `new` to `target`, those that stand there to `old`; all back again if a move fails."""
    made = not target.exists()
    target.mkdir(exist_ok=True)
    posterior = target / POSTERIOR
    moved: list[tuple[Path, Path]] = []
    try:
        if posterior.exists():
            _second_name(posterior, old / POSTERIOR)
        for name in (SUMMARY, GROUPS):  # after them the old fit stands alone, and then the new one
            if (target / name).exists():
                moved.append(_moved(target / name, old / name))
        for name in (POSTERIOR, GROUPS, SUMMARY):
            moved.append(_moved(new / name, target / name))
    except BaseException:
        for source, place in reversed(moved):
            if place == posterior and (old / POSTERIOR).exists():
                (old / POSTERIOR).replace(posterior)
            else:
                place.replace(source)
        if made:
            target.rmdir()
        raise


def _moved(source: Path, place: Path) -> tuple[Path, Path]:
    source.replace(place)
    return source, place


def _second_name(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except OSError:  # a file system without hard links
        shutil.copy2(file, name)


def check_folder(target: Path) -> None:
    """Refuse a place where no folder can be, before anything is sampled.

    Raises
    ------
    FileError
        If `target`, or what should hold it, is a file, or one of the files is a folder.
    """
    for place in (target, *target.parents):
        if place.exists():
            if not place.is_dir():
                raise FileError(f"{str(place)!r} is a file; --out needs a folder.")
            if not os.access(place, os.W_OK):
                raise FileError(f"The folder {str(place)!r} cannot be written to.")
            break
    for name in (POSTERIOR, GROUPS, SUMMARY):
        if (target / name).is_dir():
            raise FileError(f"{str(target / name)!r} is a folder; --out writes a file there. Name another folder.")


def summary(fit: Fit, reml: bool = False) -> dict[str, Any]:
    """The results as plain values for ``summary.json``; numbers that are not finite are None."""
    model, design, attrs = fit.model, fit.model.design, fit.idata.attrs
    fixed, variances = fit.fixed_effects(), fit.variance_components()
    verdict = fit.convergence
    interval = ["mean", "sd", "lower", "upper"]
    skewed = ["mean", "median", "sd", "lower", "upper"]
    diagnostics = ["ess_bulk", "ess_tail", "r_hat"]
    ranges = fit.plausible_ranges().table
    content: dict[str, Any] = _finite(
        {
            "format": FORMAT,
            "model": {
                "equations": model.equations("levels"),
                "lme4": model.equations("lme4"),
                "n_obs": design.n_obs,
                "rows_dropped": design.rows_dropped,
                "missing": dict(design.left_out.columns),
                "groups_dropped": list(design.left_out.groups),
                "notes": list(data_notes(design)),
                "groups": {design.group: design.n_groups},
            },
            "fixed_effects": {
                symbol: {"term": row["term"], "coefficient": row["coefficient"], **_pick(row, interval + diagnostics)}
                for symbol, row in fixed.iterrows()
            },
            "variance_components": {
                "tau": _component(variances, "tau", skewed),
                "corr": _component(variances, "corr", skewed),
                "sigma": _component(variances, "sigma", skewed)[""],
            },
            "icc": _pick(fit.icc().table.T["icc"], skewed),
            "plausible_ranges": {
                coefficient: {kind: ends[kind].tolist() for kind in ("plug_in", "predictive")}
                for coefficient, ends in ranges.groupby(level="coefficient", sort=False)
            },
            "reliability": {
                coefficient: _pick(row, interval) for coefficient, row in fit.reliability().table.iterrows()
            },
            **({"reml": _reml(fit)} if reml else {}),
            "sampling": {
                "chains": int(attrs["chains"]),
                "draws": int(attrs["draws"]),
                "tune": int(attrs["tune"]),
                "seed": int(attrs["seed"]),
                "divergences": verdict.divergences,
                "min_ess_bulk": verdict.min_ess_bulk,
                "max_r_hat": verdict.max_r_hat,
                "compile_seconds": float(attrs["compile_seconds"]),
                "sample_seconds": float(attrs["sample_seconds"]),
                "converged": verdict.converged,
            },
        }
    )
    return content


def _reml(fit: Fit) -> dict[str, Any]:
    """REML's estimates as `bayeshlm reml` writes them, and the verdict of the cross-check."""
    check = fit.cross_check()
    verdict = {"agrees": check.agrees, "verdict": check.verdict, "reasons": list(check.reasons)}
    return {**reml_summary(fit.model.reml())["reml"], "cross_check": verdict}


def _component(table: pd.DataFrame, name: str, columns: list[str]) -> dict[str, dict[str, float]]:
    if name not in table.index.get_level_values(0):
        return {}
    return {str(effect): _pick(row, columns) for effect, row in table.loc[name].iterrows()}


def _pick(row: pd.Series, columns: list[str]) -> dict[str, float]:
    return {column: float(row[column]) for column in columns}


def _finite(value: Any) -> Any:
    """The same value with every number that JSON cannot hold replaced by None."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
