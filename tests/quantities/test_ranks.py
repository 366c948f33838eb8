"""Ranks of groups: against enumeration of a few draws, identities, and two normal groups."""

import itertools

import numpy as np
import pytest
from scipy.stats import norm

from bayeshlm.display.shown_ranks import ShownRanks
from bayeshlm.errors import OptionError
from bayeshlm.likelihood import budget
from bayeshlm.parameters.draws import Draws
from bayeshlm.quantities.ranks import ranks, ranks_of

TEXT = "pain = b0 + b1*dose + b2*age + r; b0 = g00 + g01*urban + u0; b1 = g10 + u1; b2 = g20"
S, J = 40, 7


@pytest.fixture(scope="module")
def design(clinic_design):
    return clinic_design(TEXT)


@pytest.fixture(scope="module")
def posterior(design, posterior_of):
    rng = np.random.default_rng(6)
    gamma = rng.normal(size=(2, S // 2, 4))
    u = rng.normal(size=(2, S // 2, J, 2))
    return Draws(posterior_of(design, gamma, np.ones((2, S // 2, 2)), np.ones((2, S // 2)), u=u), design)


def counted(values, highest_first):
    """Rank of each group by counting those before it, draw by draw."""
    found = np.empty(values.shape)
    for s, j in itertools.product(*map(range, values.shape)):
        before = values[s] > values[s, j] if highest_first else values[s] < values[s, j]
        found[s, j] = 1 + before.sum()
    return found


@pytest.mark.parametrize("highest_first", [True, False])
def test_everything_is_that_of_enumeration(posterior, design, highest_first):
    found = ranks(posterior, "b0", prob=0.8, highest_first=highest_first)
    beta = posterior.beta.reshape(S, J, 3)[..., 0]
    by_hand = counted(beta, highest_first)
    labels = design.group_labels
    assert found.draws.to_numpy().reshape(S, J) == pytest.approx(by_hand)
    table = found.table.loc[labels]
    assert table["rank"].to_numpy() == pytest.approx(by_hand.mean(axis=0))
    assert table[["lower", "upper"]].to_numpy() == pytest.approx(np.quantile(by_hand, [0.1, 0.9], axis=0).T)
    assert table["p_first"].to_numpy() == pytest.approx((by_hand == 1).mean(axis=0))
    assert table["p_last"].to_numpy() == pytest.approx((by_hand == J).mean(axis=0))
    assert found.table["rank"].is_monotonic_increasing
    probabilities = found.probabilities()
    for rank in range(1, J + 1):
        assert probabilities[rank].to_numpy() == pytest.approx((by_hand == rank).mean(axis=0))
    assert probabilities.sum(axis=0).to_numpy() == pytest.approx(1.0)
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(1.0)
    pairs = found.pairwise()
    for a, b in itertools.permutations(range(J), 2):
        share = (beta[:, a] > beta[:, b]).mean()
        assert pairs.iloc[a, b] == pytest.approx(share)
        assert found.greater(labels[a], labels[b]) == pytest.approx(share)
    assert np.isnan(np.diag(pairs)).all()
    others = (pairs.T if highest_first else pairs).sum(axis=1)  # the probabilities that others come before
    assert table["rank"].to_numpy() == pytest.approx(1 + others.to_numpy())


def test_deviations_and_values_at_predictors(posterior, design):
    u = posterior.u.reshape(S, J, 2)
    assert ranks(posterior, "b0", deviations=True).draws.to_numpy().reshape(S, J) == pytest.approx(
        counted(u[..., 0], True)
    )
    beta = posterior.beta.reshape(S, J, 3)
    at = ranks(posterior, at={"dose": 4.0})
    lines = beta[..., 0] + 4.0 * beta[..., 1] + design.frame["age"].mean() * beta[..., 2]
    assert at.values.to_numpy().reshape(S, J) == pytest.approx(lines)
    assert at.what == "pain at dose = 4"
    both = ranks(posterior, at={"dose": 4.0, "age": 60.0}).values.to_numpy().reshape(S, J)
    assert both == pytest.approx(beta @ np.array([1.0, 4.0, 60.0]))


def test_two_normal_groups(clinic_design, posterior_of, clinics):
    """P(first > second) is the normal probability of the standardized difference."""
    design = clinic_design("pain = b0 + r; b0 = g00 + u0")
    z = norm.ppf((np.arange(1000) + 0.5) / 1000)
    u = np.zeros((1, 1000, J, 1))
    u[0, :, 0, 0], u[0, :, 1, 0] = 0.7 + z, np.random.default_rng(1).permutation(z)
    draws = Draws(posterior_of(design, np.zeros((1, 1000, 1)), np.ones((1, 1000, 1)), np.ones((1, 1000)), u=u), design)
    first, second = design.group_labels[:2]
    p = norm.cdf(0.7 / np.sqrt(2))
    assert ranks(draws).greater(first, second) == pytest.approx(p, abs=3 * np.sqrt(p * (1 - p) / 1000))


def test_groups_that_are_told_apart_are_counted(clinic_design, posterior_of):
    design = clinic_design("pain = b0 + r; b0 = g00 + u0")
    u = np.zeros((1, 100, J, 1)) + np.arange(J)[:, None] * 10
    u[0, :50, 0] = 15.0  # above the second in half of the draws
    draws = Draws(posterior_of(design, np.zeros((1, 100, 1)), np.ones((1, 100, 1)), np.ones((1, 100)), u=u), design)
    assert "of the 6 pairs of neighbors in this order 5 can be told apart" in ranks(draws).notes[1]


def test_printed(posterior):
    text = repr(ShownRanks.of(ranks(posterior, "b0")))
    assert "Ranks of the groups (clinic) by b0 (95% equal-tailed intervals of the rank)" in text
    assert "rank 1 is the highest of 7" in text
    assert "expected rank" in ShownRanks.of(ranks(posterior, "b0"))._repr_html_()


def test_ranks_of_equal_values_stay_in_order():
    assert ranks_of(np.array([1.0, 2.0, 1.0, 2.0])).tolist() == [3, 1, 4, 2]


def test_what_cannot_be_ranked(posterior, monkeypatch):
    with pytest.raises(OptionError, match="there are several coefficients"):
        ranks(posterior)
    with pytest.raises(OptionError, match="leave coefficient and deviations out"):
        ranks(posterior, "b0", at={"dose": 1.0})
    with pytest.raises(OptionError, match="at='x': write at="):
        ranks(posterior, at="x")
    with pytest.raises(OptionError, match="names no predictor"):
        ranks(posterior, at={})
    with pytest.raises(OptionError, match="must be a finite number"):
        ranks(posterior, at={"dose": "high"})
    with pytest.raises(OptionError, match="'x' is no clinic of the data"):
        ranks(posterior, "b0").greater("a", "x")
    monkeypatch.setattr(budget, "BUDGET_BYTES", 100)
    with pytest.raises(OptionError, match="rank fewer groups, or fewer draws"):
        ranks(posterior, "b0")
