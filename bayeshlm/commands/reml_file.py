"""The file of ``bayeshlm reml --out FILE.json``: REML's or ML's estimates as plain values."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bayeshlm.commands.plain_values import finite, json_text, model_values
from bayeshlm.design.nested_groupings import chain
from bayeshlm.faces.reml_fit import RemlFit
from bayeshlm.quantities.level1_variance import has_level1_variance
from bayeshlm.text_file import write_text

if TYPE_CHECKING:
    from bayeshlm.faces.ml_fit import MlFit

FORMAT = 1


def reml_summary(fit: RemlFit | MlFit) -> dict[str, Any]:
    """The model and its estimates as plain values; numbers that are not finite are None.

    Parameters
    ----------
    fit : RemlFit or MlFit

    Returns
    -------
    dict
        ``format``, ``model`` and ``reml``, laid out as in the ``summary.json`` of ``bayeshlm fit``; ``reml`` also holds
        ICC and reliabilities (with one grouping), ``method``, ``converged`` and the ``reason`` of a singular estimate;
        of an outcome that is not normal the parameters of its distribution in place of sigma, and ``quadrature``.
    """
    design, components = fit.design, fit.variance_components(intervals=None)["estimate"]
    tests = fit.fixed_effects()
    is_normal = isinstance(fit, RemlFit)
    numbers = ["estimate", "se", *(["df", "t"] if is_normal else ["z"]), "p"]
    named: dict[str, dict[str, Any]] = {"tau": {}, "corr": {}}
    has_icc = has_level1_variance(design.outcome)
    for (component, effect), value in zip(components.index, components, strict=True):
        if component in named:
            named[component][effect] = finite(value)
    return {
        "format": FORMAT,
        "model": model_values(design),
        "reml": {
            "method": fit.method,
            "fixed_effects": {
                str(symbol): {
                    "term": row["term"],
                    "coefficient": row["coefficient"],
                    **{name: finite(row[name]) for name in numbers},
                }
                for symbol, row in tests.iterrows()
            },
            **_ratios(fit),
            **named,
            **_level1(fit),
            "criterion": finite(fit.criterion),
            "log_likelihood": finite(fit.log_likelihood),
            **({"aic": finite(fit.aic), "bic": finite(fit.bic)} if design.weights is None else {}),
            "n_parameters": fit.n_parameters,
            **({"icc": {str(name): finite(value) for name, value in fit.icc().items()}} if has_icc else {}),
            **_heterogeneity(fit),
            **_reliability(fit),
            **({} if isinstance(fit, RemlFit) else {"quadrature": finite(asdict(fit.nodes))}),
            "singular": fit.singular,
            "reason": fit.reason,
            "converged": fit.converged,
        },
    }


def _ratios(fit: RemlFit | MlFit) -> dict[str, Any]:
    """Odds, rate or hazard ratios by symbol, under the name of what they are."""
    ratio = fit.design.outcome.ratio
    if isinstance(fit, RemlFit) or not ratio:
        return {}
    table, columns = fit.fixed_effects(exponentiate=True), ["estimate", "se", "lower", "upper"]
    return {"ratios": {"kind": ratio, **{str(k): finite(row[columns].to_dict()) for k, row in table.iterrows()}}}


def _level1(fit: RemlFit | MlFit) -> dict[str, Any]:
    """Sigma, or the parameters of the outcome's distribution; nothing where the level-1 SDs are known."""
    if not isinstance(fit, RemlFit):
        return _auxiliary(fit)
    return {} if fit.design.outcome.residuals.known else {"sigma": finite(fit.sigma)}


def _heterogeneity(fit: RemlFit | MlFit) -> dict[str, Any]:
    """I^2 and the like, where the level-1 SDs are known."""
    if not fit.design.outcome.residuals.known:
        return {}
    return {"heterogeneity": {str(name): finite(value) for name, value in fit.heterogeneity().items()}}


def _auxiliary(fit: MlFit) -> dict[str, Any]:
    """Parameters of the outcome's distribution: numbers, of cutpoints one between any two categories."""
    found: dict[str, Any] = {}
    for (name, effect), value in zip(fit.design.outcome.auxiliary_effects, fit.estimate.auxiliary, strict=True):
        if effect:
            found.setdefault(name, {})[effect] = finite(value)
        else:
            found[name] = finite(value)
    return found


def _reliability(fit: RemlFit | MlFit) -> dict[str, Any]:
    """Reliabilities; with several groupings those of each, where they are nested."""
    groupings = fit.design.groupings
    if chain(fit.design) is None:
        return {}
    found = {
        grouping: {str(name): finite(value) for name, value in fit.reliability(grouping)["estimate"].items()}
        for grouping in groupings
    }
    return {"reliability": found if len(groupings) > 1 else found[groupings[0]]}


def write_reml(fit: RemlFit | MlFit, path: str | os.PathLike[str]) -> None:
    """Write `reml_summary` as JSON; what stood there is left as it was if that fails.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    write_text(json_text(reml_summary(fit)), path)
