"""The distribution that a statistical program's options name -> `Distribution`."""

from __future__ import annotations

from bayeshlm.equations.distribution import NORMAL, Distribution, Total
from bayeshlm.equations.notations.formula_tokens import FormulaToken
from bayeshlm.equations.product import Column, Span
from bayeshlm.equations.tokens import equation_error
from bayeshlm.families import FAMILIES

SAS_FAMILIES = {
    "normal": "Normal", "gaussian": "Normal", "gauss": "Normal",
    "binary": "Bernoulli", "binomial": "Bernoulli", "bin": "Bernoulli",
    "poisson": "Poisson", "poi": "Poisson", "negbinomial": "NegativeBinomial", "negbin": "NegativeBinomial",
    "nb": "NegativeBinomial", "gamma": "Gamma", "gam": "Gamma", "beta": "Beta", "tcentral": "StudentT",
    "tdist": "StudentT", "t": "StudentT", "multinomial": "Ordinal", "mult": "Ordinal", "multi": "Ordinal",
}  # fmt: skip
STATA_FAMILIES = {
    "gaussian": "Normal", "gauss": "Normal", "normal": "Normal", "bernoulli": "Bernoulli", "bern": "Bernoulli",
    "binomial": "Bernoulli", "binom": "Bernoulli", "poisson": "Poisson", "pois": "Poisson",
    "nbinomial": "NegativeBinomial", "nbreg": "NegativeBinomial", "gamma": "Gamma", "gamm": "Gamma", "beta": "Beta",
    "ordinal": "Ordinal",
}  # fmt: skip
_LINKS = {
    "id": "identity", "normit": "probit", "loglog": "", "cll": "cloglog", "ccll": "", "clogit": "logit",
    "cumlogit": "logit", "cumprobit": "probit", "glogit": "",
}  # fmt: skip


def family_name(text: str, given: FormulaToken, known: dict[str, str]) -> str:
    """The name here of a family of SAS or Stata.

    Raises
    ------
    EquationError
        If there is none of that name.
    """
    found = known.get(given.value.casefold())
    if found is None:
        raise equation_error(text, given.span, f"there is no family `{given.value}` here: there are {', '.join(known)}")
    return found


def distribution(
    text: str, family: str, place: Span, link: FormulaToken | None = None, size: Column | Total | int | None = None
) -> Distribution:
    """The distribution of a family of `bayeshlm.families.FAMILIES`.

    Parameters
    ----------
    text : str
        The program, which errors quote.
    family : str
    place : tuple of int
        Where the text names the family.
    link : FormulaToken, optional
        The link as the text has it; by default the family's usual one.
    size : Column, Total or int, optional
        The number of trials, if the text gives one.

    Raises
    ------
    EquationError
        If the family has no such link, or no trials.

    Examples
    --------
    >>> distribution("mepoisson y", "Poisson", (0, 9)).link
    'log'
    """
    if size is not None:
        if family not in ("Bernoulli", "Binomial"):
            raise equation_error(text, place, "an outcome with a number of trials is binomial: name that family")
        family = "Binomial"
    record = FAMILIES[family]
    name = record.links[0]
    if link is not None:
        folded = link.value.casefold()
        name = _LINKS.get(folded, folded)
        if name not in record.links:
            message = f"there is no link `{link.value}` of a {family} outcome here: there are {', '.join(record.links)}"
            raise equation_error(text, link.span, message)
    if family == NORMAL.family:
        return NORMAL
    symbols = (record.location, *(one.name for one in record.auxiliary if one.support == "positive"))
    return Distribution(family, name, symbols, size)
