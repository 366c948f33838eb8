"""Fitted values and residuals of rows that stay in a database, as columns that it computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bayeshlm.design.build_from_database import columns_of_cells, summed
from bayeshlm.design.grouping import Groups
from bayeshlm.design.joined_tables import GroupTables
from bayeshlm.design.scaling import FloatArray
from bayeshlm.design.terms import expand_terms
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import DatabaseTable

ADDED = ("fitted", "residual")
"""Columns that the table gets."""


def fitted_in_database(
    spec: ModelSpec,
    data: DatabaseTable,
    group: Groups,
    group_data: GroupTables,
    gamma: FloatArray,
    u: Sequence[FloatArray],
) -> Any:
    """The complete rows of a table with ``offset + X gamma + Z u`` and what the outcome differs from it.

    Parameters
    ----------
    spec, data, group, group_data
        As in `bayeshlm.design.build_from_database.build_design_from_database`.
    gamma : (p,) array
    u : sequence of (J, q) arrays
        Of each grouping.

    Returns
    -------
    ibis.Table
        The columns of the table, ``fitted`` and ``residual``; nothing is computed before it is asked for.

    Raises
    ------
    DataError
        The table has columns of these names; or as the model's.
    """
    import ibis
    import pyarrow as pa

    taken = [name for name in ADDED if name in data.names]
    if taken:
        raise DataError(f"the table has a column {taken[0]!r} already: rename it, table.rename(...), before the model")
    carried = {f"x{k}": data.expression[name] for k, name in enumerate(data.names)}
    spec, cells, found = summed(spec, data, group, group_data, carried)
    columns = columns_of_cells(expand_terms(spec, found.rows), found.sums)
    own = np.zeros((len(found.sums.n), len(found.names)))
    for k, base in enumerate(columns.X.base):
        own[:, base] += gamma[k] * columns.X.factor[:, k]
    for Z, codes, effects in zip(columns.Z, found.sums.codes, u, strict=True):
        for r, base in enumerate(Z.base):
            own[:, base] += effects[codes, r] * Z.factor[:, r]
    coefficients = {f"b{k}": pa.array(column) for k, column in enumerate(own.T)}
    ids = {key: pa.array(cells.ids[key], from_pandas=True) for key in cells.ids}
    keys = list(cells.ids.columns)
    table = found.table.join(ibis.memtable(pa.table(ids | coefficients)), keys)
    terms = [table[f"b{k}"] * (table[name] if name else 1.0) for k, name in enumerate(found.names)]
    without_offset = sum(terms[1:], start=terms[0])
    return table.select(
        **{name: table[f"x{k}"] for k, name in enumerate(data.names)},
        fitted=table[found.y] - table[found.net] + without_offset,
        residual=table[found.net] - without_offset,
    )
