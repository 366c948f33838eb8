import numpy as np
import pytest

from bayeshlm.arguments import check_interval, check_prob, checked_count, checked_seed
from bayeshlm.errors import OptionError


@pytest.mark.parametrize("prob", [0, 1, 1.5, -0.1, "0.9", None, float("nan")])
def test_a_probability_lies_between_0_and_1(prob):
    for check in (check_prob, lambda value: check_interval(value, "eti")):
        with pytest.raises(OptionError, match="must lie between 0 and 1"):
            check(prob)


def test_kinds_of_interval():
    assert check_interval(0.5, "hdi") is None
    with pytest.raises(OptionError, match=r'"eti".*"hdi"'):
        check_interval(0.5, "HDI")


@pytest.mark.parametrize("value", [True, 3, 4.0, "5", None, 2**32])
def test_counts_are_whole_and_not_too_few(value):
    with pytest.raises(OptionError, match="draws must be"):
        checked_count("draws", value, 4)


def test_seeds():
    assert checked_seed(np.int64(7)) == 7
    assert type(checked_seed(np.int64(7))) is int
    assert checked_seed(None) != checked_seed(None)
    with pytest.raises(OptionError, match="seed"):
        checked_seed(-1)
