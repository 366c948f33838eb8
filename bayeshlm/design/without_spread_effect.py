"""A design without the random effect of its level-1 SD: that of the coefficients alone, which cross-products tell."""

from __future__ import annotations

from dataclasses import replace

from bayeshlm.design.design import Design


def without_spread_effect(design: Design) -> Design:
    """The design without the last random effect, whose column is zero; itself where the level-1 SD has none."""
    if not design.outcome.residuals.spread_effect:
        return design
    rows, (equations,) = design.kept_rows, design.equations
    term = design.term.without_spread_effect()
    q = len(term.columns)
    return design.changed(
        spec=design.spec.without_spread_effect(),
        outcome=replace(design.outcome, residuals=replace(design.outcome.residuals, spread_effect=False)),
        predictor=replace(design.predictor, random=(term,)),
        equations=(equations.of_effects(q),),
        rows=replace(rows, Z=(rows.Z[0][:, :q],), level1=replace(rows.modeled, effect=0.0)),
    )
