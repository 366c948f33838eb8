"""ModelSpec -> the input of Mplus that fits the same model: TWOLEVEL or THREELEVEL, with RANDOM slopes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

from bayeshlm.equations.notations.made_in_words import in_words
from bayeshlm.equations.notations.mplus_columns import MplusColumns, mplus_columns
from bayeshlm.equations.notations.mplus_model import Node, mplus_nodes
from bayeshlm.equations.notations.nested_names import is_nested, own_columns
from bayeshlm.equations.notations.prepared import Preparation
from bayeshlm.equations.notations.writer import Asked, Writer, refused
from bayeshlm.equations.spec import ModelSpec

_KINDS = {
    ("Bernoulli", "logit"): "CATEGORICAL = {y};",
    ("Bernoulli", "probit"): "CATEGORICAL = {y};",
    ("Ordinal", "logit"): "CATEGORICAL = {y};",
    ("Ordinal", "probit"): "CATEGORICAL = {y};",
    ("Poisson", "log"): "COUNT = {y};",
    ("NegativeBinomial", "log"): "COUNT = {y} (nb);",
}
_NO_REML = "! Mplus has no REML: these are the estimates of maximum likelihood"
_THRESHOLD = "! the intercept is minus the threshold"


def to_mplus(asked: Asked) -> str:
    """Write a specification as an input of Mplus, version 8 or later; comments begin with ``!``.

    The data are a file without names, of numbers only, whose columns the input names in the order of ``NAMES``.
    Estimates are those of maximum likelihood, of outcomes that are not normal by adaptive quadrature.

    Raises
    ------
    EquationError
        For crossed groupings, more than three levels, three levels of an outcome that is not normal, and distributions
        that Mplus has not.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*cwc(ses) + r; b0 = g00 + g01*size + u0; b1 = g10 + u1")
    >>> print(to_mplus(Asked(spec, ("school",), {})))
    TITLE: math;
    ! Mplus has no REML: these are the estimates of maximum likelihood
    DATA: FILE = data.dat;
    VARIABLE:
      NAMES = math school ses size;
      USEVARIABLES = math ses size;
      CLUSTER = school;
      WITHIN = ses;
      BETWEEN = size;
    DEFINE:
      CENTER ses (GROUPMEAN);
    ANALYSIS:
      TYPE = TWOLEVEL RANDOM;
      ESTIMATOR = ML;
    MODEL:
      %WITHIN%
      s1 | math ON ses;
      math;
      %BETWEEN%
      math ON size;
      math;
      s1;
      math WITH s1;
    """
    spec, found = asked.spec, asked.spec.distribution
    normal, deep = found.family == "Normal", len(asked.spec.levels)
    if not is_nested(spec) or deep > 3:
        raise refused(
            spec, "Mplus", "has nested groupings of two or three levels here, and estimates others by Bayes only"
        )
    if not normal and (deep > 2 or (found.family, found.link) not in _KINDS):
        levels = " over three levels" if deep > 2 else ""
        raise refused(spec, "Mplus", f"has no {found.family} outcomes with the link {found.link}{levels} here")
    columns = Preparation(asked, "Mplus", lambda name: re.fullmatch(r"[A-Za-z]\w*", name, re.A) is not None, 8)
    clusters, cell_notes = _clusters(columns)
    plain = columns.joined()
    written = mplus_columns(columns, plain, clusters)
    nodes = mplus_nodes(plain, written)
    two = deep == 2
    heads = ["%BETWEEN%"] if two else [f"%BETWEEN {written.short[cluster]}%" for cluster in clusters]
    model = ["  %WITHIN%", *(f"  {line}" for line in nodes.within)]
    for number, head in enumerate(heads):
        model += [f"  {head}", *_level(nodes.levels[number], spec, written, number, number == len(heads) - 1)]
    random = any("|" in line for line in (*nodes.within, *(line for level in nodes.levels for line in level.lines)))
    analysis = [f"TYPE = {'TWOLEVEL' if two else 'THREELEVEL'}{' RANDOM' if random else ''};", "ESTIMATOR = ML;"]
    analysis += [f"LINK = {found.link.upper()};"] if found.link in ("logit", "probit") else []
    kind = [] if normal else [_KINDS[found.family, found.link].format(y=written.outcome)]
    notes = [_NO_REML] if normal else [_THRESHOLD] if found.family == "Bernoulli" else []
    return "\n".join(
        [
            f"TITLE: {columns.outcome};",
            *notes,
            *(["! the file holds the complete rows alone"] if asked.incomplete else []),
            *cell_notes,
            *(f"! a column of the data: {in_words(made)}" for made in written.in_file),
            *(f"! {short} is the column {name}" for name, short in written.short.items() if short != name),
            "DATA: FILE = data.dat;",
            "VARIABLE:",
            *(f"  {line}" for line in (*written.variable, *kind)),
            *(["DEFINE:", *(f"  {line}" for line in written.define)] if written.define else []),
            "ANALYSIS:",
            *(f"  {line}" for line in analysis),
            "MODEL:",
            *model,
        ]
    )


def _clusters(columns: Preparation) -> tuple[list[str], list[str]]:
    """The cluster variables from the inside out; ids that are told apart by several columns are a column to be made."""
    found, notes = [], []
    for own, group in zip(own_columns(columns.groups), columns.groups, strict=True):
        if len(group) == 1:
            found.append(group[0])
            continue
        found.append(columns.name(own[-1] if len(own) == 1 else "_".join(group)))
        notes.append(f"! a column of the data: {found[-1]} numbers the cells of {' and '.join(group)}")
    return found, notes


def _level(level: Node, spec: ModelSpec, written: MplusColumns, number: int, top: bool) -> Sequence[str]:
    """The lines of a level above the first: regressions, what is zero, and all covariances."""
    lines = [f"  {line}" for line in level.lines]
    threshold = "$1" if spec.distribution.family == "Bernoulli" else ""
    for name in level.names:
        lines.append(f"  {name};" if name in level.random else f"  {name}@0;")
        mean = f"{name}{threshold if name == written.outcome else ''}"
        if top and name not in level.means and not (spec.distribution.has_cutpoints and name == written.outcome):
            lines.append(f"  [{mean}@0];")
    block_of = {symbol: place for place, block in enumerate(spec.blocks_by_grouping[number]) for symbol in block}
    blocks = {name: block_of[symbol] for name, symbol in level.random.items()}
    for one, other in combinations(level.names, 2):
        covary = one in blocks and blocks[one] == blocks.get(other)
        lines.append(f"  {one} WITH {other}{'' if covary else '@0'};")
    return lines


MPLUS = Writer("mplus", "input of Mplus: TWOLEVEL or THREELEVEL", to_mplus)
