"""ModelSpec -> the program of SAS that fits the same model: PROC MIXED, or PROC GLIMMIX where it is not normal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bayeshlm.equations.notations.nested_names import is_nested, own_columns
from bayeshlm.equations.notations.prepared import Made, Preparation, column_names
from bayeshlm.equations.notations.writer import ALL, Asked, Writer, refused
from bayeshlm.equations.product import Product
from bayeshlm.equations.spec import Blocks

DISTRIBUTIONS = {
    "Bernoulli": "BINARY",
    "Binomial": "BINOMIAL",
    "Poisson": "POISSON",
    "NegativeBinomial": "NEGBIN",
    "Gamma": "GAMMA",
    "Beta": "BETA",
    "Ordinal": "MULTINOMIAL",
}
"""The DIST= of PROC GLIMMIX; the scale of its negative binomial and gamma distributions is 1/phi and 1/shape."""

_LAPLACE = "/* crossed groupings: Laplace's approximation in place of quadrature */"
_SIGN = "/* GLIMMIX predicts P(Y <= k): the fixed effects have the other sign there */"


def to_sas(asked: Asked) -> str:
    """Write a specification as a program of SAS, 9.4 or later.

    PROC MIXED estimates by REML, with Satterthwaite's degrees of freedom; PROC GLIMMIX by adaptive quadrature.

    Raises
    ------
    EquationError
        For StudentT outcomes, whose degrees of freedom SAS does not estimate, and for names of more than 32 characters.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*cwc(ses) + r; b0 = g00 + g01*size + u0; b1 = g10 + g11*size + u1")
    >>> print(to_sas(Asked(spec, ("school",), {})))
    PROC SQL;
      CREATE TABLE step0 AS SELECT math, school, ses, size FROM d;
      CREATE TABLE step1 AS SELECT *, ses - MEAN(ses) AS ses_cwc FROM step0 GROUP BY school;
    QUIT;
    PROC MIXED DATA = step1 METHOD = REML;
      CLASS school;
      MODEL math = size ses_cwc size*ses_cwc / SOLUTION DDFM = SATTERTHWAITE;
      RANDOM INTERCEPT ses_cwc / SUBJECT = school TYPE = UN;
    RUN;
    """
    spec, distribution = asked.spec, asked.spec.distribution
    normal = distribution.family == "Normal"
    if not normal and distribution.family not in DISTRIBUTIONS:
        raise refused(spec, "SAS", "does not estimate the degrees of freedom of StudentT outcomes", "brms")
    columns = Preparation(asked, "SAS", lambda name: len(name) <= 32 and name.isprintable())
    outcome = _name(columns.less_offset() if normal else columns.outcome)
    trials = columns.name("trials") if isinstance(columns.trials, int) and columns.trials else columns.trials
    fixed = [column_names(path.product) for path in columns.spec.fixed_paths]
    effects = " ".join("*".join(map(_name, term)) for term in fixed if term)
    nested = is_nested(columns.spec)
    options = ["SOLUTION", *([] if () in fixed or distribution.has_cutpoints else ["NOINT"])]
    if normal:
        options.append("DDFM = SATTERTHWAITE")
    else:
        link = "CUM" * distribution.has_cutpoints + distribution.link.upper()
        options += [f"DIST = {DISTRIBUTIONS[distribution.family]}", f"LINK = {link}"]
        options += [f"OFFSET = {_name(columns.offset)}"] if columns.offset else []
    left = f"{outcome}(EVENT = '1')" if distribution.family == "Bernoulli" else outcome
    left = f"{outcome}/{_name(str(trials))}" if trials else left
    subjects = _subjects(columns.groups, nested)
    random = [
        statement
        for subject, blocks in zip(reversed(subjects), reversed(columns.spec.blocks_by_grouping), strict=True)
        for statement in _random(columns, subject, blocks)
    ]
    steps = _steps(asked, columns, str(trials) if isinstance(columns.trials, int) and trials else "")
    made = f"step{len(steps) - 3}" if steps else "d"
    procedure = "MIXED" if normal else "GLIMMIX"
    method = "REML" if normal else "QUAD" if nested else "LAPLACE"
    odd = any(_name(name) != name for name in asked.used)
    return "\n".join(
        [
            *(["OPTIONS VALIDVARNAME = ANY;"] if odd else []),
            *steps,
            *([] if normal or nested else [_LAPLACE]),
            *([_SIGN] if distribution.has_cutpoints else []),
            f"PROC {procedure} DATA = {made} METHOD = {method};",
            f"  CLASS {' '.join(dict.fromkeys(_name(name) for group in columns.groups for name in group))};",
            f"  MODEL {left} ={f' {effects}' if effects else ''} / {' '.join(options)};",
            *random,
            *_repeated(columns, subjects[0]),
            "RUN;",
        ]
    )


def _repeated(columns: Preparation, subject: str) -> Iterator[str]:
    """The REPEATED statement: correlations of residuals, or what their variance is multiplied by."""
    spec = columns.spec
    spread, found = spec.log_spread, spec.correlation
    if spread is not None:
        if found is not None:
            reason = "has no correlations beside an equation of the level-1 SD"
            raise refused(spec, "PROC MIXED", reason, "nlme", found.span)
        if not any(expression.is_constant for expression in spread.expressions):
            reason = "has a level-1 variance times what changes it: write the equation with a constant, `a0 + ...`"
            raise refused(spec, "PROC MIXED", reason, "brms", spread.span)
        names = [column_names(one) for one in spread.expressions if not one.is_constant]
        if names:
            yield f"  REPEATED / LOCAL = EXP({' '.join('*'.join(map(_name, term)) for term in names)});"
    if found is not None:
        pattern = "CS" if found.pattern == "cs" else "AR(1)"
        if found.time is not None:
            pattern = f"SP(POW)({_name(found.time.name)})"
        yield f"  REPEATED / SUBJECT = {subject} TYPE = {pattern};"


def _name(name: str) -> str:
    """A name of SAS: a literal where it has other characters than letters, digits and underscores."""
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.A) else "'{}'n".format(name.replace("'", "''"))


def _subjects(groups: Sequence[tuple[str, ...]], nested: bool) -> list[str]:
    """The SUBJECT= of each grouping, from the inside out: nested ones within those above, else crossed columns."""
    if not nested:
        return ["*".join(map(_name, group)) for group in groups]
    own, found = own_columns(groups), list[str]()
    for position, columns in enumerate(own):
        above = [_name(name) for one in reversed(own[position + 1 :]) for name in one if name not in columns]
        within = f"({' '.join(dict.fromkeys(above))})" if above else ""
        found.append("*".join(map(_name, columns)) + within)
    return found


def _random(columns: Preparation, subject: str, blocks: Blocks) -> list[str]:
    """The RANDOM statements of one grouping: one of all effects that are independent, one of each block of others."""
    paths = columns.spec.paths

    def effects(symbols: Sequence[str]) -> str:
        products: list[Product] = [paths[symbol].product for symbol in symbols]
        return " ".join("*".join(map(_name, column_names(one))) or "INTERCEPT" for one in products)

    alone = [symbol for block in blocks if len(block) == 1 for symbol in block]
    found = [f"  RANDOM {effects(alone)} / SUBJECT = {subject} TYPE = VC;"] if alone else []
    return found + [f"  RANDOM {effects(one)} / SUBJECT = {subject} TYPE = UN;" for one in blocks if len(one) > 1]


def _steps(asked: Asked, columns: Preparation, constant: str) -> list[str]:
    """The PROC SQL that makes the columns, a table each; none where there are none to make."""
    if not (columns.made or constant or asked.incomplete):
        return []
    used = ", ".join(map(_name, asked.used))
    also = f", {columns.trials} AS {constant}" if constant else ""
    where = f" WHERE CMISS({used}) = 0" if asked.incomplete else ""
    tables = [f"SELECT {used}{also} FROM d{where}"]
    for number, made in enumerate(columns.made):
        tables.append(_select(made, f"step{number}"))
    lines = [f"  CREATE TABLE step{number} AS {table};" for number, table in enumerate(tables)]
    return ["PROC SQL;", *lines, "QUIT;"]


def _select(made: Made, table: str) -> str:
    """The query that adds a column to a table."""
    x, within, unit = _name(made.of[0]), ", ".join(map(_name, made.within)), ", ".join(map(_name, made.unit))
    code, behind = "", ""
    match made.operation:
        case "product" | "sum" | "less":
            code = {"product": "*", "sum": " + ", "less": " - "}[made.operation].join(map(_name, made.of))
        case "level":
            code = f"({x} = {_value(made.level)})" + (f" - ({x} = {_value(made.reference)})" if made.sums else "")
        case "mean":
            code, behind = f"MEAN({x})", f" GROUP BY {within}"
        case "center" if made.unit and made.within:
            return _center_of_units(made, table, x)
        case "center" | "scale":
            start, end = ("(SELECT ", f" FROM (SELECT DISTINCT {unit}, {x} FROM {table}))") if made.unit else ("", "")
            code = f"{x} - {start}MEAN({x}){end}"
            code = f"({code}) / {start}STD({x}){end}" if made.operation == "scale" else code
            behind = f" GROUP BY {within}" if within else ""
        case _:
            code = f"{made.operation.upper()}({x})"
    return f"SELECT *, {code} AS {made.name} FROM {table}{behind}"


def _center_of_units(made: Made, table: str, x: str) -> str:
    """Center within groups of units, of which each counts once."""
    groups, units = (list(map(_name, names)) for names in (made.within, made.unit))
    distinct = ", ".join(dict.fromkeys((*units, *groups, x)))
    means = (
        f"SELECT {', '.join(groups)}, MEAN({x}) AS m FROM (SELECT DISTINCT {distinct} FROM {table})"
        f" GROUP BY {', '.join(groups)}"
    )
    on = " AND ".join(f"a.{name} = b.{name}" for name in groups)
    return f"SELECT a.*, a.{x} - b.m AS {made.name} FROM {table} AS a LEFT JOIN ({means}) AS b ON {on}"


def _value(value: object) -> str:
    return "'{}'".format(value.replace("'", "''")) if isinstance(value, str) else repr(value)


SAS = Writer("sas", "program of SAS: PROC MIXED, or PROC GLIMMIX", to_sas, False, True, ALL)
