"""Centering sentences -> ``cwc`` and ``cgm`` in the specification."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bayeshlm.equations.printed import Centering
from bayeshlm.equations.product import Call, Column, Factor, Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.symbols import without_subscript
from bayeshlm.equations.tokens import equation_error
from bayeshlm.errors import EquationError


def center(text: str, spec: ModelSpec, centerings: tuple[Centering, ...]) -> ModelSpec:
    """Center the columns that sentences name, as HLM does: around means of groups, or of all.

    Parameters
    ----------
    text : str
        The equations and the sentences, which errors quote.
    spec : ModelSpec
        What the equations say.
    centerings : tuple of Centering
        What the sentences say.

    Raises
    ------
    EquationError
        If a name stands in no equation, in several levels, or where the sentence cannot be carried out.

    Examples
    --------
    >>> from bayeshlm.equations import parse, render
    >>> print(render(parse('''
    ...     MATHij = β0j + β1j*(SESij) + rij
    ...     β0j = γ00 + u0j
    ...     β1j = γ10
    ... SES has been centered around the group mean.
    ... ''')))
    MATHij = b0 + b1*cwc(SESij) + r
    b0 = g00 + u0
    b1 = g10
    """
    for centering in centerings:
        for name in centering.names:
            spec = _center_one(text, spec, name, centering.function)
    return spec


def _center_one(text: str, spec: ModelSpec, name: Column, function: str) -> ModelSpec:
    in_any = [column.name for column in _columns(spec.expressions)]
    known = {name.name} if name.name in in_any else {one for one in in_any if _bare(one) == _bare(name.name)}
    stands = [any(column.name in known for column in _columns(level)) for level in spec.expressions_by_level]
    written = sorted(known)[0] if known else name.name
    problem = None
    if any(column.name in known or column.name == name.name for column in _columns(spec.spread_expressions)):
        problem = "stands in the equation of the level-1 SD, and the sentence does not say whether it is centered there"
    elif not any(stands):
        problem = "stands in no equation"
    elif sum(stands) > 1:
        where = "both" if len(stands) == 2 else "several"
        problem = f"stands in {where} levels, and the sentence does not say which is meant"
    elif stands[-1] and function == "cwc":
        problem = f"stands in level {len(stands)}, where centering around group means leaves nothing"
    if problem is not None:
        raise _refused(text, name, problem, function, written)

    def product(expression: Product) -> Product:
        return Product(tuple(map(factor, expression.factors)))

    def factor(part: Factor) -> Factor:
        if isinstance(part, Column):
            return Call(function, Product((part,)), (), part.span) if part.name in known else part
        done = part.function == function and len(part.argument.factors) == 1
        if any(column.name in known for column in _columns([part.argument])) and not (
            done and isinstance(part.argument.factors[0], Column)
        ):
            raise _refused(text, name, f"stands inside of {part.function}()", function, written)
        return part

    return spec.map_expressions(product)


def _columns(expressions: Iterable[Product]) -> Iterator[Column]:
    for expression in expressions:
        for factor in expression.factors:
            if isinstance(factor, Column):
                yield factor
            else:
                yield from _columns([factor.argument])


def _bare(name: str) -> str:
    return without_subscript(name) or name


def _refused(text: str, name: Column, problem: str, function: str, written: str) -> EquationError:
    message = (
        f"`{name.name}` of this sentence {problem}: write {function}({written}) in the equation, where it is meant,"
        " and leave the sentence out"
    )
    if problem.startswith("stands in level "):
        message = f"`{name.name}` of this sentence {problem}: write cgm({written}) to center it around its mean"
    return equation_error(text, name.span or (0, 1), message)
