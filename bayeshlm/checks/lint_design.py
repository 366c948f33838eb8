"""What deserves a second look in a model before it is fitted, read off its equations and moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.effects_at_means import FAR
from bayeshlm.design.nested_groupings import rows_of_units
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations.product import Call, Column

FEW_GROUPS = 10
OFF_ZERO = 0.25
"""SDs from 0 from which a column counts as not centered."""
INFLATED = 10.0
"""Variance inflation from which columns count as collinear."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at.

    Attributes
    ----------
    code : str
        Short name of the rule.
    why : str
        A sentence: what is there, and what it does.
    write : str
        What to write instead, or to look at.
    """

    code: str
    why: str
    write: str

    @property
    def text(self) -> str:
        """Both, in one line."""
        return f"{self.why} {self.write}"


def lint_design(design: Design) -> tuple[Remark, ...]:
    """Remarks that need no look at the rows, in the order of the rules below."""
    rules = (
        _independent_slopes,
        _far_from_zero,
        _raw_beside_mean,
        _small_groups,
        _few_groups,
        _collinear,
        _without_main_effect,
        _two_values,
    )
    return tuple(remark for rule in rules for remark in rule(design))


def _independent_slopes(design: Design) -> Iterator[Remark]:
    """Effects that may not covary are so at one zero of x only."""
    start = 0
    for term in design.predictor.random:
        intercepts = [k for k, column in enumerate(term.columns) if column.is_intercept]
        together = {k: set(block) for block in term.blocks for k in block}
        for k, column in enumerate(term.columns):
            mean, sd = design.moments.z_mean[start + k], design.moments.z_sd[start + k]
            if column.is_intercept or not intercepts or intercepts[0] in together[k] or abs(mean) <= OFF_ZERO * sd:
                continue
            first = term.columns[intercepts[0]].label
            yield Remark(
                "independent-slope",
                f"{first} and {column.label} are independent at {column.expression} = 0 only, and its mean is"
                f" {mean:.4g}: with another zero it would be another model.",
                f"Let them covary, or center it, cgm({column.expression}).",
            )
        start += len(term.columns)


def _far_from_zero(design: Design) -> Iterator[Remark]:
    for column, mean, sd in zip(design.random, design.moments.z_mean, design.moments.z_sd, strict=True):
        if not column.is_intercept and abs(mean) > FAR * sd > 0:
            yield Remark(
                "far-from-zero",
                f"{column.expression} has a random slope and lies far from zero (mean {mean:.4g}, sd {sd:.4g}): the"
                " random intercept describes a place without data.",
                f"Center it, cgm({column.expression}) or cwc({column.expression}).",
            )


def _raw_beside_mean(design: Design) -> Iterator[Remark]:
    """``x`` beside ``mean(x)``: the coefficient of the mean is the contextual effect."""
    raw = {column.name for column in _plain(design)}
    for expression in design.spec.expressions:
        for factor in expression.factors:
            if isinstance(factor, Call) and factor.function == "mean" and len(factor.argument.factors) == 1:
                (inner,) = factor.argument.factors
                if isinstance(inner, Column) and inner.name in raw:
                    yield Remark(
                        "raw-beside-mean",
                        f"{inner.name} stands beside mean({inner.name}): the coefficient of the mean is the contextual"
                        " effect, not the slope between groups.",
                        f'Write cwc({inner.name}) for that, or ask the fit, contextual("{inner.name}").',
                    )


def _plain(design: Design) -> list[Column]:
    """Level-1 columns that stand alone in a term, without centering."""
    factors = [term.expression.factors for term in design.spec.level1]
    return [one[0] for one in factors if len(one) == 1 and isinstance(one[0], Column)]


def _small_groups(design: Design) -> Iterator[Remark]:
    if design.outcome.residuals.known or not (design.outcome.is_normal or design.outcome.family_name == "Bernoulli"):
        return  # rows of other distributions, such as counts, tell something of their own
    for k, term in enumerate(design.predictor.random):
        n, q = rows_of_units(design, k), len(term.columns)
        small = int((np.asarray(n) <= q).sum())
        if 2 * small > len(n):
            yield Remark(
                "small-groups",
                f"{small} of the {len(n)} groups of {term.grouping} have no more rows than random effects ({q}), and"
                " tell nothing of what varies within them apart from what varies between.",
                "Leave a random slope out, or look at prior_sensitivity().",
            )


def _few_groups(design: Design) -> Iterator[Remark]:
    for term in design.predictor.random:
        if len(term.labels) < FEW_GROUPS:
            yield Remark(
                "few-groups",
                f"{term.grouping} has {len(term.labels)} groups: what is said of the variance between them depends on"
                " its prior.",
                'Look at prior_sensitivity(), and with REML take df="kenward-roger".',
            )


def _collinear(design: Design) -> Iterator[Remark]:
    """Level-2 columns in one line that nearly follow from each other over groups."""
    if len(design.groupings) > 1:
        return
    for coefficient in design.coefficients:
        own = [k for k, one in enumerate(design.fixed) if one.coefficient == coefficient.label and one.term != "1"]
        if len(own) < 2:
            continue
        W = design.W[:, own]
        sd = W.std(axis=0)
        if (sd == 0).any() or len(W) <= len(own) + 1:
            continue
        corr: FloatArray = np.atleast_2d(np.corrcoef(W.T))
        inflation = np.diag(np.linalg.pinv(corr))
        worst = int(inflation.argmax())
        if inflation[worst] > INFLATED or np.linalg.matrix_rank(corr) < len(own):
            other = int(np.argmax(np.where(np.arange(len(own)) == worst, -1.0, np.abs(corr[worst]))))
            first, second = (design.fixed[own[k]] for k in (worst, other))
            yield Remark(
                "collinear",
                f"{first.term} nearly follows from the other variables in the line of {coefficient.label} (variance"
                f" inflation {inflation[worst]:.3g}; correlation with {second.term} {corr[worst, other]:.2f}): their"
                " effects can hardly be told apart.",
                "Leave one of them out, or test them together, wald().",
            )


def _without_main_effect(design: Design) -> Iterator[Remark]:
    """A moderator of a slope that is not in the intercept's line, or a slope without its own average."""
    if len(design.groupings) > 1:
        return
    labels = {one.label for one in design.coefficients if one.expression == "1"}
    if not labels:
        return
    (intercept,) = labels
    main = {one.term for one in design.fixed if one.coefficient == intercept}
    for coefficient in design.coefficients:
        own = {one.term: one for one in design.fixed if one.coefficient == coefficient.label}
        if coefficient.label == intercept:
            continue
        for term in own:
            if term not in main and term != "1":
                yield Remark(
                    "no-main-effect",
                    f"{term} moderates the slope of {coefficient.expression} and is not in the line of {intercept}: the"
                    f" interaction takes in its main effect wherever {coefficient.expression} is not centered.",
                    f"Add it there, {intercept} = ... + g*{term}.",
                )
        if own and "1" not in own:
            yield Remark(
                "no-main-effect",
                f"The line of {coefficient.label} has no constant: the slope of {coefficient.expression} is held at 0"
                f" where {', '.join(own)} is 0.",
                f"Add a constant, {coefficient.label} = g + ...",
            )


def _two_values(design: Design) -> Iterator[Remark]:
    moments, name = design.moments, design.outcome.name
    if design.outcome.is_normal and moments.y_two_values and tuple(moments.y_range) == (0, 1):
        yield Remark(
            "zeros-and-ones",
            f"{name} is 0 or 1, and a normal model predicts values beyond them.",
            f"Write {name} ~ Bernoulli(p) and logit(p) = ..., without a residual.",
        )
