"""Ticks of numbers that can be read: as many as their labels have room for, powers of ten written with each."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import AutoLocator, MaxNLocator, ScalarFormatter

STEPS = (1, 2, 2.5, 5, 10)
"""As `AutoLocator` has them."""

DIGIT, GAP = 0.64, 0.6
"""Width of a digit of a label, and the least gap between labels, in font sizes."""

_OTHERS = dict.fromkeys("−×", 0.84) | dict.fromkeys(".,", 0.32) | dict.fromkeys("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", 0.42)
"""Widths of other characters."""

POWERS = (-4, 6)
"""Numbers from these powers of ten on, down and up, are written with the power."""

_SUPERSCRIPTS = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class RoomyLocator(AutoLocator):
    """The ticks that matplotlib chooses; fewer where their labels would touch."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Places of the ticks between two limits, and one beyond each."""
        low, high = sorted((vmin, vmax))
        ticks = np.asarray(super().tick_values(vmin, vmax))
        for most in range(len(ticks) - 1, 1, -1):
            if not self._touching(ticks, low, high):
                return ticks
            ticks = np.asarray(MaxNLocator(most, steps=list(STEPS)).tick_values(vmin, vmax))
        inside = ticks[(ticks >= low) & (ticks <= high)]
        return inside[::2] if self._touching(ticks, low, high) else ticks

    def _touching(self, ticks: np.ndarray, low: float, high: float) -> bool:
        axis: Any = self.axis
        inside = ticks[(ticks >= low) & (ticks <= high)]
        if len(inside) < 2 or high <= low:
            return False
        axes, size = axis.axes, axis.get_tick_params().get("labelsize", mpl.rcParams["xtick.labelsize"])
        points = FontProperties(size=size).get_size_in_points()
        length = axes.get_window_extent().width / axes.get_figure(root=True).dpi * 72
        labels = axis.get_major_formatter().format_ticks(inside)
        longest = max(sum(_OTHERS.get(char, DIGIT) for char in label) for label in labels)
        return bool(np.diff(inside).min() / (high - low) * length < points * (longest + GAP))


class PowerFormatter(ScalarFormatter):
    """Numbers as matplotlib writes them, but for the power of ten of large and small ones, which each label has.

    matplotlib writes it once, at the end of the axis, where legends and names of axes cover it.
    """

    def __init__(self) -> None:
        super().__init__(useOffset=False, useMathText=False)
        self.set_powerlimits(POWERS)

    def format_ticks(self, values: list[float]) -> list[str]:
        """Labels of the ticks."""
        labels = super().format_ticks(values)
        _, _, power = super().get_offset().partition("e")
        if not power:
            return labels
        power = f"×10{power.translate(_SUPERSCRIPTS)}"
        return [f"{label}{power}" if value else "0" for label, value in zip(labels, values, strict=True)]

    def get_offset(self) -> str:
        """Nothing: the labels say it."""
        return ""


def legible_ticks(ax: Axes) -> None:
    """Give both axes these ticks where they have matplotlib's."""
    for axis in (ax.xaxis, ax.yaxis):
        if type(axis.get_major_formatter()) is ScalarFormatter:
            axis.set_major_formatter(PowerFormatter())
    if type(ax.xaxis.get_major_locator()) is AutoLocator:
        ax.xaxis.set_major_locator(RoomyLocator())
