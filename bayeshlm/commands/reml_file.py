"""The file of ``bayeshlm reml --out FILE.json``: REML's or ML's estimates as plain values."""

from __future__ import annotations

import json
import math
import os
from typing import Any

from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.equations import render
from bayeshlm.faces.reml_fit import RemlFit
from bayeshlm.text_file import write_text

FORMAT = 1


def reml_summary(fit: RemlFit) -> dict[str, Any]:
    """The model and its estimates as plain values; numbers that are not finite are None.

    Parameters
    ----------
    fit : RemlFit

    Returns
    -------
    dict
        ``format``, ``model`` and ``reml``, laid out as in the ``summary.json`` of ``bayeshlm fit``; ``reml`` also holds
        ICC, reliabilities, ``method``, ``converged`` and the ``reason`` of a singular estimate.
    """
    design, components = fit.design, fit.variance_components(intervals=None)["estimate"]
    tests = fit.fixed_effects()
    numbers = ["estimate", "se", "df", "t", "p"]
    named: dict[str, dict[str, float | None]] = {"tau": {}, "corr": {}}
    for (component, effect), value in zip(components.index, components, strict=True):
        if component in named:
            named[component][effect] = _finite(value)
    return {
        "format": FORMAT,
        "model": {
            "equations": render(design.spec, "levels", design.group),
            "lme4": render(design.spec, "lme4", design.group, design.coded),
            "n_obs": design.n_obs,
            "rows_dropped": design.rows_dropped,
            "missing": dict(design.left_out.columns),
            "groups_dropped": list(design.left_out.groups),
            "notes": list(data_notes(design)),
            "groups": {design.group: design.n_groups},
        },
        "reml": {
            "method": fit.method,
            "fixed_effects": {
                str(symbol): {
                    "term": row["term"],
                    "coefficient": row["coefficient"],
                    **{name: _finite(row[name]) for name in numbers},
                }
                for symbol, row in tests.iterrows()
            },
            **named,
            "sigma": _finite(fit.sigma),
            "criterion": _finite(fit.criterion),
            "log_likelihood": _finite(fit.log_likelihood),
            "aic": _finite(fit.aic),
            "bic": _finite(fit.bic),
            "n_parameters": fit.n_parameters,
            "icc": {str(name): _finite(value) for name, value in fit.icc().items()},
            "reliability": {str(name): _finite(value) for name, value in fit.reliability()["estimate"].items()},
            "singular": fit.singular,
            "reason": fit.reason,
            "converged": fit.converged,
        },
    }


def write_reml(fit: RemlFit, path: str | os.PathLike[str]) -> None:
    """Write `reml_summary` as JSON; what stood there is left as it was if that fails.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    write_text(json.dumps(reml_summary(fit), indent=1, allow_nan=False, ensure_ascii=False) + "\n", path)


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
