"""The fixed effects gamma as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayeshlm.design.outcome import Outcome
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.design_effect import with_deft
from bayeshlm.quantities.summary import summarize, with_interval, with_median


def fixed_effects(
    posterior: Draws, prob: float = 0.95, kind: str = "eti", *, exponentiate: bool = False
) -> pd.DataFrame:
    """Summarize gamma, one row a fixed effect.

    Parameters
    ----------
    posterior : Draws
    prob, kind : float, {"eti", "hdi"}
        The interval, as in `summarize`.
    exponentiate : bool
        Summarize ``exp(gamma)``, with the ``median`` beside the mean: odds ratios under the logit, rate ratios under
        the log (ratios of means, if the outcome is no count), hazard ratios under the cloglog, each for one unit more
        of the term; of the intercept the odds or the mean itself where all terms are 0.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``symbol``: ``coefficient`` (the equation the effect stands in), ``term`` (what it multiplies
        there, ``"1"`` for the intercept) and the columns of `summarize`; with sampling weights ``deft``.

    Raises
    ------
    OptionError
        ``exp(gamma)`` means nothing under the outcome's link.
    """
    design = posterior.design
    gamma = posterior.labelled(posterior.gamma, ("symbol",), {"symbol": design.fixed_labels})
    if exponentiate:
        require_ratio(design.outcome)
        with np.errstate(over="ignore"):
            ratios = gamma.copy(data=np.exp(gamma.to_numpy()))
        table = with_median(ratios, prob, kind)
    else:
        table = summarize(gamma, prob, kind)
    table.insert(0, "coefficient", [column.coefficient for column in design.fixed])
    table.insert(1, "term", [column.term for column in design.fixed])
    if exponentiate:
        table.attrs["ratio"] = design.outcome.ratio
    with_deft(table, posterior, lambda draws: fixed_effects(draws, prob, kind, exponentiate=exponentiate))
    return with_interval(table, prob, kind)


def require_ratio(outcome: Outcome) -> None:
    """Refuse to exponentiate effects where that means nothing."""
    if not outcome.ratio:
        raise OptionError(
            f"exp() of an effect means nothing under the {outcome.link} link: leave exponentiate out, and ask"
            " predict() for what is expected"
        )
