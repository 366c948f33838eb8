"""ModelSpec -> Python code that builds the same model in bambi, under bambi's own priors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bayeshlm.equations.notations.prepared import Made, Preparation, column_names
from bayeshlm.equations.notations.writer import Asked, Writer
from bayeshlm.equations.product import Column, Product
from bayeshlm.equations.tokens import is_plain_name

FAMILIES = {
    "Normal": "gaussian",
    "Bernoulli": "bernoulli",
    "Binomial": "binomial",
    "Poisson": "poisson",
    "NegativeBinomial": "negativebinomial",
    "Gamma": "gamma",
    "Beta": "beta",
    "StudentT": "t",
    "Ordinal": "cumulative",
}
"""bambi's names of families; their parameters mean what ours do."""

_INDEPENDENT = "# bambi estimates no correlations of random effects: here they are independent"


def to_bambi(asked: Asked) -> str:
    """Write a specification as Python code; priors are not written, so that bambi takes its own.

    Columns that bambi cannot make in a formula are made before, with pandas.

    Examples
    --------
    >>> from bayeshlm.equations import parse
    >>> spec = parse("math = b0 + b1*cwc(ses) + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0")
    >>> print(to_bambi(Asked(spec, ("school",), {})))
    import bambi as bmb
    <BLANKLINE>
    data = data.assign(ses_cwc=data["ses"] - data.groupby(["school"])["ses"].transform("mean"))
    model = bmb.Model("math ~ ses_cwc + (1 + ses_cwc | school)", data, family="gaussian", link="identity")
    """
    columns = Preparation(asked, "bambi", _accepts, makes_numbers=True)
    spec, distribution = columns.spec, asked.spec.distribution
    fixed = [_term(columns, path.product) for path in spec.fixed_paths]
    parts = _sum(fixed, ordered=distribution.has_cutpoints)
    parts += [f"offset({_name(columns.offset)})"] if columns.offset else []
    random = {path.symbol: _term(columns, path.product) for path in spec.random_paths}
    for group, blocks in zip(columns.groups, spec.blocks_by_grouping, strict=True):
        effects = [random[symbol] for block in blocks for symbol in block]
        parts.append(f"({' + '.join(_sum(effects, first='1'))} | {':'.join(map(_name, group))})")
    outcome = _name(columns.outcome)
    if columns.trials:
        trials = columns.trials if isinstance(columns.trials, int) else _name(columns.trials)
        outcome = f"p({outcome}, {trials})"
    lines = ["import bambi as bmb"]
    if any(made.operation in ("log", "exp", "sqrt") for made in columns.made):
        lines.append("import numpy as np")
    lines += ["import pandas as pd"] * distribution.has_cutpoints + [""]
    if any(len(block) > 1 for blocks in spec.blocks_by_grouping for block in blocks):
        lines.append(_INDEPENDENT)
    if asked.incomplete:
        lines.append(f"data = data[{_listed(asked.used)}].dropna()")
    lines += [f"data = data.assign({made.name}={_pandas(made)})" for made in columns.made]
    if distribution.has_cutpoints:
        ordered = f"pd.Categorical(data[{_quoted(columns.outcome)}], ordered=True)"
        lines.append(f"data = data.assign(**{{{_quoted(columns.outcome)}: {ordered}}})")
    family = f'family="{FAMILIES[distribution.family]}", link="{distribution.link}"'
    return "\n".join([*lines, f'model = bmb.Model("{outcome} ~ {" + ".join(parts)}", data, {family})'])


def _accepts(name: str) -> bool:
    return name.isprintable() and not set('`"\\').intersection(name)


def _sum(terms: Sequence[str], first: str = "", ordered: bool = False) -> list[str]:
    """The summands of a formula: the intercept is the empty term."""
    written = [term for term in terms if term]
    if "" not in terms:
        return ["0", *written] if not ordered or not written else written
    return [first, *written] if first else written or ["1"]


def _term(columns: Preparation, product: Product) -> str:
    """A product joined by ``:``; one with a column twice is made before."""
    names = column_names(product)
    if max(Counter(names).values(), default=1) > 1:
        names = column_names(Product((Column(columns.one(product)),)))
    return ":".join(map(_name, names))


def _name(name: str) -> str:
    return name if is_plain_name(name) and name.isidentifier() else f"`{name}`"


def _quoted(name: str) -> str:
    return f'"{name}"' if _accepts(name) else repr(name)


def _listed(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, names))}]"


def _pandas(made: Made) -> str:
    x, *others = (f"data[{_quoted(name)}]" for name in made.of)
    once = f"{x}.where(~data.duplicated({_listed(made.unit)}))" if made.unit else x
    match made.operation:
        case "product":
            return " * ".join((x, *others))
        case "sum":
            return " + ".join((x, *others))
        case "less":
            return " - ".join((x, *others))
        case "level":
            column = f"({x} == {_value(made.level)}).astype(int)"
            return f"{column} - ({x} == {_value(made.reference)}).astype(int)" if made.sums else column
        case "number":
            return f"{x}.astype(int)"
        case "scale":
            return f"({x} - {once}.mean()) / {once}.std()"
        case "mean":
            return f'data.groupby({_listed(made.within)})[{_quoted(made.of[0])}].transform("mean")'
        case "center" if not made.within:
            return f"{x} - {once}.mean()"
        case "center" if not made.unit:
            return f'{x} - data.groupby({_listed(made.within)})[{_quoted(made.of[0])}].transform("mean")'
        case "center":
            groups = ", ".join(f"data[{_quoted(name)}]" for name in made.within)
            return f'{x} - {once}.groupby([{groups}]).transform("mean")'
    return f"np.{made.operation}({x})"


def _value(value: object) -> str:
    return _quoted(value) if isinstance(value, str) else repr(value)


BAMBI = Writer("bambi", "Python code of bambi, without priors; G is diagonal there", to_bambi)
