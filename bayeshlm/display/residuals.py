"""Tables of the residuals of rows and of groups."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bayeshlm.checks.level1_residuals import LevelOneResiduals
from bayeshlm.checks.level1_variance import LevelOneVariance
from bayeshlm.checks.level2_residuals import LevelTwoResiduals
from bayeshlm.checks.quantile_residuals import QuantileResiduals
from bayeshlm.checks.residual_shape import Normality
from bayeshlm.display.blocks import Block, Grid, Lines, Section
from bayeshlm.display.digits import count, decimals, number, p_value, percent
from bayeshlm.display.shown_result import ShownResult

SHOWN = 8
"""So many rows or groups are printed, those that lie farthest out."""

_NAN = float("nan")


class ShownLevelOne(ShownResult, LevelOneResiduals):
    """`LevelOneResiduals` whose printed form is the largest residuals and the tests."""

    def _blocks(self) -> Iterable[Block]:
        return level1_blocks(self)


class ShownQuantiles(ShownResult, QuantileResiduals):
    """`QuantileResiduals` whose printed form is the largest residuals and the tests."""

    def _blocks(self) -> Iterable[Block]:
        return quantile_blocks(self)


class ShownLevelTwo(ShownResult, LevelTwoResiduals):
    """`LevelTwoResiduals` whose printed form is the groups that lie farthest out."""

    def _blocks(self) -> Iterable[Block]:
        return level2_blocks(self)


def quantile_blocks(residuals: QuantileResiduals) -> list[Block]:
    """Lay out the largest randomized quantile residuals, and the tests."""
    table, names = residuals.table, list(residuals.groupings)
    order = np.argsort(-table["standardized"].abs().to_numpy(), kind="stable")[:SHOWN]
    farthest = table.iloc[order]
    groups = farthest[names].astype(object).to_numpy().tolist()
    numbers = farthest[["y", "fitted", "standardized"]].to_numpy().tolist()
    rows = [
        (str(label), *map(str, of_row), f"{y:g}", number(fitted, 3), number(z, 2))
        for label, of_row, (y, fitted, z) in zip(farthest.index, groups, numbers, strict=True)
    ]
    header = ("row", *names, "y", "fitted", "standardized")
    title = f"Level-1 residuals: the {len(rows)} farthest of {count(len(table))}"
    grid = Grid(title, header, (Section("", tuple(rows)),), n_labels=1 + len(names), notes=residuals.notes)
    shape = residuals.normality
    tests = (
        ("mean square", number(residuals.mean_square, 2), p_value(residuals.p_mean_square)),
        ("skewness", number(shape.skewness, 2), p_value(shape.p_skewness)),
        ("excess kurtosis", number(shape.kurtosis - 3, 2), p_value(shape.p_kurtosis)),
    )
    note = f"p: two-sided, averaged over {residuals.n_draws} draws; a mean square above 1 is variation beyond the model"
    return [grid, Grid("Tests of the level-1 residuals", ("", "value", "p"), (Section("", tests),), notes=(note,))]


def level1_blocks(residuals: LevelOneResiduals) -> list[Block]:
    """Lay out the largest standardized residuals, the shares beyond 2 and 3, and the tests."""
    table = residuals.table
    z = table["standardized"].abs()
    farthest = table.loc[np.asarray(z.rank(ascending=False, method="first") <= SHOWN)]
    farthest = farthest.iloc[np.argsort(-farthest["standardized"].abs().to_numpy(), kind="stable")]
    rows = []
    names = list(residuals.groupings)
    groups = farthest[names].astype(object).to_numpy().tolist()
    numbers = farthest.drop(columns=names)
    places = min(decimals(float(sd), _NAN) for sd in farthest["sd"])
    for label, of_row, (_, row) in zip(farthest.index, groups, numbers.iterrows(), strict=True):
        values = (number(float(row[name]), places) for name in ("y", "fitted", "mean", "sd", "lower", "upper"))
        rows.append((str(label), *map(str, of_row), *values, number(float(row["standardized"]), 2)))
    header = ("row", *names, "y", "fitted", "residual", "sd", "lower", "upper", "standardized")
    title = f"Level-1 residuals: the {len(rows)} farthest of {count(len(table))} ({_interval(table.attrs)})"
    shares = (
        f"{percent(round(float((z > limit).mean()), 4))} ({normal})" for limit, normal in ((2, "4.55%"), (3, "0.27%"))
    )
    share = f"beyond 2 and 3 in absolute value: {' and '.join(shares)}; in brackets what normal errors give"
    grid = Grid(title, header, (Section("", tuple(rows)),), n_labels=1 + len(names), notes=(*residuals.notes, share))
    return [grid, _tests(residuals.normality, residuals.variance, several=len(names) > 1)]


def level2_blocks(residuals: LevelTwoResiduals) -> list[Block]:
    """Lay out the groups with the smallest p, their distances and their residuals."""
    found = residuals.distances
    order = np.argsort(found["p"].fillna(2.0).to_numpy(), kind="stable")[:SHOWN]
    effects = list(dict.fromkeys(residuals.table.index.get_level_values("random")))
    mean = residuals.data["mean"].to_numpy()
    places = [decimals(float(np.nanmean(sd)), _NAN) for sd in residuals.data["sd"].to_numpy().T]
    rows = []
    for j in order:
        row = found.iloc[j]
        own = (number(float(mean[j, a]), places[a]) for a in range(len(effects)))
        distance = (number(float(row["distance"]), 2), str(int(row["df"])))
        tests = (p_value(float(row["p"])), p_value(float(row["p_holm"])), p_value(float(row["p_chi2"])))
        rows.append((str(found.index[j]), count(float(row["n"])), *own, *distance, *tests))
    header = (residuals.group, "n", *effects, "distance", "df", "p", "p Holm", "p chi2")
    shown = f"the {len(rows)} farthest of {count(len(found))} groups"
    title = f"Level-{residuals.level} residuals: {shown}, by Mahalanobis distance"
    small = int((found["p_holm"] < 0.05).sum())
    said = "no group lies" if small == 0 else "1 group lies" if small == 1 else f"{small} groups lie"
    notes = (*residuals.notes, "p chi2: of the distance at the posterior means, as in HLM")
    verdict = f"After adjustment for the number of groups {said} out of what the model expects (p below .05)."
    return [Grid(title, header, (Section("", tuple(rows)),), notes=notes), Lines((verdict,))]


def _tests(shape: Normality, variance: LevelOneVariance, several: bool) -> Grid:
    used = int(variance.groups["used"].sum())
    df = str(variance.df) if used > 1 else ""
    rows = (
        ("skewness of the errors", number(shape.skewness, 2), "", p_value(shape.p_skewness), ""),
        ("excess kurtosis of the errors", number(shape.kurtosis - 3, 2), "", p_value(shape.p_kurtosis), ""),
        ("equal level-1 variance, H", number(variance.chi2, 2), df, p_value(variance.p), p_value(variance.p_exact)),
    )
    least = f"at least {variance.min_df} degrees of freedom for a residual variance of their own"
    names = list(map(str, variance.groups.index.names))
    whose = "" if not several else f" of {names[0]}" if len(names) == 1 else f", the cells of {' and '.join(names)},"
    entered = f"{used} of {len(variance.groups)} groups{whose} enter"
    notes = (f"equal variance: {entered}, those with {least}; p exact: simulated",)
    return Grid("Tests of the level-1 errors", ("", "value", "df", "p", "p exact"), (Section("", rows),), notes=notes)


def _interval(attrs: dict[object, object]) -> str:
    kind = {"eti": "equal-tailed", "hdi": "highest-density"}[str(attrs["ci_kind"])]
    return f"{percent(float(str(attrs['ci_prob'])))} {kind} intervals"
