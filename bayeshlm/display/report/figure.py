"""A figure of the report: an image inside the page, with words for those who do not see it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayeshlm.display.plots.image import Drawn, Image

PIXELS_PER_INCH = 112
"""Size on the page: the type of a figure, of 7 and 8 points, is read there from farther away than on paper."""

WIDE = 5.0
"""Figures wider than so many inches take the whole width of paper, others half of it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """An image of the page.

    Attributes
    ----------
    image : Image
        The drawing.
    alt : str
        What it shows, in words.
    caption : str
        The line below it.
    """

    image: Image
    alt: str
    caption: str

    @classmethod
    def of(cls, axes: Drawn, alt: str, caption: str) -> Figure:
        """Take the drawing that a matplotlib Axes, or the first of several, stands in."""
        from bayeshlm.display.plots.image import image_of

        return cls(image_of(axes), alt, caption)

    def html(self) -> str:
        """The figure as an element whose image is part of the page and can run no script."""
        data = base64.b64encode(self.image.data).decode("ascii")
        width, height = (round(PIXELS_PER_INCH * inches) for inches in (self.image.width, self.image.height))
        image = (
            f'<img src="data:{self.image.kind};base64,{data}" width="{width}" height="{height}"'
            f' alt="{escape(self.alt)}">'
        )
        kind = ' class="wide"' if self.image.width > WIDE else ""
        caption = f"<figcaption>{escape(self.caption)}</figcaption>"
        return f'<figure{kind} style="max-width:{width}px">{image}{caption}</figure>'
