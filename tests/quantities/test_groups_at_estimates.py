"""Draws of groups at estimates: moments of the estimates' own tables, covariances of dense matrices, normal pairs."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import norm

import bayeshlm as hlm
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.groups_at_estimates import groups_at_estimates

S = 4000
Z = norm.isf(1e-6)
"""What one of some hundreds of z is beyond with a probability below 0.001."""

ESTIMATES = [
    ("hsb-slopes-as-outcomes-full", "reml"),
    ("growth-child-and-school", "reml"),
    ("penicillin-crossed", "ml"),
    ("bcg-null", "ml"),
    ("epilepsy-poisson", "ml"),
    ("wine-bitterness", "ml"),
    ("growth-autoregressive", "reml"),
]


@pytest.fixture(scope="module")
def fit():
    return hlm.open_model("hsb-slopes-as-outcomes-full").reml()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method"), ESTIMATES)
def test_moments_are_those_of_the_table_of_groups(name, method):
    estimate = getattr(hlm.open_model(name), method)()
    for k, term in enumerate(estimate.design.predictor.random):
        table = estimate.group_coefficients(None if len(estimate.design.groupings) == 1 else term.grouping)
        of_u = ["posterior_mean", "posterior_sd"] if "posterior_mean" in table else ["u", "u_sd"]
        groups = Draws(estimate.as_draw, estimate.design)
        drawn = groups_at_estimates(groups, S).u_of(k).reshape(S, -1, len(term.columns))
        for r, column in enumerate(term.columns):
            own = table.xs(column.coefficient, level="coefficient").loc[term.labels]
            mean, sd = (own[one].to_numpy(float) for one in of_u)
            u = drawn[..., r]
            assert np.all(np.abs(u.mean(axis=0) - mean) < Z * sd / np.sqrt(S))
            squares = ((u - mean) / sd) ** 2
            assert np.all(np.abs(squares.mean(axis=0) - 1) < Z * squares.std(axis=0) / np.sqrt(S))


def test_two_effects_of_a_group_covary_as_dense_matrices_say(fit):
    design, e = fit.design, fit.estimate
    u = groups_at_estimates(Draws(fit.as_draw, design), S).u.reshape(S, design.n_groups, 2)
    for j in range(0, design.n_groups, 20):
        rows = design.group_codes == j
        given = np.linalg.inv(np.linalg.inv(e.G) + design.Z[rows].T @ design.Z[rows] / e.sigma**2)
        product = np.prod((u[:, j] - u[:, j].mean(axis=0)) / np.sqrt(np.diag(given)), axis=1)
        expected = given[0, 1] / np.sqrt(given[0, 0] * given[1, 1])
        assert abs(product.mean() - expected) < Z * product.std() / np.sqrt(S)


def test_two_groups_are_ordered_as_their_normal_difference_says(fit):
    ranks, table = fit.ranks("b0"), fit.group_coefficients().xs("b0", level="coefficient")
    labels = table.sort_values("estimate").index[70:90:5]
    for a, b in pairwise(labels):
        gap = table.loc[a, "estimate"] - table.loc[b, "estimate"]
        p = norm.cdf(gap / np.hypot(table.loc[a, "u_sd"], table.loc[b, "u_sd"]))
        assert abs(ranks.greater(a, b) - p) < Z * np.sqrt(p * (1 - p) / S)


def test_ranks_print_draw_and_say_what_they_hold(fit):
    ranks = fit.ranks("b0", prob=0.8)
    assert ranks.table["rank"].is_monotonic_increasing
    assert ranks.table.attrs["method"] == "REML"
    text = " ".join(repr(ranks).split())
    assert "Ranks of the groups (school) by b0 (80% equal-tailed intervals of the rank)" in text
    assert "all parameters at their estimates: what is not known of these is not in it" in text
    ax = fit.plot.ranks("b0", prob=0.8)
    (segments,) = (one.get_segments() for one in ax.collections if one.get_gid() == "interval")
    drawn = np.array([[start[0], end[0]] for start, end in segments])
    assert drawn == pytest.approx(ranks.table[["lower", "upper"]].to_numpy())
    plt.close(ax.figure)
    lines = fit.ranks(at={"cwc(ses)": 1.0})
    beta = fit.group_coefficients()["estimate"].unstack()
    there = (beta["b0"] + beta["b1"]).loc[lines.table.index]
    assert np.all(np.abs(lines.table["mean"] - there) < Z * lines.table["sd"] / np.sqrt(S))


def test_what_estimates_cannot_rank(fit, monkeypatch):
    data = fit.design.frame.assign(mathach=np.random.default_rng(1).normal(size=fit.design.n_obs))
    nothing = hlm.Model("mathach = b0 + r; b0 = g00 + u0", data, "school").reml()
    assert nothing.singular
    with pytest.raises(OptionError, match="the estimates leave nothing of b0 to rank"):
        nothing.ranks()
    with pytest.raises(OptionError, match="there are several coefficients"):
        fit.ranks()
    monkeypatch.setattr(budget, "BUDGET_BYTES", 1000)
    with pytest.raises(OptionError, match="use fewer draws"):
        groups_at_estimates(Draws(fit.as_draw, fit.design), S)


def test_draws_of_all_effects_and_coefficients_count(fit, monkeypatch):
    """8 draws of 160 groups with two of each, and one byte less than that."""
    monkeypatch.setattr(budget, "BUDGET_BYTES", 8 * 8 * 160 * 4 - 1)
    with pytest.raises(OptionError, match="fewer"):
        groups_at_estimates(Draws(fit.as_draw, fit.design), 8)
