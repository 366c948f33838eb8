"""`table`: several fits side by side, as journals print them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

from bayeshlm.arguments import check_interval, checked_count
from bayeshlm.design import Design
from bayeshlm.display.model_table import ModelTable, model_table
from bayeshlm.errors import OptionError
from bayeshlm.faces.estimate_quantities import EstimateQuantities
from bayeshlm.faces.fit import Fit
from bayeshlm.faces.fit_column import AnyFit, Asked, fit_column
from bayeshlm.quantities.fixed_effects import require_ratio

if TYPE_CHECKING:
    from bayeshlm.checks.loo import Unit

Cells = Literal["sd", "interval", "stacked"]
Components = Literal["sd", "variance"]

R2_NOTE = (
    "R2: share of the variance that the model implies, of the fixed effects (marginal), and of fixed and random effects"
    " (conditional); the ICC is conditional on the predictors"
)
I2_NOTE = "I2: share of the variance between groups beside a typical known variance (Higgins & Thompson 2002)"
LOO_NOTE = (
    "LOO elpd: log density of each {unit} as the other {unit}s predict it (leave-one-out), summed{known} (standard"
    " error); higher is better, and compare() judges differences"
)
_REDUCTION_NOTE = "reduced: 1 - variance / variance of {null} (Raudenbush & Bryk); negative where it is larger"


def table(
    *fits: AnyFit | Mapping[str, AnyFit],
    names: Sequence[str] | None = None,
    null: AnyFit | None = None,
    cells: Cells = "sd",
    components: Components = "sd",
    loo: Unit | None = None,
    prob: float = 0.95,
    kind: str = "eti",
    exponentiate: bool = False,
    title: str = "",
    labels: Mapping[str, str] | None = None,
    digits: int | None = None,
    notes: str | Sequence[str] = (),
    columns_per_page: int | None = None,
) -> ModelTable:
    """Set fits side by side: fixed effects by level-1 coefficient, variance components, ICC, R2, LOO and counts.

    Effects stand in one row when they are the same expression, whatever a model's equations call them. Where a model
    has several groupings the rows of variances and ICCs say whose groups they are about.

    Parameters
    ----------
    *fits : Fit, RemlFit or MlFit, or one mapping of name to fit
        Posteriors and REML or ML estimates may be mixed.
    names : sequence of str, optional
        Headings of the columns; "Model 1", "Model 2" by default.
    null : Fit, RemlFit or MlFit, optional
        A smaller model of the same rows: adds by how much each variance is reduced from it.
    cells : {"sd", "interval", "stacked"}
        Beside an estimate in parentheses its posterior SD or standard error, or its interval in brackets, or that in a
        row below.
    components : {"sd", "variance"}
        SDs and correlations of the random effects, or variances and covariances.
    loo : {"row", "group"} or str, optional
        Adds the elpd of `Fit.loo`, with its standard error: how well posteriors predict a new row of a known group,
        or a new group.
    prob, kind : float, {"eti", "hdi"}
        The intervals, as in `Fit.fixed_effects`; REML's are Satterthwaite's t and Wald's.
    exponentiate : bool
        Odds, rate or hazard ratios in place of the fixed effects; of posteriors their medians.
    title : str
        In place of the one that is made of the outcome.
    labels : mapping of str to str, optional
        What rows are called in print, by symbol or by the name that they would have: ``{"g01": "Catholic school"}``.
    digits : int, optional
        Decimal places of all numbers; by default as many as the errors, also the Monte Carlo ones, allow.
    notes : str or sequence of str
        Lines below the table, after its own.
    columns_per_page : int, optional
        At most so many fits beside each other; more stand in parts below each other, the names of the rows in each. By
        default as many as the page holds: the width of the terminal or 120 letters, 16 cm of LaTeX, a page of
        Word, sideways if need be. Markdown and HTML, which scroll, are split only where this is given.

    Returns
    -------
    ModelTable
        ``frame`` has the numbers; ``to_text()``, ``to_markdown()``, ``to_html()``, ``to_latex()`` and ``to_docx(path)``
        write the table; ``plot()`` draws the estimates.

    Raises
    ------
    OptionError
        An argument is no fit, there are none, or the names do not fit; `null` is a model of other rows; `loo` is asked
        for and no fit is a posterior; ``exp()`` of effects means nothing in one of the models, or another thing;
        `labels` name no row.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> null = hlm.open_model("hsb-one-way-anova").reml()
    >>> hlm.table(null, hlm.open_model("hsb-means-as-outcomes").reml(), names=["null", "sector"], null=null)
    Two-level models of mathach
                                                 null           sector
      estimator                                REML             REML
      Intercept
        (intercept)              g00     12.64 (0.24)     11.39 (0.29)
        sector                   g01                       2.80 (0.44)
      Variance components
        SD, intercept            u0       2.93             2.58
        SD, residual             r        6.26             6.26
      Model
        ICC                               0.180            0.146
        R2, marginal                      0.000            0.041
        R2, conditional                   0.180            0.181
        reduced sigma2                                     0.000
        reduced tau2, intercept                            0.225
        rows                          7,185            7,185
        groups (school)                 160              160
      REML: estimate (standard error), where there is one
      R2: share of the variance that the model implies, of the fixed effects (marginal), and of
      fixed and random effects (conditional); the ICC is conditional on the predictors
      reduced: 1 - variance / variance of null (Raudenbush & Bryk); negative where it is larger
    """
    _check(cells, Cells, "cells")
    _check(components, Components, "components")
    check_interval(prob, kind)
    if digits is not None:
        digits = checked_count("digits", digits, 0)
    if columns_per_page is not None:
        columns_per_page = checked_count("columns_per_page", columns_per_page, 1)
    notes = [notes] if isinstance(notes, str) else notes
    _check_texts(title, labels, notes)
    named = _named(fits, names)
    if loo is not None:
        from bayeshlm.checks.loo import checked_unit

        posteriors = [fit for fit in named.values() if isinstance(fit, Fit)]
        for fit in posteriors:
            checked_unit(loo, fit.model.design)
        if not posteriors:
            raise OptionError(f"loo={loo!r} needs a posterior: estimates of model.reml() have no LOO.")
    ratios = _ratios(map(_design, named.values())) if exponentiate else ""
    several = any(len(_design(fit).groupings) > 1 for fit in named.values())
    asked = Asked(null, components, loo, prob, kind, exponentiate, several)
    columns = [fit_column(name, fit, asked) for name, fit in named.items()]
    designs = [_design(fit) for fit in named.values()]
    with_r2 = [one for one in designs if one.weights is None and one.outcome.residuals.one_sd]
    own = [R2_NOTE] if with_r2 else []
    if any(one.outcome.residuals.known for one in designs):
        own.append(I2_NOTE)
    if loo is not None:
        own.append(LOO_NOTE.format(unit=loo, known=", the group known" if loo == "row" else ""))
    if ratios:
        own.insert(0, f"fixed effects: {ratios}s, of posteriors their medians; of an intercept exp() itself")
    if null is not None:
        null_name = next((name for name, fit in named.items() if fit is null), "the null model")
        own.append(_REDUCTION_NOTE.format(null=null_name))
    below = [*own, *notes]
    made = model_table(columns, cells, prob, kind, below, title=title, labels=labels or {}, digits=digits)
    return replace(made, columns_per_page=columns_per_page)


def _design(fit: AnyFit) -> Design:
    return fit.model.design if isinstance(fit, Fit) else fit.design


def _ratios(designs: Iterable[Design]) -> str:
    """What all the models' exponentiated effects are."""
    outcomes = [design.outcome for design in designs]
    for outcome in outcomes:
        require_ratio(outcome)
    names = sorted({outcome.ratio for outcome in outcomes})
    if len(names) > 1:
        raise OptionError(f"exp() of an effect is another thing in each of these models, {' and '.join(names)}.")
    return names[0]


