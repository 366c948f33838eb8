"""`load`: a fit from its file."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from bayeshlm.faces.fit import Fit
from bayeshlm.faces.model import Model
from bayeshlm.faces.model_changes import ModelData
from bayeshlm.faces.storage import restored_fit


def load(path: str | os.PathLike[str], data: Any = None, *, group_data: Any = None) -> Fit:
    """Read a fit that `Fit.save` wrote.

    Parameters
    ----------
    path : str or path
    data : Ibis table, optional
        The table that the model was made from, where its rows stayed in a database: they are not in the file.
    group_data : pandas.DataFrame or mapping of str to DataFrame, optional
        As in `Model`, with such a table.

    Returns
    -------
    Fit
        With its model, ready for everything that a fresh fit does.

    Raises
    ------
    FileError
        If there is no such file, it is not a saved fit, or it is damaged or was changed; or the table was.
    """
    tables = None if data is None else ModelData.of(data, group_data)
    stored = restored_fit(path, tables)
    model = Model.from_design(stored.design, stored.priors)
    if tables is not None and stored.design.rows is None:
        model._data = replace(tables, weights=model.survey)
    return Fit(model, stored.idata)
