"""Whether the level-1 SDs and correlations of one model are a special case of another's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bayeshlm.design.design import Design
from bayeshlm.design.level1_model import Level1Model
from bayeshlm.design.scaling import FloatArray
from bayeshlm.errors import OptionError

WITHIN = 1e-7
"""Share of a column's length that may be left outside of the larger model's columns."""


class AddedLevel1(NamedTuple):
    """Parameters of the level-1 residuals that a larger model has more.

    Attributes
    ----------
    inside : int
        With the values of the smaller model inside of their bounds.
    on_bound : int
        Correlations that cannot be negative, which the smaller model has at 0.
    """

    inside: int
    on_bound: int


def added_level1(smaller: Design, larger: Design) -> AddedLevel1:
    """Parameters of the SDs and correlations of the level-1 residuals that the larger model has more.

    Raises
    ------
    OptionError
        The smaller model's are no special case of them.
    """
    inner, outer = _level1(smaller), _level1(larger)
    if inner is None and outer is None:
        return AddedLevel1(0, 0)
    if smaller.rows is None or larger.rows is None:
        raise OptionError("Models of the level-1 SD are compared where the rows of both are at hand.")
    own, all_of = _columns(inner, smaller.n_obs), _columns(outer, larger.n_obs)
    left = own - all_of @ np.linalg.lstsq(all_of, own, rcond=None)[0]
    if (np.linalg.norm(left, axis=0) > WITHIN * np.linalg.norm(own, axis=0)).any():
        raise OptionError(
            "The models are not nested: the equation of the level-1 SD of the larger one is none of which that of the"
            " smaller one is a special case."
        )
    more = all_of.shape[1] - own.shape[1]
    patterns = ["" if one is None else one.correlation for one in (inner, outer)]
    if patterns[0] and not _same_correlation(inner, outer):
        raise OptionError(
            "The models are not nested: the level-1 residuals of the smaller one are correlated, and those of the"
            " larger one are not, or otherwise."
        )
    if patterns[0] == patterns[1]:
        return AddedLevel1(more, 0)
    assert outer is not None
    return AddedLevel1(more + (outer.lowest < 0), int(outer.lowest >= 0))


def _level1(design: Design) -> Level1Model | None:
    return None if design.rows is None else design.rows.level1


def _columns(level1: Level1Model | None, n_obs: int) -> FloatArray:
    return level1.A if level1 is not None and level1.A.shape[1] else np.ones((n_obs, 1))


def _same_correlation(inner: Level1Model | None, outer: Level1Model | None) -> bool:
    if inner is None or outer is None or inner.correlation != outer.correlation:
        return False
    return bool(np.array_equal(inner.previous, outer.previous) and np.array_equal(inner.gap, outer.gap))
