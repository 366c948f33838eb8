"""HTML pieces of the report: paragraphs, lists, tables, code. All text is escaped here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from bayeshlm.display.blocks import Block, Grid
from bayeshlm.display.html import to_html
from bayeshlm.errors import HLMError

MOST_TOGETHER = 14
"""Tables of more rows may be torn by the end of a printed page."""


def paragraph(*sentences: str) -> str:
    """One paragraph.

    Examples
    --------
    >>> paragraph("a < b.", "", "So be it.")
    '<p>a &lt; b. So be it.</p>'
    """
    return f"<p>{escape(' '.join(filter(None, sentences)))}</p>"


def asked(body: Callable[[], str]) -> str:
    """A piece of the page, or the sentence that says why the model has none."""
    try:
        return body()
    except HLMError as error:
        return paragraph(f"Not computed: {error}")


def conclusion(text: str) -> str:
    """What to make of a section."""
    return f'<p class="conclusion">{escape(text)}</p>'


def bullets(items: Iterable[str]) -> str:
    """A list of lines of text."""
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def shown(*blocks: Block) -> str:
    """Blocks of a result; tables and equations can be scrolled sideways by touch and by keyboard."""
    return "".join(
        scrolled(to_html([block]), block.title if isinstance(block, Grid) else "", _is_long(block)) for block in blocks
    )


def scrolled(html: str, name: str, is_long: bool = False) -> str:
    """Put an element that may be wider than the screen where it can be scrolled; a long one may go on on a new page."""
    label = f' role="region" tabindex="0" aria-label="{escape(name)}"' if name else ""
    return f'<div class="scroll{" long" if is_long else ""}"{label}>{html}</div>'


def _is_long(block: Block) -> bool:
    return isinstance(block, Grid) and sum(len(section.rows) for section in block.sections) > MOST_TOGETHER


def code(text: str, name: str) -> str:
    """A block of code or of text to copy."""
    return f'<pre role="region" tabindex="0" aria-label="{escape(name)}"><code>{escape(text)}</code></pre>'


def quoted(text: str) -> str:
    """Running text to copy."""
    return f'<blockquote class="paste">{paragraph(text)}</blockquote>'


def subheading(text: str) -> str:
    """A heading inside a section."""
    return f"<h3>{escape(text)}</h3>"
