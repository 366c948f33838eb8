import math

import pytest

from bayeshlm.display.digits import count, decimals, number, percent


@pytest.mark.parametrize(
    ("sd", "mcse", "places"),
    [
        (0.244, 0.0039, 2),
        (0.244, 0.00049, 3),
        (0.244, 1e-9, 4),
        (0.244, 0.2, 2),
        (24.4, 0.39, 0),
        (2440.0, 1.0, 0),
        (3.1e-6, 4e-8, 7),
        (0.244, math.nan, 2),
        (0.0, math.nan, 3),
        (math.nan, math.nan, 3),
    ],
)
def test_places_follow_the_monte_carlo_error_within_two_to_four_digits_of_the_sd(sd, mcse, places):
    assert decimals(sd, mcse) == places


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (12.636974, 3, "12.637"),
        (-1.64, 1, "-1.6"),
        (-0.004, 2, "0.00"),
        (0.0, 0, "0"),
        (math.nan, 2, "-"),
        (math.inf, 2, "-"),
        (2.5e9, 0, "2.500e+09"),
        (3.14159e-9, 11, "3.142e-09"),
        (123456.7, 0, "123457"),
    ],
)
def test_number(value, places, text):
    assert number(value, places) == text


@pytest.mark.parametrize(("value", "text"), [(7185, "7,185"), (999.6, "1,000"), (math.nan, "-")])
def test_count(value, text):
    assert count(value) == text


@pytest.mark.parametrize(("prob", "text"), [(0.95, "95%"), (0.9, "90%"), (0.999, "99.9%"), (2 / 3, "66.6667%")])
def test_percent(prob, text):
    assert percent(prob) == text
