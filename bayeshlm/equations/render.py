"""ModelSpec -> text: level equations, one combined equation, LaTeX, MathML, and the model as other programs have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from bayeshlm.equations.covariance_blocks import independent_effects
from bayeshlm.equations.notations.bambi import BAMBI
from bayeshlm.equations.notations.brms import BRMS
from bayeshlm.equations.notations.glmmtmb import GLMMTMB
from bayeshlm.equations.notations.hlm import HLM
from bayeshlm.equations.notations.latex import to_latex
from bayeshlm.equations.notations.lme4 import LME4
from bayeshlm.equations.notations.mathml import to_mathml
from bayeshlm.equations.notations.mplus import MPLUS
from bayeshlm.equations.notations.nlme import NLME
from bayeshlm.equations.notations.r_code import Coding
from bayeshlm.equations.notations.sas import SAS
from bayeshlm.equations.notations.stata import STATA
from bayeshlm.equations.notations.writer import ALL, Asked, Writer, refused
from bayeshlm.equations.product import MATRIX, UNITS, Call, Column, Factor, Option, Product
from bayeshlm.equations.spec import Blocks, ModelSpec
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import bracketed, equation_error, is_plain_name
from bayeshlm.errors import OptionError
from bayeshlm.families import FAMILIES

type Form = Literal[
    "levels", "combined", "latex", "mathml", "lme4", "nlme", "glmmTMB", "brms", "bambi", "sas", "stata", "hlm", "mplus"
]


def render(
    spec: ModelSpec,
    form: Form = "levels",
    group: str | Sequence[str] | None = None,
    coded: Mapping[str, Coding] | None = None,
    written_out: ModelSpec | None = None,
    incomplete: bool = False,
) -> str:
    """Write a specification as text.

    Parameters
    ----------
    spec : ModelSpec
        What the equations say.
    form : str
        The name of one of `WRITTEN`. Level equations, ``"levels"``, which `parse` reads back into an equal
        specification; ``"combined"``, the equation that results when each level is put into the one below; ``"latex"``
        for a paper; ``"mathml"`` for a web page; the model as another program has it: ``"lme4"``, ``"nlme"``,
        ``"glmmTMB"`` and ``"brms"`` of R, ``"bambi"``, ``"sas"``, ``"stata"``, ``"hlm"``, ``"mplus"``.
    group : str or sequence of str, optional
        Grouping column, or that of each of ``spec.groupings``, where the text does not name them; used by the forms of
        other programs.
    coded : mapping of str to {"text", "numbers", "logical"}, optional
        Columns that hold text, categories that are numbers, or logical values; without it the forms of other programs
        take a column for a number unless the equations say ``C(x)``.
    written_out : ModelSpec, optional
        The specification with a term a column, as `bayeshlm.design.expanded` makes it from the data. LaTeX and MathML
        then have a coefficient for every contrast of a category, and programs that are given a column for each can be.
    incomplete : bool
        The data have rows that are left out because a column of the model misses a value: calls and programs leave them
        out before they take means.

    Returns
    -------
    str
        Lines joined by newlines, without one at the end.

    Raises
    ------
    OptionError
        If the form is none of these, or ``group`` does not name each grouping.
    EquationError
        If the program cannot say the model, or if a formula says what only the data place: means of one value a unit.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*cwc(ses) + r; b0 = g00 + u0; b1 = g10 + g11*sector + u1")
    >>> print(render(spec))
    math = b0 + b1*cwc(ses) + r
    b0 = g00 + u0
    b1 = g10 + g11*sector + u1
    >>> render(spec, "combined")
    'math = g00 + g10*cwc(ses) + g11*sector*cwc(ses) + u0 + u1*cwc(ses) + r'
    >>> render(spec, "lme4", group="school")
    'math ~ I(ses - ave(ses, school)) + sector:I(ses - ave(ses, school)) + (1 + I(ses - ave(ses, school)) | school)'
    """
    writer = next((one for one in WRITTEN if one.name == form), None)
    if writer is None:
        *others, last = (f'"{one.name}"' for one in WRITTEN)
        raise OptionError(f'there is no form "{form}" of the equations: use {", ".join(others)} or {last}')
    _check_placed(spec)
    if (known := spec.residual_spread) is not None and not writer.known_spread:
        what, instead = ("covariances", "") if known.function == "cov" else ("SDs", "brms")
        reason = f"cannot take the {what} of the level-1 residuals as known"
        raise refused(spec, writer.program, reason, instead, known.span)
    _check_level1_model(spec, writer)
    return writer.writes(Asked(spec, _groups(spec, group), coded or {}, written_out, incomplete))


def _check_level1_model(spec: ModelSpec, writer: Writer) -> None:
    """Refuse an equation of the level-1 SD, or correlations, that a program has not."""
    if (spread := spec.log_spread) is not None and not writer.log_spread:
        raise refused(spec, writer.program, "has one level-1 SD, and no equation for it", "brms", spread.span)
    if spread is not None and spread.effect and writer.name not in WITH_SPREAD_EFFECT:
        raise refused(spec, writer.program, "is not told a random effect of the level-1 SD", "brms", spread.span)
    if (correlation := spec.correlation) is not None and correlation.pattern not in writer.correlations:
        reason = "has no correlations of level-1 residuals like these"
        raise refused(spec, writer.program, reason, "nlme", correlation.span)


def _check_placed(spec: ModelSpec) -> None:
    """Refuse what a formula says of units or of the columns of a category, which has a level only with the data."""
    for call in (call for expression in (*spec.expressions, *spec.spread_expressions) for call in _calls(expression)):
        if any(name in (UNITS, MATRIX) for name, _ in call.options):
            message = f"{call.function}() of this formula has its level from the data: make a Model of it, and ask that"
            raise equation_error(spec.text, call.span or (0, 1), message)


def _calls(expression: Product) -> Iterator[Call]:
    for factor in expression.factors:
        if isinstance(factor, Call):
            yield factor
            yield from _calls(factor.argument)


def _groups(spec: ModelSpec, group: str | Sequence[str] | None) -> tuple[str, ...]:
    """Name each grouping: as asked, else as the text does, else by its number."""
    given = (group,) if isinstance(group, str) else tuple(group or ())
    several = len(spec.groupings) > 1
    if given and len(given) != len(spec.groupings):
        names = ", ".join(name or f"number {position + 1}" for position, name in enumerate(spec.groupings))
        raise OptionError(
            f"these equations have {len(spec.groupings)} groupings ({names}), and group= names {len(given)}: name each,"
            " from the inside out"
        )
    named = (name or (f"group{position + 1}" if several else "group") for position, name in enumerate(spec.groupings))
    return given or tuple(named)


def expression_text(expression: Product, symbols: frozenset[str] = frozenset()) -> str:
    """Write a data expression as the equations do; the constant is ``1``.

    Parameters
    ----------
    expression : Product
        A data expression.
    symbols : frozenset of str, optional
        Canonical symbols of the model: a column whose name could be read as one is put in backticks.

    Examples
    --------
    >>> from bayeshlm.equations.product import MATRIX, UNITS, Call, Column
    >>> expression_text(Product((Column("sector"), Call("cwc", Product((Column("IQ (verbal)"),))))))
    'sector*cwc(`IQ (verbal)`)'
    """
    return "*".join(_factor(factor, symbols) for factor in expression.factors) or "1"


def _levels(spec: ModelSpec) -> str:
    symbols = _symbols(spec)
    terms = [_term(term.coefficient, term.expression, symbols) for term in spec.level1]
    terms += [f"offset({expression_text(offset, symbols)})" for offset in spec.offsets]
    lines = _outcome(spec, terms)
    for equation in spec.equations:
        terms = [_term(term.symbol, term.expression, symbols) for term in equation.fixed]
        random = [effect.symbol + _bracket(spec.groupings[effect.grouping]) for effect in equation.random_effects]
        lines.append(_equation(equation.coefficient, terms + random))
    lines += [line for blocks in spec.blocks_by_grouping for line in zero_covariances(blocks)]
    return "\n".join([*lines, *spread_lines(spec)])


def _bracket(grouping: str | None) -> str:
    return "" if grouping is None else bracketed(grouping)


def _combined(spec: ModelSpec) -> str:
    symbols = _symbols(spec)
    fixed = [_term(path.symbol, path.product, symbols) for path in spec.fixed_paths]
    random = [_term(path.symbol, path.product, symbols) for path in spec.random_paths]
    offsets = [f"offset({expression_text(offset, symbols)})" for offset in spec.offsets]
    return "\n".join([*_outcome(spec, [*fixed, *offsets, *random]), *spread_lines(spec)])


def _outcome(spec: ModelSpec, terms: list[str]) -> list[str]:
    """The equation of the outcome, or its distribution and the equation of what that names."""
    symbols, found = _symbols(spec), spec.distribution
    outcome = _column(spec.outcome, symbols)
    if spec.residual:
        return [_equation(outcome, [*terms, spec.residual])]
    columns = " + ".join(_column(column, symbols) for column in found.size_columns)
    size = columns or str(found.size or "")
    arguments = [size, *found.symbols] if size else found.symbols
    left = found.symbols[0] if found.link == FAMILIES[found.family].bare_link else f"{found.link}({found.symbols[0]})"
    return [f"{outcome} ~ {found.family}({', '.join(arguments)})", _equation(left, terms)]


def _mathml(asked: Asked) -> str:
    return to_mathml(asked.written_out or asked.spec, "; ".join(_levels(asked.spec).splitlines()))


def _symbols(spec: ModelSpec) -> frozenset[str]:
    """All symbols: a column whose name could be read as one of them is written in backticks."""
    of_sd = () if spec.log_spread is None else spec.log_spread.symbols
    return frozenset((*spec.paths, spec.residual, *spec.distribution.symbols, *of_sd, spec.spread_effect))


def zero_covariances(blocks: Blocks) -> list[str]:
    """The lines that make the blocks of a grouping independent."""
    return [f"cov({', '.join(effects)}) = 0" for effects in independent_effects(blocks)]


def spread_lines(spec: ModelSpec) -> list[str]:
    """The lines about the residuals: their known SDs, the equation of their SD, their correlations."""
    symbols, lines = _symbols(spec), []
    if (known := spec.residual_spread) is not None:
        lines.append(f"{known.function}({spec.residual}) = {known.text(lambda one: _column(one, symbols))}")
    if (spread := spec.log_spread) is not None:
        terms = [_term(term.symbol, term.expression, symbols) for term in spread.terms]
        lines.append(_equation(f"log({spread.predicted})", [*terms, *([spread.effect] if spread.effect else [])]))
    if (correlation := spec.correlation) is not None:
        time = "" if correlation.time is None else _column(correlation.time, symbols)
        lines.append(f"corr({spec.residual}) = {'cs' if correlation.pattern == 'cs' else f'ar1({time})'}")
    return lines


def _equation(left: str, terms: list[str]) -> str:
    return f"{left} = {' + '.join(terms)}"


def _term(symbol: str, expression: Product, symbols: frozenset[str]) -> str:
    return symbol if expression.is_constant else f"{symbol}*{expression_text(expression, symbols)}"


def _factor(factor: Factor, symbols: frozenset[str]) -> str:
    if isinstance(factor, Column):
        return _column(factor, symbols)
    return f"{factor.function}({', '.join([expression_text(factor.argument, symbols), *_options(factor)])})"


def _options(call: Call) -> list[str]:
    written = []
    for name, value in call.options:
        if name == "coding" or (call.function, name) == ("poly", "degree"):
            written.append(str(value))
        else:
            written.append(f"{name}={_value(value)}")
    return written


def _value(value: Option) -> str:
    return '"{}"'.format(value.replace('"', '""')) if isinstance(value, str) else repr(value)


def _column(column: Column, symbols: frozenset[str]) -> str:
    return _backticks(column.name) if canonical(column.name) in symbols else _name(column.name)


def _name(name: str) -> str:
    return name if is_plain_name(name) else _backticks(name)


def _backticks(name: str) -> str:
    return "`{}`".format(name.replace("`", "``"))


WITH_SPREAD_EFFECT = ("levels", "combined", "latex", "mathml", "brms")
"""Forms that say a random effect of the level-1 SD."""

WRITTEN = (
    Writer("levels", "level equations, which are read again", lambda asked: _levels(asked.spec), True, True, ALL),
    Writer(
        "combined",
        "one equation, each level put into the one below",
        lambda asked: _combined(asked.spec),
        True,
        True,
        ALL,
    ),
    Writer("latex", "LaTeX for a paper", lambda asked: to_latex(asked.written_out or asked.spec), True, True, ALL),
    Writer("mathml", "MathML for a web page", _mathml, True, True, ALL),
    LME4,
    NLME,
    GLMMTMB,
    BRMS,
    BAMBI,
    SAS,
    STATA,
    HLM,
    MPLUS,
)
"""The notations that are written, a record each: the forms of `Model.equations` and of the command line."""
