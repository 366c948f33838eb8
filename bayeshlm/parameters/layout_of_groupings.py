"""How the variables of groupings and their dims are called in the results: one rule for one grouping and for many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.errors import DataError


@dataclass(frozen=True, slots=True)
class GroupingLayout:
    """Names of what belongs to one grouping.

    Attributes
    ----------
    grouping : str
        Its column, which is the dim of its units; ``a:b`` is the cell of two.
    u, beta : str
        Variables of the posterior: deviations (grouping, random), coefficients (grouping, coefficient).
    z : str
        Variable of the noncentered graph: standardized deviations (grouping, random).
    random, coefficient : str
        The dims of its effects and of its coefficients.
    log_likelihood : str
        Variable (grouping) of the log likelihood of its units, where they are independent given the parameters.
    """

    grouping: str
    u: str
    beta: str
    z: str
    random: str
    coefficient: str
    log_likelihood: str

    @property
    def dims(self) -> dict[str, tuple[str, str]]:
        """Dims of u and beta behind those of the draws, by the variables' names."""
        return {self.u: (self.grouping, self.random), self.beta: (self.grouping, self.coefficient)}


def layout_of_groupings(groupings: Sequence[str]) -> tuple[GroupingLayout, ...]:
    """Name the variables and dims of a model's groupings.

    Parameters
    ----------
    groupings : sequence of str
        From the inside out. With one the names are plain, with several each ends in ``_`` and its grouping.

    Raises
    ------
    DataError
        If a grouping's name is that of another grouping, or of a variable or dim.

    Examples
    --------
    >>> (school,) = layout_of_groupings(["school"])
    >>> school.dims
    {'u': ('school', 'random'), 'beta': ('school', 'coefficient')}
    >>> child, school = layout_of_groupings(["child", "school"])
    >>> child.dims
    {'u_child': ('child', 'random_child'), 'beta_child': ('child', 'coefficient_child')}
    """
    endings = [f"_{grouping}" if len(groupings) > 1 else "" for grouping in groupings]
    layouts = tuple(
        GroupingLayout(
            grouping, f"u{end}", f"beta{end}", f"z{end}", f"random{end}", f"coefficient{end}", f"y_{grouping}"
        )
        for grouping, end in zip(groupings, endings, strict=True)
    )
    uses = Counter(name for one in layouts for name in (one.grouping, one.u, one.beta, one.random, one.coefficient))
    for grouping in groupings:
        if uses[grouping] > 1:
            raise DataError(
                f"the grouping column cannot be called {grouping!r}, the results use that name: rename it, "
                f'df.rename(columns={{{grouping!r}: "group_id"}})'
            )
    return layouts
