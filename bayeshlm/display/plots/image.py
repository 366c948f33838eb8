"""A figure as an image (PNG or SVG) inside a page, drawn without a window."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayeshlm.display.plots.axes import ManyAxes

type Drawn = Axes | ManyAxes
"""What a function of this folder returns."""

MOST_BYTES = 300_000
"""Drawings of more bytes, such as those of thousands of points, are stored as pixels."""

DOTS_PER_INCH = 200

PADDING = 0.03


@dataclass(frozen=True, slots=True)
class Image:
    """An image.

    Attributes
    ----------
    kind : str
        ``"image/svg+xml"`` or ``"image/png"``.
    data : bytes
    width, height : float
        In inches.
    """

    kind: str
    data: bytes
    width: float
    height: float


def image_of(axes: Drawn) -> Image:
    """The drawing that an Axes, or the first of several, stands in; the same drawing gives the same bytes."""
    figure = (axes if isinstance(axes, Axes) else axes[0]).get_figure(root=True)
    assert figure is not None
    with mpl.rc_context({"svg.hashsalt": "bayeshlm", "svg.fonttype": "path"}):
        svg = _saved(figure, "svg", {"Date": None, "Creator": None})
    width, height = (float(found) / 72 for found in re.findall(rb'(?:width|height)="([\d.]+)pt"', svg)[:2])
    if len(svg) <= MOST_BYTES:
        return Image("image/svg+xml", svg, width, height)
    return Image("image/png", _saved(figure, "png", {"Software": None}), width, height)


def _saved(figure: Figure, kind: str, metadata: dict[str, None]) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, metadata=metadata, dpi=DOTS_PER_INCH, bbox_inches="tight", pad_inches=PADDING)
    return buffer.getvalue()


@contextmanager
def off_screen() -> Iterator[None]:
    """A context in which no window opens; the figures made in it are closed at its end."""
    before = set(plt.get_fignums())
    with plt.ioff():
        try:
            yield
        finally:
            for number in set(plt.get_fignums()) - before:
                plt.close(number)
