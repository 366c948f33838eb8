"""ModelSpec -> the commands of Stata that fit the same model: ``mixed``, or ``meglm`` where it is not normal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bayeshlm.equations.notations.nested_names import is_nested, own_columns
from bayeshlm.equations.notations.prepared import Made, Preparation, column_names
from bayeshlm.equations.notations.writer import Asked, Writer, refused
from bayeshlm.equations.spec import Blocks, ModelSpec

FAMILIES = {
    "Bernoulli": "bernoulli",
    "Binomial": "binomial {trials}",
    "Poisson": "poisson",
    "NegativeBinomial": "nbinomial mean",
    "Gamma": "gamma",
    "Ordinal": "ordinal",
}
"""The family() of ``meglm``; the overdispersion of its negative binomial is 1/phi."""

_NO_TEXT = re.compile(r"[`$\x00-\x1f\x7f-\x9f\u2028\u2029]|\"'")
"""What Stata would obey in a text: macros, the end of the line, the end of the text."""

_LAPLACE = "* several crossed groupings: Laplace's approximation in place of quadrature"


def to_stata(asked: Asked) -> str:
    """Write a specification as Stata's commands, of version 14 or later.

    ``mixed`` estimates by REML, with Satterthwaite's degrees of freedom. Groupings stand from the outside in; of
    crossed ones all but one are indicators of all data, ``_all: R.g``.

    Raises
    ------
    EquationError
        For outcomes that Stata's commands have not, for slopes of two crossed groupings, for names of columns that
        Stata cannot have, and for categories whose text Stata would obey.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*cwc(ses) + r; b0 = g00 + g01*size + u0; b1 = g10 + g11*size + u1")
    >>> print(to_stata(Asked(spec, ("school",), {})))
    egen double ses_cwc_mean = mean(ses), by(school)
    generate double ses_cwc = ses - ses_cwc_mean
    mixed math size ses_cwc c.size#c.ses_cwc || school: ses_cwc, covariance(unstructured) reml dfmethod(satterthwaite)
    """
    distribution = asked.spec.distribution
    normal = distribution.family == "Normal"
    if not normal and distribution.family not in FAMILIES:
        raise refused(asked.spec, "Stata's meglm", f"has no {distribution.family} outcomes")
    columns = Preparation(
        asked, "Stata", lambda name: re.fullmatch(r"(?!_all$)[A-Za-z_]\w{0,31}", name, re.A) is not None
    )
    spec = columns.spec
    outcome = columns.less_offset() if normal else columns.outcome
    fixed = [column_names(path.product) for path in spec.fixed_paths]
    left = " ".join(
        (outcome, *("#".join(f"c.{name}" for name in term) if len(term) > 1 else term[0] for term in fixed if term))
    )
    options = [] if () in fixed or distribution.has_cutpoints else ["noconstant"]
    options += [f"offset({columns.offset})"] if columns.offset and not normal else []
    units, equations = _equations(columns, asked.spec)
    last = ["reml", "dfmethod(satterthwaite)"]
    if not normal:
        family = FAMILIES[distribution.family].format(trials=columns.trials)
        last = [f"family({family})", f"link({distribution.link})"]
        last += ["intmethod(laplace)"] if not is_nested(spec) else []
    equations[-1] = _with_options(equations[-1], last)
    command = " || ".join((_with_options(f"{'mixed' if normal else 'meglm'} {left}", options), *equations))
    lines = [_keep(asked)] if asked.incomplete else []
    for made in columns.made:
        for level in (made.level, made.reference):
            if isinstance(level, str) and _NO_TEXT.search(level):
                raise refused(
                    asked.spec, "Stata", f"has no text such as {level!r}: rename this category of {made.of[0]}"
                )
        lines += _generate(made, columns)
    notes = [] if normal or is_nested(spec) else [_LAPLACE]
    return "\n".join([*lines, *units, *notes, command])


def _keep(asked: Asked) -> str:
    return f"drop if missing({', '.join(asked.used)})"


def _with_options(command: str, options: Sequence[str]) -> str:
    if not options:
        return command
    return f"{command}{' ' if ',' in command else ', '}{' '.join(options)}"


def _equations(columns: Preparation, spec: ModelSpec) -> tuple[list[str], list[str]]:
    """The columns of units that have to be made, and the equations of random effects."""
    plain, units = columns.spec, list[str]()
    paths = plain.paths
    random = {symbol: columns.one(paths[symbol].product) for symbol in plain.random}
    own = own_columns(columns.groups) if is_nested(plain) else list(columns.groups)

    def unit(position: int, always: bool = False) -> str:
        if len(own[position]) == 1 and not always:
            return own[position][0]
        name = columns.name("_".join((*own[position], "no")))
        units.append(f"egen long {name} = group({' '.join(own[position])})")
        return name

    apart = _indicators(plain, spec, random)
    equations = [f"_all: R.{unit(position, always=True)}" for position in apart]
    for position in reversed(range(len(own))):
        if position not in apart:
            equations += _of_grouping(unit(position), plain.blocks_by_grouping[position], random)
    return units, equations


def _indicators(plain: ModelSpec, spec: ModelSpec, random: dict[str, str]) -> list[int]:
    """The groupings that are written as indicators, since they are crossed with others: intercepts alone can be."""
    if is_nested(plain):
        return []
    slopes = [any(random[symbol] for block in blocks for symbol in block) for blocks in plain.blocks_by_grouping]
    kept = [position for position, has in enumerate(slopes) if has] or [0]
    if any(sum(position in level for position in kept) > 1 for level in plain.level_groupings):
        raise refused(spec, "Stata", "has no slopes that vary over two crossed groupings")
    return [position for position in reversed(range(len(slopes))) if position not in kept]


def _of_grouping(unit: str, blocks: Blocks, random: dict[str, str]) -> list[str]:
    """The equations of one grouping: one of all effects that are independent, one of each block of others."""
    alone = [symbol for block in blocks if len(block) == 1 for symbol in block]
    joined = [list(block) for block in blocks if len(block) > 1]
    found = []
    for symbols in [alone, *joined] if alone else joined:
        names = [random[symbol] for symbol in symbols]
        options = [] if "" in names else ["noconstant"]
        if len(symbols) > 1:
            options.append("covariance(independent)" if symbols is alone else "covariance(unstructured)")
        found.append(_with_options(f"{unit}: {' '.join(filter(None, names))}".rstrip(), options))
    return found


def _generate(made: Made, columns: Preparation) -> list[str]:
    """The commands that make a column."""
    x, create = made.of[0], f"generate double {made.name} ="
    match made.operation:
        case "product":
            return [f"{create} {'*'.join(made.of)}"]
        case "sum":
            return [f"{create} {' + '.join(made.of)}"]
        case "less":
            return [f"{create} {' - '.join(made.of)}"]
        case "level":
            minus = f" - ({_is(x, made.reference)})" if made.sums else ""
            return [f"generate byte {made.name} = ({_is(x, made.level)}){minus}"]
        case "mean":
            return [f"egen double {made.name} = mean({x}), by({' '.join(made.within)})"]
        case "center" | "scale":
            return _centered(made, columns)
    return [f"{create} {'ln' if made.operation == 'log' else made.operation}({x})"]


def _centered(made: Made, columns: Preparation) -> list[str]:
    x, lines, first = made.of[0], list[str](), ""
    if made.unit:
        first = columns.name(f"{made.name}_first")
        lines.append(f"egen byte {first} = tag({' '.join(made.unit)})")
    if made.within:
        mean = columns.name(f"{made.name}_mean")
        inner = f"cond({first}, {x}, .)" if first else x
        lines.append(f"egen double {mean} = mean({inner}), by({' '.join(made.within)})")
        return [*lines, f"generate double {made.name} = {x} - {mean}"]
    lines.append(f"summarize {x}{f' if {first}' if first else ''}")
    divided = f"({x} - r(mean)) / r(sd)" if made.operation == "scale" else f"{x} - r(mean)"
    return [*lines, f"generate double {made.name} = {divided}"]


def _is(column: str, value: object) -> str:
    if isinstance(value, str):
        return f'{column} == `"{value}"\''
    return f"reldif({column}, {value!r}) < 1e-6" if isinstance(value, float) else f"{column} == {value}"


STATA = Writer("stata", "commands of Stata: mixed, or meglm", to_stata)
