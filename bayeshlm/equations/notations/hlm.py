"""ModelSpec -> the equations as the program HLM prints them, level by level, with its sentences about centering."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bayeshlm.equations.notations.made_in_words import in_words, needed
from bayeshlm.equations.notations.nested_names import is_nested
from bayeshlm.equations.notations.prepared import Made, Preparation, column_names
from bayeshlm.equations.notations.writer import Asked, Writer, refused
from bayeshlm.equations.product import Call, Column, Product
from bayeshlm.equations.spec import FixedTerm, LevelEquation, ModelSpec

_LETTERS = {2: ("β", "j", "r"), 3: ("π", "jk", "e")}
_OTHERS = "HLM's equations are written for normal, Bernoulli, Binomial and Poisson outcomes with their usual links, not"


def to_hlm(asked: Asked) -> str:
    """Write a specification as HLM2, HLM3 or HCM2 print it; comments begin with ``#``.

    HLM's models are made in menus, of columns that are in its data: the columns that have to be made before are named.
    Columns whose names do not end in a capital or a digit have an underscore before their subscripts, so that the text
    can be read again.

    Raises
    ------
    EquationError
        For more than three levels, distributions that HLM has not, and predictors of crossed groupings.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("MATH = b0 + b1*cwc(SES) + r; b0 = g00 + g01*SIZE + u0; b1 = g10 + u1")
    >>> print(to_hlm(Asked(spec, ("school",), {})))
    Level-1 Model
        MATHij = β0j + β1j*(SESij) + rij
    Level-2 Model
        β0j = γ00 + γ01*(SIZEj) + u0j
        β1j = γ10 + u1j
    SES has been centered around the group mean.
    """
    columns = Preparation(asked, "HLM", lambda name: re.fullmatch(r"[A-Za-z]\w*", name, re.A) is not None)
    spec = columns.joined()
    nested = is_nested(spec)
    if len(spec.levels) + (not nested) > 3:
        raise refused(asked.spec, "HLM", "has its equations written here for two or three levels, or for one crossing")
    used = [name for one in spec.expressions for name in column_names(one)]
    centered = _centered(columns, spec, used)
    shown = {name: made.of[0] for name, made in centered.items()}
    lines = _crossed(columns, spec, asked.spec, shown) if not nested else _nested(columns, spec, asked.spec, shown)
    lines += [
        f"{shown[name]} has been centered around the {'group' if made.within else 'grand'} mean."
        for name, made in centered.items()
    ]
    columns_in_file = [shown.get(name, name) for name in (*used, _outcome_column(columns, asked.spec))]
    columns_in_file += [columns.trials] if isinstance(columns.trials, str) else []
    notes = [f"# a column of the data: {in_words(made)}" for made in needed(columns.made, columns_in_file)]
    notes += ["# the data hold the complete rows alone"] if asked.incomplete else []
    return "\n".join([*notes, *_independent(asked.spec), *lines])


def _centered(columns: Preparation, spec: ModelSpec, used: Sequence[str]) -> dict[str, Made]:
    """The centered columns of which HLM has a sentence: those that stand in the equations in one way only."""
    made = {one.name: one for one in columns.made if one.operation == "center" and one.name in used}
    ways = [made[name].of[0] if name in made else name for name in dict.fromkeys(used)]
    return {name: one for name, one in made.items() if ways.count(one.of[0]) == 1 and _stands_once(spec, name)}


def _stands_once(spec: ModelSpec, name: str) -> bool:
    return sum(any(name in column_names(one) for one in level) for level in spec.expressions_by_level) == 1


def _nested(columns: Preparation, spec: ModelSpec, given: ModelSpec, shown: Mapping[str, str]) -> list[str]:
    deep = len(spec.levels)
    letter, above, residual = _LETTERS[deep]
    numbers = _numbers([term.expression for term in spec.level1])
    coefficients = [f"{letter}{number}{above}" for number in numbers]
    terms = [
        _term(name, one.expression, shown, f"i{above}") for name, one in zip(coefficients, spec.level1, strict=True)
    ]
    lines = ["Level-1 Model", *_outcome(columns, given, terms, f"i{above}", above, f"{residual}i{above}")]
    lines.append("Level-2 Model")
    top = ["Level-3 Model"]
    with_line = {line.coefficient: line for line in spec.equations}
    for number, coefficient, one in zip(numbers, coefficients, spec.level1, strict=True):
        line = with_line[one.coefficient]
        if deep == 2:
            lines.append(
                _line(
                    coefficient, line.fixed, f"γ{number}", "", "j", shown, [f"u{number}j"] * bool(line.random_effects)
                )
            )
            continue
        own = [f"r{number}jk"] * any(effect.grouping == 0 for effect in line.random_effects)
        outer = any(effect.grouping == 1 for effect in line.random_effects)
        fixed = line.fixed
        if outer and not any(term.expression.is_constant for term in fixed):
            fixed = (FixedTerm("", Product()), *fixed)
        lines.append(_line(coefficient, fixed, f"β{number}", "k", "jk", shown, own))
        for place, term in zip(_numbers([term.expression for term in fixed]), fixed, strict=True):
            top.append(_highest(f"{number}{place}", term, with_line, shown, outer))
    return lines + (top if deep == 3 else [])


def _highest(
    index: str, term: FixedTerm, with_line: Mapping[str, LevelEquation], shown: Mapping[str, str], outer: bool
) -> str:
    """A line of level 3; `outer`: its intercept has the effect of a level-3 unit that stands in the line below."""
    line = with_line.get(
        term.symbol, LevelEquation(term.symbol, (FixedTerm(term.symbol, Product()),) if term.symbol else ())
    )
    has_effect = bool(line.random_effects) or (outer and term.expression.is_constant)
    return _line(f"β{index}k", line.fixed, f"γ{index}", "", "k", shown, [f"u{index}k"] * has_effect)


def _line(
    left: str,
    fixed: Sequence[FixedTerm],
    stem: str,
    behind: str,
    units: str,
    shown: Mapping[str, str],
    effects: list[str],
) -> str:
    numbers = _numbers([term.expression for term in fixed])
    terms = [
        _term(f"{stem}{number}{behind}", term.expression, shown, units)
        for number, term in zip(numbers, fixed, strict=True)
    ]
    return f"    {left} = {' + '.join([*terms, *effects])}"


def _crossed(columns: Preparation, spec: ModelSpec, given: ModelSpec, shown: Mapping[str, str]) -> list[str]:
    """HCM2: the first grouping is the rows, the second the columns."""
    if len(spec.groupings) != 2:
        raise refused(given, "HCM2 of HLM", f"has two crossed groupings, not {len(spec.groupings)}")
    numbers = _numbers([term.expression for term in spec.level1])
    terms = [_term(f"π{n}jk", one.expression, shown, "ijk") for n, one in zip(numbers, spec.level1, strict=True)]
    lines = ["Level-1 Model", *_outcome(columns, given, terms, "ijk", "jk", "eijk"), "Level-2 Model"]
    for number, line in zip(numbers, spec.equations, strict=True):
        if any(not term.expression.is_constant for term in line.fixed):
            reason = "writes predictors of rows and of columns apart, and the equations do not say which these are"
            raise refused(given, "HCM2 of HLM", reason)
        constant = [f"θ{number}"] if line.fixed else []
        effects = [("b", "j"), ("c", "k")]
        said = [f"{effects[one.grouping][0]}{number}0{effects[one.grouping][1]}" for one in line.random_effects]
        lines.append(f"    π{number}jk = {' + '.join([*constant, *said])}")
    rows, cells = ("*".join(group) for group in columns.groups)
    return [f"# rows are {rows}, columns are {cells}", *lines]


def _outcome(
    columns: Preparation, spec: ModelSpec, terms: list[str], units: str, above: str, residual: str
) -> list[str]:
    """Level 1, below what HLM prints of the distribution."""
    outcome, found = _named(_outcome_column(columns, spec), units), spec.distribution
    if spec.residual:
        return [f"    {outcome} = {' + '.join([*terms, residual])}"]
    given = f"{'β' if above == 'j' else 'π'}{above}"
    linear = f"    η{units} = {' + '.join(terms)}"
    match found.family, found.link:
        case ("Bernoulli", "logit") if not columns.offset:
            first = f"Prob({outcome}=1|{given}) = ϕ{units}"
        case ("Binomial", "logit") if not columns.offset:
            first = f"E({outcome}|{given}) = {_named(str(columns.trials), units)}*ϕ{units}"
        case ("Poisson", "log"):
            exposure = "".join(f"{_named(name, units)}*" for name in _exposure(spec))
            first = f"E({outcome}|{given}) = {exposure}λ{units}"
        case _:
            also = " and an offset" if columns.offset else ""
            raise refused(spec, _OTHERS, f"{found.family} ones with the link {found.link}{also}")
    note = "# HLM's first estimates of this model are PQL's: choose adaptive quadrature or Laplace"
    if found.family == "Poisson":
        return [note, f"    {first}", f"    log[λ{units}] = η{units}", linear]
    return [note, f"    {first}", f"    log[ϕ{units}/(1 - ϕ{units})] = η{units}", linear]


def _outcome_column(columns: Preparation, spec: ModelSpec) -> str:
    return columns.less_offset() if spec.residual else columns.outcome


def _exposure(spec: ModelSpec) -> list[str]:
    """The columns whose logarithm is the offset of counts."""
    names = []
    for call in (factor for offset in spec.offsets for factor in offset.factors):
        inner = call.argument.factors[0] if isinstance(call, Call) and call.function == "log" else call
        if inner is call or not isinstance(inner, Column) or len(spec.offsets) > 1:
            raise refused(spec, "HLM", "takes the exposure of counts itself: write the offset as offset(log(x))")
        names.append(inner.name)
    return names


def _independent(spec: ModelSpec) -> list[str]:
    """Say which effects HLM has to be told to keep apart."""
    apart = [blocks for blocks in spec.blocks_by_grouping if len(blocks) > 1]
    said = (" | ".join(", ".join(block) for block in blocks) for blocks in apart)
    return [f"# independent random effects, zero in HLM's tau: {one}" for one in said]


def _numbers(expressions: Sequence[Product]) -> list[int]:
    """0 of the constant, 1, 2, ... of the others."""
    found, number = [], 0
    for expression in expressions:
        number += not expression.is_constant
        found.append(0 if expression.is_constant else number)
    return found


def _term(symbol: str, expression: Product, shown: Mapping[str, str], units: str) -> str:
    names = [_named(shown.get(name, name), units) for name in column_names(expression)]
    return f"{symbol}*({'*'.join(names)})" if names else symbol


def _named(name: str, units: str) -> str:
    return f"{name}{units}" if name[-1].isupper() or name[-1].isdigit() else f"{name}_{units}"


HLM = Writer("hlm", "equations as the program HLM prints them", to_hlm)
