"""`SurveyWeights`: which columns of the data are sampling weights, and how the sample was drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from bayeshlm.errors import OptionError

type Scaling = Literal["size", "effective"]

ROW = "row"
"""The level of the rows among the keys of weight columns; the others are groupings."""

UNSCALED = ("none", "raw", "unscaled")


@dataclass(frozen=True, slots=True)
class SurveyWeights:
    """Sampling weights of rows and groups, and the design by which uncertainty is estimated.

    Attributes
    ----------
    columns : mapping of str to str
        Column of the weights of each level: ``{"row": "w1", "school": "w2"}``, where ``"row"`` is level 1, weights of
        rows given that their group was sampled, and the others are grouping columns. Levels without weights count each
        unit once.
    scaling : {"size", "effective"}
        Weights of rows are scaled within groups, to sum to the number of rows of the group, or to
        ``(sum w)^2 / sum w^2``. The likelihood of the variances depends on their unit, which is why there is always a
        scale (Pfeffermann et al. 1998, J. Royal Statistical Society B 60, 23-40). Weights of groups are scaled to sum
        to their number.
    strata, psu : str, optional
        Columns of the strata and of the primary sampling units, which lie in one stratum each; by default the groups
        are the sampling units of one stratum.
    replicates : sequence of str
        Columns of replicate weights of rows, whole ones: those of a row given its group times those of the group. The
        spread of the score over them takes the place of strata and units.
    fay : float
        Fay's factor k, in [0, 1), by which R balanced replicates were perturbed: ``1 / (R (1 - k)^2)`` multiplies
        their sum of squares. 0 is plain balanced repeated replication.
    factor : float or sequence of float, optional
        What multiplies the squares of the replicates in its place, one number or one a replicate: 1 of NAEP's and
        TIMSS's paired jackknife, (n - 1)/n of a jackknife that leaves out one of n units, with strata that of each.

    Raises
    ------
    OptionError
        A value is none of these; unscaled weights.

    Examples
    --------
    >>> SurveyWeights({"row": "w1", "school": "w2"}).scaling
    'size'
    """

    columns: Mapping[str, str]
    scaling: Scaling = "size"
    strata: str | None = None
    psu: str | None = None
    replicates: Sequence[str] = ()
    fay: float = 0.0
    factor: float | Sequence[float] | None = None

    def __post_init__(self) -> None:
        columns = self.columns
        named = [*columns, *columns.values()] if isinstance(columns, Mapping) else [None]
        if not all(isinstance(one, str) for one in named):
            raise OptionError(
                'weights are named by level, {"row": "w1", "school": "w2"}: "row" is level 1, the others are grouping'
                f" columns; not {columns!r}."
            )
        if self.scaling in UNSCALED:
            raise OptionError(
                "level-1 weights without a scale are not taken, because the variance components would depend on their"
                ' unit: scaling is "size" or "effective".'
            )
        if self.scaling not in get_args(Scaling.__value__):
            raise OptionError(f'scaling of weights is "size" or "effective", not {self.scaling!r}.')
        for name, value in (("strata", self.strata), ("psu", self.psu)):
            if value is not None and not isinstance(value, str):
                raise OptionError(f"{name} of weights is the name of a column, not {value!r}.")
        if isinstance(self.replicates, str) or not all(isinstance(one, str) for one in self.replicates):
            raise OptionError(f"replicates of weights is a list of columns, not {self.replicates!r}.")
        object.__setattr__(self, "columns", dict(columns))
        object.__setattr__(self, "replicates", tuple(self.replicates))
        if len(self.replicates) == 1:
            raise OptionError("replicates of weights are at least two columns: of one there is no spread.")
        if self.replicates and (self.psu or self.strata):
            raise OptionError("weights have replicates, or psu and strata: either says how far an estimate may be off.")
        if not isinstance(self.fay, int | float) or not 0 <= self.fay < 1:
            raise OptionError(f"fay of weights must be at least 0 and less than 1, not {self.fay!r}.")
        if self.fay and not self.replicates:
            raise OptionError("fay of weights belongs to replicates: name their columns, or leave it out.")
        self._check_factor()
        if not self.named:
            raise OptionError('weights name no column: write {"row": "w1", "school": "w2"}, or leave weights out.')

    def _check_factor(self) -> None:
        if self.factor is None:
            return
        several = isinstance(self.factor, Sequence) and not isinstance(self.factor, str)
        given: list[Any] = list(self.factor) if several else [self.factor]  # type: ignore[arg-type]
        numbers = [one for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
        if len(numbers) < len(given) or not all(0 < one < math.inf for one in numbers):
            raise OptionError(f"factor of weights is a number above 0, or one a replicate, not {self.factor!r}.")
        if not self.replicates or self.fay:
            raise OptionError(
                "factor of weights belongs to replicates of another kind than Fay's: name their columns, and leave fay"
                " out."
            )
        if several and len(given) != len(self.replicates):
            raise OptionError(f"factor of weights has {len(given)} numbers for {len(self.replicates)} replicates.")
        object.__setattr__(self, "factor", tuple(map(float, given)) if several else float(given[0]))

    @property
    def named(self) -> tuple[str, ...]:
        """All columns, each once."""
        design = [name for name in (self.strata, self.psu) if name is not None]
        return tuple(dict.fromkeys([*self.columns.values(), *design, *self.replicates]))

    @classmethod
    def of(cls, weights: Any) -> SurveyWeights | None:
        """What `Model` was given as weights: these, or the columns alone.

        Examples
        --------
        >>> SurveyWeights.of({"school": "w2"}).columns
        {'school': 'w2'}
        """
        return weights if weights is None or isinstance(weights, SurveyWeights) else cls(weights)

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON has them.

        Examples
        --------
        >>> weights = SurveyWeights({"row": "w1"}, replicates=["r1", "r2"], fay=0.5)
        >>> SurveyWeights(**weights.to_dict()) == weights
        True
        """
        values = {name: getattr(self, name) for name in ("scaling", "strata", "psu", "fay", "factor")}
        return {"columns": dict(self.columns), "replicates": list(self.replicates)} | values
