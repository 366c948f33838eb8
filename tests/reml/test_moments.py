"""Where the search starts, against the analysis of variance of balanced groups; units change nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.equations import parse
from bayeshlm.reml.deviance import Deviance
from bayeshlm.reml.moments import (
    effect_scale,
    information,
    moment_estimates,
    starting_values,
    undetermined,
    within_residual_variance,
)
from bayeshlm.reml.relative_factor import factor_pattern

GROUPS, ROWS = 6, 4
RNG = np.random.default_rng(5)
DATA = pd.DataFrame(
    {
        "g": np.repeat(np.arange(GROUPS), ROWS),
        "x": np.tile([-1.5, -0.5, 0.5, 1.5], GROUPS),
        "y": np.repeat(2 * RNG.standard_normal(GROUPS), ROWS) + RNG.standard_normal(GROUPS * ROWS),
    }
)
WITHIN = float(DATA.groupby("g")["y"].var(ddof=1).mean())
BETWEEN = float(DATA.groupby("g")["y"].mean().var(ddof=1)) - WITHIN / ROWS


def parts(formula):
    design = build_design(parse(formula), DATA)
    deviance = Deviance(design.cross_products, factor_pattern(design.blocks), "REML")
    return deviance.products, deviance.rotated, deviance.pattern


def test_the_start_is_the_analysis_of_variance_of_balanced_groups():
    products, rotated, pattern = parts("y ~ 1 + (1 | g)")
    np.testing.assert_allclose(within_residual_variance(products, rotated), WITHIN, rtol=1e-12)
    found = starting_values(products, rotated, pattern, ["u0"])
    np.testing.assert_allclose(found.theta**2, BETWEEN / WITHIN, rtol=1e-12)
    np.testing.assert_allclose(found.scale, 1 / np.sqrt(ROWS), rtol=1e-14)


@pytest.mark.parametrize(("known", "divisor"), [(3 * WITHIN, 3 * WITHIN), (np.nan, WITHIN)])
def test_the_level1_variance_is_what_is_known_or_solved_for(known, divisor):
    products, _, pattern = parts("y ~ 1 + (1 | g)")
    found = moment_estimates(information(products, pattern), pattern, known, float(products.yty.sum()))
    np.testing.assert_allclose(found.theta**2, BETWEEN / divisor, rtol=1e-12)


def test_an_effect_matters_where_its_mean_square_is_one():
    products, _, _ = parts("y ~ x + (x | g)")
    scale = effect_scale(products)
    np.testing.assert_allclose(np.einsum("jaa->a", products.ZtZ) / GROUPS * scale**2, 1, rtol=1e-14)


def test_what_is_undetermined_does_not_depend_on_units():
    products, _, pattern = parts("y ~ x + (x | g)")
    found = information(products, pattern)
    units = np.array([1.0, 1e-7])
    of_entries = np.append(units[list(pattern.rows)] * units[list(pattern.columns)], 1.0)
    other = replace(
        found,
        matrix=found.matrix * np.outer(of_entries, of_entries),
        right=found.right * of_entries,
        ZtZ=found.ZtZ * np.outer(units, units),
        scale=found.scale / units,
    )
    assert undetermined(found, pattern, ["u0", "u1"]) == undetermined(other, pattern, ["u0", "u1"]) == ""
