"""The bands of ranks against simulation, and the errors that they see."""

import numpy as np
import pytest
from bands import level_of, limits, p_value, power, rank_probabilities, smallest, staying_probability


def test_the_recursion_is_the_probability_by_enumeration():
    """Two of three ranks below limits: all 27 outcomes of three ranks."""
    probabilities, lower, upper = np.array([0.2, 0.5, 0.3]), np.array([0, 1]), np.array([1, 2])
    total = 0.0
    for outcome in np.ndindex(3, 3, 3):
        counts = np.cumsum(np.bincount(outcome, minlength=3))[:2]
        if ((lower <= counts) & (counts <= upper)).all():
            total += probabilities[list(outcome)].prod()
    assert staying_probability(3, probabilities, lower, upper) == pytest.approx(total, rel=1e-12)


@pytest.mark.slow
def test_p_values_of_uniform_ranks_are_no_smaller_than_uniform_numbers():
    rng = np.random.default_rng(1)
    found = np.array([p_value(np.bincount(rng.integers(0, 20, 100), minlength=20)) for _ in range(1000)])
    for alpha in (0.05, 0.2, 0.5):
        error = np.sqrt(alpha * (1 - alpha) / 1000)
        assert (found <= alpha).mean() < alpha + 4 * error
    # Whole counts make the test a little conservative, but not more.
    assert (found <= 0.5).mean() > 0.35


def test_the_band_s_level_and_the_power_are_those_of_simulated_ranks():
    n, size, rng = 200, 20, np.random.default_rng(2)
    lower, upper = limits(n, size, level_of(n, size, 0.05))
    off = rank_probabilities(size, shift=0.3)

    def strays(probabilities):
        counts = np.cumsum(rng.multinomial(n, probabilities, 4000), axis=1)[:, :-1]
        return ((counts < lower) | (counts > upper)).any(axis=1).mean()

    assert strays(np.full(size, 1 / size)) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 4000))
    expected = power(n, off, 0.05)
    assert 0.5 < expected < 0.999
    assert strays(off) == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 4000))


def test_a_right_posterior_has_uniform_ranks_and_a_wide_one_few_at_the_ends():
    assert rank_probabilities(10) == pytest.approx(np.full(10, 0.1), abs=1e-6)
    wide = rank_probabilities(10, scale=1.5)
    assert wide[0] < 0.07
    assert wide[4] > 0.11


def test_more_replications_see_smaller_errors():
    few, many = (smallest(n, 50, 0.01, 0.9, lambda e: rank_probabilities(50, shift=e), 2.0) for n in (100, 400))
    assert many < few
    assert few / many == pytest.approx(2.0, rel=0.1)  # like the root of their number
