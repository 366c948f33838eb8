"""Slopes within and between groups: which columns stand for the means of groups."""

import numpy as np
import pandas as pd
import pytest

from bayeshlm.design import build_design
from bayeshlm.design.within_between import within_between
from bayeshlm.equations import parse
from bayeshlm.errors import OptionError

RNG = np.random.default_rng(7)
GROUP = np.repeat(np.arange(8), 5)
DATA = pd.DataFrame({"g": GROUP, "x": RNG.normal(size=40) + GROUP % 5, "y": RNG.normal(size=40)})
MEANS = DATA.groupby("g")["x"].transform("mean")


def found(m):
    return within_between(build_design(parse("y ~ x + m + (1 | g)"), DATA.assign(m=m)), None, "x")


@pytest.mark.parametrize(
    ("m", "slope", "said"),
    [
        (MEANS, 1.0, False),
        (MEANS + RNG.normal(scale=1e-3, size=8)[GROUP], 1.0, True),
        (3 * MEANS - 1, 3.0, True),
    ],
    ids=["the means", "nearly the means", "another scale"],
)
def test_a_column_that_follows_the_means_is_taken_for_them(m, slope, said):
    made = found(m)
    np.testing.assert_allclose(made.L[:, [0, 2, 1]], [[0, 1, 0], [0, 1, slope], [0, 0, slope]], atol=1e-8)
    assert any("m is taken for the group means of x, which it follows closely" in note for note in made.notes) == said


def test_a_column_that_does_not_is_none():
    with pytest.raises(OptionError, match="the equations have no group mean of 'x'"):
        found(RNG.normal(size=8)[GROUP])
    with pytest.raises(OptionError, match="'m' does not vary within 'g'"):
        within_between(build_design(parse("y ~ x + m + (1 | g)"), DATA.assign(m=MEANS)), None, "m")