def _named(fits: Sequence[AnyFit | Mapping[str, AnyFit]], names: Sequence[str] | None) -> dict[str, AnyFit]:
    """The fits by their names, checked."""
    if len(fits) == 1 and isinstance(fits[0], Mapping):
        if names is not None:
            raise OptionError("the mapping already names its fits: leave `names` out.")
        names, fits = [str(name) for name in fits[0]], tuple(fits[0].values())
    if not fits:
        raise OptionError("table() needs at least one fit, as table(fit1, fit2).")
    for fit in fits:
        if not isinstance(fit, Fit | EstimateQuantities):
            raise OptionError(
                f"table() takes fits of model.fit(), model.reml() and model.ml(), not a {type(fit).__name__}."
            )
    if names is None:
        names = [f"Model {k}" for k in range(1, len(fits) + 1)]
    if isinstance(names, str) or len(names) != len(fits) or len(set(map(str, names))) != len(fits):
        raise OptionError(f"names needs {len(fits)} different names, one a fit, not {names!r}.")
    return {str(name): fit for name, fit in zip(names, fits, strict=True) if not isinstance(fit, Mapping)}


def _check(value: str, choices: object, argument: str) -> None:
    allowed = get_args(choices)
    if value not in allowed:
        raise OptionError(f"{argument} is one of {', '.join(map(repr, allowed))}, not {value!r}.")


def _check_texts(title: str, labels: Mapping[str, str] | None, notes: Sequence[str]) -> None:
    if not isinstance(title, str):
        raise OptionError(f"title is a text, not {title!r}.")
    mapped = labels is None or isinstance(labels, Mapping)
    if not mapped or not all(isinstance(label, str) for label in (labels or {}).values()):
        raise OptionError(f'labels names rows by text, labels={{"g01": "Catholic school"}}, and is {labels!r}.')
    if not isinstance(notes, list | tuple) or not all(isinstance(note, str) for note in notes):
        raise OptionError(f"notes is a text, or a list of such, not {notes!r}.")
