"""What a model is called, and how many rows and groups it has, in words."""

from __future__ import annotations

from bayeshlm.design.design import Design
from bayeshlm.display.digits import count


def kind_of_model(design: Design) -> str:
    """``Two-level model``, ``Two-level Bernoulli model``, or how many groupings there are."""
    n, family = len(design.groupings), "" if design.outcome.is_normal else f"{design.outcome.family_name} "
    return (
        f"Two-level {family}model" if n == 1 else f"{family or 'M'}{'model' if family else 'odel'} with {n} groupings"
    )


def size_of_model(design: Design) -> str:
    """Rows, and the groups of every grouping."""
    groups = [f"{count(len(term.labels))} groups ({term.grouping})" for term in design.predictor.random]
    return f"{count(design.n_obs)} rows in {' and '.join(groups)}"
