"""The arguments of nlme's ``lme`` that say which SDs and correlations the level-1 residuals have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bayeshlm.equations.notations.r_code import is_categorical, r_expression, r_name
from bayeshlm.equations.notations.r_formula import rows_place
from bayeshlm.equations.notations.writer import Asked, refused
from bayeshlm.equations.product import Call, Column, Product

_PROGRAM = "lme() of nlme"


def level1_arguments(asked: Asked, names: Sequence[str]) -> Iterator[str]:
    """Write ``weights`` and ``correlation`` (Pinheiro & Bates 2000, sections 5.2 and 5.3).

    ``varExp(form = ~ x)`` has the SD ``sigma exp(delta x)``, ``varIdent(form = ~ 1 | x)`` one a category, and
    ``varComb`` is their product.

    Parameters
    ----------
    asked : Asked
    names : sequence of str
        The column of each grouping, from the inside out.

    Raises
    ------
    EquationError
        For an equation of the SD without a constant, and for products of categories.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("y = b0 + r; b0 = g00 + u0; log(sigma) = a0 + a1*C(sex) + a2*x; corr(r) = ar1(week)")
    >>> list(level1_arguments(Asked(spec, ("g",), {}), ["g"]))
    ['weights = varComb(varIdent(form = ~ 1 | sex), varExp(form = ~ x))', 'correlation = corAR1(form = ~ week | g)']
    """
    spec = asked.spec
    if spec.log_spread is not None:
        if not any(expression.is_constant for expression in spec.spread_expressions):
            reason = "has a level-1 SD times what changes it: write the equation with a constant, `a0 + ...`"
            raise refused(spec, _PROGRAM, reason, "brms", spec.log_spread.span)
        changes = [_change(asked, expression) for expression in spec.spread_expressions if not expression.is_constant]
        if changes:
            yield "weights = " + (changes[0] if len(changes) == 1 else f"varComb({', '.join(changes)})")
    if (found := spec.correlation) is not None:
        groups = "/".join(reversed(names))
        time = "1" if found.time is None else r_name(found.time.name)
        yield f"correlation = {'corCompSymm' if found.pattern == 'cs' else 'corAR1'}(form = ~ {time} | {groups})"


def _change(asked: Asked, expression: Product) -> str:
    factors = expression.factors
    categories = [factor for factor in factors if is_categorical(factor, asked.coded)]
    if not categories:
        code = r_expression(expression, rows_place(asked))
        is_name = len(factors) == 1 and isinstance(factors[0], Column)
        return f"varExp(form = ~ {code if is_name else f'I({code})'})"
    factor = categories[0]
    inner = factor.argument.factors[0] if isinstance(factor, Call) else factor
    if len(factors) > 1 or not isinstance(inner, Column):
        reason = "has SDs of single categories, not of products with them: make a column of them in the data"
        raise refused(asked.spec, _PROGRAM, reason, "brms", factor.span)
    return f"varIdent(form = ~ 1 | {r_name(inner.name)})"
