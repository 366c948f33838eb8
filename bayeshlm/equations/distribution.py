"""`Distribution`: which distribution the equations say that the outcome has."""

from __future__ import annotations

from dataclasses import dataclass

from bayeshlm.equations.product import Column
from bayeshlm.families import FAMILIES


@dataclass(frozen=True, slots=True)
class Total:
    """A number of trials that is the sum of columns: ``successes + failures``."""

    columns: tuple[Column, ...]


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
    size : Column, Total, int or None
        The number of trials, where the family has one.
    """

    family: str
    link: str
    symbols: tuple[str, ...] = ()
    size: Column | Total | int | None = None

    @property
    def has_cutpoints(self) -> bool:
        """The categories are ordered: cutpoints stand where other models have an intercept."""
        return any(one.support == "increasing" for one in FAMILIES[self.family].auxiliary)

    @property
    def size_columns(self) -> tuple[Column, ...]:
        """The columns that the number of trials is made of."""
        if isinstance(self.size, Total):
            return self.size.columns
        return (self.size,) if isinstance(self.size, Column) else ()


NORMAL = Distribution("Normal", "identity")

OTHER_NAMES = {
    "n": "Normal", "gaussian": "Normal", "binary": "Bernoulli", "logistic": "Bernoulli", "bern": "Bernoulli",
    "bin": "Binomial", "count": "Poisson", "pois": "Poisson", "negbin": "NegativeBinomial", "nb": "NegativeBinomial",
    "negbinomial": "NegativeBinomial", "nbinom": "NegativeBinomial", "negativebinomial2": "NegativeBinomial",
    "cumulative": "Ordinal", "ordered": "Ordinal", "orderedlogistic": "Ordinal", "categorical": "Ordinal",
    "t": "StudentT", "student": "StudentT",
}  # fmt: skip
"""What distributions are called elsewhere, in small letters without signs."""
