"""The numbers of HLM's output, with the digits in which they were printed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Self

import pandas as pd


class Printed(float):
    """A number as a program printed it: a float that knows its digits.

    Attributes
    ----------
    text : str
        As it was printed, such as ``"<0.001"``.

    Examples
    --------
    >>> Printed("8.61431"), Printed("8.61431").half_unit
    (8.61431, 5e-06)
    """

    text: str

    def __new__(cls, text: str) -> Self:
        """Read a number."""
        number = super().__new__(cls, text.replace("<", "").strip())
        number.text = text.strip()
        return number

    @property
    def half_unit(self) -> float:
        """Half a unit of the last digit printed."""
        exponent = Decimal(self.text.replace("<", "").strip()).as_tuple().exponent
        return float(Decimal("0.5").scaleb(int(exponent)))


@dataclass(frozen=True, slots=True)
class HlmEffect:
    """A row of a table of fixed effects.

    Attributes
    ----------
    coefficient : str
        Level-1 variable, ``INTRCPT1`` or such as ``SES``.
    term : str
        Level-2 variable, ``INTRCPT2`` or such as ``SECTOR``.
    symbol : str
        ``G00``.
    estimate, se, t, df, p : Printed
        Its numbers.
    """

    coefficient: str
    term: str
    symbol: str
    estimate: Printed
    se: Printed
    t: Printed
    df: Printed
    p: Printed


@dataclass(frozen=True, slots=True)
class HlmComponent:
    """A row of the table of variance components; chi-square, df and p are None where HLM prints none.

    Attributes
    ----------
    name, symbol : str
        ``SES`` and ``U1``; ``level-1`` and ``R``.
    sd, variance : Printed
        Its size.
    df, chi2, p : Printed or None
        The chi-square test.
    """

    name: str
    symbol: str
    sd: Printed
    variance: Printed
    df: Printed | None
    chi2: Printed | None
    p: Printed | None


@dataclass(frozen=True, slots=True)
class HlmOutput:
    """What HLM printed; what the text does not have is None or empty.

    Attributes
    ----------
    outcome : str
        Name of the outcome; empty where it is not said.
    method : "REML", "ML" or None
        Restricted or full maximum likelihood, where the text says it.
    sigma2 : Printed or None
        Level-1 variance.
    tau_labels : tuple of str, (q,)
        Level-1 variables with a random coefficient.
    tau, tau_correlations : tuple of tuple of Printed, (q, q)
        Variances and covariances, as HLM prints them; correlations.
    reliability : tuple of Printed, (q,)
        Reliability estimates, in the order of ``reliability_labels``.
    fixed, robust : tuple of HlmEffect
        Final estimation of fixed effects, and the one with robust standard errors.
    components : tuple of HlmComponent
        Final estimation of variance components.
    deviance, n_parameters : Printed or None
        Deviance and the number of parameters HLM counts.
    """

    outcome: str
    method: Literal["REML", "ML"] | None
    sigma2: Printed | None
    tau_labels: tuple[str, ...]
    tau: tuple[tuple[Printed, ...], ...]
    tau_correlations: tuple[tuple[Printed, ...], ...]
    reliability_labels: tuple[str, ...]
    reliability: tuple[Printed, ...]
    fixed: tuple[HlmEffect, ...]
    robust: tuple[HlmEffect, ...]
    components: tuple[HlmComponent, ...]
    deviance: Printed | None
    n_parameters: Printed | None

    def fixed_effects(self, robust: bool = False) -> pd.DataFrame:
        """Fixed effects, indexed by HLM's symbol.

        Parameters
        ----------
        robust : bool
            The table with robust standard errors, in place of the first.
        """
        rows = self.robust if robust else self.fixed
        columns = ("coefficient", "term", "estimate", "se", "t", "df", "p")
        table = pd.DataFrame([[getattr(row, name) for name in columns] for row in rows], columns=list(columns))
        return table.set_axis(pd.Index([row.symbol for row in rows], name="symbol"))

    def variance_components(self) -> pd.DataFrame:
        """Variance components, indexed by HLM's symbol."""
        columns = ("name", "sd", "variance", "df", "chi2", "p")
        rows = [[getattr(row, name) for name in columns] for row in self.components]
        return pd.DataFrame(rows, columns=list(columns), index=pd.Index([row.symbol for row in self.components]))
