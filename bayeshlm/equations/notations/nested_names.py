"""How programs with nested levels call their units: by a column within those of the levels above, or by a cell."""

from __future__ import annotations

from collections.abc import Sequence

from bayeshlm.equations.spec import ModelSpec


def is_nested(spec: ModelSpec) -> bool:
    """Whether each level has one grouping, whose units lie within those of the next."""
    return all(len(level) == 1 for level in spec.level_groupings)


def own_columns(groups: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The columns by which each of nested groupings, from the inside out, is told within those above it.

    Examples
    --------
    >>> own_columns([("school", "class", "child"), ("school", "class"), ("school",)])
    [('child',), ('class',), ('school',)]
    >>> own_columns([("child",), ("region", "school")])
    [('child',), ('region', 'school')]
    """
    above: set[str] = set()
    found: list[tuple[str, ...]] = []
    for columns in reversed(groups):
        inside = above.issubset(columns)
        found.insert(0, tuple(column for column in columns if column not in above) if inside else tuple(columns))
        above |= set(columns)
    return found
