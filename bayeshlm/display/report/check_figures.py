"""Figures of the report's checks, from the checks that its sections have computed."""

from __future__ import annotations

from collections.abc import Iterator

from bayeshlm.checks.calibration import has_probabilities
from bayeshlm.checks.outcome_frequencies import picture_of
from bayeshlm.display.report.figure import Figure
from bayeshlm.display.report.subject import Subject


def predictive_figures(subject: Subject) -> Iterator[Figure]:
    """Observed statistics against their replicates."""
    if "predictive_check" in vars(subject):
        axes = subject.plot.predictive_check(subject.predictive_check)
        alt = (
            "Every statistic's observed value in standard deviations of its replicates, in the same and in new groups."
        )
        yield Figure.of(axes, alt, "Observed statistics (points) among their replicates (95% intervals).")
        yield from _of_outcome(subject)


OUTCOMES = {
    "bars": "How often each value was observed (bars), and is in replicated data (95% intervals).",
    "rootogram": "Square roots of how often each count was observed, hanging from what is expected: bars that end above"
    " zero are fewer rows than expected; the lines at zero are the 95% intervals of replicated data.",
}


def _of_outcome(subject: Subject) -> Iterator[Figure]:
    """An outcome that is not normal among its replicates, and how its probabilities are calibrated."""
    design = subject.fitted.design
    if (caption := OUTCOMES.get(picture_of(design))) is not None:
        axes = subject.plot.predictive_check(subject.predictive_check, show="outcome")
        yield Figure.of(axes, "The distribution of the outcome beside that of replicated outcomes.", caption)
    if has_probabilities(design.outcome):
        axes = subject.plot.calibration(seed=subject.predictive_check.draws.attrs["seed"])
        alt = "The share of rows in which it happens against the probability that the model predicts."
        caption = "How often happens what is predicted with a probability; in the band lies a model that is calibrated."
        yield Figure.of(axes, alt, caption)


def left_out_figures(subject: Subject) -> Iterator[Figure]:
    """Log predictive density and Pareto k of each group."""
    for of in subject.with_result("loo_groups"):
        axes = subject.plot.loo(of.loo_groups)
        alt = "The elpd of each group, and its Pareto k, against the number of its rows."
        yield Figure.of(axes, alt, f"Each {of.groups.grouping} left out: elpd and Pareto k against its size.")


def residual_figures(subject: Subject) -> Iterator[Figure]:
    """Residuals of rows and of groups against what normal ones would be."""
    if "level1_residuals" in vars(subject):
        axes = subject.plot.residuals(1, residuals=subject.level1_residuals)
        alt = "Standardized level-1 residuals against fitted values, and against normal quantiles."
        yield Figure.of(axes, alt, "Rows, standardized: against what is fitted, and against normal errors.")
    for of in subject.with_result("level2_residuals"):
        axes = subject.plot.residuals(residuals=of.level2_residuals)
        alt = "Standardized level-2 residuals against normal quantiles, and Mahalanobis distances against chi-square's."
        what = f"Groups of {of.grouping}" if of.grouping else "Groups"
        yield Figure.of(axes, alt, f"{what}: each effect, and the distances, against what the model expects.")


def influence_figures(subject: Subject) -> Iterator[Figure]:
    """Changes of the parameters without each group."""
    for of in subject.with_result("influence"):
        axes = subject.plot.influence(of.influence)
        outlying = of.influence.has_conflict
        beside = "how unusual the group is" if outlying else "the largest change of a tau"
        alt = f"The change of every parameter without each group, and Cook's distance against {beside}."
        right = "whose rows are unusual" if outlying else "whether fixed effects or the groups' SDs move"
        yield Figure.of(
            axes,
            alt,
            f"Left: how far each parameter moves without each {of.groups.grouping}. Right: {right}.",
        )


def prior_figures(subject: Subject) -> Iterator[Figure]:
    """Sensitivity to priors and to data."""
    if "prior_sensitivity" in vars(subject):
        axes = subject.plot.prior_sensitivity(subject.prior_sensitivity)
        alt = "The sensitivity of every parameter to the priors and to the data."
        yield Figure.of(axes, alt, "How far parameters move with the priors (diamonds) and the data (points).")
