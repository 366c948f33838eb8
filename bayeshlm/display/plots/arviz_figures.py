"""Figures that ArviZ draws: trace, rank, forest, pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import xarray as xr
from matplotlib.axes import Axes

from bayeshlm.design.design import Design
from bayeshlm.design.naming import parameter_label
from bayeshlm.display.plots.drawn_fit import DrawnFit
from bayeshlm.display.plots.figure_style import distinct, wrapped
from bayeshlm.display.plots.fonts import fallback_fonts, remark_missing
from bayeshlm.display.plots.ticks import legible_ticks
from bayeshlm.errors import OptionError
from bayeshlm.parameters.draws import Draws
from bayeshlm.parameters.schema import AUXILIARY
from bayeshlm.quantities.variance_components import variance_draws

if TYPE_CHECKING:
    from arviz_plots import PlotCollection, PlotMatrix

PARAMETERS = ("gamma", "tau", "corr", *AUXILIARY)
"""What can be drawn, in this order; of ``corr`` every pair once, without the ones on its diagonal."""

LONGEST = 24
"""Letters of a line of a parameter's name."""


def parameters_tree(posterior: xr.Dataset, sample_stats: xr.Dataset, design: Design) -> xr.DataTree:
    """Draws of the parameters as ArviZ's figures take them, a variable each.

    Parameters
    ----------
    posterior, sample_stats : xarray.Dataset
        Groups of a fit.
    design : Design

    Returns
    -------
    xarray.DataTree
        ``posterior``: ``g00``, ..., ``tau[u0]``, ``corr[u0,u1]``, ``sigma`` (chain, draw), each with the parameter that
        it belongs to in ``attrs["parameter"]``; ``sample_stats``: ``diverging``. A slash, which no variable of a tree
        can have in its name, becomes a division slash.
    """
    draws = variance_draws(Draws(posterior, design)).assign(gamma=posterior["gamma"].sel(fixed=design.fixed_labels))
    single: dict[str, xr.DataArray] = {}
    for parameter in (name for name in PARAMETERS if name in draws):
        values = draws[parameter].drop_attrs()
        entries = [dim for dim in values.dims if dim not in ("chain", "draw")]
        for label in values[entries[0]].to_numpy() if entries else [""]:
            name = in_a_tree(parameter_label(parameter, str(label)))
            entry = values.sel({entries[0]: label}, drop=True) if entries else values
            single[name] = entry.assign_attrs(parameter=parameter)
    tree = {"/posterior": xr.Dataset(single)}
    if "diverging" in sample_stats:
        tree["/sample_stats"] = sample_stats[["diverging"]]
    return xr.DataTree.from_dict(tree)


def in_a_tree(label: str) -> str:
    """The name of a parameter's variable in a tree."""
    return label.replace("/", "∕")


def first_axes(drawn: PlotCollection) -> list[Axes]:
    """The first Axes of a figure of ArviZ's."""
    return [next(iter(drawn.viz["plot"].to_dataset().data_vars.values())).item()]


def trace_figure(fit: DrawnFit, /, var_names: list[str] | None = None, **kwargs: Any) -> PlotCollection:
    """Trace plots by ArviZ of ``gamma``, ``tau``, ``corr``, ``sigma`` or its like; arguments as ``plot_trace``."""
    return _drawn("plot_trace", fit, var_names, kwargs)


def rank_figure(fit: DrawnFit, /, var_names: list[str] | None = None, **kwargs: Any) -> PlotCollection:
    """Rank plots by ArviZ; arguments as ``arviz_plots.plot_rank``."""
    return _drawn("plot_rank", fit, var_names, kwargs)


def forest_figure(fit: DrawnFit, /, var_names: list[str] | None = None, **kwargs: Any) -> PlotCollection:
    """Forest plot by ArviZ; arguments as ``arviz_plots.plot_forest``."""
    ours = {"combined": True, "ci_kind": "eti", "ci_probs": (0.5, 0.95)}
    return _drawn("plot_forest", fit, var_names, ours | kwargs)


def pair_figure(fit: DrawnFit, /, var_names: list[str] | None = None, **kwargs: Any) -> PlotMatrix:
    """Pair plots by ArviZ; arguments as ``arviz_plots.plot_pair``."""
    return _drawn("plot_pair", fit, var_names, kwargs, PARAMETERS[1:])


def _drawn(
    function: str,
    fit: DrawnFit,
    var_names: list[str] | None,
    kwargs: dict[str, Any],
    default: Sequence[str] = PARAMETERS,
) -> Any:
    """Call a function of ArviZ, which by itself refuses more than 40 panels."""
    import arviz_base.labels
    import arviz_plots

    stats = fit.idata["sample_stats"].to_dataset() if "sample_stats" in fit.idata.children else xr.Dataset()
    tree = parameters_tree(fit.posterior, stats, fit.design)
    there = {str(name): str(values.attrs["parameter"]) for name, values in tree["posterior"].data_vars.items()}
    asked = [var_names] if isinstance(var_names, str) else list(var_names or default)
    unknown = [name for name in asked if name not in (*PARAMETERS, *there)]
    if unknown:
        choices = ", ".join((*dict.fromkeys(there.values()), *there))
        raise OptionError(f"var_names: there is no {unknown[0]!r}; there are {choices}")
    names = [name for name, parameter in there.items() if name in asked or parameter in asked]
    if not names:
        raise OptionError(f"var_names: the model has no {asked[0]}")
    if function != "plot_forest":
        kwargs.setdefault("figure_kwargs", {"layout": "constrained"})
    shown = [wrapped(name, LONGEST) for name in distinct(names, LONGEST * (1 if function == "plot_forest" else 2))]
    kwargs.setdefault("labeller", arviz_base.labels.MapLabeller(dict(zip(names, shown, strict=True))))
    with arviz_base.rc_context({"plot.max_subplots": None}), fallback_fonts():
        drawn = getattr(arviz_plots, function)(tree, var_names=names, **kwargs)
    figure = drawn.viz["figure"].item()
    for ax in figure.axes:
        legible_ticks(ax)
    remark_missing(figure)
    return drawn
