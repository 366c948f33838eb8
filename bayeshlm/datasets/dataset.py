"""What the codebook says of a shipped data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

SIMULATED = (
    "Simulated for this package; nobody was measured. tests/references/simulated_datasets.py makes the file, and says "
    "what was put in"
)
CC0 = "Public domain (CC0)"
TABLE = "A published table of measurements: facts, on which there is no copyright"


class Variable(NamedTuple):
    """One column of a data set: its name, what it measures, and its unit or coding."""

    name: str
    meaning: str
    coding: str


@dataclass(frozen=True, slots=True, repr=False)
class Dataset:
    """The codebook of a shipped data set.

    Attributes
    ----------
    name : str
        What `load_dataset` takes.
    title : str
        One line.
    n_obs : int
        Rows.
    n_groups : int or tuple of int
        Groups among them; with several groupings those of each.
    group : str or tuple of str
        Column that holds the group ids; with several groupings from the inside out. ``"a:b"``: the pair of both
        columns is the unit.
    columns : tuple of Variable
        Name, meaning and coding of each column, in the order of the data.
    source : str
        Where the numbers come from.
    license : str
        Terms under which they are passed on.
    """

    name: str
    title: str
    n_obs: int
    n_groups: int | tuple[int, ...]
    group: str | tuple[str, ...]
    columns: tuple[Variable, ...]
    source: str
    license: str

    def __str__(self) -> str:
        """Show the codebook as text, a line a column."""
        width = max(len(variable.name) for variable in self.columns)
        lines = [
            f"{self.name}: {self.title}",
            f"{self.n_obs} rows in {_counted(self.n_groups, self.group)}",
            *(f"  {v.name:<{width}}  {v.meaning} ({v.coding})" for v in self.columns),
            f"Source: {self.source}.",
            f"License: {self.license}.",
        ]
        return "\n".join(lines)

    __repr__ = __str__


def _counted(n_groups: int | tuple[int, ...], group: str | tuple[str, ...]) -> str:
    """Such as ``600 groups (child) and 48 groups (school)``."""
    if isinstance(n_groups, int) or isinstance(group, str):
        return f"{n_groups} groups ({group})"
    return " and ".join(f"{count} groups ({name})" for count, name in zip(n_groups, group, strict=True))
