"""Which rows models side by side have, in which order, and what they are called."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from bayeshlm.display.model_column import ModelColumn, RowKey
from bayeshlm.errors import OptionError


def merged[Item: Hashable](orders: Iterable[Sequence[Item]]) -> list[Item]:
    """Merge sequences so that what is new to one follows what preceded it there.

    Examples
    --------
    >>> merged([["a", "d"], ["a", "b", "d"], ["a", "b", "c"]])
    ['a', 'b', 'c', 'd']
    """
    result: list[Item] = []
    for order in orders:
        place = 0
        for item in order:
            if item in result:
                place = result.index(item) + 1
            else:
                result.insert(place, item)
                place += 1
    return result


def row_keys(columns: Sequence[ModelColumn]) -> list[RowKey]:
    """All rows: sections in the order of the models, each with its rows in theirs."""
    sections = merged([list(dict.fromkeys((key.part, key.section) for key in column.entries)) for column in columns])
    parts = list(dict.fromkeys(part for part, _ in sections))
    sections.sort(key=lambda section: parts.index(section[0]))
    return [
        key
        for section in sections
        for key in sorted(
            merged([[key for key in c.entries if (key.part, key.section) == section] for c in columns]),
            key=lambda key: key.rank,
        )
    ]


def names_of_rows(
    keys: Sequence[RowKey], columns: Sequence[ModelColumn], labels: Mapping[str, str]
) -> dict[RowKey, str]:
    """What each row is called.

    Raises
    ------
    OptionError
        `labels` name no row.
    """
    found, used = {}, set()
    for key in keys:
        names = [key.label, *(c.entries[key].symbol for c in columns if key in c.entries)]
        chosen = next((name for name in reversed(names) if name in labels), None)
        found[key] = key.label if chosen is None else labels[chosen]
        used |= {name for name in names if name in labels}
    if unknown := [name for name in labels if name not in used]:
        raise OptionError(f"labels: {unknown[0]!r} is neither a symbol nor the name of a row of these models.")
    return found


def symbols_of_row(key: RowKey, columns: Sequence[ModelColumn]) -> str:
    """What the models call a row; two names where they differ."""
    return " / ".join(dict.fromkeys(c.entries[key].symbol for c in columns if key in c.entries))
