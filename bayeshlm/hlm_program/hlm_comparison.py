"""HLM's printed numbers beside those of a REML or ML fit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayeshlm.design.design import Design
from bayeshlm.errors import OptionError
from bayeshlm.hlm_program.hlm_names import Names, fixed_position, grouping_positions, random_position
from bayeshlm.hlm_program.hlm_output import parse_hlm_output
from bayeshlm.hlm_program.hlm_tables import HlmOutput, Printed
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.hlm_statistics import chi_square_tests, reliability, robust_vcov
from bayeshlm.reml.labelled_estimate import LabelledEstimate

COLUMNS = ("symbol", "hlm", "estimate", "difference", "relative_difference", "within_rounding")


def compare_hlm_output(
    output: HlmOutput | str, reml: LabelledEstimate[RemlEstimate], names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Compare what HLM printed with a fit of the same model.

    Effects are matched by the names of their variables, whatever their case: ``SES slope`` with ``INTRCPT2`` is the
    fixed effect without a level-2 variable in the line of the coefficient of ``ses``, ``cwc(ses)`` or ``cgm(ses)``.
    Names that HLM cut at 8 characters are recognized. HLM3's level 2 is the inner of two nested groupings, its level 3
    the outer one. The rows and columns of HCM2 are the two crossed groupings, told apart by their numbers of units
    where the text says them, else in the order of the equations.

    Parameters
    ----------
    output : HlmOutput or str
        From `parse_hlm_output`, or the text that it reads.
    reml : RemlFit
        The fit of the model, `Model.reml` or `Model.ml`, by the method HLM used.
    names : mapping of str to str, optional
        What a name in the output stands for where it differs: ``{"MINORITY": "black"}``; of a crossed model also
        ``{"ROW": "primary"}``, the grouping that HLM has in rows.

    Returns
    -------
    pandas.DataFrame
        Indexed by (``quantity``, ``name``); columns ``symbol`` (of this package), ``hlm``, ``estimate``,
        ``difference`` (estimate less HLM's), ``relative_difference`` and ``within_rounding``: whether the estimate
        rounds to the digits that were printed, None where the model has no such effect. HLM ends its search earlier
        than this package, so that the last digits of a long number need not agree. With several groupings the
        chi-square tests and reliabilities are None too.

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
    if not (isinstance(reml, LabelledEstimate) and isinstance(reml.estimate, RemlEstimate)):
        raise OptionError(
            f"HLM's numbers are compared with a fit of model.reml() or model.ml(), not {type(reml).__name__}."
        )
    if not isinstance(output, HlmOutput):
        output = parse_hlm_output(output)
    design, estimate = reml.design, reml.estimate
    if output.method is not None and output.method != estimate.method:
        call = "model.reml()" if output.method == "REML" else "model.ml()"
        raise OptionError(f"The output is HLM's {output.method}, the fit is {estimate.method}: compare with {call}.")
    found = Names({name.casefold(): stands_for for name, stands_for in (names or {}).items()})
    rows: dict[tuple[str, str], tuple[str, Printed | None, float]] = {}
    robust_se = (
        np.sqrt(np.diag(robust_vcov(design, estimate))) if output.robust else np.full(len(estimate.gamma), np.nan)
    )
    for kind, effects, errors in (("", output.fixed, estimate.se), ("robust ", output.robust, robust_se)):
        for effect in effects:
            k = fixed_position(effect, design, found)
            symbol = "" if k is None else design.fixed[k].label
            gamma, se = (np.nan, np.nan) if k is None else (estimate.gamma[k], errors[k])
            if not kind or not output.fixed:
                rows["coefficient", effect.name] = (symbol, effect.estimate, gamma)
            rows[f"{kind}se", effect.name] = (symbol, effect.se, se)
            rows[f"{kind}t", effect.name] = (symbol, effect.t, gamma / se)
    rows["sigma2", "level-1"] = ("sigma2", output.sigma2, estimate.sigma**2)
    groupings = grouping_positions(output, design, found)
    one = len(design.groupings) == 1
    own = reliability(estimate).mean if one else np.full(len(estimate.tau), np.nan)
    for of, grouping in zip((output.first, output.second), groupings, strict=False):
        positions = [random_position(name, design, found, grouping) for name in of.labels]
        for kind, matrix, ours in (("tau", of.covariances, estimate.G), ("corr", of.correlations, estimate.corr)):
            for a, row in enumerate(matrix):
                for b in range(a + (kind == "tau")):
                    i, j = positions[a], positions[b]
                    name = of.labels[a] if a == b else f"{of.labels[b]}, {of.labels[a]}"
                    known = i is not None and j is not None
                    rows[kind, name] = (_pair(design, j, i), row[b], float(ours[i, j]) if known else np.nan)
        for name, value in zip(of.reliability_labels, of.reliability, strict=True):
            q = random_position(name, design, found, grouping)
            rows["reliability", name] = (_pair(design, q, q), value, np.nan if q is None else float(own[q]))
    tests = chi_square_tests(design, estimate) if one else None
    chi2, df = (own, own) if tests is None else (tests.chi2, tests.df)
    for component in output.components:
        if component.is_residual:
            rows["sd", "level-1"] = ("sigma", component.sd, estimate.sigma)
            continue
        q = random_position(component.name, design, found, dict(enumerate(groupings)).get(component.grouping))
        symbol = _pair(design, q, q)
        for quantity, printed, values in (
            ("sd", component.sd, estimate.tau),
            ("variance", component.variance, estimate.tau**2),
            ("chi2", component.chi2, chi2),
            ("chi2 df", component.df, df),
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


def _pair(design: Design, a: int | None, b: int | None) -> str:
    """Symbols of one or two random effects; empty where the model does not have them."""
    if a is None or b is None:
        return ""
    return design.random[a].label if a == b else f"{design.random[a].label},{design.random[b].label}"
