"""The comparison of methods and Hausman's test, as text and as HTML."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pandas as pd

from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.digits import decimals, number, p_value
from bayeshlm.display.html import to_html
from bayeshlm.display.text import to_text
from bayeshlm.methods.compare_methods import MethodComparison
from bayeshlm.methods.contextual import Hausman
from bayeshlm.reml.tests_of_effects import WaldTest

_NAN = float("nan")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ShownComparison(MethodComparison):
    """A `MethodComparison` whose printed form is its tables."""

    @classmethod
    def of(cls, comparison: MethodComparison) -> ShownComparison:
        """Show a comparison."""
        return cls(**{field.name: getattr(comparison, field.name) for field in dataclasses.fields(comparison)})

    def __repr__(self) -> str:
        return to_text(_comparison(self))

    def _repr_html_(self) -> str:
        return to_html(_comparison(self))


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ShownHausman(Hausman):
    """A `Hausman` whose printed form is its table."""

    @classmethod
    def of(cls, test: Hausman) -> ShownHausman:
        """Show a test."""
        return cls(**{field.name: getattr(test, field.name) for field in dataclasses.fields(test)})

    def __repr__(self) -> str:
        return to_text([_hausman(self)])

    def _repr_html_(self) -> str:
        return to_html([_hausman(self)])


def _comparison(comparison: MethodComparison) -> Iterator[Block]:
    sections = []
    for method, part in comparison.table.groupby(level="method", sort=False):
        rows = tuple(
            (str(kind), str(term), *_numbers(row))
            for (_, kind, term), (_, row) in zip(part.index, part.iterrows(), strict=True)
        )
        sections.append(Section(str(method), rows))
    title = f"Slope of {comparison.x} ({comparison.coefficient}) by method"
    header = ("estimates", "term", "estimate", "se", "df", "t", "p")
    yield Grid(title, header, tuple(sections), n_labels=2, notes=comparison.notes)
    yield Lines(
        tuple(
            f"{method}: consistent for {row['consistent']}. Efficient: {row['efficient']}. Honest: {row['honest']}."
            for method, row in comparison.summary.iterrows()
        )
    )


def _hausman(test: Hausman) -> Grid:
    rows = [_wald(test.contextual)]
    rows.append(
        ("Hausman, fixed less random effects", "chi-square", number(test.chi2, 3), str(test.df), "", p_value(test.p))
    )
    header = ("", "statistic", "value", "df", "denominator df", "p")
    title = f"Is the slope of {test.x} between groups the slope within groups?"
    return Grid(title, header, (Section("", tuple(rows)),), n_labels=2, notes=test.notes)


def _wald(test: WaldTest) -> tuple[str, ...]:
    denominator = number(test.denominator_df, 1)
    return ("contextual effect is zero", "F", number(test.F, 3), str(test.numerator_df), denominator, p_value(test.p))


def _numbers(row: pd.Series) -> tuple[str, ...]:
    places = decimals(float(row["se"]), _NAN)
    return (
        number(row["estimate"], places),
        number(row["se"], places),
        number(row["df"], 0 if float(row["df"]).is_integer() else 1),
        number(row["t"], 2),
        p_value(row["p"]),
    )
