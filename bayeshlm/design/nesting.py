"""Which groupings of a design lie within which: read off the units of the rows."""

from __future__ import annotations

from bayeshlm.design.design import Design
from bayeshlm.design.units import parents


def containing(design: Design, grouping: int) -> tuple[int, ...]:
    """Positions of the other groupings that a grouping is nested in: each of its units lies in one of theirs."""
    codes, n_units = design.kept_rows.codes, len(design.predictor.random[grouping].labels)
    outer = (k for k in range(len(codes)) if k != grouping)
    return tuple(k for k in outer if parents(codes[grouping], n_units, codes[k]) is not None)


def chain(design: Design) -> tuple[int, ...] | None:
    """Positions of the groupings from the inside out, each nested in the next; None where some cross.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> chain(hlm.open_model("hsb-one-way-anova").design)
    (0,)
    """
    within = [containing(design, k) for k in range(len(design.groupings))]
    order = sorted(range(len(within)), key=lambda k: -len(within[k]))
    nested = all(set(order[place + 1 :]) <= set(within[k]) for place, k in enumerate(order))
    return tuple(order) if nested else None
