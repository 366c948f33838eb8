"""`Distribution`: which distribution the equations say that the outcome has."""

from __future__ import annotations

from dataclasses import dataclass

from bayeshlm.equations.product import Column


@dataclass(frozen=True, slots=True)
class Distribution:
    """The line ``outcome ~ family(...)`` together with the link on the left side of the level-1 line.

    Attributes
    ----------
    family : str
        Name of one of `bayeshlm.families.FAMILIES`.
    link : str
        One of its links.
    symbols : tuple of str
        What the text calls the location and the auxiliary parameters, in the order of the family: ``("p",)``,
        ``("mu", "phi")``. Empty where the level-1 line has a residual and no line names a distribution.
    size : Column or int or None
        The number of trials, where the family has one.
    """

    family: str
    link: str
    symbols: tuple[str, ...] = ()
    size: Column | int | None = None


NORMAL = Distribution("Normal", "identity")
