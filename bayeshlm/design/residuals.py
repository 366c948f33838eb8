"""`Residuals`: how the level-1 residuals of an outcome count, the one record of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bayeshlm.design.level1_model import Level1Model
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.families.family import ALPHA, RHO, Auxiliary

type Auxiliaries = tuple[tuple[Auxiliary, int], ...]
"""Parameters beside those of the predictor, each with how many numbers it is."""


@dataclass(frozen=True, slots=True)
class Residuals:
    """What is known of the level-1 residuals, and what is modeled; by default they are independent with one SD.

    Attributes
    ----------
    known : {"", "sd", "cov"}
        The SD of each row's is known, or the covariances of those of a group: sigma is no parameter.
    spread : tuple of str
        Labels of the coefficients (alpha) of the equation of their SD, which stand in the place of sigma.
    spread_effect : bool
        Their SD varies between groups beyond its equation: the last random effect is that of its logarithm.
    correlation : {"", "ar1", "cs"}
        Pattern of the correlations of those of a group, whose parameter is rho.
    lowest : float
        Lower bound of rho.
    """

    known: Literal["", "sd", "cov"] = ""
    spread: tuple[str, ...] = ()
    spread_effect: bool = False
    correlation: Literal["", "ar1", "cs"] = ""
    lowest: float = -1.0

    @classmethod
    def of(cls, spec: ModelSpec, level1: Level1Model | None = None) -> Residuals:
        """What the equations say, and the rows' model where they have one."""
        if level1 is not None:
            return cls("", level1.labels, level1.effect > 0, level1.correlation, level1.lowest)
        known = spec.residual_spread
        return cls() if known is None else cls("cov" if known.function == "cov" else "sd")

    @property
    def modeled(self) -> bool:
        """Whether they have an equation of their SD, or are correlated: the rows have a `Level1Model`."""
        return bool(self.spread or self.correlation)

    @property
    def one_sd(self) -> bool:
        """Whether all rows have one variance, which is estimated, and variances between groups can be set against."""
        return not self.not_one_sd

    @property
    def not_one_sd(self) -> str:
        """Why they have no one variance that is estimated; empty where they have."""
        if self.known:
            return "are known and differ from row to row"
        return "have an equation of their SD, by which it differs from row to row" if self.spread else ""

    @property
    def not_independent(self) -> str:
        """Why they are neither independent nor made so by known covariances; empty where they are."""
        return f"are correlated ({self.correlation})" if self.correlation else ""

    def auxiliary(self, of_family: Auxiliaries) -> Auxiliaries:
        """The parameters of a distribution with such residuals.

        Examples
        --------
        >>> from bayeshlm.families import FAMILIES
        >>> of_family = ((FAMILIES["Normal"].auxiliary[0], 1),)
        >>> found = Residuals(spread=("a0", "a1"), correlation="ar1").auxiliary(of_family)
        >>> [(one.name, count) for one, count in found], Residuals("sd").auxiliary(of_family)
        ([('alpha', 2), ('rho', 1)], ())
        """
        of_sd = ((ALPHA, len(self.spread)),) if self.spread else () if self.known else of_family
        return (*of_sd, *(((RHO, 1),) if self.correlation else ()))


ONE_SD = Residuals()
"""Independent with one SD, which is estimated."""
