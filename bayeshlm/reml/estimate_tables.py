"""Estimates, intervals and tests of a fit as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from bayeshlm.arguments import check_prob
from bayeshlm.design.design import Design
from bayeshlm.design.type_three import sum_coded_effects
from bayeshlm.reml.estimate import RemlEstimate
from bayeshlm.reml.estimates import Estimate
from bayeshlm.reml.hlm_statistics import chi_square_tests, outermost
from bayeshlm.reml.intervals import IntervalDf, Intervals, fixed_tests, t_bounds
from bayeshlm.reml.tests_of_effects import DfMethod, type_three

AS_CODED = (
    "the model depends on how its categories are coded, because a product of them stands without its parts: each F "
    "tests that the columns of a symbol, as they are coded, have no effect"
)
"""Note of tests that no choice of hypotheses makes free of the coding."""

FEW_GROUPS = 50
"""Groups below which a sandwich covariance may be of too few: from 20 to 50 where they are of one size, more
where they are not (Cameron & Miller 2015, J. Human Resources 50, 317-372, section VI)."""


def fixed_table(
    design: Design, estimate: RemlEstimate, prob: float, df: IntervalDf, robust: bool = False
) -> pd.DataFrame:
    """Fixed effects by symbol: coefficient, term, estimate, se, df, t, p and the bounds of an interval.

    Parameters
    ----------
    design : Design
        Names coefficients and terms.
    estimate : RemlEstimate
        Its fit.
    prob, df
        As in `fixed_tests` and `t_bounds`.
    robust : bool
        Cluster-robust standard errors.

    Raises
    ------
    OptionError
        For an unknown option.
    """
    check_prob(prob)
    tests = fixed_tests(estimate, df, design if robust else None)
    lower, upper = t_bounds(tests, prob)
    table = pd.DataFrame(
        {
            "coefficient": [column.coefficient for column in design.fixed],
            "term": [column.term for column in design.fixed],
            "estimate": tests.estimate,
            "se": tests.se,
            "df": tests.df,
            "t": tests.t,
            "p": tests.p,
            "lower": lower,
            "upper": upper,
        },
        index=pd.Index(tests.labels, name="symbol"),
    )
    clusters = estimate.n_groups[outermost(design)] if robust else min(estimate.n_groups)
    notes = (few_groups_note(clusters),) if robust and clusters < FEW_GROUPS else ()
    table.attrs.update(ci_prob=prob, df=df, robust=robust, n_groups=clusters, notes=notes)
    return table


def normal_table(design: Design, estimate: Estimate, prob: float, exponentiate: bool = False) -> pd.DataFrame:
    """Fixed effects by symbol with Wald's normal tests: coefficient, term, estimate, se, z, p and bounds.

    Exponentiated are the estimate and its bounds, and the standard error by the delta method; tests stay those of no
    effect.
    """
    check_prob(prob)
    z, half = estimate.gamma / estimate.se, float(ndtri(0.5 + prob / 2)) * estimate.se
    table = pd.DataFrame(
        {
            "coefficient": [column.coefficient for column in design.fixed],
            "term": [column.term for column in design.fixed],
            "estimate": estimate.gamma,
            "se": estimate.se,
            "z": z,
            "p": 2 * ndtr(-np.abs(z)),
            "lower": estimate.gamma - half,
            "upper": estimate.gamma + half,
        },
        index=pd.Index(estimate.fixed_labels, name="symbol"),
    )
    table.attrs.update(ci_prob=prob)
    if exponentiate:
        with np.errstate(over="ignore"):
            table[["estimate", "lower", "upper"]] = np.exp(table[["estimate", "lower", "upper"]])
        table["se"] *= table["estimate"]
        table.attrs["ratio"] = design.outcome.ratio
    return table


def few_groups_note(n_groups: int) -> str:
    """What must be said of cluster-robust standard errors from few groups."""
    return (
        f"cluster-robust standard errors from {n_groups} groups are too small on average, and their intervals too "
        f"narrow: they need many groups, some {FEW_GROUPS} at least"
    )


def interval_table(found: Intervals, method: str) -> pd.DataFrame:
    """Interval estimates by (component, effect): estimate, lower, upper; notes in ``attrs``."""
    index = pd.MultiIndex.from_tuples(found.keys, names=["component", "effect"])
    table = pd.DataFrame({"estimate": found.estimate, "lower": found.lower, "upper": found.upper}, index=index)
    table.attrs.update(ci_prob=found.prob, intervals=method, notes=found.notes)
    return table


def bounds_of(found: Intervals, keys: list[tuple[str, str]]) -> pd.DataFrame:
    """Bounds of variance components, squared for tau2 and sigma2, NaN where there are none."""
    columns = {}
    for name, values in (("lower", found.lower), ("upper", found.upper)):
        known = dict(zip(found.keys, map(float, values), strict=True))
        squares = {(f"{part}2", effect): value * value for (part, effect), value in known.items() if part != "corr"}
        columns[name] = [(known | squares).get(key, np.nan) for key in keys]
    return pd.DataFrame(columns, index=pd.MultiIndex.from_tuples(keys, names=["component", "effect"]))


def anova_table(design: Design, estimate: RemlEstimate, df: DfMethod) -> pd.DataFrame:
    """Type III F tests by symbol: coefficient, term, degrees of freedom, F and p; notes in ``attrs``."""
    effects = sum_coded_effects(design)
    tests = type_three(estimate, design.fixed, np.eye(len(design.fixed)) if effects is None else effects, df)
    first = {column.symbol: column for column in reversed(design.fixed)}
    table = pd.DataFrame(
        {
            "coefficient": [first[test.label].coefficient for test in tests],
            "term": [first[test.label].term for test in tests],
            "numerator_df": [test.numerator_df for test in tests],
            "denominator_df": [test.denominator_df for test in tests],
            "F": [test.F for test in tests],
            "p": [test.p for test in tests],
        },
        index=pd.Index([test.label for test in tests], name="symbol", dtype=object),
    )
    table.attrs.update(df=df, notes=(AS_CODED,) if effects is None else ())
    return table


def chi_square_table(design: Design, estimate: RemlEstimate) -> pd.DataFrame:
    """HLM's chi-square tests by random effect: chi2, df, p."""
    tests = chi_square_tests(design, estimate)
    columns = {"chi2": tests.chi2, "df": tests.df, "p": tests.p}
    table = pd.DataFrame(columns, index=pd.Index(tests.labels, name="effect"))
    table.attrs.update(n_groups_used=tests.n_groups_used, n_groups=design.n_groups)
    return table
