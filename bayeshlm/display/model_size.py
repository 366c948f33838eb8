"""What a model is called, and how many rows and groups it has, in words."""

from __future__ import annotations

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import is_chain
from bayeshlm.display.digits import count

_LEVELS = ("Two", "Three", "Four", "Five", "Six")


def kind_of_model(design: Design) -> str:
    """``Two-level model``, ``Three-level Bernoulli model``, or how many groupings there are where some cross."""
    n, family = len(design.groupings), "" if design.outcome.is_normal else f"{design.outcome.family_name} "
    if n <= len(_LEVELS) and is_chain(design):
        return f"{_LEVELS[n - 1]}-level {family}model"
    return f"{family or 'M'}{'model' if family else 'odel'} with {n} groupings"


def size_of_model(design: Design) -> str:
    """Rows, and the groups of every grouping."""
    groups = [f"{count(len(term.labels))} groups ({term.grouping})" for term in design.predictor.random]
    return f"{count(design.n_obs)} rows in {' and '.join(groups)}"
