"""The fixed effects gamma as a table."""

from __future__ import annotations

import pandas as pd

from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.summary import summarize, with_interval


def fixed_effects(posterior: Draws, prob: float = 0.95, kind: str = "eti") -> pd.DataFrame:
    """Summarize gamma, one row a fixed effect.

    Parameters
    ----------
    posterior : Draws
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``symbol``: ``coefficient`` (the equation the effect stands in), ``term`` (what it multiplies
        there, ``"1"`` for the intercept) and the columns of `summarize`.
    """
    design = posterior.design
    gamma = posterior.labelled(posterior.gamma, ("symbol",), {"symbol": design.fixed_labels})
    table = summarize(gamma, prob, kind)
    table.insert(0, "coefficient", [column.coefficient for column in design.fixed])
    table.insert(1, "term", [column.term for column in design.fixed])
    return with_interval(table, prob, kind)
