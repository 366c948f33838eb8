"""`ShownFrame`: a DataFrame that prints as a table with notes, and is a DataFrame otherwise."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, ClassVar

import pandas as pd

from bayeshlm.display.blocks import Grid
from bayeshlm.display.html import to_html
from bayeshlm.display.text import to_text

type Layout = Callable[[pd.DataFrame], Grid]
"""From a result to its table; a function of a module, or a `functools.partial` of one, so that it can be pickled."""


class ShownFrame(pd.DataFrame):
    """A result as a DataFrame, printed rounded and whole, with its notes; what is made of it prints as pandas does.

    Examples
    --------
    >>> frame = pd.DataFrame({"mean": [12.63697], "sd": [0.2444]}, index=["g00"])
    >>> shown = ShownFrame.of(frame, lambda table: Grid(f"{len(table)} row", (), ()))
    >>> shown.head(1)
             mean      sd
    g00  12.63697  0.2444
    >>> isinstance(shown, pd.DataFrame), type(shown[["mean"]]) is pd.DataFrame
    (True, True)
    """

    _metadata: ClassVar[list[str]] = ["_layout", "_of_columns"]
    _layout: Layout
    _of_columns: tuple[Hashable, ...]

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    @classmethod
    def of(cls, table: pd.DataFrame, layout: Layout) -> ShownFrame:
        """Show a result by a layout.

        Parameters
        ----------
        table : pandas.DataFrame
        layout : callable
            Gives the grid of the table.
        """
        shown = cls(table)
        shown.attrs = dict(table.attrs)
        object.__setattr__(shown, "_layout", layout)
        object.__setattr__(shown, "_of_columns", tuple(table.columns))
        return shown

    def _grid(self) -> Grid | None:
        """The table as it is shown; None where its columns are no longer the result's."""
        columns = getattr(self, "_of_columns", None)
        if columns != tuple(self.columns) or self.empty:
            return None
        plain = pd.DataFrame(self)
        plain.attrs = self.attrs
        return self._layout(plain)

    def __repr__(self) -> str:
        grid = self._grid()
        return super().__repr__() if grid is None else to_text([grid])

    def _repr_html_(self) -> str | None:
        grid = self._grid()
        return pd.DataFrame(self)._repr_html_() if grid is None else to_html([grid])  # type: ignore[operator]


def notes_of(attrs: Mapping[Any, Any]) -> tuple[str, ...]:
    """What the ``attrs`` of a result say to its reader, the verdict on the sampler or the search among it."""
    notes = [attrs["note"]] if attrs.get("note") else []
    notes += attrs.get("notes", ())
    if attrs.get("converged") is False:
        notes.append("NOT CONVERGED: do not interpret these results")
    if attrs.get("singular"):
        notes.append("SINGULAR: an estimate lies on the boundary; the fit's `reason` says which")
    return tuple(notes)
