"""Figure of the variance components: posterior and prior density, a panel each."""

from __future__ import annotations

from collections import Counter

from matplotlib.axes import Axes

from bayeshlm.design.naming import parameter_label
from bayeshlm.design.scaling import FloatArray
from bayeshlm.display.plots.axes import ManyAxes, legend_above, many_axes
from bayeshlm.display.plots.densities import (
    around,
    density_panel,
    posterior_handles,
    prior_handle,
    prior_line,
)
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import COLUMN, short, styled, wrapped
from bayeshlm.quantities.density import density
from bayeshlm.quantities.prior_density import component_prior
from bayeshlm.quantities.variance_components import variance_draws


@styled
def variance_components_figure(
    fit: DrawnFit, prob: float = 0.95, kind: str = "eti", ax: ManyAxes | Axes | None = None
) -> list[Axes]:
    """Draw the posterior densities of tau, the correlations and sigma, a panel each, their priors beside."""
    rows = components_of(fit)
    axes = many_axes(ax, len(rows), 2 if len(rows) > 1 else 1, (COLUMN / min(len(rows), 2), 1.35))
    for panel, (component, effect, draws) in zip(axes, rows, strict=True):
        found = density(draws, prob, kind)
        density_panel(panel, found)
        x = around(found, component)
        prior_line(panel, x, component_prior(fit.priors, fit.design, component, effect, x), found)
        panel.set_xlabel(wrapped(short(parameter_label(component, effect), 44), 22))
    handles = [*posterior_handles(prob), prior_handle()]
    if ax is None:
        axes[0].figure.legend(handles=handles, loc="outside upper center", ncols=3)
    else:
        legend_above(axes[0], handles)
    return axes


def components_of(fit: DrawnFit) -> list[tuple[str, str, FloatArray]]:
    """Component, effect and draws of tau, corr and the auxiliary parameters."""
    draws = variance_draws(fit.draws)
    found = [("tau", effect, draws["tau"].sel(random=effect).to_numpy()) for effect in fit.design.random_labels]
    if "corr" in draws:
        found += [("corr", str(pair), draws["corr"].sel(pair=pair).to_numpy()) for pair in draws["pair"].to_numpy()]
    places = Counter[str]()
    for name, effect in fit.design.outcome.auxiliary_effects:
        values = draws[name].to_numpy()
        found.append((name, effect, values[..., places[name]] if effect else values))
        places[name] += 1
    return found
