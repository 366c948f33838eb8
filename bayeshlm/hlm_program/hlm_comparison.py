"""HLM's printed numbers beside those of a REML or ML fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeshlm.design.design import Design
from bayeshlm.errors import OptionError
from bayeshlm.hlm_program.hlm_output import parse_hlm_output
from bayeshlm.hlm_program.hlm_tables import HlmEffect, HlmOutput, Printed
from bayeshlm.reml.hlm_statistics import chi_square_tests, reliability, robust_vcov
from bayeshlm.reml.labelled_estimate import LabelledEstimate

_CENTERED = re.compile(r"(cwc|cgm|mean)\((.*)\)")
COLUMNS = ("symbol", "hlm", "estimate", "difference", "relative_difference", "within_rounding")


@dataclass(frozen=True, slots=True)
class _Names:
    """Which expression a name in the output stands for.

    Attributes
    ----------
    given : mapping of str to str
        What the user says that HLM's names stand for, the names case folded.
    """

    given: Mapping[str, str]

    def match(self, name: str, expression: str, label: str = "") -> bool:
        """Whether HLM's name stands for an expression, or for the label of one of its columns."""
        name = name.casefold()
        known = _aliases(expression, label)
        if name in self.given:
            return self.given[name].casefold() in known
        return name in known or (len(name) == 8 and any(alias[:8] == name for alias in known))


