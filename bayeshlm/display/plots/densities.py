"""A panel with the density of posterior draws, its interval and what stands beside it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.plots.axes import interval_name
from bayeshlm.display.plots.figure_style import POSTERIOR, PRIOR, REML
from bayeshlm.quantities.density import Density

BOUNDS = {
    "corr": (-1.0, 1.0),
    "rho": (-1.0, 1.0),
    "alpha": (-np.inf, np.inf),
    "icc": (0.0, 1.0),
    "share": (0.0, 1.0),
    "cutpoint": (-np.inf, np.inf),
}
"""What each component may be; those that are not named here are positive."""


def density_panel(ax: Axes, found: Density) -> None:
    """Draw a posterior density, its interval shaded, and its mean."""
    if np.isfinite(found.y).all():
        ax.plot(found.x, found.y, color=POSTERIOR, gid="posterior")
        inside = (found.x >= found.lower) & (found.x <= found.upper)
        ax.fill_between(found.x, found.y, where=inside, color=POSTERIOR, alpha=0.25, lw=0, gid="interval")
        top = float(np.interp(found.mean, found.x, found.y))
        ax.plot([found.mean, found.mean], [0, top], color=POSTERIOR, lw=0.8, gid="mean")
    else:
        ax.axvline(found.mean, color=POSTERIOR, gid="mean")
    ax.set_ylim(bottom=0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def posterior_handles(prob: float) -> list[Line2D | Patch]:
    """Entries of the legend that every density has."""
    return [
        Line2D([], [], color=POSTERIOR, label="posterior, mean"),
        Patch(color=POSTERIOR, alpha=0.25, lw=0, label=interval_name(prob)),
    ]


def prior_handle() -> Line2D:
    """Entry of the legend for a prior density."""
    return Line2D([], [], color=PRIOR, ls="--", label="prior")


def reml_handle(text: str) -> Line2D:
    """Entry of the legend for REML's estimate and interval."""
    return Line2D([], [], color=REML, marker="D", ms=3.5, label=text)


def around(found: Density, component: str) -> FloatArray:
    """Values to draw a prior at: the posterior's range and half of it to each side, inside of what may be."""
    lowest, highest = BOUNDS.get(component, (0.0, np.inf))
    low, high = (float(found.x[0]), float(found.x[-1])) if np.isfinite(found.x).all() else (found.mean, found.mean)
    reach = (high - low) / 2 or abs(found.mean) or 1.0
    start, stop = max(low - reach, lowest), min(high + reach, highest)
    inset = 1e-3 * (stop - start) if component in ("icc", "share", "corr") else 0.0
    return np.linspace(start + inset, stop - inset, 201)


def prior_line(ax: Axes, x: FloatArray, y: FloatArray, found: Density) -> None:
    """Draw a prior density, cut off above the posterior's peak, where it may have a pole."""
    ax.plot(x, y, color=PRIOR, ls="--", lw=1, gid="prior")
    if np.isfinite(found.y).all():
        ax.set_ylim(0, 1.08 * float(found.y.max()))
    ax.set_xlim(float(x[0]), float(x[-1]))
