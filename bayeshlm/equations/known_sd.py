"""``known_sd=`` beside a text: the same as its line ``sd(r) = se``, or ``known_sd = se`` behind a formula."""

from __future__ import annotations

import math

from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import is_plain_name
from bayeshlm.errors import EquationError, OptionError


def known_sd_text(known_sd: object) -> str:
    """A column, in backticks where it has to, or a number, as texts write it.

    Raises
    ------
    OptionError
        It is neither the name of a column nor a number above 0.

    Examples
    --------
    >>> known_sd_text("se"), known_sd_text("standard error"), known_sd_text(0.5)
    ('se', '`standard error`', '0.5')
    """
    if isinstance(known_sd, str) and known_sd.strip():
        return known_sd if is_plain_name(known_sd) else "`{}`".format(known_sd.replace("`", "``"))
    is_number = isinstance(known_sd, int | float) and not isinstance(known_sd, bool)
    if not is_number or not 0 < float(known_sd) < math.inf:  # type: ignore[arg-type]
        raise OptionError(f'known_sd is a column, known_sd="se", or a number above 0, not {known_sd!r}.')
    return f"{float(known_sd):.17g}"  # type: ignore[arg-type]


def with_known_sd(text: str, known_sd: object, notation: str, spec: ModelSpec) -> str:
    """The text with the line that says it.

    Parameters
    ----------
    text : str
        Equations or a formula.
    known_sd : str or float
        A column or a number.
    notation : str
        In which the text is written.
    spec : ModelSpec
        What it says without.

    Raises
    ------
    OptionError
        As `known_sd_text`, or the text says it already.
    EquationError
        The notation has no place for it.
    """
    value = known_sd_text(known_sd)
    if spec.residual_spread is not None:
        raise OptionError("the equations say how large the residuals are: leave known_sd= out, or that line.")
    if not spec.residual:
        raise OptionError("known_sd is that of normal residuals, and this outcome has no residual: leave it out.")
    if notation == "formula":
        return f"{text.rstrip()}, known_sd = {value}"
    if notation not in ("levels", "combined"):
        raise EquationError("known_sd= goes with equations and formulas: write these, and see `Model.equations`")
    return f"{text.rstrip()}\nsd({spec.residual}) = {value}"
