"""A specification with some lines replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bayeshlm.equations.grammar import parse_levels
from bayeshlm.equations.lines import Equation, ZeroCovariance, read_line
from bayeshlm.equations.log_spread import PREDICTED, LogSpreadLine
from bayeshlm.equations.outcome_lines import blank
from bayeshlm.equations.printed import read_printed
from bayeshlm.equations.product import Span
from bayeshlm.equations.render import render, spread_lines, zero_covariances
from bayeshlm.equations.residual_spread import SpreadLine
from bayeshlm.equations.spec import LevelEquation, ModelSpec
from bayeshlm.equations.symbols import canonical, stem, without_subscript
from bayeshlm.equations.tokens import tokenize
from bayeshlm.errors import EquationError
from bayeshlm.families.links import LINKS

_STATED = re.compile(r"(?P<left>(?:`[^`\r\n]*`|[^;\r\n#`~∼])*)[~∼](?P<right>(?:`[^`\r\n]*`|[^;\r\n#`~∼])*)")
_LINKED = re.compile(rf"\b(?:{'|'.join(LINKS)}|ln)\s*\(\s*(?P<symbol>[^\W\d]\w*)\s*\)(?=\s*=)", re.IGNORECASE)
_FIRST_ARGUMENT = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class _Given:
    """The lines that a change consists of, and whether they state the distribution, or the SD of the residual."""

    text: str
    level1: bool
    distribution: bool
    lines: tuple[Equation, ...]
    covariances: tuple[Span, ...]
    outcome_or_sd: bool

    @property
    def lefts(self) -> frozenset[str | None]:
        """The left sides."""
        return frozenset(line.symbol for line in self.lines)

    @property
    def used(self) -> frozenset[str]:
        """The symbols on the right sides."""
        return frozenset(symbol for line in self.lines for symbol in line.symbols)


def updated(spec: ModelSpec, change: str) -> ModelSpec:
    """Replace the lines of a model by those that have the same left side, and add those of new coefficients.

    Parameters
    ----------
    spec : ModelSpec
    change : str
        One or more lines as in `bayeshlm.parse`: of level 1, of coefficients, of the distribution, ``cov(u0, u1) = 0``,
        ``log(sigma) = ...``, ``corr(r) = ...``.
        Lines that no line uses any more are left out, and covariances stay zero where their effects stay.

    Raises
    ------
    EquationError
        If the lines, or the model that they make, cannot be read; the message quotes the line with a caret.

    Examples
    --------
    >>> from bayeshlm.equations import parse, render
    >>> spec = parse("math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10")
    >>> print(render(updated(spec, "b1 = g10 + g11*sector + u1")))
    math = b0 + b1*ses + r
    b0 = g00 + u0
    b1 = g10 + g11*sector + u1
    """
    if not isinstance(change, str):
        raise EquationError(f"a change is a text such as `b1 = g10 + u1`, not {type(change).__name__}")
    given = _read(spec, change)
    kept = [one for one in spec.equations if one.coefficient not in given.lefts]
    while orphans := [one for one in kept if one.coefficient not in _used(spec, given, kept)]:
        kept = [one for one in kept if one not in orphans]
    written = render(spec).split("\n")
    n_first = 1 if spec.residual else 2
    lines = dict(zip(spec.equations, written[n_first:], strict=False))
    rest = [lines[one] for one in kept]
    if not given.level1:
        rest.insert(0, written[n_first - 1])
    if n_first == 2 and not given.distribution:
        rest.insert(0, written[0])
    if spec.spread_effect and not given.outcome_or_sd:  # the covariances of a change may name it
        rest += spread_lines(replace(spec, correlation=None))
    text = "\n".join([f"{given.text}\n;", *rest])
    found = _with_zeros(spec, given, text)
    return _with_spread(spec, found)


def _with_spread(spec: ModelSpec, found: ModelSpec) -> ModelSpec:
    """The new model, with what the old one says of its residuals where no line of the change says otherwise."""
    if not found.residual:
        return found
    said_sd = found.residual_spread is not None or found.log_spread is not None
    kept = replace(
        found,
        residual_spread=None if said_sd or found.correlation is not None else spec.residual_spread,
        log_spread=None if said_sd else spec.log_spread,
        correlation=None if found.correlation or found.residual_spread else spec.correlation,
    )
    lines = spread_lines(kept)
    if kept.log_spread is not None and kept.log_spread == spec.log_spread and spec.spread_effect:
        own = next(block for block in spec.blocks_by_grouping[0] if spec.spread_effect in block)
        lines += [
            f"cov({one}, {spec.spread_effect}) = 0" for one in found.random if one in spec.random and one not in own
        ]
    return parse_levels("\n".join([found.text, *lines])) if lines else found


def _with_zeros(spec: ModelSpec, given: _Given, text: str) -> ModelSpec:
    """The new model, with the covariances zero that stay so."""
    alone = parse_levels(_blanked(text, given.covariances)) if given.covariances or _has_zeros(spec) else None
    if alone is None:
        return parse_levels(text)
    found = {path.symbol: alone.groupings[path.grouping or 0] for path in alone.random_paths}
    if alone.spread_effect:
        found[alone.spread_effect] = alone.groupings[0]
    zeros = []
    for name, blocks in zip(spec.groupings, spec.blocks_by_grouping, strict=True):
        stay = (tuple(one for one in block if found.get(one, "") == name) for block in blocks)
        zeros += zero_covariances(tuple(block for block in stay if block))
    return parse_levels("\n".join([text, *zeros]))


def _blanked(text: str, spans: Sequence[Span]) -> str:
    for span in spans:
        text = blank(text, span)
    return text


def _has_zeros(spec: ModelSpec) -> bool:
    return any(len(blocks) > 1 for blocks in spec.blocks_by_grouping)


def _used(spec: ModelSpec, given: _Given, kept: Sequence[LevelEquation]) -> set[str]:
    """The symbols that stand on a right side."""
    found = set(given.used)
    if not given.level1:
        found |= set(spec.coefficients)
    return found | {term.symbol for line in kept for term in line.fixed}


def _read(spec: ModelSpec, change: str) -> _Given:
    """Take the text of a change apart."""
    stated = [one for one in _STATED.finditer(change) if _names(spec, one["left"].strip())]
    of_level1 = {canonical(spec.distribution.symbols[0])} if spec.distribution.symbols else set()
    rest = _blanked(change, [one.span() for one in stated])
    for one in stated:
        arguments = one["right"].partition("(")[2]
        of_level1 |= {canonical(name) for name in _FIRST_ARGUMENT.findall(arguments)}
    for one in _LINKED.finditer(rest):
        if canonical(one["symbol"]) in PREDICTED:
            continue
        of_level1.add(canonical(one["symbol"]))
        rest = _blanked(rest, [(one.start(), one.start("symbol")), (one.end("symbol"), one.end())])
    read = [read_line(change, tokens) for tokens in tokenize(read_printed(change, rest).equations)]
    lines = tuple(one for one in read if isinstance(one, Equation))
    covariances = tuple(one.span for one in read if isinstance(one, ZeroCovariance))
    if not read and not stated:
        raise EquationError("the change holds no line: write one with its left side, such as `b1 = g10 + u1`")
    of_outcome = [one for one in lines if _is_outcome(spec, one)]
    level1 = bool(of_outcome) or any(one.symbol in of_level1 for one in lines)
    text, covariances = _with_groupings(spec, change, lines, covariances)
    of_sd = any(isinstance(one, LogSpreadLine | SpreadLine) for one in read)
    return _Given(text, level1, bool(stated or of_outcome), lines, covariances, bool(stated) or of_sd)


def _names(spec: ModelSpec, written: str) -> bool:
    """Whether a left side is the outcome's column."""
    name = written[1:-1].replace("``", "`") if written.startswith("`") else written
    return spec.outcome.name in (name, without_subscript(name))


