"""Least squares within each unit of one of several groupings, given the effects of the units that it lies in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import containing
from bayeshlm.design.predictor import Predictor
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws


def design_of_units(posterior: Draws, grouping: int) -> Design:
    """The design of the units of one grouping alone, as `bayeshlm.quantities.group_ols` takes it.

    The effects of the other groupings are constant within each unit. Those on a coefficient that varies between the
    units are a part of the unit's own coefficient; the others are taken from the outcome at their posterior means, as
    fixed effects without a random one are.

    Parameters
    ----------
    posterior : Draws
    grouping : int
        Its position.

    Raises
    ------
    OptionError
        Effects of another grouping vary within the units.
    """
    design = posterior.design
    if len(design.groupings) == 1:
        return design
    rows, term, units = design.kept_rows, design.predictor.random[grouping], design.equations[grouping]
    outer = containing(design, grouping)
    inside = [name for k, name in enumerate(design.groupings) if k not in (grouping, *outer)]
    if inside or list(units.coefficients) != design.coefficient_labels:
        within = f"those of {' and of '.join(map(repr, inside))}" if inside else "other terms"
        raise OptionError(
            f"the groups of {term.grouping!r} have no least-squares estimate of their own, because their rows differ by"
            f" effects of other groupings, {within}: fit.group_coefficients(grouping={term.grouping!r}) and"
            " plot.caterpillar() show their posterior"
        )
    own = {column.coefficient for column in term.columns}
    y = rows.y.copy()
    for k in outer:
        effects = posterior.u_of(k).mean(axis=(0, 1))[rows.codes[k]]
        known = [r for r, column in enumerate(design.predictor.random[k].columns) if column.path[0] not in own]
        y -= np.einsum("nr,nr->n", rows.Z[k][:, known], effects[:, known])
    columns = design.predictor.effects_of(grouping)
    alone = replace(
        units,
        V=units.V[:, columns],
        random_coefficient=units.random_coefficient[columns],
        units=units.units[:, columns],
    )
    return design.changed(
        predictor=Predictor(design.fixed, (term,)),
        equations=(alone,),
        rows=replace(rows, y=y, Z=(rows.Z[grouping],), codes=(rows.codes[grouping],)),
    )
