"""Which level-1 coefficient a user means: by its symbol, its expression or its column."""

from __future__ import annotations

from collections.abc import Sequence

from bayeshlm.design.coefficient_columns import coefficient_columns
from bayeshlm.design.design import Design
from bayeshlm.design.level1 import source_column
from bayeshlm.equations import canonical
from bayeshlm.errors import OptionError


def find_coefficient(design: Design, name: str | None, among: Sequence[str], argument: str = "coefficient") -> str:
    """Label of the coefficient that a user names.

    Parameters
    ----------
    design : Design
    name : str or None
        A label or symbol (``"b1"``, ``"b1[Black]"``), an expression (``"cwc(ses)"``), a column (``"ses"``) or a random
        effect (``"u1"``). None stands for the only one that there is.
    among : sequence of str
        Labels of the coefficients that may be meant; at least one.
    argument : str
        What the user passes the name as, for the message.

    Raises
    ------
    OptionError
        Nothing, or more than one coefficient, goes by that name; the message lists the choices.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> design = hlm.open_model("hsb-slopes-as-outcomes-full").design
    >>> find_coefficient(design, "ses", ["b0", "b1"]), find_coefficient(design, "β_0j", ["b0", "b1"])
    ('b1', 'b0')
    """
    choices = ", ".join(f"{label} ({_expression(design, label)})" for label in among)
    if name is None:
        if len(among) == 1:
            return among[0]
        raise OptionError(f'there are several coefficients: pass {argument}="...", one of {choices}')
    if not isinstance(name, str):
        raise OptionError(f"{argument}={name!r} must be the name of a coefficient: one of {choices}")
    names = {label: _names(design, label) for label in among}
    found = [label for label in among if label == name]
    found = found or [label for label in among if name in names[label]]
    found = found or [label for label in among if canonical(name) in names[label]]
    if len(found) == 1:
        return found[0]
    if found:
        raise OptionError(f"{argument}={name!r} could be any of {', '.join(found)}: name one of them")
    raise OptionError(f"{argument}={name!r} is none of the coefficients in question: {choices}")


def find_level1_slope(design: Design, name: str | None, argument: str = "x") -> str:
    """Label of the slope that a user names; None stands for the only one, or else for the only random one.

    Raises
    ------
    OptionError
        The model has no slope, not this one, or several and none is named.
    """
    slopes = [column.label for column in design.coefficients if column.expression != "1"]
    if not slopes:
        raise OptionError(
            "the model has no level-1 variable to draw lines along: its level-1 equation is an intercept and a"
            " residual. plot.caterpillar() shows the groups"
        )
    varying = {column.path[0] for column in design.predictor.deviations}
    random = [label for label in slopes if label in varying]
    return find_coefficient(design, name, random if name is None and len(random) == 1 else slopes, argument)


def find_random_coefficient(
    design: Design, name: str | None, argument: str = "coefficient", grouping: int | None = None
) -> str:
    """Label of the coefficient with a random effect that a user names; None stands for the only one.

    Parameters
    ----------
    design : Design
    name, argument
        As in `find_coefficient`.
    grouping : int, optional
        Position of the grouping whose effects may be meant; all by default.

    Raises
    ------
    OptionError
        There is no such coefficient, or several and none is named.
    """
    where = design.predictor if grouping is None else design.predictor.random[grouping]
    return find_coefficient(design, name, [column.coefficient for column in where.deviations], argument)


def find_slope_of_groups(design: Design, name: str | None, grouping: int) -> str:
    """Label of the slope with a random effect of a grouping that a user names; None stands for the only one.

    Raises
    ------
    OptionError
        Its groups have no random slope, not this one, or several and none is named.
    """
    term = design.predictor.random[grouping]
    slopes = [column.coefficient for column in term.deviations if column.expression != "1"]
    if not slopes:
        raise OptionError(
            f"the groups of {term.grouping!r} have no random slope: they lie as far apart everywhere, by the SD of"
            " their intercepts"
        )
    return find_coefficient(design, name, slopes, "x")


def find_random_slope(design: Design, name: str | None) -> str:
    """Label of the slope with a random effect that a user names; None stands for the only one.

    With several groupings slopes along one expression go by one name, for their variances add up along it: the label
    is that of the first.

    Raises
    ------
    OptionError
        The model has no random slope, not this one, or several and none is named.
    """
    design.outcome.require_normal("The variance along a slope")
    design.outcome.require_one_sd("The variance along a slope")
    slopes = [column.coefficient for column in design.random if column.expression != "1"]
    if not slopes:
        raise OptionError(
            "the model has no random slope: the variance of the outcome given the predictors is the same everywhere,"
            " tau_u0^2 + sigma^2"
        )
    if len(design.groupings) == 1:
        return find_coefficient(design, name, slopes, "x")
    first: dict[str, str] = {}
    of: dict[str, str] = {}
    for column in design.random:
        if column.expression != "1":
            label = first.setdefault(column.name, column.coefficient)
            of |= {column.coefficient: label, column.label: label}
    return of[name] if name in of else find_coefficient(design, name, list(first.values()), "x")


def _expression(design: Design, label: str) -> str:
    text = coefficient_columns(design)[label].expression
    return "the intercept" if text == "1" else text


def _names(design: Design, label: str) -> set[str]:
    column = coefficient_columns(design)[label]
    effects = {
        name for effect in design.random if effect.coefficient == label for name in (effect.label, effect.symbol)
    }
    names = {column.label, column.symbol, *effects}
    if column.expression != "1":
        names |= {column.expression, source_column(design, label) or column.expression}
    return names
