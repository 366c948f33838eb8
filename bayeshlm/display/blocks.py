"""Blocks: titles, lines, equations and grids of finished cells, which every writer takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Title:
    """The heading of a result."""

    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of running text."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Equations:
    """Equations: text that keeps its line breaks, and MathML for where that can be shown."""

    text: str
    mathml: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of a grid that belong together.

    Attributes
    ----------
    name : str
        Heading above the rows; empty for none.
    rows : tuple of tuple of str
        Cells, as many in each row as the grid has columns.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table whose cells are written out.

    Attributes
    ----------
    title : str
    header : tuple of str
        Names of the columns.
    sections : tuple of Section
    n_labels : int
        So many columns at the left name the row; the others are numbers.
    notes : tuple of str
        Lines below the table.
    """

    title: str
    header: tuple[str, ...]
    sections: tuple[Section, ...]
    n_labels: int = 1
    notes: tuple[str, ...] = ()


type Block = Title | Lines | Equations | Grid
