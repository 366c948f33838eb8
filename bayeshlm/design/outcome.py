"""`Outcome`: what the values of an outcome are and which distribution they have."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from bayeshlm.design.residuals import ONE_SD, Auxiliaries, Residuals
from bayeshlm.errors import OptionError
from bayeshlm.families import FAMILIES, Family


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
    residuals : Residuals
        How those of level 1 count; as they are by default where the outcome is not normal.
    """

    name: str
    family_name: str = "Normal"
    link: str = "identity"
    categories: tuple[str, ...] = ()
    residuals: Residuals = ONE_SD

    @property
    def family(self) -> Family:
        """The record of the distribution."""
        return FAMILIES[self.family_name]

    @property
    def auxiliary(self) -> Auxiliaries:
        """The parameters beside those of the predictor, each with how many numbers it is."""
        several = len(self.categories) - 1
        own = tuple((one, several if one.support == "increasing" else 1) for one in self.family.auxiliary)
        return self.residuals.auxiliary(own)

    @property
    def auxiliary_effects(self) -> tuple[tuple[str, str], ...]:
        """Name of each number of the auxiliary parameters, and its effect: two categories, or a coefficient of the SD.

        Examples
        --------
        >>> Outcome("y").auxiliary_effects, Outcome("rating", "Ordinal", "logit", ("1", "2", "3")).auxiliary_effects
        ((('sigma', ''),), (('cutpoint', '1|2'), ('cutpoint', '2|3')))
        """
        between = tuple(f"{low}|{high}" for low, high in pairwise(self.categories))
        effects = {"increasing": between, "real": self.residuals.spread}
        return tuple((one.name, effect) for one, _ in self.auxiliary for effect in effects.get(one.support, ("",)))

    @property
    def is_normal(self) -> bool:
        """Normal given an additive predictor."""
        return (self.family_name, self.link) == ("Normal", "identity")

    @property
    def has_sigma(self) -> bool:
        """Normal with one level-1 SD, which is estimated."""
        return self.is_normal and self.residuals.one_sd

    @property
    def is_jointly_normal(self) -> bool:
        """Normal together with all random effects, given the parameters: these are integrated out exactly."""
        return self.is_normal and not self.residuals.spread_effect

    @property
    def has_closed_forms(self) -> bool:
        """Normal, with independent residuals of one SD, or with known SDs or covariances: what cross-products say."""
        return self.is_normal and not self.residuals.modeled

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

    def scatter(self, most: float) -> str:
        """What a row alone does not tell from a deviation of its predictor, in words; empty of counts and of trials.

        Parameters
        ----------
        most : float
            The largest outcome, or number of trials.
        """
        if self.residuals.known:
            return ""
        if self.auxiliary:
            return f"within groups ({', '.join(one.name for one, _ in self.auxiliary)})"
        return "" if most > 1 else "the chance of a single trial"

    def require_normal(self, doing: str) -> None:
        """Refuse what is defined for normal outcomes only; `doing`, such as ``"REML"``, begins the sentence.

        Raises
        ------
        OptionError
        """
        if not self.is_normal:
            raise OptionError(f"{doing} is defined for normal outcomes only, and {self.name!r} is {self.family_name}")

    def require_one_sd(self, doing: str, instead_of_known: str = "") -> None:
        """Refuse what is defined for level-1 residuals of one variance, which is estimated.

        Parameters
        ----------
        doing : str
            With which the sentence begins.
        instead_of_known : str, optional
            How it goes on where they are known.

        Raises
        ------
        OptionError
        """
        behind = f": {instead_of_known}" if self.residuals.known and instead_of_known else ""
        self._require(doing, "of one variance", self.residuals.not_one_sd, behind)

    def require_independent(self, doing: str) -> None:
        """Refuse what is defined for level-1 residuals that are independent, or made so by known covariances.

        Raises
        ------
        OptionError
        """
        self._require(doing, "that are independent", self.residuals.not_independent)

    def _require(self, doing: str, which: str, reason: str, behind: str = "") -> None:
        if reason:
            raise OptionError(
                f"{doing} is defined for level-1 residuals {which}, and those of {self.name!r} {reason}{behind}"
            )