def _is_outcome(spec: ModelSpec, line: Equation) -> bool:
    return (line.quoted or line.symbol not in spec.paths) and spec.outcome.name in (
        line.left.name,
        without_subscript(line.left.name),
    )


def _with_groupings(
    spec: ModelSpec, text: str, lines: Sequence[Equation], covariances: tuple[Span, ...]
) -> tuple[str, tuple[Span, ...]]:
    """Name the grouping of random effects that say none, where the model has several and only one can be meant."""
    if len(spec.groupings) == 1:
        return text, covariances
    of_effect = {path.symbol: path.grouping or 0 for path in spec.random_paths}
    of_line = {
        line.coefficient: groupings
        for level, groupings in zip(spec.levels[1:], spec.level_groupings, strict=True)
        for line in level
    }
    stems = {stem(symbol) for symbol in of_effect}
    inserted: list[tuple[int, str]] = []
    lefts = {line.symbol for line in lines}
    for line in lines:
        last = line.terms[-1].lone
        if last is None or last.group is not None or last.name in {*of_line, *lefts, *spec.coefficients}:
            continue
        positions = (of_effect[last.name],) if last.name in of_effect else of_line.get(line.symbol or "", ())
        is_effect = last.name in of_effect or (stem(last.name) in stems and last.name not in spec.fixed)
        if is_effect and len(positions) == 1 and (name := spec.groupings[positions[0]]) is not None:
            inserted.append((last.span[1], f"[{name}]"))
    for place, bracket in sorted(inserted, reverse=True):
        text = text[:place] + bracket + text[place:]
        covariances = tuple(
            (start + len(bracket), end + len(bracket)) if start >= place else (start, end) for start, end in covariances
        )
    return text, covariances
