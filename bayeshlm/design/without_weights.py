"""What is not defined with sampling weights, refused in one sentence."""

from __future__ import annotations

from bayeshlm.design.design import Design
from bayeshlm.errors import OptionError

NOT_AT_RANDOM = "the rows were not drawn at random from the population that the model describes"

WITHOUT = "fit the model without weights for it"


def refuse_weights(design: Design, what: str, why: str, instead: str = WITHOUT) -> None:
    """Refuse what weights leave without a meaning.

    Parameters
    ----------
    design : Design
    what, why, instead : str
        What was asked for, why that is nothing, and what to do.

    Raises
    ------
    OptionError
    """
    if design.weights is not None:
        raise OptionError(f"{what} is not defined with sampling weights: {why}; {instead}.")
