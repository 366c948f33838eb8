"""Columns of the random slopes of several groupings at values that a user states."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.naming import expression_text
from bayeshlm.design.rows import walk_columns
from bayeshlm.design.scaling import FloatArray
from bayeshlm.equations import canonical
from bayeshlm.equations.product import Product
from bayeshlm.errors import OptionError
from bayeshlm.quantities.level2_values import finite_number


def values_of_slopes(design: Design, at: Mapping[str, float]) -> FloatArray:
    """The columns of Z of a row with the given values, those not named at their means over rows: (q,).

    Parameters
    ----------
    design : Design
    at : mapping of str to float
        Values by expression (``"cwc(ses)"``), column (``"ses"``), coefficient (``"p1"``) or random effect (``"u10"``).
        An expression or column is given to the slopes of every grouping that it stands in; of a slope on a product of
        expressions every factor has to be named, or the effect.

    Raises
    ------
    OptionError
        A name belongs to no random slope, or to a part of a product whose other parts are not named.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> values_of_slopes(hlm.open_model("hsb-slopes-as-outcomes-full").design, {"ses": 0.5}).tolist()
    [1.0, 0.5]
    """
    paths, used = design.spec.paths, set()
    z = design.moments.z_mean.copy()
    for r, column in enumerate(design.random):
        if not column.is_slope:
            continue
        expanded = column.label != column.symbol  # a category's column goes by the names of the coefficient and effect
        parts = [
            {place} if expanded else {place, *_names(expression)}
            for place, expression in zip(column.path, paths[column.symbol].expressions, strict=True)
            if expression.factors
        ]
        whole = {column.label, column.coefficient} | (set() if expanded else {column.expression})
        whole |= parts[0] if len(parts) == 1 else set()
        given = [key for key in at if key in whole or canonical(key) in whole]
        by_part = [[key for key in at if key in names or canonical(key) in names] for names in parts]
        if given:
            used |= set(given)
            z[r] = finite_number(given[0], at[given[0]])
        elif all(by_part):
            used |= {keys[0] for keys in by_part}
            z[r] = float(np.prod([finite_number(keys[0], at[keys[0]]) for keys in by_part]))
        elif any(by_part):
            (key,) = next(keys for keys in by_part if keys)[:1]
            raise OptionError(
                f"at={{{key!r}: ...}} is a part of {column.expression}, the column of {column.label}: name its other "
                f"parts too, or give the value of the product as at={{{column.label!r}: ...}}"
            )
    unknown = [key for key in at if key not in used]
    if unknown:
        slopes = [f"{column.label} ({column.expression})" for column in design.random if column.is_slope]
        has = f"the random slopes are {', '.join(slopes)}" if slopes else "there is none, leave it out"
        raise OptionError(f"at={{{unknown[0]!r}: ...}} names no column with a random slope; {has}")
    return z


def _names(expression: Product) -> set[str]:
    """What an expression goes by: its text, and its column where there is only one."""
    columns = [column.name for column, _ in walk_columns(expression)]
    return {expression_text(expression), *(columns if len(columns) == 1 else ())}
