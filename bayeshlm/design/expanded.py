"""The equations with a term for every column of the design, as LaTeX and MathML print them."""

from __future__ import annotations

import dataclasses

from bayeshlm.design.design import Design
from bayeshlm.design.naming import Part
from bayeshlm.equations.spec import (
    LEVEL,
    PART,
    Call,
    Factor,
    FixedTerm,
    Level1Term,
    LevelEquation,
    ModelSpec,
    Product,
    RandomEffect,
)


def expanded_spec(design: Design) -> ModelSpec:
    """Write the equations out: a category with three levels is two terms, each with its own coefficients and effects.

    Parameters
    ----------
    design : Design

    Returns
    -------
    ModelSpec
        Symbols are the labels of the design, such as ``g02[usual]``; the columns that a term stands for are calls of
        `LEVEL` and `PART`. To be printed, not to be read: no text says it. With several groupings the equations as they
        are, a category being one term.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> design = hlm.open_model("hsb-slopes-as-outcomes-full").design
    >>> expanded_spec(design) == design.spec  # nothing to write out
    True
    """
    if len(design.groupings) > 1:
        return design.spec
    level1, level2 = [], []
    for term, line in zip(design.spec.level1, design.spec.level2, strict=True):
        for column in design.coefficients:
            if column.symbol != term.coefficient:
                continue
            fixed = tuple(
                FixedTerm(effect.label, _written_out(given.expression, effect.parts))
                for given in line.fixed
                for effect in design.fixed
                if effect.symbol == given.symbol and effect.coefficient == column.label
            )
            random = tuple(RandomEffect(effect.label) for effect in design.random if effect.coefficient == column.label)
            level1.append(Level1Term(column.label, _written_out(term.expression, column.parts)))
            level2.append(LevelEquation(column.label, fixed, random))
    labels = design.random_labels
    blocks = tuple(tuple(labels[k] for k in block) for block in design.blocks)
    levels = (tuple(level1), tuple(level2))
    return dataclasses.replace(design.spec, levels=levels, blocks_by_grouping=(blocks,))


def _written_out(expression: Product, parts: tuple[Part, ...]) -> Product:
    return Product(tuple(_factor(factor, part) for factor, part in zip(expression.factors, parts, strict=True)))


def _factor(factor: Factor, part: Part) -> Factor:
    if part.coding == "":
        return factor
    if part.coding == "basis":
        return Call(PART, Product((factor,)), (("column", part.label),))
    argument = factor.argument if isinstance(factor, Call) else Product((factor,))
    return Call(LEVEL, argument, (("level", part.label), ("coding", part.coding), ("reference", part.reference)))
