"""The design-effect ratio of what is estimated from a weighted sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from bayeshlm.parameters.draws import Draws


def with_deft(table: pd.DataFrame, posterior: Draws, again: Callable[[Draws], pd.DataFrame]) -> None:
    """Add the column ``deft`` to a summary of weighted draws: the ratio of an SD to that of the draws as sampled.

    It is Kish's deft, the root of the design effect: what strata, sampling units and unequal weights make of the
    uncertainty of as many independent rows as the scaled weights sum to (Kish 1965, Survey Sampling, section 8.2).
    Without sampling weights the table stays as it is.

    Parameters
    ----------
    table : DataFrame
        With the column ``sd``.
    posterior : Draws
        Of which it was made.
    again : function
        Makes the same table of other draws.
    """
    if posterior.as_sampled is not None:
        table["deft"] = table["sd"] / again(replace(posterior, dataset=posterior.as_sampled, as_sampled=None))["sd"]
