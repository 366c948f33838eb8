"""Which figure stands in which section of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.display.column_labels import ColumnLabels
from bayeshlm.display.digits import count, percent
from bayeshlm.display.fit_tables import INTERVALS
from bayeshlm.display.report.check_figures import (
    influence_figures,
    left_out_figures,
    predictive_figures,
    prior_figures,
    residual_figures,
)
from bayeshlm.display.report.elements import asked
from bayeshlm.display.report.figure import Figure
from bayeshlm.display.report.subject import Subject
from bayeshlm.errors import OptionError
from bayeshlm.quantities.diagnostics import diagnose
from bayeshlm.quantities.level1_variance import has_level1_variance
from bayeshlm.quantities.simple_slopes import interacting

if TYPE_CHECKING:
    from bayeshlm.display.plots.fit_plots import FitPlots

MOST_PANELS = 18
"""At most so many groups in the trellis of the data."""

MOST_CHAINS = 4
"""At most so many parameters have their chains drawn."""

CHAINS_MIX = {
    "Traces": "chains that mix look alike and wander over the same values.",
    "Ranks": "chains that mix have each rank as often as the others.",
}

MOST_OF_A_KIND = 3
"""At most so many coefficients, or interactions, have figures of their own."""


def convergence_figures(subject: Subject) -> Iterator[Figure]:
    """The chains of the parameters that mix worst, as traces and as ranks."""
    from bayeshlm.display.plots.arviz_figures import first_axes, in_a_tree

    if subject.convergence.by_importance:
        return
    posterior = subject.fitted.draws
    bulk, *_ = diagnose(posterior.scalars())
    worst = [posterior.schema.labels[k] for k in np.argsort(bulk, kind="stable")[:MOST_CHAINS]]
    names = [in_a_tree(name) for name in worst]
    for draw, what in ((subject.plot.trace, "Traces"), (subject.plot.rank, "Ranks")):
        collection = draw(var_names=names, figure_kwargs={"figsize": (7.0, 1.4 * -(-len(names) // 2))})
        alt = f"{what} of the draws of {', '.join(worst)}, a line a chain: {CHAINS_MIX[what]}"
        yield Figure.of(
            first_axes(collection), alt, f"{what} of the parameters of the smallest effective sample sizes."
        )


def data_figures(subject: Subject) -> Iterator[Figure]:
    """The outcome by group."""
    for of in subject.of_groupings:
        yield from _data_of(of)


def _data_of(of: Subject) -> Iterator[Figure]:
    """The outcome by the groups of a grouping."""
    design, n = of.design, len(of.groups.labels)
    outcome, slope = design.spec.outcome.name, _first_slope(design)
    try:
        axes = of.model_plot.data(slope, groups=MOST_PANELS, grouping=of.grouping)
    except OptionError:  # the expression has no values of its own
        return
    if slope is None:
        alt = f"{outcome} of every row, the {count(n)} groups side by side, ordered by their means."
        yield Figure.of(axes, alt, f"{outcome} by {of.groups.grouping}, the groups ordered by their means.")
        return
    which = "all groups" if len(axes) == n else f"{len(axes)} of {count(n)} groups"
    which += f" of {of.grouping}" if of.grouping else ""
    what = next(column.name for column in design.coefficients if column.label == slope)
    alt = f"Scatterplots of {outcome} against the variable of {what}, a panel for each of {which}, with its own line."
    yield Figure.of(axes, alt, f"{outcome} in {which} (n: rows), with each group's own least-squares line.")


def effects_figures(subject: Subject) -> Iterator[Figure]:
    """Cross-level interactions."""
    design = subject.design
    pairs = [(c, by) for c in design.coefficients if c.expression != "1" for by in interacting(design, c.label)]
    for coefficient, by in pairs[:MOST_OF_A_KIND]:
        try:
            axes = subject.plot.interaction(coefficient.label, by.name)
        except OptionError:  # a product whose values cannot be worked out from this variable alone
            continue
        name = f"{coefficient.name} by {by.name}"
        alt = (
            f"The expected {design.spec.outcome.name} along {coefficient.name} at values of {by.name}, and"
            f" the slope of {coefficient.name} at values of {by.name}, with intervals."
        )
        caption = f"Cross-level interaction, {name}: expected outcome, and the slope, with {_interval(subject)}."
        yield Figure.of(axes, alt, caption)


def variance_figures(subject: Subject) -> Iterator[Figure]:
    """Densities of the variance components and of the ICC, beside their priors."""
    axes = subject.plot.variance_components()
    names = ", ".join(axis.get_xlabel().replace("\n", " ") for axis in axes)
    alt = f"Posterior densities of {names}, each with its prior."
    yield Figure.of(axes, alt, f"Variance components: posterior with {_interval(subject)}, and prior.")
    for of in subject.of_groupings if has_level1_variance(subject.design.outcome) else ():
        row = subject.icc.table.T[f"icc[{of.grouping}]" if of.grouping else "icc"]
        which = f" of {of.grouping}" if of.grouping else ""
        ends = f"{row['lower']:.2f} and {row['upper']:.2f}"
        alt = f"Density of the ICC{which}: the posterior lies mostly between {ends}."
        caption = f"Intraclass correlation{which}: posterior with {_interval(subject)}, and prior."
        yield Figure.of(subject.plot.icc(grouping=of.grouping), alt, caption)


def group_figures(subject: Subject) -> Iterator[Figure]:
    """Every group's coefficients, how far they are pulled, and two of them against each other."""
    interval = _interval(subject)
    for of in subject.of_groupings:
        yield from _figures_of_groups(of, subject.plot, interval)


