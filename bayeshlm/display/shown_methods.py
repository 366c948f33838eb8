"""Tables of the comparison of methods and of Hausman's test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.digits import decimals, number, p_value
from bayeshlm.display.shown_result import ShownResult
from bayeshlm.methods.compare_methods import MethodComparison
from bayeshlm.methods.contextual import Hausman
from bayeshlm.reml.tests_of_effects import WaldTest

_NAN = float("nan")


class ShownComparison(ShownResult, MethodComparison):
    """A `MethodComparison` whose printed form is its tables."""

    def _blocks(self) -> Iterable[Block]:
        return _comparison(self)


class ShownHausman(ShownResult, Hausman):
    """A `Hausman` whose printed form is its table."""

    def _blocks(self) -> Iterable[Block]:
        return [_hausman(self)]


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
