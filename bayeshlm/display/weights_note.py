"""What is said of sampling weights beside every result."""

from __future__ import annotations

from bayeshlm.design.design import Design
from bayeshlm.design.survey_weights import ROW
from bayeshlm.display.digits import count

SCALES = {
    "size": "scaled within groups to sum to their numbers of rows",
    "effective": "scaled within groups to sum to their effective numbers of rows",
}


def weights_notes(design: Design) -> tuple[str, ...]:
    """Sentences on the weights of a design and on what uncertainty comes from; none without weights."""
    weights = design.weights
    if weights is None:
        return ()
    columns, levels = weights.survey.columns, []
    if ROW in columns:
        levels.append(f"rows by {columns[ROW]}, {SCALES[weights.survey.scaling]}")
    if design.group in columns:
        levels.append(f"groups ({design.group}) by {columns[design.group]}")
    weighted = f"Sampling weights: {'; '.join(levels)}. " if levels else ""
    return (f"{weighted}Uncertainty is that of the sampling design, by the sandwich over {spread_over(design)}.",)


def spread_over(design: Design) -> str:
    """What the spread of the score was estimated from, in words."""
    weights = design.weights
    assert weights is not None
    if len(weights.replicate_group):
        fay = f", Fay's factor {weights.survey.fay:g}" if weights.survey.fay else ""
        factor = f", factor {weights.survey.factor:g}" if isinstance(weights.survey.factor, float) else ""
        return f"{count(len(weights.replicate_group))} replicate weights{fay}{factor}"
    n_units, n_strata = int(weights.psu.max()) + 1, int(weights.stratum.max()) + 1
    units = f"{count(n_units)} sampling units ({weights.survey.psu or design.group})"
    return f"{units} in {count(n_strata)} strata ({weights.survey.strata})" if weights.survey.strata else units
