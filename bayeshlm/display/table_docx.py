"""A grid -> a Word document, by python-docx: three rules, as journals ask for, and nothing between the columns."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from bayeshlm.display.blocks import Grid, Section
from bayeshlm.display.table_parts import fits, in_parts
from bayeshlm.errors import FileError, OptionError
from bayeshlm.foreign_text import printable
from bayeshlm.text_file import whole_file

UPRIGHT, SIDEWAYS, GAP = 94, 133, 2.5
"""Letters that a page holds, upright and turned, and those between columns."""

TOGETHER = 40
"""Rows of a table that is not torn by the end of a page."""

SIZE, SMALL = 9, 8
"""Points of the table, and of its notes."""

PLAIN, HEADING, INDENTED = "plain", "heading", "indented"
"""What a row of the document is."""


def write_docx(grid: Grid, path: str | os.PathLike[str], most: int | None = None) -> None:
    """Write a grid as a document of its own.

    Parameters
    ----------
    grid : Grid
        Its title stands above the table, its notes below.
    path : str or path
    most : int, optional
        At most so many columns of numbers beside each other; by default as many as a page holds.

    Raises
    ------
    OptionError
        python-docx is not installed.
    FileError
        The folder is missing, or the file cannot be written.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileError(f"There is no folder {str(target.parent)!r} to write {target.name!r} in.")
    try:
        import docx
    except ImportError as error:
        raise OptionError('Word documents need python-docx: pip install "bayeshlm[docx]".') from error
    document = docx.Document()
    parts = in_parts(grid, most, UPRIGHT, GAP)
    if len(parts) > 1 and most is None:
        parts = in_parts(grid, None, SIDEWAYS, GAP)
    if any(not fits(part, UPRIGHT, GAP) for part in (parts if most else [grid])):
        page = document.sections[0]
        page.orientation = docx.enum.section.WD_ORIENT.LANDSCAPE
        page.page_width, page.page_height = page.page_height, page.page_width
    for part in parts:
        _written(document.add_paragraph(), part.title, SIZE + 1, bold=True, keep=True)
        _table(document, part)
    for note in grid.notes:
        _written(document.add_paragraph(), note, SMALL)
    content = io.BytesIO()
    document.save(content)
    with whole_file(target) as draft:
        draft.write_bytes(content.getvalue())


def _table(document: Any, grid: Grid) -> None:
    width = len(grid.header)
    rows = [row for section in grid.sections for row in _rows(section)]
    table = document.add_table(rows=1 + len(rows), cols=width)
    table.autofit = True
    _fill(table.rows[0], grid.header, grid.n_labels, indented=False)
    for row, (cells, level) in zip(table.rows[1:], rows, strict=True):
        if level == HEADING:
            _written(row.cells[0].merge(row.cells[width - 1]).paragraphs[0], cells[0], SIZE, italic=True)
        else:
            _fill(row, cells, grid.n_labels, indented=level == INDENTED)
    for row in table.rows[:-1] if len(rows) <= TOGETHER else table.rows[:2]:
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True
    _rule(table.rows[0], "top", "bottom")
    _rule(table.rows[-1], "bottom")
    _repeated(table.rows[0])


def _rows(section: Section) -> list[tuple[tuple[str, ...], str]]:
    """The rows of a section, its name before them."""
    if not section.name:
        return [(row, PLAIN) for row in section.rows]
    return [((section.name,), HEADING), *((row, INDENTED) for row in section.rows)]


def _fill(row: Any, cells: tuple[str, ...], n_labels: int, indented: bool) -> None:
    import docx

    for k, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
        paragraph = cell.paragraphs[0]
        _written(paragraph, text, SIZE)
        if k >= n_labels:
            paragraph.alignment = docx.enum.text.WD_ALIGN_PARAGRAPH.CENTER
        elif k == 0 and indented:
            paragraph.paragraph_format.left_indent = docx.shared.Pt(SIZE)


def _written(paragraph: Any, text: str, size: int, **how: bool) -> None:
    """Write text that may come from the user's data: without characters that a document cannot hold."""
    import docx

    run = paragraph.add_run(printable(text, one_line=True))
    run.font.size = docx.shared.Pt(size)
    run.bold, run.italic = how.get("bold"), how.get("italic")
    paragraph.paragraph_format.keep_with_next = how.get("keep")
    paragraph.paragraph_format.space_after = paragraph.paragraph_format.space_before = docx.shared.Pt(1)


def _repeated(row: Any) -> None:
    """Write a row anew on every page that its table goes on to."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _rule(row: Any, *edges: str) -> None:
    """Rules above or below the cells of a row."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in row.cells:
        properties = cell._tc.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        for edge in edges:
            line = OxmlElement(f"w:{edge}")
            for name, value in (("val", "single"), ("sz", "8"), ("space", "0"), ("color", "000000")):
                line.set(qn(f"w:{name}"), value)
            borders.append(line)
