"""ModelSpec -> the formula of R's lme4 that fits the same model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bayeshlm.equations.distribution import Total
from bayeshlm.equations.notations.r_code import Atom, Coding, Place, is_categorical, r_atoms, r_expression, r_name
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import Blocks, ModelSpec

type _Term = tuple[Atom, ...]

CALLS = {
    "Bernoulli": 'glmer({formula}, family = binomial("{link}"))',
    "Binomial": 'glmer({formula}, family = binomial("{link}"))',
    "Poisson": 'glmer({formula}, family = poisson("{link}"))',
    "Gamma": 'glmer({formula}, family = Gamma("{link}"))',
    "NegativeBinomial": "glmer.nb({formula})",
    "Beta": 'glmmTMB::glmmTMB({formula}, family = glmmTMB::beta_family("{link}"))',
    "Ordinal": 'ordinal::clmm({formula}, link = "{link}")',
    "StudentT": 'brms::brm({formula}, family = brms::student("{link}"))',
}
"""What fits a distribution in R, where that is not lmer: in lme4, or in the package that is named."""


def to_lme4(spec: ModelSpec, groups: Sequence[str], coded: Mapping[str, Coding] | None = None) -> str:
    """Write a specification as an lme4 formula.

    A fixed effect is the product of the expressions of its path, the highest level first; each block of random effects
    is a bar, and ``||`` says that all of a grouping are independent (Bates et al. 2015, J. Stat. Software 67(1), table
    2). It does not split a factor: with categories each block has a bar of its own, and their columns are written out
    where R would make others.

    Parameters
    ----------
    spec : ModelSpec
        What the equations say.
    groups : sequence of str
        The column of each grouping, or the columns of a cell joined by ``:``.
    coded : mapping of str to {"text", "numbers", "logical"}, optional
        Columns of the data that are no numbers, though the equations do not say ``C(x)``.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> to_lme4(parse("math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0"), ["school"])
    'math ~ ses + (1 + ses || school)'
    >>> spec = parse("math = b0 + b1*sex + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0")
    >>> to_lme4(spec, ["school"], {"sex": "text"})
    'math ~ sex + (1 | school) + (0 + model.matrix(~ sex)[, -1, drop = FALSE] | school)'
    >>> spec = parse("y = p0 + p1*time + e; p0 = b00 + r0; p1 = b10 + r1; b00 = g00 + u00; b10 = g10 + g11*size")
    >>> to_lme4(spec, ["school:child", "school"])
    'y ~ time + size:time + (1 + time | school:child) + (1 | school)'
    """
    coded = coded or {}
    level1, *higher = _stands(spec, groups)
    atoms = dict(zip(spec.coefficients, _line(spec.expressions_by_level[0], level1, coded), strict=True))
    for level, stands in zip(spec.levels[1:], higher, strict=True):
        for equation in level:
            line = _line([term.expression for term in equation.fixed], stands, coded)
            atoms |= dict(zip((term.symbol for term in equation.fixed), line, strict=True))

    def product(symbols: Sequence[str]) -> _Term:
        return tuple(atom for symbol in reversed(symbols) for atom in atoms[symbol])

    offsets = [f"offset({r_expression(offset, level1)})" for offset in spec.offsets]
    random = {path.symbol: product(path.symbols[:-1]) for path in spec.random_paths}
    parts = [*_sum([product(path.symbols) for path in spec.fixed_paths], write_intercept=False), *offsets]
    for group, blocks in zip(groups, spec.blocks_by_grouping, strict=True):
        parts += _bars(blocks, random, _bar_name(group))
    outcome, size = r_name(spec.outcome.name), spec.distribution.size
    if size is not None:
        columns = [r_name(column.name) for column in spec.distribution.size_columns]
        failures = f"{columns[0] if columns else size} - {outcome}"
        if isinstance(size, Total):
            others = [column for column in columns if column != outcome]
            failures = others[0] if len(others) == 1 == len(columns) - 1 else f"{' + '.join(columns)} - {outcome}"
        outcome = f"cbind({outcome}, {failures})"
    if spec.distribution.has_cutpoints:  # clmm has cutpoints, and no intercept that could be left out
        outcome, parts = f"factor({outcome}, ordered = TRUE)", [part for part in parts if part != "0"]
    formula = f"{outcome} ~ {' + '.join(parts)}"
    call = CALLS.get(spec.distribution.family)
    return formula if call is None else call.format(formula=formula, link=spec.distribution.link)


def _stands(spec: ModelSpec, groups: Sequence[str]) -> list[Place]:
    """The units of each level, from level 1; of a level with several groupings there is no one kind."""
    units = [_code(groups[level[0]]) if len(level) == 1 else None for level in spec.level_groupings]
    rows = Place(None, units[0], units[0])
    return [rows, *(Place(unit, above, unit, rows) for unit, above in zip(units, [*units[1:], None], strict=True))]


def _columns(group: str) -> list[str]:
    """The columns of a grouping as R code: several are a cell."""
    columns = group.split(":")
    return [r_name(column) for column in columns] if all(columns) else [r_name(group)]


def _bar_name(group: str) -> str:
    return ":".join(_columns(group))


def _code(group: str) -> str:
    columns = _columns(group)
    return columns[0] if len(columns) == 1 else f"interaction({', '.join(columns)}, drop = TRUE)"


def _line(expressions: Sequence[Product], place: Place, coded: Mapping[str, Coding]) -> list[_Term]:
    """Write the expressions of a line; without a constant, its first ``C(x)`` has a column for every level."""
    single = [
        len(expression.factors) == 1 and is_categorical(expression.factors[0], coded) for expression in expressions
    ]
    has_constant = any(expression.is_constant for expression in expressions)
    first = None if has_constant or True not in single else single.index(True)
    return [r_atoms(expression, place, coded, position == first) for position, expression in enumerate(expressions)]


def _bars(blocks: Blocks, random: dict[str, _Term], by: str) -> list[str]:
    separate = len(blocks) > 1 and all(len(block) == 1 for block in blocks)
    effects = [effect for block in blocks for effect in block]
    if separate and not any(atom.categorical for effect in effects for atom in random[effect]):
        return [f"({' + '.join(_sum([random[effect] for effect in effects], write_intercept=True))} || {by})"]
    return [
        f"({' + '.join(_sum([random[effect] for effect in block], write_intercept=True))} | {by})" for block in blocks
    ]


def _sum(terms: list[_Term], write_intercept: bool) -> list[str]:
    """Write terms as the summands of a formula, with ``0`` if none is the intercept."""
    matrices = _terms_as_matrices(terms)
    written = [_product(term, term in matrices) for term in terms if term]
    if () not in terms:
        return ["0", *written]
    return ["1", *written] if write_intercept or not written else written


def _terms_as_matrices(terms: list[_Term]) -> set[_Term]:
    """Find the terms whose categories R would code in another way than the level equations.

    R gives a factor contrasts where the term without it is in the formula too, else a column for every
    level (Chambers & Hastie 1992, section 2.4.1); what is written as a matrix is no margin of others.
    """
    matrices: set[_Term] = set()
    while True:
        margins = {frozenset(atom.code for atom in term) for term in terms if term not in matrices}
        found = {
            term
            for term in terms
            for atom in term
            if atom.categorical
            and atom.every_level == (frozenset(other.code for other in term if other != atom) in margins)
        }
        if found <= matrices:
            return matrices
        matrices |= found


def _product(term: _Term, as_matrix: bool) -> str:
    """Join the variables of a term; a repeated one becomes a power, as ``x:x`` is ``x`` to R."""
    parts = []
    for atom, times in Counter(term).items():
        if atom.categorical:
            parts.append(atom.matrix if as_matrix else atom.code)
        else:
            parts.append(atom.code if times == 1 else f"I({atom.code}^{times})")
    return ":".join(parts)