def compare_hlm_output(
    output: HlmOutput | str, reml: LabelledEstimate, names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Compare what HLM printed with a fit of the same model.

    Effects are matched by the names of their variables, whatever their case: ``SES slope`` with ``INTRCPT2`` is the
    fixed effect without a level-2 variable in the line of the coefficient of ``ses``, ``cwc(ses)`` or ``cgm(ses)``.
    Names that HLM cut at 8 characters are recognized.

    Parameters
    ----------
    output : HlmOutput or str
        From `parse_hlm_output`, or the text that it reads.
    reml : RemlFit
        The fit of the model, `Model.reml` or `Model.ml`, by the method HLM used.
    names : mapping of str to str, optional
        What a name in the output stands for where it differs: ``{"MINORITY": "black"}``.

    Returns
    -------
    pandas.DataFrame
        Indexed by (``quantity``, ``name``); columns ``symbol`` (of this package), ``hlm``, ``estimate``,
        ``difference`` (estimate less HLM's), ``relative_difference`` and ``within_rounding``: whether the estimate
        rounds to the digits that were printed, None where the model has no such effect. HLM ends its search earlier
        than this package, so that the last digits of a long number need not agree.

    Raises
    ------
    DataError
        When nothing in the text is HLM's.
    OptionError
        When HLM used another method of estimation, or what is given is no fit of `Model.reml` or `Model.ml`.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> reml = hlm.open_model("hsb-one-way-anova").reml()
    >>> table = hlm.compare_hlm_output("Sigma_squared = 39.14831", reml)
    >>> table.loc[("sigma2", "level-1"), ["hlm", "estimate"]].astype(float).round(3).to_dict()
    {'hlm': 39.148, 'estimate': 39.148}
    """
    if not isinstance(reml, LabelledEstimate):
        raise OptionError(
            f"HLM's numbers are compared with a fit of model.reml() or model.ml(), not {type(reml).__name__}."
        )
    if not isinstance(output, HlmOutput):
        output = parse_hlm_output(output)
    design, estimate = reml.design, reml.estimate
    if output.method is not None and output.method != estimate.method:
        call = "model.reml()" if output.method == "REML" else "model.ml()"
        raise OptionError(f"The output is HLM's {output.method}, the fit is {estimate.method}: compare with {call}.")
    found = _Names({name.casefold(): stands_for for name, stands_for in (names or {}).items()})
    rows: dict[tuple[str, str], tuple[str, Printed | None, float]] = {}
    robust_se = np.sqrt(np.diag(robust_vcov(design, estimate)))
    for kind, effects, errors in (("", output.fixed, estimate.se), ("robust ", output.robust, robust_se)):
        for effect in effects:
            k = _fixed_position(effect, design, found)
            name = f"{effect.coefficient}, {effect.term}"
            symbol = "" if k is None else design.fixed[k].label
            gamma, se = (np.nan, np.nan) if k is None else (estimate.gamma[k], errors[k])
            if not kind or not output.fixed:
                rows["coefficient", name] = (symbol, effect.estimate, gamma)
            rows[f"{kind}se", name] = (symbol, effect.se, se)
            rows[f"{kind}t", name] = (symbol, effect.t, gamma / se)
    rows["sigma2", "level-1"] = ("sigma2", output.sigma2, estimate.sigma**2)
    positions = [_random_position(name, design, found) for name in output.tau_labels]
    for kind, matrix, ours in (("tau", output.tau, estimate.G), ("corr", output.tau_correlations, estimate.corr)):
        for a, row in enumerate(matrix):
            for b in range(a + (kind == "tau")):
                i, j = positions[a], positions[b]
                name = output.tau_labels[a] if a == b else f"{output.tau_labels[b]}, {output.tau_labels[a]}"
                known = i is not None and j is not None
                rows[kind, name] = (_pair(design, j, i), row[b], float(ours[i, j]) if known else np.nan)
    own = reliability(estimate).mean
    for name, value in zip(output.reliability_labels, output.reliability, strict=True):
        q = _random_position(name, design, found)
        rows["reliability", name] = (_pair(design, q, q), value, np.nan if q is None else float(own[q]))
    tests = chi_square_tests(design, estimate)
    for component in output.components:
        if component.symbol == "R":
            rows["sd", "level-1"] = ("sigma", component.sd, estimate.sigma)
            continue
        q = _random_position(component.name, design, found)
        symbol = _pair(design, q, q)
        for quantity, printed, values in (
            ("sd", component.sd, estimate.tau),
            ("variance", component.variance, estimate.tau**2),
            ("chi2", component.chi2, tests.chi2),
            ("chi2 df", component.df, tests.df),
        ):
            rows[quantity, component.name] = (symbol, printed, np.nan if q is None else float(values[q]))
    rows["deviance", ""] = ("", output.deviance, estimate.deviance)
    of_gamma = len(estimate.gamma) if estimate.method == "REML" else 0
    rows["parameters", ""] = ("", output.n_parameters, estimate.n_parameters - of_gamma)
    kept = {key: (symbol, printed, value) for key, (symbol, printed, value) in rows.items() if printed is not None}
    table = pd.DataFrame(
        [_row(symbol, printed, value) for symbol, printed, value in kept.values()],
        columns=list(COLUMNS),
        index=pd.MultiIndex.from_tuples(kept, names=["quantity", "name"]),
    )
    return table.astype(dict.fromkeys(COLUMNS[1:5], float))


def _row(symbol: str, printed: Printed, value: float) -> tuple[str, float, float, float, float, bool | None]:
    difference = value - printed
    within = None if np.isnan(value) else bool(abs(difference) <= printed.half_unit * (1 + 1e-9))
    relative = difference / abs(printed) if printed else float(np.nan if difference else 0.0)
    return symbol, float(printed), value, difference, relative, within


def _fixed_position(effect: HlmEffect, design: Design, names: _Names) -> int | None:
    expressions = {column.label: (column.expression, column.symbol) for column in design.coefficients}
    found = []
    for k, column in enumerate(design.fixed):
        expression, symbol = expressions[column.coefficient]
        if names.match(effect.coefficient, _constant(expression, 1), column.coefficient.removeprefix(symbol)) and (
            names.match(effect.term, _constant(column.term, 2), column.label.removeprefix(column.symbol))
        ):
            found.append(k)
    return _only(found, f"{effect.coefficient}, {effect.term}", [design.fixed[k].label for k in found])


def _random_position(name: str, design: Design, names: _Names) -> int | None:
    found = [
        k
        for k, column in enumerate(design.random)
        if names.match(name, _constant(column.expression, 1), column.label.removeprefix(column.symbol))
    ]
    return _only(found, name, [design.random[k].label for k in found])


def _only(found: list[int], name: str, labels: list[str]) -> int | None:
    if len(found) > 1:
        raise OptionError(
            f"HLM's {name} may be any of {', '.join(labels)}: say which one with names={{HLM's name: expression}}."
        )
    return found[0] if found else None


def _constant(expression: str, level: int) -> str:
    return f"intrcpt{level}" if expression == "1" else expression


def _aliases(expression: str, label: str) -> set[str]:
    """What HLM's users may have called an expression: ``ses`` for ``cwc(ses)``, ``meanses`` for ``mean(ses)``."""
    known = {expression, label.strip("[]")} - {""}
    inner = expression
    while match := _CENTERED.fullmatch(inner):
        inner = match[2]
        known |= {inner}
        if match[1] == "mean":
            known |= {f"mean{inner}", f"mean_{inner}", f"{inner}mean", f"{inner}_mean"}
    return {name.casefold() for name in known}


def _pair(design: Design, a: int | None, b: int | None) -> str:
    """Symbols of one or two random effects; empty where the model does not have them."""
    if a is None or b is None:
        return ""
    return design.random[a].label if a == b else f"{design.random[a].label},{design.random[b].label}"
