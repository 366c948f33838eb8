"""`Outcome`: what the values of an outcome are and which distribution they have."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from bayeshlm.errors import OptionError
from bayeshlm.families import FAMILIES, Family
from bayeshlm.families.family import ALPHA, RHO, Auxiliary


@dataclass(frozen=True, slots=True)
class Outcome:
    """The distribution of an outcome given its linear predictor.

    Attributes
    ----------
    name : str
        The column.
    family_name, link : str
    categories : tuple of str
        Of ordered categories, from the lowest; the outcome's numbers are their positions. Empty for other outcomes.
    known_sd : bool
        The SD of each row's level-1 residual is known: sigma is no parameter.
    known_covariance : bool
        The covariances of the rows of a group are known as well: their residuals are not independent.
    spread : tuple of str
        Labels of the coefficients (alpha) of the equation of the level-1 SD, which stand in the place of sigma.
    correlation : {"", "ar1", "cs"}
        Pattern of the correlations of the level-1 residuals of a group, whose parameter is rho.
    lowest : float
        Lower bound of rho.
    spread_effect : bool
        The level-1 SD varies between groups beyond its equation: the last random effect is that of its logarithm.
    """

    name: str
    family_name: str = "Normal"
    link: str = "identity"
    categories: tuple[str, ...] = ()
    known_sd: bool = False
    spread: tuple[str, ...] = ()
    correlation: Literal["", "ar1", "cs"] = ""
    lowest: float = -1.0
    spread_effect: bool = False
    known_covariance: bool = False

    @property
    def family(self) -> Family:
        """The record of the distribution."""
        return FAMILIES[self.family_name]

    @property
    def auxiliary(self) -> tuple[tuple[Auxiliary, int], ...]:
        """The parameters beside those of the predictor, each with how many numbers it is."""
        several = len(self.categories) - 1
        estimated = () if self.known_sd or self.spread else self.family.auxiliary
        found = tuple((one, several if one.support == "increasing" else 1) for one in estimated)
        of_sd = ((ALPHA, len(self.spread)),) if self.spread else ()
        return (*found, *of_sd, *(((RHO, 1),) if self.correlation else ()))

    @property
    def auxiliary_effects(self) -> tuple[tuple[str, str], ...]:
        """Name of each number of the auxiliary parameters, and its effect: two categories, or a coefficient of the SD.

        Examples
        --------
        >>> Outcome("y").auxiliary_effects, Outcome("rating", "Ordinal", "logit", ("1", "2", "3")).auxiliary_effects
        ((('sigma', ''),), (('cutpoint', '1|2'), ('cutpoint', '2|3')))
        """
        between = tuple(f"{low}|{high}" for low, high in pairwise(self.categories))
        effects = {"increasing": between, "real": self.spread}
        return tuple((one.name, effect) for one, _ in self.auxiliary for effect in effects.get(one.support, ("",)))

    @property
    def has_level1_model(self) -> bool:
        """The residuals have an equation of their SD, or are correlated."""
        return bool(self.spread or self.correlation)

    @property
    def has_closed_forms(self) -> bool:
        """Normal, with independent residuals of one SD, or with known SDs or covariances: what cross-products say."""
        return self.is_normal and not self.has_level1_model

    @property
    def has_shares(self) -> bool:
        """Level 1 has one variance for all rows, which variances between groups can be set against."""
        return not self.known_sd and not self.spread

    @property
    def is_normal(self) -> bool:
        """Normal given an additive predictor: u has a closed form, and REML is defined."""
        return (self.family_name, self.link) == ("Normal", "identity")

    @property
    def has_reml(self) -> bool:
        """REML is defined: normal, and all random effects are integrated out exactly."""
        return self.is_normal and not self.spread_effect

    @property
    def ratio(self) -> str:
        """What ``exp(gamma)`` of an effect is: ``"odds ratio"``; empty where it is nothing.

        Examples
        --------
        >>> Outcome("y", "Poisson", "log").ratio, Outcome("y").ratio
        ('rate ratio', '')
        """
        log = "rate ratio" if self.family.discrete else "ratio of means"
        return {"logit": "odds ratio", "cloglog": "hazard ratio", "log": log}.get(self.link, "")

    def require_one_sd(self, doing: str, instead: str = "") -> None:
        """Refuse what is defined for level-1 residuals of one variance, which is estimated.

        Parameters
        ----------
        doing : str
            With which the sentence begins.
        instead : str, optional
            How it goes on.

        Raises
        ------
        OptionError
        """
        if self.known_sd:
            behind = f": {instead}" if instead else ""
            raise OptionError(
                f"{doing} is defined for level-1 residuals of one variance, and those of {self.name!r} are known and"
                f" differ from row to row{behind}"
            )
        if self.spread:
            raise OptionError(
                f"{doing} is defined for level-1 residuals of one variance, and those of {self.name!r} have an equation"
                " of their SD, by which it differs from row to row"
            )

    def require_independent(self, doing: str) -> None:
        """Refuse what is defined for level-1 residuals that are independent, or made so by known covariances.

        Parameters
        ----------
        doing : str
            With which the sentence begins.

        Raises
        ------
        OptionError
        """
        if self.correlation:
            raise OptionError(
                f"{doing} is defined for level-1 residuals that are independent, and those of {self.name!r} are"
                f" correlated ({self.correlation})"
            )

    def scatter(self, most: float) -> str:
        """What a row alone does not tell from a deviation of its predictor, in words; empty of counts and of trials.

        Parameters
        ----------
        most : float
            The largest outcome, or number of trials.
        """
        if self.known_sd:
            return ""
        if self.auxiliary:
            return f"within groups ({', '.join(one.name for one, _ in self.auxiliary)})"
        return "" if most > 1 else "the chance of a single trial"

    def require_normal(self, doing: str) -> None:
        """Refuse what is defined for normal outcomes only.

        Parameters
        ----------
        doing : str
            What is, such as ``"REML"``, with which the sentence begins.

        Raises
        ------
        OptionError
        """
        if not self.is_normal:
            raise OptionError(f"{doing} is defined for normal outcomes only, and {self.name!r} is {self.family_name}")
