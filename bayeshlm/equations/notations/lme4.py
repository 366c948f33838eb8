"""ModelSpec -> the formula of R's lme4 that fits the same model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bayeshlm.equations.notations.r_code import Atom, Coding, is_categorical, r_atoms, r_expression, r_name
from bayeshlm.equations.spec import ModelSpec, Product

type _Term = tuple[Atom, ...]


def to_lme4(spec: ModelSpec, group: str, coded: Mapping[str, Coding] | None = None) -> str:
    """Write a specification as an lme4 formula.

    A fixed effect is the product of its level-2 and its level-1 expression; each block of random effects is
    a bar, and ``||`` says that all are independent (Bates et al. 2015, J. Stat. Software 67(1), table 2). It does
    not split a factor: with categories each block has a bar of its own, and their columns are written out where R
    would make others.

    Parameters
    ----------
    spec : ModelSpec
        What the equations say.
    group : str
        The grouping column.
    coded : mapping of str to {"text", "numbers", "logical"}, optional
        Columns of the data that are no numbers, though the equations do not say ``C(x)``.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> to_lme4(parse("math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0"), "school")
    'math ~ ses + (1 + ses || school)'
    >>> spec = parse("math = b0 + b1*sex + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0")
    >>> to_lme4(spec, "school", {"sex": "text"})
    'math ~ sex + (1 | school) + (0 + model.matrix(~ sex)[, -1, drop = FALSE] | school)'
    """
    coded = coded or {}
    by = r_name(group)
    level1 = dict(zip(spec.coefficients, _line([term.expression for term in spec.level1], 1, by, coded), strict=True))
    fixed = [
        atoms + level1[equation.coefficient]
        for equation in spec.level2
        for atoms in _line([effect.expression for effect in equation.fixed], 2, by, coded)
    ]
    offsets = [f"offset({r_expression(offset, 1, by)})" for offset in spec.offsets]
    random = {equation.random: level1[equation.coefficient] for equation in spec.level2 if equation.random is not None}
    parts = [*_sum(fixed, write_intercept=False), *offsets, *_bars(spec.blocks, random, by)]
    return f"{r_name(spec.outcome.name)} ~ {' + '.join(parts)}"


def _line(expressions: Sequence[Product], level: int, by: str, coded: Mapping[str, Coding]) -> list[_Term]:
    """Write the expressions of a line; without a constant, its first ``C(x)`` has a column for every level."""
    single = [
        len(expression.factors) == 1 and is_categorical(expression.factors[0], coded) for expression in expressions
    ]
    has_constant = any(expression.is_constant for expression in expressions)
    first = None if has_constant or True not in single else single.index(True)
    return [r_atoms(expression, level, by, coded, position == first) for position, expression in enumerate(expressions)]


def _bars(blocks: tuple[tuple[str, ...], ...], random: dict[str, _Term], by: str) -> list[str]:
    separate = len(blocks) > 1 and all(len(block) == 1 for block in blocks)
    if separate and not any(atom.categorical for atoms in random.values() for atom in atoms):
        return [f"({' + '.join(_sum(list(random.values()), write_intercept=True))} || {by})"]
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
