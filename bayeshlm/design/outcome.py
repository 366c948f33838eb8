"""`Outcome`: what the values of an outcome are and which distribution they have."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from bayeshlm.errors import OptionError
from bayeshlm.families import FAMILIES, Family
from bayeshlm.families.family import Auxiliary


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
    """

    name: str
    family_name: str = "Normal"
    link: str = "identity"
    categories: tuple[str, ...] = ()
    known_sd: bool = False

    @property
    def family(self) -> Family:
        """The record of the distribution."""
        return FAMILIES[self.family_name]

    @property
    def auxiliary(self) -> tuple[tuple[Auxiliary, int], ...]:
        """The parameters beside those of the predictor, each with how many numbers it is."""
        several = len(self.categories) - 1
        estimated = () if self.known_sd else self.family.auxiliary
        return tuple((one, several if one.support == "increasing" else 1) for one in estimated)

    @property
    def auxiliary_effects(self) -> tuple[tuple[str, str], ...]:
        """Name of each number of the auxiliary parameters, and between which categories it stands, if it does.

        Examples
        --------
        >>> Outcome("y").auxiliary_effects, Outcome("rating", "Ordinal", "logit", ("1", "2", "3")).auxiliary_effects
        ((('sigma', ''),), (('cutpoint', '1|2'), ('cutpoint', '2|3')))
        """
        between = tuple(f"{low}|{high}" for low, high in pairwise(self.categories))
        return tuple(
            (one.name, effect)
            for one, _ in self.auxiliary
            for effect in (between if one.support == "increasing" else ("",))
        )

    @property
    def is_normal(self) -> bool:
        """Normal given an additive predictor: what closed forms, REML and cross-products take."""
        return (self.family_name, self.link) == ("Normal", "identity")

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
