"""Figures of the report, as images inside the page with words for those who do not see them."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from bayeshlm.display.report.subject import ReportedFit, Subject


@dataclass(frozen=True, slots=True)
class Figure:
    """An image of the page.

    Attributes
    ----------
    svg : bytes
        The drawing.
    alt : str
        What it shows, in words.
    caption : str
        The line below it.
    """

    svg: bytes
    alt: str
    caption: str

    @classmethod
    def of(cls, axes: Any, alt: str, caption: str) -> Figure:
        """Take the drawing that a matplotlib Axes, or the first of several, stands in."""
        buffer = io.BytesIO()
        first = axes if hasattr(axes, "figure") else axes[0]
        first.figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
        return cls(buffer.getvalue(), alt, caption)

    def html(self) -> str:
        """The figure as an element whose image is part of the page and can run no script."""
        data = base64.b64encode(self.svg).decode("ascii")
        image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(self.alt)}">'
        return f"<figure>{image}<figcaption>{escape(self.caption)}</figcaption></figure>"


FIGURES: tuple[tuple[str, Callable[[ReportedFit], Iterable[Figure]]], ...] = ()
"""The id of a section, and a function that draws for it: no figure where the model has nothing to draw."""


def figures(subject: Subject, section: str) -> str:
    """All figures of a section."""
    made = (figure for place, draw in FIGURES if place == section for figure in draw(subject.fit))
    return "".join(figure.html() for figure in made)
