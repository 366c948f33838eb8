"""The functions that an expression may call, and the options they take."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from bayeshlm.equations.product import Call, Factor, Option, Span
from bayeshlm.equations.tokens import equation_error

FUNCTIONS = ("cwc", "cgm", "mean", "scale", "log", "exp", "sqrt", "C", "poly", "bs", "offset")
SEVERAL_COLUMNS = ("C", "poly", "bs")
TAKES_CATEGORIES = ("cwc", "cgm", "mean", "scale")
_OTHER_NAMES = {"factor": "C", "center": "cgm", "centre": "cgm", "ave": "mean", "ns": "bs", "std": "scale"}
_USAGE = {
    "C": 'C(x), C(x, ref="Public"), C(x, last) or C(x, sum)',
    "poly": "poly(x, 2) or poly(x, degree=2, raw=True)",
    "bs": "bs(x, df=4) or bs(x, df=4, degree=3)",
}
_POSITIONAL = {"poly": "degree", "bs": "df"}
_INTEGERS = {"poly": ("degree",), "bs": ("df", "degree")}


@dataclass(frozen=True, slots=True)
class GivenOption:
    """An option as the text gives it: ``name`` is None by position, ``bare`` is a name without quotes."""

    name: str | None
    value: Option
    bare: bool
    span: Span


def check_function(text: str, span: Span, function: str) -> None:
    """Refuse a function that is not on the list, naming the nearest that is."""
    if function in FUNCTIONS:
        return
    by_case = {known.casefold(): known for known in FUNCTIONS}
    near = get_close_matches(function.casefold(), by_case, n=1, cutoff=0.5)
    meant = _OTHER_NAMES.get(function.casefold()) or (by_case[near[0]] if near else None)
    message = f"there is no function `{function}`; the functions are {', '.join(FUNCTIONS)}"
    raise equation_error(text, span, message + (f"; did you mean `{meant}`?" if meant else ""))


def has_several_columns(factor: Factor, functions: tuple[str, ...] = SEVERAL_COLUMNS) -> bool:
    """Whether one of the functions stands in a factor, so that it has a column for each category or basis."""
    if not isinstance(factor, Call):
        return False
    return factor.function in functions or any(
        has_several_columns(inner, functions) for inner in factor.argument.factors
    )


def normalize_options(text: str, span: Span, function: str, given: list[GivenOption]) -> tuple[tuple[str, Option], ...]:
    """Check the options of a call and bring them into one form.

    Parameters
    ----------
    text : str
        The equations.
    span : tuple of int
        The function's name in the text.
    function : str
        One of ``FUNCTIONS``.
    given : list of GivenOption
        What the text gives behind the argument.

    Returns
    -------
    tuple of (name, value)
        ``ref`` or ``coding`` of ``C``, the latter ``sum`` or ``last``, by which the last level is the reference;
        ``degree`` and, if true, ``raw`` of ``poly``; ``df`` and ``degree`` of ``bs``; each in this order.
    """
    if given and function not in _USAGE:
        raise equation_error(text, given[0].span, f"`{function}` takes no options: write {function}(x)")
    options: dict[str, Option] = {}
    for option in given:
        name, value = _read_option(text, function, option)
        if name in options:
            raise equation_error(text, option.span, f"`{name}` of `{function}` is given twice")
        options[name] = value
    if function == "C" and len(options) > 1:
        raise equation_error(text, given[1].span, f"these options exclude each other: {_usage('C')}")
    if function == "poly" and "degree" not in options:
        raise equation_error(text, span, f"`poly` needs its degree: {_usage('poly')}")
    if function == "bs" and "df" in options and int(options["df"]) < int(options.get("degree", 3)):
        degree = options.get("degree", 3)
        raise equation_error(text, span, f"`bs` of degree {degree} needs a df of at least {degree}")
    return tuple(
        (name, options[name])
        for name in ("ref", "coding", "df", "degree", "raw")
        if name in options and options[name] is not False
    )


def _read_option(text: str, function: str, option: GivenOption) -> tuple[str, Option]:
    name = option.name or _POSITIONAL.get(function)
    value = option.value
    if function == "C":
        if option.name is None and option.bare and value in ("sum", "last"):
            return "coding", value
        if option.name == "ref" and not option.bare and not isinstance(value, bool):
            return "ref", value
        if option.name in (None, "ref") and isinstance(value, str):
            raise equation_error(
                text, option.span, f'a reference category is given by name and in quotes, ref="{value}": {_usage("C")}'
            )
    elif name in _INTEGERS[function]:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return name, value
        raise equation_error(text, option.span, f"`{name}` is a whole number from 1: {_usage(function)}")
    elif function == "poly" and name == "raw" and isinstance(value, bool):
        return "raw", value
    raise equation_error(text, option.span, f"`{function}` has no such option: {_usage(function)}")


def _usage(function: str) -> str:
    return f"write {_USAGE[function]}"
