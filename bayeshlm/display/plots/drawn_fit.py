"""`DrawnFit`: design, priors and draws as the figures take them; checks of what users pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import rows_of_units
from bayeshlm.design.predictor import RandomColumn
from bayeshlm.design.scaling import IntArray
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.priors import Priors
from bayeshlm.quantities.level2_variables import Level2Variable, find_level2_variable, level2_variables


@dataclass(frozen=True, eq=False)
class DrawnFit:
    """A fit as the figures take it.

    Attributes
    ----------
    draws : Draws
    priors : Priors
    idata : xarray.DataTree
        As `bayeshlm.sampling.convert.to_datatree` makes it.
    """

    draws: Draws
    priors: Priors
    idata: xr.DataTree

    @property
    def design(self) -> Design:
        """Design of the model."""
        return self.draws.design

    @property
    def posterior(self) -> xr.Dataset:
        """Draws, dims (chain, draw, ...)."""
        return self.draws.dataset


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of one grouping, as the figures take them.

    Attributes
    ----------
    position : int
        Of the grouping.
    name : str
        Its column.
    labels : Index of J groups
    n : (J,) array of int
        Rows of each group.
    random : tuple of RandomColumn
        The effects that vary between the groups.
    """

    position: int
    name: str
    labels: pd.Index
    n: IntArray
    random: tuple[RandomColumn, ...]

    @classmethod
    def of(cls, design: Design, grouping: str | None) -> Groups:
        """Those of a grouping, of the only one where none is named.

        Raises
        ------
        OptionError
            There is no such grouping, or there are several and none is named.
        """
        k = design.position_of(grouping)
        term = design.predictor.random[k]
        return cls(k, term.grouping, term.labels, rows_of_units(design, k), term.deviations)


def coloring(design: Design, by: str | None, grouping: int) -> Level2Variable | None:
    """The variable with categories that a user names, in the groups of a grouping; None: the first one with two.

    Parameters
    ----------
    design : Design
    by : str or None
    grouping : int
        Position of the grouping within whose groups the variable is constant.

    Raises
    ------
    OptionError
        The model has no such variable with categories.
    """
    found = (one.in_units(design, grouping) for one in level2_variables(design).values() if one.levels)
    variables = [variable for variable in found if variable is not None]
    if by is None:
        return next((variable for variable in variables if len(variable.levels) == 2), None)
    return find_level2_variable(design, by, variables)


def evenly(n: int, most: int) -> IntArray:
    """At most so many of n positions, evenly spaced, both ends among them.

    Examples
    --------
    >>> evenly(5, 3), evenly(2, 3)
    (array([0, 2, 4]), array([0, 1]))
    """
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))


def check_units(
    design: Design,
    labels: Iterable[object],
    argument: str,
    codes: IntArray | None = None,
    grouping: int | None = None,
) -> None:
    """Refuse a check that is of other groups, or rows, than the fit.

    Parameters
    ----------
    design : Design
    labels : iterable
        Group of each unit of the check.
    argument : str
        The check's name.
    codes : array of int, optional
        Group of each row where the units are rows.
    grouping : int, optional
        Whose groups; of the only grouping by default.

    Raises
    ------
    OptionError
    """
    groups = design.predictor.random[design.only if grouping is None else grouping].labels
    expected = groups if codes is None else groups[codes]
    if list(labels) != list(expected):
        units = "groups" if codes is None else "rows"
        raise OptionError(f"{argument} is of other {units} than this fit: pass what fit.{argument}() of it returns")
