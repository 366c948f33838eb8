"""`load`: a fit from its file."""

from __future__ import annotations

import os

from bayeshlm.faces.fit import Fit
from bayeshlm.faces.model import Model
from bayeshlm.faces.storage import restored_fit


def load(path: str | os.PathLike[str]) -> Fit:
    """Read a fit that `Fit.save` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Fit
        With its model, ready for everything that a fresh fit does.

    Raises
    ------
    FileError
        If there is no such file, it is not a saved fit, or it is damaged or was changed.
    """
    stored = restored_fit(path)
    return Fit(Model.from_design(stored.design, stored.priors), stored.idata)
