"""Which groups of replicated data are those of the data, and which are new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bayeshlm.checks.prediction import Groups
from bayeshlm.design.design import Design
from bayeshlm.design.nested_groupings import outer_groupings

MODES: dict[Groups, str] = {"same": "posterior_predictive", "new": "posterior_predictive_new_groups"}
"""New rows in the same groups, and new groups of every grouping; with the group of the DataTree that holds them."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to replicate data.

    Attributes
    ----------
    words : tuple of {"same", "new"}
        Of each grouping.
    node : str
        Group of the DataTree that holds the outcomes.
    """

    words: tuple[Groups, ...]
    node: str


def modes_of(design: Design) -> dict[str, Mode]:
    """The modes of a design by name: "same", "new", and with several groupings ``new[child]`` for each between.

    In ``new[child]`` the groups of ``child`` are new, with all groups nested inside; the others are those of the data.

    Examples
    --------
    >>> import bayeshlm as hlm
    >>> list(modes_of(hlm.open_model("hsb-one-way-anova").design))
    ['same', 'new']
    """
    names, outer = design.groupings, outer_groupings(design)
    of_all: dict[Groups, Mode] = {word: Mode((word,) * len(names), node) for word, node in MODES.items()}
    found = {"same": of_all["same"]}
    for k, name in enumerate(names):
        words: list[Groups] = ["new" if m == k or k in outer[m] else "same" for m in range(len(names))]
        if "same" in words:
            found[f"new[{name}]"] = Mode(tuple(words), f"{MODES['same']}_new_{name}")
    return found | {"new": of_all["new"]}


def node_of(design: Design, words: Sequence[Groups]) -> str | None:
    """The group of the DataTree that holds replicates of this kind, where they are one of the modes."""
    return next((mode.node for mode in modes_of(design).values() if mode.words == tuple(words)), None)
