"""The slope of one variable by every method of estimation: what each estimates, and how honest its error is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeshlm.design.centering import GroupMeans
from bayeshlm.design.design import Design
from bayeshlm.design.predictor import intercept_position
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import DataError
from bayeshlm.methods.contextual import Contextual, contextual, fixed_effects, stand_ins
from bayeshlm.methods.group_lines import GroupLines, average_lines, group_lines
from bayeshlm.methods.least_squares import LeastSquares, LinearEstimates, independent_columns, least_squares
from bayeshlm.methods.slope import Slope, find_slope, isolates_within, other_columns
from bayeshlm.methods.two_stage import TwoStage, two_stage
from bayeshlm.reml.estimate import RemlEstimate, fit_reml
from bayeshlm.reml.tests_of_effects import TTests, t_tests

METHODS = {
    "pooled": (
        "a mixture of the slopes within and between groups, unless they are equal",
        "no, unless groups do not differ",
        "no: it ignores the groups, so that its standard errors are too small",
    ),
    "fixed effects": (
        "the slope within groups",
        "yes, where all groups have one slope",
        "for new rows of these groups only, not for other groups",
    ),
    "separate lines": (
        "the slope within groups",
        "no: groups count alike, whatever their size and spread of x",
        "for new rows of these groups only, not for other groups",
    ),
    "two-stage": (
        "the slope within groups",
        "no: groups count alike, whatever their size and spread of x",
        "yes: it holds for other groups of the same population",
    ),
    "between": (
        "the slope between groups",
        "no: it takes no account of what the groups' means are worth",
        "yes: it holds for other groups of the same population",
    ),
    "mixed": (
        "a mixture, nearer to the slope within groups the larger they are, unless both slopes are equal",
        "yes, where both slopes are equal",
        "yes, where both slopes are equal",
    ),
    "contextual": ("both slopes, each by itself", "yes", "yes"),
}
"""Of each method: for what it is consistent, whether it is efficient, whether its standard error is honest."""


@dataclass(frozen=True, eq=False)
class MethodComparison:
    """The slope of x by several methods.

    Attributes
    ----------
    x, coefficient : str
        Level-1 variable and its coefficient.
    table : pandas.DataFrame
        Indexed by (``method``, ``estimates``, ``term``), with columns ``symbol``, ``estimate``, ``se``, ``df``, ``t``
        and ``p``. ``estimates`` is ``within``, ``between``, ``mixture`` of both, or ``contextual`` (between less
        within); the term ``1`` is the slope where all other level-2 terms are zero.
    summary : pandas.DataFrame
        Indexed by method, with columns ``consistent`` (for what), ``efficient`` and ``honest``.
    pooled, fixed_effects : LeastSquares
        Regression on the model's X; regression with an indicator for every group.
    lines : GroupLines or None
        A line in each group; None, with a note, where a method cannot be used.
    separate_lines : LinearEstimates or None
        Their averages over fixed groups.
    two_stage : TwoStage or None
        Their regression on level-2 variables.
    between : LeastSquares or None
        Regression of group means on group means.
    mixed : RemlEstimate
        The model itself.
    contextual : Contextual or None
        The model with group means of x.
    notes : tuple of str
        What belongs beside the numbers.

    References
    ----------
    Monette, Mixed Models with R: From Hierarchical to Mixed, "Summary of methods".
    """

    x: str
    coefficient: str
    table: pd.DataFrame
    summary: pd.DataFrame
    pooled: LeastSquares
    fixed_effects: LeastSquares
    lines: GroupLines | None
    separate_lines: LinearEstimates | None
    two_stage: TwoStage | None
    between: LeastSquares | None
    mixed: RemlEstimate
    contextual: Contextual | None
    notes: tuple[str, ...]


def compare_methods(design: Design, x: str | None = None, *, weighted: bool = False) -> MethodComparison:
    """Estimate the slope of a level-1 variable by every method.

    Parameters
    ----------
    design : Design
        The model.
    x : str, optional
        A level-1 column, or its coefficient; may be left out where the model has one only.
    weighted : bool
        Weight the groups of the between-group regression by their numbers of rows.

    Raises
    ------
    OptionError
        When the model has no such slope, or several.
    """
    slope = find_slope(design, x)
    notes: list[str] = []
    kinds = ["within" if isolated else "mixture" for isolated in isolates_within(design, slope)]
    pooled = least_squares(
        design.X, design.y - design.offset, design.fixed_labels, intercept=intercept_position(design.fixed)
    )
    mixed = fit_reml(design)
    within = fixed_effects(design, slope)
    rows = [
        *_rows("pooled", kinds, slope, pooled, slope.symbols),
        *_rows("fixed effects", ["within"] * len(kinds), slope, within, slope.symbols),
    ]
    lines = separate = stages = None
    try:
        lines = group_lines(design, slope)
        if not lines.used.all():
            notes.append(_left_out(int((~lines.used).sum()), design.n_groups))
        stages = two_stage(design, lines)
        separate = average_lines(design, lines)
        rows += _rows("separate lines", ["within"] * len(kinds), slope, separate, slope.symbols)
    except DataError as error:
        notes.append(str(error))
    if stages is not None:
        rows += _rows("two-stage", ["within"] * len(kinds), slope, stages.of(slope.coefficient), slope.symbols)
    between = _between(design, slope, weighted)
    if between is None:
        notes.append(f"The means of {design.n_groups} groups do not determine a slope of {slope.name} between them.")
    else:
        rows += _rows("between", ["between"] * len(kinds), slope, between, slope.symbols)
    rows += _rows("mixed", kinds, slope, t_tests(mixed), slope.symbols)
    split: Contextual | None = None
    try:
        split = contextual(design, slope)
        for kind in ("within", "between", "contextual"):
            test = split.test(kind).rows
            rows += _rows("contextual", [kind] * len(kinds), slope, test, [f"{kind}[{term}]" for term in slope.terms])
    except DataError as error:
        notes.append(str(error))
    notes += [f"{note[:-1]} in the between and contextual estimates." for note in stand_ins(design, slope)]
    if "within" in kinds:
        notes.append(
            f"In the model as it is written {slope.name} is free of its group means, so that the pooled and the "
            "mixed estimate are of the slope within groups."
        )
    table = pd.DataFrame(rows).set_index(["method", "estimates", "term"])
    summary = pd.DataFrame.from_dict(METHODS, orient="index", columns=["consistent", "efficient", "honest"])
    if "mixture" not in kinds:
        summary.loc[["pooled", "mixed"], "consistent"] = "the slope within groups"
        summary.loc["mixed", ["efficient", "honest"]] = "yes"
    summary = summary.loc[list(dict.fromkeys(table.index.get_level_values("method")))].rename_axis("method")
    return MethodComparison(
        x=slope.name,
        coefficient=slope.coefficient,
        table=table,
        summary=summary,
        pooled=pooled,
        fixed_effects=within,
        lines=lines,
        separate_lines=separate,
        two_stage=stages,
        between=between,
        mixed=mixed,
        contextual=split,
        notes=tuple(notes),
    )


def _between(design: Design, slope: Slope, weighted: bool) -> LeastSquares | None:
    """Regression of the outcome's group means on those of the predictors; None without degrees of freedom."""
    other = other_columns(design, slope)
    codes, n_groups = design.group_codes, design.n_groups
    outcome = GroupMeans.learn((design.y - design.offset)[:, None], codes, n_groups).means[:, 0]
    means: FloatArray = GroupMeans.learn(design.X[:, other], codes, n_groups).means
    X = np.column_stack([np.ones(n_groups), slope.between_columns, means])
    spread = np.sqrt(np.einsum("ik,ik->k", design.X[:, other], design.X[:, other]))
    own = np.sqrt(np.einsum("jk,jk->k", slope.between_columns, slope.between_columns))
    kept = independent_columns(X, intercept=0, size=np.concatenate([[1.0], own, spread]))
    labels = ["(Intercept)", *slope.symbols, *(design.fixed[k].label for k in other)]
    if len(kept) >= n_groups or not set(slope.symbols) & {labels[k] for k in kept}:
        return None
    weights = design.n_per_group.astype(np.float64) if weighted else None
    return least_squares(X[:, kept], outcome, [labels[k] for k in kept], intercept=0, weights=weights)


def _rows(
    method: str,
    kinds: Sequence[str],
    slope: Slope,
    found: LinearEstimates | TTests,
    labels: Sequence[str],
) -> list[dict[str, object]]:
    """Rows of the table, a term each; terms that the method does not determine are left out."""
    estimate = found.estimate if isinstance(found, TTests) else found.coef
    df = np.broadcast_to(np.asarray(found.df, dtype=np.float64), estimate.shape)
    rows: list[dict[str, object]] = []
    for kind, term, symbol, label in zip(kinds, slope.terms, slope.symbols, labels, strict=True):
        if label in found.labels:
            k = found.labels.index(label)
            rows.append(
                {
                    "method": method,
                    "estimates": kind,
                    "term": term,
                    "symbol": symbol,
                    "estimate": estimate[k],
                    "se": found.se[k],
                    "df": df[k],
                    "t": found.t[k],
                    "p": found.p[k],
                }
            )
    return rows


def _left_out(count: int, n_groups: int) -> str:
    return (
        f"{count} of {n_groups} groups do not determine a line of their own (too few rows, or a predictor that "
        "does not vary in them): the separate lines and the two-stage method leave them out."
    )
