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
        Level-2 variable, ``INTRCPT2`` or such as ``SECTOR``; with three levels the level-3 variable.
    symbol : str
        ``G00``; of a crossed model also ``THETA0`` and ``B01``.
    estimate, se, t, df, p : Printed
        Its numbers.
    level2 : str
        With three levels the level-2 variable, ``INTRCPT2`` or such as ``FEMALE``; else empty.
    """

    coefficient: str
    term: str
    symbol: str
    estimate: Printed
    se: Printed
    t: Printed
    df: Printed
    p: Printed
    level2: str = ""

    @property
    def name(self) -> str:
        """Its variables from level 1 upward: ``SES, SECTOR`` or ``YEAR, INTRCPT2, INTRCPT3``."""
        return ", ".join(filter(None, (self.coefficient, self.level2, self.term)))


@dataclass(frozen=True, slots=True)
class HlmComponent:
    """A row of the table of variance components; chi-square, df and p are None where HLM prints none.

    Attributes
    ----------
    name, symbol : str
        ``SES`` and ``U1``; ``YEAR/INTRCPT2`` and ``U10`` of level 3; ``level-1`` and ``R``, with three levels ``E``.
    sd, variance : Printed
        Its size.
    df, chi2, p : Printed or None
        The chi-square test.
    grouping : int
        0: of level 2, or of the rows of a crossed model, or the residual; 1: of level 3, or of its columns.
    """

    name: str
    symbol: str
    sd: Printed
    variance: Printed
    df: Printed | None
    chi2: Printed | None
    p: Printed | None
    grouping: int = 0

    @property
    def is_residual(self) -> bool:
        """Whether it is the level-1 variance."""
        return self.symbol in ("R", "E")


@dataclass(frozen=True, slots=True)
class HlmMatrices:
    """What HLM printed of a grouping before its final tables; what the text does not have is empty.

    Attributes
    ----------
    labels : tuple of str, (q,)
        Variables whose coefficient is random: ``YEAR``, of level 3 ``YEAR/INTRCPT2``.
    covariances, correlations : tuple of tuple of Printed, (q, q)
        Variances and covariances; correlations.
    reliability_labels : tuple of str
        Variables of `reliability`.
    reliability : tuple of Printed
        Reliability estimates.
    """

    labels: tuple[str, ...] = ()
    covariances: tuple[tuple[Printed, ...], ...] = ()
    correlations: tuple[tuple[Printed, ...], ...] = ()
    reliability_labels: tuple[str, ...] = ()
    reliability: tuple[Printed, ...] = ()


@dataclass(frozen=True, slots=True)
class HlmOutput:
    """What HLM printed; what the text does not have is None or empty.

    Attributes
    ----------
    outcome : str
        Name of the outcome; empty where it is not said.
    method : "REML", "ML" or None
        Restricted or full maximum likelihood, where the text says it.
    n_groups : tuple of int
        Units of level 2 and of level 3, or rows and columns, as far as the text says how many.
    sigma2 : Printed or None
        Level-1 variance.
    tau_labels : tuple of str, (q,)
        Level-1 variables with a random coefficient at level 2, or over the rows of a crossed model.
    tau, tau_correlations : tuple of tuple of Printed, (q, q)
        Variances and covariances, as HLM prints them; correlations.
    reliability : tuple of Printed, (q,)
        Reliability estimates, in the order of ``reliability_labels``.
    second : HlmMatrices
        The same of level 3, or of the columns of a crossed model.
    fixed, robust : tuple of HlmEffect
        Final estimation of fixed effects, and the one with robust standard errors.
    components : tuple of HlmComponent
        Final estimation of variance components.
    deviance, n_parameters : Printed or None
        Deviance and the number of parameters HLM counts.
    """

    outcome: str
    method: Literal["REML", "ML"] | None
    n_groups: tuple[int, ...]
    sigma2: Printed | None
    tau_labels: tuple[str, ...]
    tau: tuple[tuple[Printed, ...], ...]
    tau_correlations: tuple[tuple[Printed, ...], ...]
    reliability_labels: tuple[str, ...]
    reliability: tuple[Printed, ...]
    second: HlmMatrices
    fixed: tuple[HlmEffect, ...]
    robust: tuple[HlmEffect, ...]
    components: tuple[HlmComponent, ...]
    deviance: Printed | None
    n_parameters: Printed | None

    @property
    def first(self) -> HlmMatrices:
        """The matrices and reliabilities of level 2, or of the rows, as one object like `second`."""
        return HlmMatrices(self.tau_labels, self.tau, self.tau_correlations, self.reliability_labels, self.reliability)

    def fixed_effects(self, robust: bool = False) -> pd.DataFrame:
        """Fixed effects, indexed by HLM's symbol.

        Parameters
        ----------
        robust : bool
            The table with robust standard errors, in place of the first.
        """
        rows = self.robust if robust else self.fixed
        level2 = ("level2",) if any(row.level2 for row in rows) else ()
        columns = ("coefficient", *level2, "term", "estimate", "se", "t", "df", "p")
        table = pd.DataFrame([[getattr(row, name) for name in columns] for row in rows], columns=list(columns))
        return table.set_axis(pd.Index([row.symbol for row in rows], name="symbol"))

    def variance_components(self) -> pd.DataFrame:
        """Variance components, indexed by HLM's symbol."""
        columns = ("name", "sd", "variance", "df", "chi2", "p")
        rows = [[getattr(row, name) for name in columns] for row in self.components]
        return pd.DataFrame(rows, columns=list(columns), index=pd.Index([row.symbol for row in self.components]))
