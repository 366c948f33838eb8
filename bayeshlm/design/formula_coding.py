"""Categories in a formula: where R would make other columns of them than level equations do, the formula is refused."""

from __future__ import annotations

from collections.abc import Iterable

from bayeshlm.design.columns import coding
from bayeshlm.design.expression_columns import first_categorical, is_categorical
from bayeshlm.design.naming import factor_text
from bayeshlm.design.place_error import place_error
from bayeshlm.design.rows import Rows
from bayeshlm.equations.one_line import term_key
from bayeshlm.equations.path import Path
from bayeshlm.equations.product import MATRIX, Call, Column, Factor, Product
from bayeshlm.equations.spec import ModelSpec

type _Key = frozenset[tuple[Factor, int]]


def check_coding(formula: ModelSpec, placed: ModelSpec, rows: Rows) -> None:
    """Refuse categories whose columns would be others than in R.

    R gives a category contrasts where the term without it stands in the formula too, else a column for every level
    (Chambers & Hastie 1992, section 2.4.1). In level equations it has one for every level only where it stands alone,
    first, in a line without an intercept.

    Parameters
    ----------
    formula : ModelSpec
        As it was read.
    placed : ModelSpec
        Its terms sorted by level.
    rows : Rows

    Raises
    ------
    DataError
        Names the category and the term, and what to write instead.
    """
    every_level = _with_every_level(placed, rows)
    terms = [path.product for path in placed.fixed_paths]
    if placed.distribution.has_cutpoints:
        terms.append(Product())  # the cutpoints are intercepts
    for path in placed.fixed_paths:
        _check(formula, path, terms, every_level, rows)
    of_symbol = {path.symbol: path for path in placed.random_paths}
    for block in (block for of_one in placed.without_spread_effect().blocks_by_grouping for block in of_one):
        terms = [of_symbol[symbol].product for symbol in block]
        for symbol in block:
            _check(formula, of_symbol[symbol], terms, every_level, rows)


def _check(
    formula: ModelSpec, path: Path, terms: list[Product], every_level: set[tuple[str, Factor]], rows: Rows
) -> None:
    keys = {term_key(term) for term in terms}
    factors = path.product.factors
    for factor in factors:
        if not _is_coded(factor, rows):
            continue
        rest = tuple(other for other in factors if other != factor)
        in_r = term_key(Product(rest)) not in keys and (bool(rest) or factor == _first(terms, rows))
        if isinstance(factor, Call) and _is_matrix(factor):
            in_r = dict(factor.options)[MATRIX] == "every level"
        here = any((symbol, factor) in every_level for symbol in path.symbols)
        if in_r == here:
            continue
        term = ":".join(map(factor_text, factors))
        category = factor_text(factor)
        place = next((one.span for one in formula.level1 if term_key(one.expression) == term_key(path.product)), None)
        without = ":".join(map(factor_text, rest)) or "1"
        many = "a column for every level" if in_r else "contrasts"
        few = "contrasts" if in_r else "a column for every level"
        add = f"add the term `{without}`" if in_r else "write the intercept, `1 +`, in all of them"
        raise place_error(
            f"in `{term}` the formula gives {category!r} {many}, and level equations {few}: {add}, or make the"
            " columns in the data first",
            formula.text,
            place,
        )


def _first(terms: Iterable[Product], rows: Rows) -> Factor | None:
    """The first category of a formula that stands alone: without an intercept it is that which has every level."""
    alone = (term.factors[0] for term in terms if len(term.factors) == 1)
    return next((factor for factor in alone if _is_coded(factor, rows) and not _is_matrix(factor)), None)


def _is_matrix(factor: Factor) -> bool:
    """Whether the formula says which columns a category has."""
    return isinstance(factor, Call) and MATRIX in dict(factor.options)


def _is_coded(factor: Factor, rows: Rows) -> bool:
    """Whether R makes contrasts of a factor: of categories, and of logical values."""
    if isinstance(factor, Column) and coding(rows.frame[rows.names[factor.name]]) == "logical":
        return True
    return is_categorical(factor, rows)


def _with_every_level(spec: ModelSpec, rows: Rows) -> set[tuple[str, Factor]]:
    """The symbols whose expression is a category with a column for every level."""
    lines = [[(term.coefficient, term.expression) for term in spec.level1]]
    lines += [[(term.symbol, term.expression) for term in line.fixed] for line in spec.equations]
    found = set()
    for line in lines:
        position = first_categorical([expression for _, expression in line], rows)
        if position is not None:
            symbol, expression = line[position]
            found.add((symbol, expression.factors[0]))
    return found
