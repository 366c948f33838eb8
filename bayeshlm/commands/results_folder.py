"""The files of ``bayeshlm fit --out DIR``: the whole fit, a table for spreadsheets and a summary for programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd

from bayeshlm.commands.plain_values import finite, json_text, model_values
from bayeshlm.commands.reml_file import reml_summary
from bayeshlm.design.nested_groupings import chain
from bayeshlm.errors import FileError
from bayeshlm.faces.fit import Fit
from bayeshlm.faces.model_estimates import classical_fit
from bayeshlm.fitted import FittedModel
from bayeshlm.foreign_text import no_formulas
from bayeshlm.likelihood import likelihood_of
from bayeshlm.parameters.schema import DIMS
from bayeshlm.quantities.convergence import Convergence
from bayeshlm.quantities.icc import has_icc
from bayeshlm.text_file import whole_files

FORMAT = 1
NAMES = POSTERIOR, GROUPS, LEVEL1_SDS, SUMMARY = (
    "posterior.nc",
    "group_coefficients.csv",
    "group_level1_sds.csv",
    "summary.json",
)


def write_results(fit: Fit, folder: str | os.PathLike[str], reml: bool = False) -> None:
    """Write ``posterior.nc``, ``group_coefficients.csv`` and ``summary.json`` into `folder`.

    Where the level-1 SD varies between groups, ``log(sigma) = a0 + v0``, also ``group_level1_sds.csv``. They take the
    place of the old ones together; see `whole_files`. In the CSV files text that a spreadsheet would take for a formula
    has a ``'`` in front; see `no_formulas`. With `reml`, the summary has REML's estimates beside the posterior.

    Raises
    ------
    FileError
        If `folder` cannot be made or written to.
    """
    target = Path(folder)
    check_folder(target)
    with whole_files(target, NAMES) as new:
        fit.save(new / POSTERIOR)
        no_formulas(_coefficients(fit)).to_csv(new / GROUPS)
        if fit.model.design.outcome.residuals.spread_effect:
            no_formulas(fit.group_level1_sds()).to_csv(new / LEVEL1_SDS)
        (new / SUMMARY).write_text(json_text(summary(fit, reml)), encoding="utf-8")


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
    for name in NAMES:
        if (target / name).is_dir():
            raise FileError(f"{str(target / name)!r} is a folder; --out writes a file there. Name another folder.")


def summary(fit: Fit, reml: bool = False) -> dict[str, Any]:
    """The results as plain values for ``summary.json``; numbers that are not finite are None."""
    fitted = FittedModel(fit.model.design, fit.model.priors, fit.idata)
    fixed, variances = fit.fixed_effects(), fit.variance_components()
    verdict = fit.convergence
    interval = ["mean", "sd", "lower", "upper"]
    skewed = ["mean", "median", "sd", "lower", "upper"]
    diagnostics = ["ess_bulk", "ess_tail", "r_hat", *(["deft"] if "deft" in fixed else [])]
    content: dict[str, Any] = finite(
        {
            "format": FORMAT,
            "model": model_values(fit.model.design),
            "fixed_effects": {
                symbol: {"term": row["term"], "coefficient": row["coefficient"], **_pick(row, interval + diagnostics)}
                for symbol, row in fixed.iterrows()
            },
            **_ratios(fit),
            "variance_components": {
                "tau": _component(variances, "tau", skewed),
                "corr": _component(variances, "corr", skewed),
                **{
                    one.name: values if DIMS[one.name] else values[""]
                    for one, _ in fit.model.design.outcome.auxiliary
                    if (values := _component(variances, one.name, skewed))
                },
                **{
                    name: values
                    for name in ("level1_sd", "sd_ratio")
                    if (values := _component(variances, name, skewed))
                },
            },
            **_iccs(fit),
            **_of_groups(fit),
            **({"reml": _reml(fit)} if reml else {}),
            "sampling": {
                **{name: getattr(fitted.options, name) for name in ("chains", "draws", "tune", "seed")},
                "sampler": fitted.options.sampler,
                **_certificate(verdict),
                "min_ess_bulk": verdict.min_ess_bulk,
                "max_r_hat": verdict.max_r_hat,
                "compile_seconds": fitted.compile_seconds,
                "sample_seconds": fitted.sample_seconds,
                "converged": verdict.converged,
            },
        }
    )
    return content


def _ratios(fit: Fit) -> dict[str, Any]:
    """Odds, rate or hazard ratios by symbol, under the name of what they are; of the intercept too, as exp() of it."""
    ratio = fit.model.design.outcome.ratio
    if not ratio:
        return {}
    table, columns = fit.fixed_effects(exponentiate=True), ["mean", "median", "sd", "lower", "upper"]
    return {"ratios": {"kind": ratio, **{str(symbol): _pick(row, columns) for symbol, row in table.iterrows()}}}


def _coefficients(fit: Fit) -> pd.DataFrame:
    """Coefficients of the groups; of several groupings one below the other, the first column saying which."""
    groupings = fit.model.design.groupings
    if len(groupings) == 1:
        return fit.group_coefficients()
    tables = {name: fit.group_coefficients(grouping=name).rename_axis(["unit", "coefficient"]) for name in groupings}
    return pd.concat(tables, names=["grouping"])


def _iccs(fit: Fit) -> dict[str, Any]:
    """The ICC and, under a link, that of the outcome itself; or with several groupings each one's share and ICC.

    Where the level-1 SDs are known I^2 and H^2 stand in their place.
    """
    design, columns = fit.model.design, ["mean", "median", "sd", "lower", "upper"]
    if design.outcome.residuals.known:
        return {"heterogeneity": {str(k): _pick(row, columns) for k, row in fit.heterogeneity().table.iterrows()}}
    if not has_icc(design):
        return {}
    rows = {str(name): _pick(row, columns) for name, row in fit.icc().table.iterrows()}
    if len(design.groupings) > 1:
        return {"icc": rows}
    return {name: rows[name] for name in ("icc", "icc_observed") if name in rows}


def _of_groups(fit: Fit) -> dict[str, Any]:
    """Plausible ranges and reliabilities; with several groupings those of each, reliabilities where they are nested.

    Of outcomes that are not normal there are reliabilities where the random effects can be integrated out.
    """
    design = fit.model.design
    groupings = design.groupings
    is_known = design.outcome.has_closed_forms or likelihood_of(design).can("independent groups")
    if len(groupings) == 1:
        return {"plausible_ranges": _ranges(fit), **({"reliability": _reliability(fit)} if is_known else {})}
    found: dict[str, Any] = {"plausible_ranges": {name: _ranges(fit, name) for name in groupings}}
    if is_known and chain(design) is not None:
        found["reliability"] = {name: _reliability(fit, name) for name in groupings}
    return found


def _ranges(fit: Fit, grouping: str | None = None) -> dict[str, Any]:
    table = fit.plausible_ranges(grouping=grouping).table
    return {
        str(coefficient): {kind: ends[kind].tolist() for kind in ("plug_in", "predictive")}
        for coefficient, ends in table.groupby(level="coefficient", sort=False)
    }


def _reliability(fit: Fit, grouping: str | None = None) -> dict[str, Any]:
    table = fit.reliability(grouping=grouping).table
    return {str(coefficient): _pick(row, ["mean", "sd", "lower", "upper"]) for coefficient, row in table.iterrows()}


def _certificate(verdict: Convergence) -> dict[str, Any]:
    """Divergences where NUTS ran, and what importance sampling found where it was tried."""
    certificate = verdict.certificate
    return {
        "divergences": None if verdict.by_importance else verdict.divergences,
        "importance": None if certificate is None else {"holds": certificate.holds, **certificate.to_attrs()},
    }


def _reml(fit: Fit) -> dict[str, Any]:
    """REML's or ML's estimates as `bayeshlm reml` writes them, and the verdict of the cross-check."""
    check = fit.cross_check()
    verdict = {"agrees": check.agrees, "verdict": check.verdict, "reasons": list(check.reasons)}
    return {**reml_summary(classical_fit(fit.model))["reml"], "cross_check": verdict}


def _component(table: pd.DataFrame, name: str, columns: list[str]) -> dict[str, dict[str, float]]:
    if name not in table.index.get_level_values(0):
        return {}
    return {str(effect): _pick(row, columns) for effect, row in table.loc[name].iterrows()}


def _pick(row: pd.Series, columns: list[str]) -> dict[str, float]:
    return {column: float(row[column]) for column in columns}
