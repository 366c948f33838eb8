"""A made column in words, for programs that take columns as the file has them."""

from __future__ import annotations

from collections.abc import Sequence

from bayeshlm.equations.notations.prepared import Made
from bayeshlm.foreign_text import printable


def in_words(made: Made) -> str:
    """Say how a column is made.

    Examples
    --------
    >>> in_words(Made("w_cgm", "center", ("w",), ("school",)))
    'w_cgm is w less its mean over school, each counted once'
    >>> in_words(Made("race_Black", "level", ("race",), level="Black"))
    'race_Black is 1 where race is Black, else 0'
    """
    x = made.of[0]
    over = f"over {_joined(made.unit)}, each counted once" if made.unit else "over all rows"
    mean = f"its mean in its {_joined(made.within)}" if made.within else f"its mean {over}"
    if made.within and made.unit:
        mean += f", each {_joined(made.unit)} counted once"
    match made.operation:
        case "product":
            said = f"the product of {_joined(made.of)}"
        case "sum":
            said = f"the sum of {_joined(made.of)}"
        case "less":
            said = f"{x} less {_joined(made.of[1:])}"
        case "center":
            said = f"{x} less {mean}"
        case "scale":
            said = f"{x} less {mean}, divided by its standard deviation {over}"
        case "mean":
            said = f"the mean of {x} over the rows of each {_joined(made.within)}"
        case "level":
            other = f", -1 where it is {made.reference}" if made.sums else ""
            said = f"1 where {x} is {made.level}{other}, else 0"
        case "number":
            said = f"{x} as 0 and 1"
        case _:
            said = f"the {'logarithm' if made.operation == 'log' else made.operation} of {x}"
    return printable(f"{made.name} is {said}", one_line=True)  # it stands in a comment, which ends with its line


def needed(made: Sequence[Made], names: Sequence[str]) -> list[Made]:
    """The made columns among `names`, and those that they are made of, in order."""
    wanted = set(names)
    for one in reversed(made):
        if one.name in wanted:
            wanted.update(one.of)
    return [one for one in made if one.name in wanted]


def _joined(names: Sequence[str]) -> str:
    return " and ".join(names)