def _figures_of_groups(of: Subject, plot: FitPlots, interval: str) -> Iterator[Figure]:
    """Those of one grouping; arrows from own estimates only where the groups have any."""
    design, groups, n = of.design, of.groups.grouping, len(of.groups.labels)
    names = [column.coefficient for column in of.groups.deviations]
    labels = ColumnLabels.of(design)
    shown, has_own = [(name, labels.heading(name)) for name in names[:MOST_OF_A_KIND]], True
    for name, what in shown:
        alt = f"{what}, in each of {count(n)} groups, sorted by posterior mean, with intervals."
        axes = plot.caterpillar(name, grouping=of.grouping)
        yield Figure.of(axes, alt, f"{what}, by {groups}, with {interval}.")
    for name, what in shown:
        alt = f"Arrows from the groups' own least-squares estimates of {what}, to their posterior means, by group size."
        caption = f"{what}: from the group's own least-squares estimate to its posterior mean, against its rows."
        try:
            axes = plot.shrinkage(name, grouping=of.grouping)
        except OptionError:  # the groups have no estimates of their own
            has_own = False
            break
        yield Figure.of(axes, alt, caption)
    if len(names) > 1:
        (x, of_x), (y, of_y) = shown[:2]
        own = "own least squares with ellipses, " if has_own else ""
        alt = f"{y} of the groups against {x}: {own}posterior means, and their spread."
        made = "own estimates and what the model makes of them" if has_own else "posterior means, and their spread"
        caption = f"{of_x}, and {of_y}, of every group: {made}."
        yield Figure.of(plot.beta_space(x, y, grouping=of.grouping), alt, caption)


def cross_check_figures(subject: Subject) -> Iterator[Figure]:
    """The posterior above REML's or ML's estimates."""
    by = subject.cross_check.method
    alt = f"Posterior density of every parameter, with {by}'s estimate and confidence interval below it."
    yield Figure.of(subject.plot.cross_check(), alt, f"Posterior, and {by}'s estimate with its 95% Wald interval.")


FIGURES: tuple[tuple[str, Callable[[Subject], Iterable[Figure]]], ...] = (
    ("convergence", convergence_figures),
    ("data", data_figures),
    ("effects", effects_figures),
    ("variance", variance_figures),
    ("groups", group_figures),
    ("cross-check", cross_check_figures),
    ("predictive", predictive_figures),
    ("left-out", left_out_figures),
    ("residuals", residual_figures),
    ("influence", influence_figures),
    ("prior-sensitivity", prior_figures),
)
"""The id of a section, and a function that draws for it: no figure where the model has nothing to draw.

A figure of a check takes it from the subject, which computes each once."""


def figures(subject: Subject, section: str) -> str:
    """All figures of a section."""
    functions = [draw for place, draw in FIGURES if place == section]
    if not functions:
        return ""
    from bayeshlm.display.plots.image import off_screen

    with off_screen():
        made = "".join(asked(partial(_html, draw, subject)) for draw in functions)
    return f'<div class="figures">{made}</div>' if made else ""


def _html(draw: Callable[[Subject], Iterable[Figure]], subject: Subject) -> str:
    return "".join(figure.html() for figure in draw(subject))


def _first_slope(design: Design) -> str | None:
    """The slope along which the data are drawn: a random one, if there is any."""
    slopes = [column.label for column in design.coefficients if column.expression != "1"]
    random = [column.path[0] for column in design.predictor.deviations if column.path[0] in slopes]
    return next(iter([*random, *slopes]), None)


def _interval(subject: Subject) -> str:
    attrs = subject.overview.fixed.attrs
    return f"{percent(attrs['ci_prob'])} {INTERVALS[attrs['ci_kind']]} intervals"
