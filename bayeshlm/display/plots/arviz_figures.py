"""Figures that ArviZ draws well, of the parameters by their names in the equations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xarray as xr

from bayeshlm.design.design import Design
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.errors import OptionError
from bayeshlm.posterior.variance_components import variance_draws

if TYPE_CHECKING:
    from arviz_plots import PlotCollection, PlotMatrix

PARAMETERS = ("gamma", "tau", "corr", "sigma")
"""What can be drawn; ``corr`` has one entry a pair of effects, without the ones on its diagonal."""


def parameters_tree(posterior: xr.Dataset, sample_stats: xr.Dataset, design: Design) -> xr.DataTree:
    """Draws of the parameters as ArviZ's figures take them, each entry once.

    Parameters
    ----------
    posterior, sample_stats : xarray.Dataset
        Groups of a fit.
    design : Design

    Returns
    -------
    xarray.DataTree
        ``posterior``: ``gamma`` (fixed), ``tau`` (random), ``corr`` (pair), ``sigma``; ``sample_stats``: ``diverging``.
    """
    variances = variance_draws(posterior, design)
    names = [name for name in ("tau", "corr", "sigma") if name in variances]
    parameters = xr.Dataset({"gamma": posterior["gamma"].sel(fixed=design.fixed_labels)})
    parameters = parameters.assign({name: variances[name].drop_attrs() for name in names})
    tree = {"/posterior": parameters}
    if "diverging" in sample_stats:
        tree["/sample_stats"] = sample_stats[["diverging"]]
    return xr.DataTree.from_dict(tree)


def trace_figure(fit: DrawnFit, var_names: list[str] | None = None, **kwargs: Any) -> PlotCollection:
    """Pass the parameters to ``arviz_plots.plot_trace``."""
    from arviz_plots import plot_trace

    return plot_trace(*_arguments(fit, var_names, kwargs), **kwargs)


def rank_figure(fit: DrawnFit, var_names: list[str] | None = None, **kwargs: Any) -> PlotCollection:
    """Pass the parameters to ``arviz_plots.plot_rank``."""
    from arviz_plots import plot_rank

    return plot_rank(*_arguments(fit, var_names, kwargs), **kwargs)


def forest_figure(fit: DrawnFit, var_names: list[str] | None = None, **kwargs: Any) -> PlotCollection:
    """Pass the parameters to ``arviz_plots.plot_forest``, with intervals of 50 and 95 % and the chains combined."""
    from arviz_plots import plot_forest

    kwargs = {"combined": True, "ci_kind": "eti", "ci_probs": (0.5, 0.95)} | kwargs
    return plot_forest(*_arguments(fit, var_names, kwargs), **kwargs)


def pair_figure(fit: DrawnFit, var_names: list[str] | None = None, **kwargs: Any) -> PlotMatrix:
    """Pass the parameters to ``arviz_plots.plot_pair``."""
    from arviz_plots import plot_pair

    return plot_pair(*_arguments(fit, var_names, kwargs), **kwargs)


def _arguments(fit: DrawnFit, var_names: list[str] | None, kwargs: dict[str, Any]) -> tuple[xr.DataTree]:
    stats = fit.idata["sample_stats"].to_dataset() if "sample_stats" in fit.idata.children else xr.Dataset()
    tree = parameters_tree(fit.posterior, stats, fit.design)
    there = list(tree["posterior"].data_vars)
    names = [var_names] if isinstance(var_names, str) else var_names
    unknown = [name for name in names or () if name not in there]
    if unknown:
        raise OptionError(f"var_names: there is no {unknown[0]!r}; there are {', '.join(map(str, there))}")
    kwargs["var_names"] = names
    return (tree,)
